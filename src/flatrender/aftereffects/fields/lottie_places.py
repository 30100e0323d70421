"""Where a place of the project lies in the converted Lottie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flatrender.aftereffects.convert.context import Json
    from flatrender.aftereffects.fields.layers import SceneLayer
    from flatrender.aftereffects.fields.model import Step

_CONTENTS = frozenset({"ADBE Root Vectors Group", "ADBE Vectors Group"})
_NULL = 3
_EFFECTS = "ADBE Effect Parade"
_COLOR = {"ADBE Vector Fill Color": "c", "ADBE Vector Stroke Color": "c"}


def lottie_layers(lottie: Json, layers: Sequence[SceneLayer]) -> dict[tuple[int, int], Json]:
    """Return the Lottie's layers by composition and layer id; those that are not drawn are not among them."""
    if not layers:
        return {}
    root = layers[0].comp.id
    found: dict[tuple[int, int], Json] = {}
    by_comp: dict[int, dict[int, Json]] = {root: {layer["ind"]: layer for layer in lottie["layers"] if "ind" in layer}}
    for asset in lottie["assets"]:
        if "layers" in asset and str(asset["id"]).startswith("comp_"):
            number = int(str(asset["id"]).removeprefix("comp_"))
            by_comp[number] = {layer["ind"]: layer for layer in asset["layers"] if "ind" in layer}
    for one in layers:
        layer = by_comp.get(one.comp.id, {}).get(one.number)
        if layer is not None:
            found[one.comp.id, one.layer.id] = layer
    return found


def content_of(layer: Json, lottie: Json) -> Json:
    """Return the Lottie layer that holds what a layer shows: itself, or one in the compositions that the conversion put around it (`drawn_…`)."""
    assets = {asset["id"]: asset["layers"] for asset in lottie["assets"] if "layers" in asset}
    found = layer
    while str(found.get("refId", "")).startswith("drawn_"):
        inside = [one for one in assets[found["refId"]] if one.get("nm") == layer.get("nm") and one["ty"] != _NULL]
        if not inside:
            break
        found = inside[-1]
    return found


def name_layers(lottie: Json, names: dict[int, str]) -> None:
    """Give layers the names of `names` (by their `id()`), and every other layer one that no layer has."""
    used = set(names.values())
    for layers in (lottie["layers"], *(asset["layers"] for asset in lottie["assets"] if "layers" in asset)):
        for layer in layers:
            wanted = names.get(id(layer))
            if wanted is None:
                own, number = str(layer.get("nm") or "layer"), 2
                wanted = own
                while wanted in used:
                    wanted = f"{own} ▸ {number}"
                    number += 1
                used.add(wanted)
            layer["nm"] = wanted


def color_property(one: SceneLayer, layer: Json, steps: Sequence[Step]) -> Json | None:
    """Return the Lottie's colour property for one of the project: a shape's fill or stroke, or an effect's colour. None where it is not drawn."""
    if steps and steps[0].match_name == _EFFECTS:
        return _effect_color(one.layer, layer, steps)
    node: Any = one.layer
    items: list[Json] = layer.get("shapes", [])
    item: Json | None = None
    for step in steps:
        child = _child(node, step)
        if child is None:
            return None
        if node is not one.layer and node.match_name in _CONTENTS:
            item = _same_item(node, child, items)
            if item is None:
                return None
            items = item.get("it", [])
        elif item is not None and step.match_name in _COLOR:
            found = item.get(_COLOR[step.match_name])
            return found if isinstance(found, dict) else None
        node = child
    return None


def _effect_color(owner: Any, layer: Json, steps: Sequence[Step]) -> Json | None:
    effect = _child(_child(owner, steps[0]), steps[1]) if len(steps) == 3 else None
    if effect is None:
        return None
    same = [one for one in layer.get("ef", []) if one.get("mn") == effect.match_name and one.get("nm") == effect.name]
    before = 0
    for other in owner.effects:
        if other is effect:
            break
        before += getattr(other, "enabled", True) and (other.match_name, other.name) == (effect.match_name, effect.name)
    if before >= len(same):
        return None
    value = next((one.get("v") for one in same[before]["ef"] if one.get("mn") == steps[2].match_name), None)
    return value if isinstance(value, dict) else None


def _child(node: Any, step: Step) -> Any:
    same = [child for child in node if child.match_name == step.match_name] if node is not None else []
    return same[step.nth] if step.nth < len(same) else None


def _same_item(group: Any, wanted: Any, items: list[Json]) -> Json | None:
    """Return the shape item made of `wanted`: the converter keeps order and names, and leaves out what is switched off."""
    if not getattr(wanted, "enabled", True):
        return None
    before = 0
    for other in group:
        if other is wanted:
            break
        before += getattr(other, "enabled", True) and (other.match_name, other.name) == (wanted.match_name, wanted.name)
    same = [item for item in items if item.get("mn") == wanted.match_name and item.get("nm") == wanted.name]
    return same[before] if before < len(same) else None

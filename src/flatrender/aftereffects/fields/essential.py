"""Fields from the Essential Graphics panel of a composition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from flatrender.aftereffects.fields.layers import SceneLayer
from flatrender.aftereffects.fields.model import Step, SuggestedField
from flatrender.aftereffects.fields.places import described, place_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from py_aep.models.items.composition import CompItem


CONTROLLER_KINDS = {
    1: "checkbox", 2: "slider", 3: "angle", 4: "color", 5: "point", 6: "text", 8: "comment", 9: "dimensions", 10: "group", 13: "dropdown",
    14: "media",
}  # fmt: skip
_MAX_CONTROLLERS = 500


class Controller(NamedTuple):
    """One line of the Essential Graphics panel."""

    id: str
    name: str
    kind: str
    layer: SceneLayer | None
    """The layer that has what it controls; None where the file does not say, or it lies outside the scene."""
    steps: tuple[Step, ...]
    prop: Any
    """The property or group; None for media, groups and comments."""
    low: float | None
    high: float | None


def controllers(comp: CompItem, layers: Sequence[SceneLayer]) -> list[Controller]:
    """Return the lines of the composition's Essential Graphics panel, in its order."""
    by_id: dict[tuple[int | None, int | None], SceneLayer] = {(one.comp.id, one.layer.id): one for one in layers}
    ranges = _ranges(comp)
    made: list[Controller] = []
    for line in comp.motion_graphics_controllers[:_MAX_CONTROLLERS]:
        one = by_id.get((line.source_comp_id, line.source_layer_id))
        steps, prop = ((), None) if one is None else _walk(one.layer, line.source_property_path)
        low, high = ranges.get(line.uuid, (None, None))
        kind = CONTROLLER_KINDS.get(line.controller_type, f"type {line.controller_type}")
        made.append(Controller(line.uuid, str(line.name), kind, one, steps, prop, low, high))
    return made


def essential_fields(found: Sequence[Controller]) -> Iterator[SuggestedField]:
    """Yield a field for each line that stands for something a value can be given to."""
    for line in found:
        label = {"fa": line.name, "en": line.name}
        if line.layer is None:
            continue
        if line.kind == "media":
            place = place_of(line.layer, "footage", controller=line.id, item_id=getattr(line.layer.source, "id", None))
            yield SuggestedField(key=line.name, type="image", label=label, origin="essential_graphics", places=(place,))
            continue
        if line.prop is None or hasattr(line.prop, "properties"):
            continue
        for kind in described(line.prop, line.low, line.high):
            place = place_of(
                line.layer, kind.takes, line.steps, component=kind.component, values=kind.values, controller=line.id
            )
            yield SuggestedField(
                key=f"{line.name} {kind.suffix}".strip(),
                type=kind.type,
                label={locale: f"{text} {kind.suffix}".strip() for locale, text in label.items()},
                origin="essential_graphics",
                places=(place,),
                default=kind.default,
                constraints=kind.constraints,
            )


def not_offered(line: Controller) -> str:
    """Return why a line of the panel is no field, in a sentence; empty when it is one, or only a heading or a comment."""
    if line.kind in {"group", "comment"}:
        return ""
    if line.layer is None:
        return "what the controller stands for lies outside the composition, or the file does not say where"
    if line.kind == "media":
        return ""
    if line.prop is None:
        return "the property that the controller stands for was not found"
    if hasattr(line.prop, "properties") or not described(line.prop, line.low, line.high):
        return f"a controller of this kind ({line.kind}) cannot be given as a value"
    return ""


def _walk(layer: Any, path: Sequence[Any]) -> tuple[tuple[Step, ...], Any]:
    """Follow a controller's path: each step by its place among the children where that has the wanted match name, else by match name."""
    node: Any = layer
    steps: list[Step] = []
    for ref in path:
        children = list(node) if hasattr(node, "properties") else []
        same = [child for child in children if child.match_name == ref.match_name]
        if not same:
            return tuple(steps), None
        chosen = same[0]
        at = ref.prop_index
        if at is not None and at < len(children) and children[at].match_name == ref.match_name:
            chosen = children[at]
        nth = next(number for number, child in enumerate(same) if child is chosen)
        steps.append(Step(ref.match_name, nth, chosen.name or ""))
        node = chosen
    return tuple(steps), (node if steps else None)


def _ranges(comp: Any) -> dict[str, tuple[float | None, float | None]]:
    """Return the range that the panel gives each slider, by the controller's id."""
    found: dict[str, tuple[float | None, float | None]] = {}
    for container in comp._item_list.chunks:  # noqa: SLF001  # the library reads the names only
        if getattr(container, "list_type", "") not in {"CIFO", "CIF2", "CIF3"}:
            continue
        for line in container.chunks:
            if getattr(line, "list_type", "") != "CCtl":
                continue
            texts = [chunk.value for chunk in line.chunks if chunk.chunk_type == "Utf8"]
            low = next((chunk.value for chunk in line.chunks if chunk.chunk_type == "Smin"), None)
            high = next((chunk.value for chunk in line.chunks if chunk.chunk_type == "Smax"), None)
            if texts:
                found[str(texts[0])] = (low, high)
    return found

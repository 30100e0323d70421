"""A converted Lottie made ready for the fields: layers by distinct names, colours with slots, pictures where placeholders wait."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

import msgspec

from flatrender.aftereffects.fields.layers import scene_layers
from flatrender.aftereffects.fields.lottie_places import color_property, content_of, lottie_layers, name_layers
from flatrender.aftereffects.fields.places import TEXT_STEPS
from flatrender.aftereffects.fields.tried import Found, find_by_trial
from flatrender.engine.template.model import Binding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from py_aep.models.items.composition import CompItem

    from flatrender.aftereffects.convert.context import Json
    from flatrender.aftereffects.fields.layers import SceneLayer
    from flatrender.aftereffects.fields.model import ProjectPlace, SuggestedField
    from flatrender.aftereffects.fields.trial import Trials

_PRECOMPOSITION, _SOLID, _IMAGE, _NULL, _TEXT = 0, 1, 2, 3, 5
_CLEAR_PNG = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAAC0lEQVR42mNgAAIAAAUAAen63NgAAAAASUVORK5CYII="
)
"""One pixel that is clear."""
_NOT_DRAWN = "the layer is not part of the drawn scene"


def bind_fields(
    comp: CompItem, fields: Sequence[SuggestedField], lottie: Json, trials: Trials
) -> tuple[SuggestedField, ...]:
    """Change `lottie`, as `convert_composition` made it, so that the fields' values reach it, and return the fields with their bindings.

    `trials` tries values on the project, and converts it anew, to find what control effects move.
    """
    layers = scene_layers(comp)
    drawn = lottie_layers(lottie, layers)
    contents = {place: content_of(layer, lottie) for place, layer in drawn.items()}
    chosen: dict[int, str] = {}
    for one in layers:
        place = one.comp.id, one.layer.id
        if place in drawn:
            chosen[id(contents[place])] = f"{one.name} ▸ content"
            chosen[id(drawn[place])] = one.name
    name_layers(lottie, chosen)
    names = {(one.comp.id, one.layer.id): one for one in layers}
    binder = _Binder(names, drawn, contents, lottie, trials)
    bound = tuple(binder.bound(field) for field in fields)
    binder.add_pictures()
    return bound


class _Binder:
    def __init__(
        self,
        layers: dict[tuple[int, int], SceneLayer],
        drawn: dict[tuple[int, int], Json],
        contents: dict[tuple[int, int], Json],
        lottie: Json,
        trials: Trials,
    ) -> None:
        self._layers = layers
        self._drawn = drawn
        self._contents = contents
        self._lottie = lottie
        self._trials = trials
        self._covers: list[tuple[list[Json], Json, Json]] = []
        """Where, above which layer, and what: pictures over layers that are none."""

    def bound(self, field: SuggestedField) -> SuggestedField:
        bindings: list[Binding] = []
        reasons: list[str] = []
        reached = False
        for place in field.places:
            found = self._place(field, place)
            bindings += [one for one in found.bindings if one not in bindings]
            reached |= bool(found.bindings or found.slots)
            for slot in found.slots:
                slot.setdefault("sid", field.key)
            if found.unbound:
                reasons.append(found.unbound)
        return msgspec.structs.replace(
            field,
            bindings=tuple(bindings),
            slot=field.type == "color" and reached,
            unbound="; ".join(dict.fromkeys(reasons)),
        )

    def add_pictures(self) -> None:
        """Put in the pictures that wait for files; last, because they move the places of layers."""
        for layers, below, cover in self._covers:
            layers.insert(next(number for number, layer in enumerate(layers) if layer is below), cover)

    def _place(self, field: SuggestedField, place: ProjectPlace) -> Found:
        one = self._layers.get((place.composition_id, place.layer_id))
        layer = self._contents.get((place.composition_id, place.layer_id))
        if one is None:
            return Found(unbound=_NOT_DRAWN)
        if place.takes in {"number", "checkbox", "choice"}:
            return find_by_trial(field, place, self._lottie, self._trials)
        if place.takes == "color" and place.property != TEXT_STEPS:
            prop = None if layer is None else color_property(one, layer, place.property)
            return find_by_trial(field, place, self._lottie, self._trials) if prop is None else Found(slots=(prop,))
        return Found(unbound=_NOT_DRAWN) if layer is None else self._of_layer(one, layer, place)

    def _of_layer(self, one: SceneLayer, layer: Json, place: ProjectPlace) -> Found:
        match place.takes:
            case "text":
                return Found((Binding(layer=layer["nm"], property="text"),))
            case "visible":
                outer = self._drawn[place.composition_id, place.layer_id]["nm"]
                return Found((Binding(layer=outer, property="visible", invert=place.invert),))
            case "solid":
                return Found(slots=(layer,)) if layer["ty"] == _SOLID else Found(unbound=_NOT_DRAWN)
            case "color":
                documents = [key["s"] for key in layer["t"]["d"]["k"]] if layer["ty"] == _TEXT else []
                return Found(slots=tuple(document for document in documents if "fc" in document))
        return self._picture(one, layer)

    def _picture(self, one: SceneLayer, layer: Json) -> Found:
        if layer["ty"] == _IMAGE:
            return Found((Binding(layer=layer["nm"], property="image"),))
        source = one.source
        if source is None or not source.width or layer.get("td"):
            return Found(unbound="a picture cannot be put there in the drawn scene")
        asset = {
            "id": f"picture_{source.id}", "nm": source.name, "w": int(source.width), "h": int(source.height),
            "u": "", "p": _CLEAR_PNG, "e": 1,
        }  # fmt: skip
        if all(known.get("id") != asset["id"] for known in self._lottie["assets"]):
            self._lottie["assets"].append(asset)
        if layer["ty"] == _NULL and getattr(source, "asset_type", "") == "placeholder":
            layer |= {"ty": _IMAGE, "refId": asset["id"]}
            return Found((Binding(layer=layer["nm"], property="image"),))
        return self._cover(one, layer, asset)

    def _cover(self, one: SceneLayer, layer: Json, asset: Json) -> Found:
        """Have a clear picture wait above a solid, or above all of a placeholder composition's layers."""
        name = f"{one.name} ▸ picture"
        if layer["ty"] == _PRECOMPOSITION:
            inside = next(known for known in self._lottie["assets"] if known.get("id") == layer["refId"])["layers"]
            below: Json = inside[0]
            cover: Json = {"ks": {}, "ip": 0, "op": max(layer["op"], 1), "st": 0, "sr": 1, "bm": 0, "ddd": 0, "ao": 0}
            cover["op"] = max(part["op"] for part in inside)
        else:
            inside = next(layers for layers in self._all_layers() if any(part is layer for part in layers))
            below = layer
            cover = {key: value for key, value in deepcopy(layer).items() if key not in {"sc", "sw", "sh", "sid"}}
        if all(known["nm"] != name for known in inside) and all(cover["nm"] != name for _, _, cover in self._covers):
            number = max(part["ind"] for part in inside) + 1 + len(self._covers)
            self._covers.append(
                (inside, below, cover | {"ty": _IMAGE, "refId": asset["id"], "nm": name, "ind": number})
            )
        return Found((Binding(layer=name, property="image"),))

    def _all_layers(self) -> Iterator[list[Json]]:
        yield self._lottie["layers"]
        for asset in self._lottie["assets"]:
            if "layers" in asset:
                yield asset["layers"]

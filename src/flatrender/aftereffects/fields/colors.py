"""Colours that the layers of a scene share, as slots: one for each colour, those that cover most first."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from flatrender.aftereffects.convert.footage import hex_color
from flatrender.aftereffects.fields.contents import still_text
from flatrender.aftereffects.fields.layers import properties
from flatrender.aftereffects.fields.model import ProjectPlace, Step, SuggestedField
from flatrender.aftereffects.fields.places import TEXT_STEPS, PlaceKey, place_key, place_of

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    from flatrender.aftereffects.fields.layers import SceneLayer

MAX_SLOTS = 6
_PAINTS = frozenset({"ADBE Vector Fill Color", "ADBE Vector Stroke Color"})
_ROOT = Step("ADBE Root Vectors Group", 0, "Contents")
_WEIGHTS = {"solid": 3, "shape": 2, "text": 2}


def color_slots(
    layers: Sequence[SceneLayer], taken: Container[PlaceKey], fixed: Container[int]
) -> Iterator[SuggestedField]:
    """Yield a slot for each of the six colours that most places have; its key is the colour's own, so that scenes of one template share it.

    `taken`: places that another field has; `fixed`: layers that stay as they are.
    """
    places: dict[str, list[ProjectPlace]] = {}
    weight: Counter[str] = Counter()
    for number, one in enumerate(layers):
        if not one.shown or number in fixed:
            continue
        for color, kind, place in _colors(one):
            if place_key(place) not in taken:
                places.setdefault(color, []).append(place)
                weight[color] += _WEIGHTS[kind]
    order = {color: number for number, color in enumerate(places)}
    chosen = sorted(weight, key=lambda color: (-weight[color], order[color]))[:MAX_SLOTS]
    for number, color in enumerate(chosen, start=1):
        yield SuggestedField(
            key=f"color {color[1:]}",
            type="color",
            label={"fa": f"رنگ {number}", "en": f"Colour {number}"},
            origin="color",
            places=tuple(places[color]),
            default=color,
            slot=True,
        )


def _colors(one: SceneLayer) -> Iterator[tuple[str, str, ProjectPlace]]:
    if one.kind == "solid":
        yield hex_color(one.source.main_source.color), "solid", place_of(one, "solid", item_id=one.source.id)
    elif one.kind == "text":
        document = still_text(one.layer)
        fill = document.fill_color if document is not None and document.apply_fill is not False else None
        if fill:
            yield hex_color(fill), "text", place_of(one, "color", TEXT_STEPS)
    elif one.kind == "shape":
        for steps, prop in properties(one.layer["ADBE Root Vectors Group"]):
            if prop.match_name in _PAINTS and _still(prop) and _painted(prop):
                yield hex_color(prop.value), "shape", place_of(one, "color", (_ROOT, *steps))


def _painted(prop: Any) -> bool:
    """Whether the item and the groups in which it lies are switched on."""
    node = prop.parent_property
    while node is not None and node.match_name != "ADBE Root Vectors Group":
        if not getattr(node, "enabled", True):
            return False
        node = node.parent_property
    return True


def _still(prop: Any) -> bool:
    value = prop.value
    return (
        not prop.keyframes
        and not (prop.expression and prop.expression_enabled)
        and isinstance(value, (list, tuple))
        and len(value) >= 3
    )

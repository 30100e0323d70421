"""Effects and layer styles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flatrender.aftereffects.convert.context import Json, Place, Tree
from flatrender.aftereffects.convert.values import color, scalar, static

if TYPE_CHECKING:
    from collections.abc import Callable

    from py_aep.models.properties.property import Property

Item = tuple[str, int]
_CONTROLS = {
    "ADBE Slider Control": 0,
    "ADBE Angle Control": 1,
    "ADBE Color Control": 2,
    "ADBE Point Control": 3,
    "ADBE Checkbox Control": 4,
    "ADBE Layer Control": 10,
    "ADBE Dropdown Control": 7,
}
_OPACITY = 255


def layer_effects(group: Tree | None, place: Place) -> list[Json]:
    """Convert the effects that are switched on, in the order in which they are applied; others are noted."""
    made: list[Json] = []
    for effect in group or ():
        if not getattr(effect, "enabled", True):
            continue
        here = place.inside(effect.name)
        make = _EFFECTS.get(effect.match_name)
        if make is not None:
            fields = make(effect, here)
            made.append({**fields, "nm": effect.name, "mn": effect.match_name, "en": 1})
        elif effect.match_name not in _CONTROLS and not effect.match_name.startswith("Pseudo/"):
            # Pseudo effects, menus among them, only hold values for expressions.
            here.note("not_drawn", f"effect.{effect.match_name}", f"the effect {effect.name!r} is not drawn")
    return made


def note_layer_styles(group: Tree | None, place: Place) -> None:
    """Note the layer styles that are switched on."""
    if group is None or not getattr(group, "enabled", True):
        return
    for style in group:
        if style.match_name != "ADBE Blend Options Group" and getattr(style, "enabled", False):
            place.note("not_drawn", f"style.{style.match_name}", f"the layer style {style.name!r} is not drawn")


def _value(prop: Property, place: Place, kind: int, factor: float = 1.0) -> Json:
    value = color(prop, place) if kind == 2 else scalar(prop, place, factor)  # a colour in Lottie's numbering
    return {"ty": kind, "nm": prop.name, "mn": prop.match_name, "v": value}


def _still(kind: int, name: str, value: float) -> Json:
    return {"ty": kind, "nm": name, "v": static(value)}


def _gaussian_blur(effect: Tree, place: Place) -> Json:
    return {
        "ty": 29,
        "ef": [
            _value(effect["ADBE Gaussian Blur 2-0001"], place, 0),
            _value(effect["ADBE Gaussian Blur 2-0002"], place, 7),
            _value(effect["ADBE Gaussian Blur 2-0003"], place, 7),
        ],
    }


def _drop_shadow(effect: Tree, place: Place) -> Json:
    return {
        "ty": 25,
        "ef": [
            _value(effect["ADBE Drop Shadow-0001"], place, 2),
            _value(effect["ADBE Drop Shadow-0002"], place, 0),
            _value(effect["ADBE Drop Shadow-0003"], place, 1),
            _value(effect["ADBE Drop Shadow-0004"], place, 0),
            _value(effect["ADBE Drop Shadow-0005"], place, 0),
            _value(effect["ADBE Drop Shadow-0006"], place, 7),
        ],
    }


def _fill(effect: Tree, place: Place) -> Json:
    return {
        "ty": 21,
        "ef": [
            _still(10, "Fill Mask", 0),
            _still(7, "All Masks", 0),
            _value(effect["ADBE Fill-0002"], place, 2),
            _still(7, "Invert", 0),
            _still(0, "Horizontal Feather", 0),
            _still(0, "Vertical Feather", 0),
            _value(effect["ADBE Fill-0005"], place, 0),
        ],
    }


def _tint(effect: Tree, place: Place) -> Json:
    return {
        "ty": 20,
        "ef": [
            _value(effect["ADBE Tint-0001"], place, 2),
            _value(effect["ADBE Tint-0002"], place, 2),
            _value(effect["ADBE Tint-0003"], place, 0),
        ],
    }


def _tritone(effect: Tree, place: Place) -> Json:
    return {
        "ty": 23,
        "ef": [
            _value(effect["ADBE Tritone-0001"], place, 2),
            _value(effect["ADBE Tritone-0002"], place, 2),
            _value(effect["ADBE Tritone-0003"], place, 2),
            _value(effect["ADBE Tritone-0004"], place, 0),
        ],
    }


_EFFECTS: dict[str, Callable[[Tree, Place], Json]] = {
    "ADBE Gaussian Blur 2": _gaussian_blur,
    "ADBE Drop Shadow": _drop_shadow,
    "ADBE Fill": _fill,
    "ADBE Tint": _tint,
    "ADBE Tritone": _tritone,
}
DRAWN_EFFECTS = frozenset(_EFFECTS)
"""Match names of the effects that are converted."""

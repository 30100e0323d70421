"""Effects."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from flatrender.aftereffects.convert.context import Json, Place, Tree
from flatrender.aftereffects.convert.effects_color import COLOR_EFFECTS
from flatrender.aftereffects.convert.effects_drawn import DRAWN_STEPS
from flatrender.aftereffects.convert.parameters import Parameters
from flatrender.aftereffects.convert.values import color, scalar, static

if TYPE_CHECKING:
    from collections.abc import Callable

    from py_aep.models.properties.property import Property

    from flatrender.aftereffects.convert.nesting import Picture
    from flatrender.aftereffects.convert.recolor import Repainter

_CONTROLS = {
    "ADBE Slider Control": 0,
    "ADBE Angle Control": 1,
    "ADBE Color Control": 2,
    "ADBE Point Control": 3,
    "ADBE Checkbox Control": 4,
    "ADBE Layer Control": 10,
    "ADBE Dropdown Control": 7,
    "ADBE Point3D Control": 3,
}
_BLUR, _SHADOW = 29, 25
_SIGMA = 0.3
"""Standard deviation of a Gaussian blur of blurriness 1, px."""


class EffectDrawer:
    """Draws the effects of layers, in the order in which they are applied."""

    def __init__(self, repainter: Repainter) -> None:
        self._repainter = repainter

    def draw(self, group: Tree | None, picture: Picture, place: Place) -> None:
        """Draw the effects that are switched on; others are noted."""
        for effect in group or ():
            if not getattr(effect, "enabled", True):
                continue
            here = place.inside(effect.name)
            name = effect.match_name
            if name in _EFFECTS:
                fields = _EFFECTS[name](effect, here)
                picture.widen(_reach(fields))
                if picture.layer.get("masksProperties"):
                    picture.nest()  # players apply a layer's masks after its effects
                picture.layer.setdefault("ef", []).append({**fields, "nm": effect.name, "mn": name, "en": 1})
            elif name in COLOR_EFFECTS:
                self._recolor(name, Parameters(effect, here), picture, here)
            elif name in DRAWN_STEPS:
                DRAWN_STEPS[name][0](Parameters(effect, here), picture)
            elif name not in _CONTROLS and not name.startswith("Pseudo/"):
                # Pseudo effects, menus among them, only hold values for expressions.
                here.note("not_drawn", f"effect.{name}", f"the effect {effect.name!r} is not drawn")

    def _recolor(self, name: str, effect: Parameters, picture: Picture, place: Place) -> None:
        change = COLOR_EFFECTS[name][0](effect)
        if change is None:
            return
        self._repainter.stopped = False
        self._repainter.repaint(picture.layer, change)
        if self._repainter.stopped:
            place.note("approximate", f"effect.{name}", "what moves in the effect is drawn as it begins")
        place.note("exact", f"effect.{name}", "the colours themselves are changed")


def _reach(fields: Json) -> float:
    """Return how far beyond the layer an effect draws, px."""
    if fields["ty"] == _BLUR and not _greatest(fields["ef"][2]["v"]):  # edges are not repeated
        return 3 * _SIGMA * _greatest(fields["ef"][0]["v"])
    if fields["ty"] == _SHADOW:
        return _greatest(fields["ef"][3]["v"]) + _greatest(fields["ef"][4]["v"])
    return 0


def _greatest(prop: Json) -> float:
    values = [key["s"][0] for key in prop["k"]] if prop["a"] else [prop["k"]]
    return max(float(value) for value in values)


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


def _box_blur(effect: Tree, place: Place) -> Json:
    place.note("approximate", "effect.ADBE Box Blur2", "a box blur is drawn as a Gaussian blur of the same width")
    name = effect.match_name
    rounds = max(float(effect[f"{name}-0002"].value), 1)
    return {
        "ty": 29,
        "ef": [
            _value(effect[f"{name}-0001"], place, 0, math.sqrt(rounds / 3) / _SIGMA),
            _value(effect[f"{name}-0003"], place, 7),
            _value(effect[f"{name}-0004"], place, 7),
        ],
    }


def _fast_blur(effect: Tree, place: Place) -> Json:
    name = effect.match_name
    return {
        "ty": 29,
        "ef": [
            _value(effect[f"{name}-0001"], place, 0),
            _value(effect[f"{name}-0002"], place, 7),
            _value(effect[f"{name}-0003"], place, 7),
        ],
    }


def _stroke(effect: Tree, place: Place) -> Json:
    numbers = ((1, 10), (10, 7), (11, 7), (2, 2), (3, 0), (4, 0), (5, 0), (8, 0), (9, 0), (6, 0), (7, 7))
    return {
        "ty": 22,
        "ef": [_value(effect[f"{effect.match_name}-{number:04d}"], place, kind) for number, kind in numbers],
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
    "ADBE Box Blur2": _box_blur,
    "ADBE Fast Blur": _fast_blur,
    "ADBE Stroke": _stroke,
    "ADBE Drop Shadow": _drop_shadow,
    "ADBE Fill": _fill,
    "ADBE Tint": _tint,
    "ADBE Tritone": _tritone,
}
_READ = {
    "ADBE Gaussian Blur 2": (1, 2, 3),
    "ADBE Box Blur2": (1, 2, 3, 4),
    "ADBE Fast Blur": (1, 2, 3),
    "ADBE Stroke": tuple(range(1, 12)),
    "ADBE Drop Shadow": (1, 2, 3, 4, 5, 6),
    "ADBE Fill": (2, 5),
    "ADBE Tint": (1, 2, 3),
    "ADBE Tritone": (1, 2, 3, 4),
}
DRAWN_EFFECTS = frozenset({*_EFFECTS, *COLOR_EFFECTS, *DRAWN_STEPS})
"""Match names of the effects that are converted."""
READ_PARAMETERS = frozenset(
    f"{name}-{number:04d}"
    for table in (
        _READ,
        {name: numbers for name, (_, numbers) in COLOR_EFFECTS.items()},
        {name: numbers for name, (_, numbers) in DRAWN_STEPS.items()},
    )
    for name, numbers in table.items()
    for number in numbers
)
"""Match names of the effects' parameters that are read, with keys."""

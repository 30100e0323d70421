"""Text animators over a string whose characters are not those that the designer saw.

A range selector counts characters, words or lines of the string, as numbers or as shares. Ours holds one character a cluster, in visual
order. So numbers of characters become shares of the text; shares of words and lines become numbers of them (ThorVG 1.0.4 takes their
shares of the count of characters); and for a text that is read from right to left the selector is mirrored, as its first character is
the string's last.
"""

from __future__ import annotations

import operator
from functools import partial

from flatrender.engine.lottie.document import Json, is_number
from flatrender.engine.lottie.edit import change_values
from flatrender.engine.lottie.walk import dicts

_PERCENT, _INDEX = 1, 2
_WORDS, _LINES = 3, 4
_RAMP_UP, _RAMP_DOWN = 2, 3


def has_animators(layer: Json) -> bool:
    """Tell whether the text layer has range selectors."""
    return bool(_selectors(layer))


def fit_selectors(layer: Json, *, designed: str, emitted: str, mirror: bool) -> None:
    """Make a text layer's selectors mean in the emitted string what they meant in the designed text."""
    lines = emitted.count("\r") + 1
    words = lines + emitted.count(" ")
    for selector in _selectors(layer):
        based = selector.get("b")
        parts = words if based == _WORDS else lines if based == _LINES else None
        if parts is not None:
            if selector.get("r", _PERCENT) == _PERCENT:
                _scale(selector, parts / 100)
                selector["r"] = _INDEX
        elif selector.get("r") == _INDEX:
            _scale(selector, 100 / max(len(designed), 1))
            selector["r"] = _PERCENT
        if mirror:
            _mirror(selector, 100 if parts is None else parts)


def _scale(selector: Json, factor: float) -> None:
    if "e" not in selector:
        selector["e"] = {"a": 0, "k": 100}
    for key in ("s", "e", "o"):
        prop = selector.get(key)
        if isinstance(prop, dict):
            change_values(prop, partial(operator.mul, factor))


def _mirror(selector: Json, whole: float) -> None:
    start = _property(selector, "s", 0)
    end = _property(selector, "e", whole)
    for prop in (start, end):
        change_values(prop, lambda value: whole - value)
    selector["s"], selector["e"] = end, start
    change_values(_property(selector, "o", 0), operator.neg)
    shape = selector.get("sh")
    if is_number(shape):
        selector["sh"] = {_RAMP_UP: _RAMP_DOWN, _RAMP_DOWN: _RAMP_UP}.get(int(shape), shape)


def _selectors(layer: Json) -> list[Json]:
    text = layer.get("t")
    animators = dicts(text.get("a")) if isinstance(text, dict) else []
    return [animator["s"] for animator in animators if isinstance(animator.get("s"), dict)]


def _property(selector: Json, key: str, default: float) -> Json:
    prop: object = selector.get(key)
    if isinstance(prop, dict):
        return prop
    made: Json = {"a": 0, "k": default}
    selector[key] = made
    return made

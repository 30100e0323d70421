"""Text animators over a string whose characters are not those that the designer saw.

A range selector counts the characters of the string. Ours holds one character a cluster, in visual order, so a count of characters is
rewritten as a share of the text, and for a text that is read from right to left the selector is mirrored: its first character is the
string's last.
"""

from __future__ import annotations

import operator
from functools import partial

from flatrender.engine.lottie.document import Json, is_number
from flatrender.engine.lottie.edit import change_values
from flatrender.engine.lottie.walk import dicts

_PERCENT, _INDEX = 1, 2
_RAMP_UP, _RAMP_DOWN = 2, 3


def has_animators(layer: Json) -> bool:
    """Tell whether the text layer has range selectors."""
    return bool(_selectors(layer))


def fit_selectors(layer: Json, *, characters: int, mirror: bool) -> None:
    """Make the selectors of a text layer mean the same clusters as they meant characters; `characters` is the designed text's count."""
    for selector in _selectors(layer):
        if selector.get("r") == _INDEX:
            share = 100 / max(characters, 1)
            for key in ("s", "e", "o"):
                prop = selector.get(key)
                if isinstance(prop, dict):
                    change_values(prop, partial(operator.mul, share))
            selector["r"] = _PERCENT
        if mirror:
            start = _property(selector, "s", 0)
            end = _property(selector, "e", 100)
            for prop in (start, end):
                change_values(prop, lambda value: 100 - value)
            selector["s"], selector["e"] = end, start
            change_values(_property(selector, "o", 0), lambda value: -value)
            shape = selector.get("sh")
            selector["sh"] = {_RAMP_UP: _RAMP_DOWN, _RAMP_DOWN: _RAMP_UP}.get(
                int(shape) if is_number(shape) else 1, shape
            )


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

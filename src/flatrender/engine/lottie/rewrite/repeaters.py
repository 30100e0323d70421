"""Repeaters as groups.

ThorVG repeats each shape by itself: what lies above the repeater is stacked in another order, fades by other steps, and trim paths and second
repeaters go astray. Here every copy becomes a group with the copy's transform and opacity, as After Effects defines them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from flatrender.engine.lottie.document import Json
from flatrender.engine.lottie.rewrite.notes import Note, named
from flatrender.engine.lottie.rewrite.timing import Value, constant, moves, sampler, scalar, span, written
from flatrender.engine.lottie.walk import objects

_MAX_COPIES = 200
_MAX_OBJECTS = 40_000
"""Objects in all copies together: beyond it the repeater is left to the renderer, which needs less memory."""
_MAX_GROWTH = 10_000
"""How often its size a copy is drawn at most: the renderer does not come to an end with larger ones."""
_NUMBERS = (("c", 1.0), ("o", 0.0))
_TRANSFORM: tuple[tuple[str, Value], ...] = (
    ("p", (0.0, 0.0)), ("a", (0.0, 0.0)), ("s", (100.0, 100.0)), ("r", (0.0,)), ("so", (100.0,)), ("eo", (100.0,)),
)  # fmt: skip


def expand_repeaters(layer: Json, notes: list[Note]) -> None:
    """Replace a layer's repeaters by their copies, the first in a group first."""
    shapes = layer.get("shapes")
    if not isinstance(shapes, list):
        return
    stack: list[list[Any]] = [shapes]
    while stack:
        items = stack.pop()
        at = 0
        while at < len(items):
            item = items[at]
            if isinstance(item, dict) and item.get("ty") == "rp":
                copies = [] if item.get("hd") is True else _copies(items[:at], item)
                if item.get("hd") is True:
                    del items[at]
                    continue
                if copies is not None:
                    items[: at + 1] = copies
                    at = len(copies)
                    notes.append(Note(feature="repeater", detail="copies are written out", layer=named(layer)))
                    continue
            at += 1
        stack.extend(item["it"] for item in items if isinstance(item, dict) and isinstance(item.get("it"), list))


def can_expand(repeater: Json) -> bool:
    """Whether a repeater says all that its copies need, without expressions or curved motion."""
    transform = repeater.get("tr")
    if not isinstance(transform, dict):
        return False
    defaults = (*((key, (number,)) for key, number in _NUMBERS), *_TRANSFORM)
    holders = {key: repeater for key, _ in _NUMBERS}
    return all(sampler(holders.get(key, transform).get(key), default) is not None for key, default in defaults)


def overgrows(repeater: Json) -> bool:
    """Whether copies become so large that they are left out."""
    transform = repeater.get("tr")
    scale = constant(transform.get("s"), (100.0, 100.0)) if isinstance(transform, dict) else None
    copies, offset = sampler(repeater.get("c"), (1.0,)), scalar(repeater.get("o"), 0)
    if scale is None or copies is None or offset is None:
        return False
    moments = span([repeater.get("c")]) or [0.0]
    last = offset + max(copies(moment)[0] for moment in moments)
    return bool(max(abs(part) / 100 for part in scale) > _MAX_GROWTH ** (1 / max(last, 1)))


def _copies(above: list[Any], repeater: Json) -> list[Json] | None:
    transform = repeater.get("tr")
    if not isinstance(transform, dict):
        return None
    props = {key: repeater.get(key) for key, _ in _NUMBERS} | {key: transform.get(key) for key, _ in _TRANSFORM}
    values: dict[str, Callable[[float], Value]] = {}
    for key, default in (*((key, (number,)) for key, number in _NUMBERS), *_TRANSFORM):
        found = sampler(props[key], default)
        if found is None:
            return None
        values[key] = found
    moments = span([prop for prop in props.values() if moves(prop)])
    if moments is None:
        return None
    moments = moments or [0.0]
    counts = [math.ceil(min(max(values["c"](moment)[0], 0), _MAX_COPIES + 1)) for moment in moments]
    most = max(counts)
    size = sum(1 for _ in objects(above))
    if most > _MAX_COPIES or most * (size + 8) > _MAX_OBJECTS or most * len(moments) > _MAX_OBJECTS:
        return None
    made = [
        {
            "ty": "gr",
            "nm": f"copy {number + 1}",
            "it": [*above, _placed(number, moments, counts, values)],
        }
        for number in range(max(most, 0))
    ]
    # 1: each copy lies below the one before it; 2: above it.
    return made if repeater.get("m") != 2 else made[::-1]


def _placed(number: int, moments: list[float], counts: list[int], values: dict[str, Callable[[float], Value]]) -> Json:
    places: list[Value] = []
    anchors: list[Value] = []
    scales: list[Value] = []
    turns: list[Value] = []
    fades: list[Value] = []
    for moment, count in zip(moments, counts, strict=True):
        times = values["o"](moment)[0] + number
        px, py = values["p"](moment)[:2]
        ax, ay = values["a"](moment)[:2]
        sx, sy = values["s"](moment)[:2]
        places.append((ax + px * times, ay + py * times))
        anchors.append((ax, ay))
        scales.append((_power(sx, times), _power(sy, times)))
        turns.append((values["r"](moment)[0] * times,))
        start, end = values["so"](moment)[0], values["eo"](moment)[0]
        share = number / (count - 1) if count > 1 else 0.0
        seen = number < count and max(abs(part) for part in scales[-1]) <= 100 * _MAX_GROWTH
        fades.append((start + (end - start) * share if seen else 0.0,))
    return {
        "ty": "tr",
        "p": written(moments, places),
        "a": written(moments, anchors),
        "s": written(moments, scales),
        "r": written(moments, turns, scalar_value=True),
        "o": _stepped(moments, fades, counts, number),
    }


def _power(percent: float, times: float) -> float:
    base = percent / 100
    size = max(abs(base), 1e-6)
    # Beyond these bounds nothing can be seen: a millionth, a million times.
    grown = 10 ** min(max(math.log10(size) * times, -6), 6)
    return math.copysign(100 * grown, base if times % 2 == 1 else 1)


def _stepped(moments: list[float], fades: list[Value], counts: list[int], number: int) -> Json:
    """Return the opacity: a copy appears and goes from one frame to the next, never half."""
    if all(count > number for count in counts) or all(count <= number for count in counts):
        return written(moments, fades, scalar_value=True)
    frames: list[Json] = []
    for moment, fade in zip(moments, fades, strict=True):
        value = [round(fade[0], 4)]
        if not frames or frames[-1]["s"] != value:
            frames.append({"t": moment, "s": value, "h": 1})
    return {"a": 1, "k": frames}

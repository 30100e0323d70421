"""Temporal eases: After Effects' speed and influence, Lottie's handles of a cubic Bézier in the unit square.

A key's outgoing handle lies at x = influence, y = influence · speed / average speed of the segment; the incoming one the same, counted
from the end. Where the value does not change the average speed is zero and y says nothing: the handles are put on the diagonal.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from flatrender.aftereffects.convert.context import rounded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from py_aep.models.properties.keyframe_ease import KeyframeEase

_Handle = tuple[float, float]
_MIN_SPEED = 1e-9


def out_handle(ease: KeyframeEase, average_speed: float) -> _Handle:
    """Return the first control point of the segment after the key, in the unit square.

    `average_speed` is the segment's, in the unit of the ease's speed.
    """
    x = min(max(ease.influence / 100, 0.0), 1.0)
    return x, (x * ease.speed / average_speed if abs(average_speed) > _MIN_SPEED else x)


def in_handle(ease: KeyframeEase, average_speed: float) -> _Handle:
    """Return the second control point of the segment before the key, in the unit square."""
    x = min(max(ease.influence / 100, 0.0), 1.0)
    return 1 - x, (1 - x * ease.speed / average_speed if abs(average_speed) > _MIN_SPEED else 1 - x)


def progress(first: _Handle, second: _Handle, x: float) -> float:
    """Return how far a value is at time `x` of its segment (both 0 to 1), for these two handles."""
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        if _bezier(first[0], second[0], middle) < x:
            low = middle
        else:
            high = middle
    return _bezier(first[1], second[1], (low + high) / 2)


def _bezier(first: float, second: float, t: float) -> float:
    return 3 * (1 - t) ** 2 * t * first + 3 * (1 - t) * t**2 * second + t**3


def axes(points: Sequence[_Handle], *, single: bool) -> dict[str, Any]:
    """Return control points as a Lottie writes them: one for all dimensions or one each."""
    if single or len(points) == 1:
        return {"x": rounded(points[0][0]), "y": rounded(points[0][1])}
    return {"x": [rounded(x) for x, _ in points], "y": [rounded(y) for _, y in points]}


def arc_length(start: Sequence[float], out: Sequence[float], into: Sequence[float], end: Sequence[float]) -> float:
    """Return the length of a spatial segment; `out` and `into` are relative to its ends. Unit: the points' (px)."""
    if not any(out) and not any(into):
        return math.dist(start, end)
    steps, length, before = 64, 0.0, list(start)
    for step in range(1, steps + 1):
        t = step / steps
        weights = ((1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2, t**3)
        here = [
            weights[0] * a + weights[1] * (a + o) + weights[2] * (b + i) + weights[3] * b
            for a, o, i, b in zip(start, out, into, end, strict=True)
        ]
        length += math.dist(before, here)
        before = here
    return length

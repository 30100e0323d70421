"""A property's value at a frame, and properties that say the same frame by frame.

Lottie's timing: between two keyframes the share of the way is a cubic Bézier over time, from (0, 0) to (1, 1), with control points `o` of
the first keyframe and `i` of it (Bodymovin writes both there).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flatrender.engine.lottie.document import Json, is_number

Value = tuple[float, ...]

MAX_BAKED = 1200
"""Frames that are written out at most for one property: forty seconds at 30 frames/s."""


def constant(prop: object, default: Value) -> Value | None:
    """Return the value of a property that has no keyframes and no expression; None when it moves or is no number."""
    if prop is None:
        return default
    if not isinstance(prop, dict) or ("x" in prop and isinstance(prop["x"], str)):
        return None
    return _numbers(prop.get("k"))


def scalar(prop: object, default: float) -> float | None:
    """Return the constant of a property of one number, as `constant` does."""
    value = constant(prop, (default,))
    return value[0] if value else None


def _numbers(value: object) -> Value | None:
    if is_number(value):
        return (float(value),)
    if isinstance(value, list) and value and all(is_number(part) for part in value):
        return tuple(float(part) for part in value)
    return None


def keyframes(prop: object) -> list[Json] | None:
    """Return a property's keyframes when it has at least one and each says when it is; None otherwise, or with an expression."""
    if not isinstance(prop, dict) or isinstance(prop.get("x"), str):
        return None
    frames = prop.get("k")
    if not isinstance(frames, list) or not frames:
        return None
    if not all(isinstance(frame, dict) and is_number(frame.get("t")) for frame in frames):
        return None
    return frames


def moves(prop: object) -> bool:
    """Whether the property has keyframes."""
    return keyframes(prop) is not None


def sampler(prop: object, default: Value) -> Callable[[float], Value] | None:
    """Return a function of the frame that gives the property's value, of as many parts as the default at least.

    None when it cannot be told: an expression, curved motion, too few parts.
    """
    still = constant(prop, default)
    if still is not None:
        if len(still) < len(default):
            return None
        return lambda _frame: still
    frames = keyframes(prop)
    if frames is None or any("to" in frame or "ti" in frame for frame in frames):
        return None
    values: list[Value] = []
    for at, frame in enumerate(frames):
        value = _numbers(frame.get("s"))
        if value is None and at:  # the last keyframe of older files says only when it is
            value = _numbers(frames[at - 1].get("e")) or values[-1]
        if value is None or len(value) < len(default):
            return None
        values.append(value)
    return lambda moment: _between(frames, values, moment)


def _between(frames: list[Json], values: list[Value], moment: float) -> Value:
    if moment <= frames[0]["t"]:
        return values[0]
    for at in range(len(frames) - 1):
        first, until = frames[at], frames[at + 1]["t"]
        if moment >= until:
            continue
        if first.get("h") == 1 or until <= first["t"]:
            return values[at]
        end = _numbers(first.get("e")) or values[at + 1]
        share = (moment - first["t"]) / (until - first["t"])
        return tuple(
            start + (end[part] - start) * ease(first, part, share) if part < len(end) else start
            for part, start in enumerate(values[at])
        )
    return values[-1]


def handles(frame: Json, part: int) -> tuple[float, float, float, float]:
    """Return a keyframe's easing for one component, as x1, y1, x2, y2; linear when it says none."""
    return (*_handle(frame.get("o"), part, 0.0), *_handle(frame.get("i"), part, 1.0))


def _handle(handle: object, part: int, default: float) -> tuple[float, float]:
    if not isinstance(handle, dict):
        return default, default
    found = []
    for axis in ("x", "y"):
        value = handle.get(axis)
        if isinstance(value, list):
            value = value[min(part, len(value) - 1)] if value else None
        found.append(float(value) if is_number(value) else default)
    return found[0], found[1]


def ease(frame: Json, part: int, share: float) -> float:
    """Return how far a component has come when `share` of the time to the next keyframe is over, both 0 to 1."""
    x1, y1, x2, y2 = handles(frame, part)
    if x1 == y1 and x2 == y2:
        return share
    low, high = 0.0, 1.0
    at = share
    for _ in range(24):  # bisection: x rises with the parameter, as control points lie within the time
        found = _cubic(x1, x2, at)
        if abs(found - share) < 1e-5:
            break
        low, high = (at, high) if found < share else (low, at)
        at = (low + high) / 2
    return _cubic(y1, y2, at)


def _cubic(first: float, second: float, at: float) -> float:
    rest = 1 - at
    return 3 * rest * rest * at * first + 3 * rest * at * at * second + at**3


_STRAIGHT = {"i": {"x": [1], "y": [1]}, "o": {"x": [0], "y": [0]}}


def written(moments: Sequence[float], values: Sequence[Value], *, scalar_value: bool = False) -> Json:
    """Return a property that goes straight from each value to the next; a constant when they are all equal."""
    rounded = [[round(part, 4) for part in value] for value in values]
    if all(value == rounded[0] for value in rounded):
        return {"a": 0, "k": rounded[0][0] if scalar_value else rounded[0]}
    frames: list[Any] = []
    for at, (moment, value) in enumerate(zip(moments, rounded, strict=True)):
        if 0 < at < len(rounded) - 1 and value == rounded[at - 1] == rounded[at + 1]:
            continue
        frames.append({"t": moment, "s": value, **_STRAIGHT})
    return {"a": 1, "k": frames}


def span(props: Sequence[object]) -> list[float] | None:
    """Return the frames between the first and the last keyframe of the properties, both included; None when there are too many."""
    times = [float(frame["t"]) for prop in props for frame in keyframes(prop) or []]
    if not times:
        return []
    first, last = min(times), max(times)
    if last - first > MAX_BAKED:
        return None
    moments = {*times, *(float(frame) for frame in range(int(first) + 1, int(last) + 1))}
    return sorted(moments)

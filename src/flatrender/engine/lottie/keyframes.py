"""The value of an animated property at a frame, and changing it so that its motion stays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from flatrender.engine.lottie.document import Json, is_number
from flatrender.engine.lottie.walk import dicts, is_animated

Mode = Literal["set", "add", "multiply"]
Component = int | None
"""Which number of a vector is meant; None for all of them."""

_ITERATIONS = 40


def value_at(prop: Json, frame: float) -> list[float] | None:
    """Return the property's numbers at a frame; None when it holds none. Eases are the first component's; curved paths are taken as straight."""
    frames = [f for f in dicts(prop.get("k")) if is_number(f.get("t"))]
    if not frames:
        return _numbers(prop.get("k"))
    before = frames[0]
    for following in frames[1:]:
        if frame < following["t"]:
            return _between(before, following, frame)
        before = following
    return _numbers(before.get("s", frames[-2].get("e") if len(frames) > 1 else None))


def _between(before: Json, after: Json, frame: float) -> list[float] | None:
    start = _numbers(before.get("s"))
    end = _numbers(before.get("e", after.get("s")))
    span = after["t"] - before["t"]
    if start is None or end is None or len(start) != len(end) or before.get("h") == 1 or span <= 0:
        return start
    share = _eased(before, min(max((frame - before["t"]) / span, 0.0), 1.0))
    return [a + (b - a) * share for a, b in zip(start, end, strict=True)]


def _eased(keyframe: Json, share: float) -> float:
    """Return the eased share of the way: the cubic Bézier of the tangents `o` and `i`, solved by bisection."""
    out, into = keyframe.get("o"), keyframe.get("i")
    if not isinstance(out, dict) or not isinstance(into, dict):
        return share
    x1, y1, x2, y2 = (_first(t.get(axis), share) for t in (out, into) for axis in ("x", "y"))

    def bezier(one: float, two: float, t: float) -> float:
        return 3 * (1 - t) ** 2 * t * one + 3 * (1 - t) * t * t * two + t**3

    low, high = 0.0, 1.0
    for _ in range(_ITERATIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if bezier(x1, x2, middle) < share else (low, middle)
    return bezier(y1, y2, (low + high) / 2)


def _first(value: object, default: float) -> float:
    if isinstance(value, list) and value:
        value = value[0]
    return float(value) if is_number(value) else default


def _numbers(value: object) -> list[float] | None:
    if is_number(value):
        return [value]
    if isinstance(value, list) and value and all(is_number(v) for v in value):
        return list(value)
    return None


def change(prop: Json, values: Sequence[float], mode: Mode, component: Component = None) -> bool:
    """Set, add to or multiply a property's numbers, keyframes included; False when it holds none or not as many.

    One value goes to every component (or to `component`), several go to the components in order; a vector keeps the components beyond.
    Added to or multiplied, a motion keeps its eases and, multiplied, the shape of its path; set, it stands still.
    """
    reached = False

    def at(index: int) -> float | None:
        if component is not None:
            return values[0] if index == component else None
        return values[0] if len(values) == 1 else values[index] if index < len(values) else None

    def changed(old: object) -> object:
        nonlocal reached
        single = is_number(old)
        numbers = _numbers(old)
        if numbers is None or (component is not None and component >= len(numbers)) or (single and len(values) > 1):
            return old
        reached = True
        made = [_one(number, at(index), mode) for index, number in enumerate(numbers)]
        return made[0] if single else made

    frames = dicts(prop.get("k"))
    if not frames:
        if "k" in prop:
            prop["k"] = changed(prop["k"])
        return reached
    for frame in frames:
        for key in ("s", "e"):
            if key in frame:
                frame[key] = changed(frame[key])
        if mode == "add":
            continue
        for key in ("to", "ti"):
            tangent = _numbers(frame.get(key))
            if tangent is not None:
                factor: Callable[[int], float | None] = at if mode == "multiply" else _nothing(at)
                frame[key] = [_one(number, factor(index), "multiply") for index, number in enumerate(tangent)]
    return reached


def _nothing(at: Callable[[int], float | None]) -> Callable[[int], float | None]:
    return lambda index: None if at(index) is None else 0.0


def _one(number: float, value: float | None, mode: Mode) -> float:
    if value is None:
        return number
    made = value if mode == "set" else number + value if mode == "add" else number * value
    return round(made, 4)


def rest_at(prop: Json, values: Sequence[float], frame: float, component: Component = None) -> bool:
    """Give a still property these values; shift a moving one so that it has them at `frame`."""
    if not is_animated(prop):
        return change(prop, values, "set", component)
    now = value_at(prop, frame)
    if now is None:
        return False
    if component is not None:
        return component < len(now) and change(prop, [values[0] - now[component]], "add", component)
    given = list(values) if len(values) > 1 else [values[0]] * len(now)
    return change(prop, [g - n for g, n in zip(given, now, strict=False)], "add")


def grow_to(prop: Json, values: Sequence[float], frame: float, component: Component = None) -> bool:
    """Give a still property these values; scale a moving one so that it has them at `frame` (shifted where it is 0 there)."""
    if not is_animated(prop):
        return change(prop, values, "set", component)
    now = value_at(prop, frame)
    if now is None:
        return False
    own = now if component is None else now[component : component + 1]
    given = list(values) if len(values) > 1 else [values[0]] * len(own)
    if not own or any(abs(n) < 1e-6 for n in own):
        return rest_at(prop, values, frame, component)
    return change(prop, [g / n for g, n in zip(given, own, strict=False)], "multiply", component)

"""Properties with and without keyframes become Lottie properties.

Every converted segment is compared with what After Effects would show between its keys (the object model evaluates numeric properties); where a
pair of handles cannot say it, such as a value that leaves and comes back to where it was, the segment is written frame by frame.
"""

from __future__ import annotations

import itertools
import math
import re
from typing import TYPE_CHECKING, Any

from py_aep.enums import KeyframeInterpolationType

from flatrender.aftereffects.convert.context import Json, Place, rounded, rounded_all
from flatrender.aftereffects.convert.easing import arc_length, axes, in_handle, out_handle, progress
from flatrender.aftereffects.convert.played import PlayedKey, played

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from py_aep.models.properties.property import Property

Numbers = list[float]
_MAX_BAKED = 20_000
"""Keys of one property written frame by frame."""
_COLOR_UNIT = 255
"""A colour's speed counts 8-bit steps a second."""
MOMENT = 0.001
"""Frames between a value and the one that it jumps to."""
_CHANCE = re.compile(r"\b(?:wiggle|random|gaussRandom|noise|temporalWiggle|smooth)\b")
_LINEAR = ((1 / 6, 1 / 6), (5 / 6, 5 / 6))


def scalar(prop: Property, place: Place, factor: float = 1.0) -> Json:
    """Convert a number; `factor` changes its unit."""
    return convert(prop, place, lambda value: [float(_first(value)) * factor])


def vector(prop: Property, place: Place, dimensions: int = 2) -> Json:
    """Convert a point, size or scale of `dimensions` numbers."""
    return convert(prop, place, lambda value: [float(number) for number in value[:dimensions]])


def color(prop: Property, place: Place) -> Json:
    """Convert a colour, red, green, blue and alpha from 0 to 1."""
    return convert(prop, place, lambda value: [*(float(number) for number in value[:3]), 1.0])


def static(value: Any) -> Json:
    """Return a Lottie property that does not move."""
    return {"a": 0, "k": value}


def is_animated(prop: Property) -> bool:
    """Say whether the property has more than one key."""
    return len(prop.keyframes) > 1


def convert(prop: Property, place: Place, numbers: Callable[[Any], Numbers]) -> Json:
    """Convert a numeric property. `numbers` turns one of its values into the Lottie's numbers.

    An expression is evaluated frame by frame; where that fails it is noted and the keys alone are drawn.
    """
    where = place.inside(prop.name or prop.match_name)
    evaluated = expression_values(prop, where)
    if evaluated:
        return baked([numbers(value) for value in evaluated])
    keys = played(prop.keyframes)
    if not keys:
        return static(_value(numbers(prop.value)))
    if len(keys) == 1:
        return static(_value(numbers(keys[0].value)))
    frames: list[Json] = []
    for start, end in itertools.pairwise(keys):
        frames += _segment(prop, start, end, numbers, where)
    frames.append({"t": where.frame(keys[-1].time), "s": rounded_all(numbers(keys[-1].value)), "h": 1})
    return {"a": 1, "k": frames}


def expression_values(prop: Property, place: Place) -> tuple[Any, ...]:
    """Return what an enabled expression gives at each frame (one value: at all of them); nothing, noted, where it cannot be evaluated."""
    if not (prop.expression and prop.expression_enabled):
        return ()
    if place.expressions is None:
        note_expression(prop, place)
        return ()
    answer = place.expressions.of(prop)
    if answer.error or not answer.values:
        detail = f"the expression cannot be evaluated ({answer.error[:80]}): {prop.expression.strip()[:80]!r}"
        place.note("not_drawn", "expression", detail)
    elif _CHANCE.search(prop.expression):
        place.note(
            "approximate",
            "expression.chance",
            "moves by chance, in the same way in every render but not as in After Effects",
        )
    else:
        place.note("exact", "expression", "is drawn as it was evaluated frame by frame")
    return () if answer.error else answer.values


def baked(values: list[Numbers], first: int = 0) -> Json:
    """Write values of successive frames from `first` on; a stretch that stands still has keys at its ends only."""
    if len(values) == 1:
        return static(_value(values[0]))
    line = {"o": axes([_LINEAR[0]], single=True), "i": axes([_LINEAR[1]], single=True)}
    keys: list[Json] = []
    last = len(values) - 1
    for frame, value in enumerate(values):
        if 0 < frame < last and values[frame - 1] == value == values[frame + 1]:
            continue
        keys.append({"t": first + frame, "s": rounded_all(value), **line})
    return {"a": 1, "k": keys}


def note_expression(prop: Property, place: Place) -> None:
    """Note an enabled expression, which the keys alone do not show."""
    if prop.expression and prop.expression_enabled:
        place.note("not_drawn", "expression", f"the expression is not evaluated: {prop.expression.strip()[:80]!r}")


def _segment(
    prop: Property, start: PlayedKey, end: PlayedKey, numbers: Callable[[Any], Numbers], place: Place
) -> list[Json]:
    first, last = numbers(start.value), numbers(end.value)
    key: Json = {"t": place.frame(start.time), "s": rounded_all(first)}
    if holds(start, end):
        keys = [key | {"h": 1}]
        if place.stretch < 0:
            # Backwards, the value of the key that comes is held until it has come.
            keys.append({"t": rounded(key["t"] + MOMENT), "s": rounded_all(last), "h": 1})
        return keys
    seconds = (end.time - start.time) / place.stretch
    spatial = prop.is_spatial and len(first) > 1
    outs, intos = _tangents(prop, start, end, len(first))
    if spatial:
        span = _distance(prop, start, end, first, last, outs, intos)
        eases_out, eases_in = start.out_temporal_ease[:1], end.in_temporal_ease[:1]
        rate = [span / abs(seconds)]
        handles = [(out_handle(eases_out[0], rate[0]), in_handle(eases_in[0], rate[0]))]
    else:
        rate = [(b - a) / seconds for a, b in zip(_native(start.value), _native(end.value), strict=True)]
        eases_out, eases_in = _per_dimension(start.out_temporal_ease, rate), _per_dimension(end.in_temporal_ease, rate)
        handles = [
            (out_handle(out, speed), in_handle(into, speed))
            for out, into, speed in zip(eases_out, eases_in, rate, strict=True)
        ][: len(first)]
    moving = any(outs) or any(intos)
    if not moving and not _agrees(prop, start, end, handles, numbers):
        return _frame_by_frame(prop, start, end, numbers, place)
    key["o"] = axes([handle[0] for handle in handles], single=spatial)
    key["i"] = axes([handle[1] for handle in handles], single=spatial)
    if spatial and moving:
        key["to"], key["ti"] = rounded_all(outs), rounded_all(intos)
    return [key]


def holds(start: PlayedKey, end: PlayedKey) -> bool:
    """Say whether the value stays as it is until the next key."""
    hold = KeyframeInterpolationType.HOLD
    return hold in {start.out_interpolation_type, end.in_interpolation_type}


def _tangents(prop: Property, start: PlayedKey, end: PlayedKey, dimensions: int) -> tuple[Numbers, Numbers]:
    nothing = [0.0] * dimensions
    if not prop.is_spatial:
        return nothing, nothing
    outs, intos = start.out_spatial_tangent, end.in_spatial_tangent
    return (
        [float(number) for number in outs[:dimensions]] if outs else nothing,
        [float(number) for number in intos[:dimensions]] if intos else nothing,
    )


def _distance(
    prop: Property,
    start: PlayedKey,
    end: PlayedKey,
    first: Numbers,
    last: Numbers,
    outs: Numbers,
    intos: Numbers,
) -> float:
    if _is_color(start.value) and not _has_path(prop):
        return math.dist(_native(start.value)[:3], _native(end.value)[:3]) * _COLOR_UNIT
    return arc_length(first, outs, intos, last)


def _has_path(prop: Property) -> bool:
    return any(any(key.out_spatial_tangent or ()) for key in prop.keyframes)


def _is_color(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and len(value) == 4  # red, green, blue, alpha


def _agrees(
    prop: Property,
    start: PlayedKey,
    end: PlayedKey,
    handles: Sequence[tuple[tuple[float, float], tuple[float, float]]],
    numbers: Callable[[Any], Numbers],
) -> bool:
    first, last = numbers(start.value), numbers(end.value)
    scale = max((abs(b - a) for a, b in zip(first, last, strict=True)), default=0.0)
    for part in (0.2, 0.5, 0.8):
        try:
            truth = numbers(prop.value_at_time(start.time + (end.time - start.time) * part))
        except (NotImplementedError, TypeError, ValueError, ZeroDivisionError):
            return True
        for index, (a, b, real) in enumerate(zip(first, last, truth, strict=True)):
            ours = a + (b - a) * progress(*handles[min(index, len(handles) - 1)], part)
            if abs(ours - real) > max(0.02, 0.002 * scale, 0.0005 * abs(real)):
                return False
    return True


def _frame_by_frame(
    prop: Property, start: PlayedKey, end: PlayedKey, numbers: Callable[[Any], Numbers], place: Place
) -> list[Json]:
    first, last = start.time * place.fps, end.time * place.fps
    times = [first, *range(math.floor(first) + 1, math.ceil(last))]
    if len(times) > _MAX_BAKED:
        place.note("approximate", "keyframes.long", f"a movement of {len(times)} frames is drawn with straight keys")
        times = times[:: len(times) // _MAX_BAKED + 1]
    line = {"o": axes([_LINEAR[0]], single=True), "i": axes([_LINEAR[1]], single=True)}
    return [
        {"t": rounded(time), "s": rounded_all(numbers(prop.value_at_time(time / place.fps))), **line} for time in times
    ]


def _per_dimension(eases: Sequence[Any], rate: Sequence[float]) -> list[Any]:
    return [eases[min(index, len(eases) - 1)] for index in range(len(rate))]


def _native(value: Any) -> Numbers:
    return [float(number) for number in value] if isinstance(value, (list, tuple)) else [float(value)]


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, (list, tuple)) else value


def _value(numbers: Numbers) -> Any:
    return rounded(numbers[0]) if len(numbers) == 1 else rounded_all(numbers)

"""Values of animated properties at many times at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flatrender.engine.lazy import LazyModule
from flatrender.engine.lottie.document import Json, is_number
from flatrender.engine.lottie.walk import dicts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
else:
    np = LazyModule("numpy")  # it takes a quarter of a second to load, and few scenes need it

MAX_SAMPLES = 3600
# Beyond these no value or handle means anything, and products of them would not be numbers.
_LARGEST, _STEEPEST = 1e7, 1e3


def key_times(prop: object) -> list[float]:
    """Return the times of a property's keyframes, frames; nothing when it stands still."""
    frames = dicts(prop.get("k")) if isinstance(prop, dict) else []
    return [float(frame["t"]) for frame in frames if is_number(frame.get("t"))]


def sample_times(props: list[object]) -> Floats:
    """Return every whole frame from the first keyframe of the properties to the last; frame 0 when all stand still."""
    times = [time for prop in props for time in key_times(prop)]
    if not times:
        return np.zeros(1)
    first, last = np.floor(min(times)), np.ceil(max(times))
    if last - first < MAX_SAMPLES:
        # Keyframes between frames are met too: a hold must change where it changes.
        return np.unique(np.concatenate([np.arange(first, last + 1), np.array(times)]))
    return np.linspace(first, last, MAX_SAMPLES)


def sample(prop: object, times: Floats, default: list[float]) -> Floats:
    """Return a property's values, times × components; what it does not say is the default's.

    Between keyframes values go along the cubic of the `o` and `i` handles (Lottie specification, easing handles); `h` holds.
    """
    size = len(default)
    start = np.array(default, dtype=float)
    if not isinstance(prop, dict):
        return np.tile(start, (len(times), 1))
    frames = [frame for frame in dicts(prop.get("k")) if is_number(frame.get("t"))]
    if not frames:
        return np.tile(_vector(prop.get("k"), start), (len(times), 1))
    values = np.empty((len(times), size))
    previous: Json | None = None
    current = _vector(frames[0].get("s"), start)
    values[:] = current
    for index, frame in enumerate(frames):
        current = _vector(frame.get("s", previous.get("e") if previous else None), current)
        following = frames[index + 1] if index + 1 < len(frames) else None
        since = times >= frame["t"]
        values[since] = current
        if following is not None and frame.get("h") != 1:
            end = _vector(frame.get("e", following.get("s")), current)
            inside = since & (times < following["t"])
            span = following["t"] - frame["t"]
            if inside.any() and span > 0:
                share = (times[inside] - frame["t"]) / span
                eased = _ease(frame, share, size)
                values[inside] = current + (end - current) * eased
        previous = frame
    return values


def _vector(value: object, default: Floats) -> Floats:
    given = value if isinstance(value, list) else [value]
    out = default.copy()
    for index, number in enumerate(given[: len(default)]):
        if is_number(number):
            out[index] = min(max(number, -_LARGEST), _LARGEST)
    return out


def _ease(frame: Json, share: Floats, size: int) -> Floats:
    leaving, arriving = frame.get("o"), frame.get("i")
    if not isinstance(leaving, dict) or not isinstance(arriving, dict):
        return np.tile(share[:, None], (1, size))
    columns = [
        bezier_ease(
            share,
            (_component(leaving, "x", d, 0.0), _component(leaving, "y", d, 0.0)),
            (_component(arriving, "x", d, 1.0), _component(arriving, "y", d, 1.0)),
        )
        for d in range(size)
    ]
    return np.stack(columns, axis=1)


def _component(handle: Json, axis: str, index: int, default: float) -> float:
    value: Any = handle.get(axis)
    if isinstance(value, list):
        value = value[min(index, len(value) - 1)] if value else None
    return float(min(max(value, -_STEEPEST), _STEEPEST)) if is_number(value) else default


def bezier_ease(share: Floats, leaving: tuple[float, float], arriving: tuple[float, float]) -> Floats:
    """Return y of the cubic from (0, 0) to (1, 1) with these handles where its x is `share` (0 to 1)."""
    x1, x2 = min(max(leaving[0], 0.0), 1.0), min(max(arriving[0], 0.0), 1.0)
    y1, y2 = leaving[1], arriving[1]
    if x1 == y1 and x2 == y2:
        return share
    low, high = np.zeros_like(share), np.ones_like(share)
    # x grows with the parameter; halving 30 times finds it to a billionth.
    for _ in range(30):
        middle = (low + high) / 2
        below = _cubic(middle, x1, x2) < share
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    eased: Floats = _cubic((low + high) / 2, y1, y2)
    return eased


def _cubic(at: Floats, first: float, second: float) -> Floats:
    rest = 1 - at
    value: Floats = 3 * rest * rest * at * first + 3 * rest * at * at * second + at**3
    return value

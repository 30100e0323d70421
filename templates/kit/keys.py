"""Animated values: keyframes with cubic Bézier eases, as Lottie writes them."""

import itertools
from collections.abc import Sequence
from typing import Any, TypeAlias

Number: TypeAlias = int | float
Value: TypeAlias = Number | Sequence[Number]
Ease: TypeAlias = tuple[float, float, float, float]
Json: TypeAlias = dict[str, Any]

# CSS form (x1, y1, x2, y2), https://www.w3.org/TR/css-easing-1/#cubic-bezier-easing-functions
LINEAR: Ease = (0.0, 0.0, 1.0, 1.0)
OUT: Ease = (0.16, 1.0, 0.3, 1.0)
OUT_SOFT: Ease = (0.22, 0.8, 0.36, 1.0)
IN: Ease = (0.6, 0.0, 0.84, 0.0)
IN_OUT: Ease = (0.72, 0.0, 0.2, 1.0)
SINE: Ease = (0.37, 0.0, 0.63, 1.0)
BACK: Ease = (0.3, 1.45, 0.5, 1.0)


def tidy(value: Number) -> Number:
    """The number to three decimals, whole numbers without a point: keeps scene files small and stable."""
    rounded = round(float(value), 3)
    return int(rounded) if rounded == int(rounded) else rounded


def numbers(value: Value) -> list[Number]:
    """The value as a list of tidy numbers."""
    if isinstance(value, int | float):
        return [tidy(value)]
    return [tidy(v) for v in value]


class Keys:
    """A property's way through time: (frame, value) points, each with the ease that leads from it to the next."""

    def __init__(self, points: Sequence[tuple[Number, Value, Ease]]) -> None:
        if any(a[0] >= b[0] for a, b in itertools.pairwise(points)):
            msg = f"keyframes must move forward: {[p[0] for p in points]}"
            raise ValueError(msg)
        self.points = list(points)

    def lottie(self) -> Json:
        """The Lottie property: `{"a": 1, "k": [...]}`."""
        out: list[Json] = []
        for i, (frame, value, ease) in enumerate(self.points):
            key: Json = {"t": tidy(frame), "s": numbers(value)}
            if i < len(self.points) - 1:
                key["o"] = {"x": tidy(ease[0]), "y": tidy(ease[1])}
                key["i"] = {"x": tidy(ease[2]), "y": tidy(ease[3])}
            out.append(key)
        return {"a": 1, "k": out}


Animated: TypeAlias = Value | Keys


def keys(*points: tuple[Any, ...], ease: Ease = OUT) -> Keys:
    """Keyframes from `(frame, value)` or `(frame, value, ease)`; `ease` where a point names none."""
    return Keys([(p[0], p[1], p[2] if len(p) > 2 else ease) for p in points])


def prop(value: Animated) -> Json:
    """The Lottie property of a fixed or animated value."""
    if isinstance(value, Keys):
        return value.lottie()
    listed = numbers(value)
    return {"a": 0, "k": listed[0] if isinstance(value, int | float) else listed}


def shift(value: Animated, by: Value) -> Animated:
    """The value or each of its keyframes, moved by `by`."""

    def add(v: Value) -> Value:
        a, b = numbers(v), numbers(by)
        return tuple(x + y for x, y in zip(a, b, strict=True)) if len(a) > 1 else a[0] + b[0]

    if isinstance(value, Keys):
        return Keys([(t, add(v), e) for t, v, e in value.points])
    return add(value)

"""Several properties together, moment by moment: for what is computed from them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from flatrender.aftereffects.convert.values import baked, expression_values, is_animated

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from py_aep.models.properties.property import Property

    from flatrender.aftereffects.convert.context import Json, Place

MAX_FRAMES = 20_000
"""Frames for which something is computed."""


class Series:
    """The values of some properties at each frame of the composition, their expressions evaluated."""

    def __init__(self, props: Sequence[Property], place: Place) -> None:
        self._readers: list[Callable[[float], Any]] = []
        spans: list[tuple[float, float]] = []
        for prop in props:
            evaluated = expression_values(prop, place.inside(prop.name or prop.match_name))
            if len(evaluated) > 1:
                spans.append((0, len(evaluated) - 1))
                self._readers.append(_listed(evaluated))
            elif not evaluated and is_animated(prop):
                times = sorted((prop.keyframes[0].time, prop.keyframes[-1].time))
                spans.append((place.frame(times[0]), place.frame(times[1])))
                self._readers.append(_keyed(prop, place.fps))
            else:
                still = evaluated[0] if evaluated else prop.keyframes[0].value if prop.keyframes else prop.value
                self._readers.append(_listed([still]))
        self.span: tuple[int, int] | None = None
        """The first and last frame between which something moves; None when nothing does."""
        if spans:
            first = math.floor(min(start for start, _ in spans))
            self.span = first, min(math.ceil(max(end for _, end in spans)), first + MAX_FRAMES)

    def at(self, frame: float) -> list[Any]:
        """Return the values at a frame, in the order of the properties."""
        return [reader(frame) for reader in self._readers]

    def computed(self, compute: Callable[[list[Any]], Sequence[float]]) -> Json:
        """Return the Lottie property that `compute` makes of the values: still, or frame by frame."""
        if self.span is None:
            return baked([list(compute(self.at(0)))])
        first, last = self.span
        return baked([list(compute(self.at(frame))) for frame in range(first, last + 1)], first)


def _listed(values: Sequence[Any]) -> Callable[[float], Any]:
    return lambda frame: values[min(max(round(frame), 0), len(values) - 1)]


def _keyed(prop: Property, fps: float) -> Callable[[float], Any]:
    return lambda frame: prop.value_at_time(frame / fps)


def combined(props: Sequence[Property], place: Place, compute: Callable[[list[Any]], Sequence[float]]) -> Json:
    """Return the Lottie property that `compute` makes of several properties' values."""
    return Series(props, place).computed(compute)

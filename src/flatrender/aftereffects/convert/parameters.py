"""The parameters of an effect, by their numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flatrender.aftereffects.convert.series import Series
from flatrender.aftereffects.convert.values import color, scalar, vector

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flatrender.aftereffects.convert.context import Json, Place, Tree

_WHOLE = 1.5
"""Up to this greatest value a share counts from 0 to 1, above it in percent."""


class Parameters:
    """An effect's parameters. Points are in px of the effect's space, shares from 0 to 1."""

    def __init__(self, effect: Tree, place: Place) -> None:
        self._effect = effect
        self.place = place

    def __getitem__(self, number: int) -> Any:
        """Return the property of a parameter. Raises KeyError when the effect, of another version, has it not."""
        return self._effect[f"{self._effect.match_name}-{number:04d}"]

    def has(self, number: int) -> bool:
        """Say whether this version of the effect has the parameter."""
        try:
            self[number]
        except KeyError:
            return False
        return True

    def still(self, number: int, otherwise: float = 0) -> float:
        """Return a number as it is at the start; `otherwise` when this version has none."""
        if not self.has(number):
            return otherwise
        value = self[number].value
        return float(value[0] if isinstance(value, (list, tuple)) else value)

    def unit(self, number: int) -> float:
        """Return what a share's values are multiplied with to count from 0 to 1."""
        greatest = getattr(self[number], "max_value", None)
        return 1.0 if greatest is not None and greatest <= _WHOLE else 0.01

    def share(self, number: int, otherwise: float = 0) -> float:
        """Return a share as it is at the start, 0 to 1."""
        return self.still(number) * self.unit(number) if self.has(number) else otherwise

    def scalar(self, number: int, factor: float = 1) -> Json:
        """Return a number as a Lottie property."""
        return scalar(self[number], self.place, factor)

    def percent(self, number: int) -> Json:
        """Return a share as a Lottie property in percent."""
        return self.scalar(number, self.unit(number) * 100)

    def point(self, number: int) -> Json:
        """Return a point as a Lottie property."""
        return vector(self[number], self.place)

    def color(self, number: int) -> Json:
        """Return a colour as a Lottie property."""
        return color(self[number], self.place)

    def series(self, *numbers: int) -> Series:
        """Return the values of several parameters, moment by moment."""
        return Series([self[number] for number in numbers], self.place)

    def combined(self, numbers: Sequence[int], compute: Callable[[list[Any]], Sequence[float]]) -> Json:
        """Return the Lottie property that `compute` makes of several parameters."""
        return self.series(*numbers).computed(compute)

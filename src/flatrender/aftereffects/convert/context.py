"""What every part of one conversion shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flatrender.aftereffects.expressions import Expressions
    from flatrender.aftereffects.findings import Findings, Verdict

Json = dict[str, Any]
DIGITS = 4
"""Decimals of a number in the Lottie; Bodymovin writes three."""


def rounded(value: float) -> float:
    """Round to what a Lottie keeps; whole numbers lose their point."""
    number = round(float(value), DIGITS)
    return int(number) if number == int(number) else number


def rounded_all(values: Sequence[float]) -> list[float]:
    """Round every number of a value."""
    return [rounded(value) for value in values]


class Tree(Protocol):
    """A group of the project's property tree; what lies below it is known by match name, its types only to the file."""

    @property
    def match_name(self) -> str:
        """The stable name of the group's kind."""

    @property
    def name(self) -> str:
        """The name that the person sees."""

    def __getitem__(self, key: str, /) -> Any:
        """Return the property or group with this match name. Raises KeyError."""

    def __iter__(self) -> Iterator[Any]:
        """Go through the properties and groups in their order."""


class Place:
    """Where in the project the conversion is: composition, layer, property. Findings are noted here."""

    def __init__(
        self,
        findings: Findings,
        fps: float,
        path: tuple[str, ...],
        expressions: Expressions | None = None,
        stretch: float = 1.0,
    ) -> None:
        self.findings = findings
        self.expressions = expressions
        """Those of the composition; without them an expression is noted as not drawn."""
        self.fps = fps
        """Frames a second of the Lottie, which has one rate for all compositions."""
        self.path = path
        self.stretch = stretch
        """Seconds of the composition in one of the layer; less than nothing in one that runs backwards."""

    def inside(self, name: str, *, stretch: float | None = None) -> Place:
        """Return the place one step deeper; a layer says how its time is stretched."""
        return Place(
            self.findings,
            self.fps,
            (*self.path, name),
            self.expressions,
            self.stretch if stretch is None else stretch,
        )

    def note(self, verdict: Verdict, feature: str, detail: str) -> None:
        """Note a finding here."""
        self.findings.add(verdict, feature, " › ".join(self.path), detail)

    def frame(self, seconds: float) -> float:
        """Return the Lottie frame at a time of the composition, s."""
        return rounded(seconds * self.fps)

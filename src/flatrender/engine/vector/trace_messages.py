"""What `tracing` and its process say to each other."""

import msgspec


class TraceQuestion(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Trace a picture."""

    data: bytes
    colors: int
    """At most so many, and half as many again for pictures that the scene shows."""
    detail: str
    """`low`, `medium` or `high`."""
    seeds: list[str]
    """Colours (`#rrggbb`) to be kept as they are where the picture shows them."""


class TracedAnswer(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A drawing as SVG without slots."""

    svg: str
    shares: list[float]
    """Of each group, how much of the picture it covers, 0 to 1."""
    pictured: list[bool]
    """Of each group, whether it belongs to a picture that the scene shows, so that no template colour is meant."""
    reduced: bool
    """Whether it shows less than was asked for, which would have been too large."""


class RefusedAnswer(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The picture cannot be traced."""

    reason: str
    too_detailed: bool = False


Answer = TracedAnswer | RefusedAnswer

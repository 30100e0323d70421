"""Line breaking: where a paragraph may break (UAX #14) and where it does for a width."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate


@lru_cache(maxsize=512)
def break_opportunities(text: str) -> tuple[int, ...]:
    """Return indices at which a new line may start, ascending; the end of the text is one."""
    from uniseg.linebreak import line_break_boundaries  # noqa: PLC0415  # large tables, and most scenes of shapes have no text

    return tuple(int(i) for i in line_break_boundaries(text) if i > 0)


def fill_lines(
    text: str, advances: Sequence[float], opportunities: Sequence[int], width: float
) -> list[tuple[int, int]]:
    """Break greedily: (start, end) character ranges whose advances, without trailing white space, fit into `width`.

    `advances` has one value a character, in the unit of `width`. What cannot be divided stays on a line of its own, however wide.
    """
    before = [0.0, *accumulate(advances)]
    lines: list[tuple[int, int]] = []
    start = last = 0
    for end in opportunities:
        visible = end
        while visible > start and text[visible - 1].isspace():
            visible -= 1
        if before[visible] - before[start] > width and last > start:
            lines.append((start, last))
            start = last
        last = end
    lines.append((start, len(text)))
    return lines

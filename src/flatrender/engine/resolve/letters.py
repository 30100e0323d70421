"""The letters of a set text, placed in its layer: from our layout, or from the glyphs that the file came with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from flatrender.engine.lottie.animators import Letter
from flatrender.engine.lottie.document import Json, is_number
from flatrender.engine.lottie.walk import dicts
from flatrender.engine.resolve.lettering import Inked, ink_of
from flatrender.engine.text.layout import Box, Layout, Placed
from flatrender.engine.text.lines import fill_lines
from flatrender.engine.text.outlines import Contour

Align = Literal["left", "right", "center"]
_LARGEST = 1e6
"""px; lengths beyond it mean nothing."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a text's lines stand, px of the layer, y down."""

    baseline: float
    """Of the first line."""
    left: float = 0.0
    """Of the box; for a point text the point."""
    width: float = 0.0
    """Of the box; 0 for a point text."""

    def start(self, line_width: float, align: Align) -> float:
        """Return where a line of this width begins."""
        return self.left + {"left": 0.0, "center": 0.5, "right": 1.0}[align] * (self.width - line_width)


def placed_letters(layout: Layout, place: Place) -> list[Inked]:
    """Return the letters of a layout in reading order, white space among them: animators count it."""
    letters: list[Inked] = []
    word = 0
    for number, line in enumerate(layout.lines):
        x = place.start(line.width * layout.size, layout.align)
        y = place.baseline + number * layout.line_height
        spots: list[tuple[Placed, float]] = []
        for item in line.items:
            spots.append((item, x))
            x += item.advance * layout.size
        for item, at in sorted(spots, key=lambda spot: spot[0].cluster.start):
            glyphs, painted = ink_of(item.cluster.glyphs, layout.size)
            letters.append(
                Inked(
                    x=at,
                    y=y,
                    width=item.cluster.advance * layout.size,
                    ink=glyphs,
                    size=layout.size,
                    painted=painted,
                    place=Letter(item.space, word, number),
                    joined=item.cluster.joining,
                    rtl=line.rtl,
                )
            )
            word += item.space
        word += 1
    return letters


def has_colors(layout: Layout) -> bool:
    """Whether the text holds colour glyphs."""
    return any(
        glyph.face.file.colored and bool(glyph.face.painted(glyph.id))
        for line in layout.lines
        for item in line.items
        for glyph in item.cluster.glyphs
    )


def own_letters(document: Json, chars: Mapping[str, Json], ascent: float, box: Box | None) -> list[Inked] | None:
    """Return the letters of a text that is shown with the file's own glyphs; None when a glyph is no plain outline.

    `ascent` is the font's, in hundredths of an em.
    """
    size, line_height = _number(document.get("s"), 16), _number(document.get("lh"), 0)
    line_height = line_height or 1.2 * size
    tracking = _number(document.get("tr"), 0) / 1000 * size
    outlines: dict[str, tuple[Contour, ...]] = {}
    for char, glyph in chars.items():
        if char in document["t"]:
            contours = _glyph_contours(glyph["data"], size / 100)
            if contours is None:
                return None
            outlines[char] = contours
    widths = {char: _number(glyph.get("w"), 0) * size / 100 for char, glyph in chars.items()}
    shift = _number(document.get("ls"), 0)
    place = Place(-shift) if box is None else Place(box.y + ascent / 100 * size - shift, box.x, box.width)
    align: Align = {1: "right", 2: "center"}.get(document.get("j", 0), "left")  # type: ignore[assignment]
    letters: list[Inked] = []
    word = 0
    for number, line in enumerate(_lines(document["t"], widths, tracking, box)):
        advances = [widths[char] + tracking for char in line]
        shown = len(line.rstrip(" ")) if box is not None else len(line)
        x = place.start(sum(advances[:shown]) - (tracking if shown else 0), align)
        for char, advance in zip(line, advances, strict=True):
            space = char == " "
            letters.append(
                Inked(
                    x=x,
                    y=place.baseline + number * line_height,
                    width=widths[char],
                    ink=outlines.get(char, ()),
                    size=size,
                    painted=(),
                    place=Letter(space, word, number),
                    joined=False,
                    rtl=False,
                )
            )
            x += advance
            word += space
        word += 1
    return letters


def _lines(text: str, widths: Mapping[str, float], tracking: float, box: Box | None) -> list[str]:
    lines: list[str] = []
    for paragraph in text.replace("\r\n", "\r").replace("\n", "\r").replace("\x03", "\r").split("\r"):
        if box is None:
            lines.append(paragraph)
            continue
        breaks = [*(i + 1 for i, char in enumerate(paragraph) if char == " "), len(paragraph)]
        advances: Sequence[float] = [widths[char] + tracking for char in paragraph]
        lines.extend(paragraph[a:b] for a, b in fill_lines(paragraph, advances, breaks, box.width))
    return lines


def _glyph_contours(data: Json, scale: float) -> tuple[Contour, ...] | None:
    shapes = data.get("shapes", [])
    if not isinstance(shapes, list) or "refId" in data:
        return None
    contours: list[Contour] = []
    stack = list(dicts(shapes))
    while stack:
        item = stack.pop()
        if item.get("ty") == "gr":
            stack.extend(dicts(item.get("it")))
        elif item.get("ty") == "sh":
            keyed = item.get("ks")
            contour = _contour(keyed.get("k") if isinstance(keyed, dict) else None, scale)
            if contour is None:
                return None
            contours.append(contour)
    return tuple(contours)


def _contour(path: object, scale: float) -> Contour | None:
    """Read Lottie vertices with tangents relative to them."""
    if not isinstance(path, dict):
        return None
    vertices, leaving, arriving = (_points(path.get(key)) for key in ("v", "o", "i"))
    if not vertices or not len(vertices) == len(leaving) == len(arriving):
        return None
    out: list[tuple[float, ...]] = [(vertices[0][0] * scale, vertices[0][1] * scale)]
    count = len(vertices)
    for index in range(count):
        (x, y), (ox, oy) = vertices[index], leaving[index]
        following = (index + 1) % count
        (x2, y2), (ix, iy) = vertices[following], arriving[following]
        out.append(tuple(v * scale for v in (x + ox, y + oy, x2 + ix, y2 + iy, x2, y2)))
    return tuple(out)


def _points(value: object) -> list[tuple[float, float]]:
    if not isinstance(value, list):
        return []
    return [
        (float(p[0]), float(p[1]))
        for p in value
        if isinstance(p, list) and len(p) >= 2 and is_number(p[0]) and is_number(p[1])
    ]


def _number(value: object, default: float) -> float:
    return float(min(max(value, -_LARGEST), _LARGEST)) if is_number(value) else default

"""Layout: a text into lines of placed clusters, wrapped into a box or shrunk to a width."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

from flatrender.engine.text import bidi
from flatrender.engine.text.fonts import FontFace
from flatrender.engine.text.lines import break_opportunities, fill_lines
from flatrender.engine.text.shape import Cluster, itemize, shape_run

_NEWLINES = re.compile("\r\n|[\r\n\x03\x0b\x0c\x85\u2028\u2029]")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")

# A line may pass the box by this share: rounding must not break what the designer fitted by eye.
_SLACK = 1.001
# Of ascent + descent: how much of a line must be inside the box, so that a box drawn tightly round one line holds it.
_LINE_SHARE = 0.75

Justify = Literal[
    "left", "right", "center", "start", "end", "justify_left", "justify_right", "justify_center", "justify_all"
]


@dataclass(frozen=True, slots=True)
class Box:
    """A text box in the layer's coordinates, px, y down."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class TextStyle:
    """How a text is to be set. Sizes in px of the scene."""

    chain: tuple[FontFace, ...]
    size: float
    line_height: float
    """Distance of baselines at `size`."""
    tracking: float = 0.0
    """Thousandths of an em after each letter; joined letters are never torn apart."""
    justify: Justify = "left"
    direction: Literal["auto", "rtl", "ltr"] = "auto"
    box: Box | None = None
    max_width: float | None = None
    min_size: float | None = None
    """Text is never shrunk below this; None: half of `size`."""
    max_lines: int | None = None
    language: str = "fa"


@dataclass(frozen=True, slots=True)
class Placed:
    """A cluster and the advance (ems) it has on its line."""

    cluster: Cluster
    advance: float
    space: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One line in visual order, left to right."""

    items: tuple[Placed, ...]
    width: float
    """In ems."""
    rtl: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """A text as it is set."""

    lines: tuple[Line, ...]
    size: float
    line_height: float
    align: Literal["left", "right", "center"]
    rtl: bool
    shrunk: bool
    overflow: bool
    missing: str
    """The characters that no font has."""


@dataclass(frozen=True, slots=True)
class _Paragraph:
    text: str
    base: int
    levels: list[int]
    advances: list[float]


def clean_text(text: str) -> str:
    """Write line ends of every kind as a line feed, tabs as spaces, control characters dropped."""
    return _CONTROLS.sub("", _NEWLINES.sub("\n", text).replace("\t", " "))


def lay_out(text: str, style: TextStyle) -> Layout:
    """Set `text`: break it into lines for the box, shrink it until it fits or the floor is reached."""
    paragraphs = [_measure(line, style) for line in clean_text(text).split("\n")]
    floor = style.min_size if style.min_size is not None else style.size / 2
    lowest = min(100, max(1, math.ceil(100 * floor / style.size))) if style.size > 0 else 100
    percent = 100
    overflow = False
    if not _fits(paragraphs, style, 1.0):
        low, high = lowest, 100  # low is taken to fit, high known not to
        if _fits(paragraphs, style, low / 100):
            while high - low > 1:
                middle = (low + high) // 2
                if _fits(paragraphs, style, middle / 100):
                    low = middle
                else:
                    high = middle
        else:
            overflow = True
        percent = low
    scale = percent / 100
    lines: list[Line] = []
    missing: dict[str, None] = {}
    for paragraph in paragraphs:
        ranges = _break(paragraph, style, scale)
        for number, (start, end) in enumerate(ranges):
            stretch = None
            if style.box is not None and style.justify.startswith("justify") and style.size > 0:
                last = number == len(ranges) - 1
                if not last or style.justify == "justify_all":
                    stretch = style.box.width / (style.size * scale)
            lines.append(_line(paragraph, start, end, style, stretch, missing))
    rtl = bool(paragraphs[0].base)
    return Layout(
        lines=tuple(lines),
        size=style.size * scale,
        line_height=style.line_height * scale,
        align=_alignment(style.justify, rtl=rtl),
        rtl=rtl,
        shrunk=percent < 100,
        overflow=overflow,
        missing="".join(missing),
    )


def _alignment(justify: Justify, *, rtl: bool) -> Literal["left", "right", "center"]:
    match justify:
        case "center" | "justify_center":
            return "center"
        case "right" | "justify_right":
            return "right"
        case "start":
            return "right" if rtl else "left"
        case "end":
            return "left" if rtl else "right"
        case "justify_all":
            return "right" if rtl else "left"
        case _:
            return "left"


def _measure(text: str, style: TextStyle) -> _Paragraph:
    if style.direction == "auto":
        base = bidi.base_level(text, default=1 if style.language in ("fa", "ar", "he", "ur", "ckb", "ps") else 0)
    else:
        base = 1 if style.direction == "rtl" else 0
    levels = bidi.paragraph_levels(text, base)
    advances = [0.0] * len(text)
    for run in itemize(text, levels, style.chain):
        for cluster in shape_run(text, run, style.language):
            advances[cluster.start] += cluster.advance + _tracking(cluster, style)
    return _Paragraph(text, base, levels, advances)


def _tracking(cluster: Cluster, style: TextStyle) -> float:
    return 0.0 if cluster.joining or cluster.advance == 0 else style.tracking / 1000


def _break(paragraph: _Paragraph, style: TextStyle, scale: float) -> list[tuple[int, int]]:
    if style.box is None or style.size <= 0:
        return [(0, len(paragraph.text))]
    width = style.box.width * _SLACK / (style.size * scale)
    return fill_lines(paragraph.text, paragraph.advances, break_opportunities(paragraph.text), width)


def _fits(paragraphs: list[_Paragraph], style: TextStyle, scale: float) -> bool:
    limit = style.box.width if style.box is not None else style.max_width
    count = 0
    for paragraph in paragraphs:
        ranges = _break(paragraph, style, scale)
        count += len(ranges)
        if limit is None:
            continue
        for start, end in ranges:
            visible = start + len(paragraph.text[start:end].rstrip())
            if sum(paragraph.advances[start:visible]) * style.size * scale > limit * _SLACK:
                return False
    if style.max_lines is not None and count > style.max_lines:
        return False
    if style.box is not None and count > 1:
        face = style.chain[0]
        tall = (face.ascent + face.descent) / face.upem * style.size * scale * _LINE_SHARE
        return (count - 1) * style.line_height * scale + tall <= style.box.height * _SLACK
    return True


def _line(
    paragraph: _Paragraph, start: int, end: int, style: TextStyle, stretch: float | None, missing: dict[str, None]
) -> Line:
    # Trailing white space shows nothing, and rule L1 would put it at the line's end, where it would only widen the line.
    while end > start and paragraph.text[end - 1].isspace():
        end -= 1
    text = paragraph.text[start:end]
    levels = bidi.line_levels(text, paragraph.levels[start:end], paragraph.base)
    runs = itemize(text, levels, style.chain)
    placed: list[Placed] = []
    for index in bidi.reorder_runs([run.level for run in runs]):
        for cluster in shape_run(text, runs[index], style.language):
            if cluster.missing:
                missing[text[cluster.start]] = None
            if not cluster.glyphs and cluster.advance == 0:
                continue
            space = text[cluster.start] == " " and not cluster.glyphs
            placed.append(Placed(cluster, cluster.advance + _tracking(cluster, style), space))
    width = sum(item.advance for item in placed)
    spaces = sum(item.space for item in placed)
    if stretch is not None and spaces and width < stretch:
        each = (stretch - width) / spaces
        placed = [Placed(p.cluster, p.advance + each, p.space) if p.space else p for p in placed]
        width = stretch
    return Line(tuple(placed), width, bool(paragraph.base))

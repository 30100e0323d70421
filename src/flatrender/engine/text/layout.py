"""Layout: a text into lines of placed clusters, wrapped into a box or shrunk to a width."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, NamedTuple

from flatrender.engine.text import bidi
from flatrender.engine.text.fonts import FontFace
from flatrender.engine.text.lines import break_opportunities, fill_lines
from flatrender.engine.text.shape import SMALL_CAP, Cluster, Features, Run, itemize, shape_run

_NEWLINES = re.compile("\r\n|[\r\n\x03\x0b\x0c\x85\u2028\u2029]")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")

# A line may pass the box by this share: rounding must not break what the designer fitted by eye.
_SLACK = 1.001
# Of ascent + descent: how much of a line must be inside the box, so that a box drawn tightly round one line holds it.
_LINE_SHARE = 0.75
_MAX_GROWTH = 2000
# Of an em: the longest bar that one justified word gets between two joined letters; what remains goes into the spaces.
_MAX_BAR = 0.75
_RTL_LANGUAGES = frozenset({"fa", "ar", "he", "ur", "ckb", "ps", "ug", "sd", "yi", "dv"})

Justify = Literal[
    "left",
    "right",
    "center",
    "start",
    "end",
    "justify_left",
    "justify_right",
    "justify_center",
    "justify_start",
    "justify_all",
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
    max_size: float | None = None
    """Text that leaves room grows up to this; None: it never grows."""
    max_lines: int | None = None
    language: str = "fa"
    caps: Literal["as_written", "all", "small"] = "as_written"
    kerning: bool = True
    ligatures: bool = True
    kashida: bool = False
    """Letter spacing and justification lengthen the strokes between joined letters; otherwise these keep their places."""


class Placed(NamedTuple):
    """A cluster and the advance (ems) it has on its line."""

    cluster: Cluster
    advance: float
    space: bool
    paragraph: int = 0
    """Number of the paragraph that `cluster.start` counts in."""


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
    """Whether it had to be set smaller than designed."""
    overflow: bool
    missing: str
    """The characters that no font has."""


@dataclass(frozen=True, slots=True)
class _Paragraph:
    number: int
    text: str
    base: int
    levels: list[int]
    scales: list[float]
    advances: list[float]
    features: Features


_DIGITS = {"fa": "۰۱۲۳۴۵۶۷۸۹", "ar": "٠١٢٣٤٥٦٧٨٩", "latin": "0123456789"}


def with_digits(text: str, kind: Literal["as_written", "fa", "ar", "latin"]) -> str:
    """Return the text with its Persian, Arabic and Latin digits written as one of these."""
    if kind == "as_written":
        return text
    table = {ord(old): new for digits in _DIGITS.values() for old, new in zip(digits, _DIGITS[kind], strict=True)}
    return text.translate(table)


def clean_text(text: str) -> str:
    """Write line ends of every kind as a line feed, tabs as spaces, control characters dropped."""
    return _CONTROLS.sub("", _NEWLINES.sub("\n", text).replace("\t", " "))


def lay_out(text: str, style: TextStyle) -> Layout:
    """Set `text`: break it into lines for the box, shrink it until it fits or the floor is reached, or grow it while there is room."""
    return _lay_out_known(text, style) if len(text) <= _MAX_KEPT else _lay_out(text, style)


# While somebody types, all texts but one stay as they are.
_MAX_KEPT = 400


@lru_cache(maxsize=256)
def _lay_out_known(text: str, style: TextStyle) -> Layout:
    return _lay_out(text, style)


def _lay_out(text: str, style: TextStyle) -> Layout:
    paragraphs = [_measure(number, line, style) for number, line in enumerate(clean_text(text).split("\n"))]
    percent, overflow = _fit(paragraphs, style)
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


def _fit(paragraphs: list[_Paragraph], style: TextStyle) -> tuple[int, bool]:
    """Return the largest size that fits, in whole percents of the designed one, and whether even the smallest does not."""
    if style.size <= 0:
        return 100, False
    floor = style.min_size if style.min_size is not None else style.size / 2
    lowest = min(100, max(1, math.ceil(100 * floor / style.size)))
    bounded = style.box is not None or style.max_width is not None
    highest = 100
    if bounded and style.max_size is not None:
        highest = min(max(100, math.floor(100 * style.max_size / style.size)), _MAX_GROWTH)
    if _fits(paragraphs, style, highest / 100):
        return highest, False
    if not _fits(paragraphs, style, lowest / 100):
        return lowest, True
    low, high = lowest, highest  # low fits, high does not
    while high - low > 1:
        middle = (low + high) // 2
        if _fits(paragraphs, style, middle / 100):
            low = middle
        else:
            high = middle
    return low, False


def _alignment(justify: Justify, *, rtl: bool) -> Literal["left", "right", "center"]:
    match justify:
        case "center" | "justify_center":
            return "center"
        case "right" | "justify_right":
            return "right"
        case "end":
            return "left" if rtl else "right"
        case "start" | "justify_start" | "justify_all":
            return "right" if rtl else "left"
        case _:
            return "left"


def _measure(number: int, written: str, style: TextStyle) -> _Paragraph:
    text, scales, features = _set_case(written, style)
    if style.direction == "auto":
        base = bidi.base_level(text, default=int(style.language.split("-")[0] in _RTL_LANGUAGES))
    else:
        base = 1 if style.direction == "rtl" else 0
    levels = bidi.paragraph_levels(text, base)
    paragraph = _Paragraph(number, text, base, levels, scales, [0.0] * len(text), features)
    for run in itemize(text, levels, style.chain, style.language, scales):
        for cluster in shape_run(text, run, style.language, features):
            paragraph.advances[cluster.start] += cluster.advance + _tracking(cluster, style)
    return paragraph


def _set_case(text: str, style: TextStyle) -> tuple[str, list[float], Features]:
    """Return the text in capitals where they are wanted, the size of each character, and the font's features to use."""
    features = Features(style.kerning, style.ligatures)
    if style.caps == "small" and style.chain[0].changes("smcp", "n"):
        return text, [1.0] * len(text), replace(features, small_caps="letters")
    if style.caps == "as_written":
        return text, [1.0] * len(text), features
    capitals = [_capital(char, style.language) for char in text]
    small = style.caps == "small"
    scales = [
        SMALL_CAP if small and capital != char else 1.0
        for char, capital in zip(text, capitals, strict=True)
        for _ in capital
    ]
    return "".join(capitals), scales, features


def _capital(char: str, language: str) -> str:
    if char == "i" and language.split("-", maxsplit=1)[0] in ("tr", "az"):
        return "\u0130"
    return char.upper()


def _tracking(cluster: Cluster, style: TextStyle) -> float:
    if cluster.advance == 0:
        return 0.0
    if not cluster.joining:
        return style.tracking / 1000
    # Between joined letters only a longer stroke makes room, and it cannot be shorter than none.
    return max(style.tracking, 0.0) / 1000 if style.kashida else 0.0


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
    runs = itemize(text, levels, style.chain, style.language, paragraph.scales[start:end])
    placed: list[Placed] = []
    for index in bidi.reorder_runs([run.level for run in runs]):
        placed.extend(_place_run(paragraph, start, text, runs[index], style, missing))
    width = sum(item.advance for item in placed)
    if stretch is not None and width < stretch:
        placed = _justify(placed, stretch - width, kashida=style.kashida)
        width = sum(item.advance for item in placed)
    return Line(tuple(placed), width, bool(paragraph.base))


def _place_run(
    paragraph: _Paragraph, start: int, text: str, run: Run, style: TextStyle, missing: dict[str, None]
) -> list[Placed]:
    placed: list[Placed] = []
    for cluster in shape_run(text, run, style.language, paragraph.features):
        if cluster.missing:
            missing[text[cluster.start]] = None
        if not cluster.glyphs and cluster.advance == 0:
            continue
        space = text[cluster.start] == " " and not cluster.glyphs
        extra = _tracking(cluster, style)
        item = Placed(cluster._replace(start=cluster.start + start), cluster.advance, space, paragraph.number)
        if extra and cluster.joined:
            item = _lengthened(item, extra)
        elif extra:
            item = item._replace(advance=item.advance + extra)
        placed.append(item)
    return placed


def _lengthened(item: Placed, by: float) -> Placed:
    """Return a letter with a longer stroke towards the one before it, which stands at its right."""
    bar = item.cluster.bar
    if bar is None:
        return item
    own = bar.face.hb.get_glyph_h_advance(bar.id) / bar.face.upem
    if own <= 0:
        return item
    bar = bar._replace(x=item.advance, width=by / own)
    cluster = item.cluster._replace(glyphs=(*item.cluster.glyphs, bar), advance=item.cluster.advance + by)
    return item._replace(cluster=cluster, advance=item.advance + by)


def _justify(placed: list[Placed], room: float, *, kashida: bool) -> list[Placed]:
    """Fill a line: with `kashida` one stroke a word becomes longer, within a measure; the rest goes into the spaces."""
    out = list(placed)
    if kashida:
        chosen = _strokes(out)
        each = min(room / len(chosen), _MAX_BAR) if chosen else 0.0
        for index in chosen:
            out[index] = _lengthened(out[index], each)
        room -= each * len(chosen)
    spaces = sum(item.space for item in out)
    if spaces and room > 1e-9:
        out = [p._replace(advance=p.advance + room / spaces) if p.space else p for p in out]
    return out


def _strokes(placed: list[Placed]) -> list[int]:
    """Return for each word the joined letter that is lengthened: the one nearest to the word's end, as scribes prefer."""
    chosen: list[int] = []
    word: list[int] = []
    for index, item in [*enumerate(placed), (len(placed), None)]:
        if item is not None and not item.space:
            if item.cluster.joined and item.cluster.bar is not None:
                word.append(index)
            continue
        if word:
            chosen.append(max(word, key=lambda i: placed[i].cluster.start))
        word = []
    return chosen

"""Glyphs as Lottie outlines: a laid out text becomes a private-use string and entries of the scene's `chars` table.

A player looks a character up by the font's family and style and draws its outline, scaled by size / 100, at the cursor, then moves the
cursor by its advance `w`. So one private-use character stands for one cluster: its glyphs with their offsets, and its advance. Letters
that join stand together as one character with one outline: their overlaps would show where the text is translucent.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from threading import Lock
from typing import Any

import msgspec

from flatrender.engine.text.fonts import FontFace
from flatrender.engine.text.layout import Layout, Line, Placed
from flatrender.engine.text.outlines import Contour, transform, unite
from flatrender.engine.text.shape import Glyph

# The private-use areas (Unicode, chapter 23.5): 6 400 code points in the basic plane, then plane 15.
_AREAS = ((0xE000, 0xF8FF), (0xF0000, 0xFFFFD))
LINE_END = "\r"


class GlyphTable:
    """The `fonts` and `chars` of one scene."""

    def __init__(self) -> None:
        self._codes: dict[tuple[object, ...], str] = {}
        self._used = 0
        self._spaces: dict[str, float] = {}
        self._fonts: dict[str, tuple[str, FontFace]] = {}
        self.chars: list[dict[str, Any]] = []
        self.fonts: list[dict[str, Any]] = []

    def font_name(self, face: FontFace) -> str:
        """Return the `fName` by which text documents name this face; its glyphs and those of its fallbacks are filed under it."""
        known = self._fonts.get(face.key)
        if known is not None:
            return known[0]
        name = f"flatrender-{len(self._fonts)}"
        self._fonts[face.key] = (name, face)
        self.fonts.append(
            {
                "fName": name,
                "fFamily": name,
                "fStyle": "Regular",
                "ascent": _number(100 * face.ascent / face.upem),
                "origin": 0,
            }
        )
        return name

    def ascent(self, name: str) -> float:
        """Return the ascent of a font of this table, hundredths of an em."""
        return next(float(font["ascent"]) for font in self.fonts if font["fName"] == name)

    def encode(self, layout: Layout, font: str, *, merge: bool = True) -> str:
        """Return the layout as a private-use string, each line in visual order; joined letters are one character unless `merge` is off."""
        return LINE_END.join(self._encode_line(line, font, merge=merge) for line in layout.lines)

    def _encode_line(self, line: Line, font: str, *, merge: bool) -> str:
        out: list[str] = []
        word: list[Placed] = []
        for item in line.items:
            if merge and item.cluster.joining:
                word.append(item)
                continue
            if word:
                out.append(self._code(word, font))
                word = []
            out.append(self._code([item], font))
        if word:
            out.append(self._code(word, font))
        return "".join(out)

    def _code(self, items: list[Placed], font: str) -> str:
        advance = _number(100 * sum(item.advance for item in items))
        glyphs = in_line(items)
        if items[0].space and self._spaces.setdefault(font, advance) == advance:
            key: tuple[object, ...] = (font, " ")
        else:
            key = (font, advance, *_key(glyphs))
        char = self._codes.get(key)
        if char is None:
            char = " " if key == (font, " ") else self._next_code()
            self._codes[key] = char
            self.chars.append(
                {
                    "ch": char,
                    "size": 100,
                    "style": "Regular",
                    "w": advance,
                    "fFamily": font,
                    "data": _data(glyphs, joined=len(items) > 1),
                }
            )
        return char

    def _next_code(self) -> str:
        used = self._used
        self._used += 1
        for low, high in _AREAS:
            if used <= high - low:
                return chr(low + used)
            used -= high - low + 1
        raise OverflowError("a scene cannot hold more than 71 934 different glyphs")


def _number(value: float) -> float:
    """Round to a thousandth of a hundredth em, whole numbers as integers: short and the same everywhere."""
    rounded = round(value, 3)
    return int(rounded) if rounded == int(rounded) else rounded


_encoded: OrderedDict[tuple[object, ...], msgspec.Raw] = OrderedDict()
_encoded_lock = Lock()
_MAX_ENCODED = 8192


def _key(glyphs: Sequence[Glyph]) -> tuple[object, ...]:
    return tuple((g.face.key, g.id, round(g.x, 6), round(g.y, 6), round(g.width, 6), g.height) for g in glyphs)


def _data(glyphs: tuple[Glyph, ...], *, joined: bool) -> msgspec.Raw:
    """Encode the outlines of some glyphs as JSON, once: they are most of a scene's bytes and the same at every keystroke."""
    key = (joined, *_key(glyphs))
    with _encoded_lock:
        known = _encoded.get(key)
        if known is not None:
            _encoded.move_to_end(key)
            return known
    alone = (contour for glyph in glyphs for contour in contours_of(glyph, 100))
    paths = path_items(united_glyphs(glyphs) if joined else alone)
    made = msgspec.Raw(msgspec.json.encode({"shapes": [{"ty": "gr", "it": paths}]} if paths else {}))
    with _encoded_lock:
        _encoded[key] = made
        if len(_encoded) > _MAX_ENCODED:
            _encoded.popitem(last=False)
    return made


@lru_cache(maxsize=_MAX_ENCODED)
def encoded_paths(glyphs: tuple[Glyph, ...]) -> tuple[msgspec.Raw, ...]:
    """Return the path items of some glyphs at 100 px, encoded once."""
    contours = (contour for glyph in glyphs for contour in contours_of(glyph, 100))
    return tuple(msgspec.Raw(msgspec.json.encode(item)) for item in path_items(contours))


@lru_cache(maxsize=_MAX_ENCODED // 4)
def united_glyphs(glyphs: tuple[Glyph, ...]) -> tuple[Contour, ...]:
    """Return one outline of glyphs that may overlap, at 100 px, y down; found once."""
    return unite(contour for glyph in glyphs for contour in contours_of(glyph, 100))


def in_line(items: Sequence[Placed]) -> tuple[Glyph, ...]:
    """Return the glyphs of neighbouring clusters, placed relative to the origin of the first."""
    glyphs: list[Glyph] = []
    pen = 0.0
    for item in items:
        glyphs.extend(glyph._replace(x=pen + glyph.x) if pen else glyph for glyph in item.cluster.glyphs)
        pen += item.advance
    return tuple(glyphs)


def contours_of(glyph: Glyph, size: float, x: float = 0.0, y: float = 0.0) -> tuple[Contour, ...]:
    """Return a glyph's contours at a font size, y down, about the origin (x, y) of its cluster; all in px."""
    unit = size / glyph.face.upem
    matrix = (unit * glyph.width, 0.0, 0.0, -unit * glyph.height, x + glyph.x * size, y - glyph.y * size)
    return transform(glyph.face.outline(glyph.id), matrix)


def path_items(contours: Iterable[Contour]) -> list[dict[str, Any]]:
    """Return contours (y down) as Lottie path items."""
    return [{"ty": "sh", "ks": {"a": 0, "k": _path(contour)}} for contour in contours]


def _path(contour: Contour) -> dict[str, Any]:
    """Write a contour as Lottie vertices with tangents relative to them."""
    start = (contour[0][0], contour[0][1])
    vertices = [start]
    incoming = [(0.0, 0.0)]
    outgoing: list[tuple[float, float]] = []
    for x1, y1, x2, y2, x, y in contour[1:]:
        here = vertices[-1]
        outgoing.append((x1 - here[0], y1 - here[1]))
        vertices.append((x, y))
        incoming.append((x2 - x, y2 - y))
    if len(vertices) > 1 and abs(vertices[-1][0] - start[0]) < 1e-6 and abs(vertices[-1][1] - start[1]) < 1e-6:
        vertices.pop()
        incoming[0] = incoming.pop()
    else:
        outgoing.append((0.0, 0.0))
    return {"c": True, "i": _pairs(incoming), "o": _pairs(outgoing), "v": _pairs(vertices)}


def _pairs(points: list[tuple[float, float]]) -> list[list[float]]:
    return [[_number(x), _number(y)] for x, y in points]

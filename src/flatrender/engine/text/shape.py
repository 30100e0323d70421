"""Shaping: one paragraph of text into runs of one direction, script and font, and each run into glyph clusters by HarfBuzz."""

from __future__ import annotations

import unicodedata
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Literal, NamedTuple

import uharfbuzz as hb

from flatrender.engine.text.emoji import emoji_spans
from flatrender.engine.text.fonts import FontFace, engine_emoji
from flatrender.engine.text.installed import installed_emoji, installed_face

_COMMON = frozenset({"Zyyy", "Zinh", "Zzzz"})
# Scripts whose letters join: letter spacing would tear them apart.
JOINING = frozenset({"Arab", "Syrc", "Mong", "Nkoo", "Mand", "Adlm", "Rohg", "Phag"})
TATWEEL = 0x640
SMALL_CAP = 0.8
"""Height of a made small capital to its capital, where a font has none of its own."""


class Glyph(NamedTuple):
    """A glyph placed relative to its cluster's origin, in ems, y up."""

    face: FontFace
    id: int
    x: float
    y: float
    width: float = 1.0
    """Its own width is multiplied by this: small capitals, and the bars that lengthen joined letters."""
    height: float = 1.0


class Cluster(NamedTuple):
    """What cannot be divided: the glyphs of one or more characters. Lengths in ems."""

    start: int
    """Index of its first character in the paragraph."""
    glyphs: tuple[Glyph, ...]
    advance: float
    joining: bool
    missing: bool = False
    joined: bool = False
    """Whether it is joined to the cluster before it in reading order, by a stroke that may be lengthened."""
    bar: Glyph | None = None
    """The glyph that lengthens the stroke, at width 1."""


@dataclass(frozen=True, slots=True)
class Features:
    """What of a font's OpenType features is wanted."""

    kerning: bool = True
    ligatures: bool = True
    small_caps: Literal["none", "letters", "all"] = "none"

    def tags(self) -> dict[str, bool]:
        """Return them as HarfBuzz takes them; what a script cannot be written without stays on."""
        tags: dict[str, bool] = {}
        if not self.kerning:
            tags["kern"] = False
        if not self.ligatures:
            tags |= dict.fromkeys(("liga", "clig", "dlig", "hlig"), False)
        if self.small_caps != "none":
            tags["smcp"] = True
        if self.small_caps == "all":
            tags["c2sc"] = True
        return tags


@dataclass(frozen=True, slots=True)
class Run:
    """Characters `start:end` of a paragraph that share level, script and font."""

    start: int
    end: int
    level: int
    script: str
    face: FontFace
    missing: bool = False
    scale: float = 1.0
    """The size of its glyphs to that of the text."""


@dataclass(slots=True)
class _Cache:
    limit: int
    lock: Lock = field(default_factory=Lock)
    entries: OrderedDict[tuple[object, ...], tuple[Cluster, ...]] = field(default_factory=OrderedDict)

    def get(self, key: tuple[object, ...]) -> tuple[Cluster, ...] | None:
        with self.lock:
            value = self.entries.get(key)
            if value is not None:
                self.entries.move_to_end(key)
            return value

    def put(self, key: tuple[object, ...], value: tuple[Cluster, ...]) -> None:
        with self.lock:
            self.entries[key] = value
            while len(self.entries) > self.limit:
                self.entries.popitem(last=False)


_shaped = _Cache(limit=4096)


def is_ignorable(code: int) -> bool:
    """Whether a font need not have the character: joiners, direction marks, variation selectors, soft hyphen."""
    return (
        0x200B <= code <= 0x200F
        or 0x202A <= code <= 0x202E
        or 0x2060 <= code <= 0x206F
        or 0xFE00 <= code <= 0xFE0F
        or code in (0xAD, 0x34F, 0x61C, 0xFEFF)
        or 0xE0100 <= code <= 0xE01EF
    )


def _scripts(text: str) -> list[str]:
    """Return a script a character; common and inherited ones take that before them, leading ones that after."""
    from fontTools import unicodedata as ftunicodedata  # noqa: PLC0415  # tables that a scene without text does without

    scripts: list[str] = []
    previous = ""
    for char in text:
        script = ftunicodedata.script(char)
        if script in _COMMON:
            script = previous
        scripts.append(script)
        previous = script
    following = "Latn"
    for i in range(len(scripts) - 1, -1, -1):
        if scripts[i]:
            following = scripts[i]
        else:
            scripts[i] = following
    return scripts


def _faces(text: str, chain: Sequence[FontFace], language: str) -> list[tuple[FontFace, bool]]:
    """For each character the first face that has its whole grapheme (base and marks), and whether none has."""
    first = chain[0]
    pictures = emoji_spans(text)
    if not pictures and all(first.glyph(ord(c)) or is_ignorable(ord(c)) for c in text):
        return [(first, False)] * len(text)
    out: list[tuple[FontFace, bool]] = []
    i = 0
    for start, stop in [*pictures, (len(text), len(text))]:
        while i < start:
            end = i + 1
            while end < start and (unicodedata.combining(text[end]) or is_ignorable(ord(text[end]))):
                end += 1
            out.extend([_face_of(text[i:end], chain, language)] * (end - i))
            i = end
        if stop > start:
            sequence = text[start:stop]
            face = _emoji_face(sequence, chain)
            out.extend([(face, False) if face is not None else _face_of(sequence, chain, language)] * (stop - start))
            i = stop
    # White space stays with the font before it, so a run is not split for nothing.
    for i in range(1, len(out)):
        if text[i] == " " and out[i - 1][0].glyph(0x20):
            out[i] = (out[i - 1][0], False)
    return out


def _face_of(grapheme: str, chain: Sequence[FontFace], language: str) -> tuple[FontFace, bool]:
    needed = [ord(c) for c in grapheme if not is_ignorable(ord(c))]
    chosen = next((f for f in chain if all(f.glyph(code) for code in needed)), None)
    chosen = chosen or installed_face(needed, chain[0].weight, language)
    if chosen is not None:
        return chosen, False
    # A mark that no font has must not take its base's glyph away.
    base = next((f for f in chain if f.glyph(needed[0])), None) or installed_face(needed[:1], chain[0].weight, language)
    return base or chain[0], True


def _emoji_face(sequence: str, chain: Sequence[FontFace]) -> FontFace | None:
    """Return the face that shows an emoji in colours: the text's own fonts, then the machine's, then the engine's."""
    needed = [ord(c) for c in sequence if not is_ignorable(ord(c)) and not 0xE0020 <= ord(c) <= 0xE007F]
    for face in chain:
        if face.file.colored and all(face.glyph(code) for code in needed):
            return face
    engine = engine_emoji()
    face = installed_emoji(needed) or engine.at(engine.weight)
    return face if all(face.glyph(code) for code in needed) else None


def itemize(
    text: str, levels: Sequence[int], chain: Sequence[FontFace], language: str, scales: Sequence[float] | None = None
) -> list[Run]:
    """Return runs of equal level, script, font and size (`scales`, one a character), in logical order."""
    scripts = _scripts(text)
    faces = _faces(text, chain, language)
    traits = list(zip(levels, scripts, faces, scales or [1.0] * len(text), strict=True))
    runs: list[Run] = []
    start = 0
    for i in range(1, len(text) + 1):
        if i < len(text) and traits[i] == traits[start]:
            continue
        level, script, (face, missing), scale = traits[start]
        runs.append(Run(start, i, level, script, face, missing, scale))
        start = i
    return runs


def shape_run(text: str, run: Run, language: str, features: Features = Features()) -> tuple[Cluster, ...]:
    """Return the run's clusters in visual order, left to right; the text around the run decides how its ends join."""
    before, after = text[max(0, run.start - 8) : run.start], text[run.end : run.end + 8]
    own = text[run.start : run.end]
    key = (run.face.key, own, before, after, run.level % 2, run.script, language, run.scale, features)
    cached = _shaped.get(key)
    if cached is None:
        cached = _shape(before + own + after, len(before), len(own), run, language, features)
        _shaped.put(key, cached)
    return tuple(c._replace(start=c.start + run.start) for c in cached)


def _shape(text: str, offset: int, length: int, run: Run, language: str, features: Features) -> tuple[Cluster, ...]:
    buffer = hb.Buffer()
    buffer.cluster_level = hb.BufferClusterLevel.MONOTONE_GRAPHEMES
    buffer.flags = hb.BufferFlags.PRODUCE_SAFE_TO_INSERT_TATWEEL
    buffer.add_codepoints([ord(c) for c in text], offset, length)
    buffer.direction = "rtl" if run.level % 2 else "ltr"
    buffer.script = run.script
    buffer.language = language
    hb.shape(run.face.hb, buffer, features.tags())
    clusters: list[Cluster] = []
    pieces = list(zip(buffer.glyph_infos, buffer.glyph_positions, strict=True))
    start = 0
    for end in range(1, len(pieces) + 1):
        if end == len(pieces) or pieces[end][0].cluster != pieces[start][0].cluster:
            clusters.append(_cluster(text, offset, pieces[start:end], run))
            start = end
    return tuple(clusters)


def _cluster(text: str, offset: int, pieces: list[tuple[Any, Any]], run: Run) -> Cluster:
    unit = run.scale / run.face.upem
    glyphs: list[Glyph] = []
    advance = 0.0
    for info, position in pieces:
        glyph = info.codepoint
        if run.face.has_ink(glyph):
            x, y = advance + position.x_offset * unit, position.y_offset * unit
            glyphs.append(Glyph(run.face, glyph, x, y, run.scale, run.scale))
        advance += position.x_advance * unit
    first = pieces[0][0].cluster
    char = text[first]
    missing = any(info.codepoint == 0 for info, _ in pieces) or (run.missing and not glyphs)
    joining = run.script in JOINING and char not in " \u00a0" and unicodedata.category(char)[0] in "LMC"
    joined = joining and any(info.flags & hb.GlyphFlags.SAFE_TO_INSERT_TATWEEL for info, _ in pieces)
    return Cluster(first - offset, tuple(glyphs), advance, joining, missing, joined, _bar(run.face) if joined else None)


def _bar(face: FontFace) -> Glyph | None:
    glyph = face.glyph(TATWEEL)
    return Glyph(face, glyph, 0.0, 0.0) if glyph is not None and face.outline(glyph) else None

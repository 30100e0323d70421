"""Shaping: one paragraph of text into runs of one direction, script and font, and each run into glyph clusters by HarfBuzz."""

from __future__ import annotations

import unicodedata
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock

import uharfbuzz as hb

from flatrender.engine.text.fonts import FontFace

_COMMON = frozenset({"Zyyy", "Zinh", "Zzzz"})
# Scripts whose letters join: letter spacing would tear them apart.
JOINING = frozenset({"Arab", "Syrc", "Mong", "Nkoo", "Mand", "Adlm", "Rohg", "Phag"})


@dataclass(frozen=True, slots=True)
class Glyph:
    """A glyph placed relative to its cluster's origin, in ems, y up."""

    face: FontFace
    id: int
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Cluster:
    """What cannot be divided: the glyphs of one or more characters. Lengths in ems."""

    start: int
    """Index of its first character in the paragraph."""
    glyphs: tuple[Glyph, ...]
    advance: float
    joining: bool
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """Characters `start:end` of a paragraph that share level, script and font."""

    start: int
    end: int
    level: int
    script: str
    face: FontFace
    missing: bool = False


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


def _faces(text: str, chain: Sequence[FontFace]) -> list[tuple[FontFace, bool]]:
    """For each character the first face that has its whole grapheme (base and marks), and whether none has."""
    first = chain[0]
    if all(first.glyph(ord(c)) or is_ignorable(ord(c)) for c in text):
        return [(first, False)] * len(text)
    out: list[tuple[FontFace, bool]] = []
    i = 0
    while i < len(text):
        end = i + 1
        while end < len(text) and (unicodedata.combining(text[end]) or is_ignorable(ord(text[end]))):
            end += 1
        needed = [ord(c) for c in text[i:end] if not is_ignorable(ord(c))]
        chosen = next((f for f in chain if all(f.glyph(code) for code in needed)), None)
        if chosen is None and needed:
            # A mark that no font has must not take its base's glyph away.
            chosen = next((f for f in chain if f.glyph(needed[0])), None)
            out.extend([(chosen or chain[0], True)] * (end - i))
        else:
            out.extend([(chosen or chain[0], False)] * (end - i))
        i = end
    # White space stays with the font before it, so a run is not split for nothing.
    for i in range(1, len(out)):
        if text[i] == " " and out[i - 1][0].glyph(0x20):
            out[i] = (out[i - 1][0], False)
    return out


def itemize(text: str, levels: Sequence[int], chain: Sequence[FontFace]) -> list[Run]:
    """Return runs of equal level, script and font, in logical order."""
    scripts = _scripts(text)
    faces = _faces(text, chain)
    runs: list[Run] = []
    start = 0
    for i in range(1, len(text) + 1):
        if i < len(text) and levels[i] == levels[start] and scripts[i] == scripts[start] and faces[i] == faces[start]:
            continue
        face, missing = faces[start]
        runs.append(Run(start, i, levels[start], scripts[start], face, missing))
        start = i
    return runs


def shape_run(text: str, run: Run, language: str) -> tuple[Cluster, ...]:
    """Return the run's clusters in visual order, left to right; the text around the run decides how its ends join."""
    before, after = text[max(0, run.start - 8) : run.start], text[run.end : run.end + 8]
    own = text[run.start : run.end]
    key = (run.face.key, own, before, after, run.level % 2, run.script, language)
    cached = _shaped.get(key)
    if cached is None:
        cached = _shape(before + own + after, len(before), len(own), run, language)
        _shaped.put(key, cached)
    return tuple(Cluster(c.start + run.start, c.glyphs, c.advance, c.joining, c.missing) for c in cached)


def _shape(text: str, offset: int, length: int, run: Run, language: str) -> tuple[Cluster, ...]:
    buffer = hb.Buffer()
    buffer.cluster_level = hb.BufferClusterLevel.MONOTONE_GRAPHEMES
    buffer.add_codepoints([ord(c) for c in text], offset, length)
    buffer.direction = "rtl" if run.level % 2 else "ltr"
    buffer.script = run.script
    buffer.language = language
    hb.shape(run.face.hb, buffer)
    em = run.face.upem
    clusters: list[Cluster] = []
    glyphs: list[Glyph] = []
    advance = 0.0
    current = -1
    joining = run.script in JOINING

    def flush() -> None:
        if current >= 0:
            inked = tuple(g for g in glyphs if run.face.outline(g.id))
            missing = any(g.id == 0 for g in glyphs) or (run.missing and not inked)
            char = text[current]
            joins = joining and char not in " \u00a0" and unicodedata.category(char)[0] in "LMC"
            clusters.append(Cluster(current - offset, inked, advance, joins, missing))

    for info, position in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
        if info.cluster != current:
            flush()
            glyphs, advance, current = [], 0.0, info.cluster
        glyphs.append(Glyph(run.face, info.codepoint, advance + position.x_offset / em, position.y_offset / em))
        advance += position.x_advance / em
    flush()
    return tuple(clusters)

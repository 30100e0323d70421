"""Fonts of the machine, for what neither the template's nor the engine's fonts hold: Chinese, Japanese, Korean and rarer scripts.

Looked for in the folders of the environment variable `FLATRENDER_FONTS` (separated as in `PATH`), then among Debian's Noto fonts where
they are installed. The scene that is resolved holds the outlines, so only the machine that resolves needs them.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from fontTools import unicodedata as ftunicodedata

from flatrender.engine.errors import TemplateError
from flatrender.engine.text.fonts import FontFace, FontFile, InstalledFont

FOLDERS_VARIABLE = "FLATRENDER_FONTS"
_NOTO = (Path("/usr/share/fonts/truetype/noto"), Path("/usr/share/fonts/opentype/noto"))
_SUFFIXES = frozenset({".ttf", ".otf", ".ttc"})
_MAX_FILES = 200
_CJK = frozenset({"Hani", "Hira", "Kana", "Hang", "Bopo"})
# The faces of NotoSansCJK-*.ttc: Japanese, Korean, simplified and traditional Chinese, Hong Kong.
_CJK_FACES = {"ja": 0, "ko": 1, "zh": 2, "zh-hant": 3, "zh-tw": 3, "zh-hk": 4}
_CJK_SCRIPTS = {"Hira": 0, "Kana": 0, "Hang": 1}
_BOLD_FROM = 600


def installed_face(codes: Sequence[int], weight: int, language: str) -> FontFace | None:
    """Return a face of this machine that has all the code points, nearest to the weight; None when no font is found."""
    if not codes:
        return None
    return _installed_face(tuple(codes), weight, language.casefold(), os.environ.get(FOLDERS_VARIABLE, ""))


def installed_emoji(codes: Sequence[int]) -> FontFace | None:
    """Return a face with colour glyphs from the folders of `FLATRENDER_FONTS` that has all the code points; None when there is none."""
    for file in _given(os.environ.get(FOLDERS_VARIABLE, "")):
        if file.colored:
            face = file.at(file.weight)
            if all(face.glyph(code) for code in codes):
                return face
    return None


@lru_cache(maxsize=4096)
def _installed_face(codes: tuple[int, ...], weight: int, language: str, folders: str) -> FontFace | None:
    for file in (*_given(folders), *_noto(codes[0], weight, language)):
        face = file.at(weight)
        if all(face.glyph(code) for code in codes):
            return face
    return None


@lru_cache(maxsize=4)
def _given(folders: str) -> tuple[FontFile, ...]:
    """Return the fonts of the folders, by folder and name; what is no font is passed over."""
    files: list[FontFile] = []
    for folder in folders.split(os.pathsep):
        if folder and Path(folder).is_dir():
            paths = sorted(p for p in Path(folder).iterdir() if p.suffix.lower() in _SUFFIXES)
            files.extend(file for path in paths[:_MAX_FILES] if (file := _open(path)) is not None)
    return tuple(files)


@lru_cache(maxsize=256)
def _open(path: Path, index: int = 0) -> FontFile | None:
    try:
        return InstalledFont(path, index)
    except (OSError, TemplateError, ValueError):
        return None


def _noto(code: int, weight: int, language: str) -> list[FontFile]:
    """Return Debian's Noto fonts for a character's script, and those for symbols."""
    script = ftunicodedata.script(chr(code))
    styles = ("Bold", "Regular") if weight >= _BOLD_FROM else ("Regular", "Bold")
    index = 0
    if script in _CJK or 0x3000 <= code <= 0x30FF or 0xFF00 <= code <= 0xFFEF:
        names = ["NotoSansCJK"]
        index = _CJK_FACES.get(
            language, _CJK_FACES.get(language.split("-", maxsplit=1)[0], _CJK_SCRIPTS.get(script, 2))
        )
    elif script in ("Zyyy", "Zinh", "Zzzz"):
        names = ["NotoSansSymbols", "NotoSansSymbols2", "NotoSansMath", "NotoSansCJK"]
    else:
        script_name = ftunicodedata.script_name(script).replace("_", "").replace(" ", "")
        names = [f"NotoSans{script_name}", f"NotoSerif{script_name}", "NotoSans"]
    found = []
    for name in names:
        for style in styles:
            paths = [folder / f"{name}-{style}{suffix}" for folder in _NOTO for suffix in (".ttf", ".ttc")]
            path = next((p for p in paths if p.is_file()), None)
            if path is not None:
                file = _open(path, index if path.suffix == ".ttc" else 0)
                if file is not None:
                    found.append(file)
    return found

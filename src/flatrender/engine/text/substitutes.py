"""The machine's font for a family that a bare Lottie names but does not bring: the one that a browser would show.

A browser takes the installed font of that name or one of the same widths, else the one of a name that means the same, else its standard
font (Times New Roman or what stands for it). Fontconfig answers all; where there is none, nothing is found here and the engine's own font
serves. Only the machine that resolves a scene needs the font: its outlines go into the scene.
"""

from __future__ import annotations

import re
import subprocess
from functools import lru_cache
from pathlib import Path

from flatrender.engine.errors import TemplateError
from flatrender.engine.text.fonts import MAX_FONT_BYTES, FontFace, FontFile, normal_family, weight_of_style

_STANDARD = "Times New Roman"
_SECONDS = 3.0
_SAME_WIDTHS = tuple(
    frozenset(normal_family(name) for name in names)
    for names in (
        ("Arial", "Arimo", "Liberation Sans"),
        ("Times New Roman", "Tinos", "Liberation Serif"),
        ("Courier New", "Cousine", "Liberation Mono"),
        ("Calibri", "Carlito"),
        ("Cambria", "Caladea"),
        ("Georgia", "Gelasio"),
    )
)
"""Families that Chromium shows for each other without asking further."""
_SAME_MEANING = {"helvetica": "Arial", "arial": "Helvetica", "courier": "Courier New", "times": "Times New Roman"}
_FAMILY = re.compile(r"[\w][\w .&'+]{0,63}")
"""Names without the characters that Fontconfig's patterns are written with."""


def browser_face(family: str, style: str) -> FontFace | None:
    """Return the face that a browser on this machine would show for a family and a style name; None when it has no fonts."""
    weight = weight_of_style(style)
    italic = re.search("italic|oblique", style, re.IGNORECASE) is not None
    file = _matched(family, weight, italic, exact=True) if _FAMILY.fullmatch(family) else None
    meant = _SAME_MEANING.get(family.lower())
    if file is None and meant is not None:
        file = _matched(meant, weight, italic, exact=True)
    file = file or _matched(_STANDARD, weight, italic, exact=False)
    return None if file is None else file.at(weight)


@lru_cache(maxsize=64)
def _matched(family: str, weight: int, italic: bool, *, exact: bool) -> FontFile | None:
    # Fontconfig's own scale of weights: 80 is regular, 200 bold.
    pattern = f"{family}:weight={200 if weight >= 600 else 80}:slant={100 if italic else 0}"
    try:
        done = subprocess.run(
            ["fc-match", "--format", "%{family}\n%{index}\n%{file}", pattern],  # noqa: S607  # wherever the machine keeps it
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=True,
            stdin=subprocess.DEVNULL,
        )
        families, index, path = done.stdout.split("\n", 2)
        known = {normal_family(name) for name in families.split(",")}
        if index != "0" or (exact and not _stands_for(normal_family(family), known)):
            return None
        with Path(path).open("rb") as file:
            return FontFile(file.read(MAX_FONT_BYTES + 1), Path(path).name)
    except (OSError, ValueError, subprocess.SubprocessError, TemplateError):
        return None


def _stands_for(family: str, known: set[str]) -> bool:
    return family in known or any(family in alike and alike & known for alike in _SAME_WIDTHS)

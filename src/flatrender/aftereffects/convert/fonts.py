"""Fonts by which a text is drawn where its own is not on this machine: those of the same widths, so that lines stay as they were set."""

from __future__ import annotations

from functools import lru_cache

from flatrender.engine.text.fonts import engine_fonts, normal_family
from flatrender.engine.text.substitutes import browser_face

_SANS, _SERIF, _MONO = "Liberation Sans", "Liberation Serif", "Liberation Mono"
_SAME_WIDTHS = {
    "helvetica": _SANS, "helveticaneue": _SANS, "arial": _SANS, "arialmt": _SANS, "nimbussans": _SANS, "arimo": _SANS,
    "times": _SERIF, "timesnewroman": _SERIF, "timesnewromanps": _SERIF, "timesnewromanpsmt": _SERIF, "tinos": _SERIF,
    "courier": _MONO, "couriernew": _MONO, "couriernewpsmt": _MONO, "cousine": _MONO,
}  # fmt: skip
"""Families and one with the same advance widths (https://github.com/liberationfonts); Helvetica's are Arial's."""


@lru_cache(maxsize=256)
def drawn_family(family: str, style: str) -> str:
    """Return the family by which a text is drawn: its own where the machine or the engine has it, else one of the same widths, else a sans serif."""
    if _installed(family, style) or any(normal_family(file.family) == normal_family(family) for file in engine_fonts()):
        return family
    stand_in = _SAME_WIDTHS.get(normal_family(family).replace(" ", ""), _SANS)
    return stand_in if _installed(stand_in, style) else family


def _installed(family: str, style: str) -> bool:
    face = browser_face(family, style)
    return face is not None and normal_family(face.file.family) == normal_family(family)

"""The fonts of a project's texts, brought into the package so that every machine draws the same letters."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import uharfbuzz as hb

from flatrender.aftereffects.template.report import MissingFont
from flatrender.engine.errors import TemplateError
from flatrender.engine.template.model import Font
from flatrender.engine.text.fonts import MAX_FONT_BYTES, FontFile, engine_fonts, normal_family
from flatrender.engine.text.substitutes import browser_face

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flatrender.aftereffects.convert.context import Json

_MAX_FONTS = 200


class FontShelf:
    """The fonts that lie with a project, and those of the machine."""

    def __init__(self, files: Sequence[Path]) -> None:
        self._by_name: dict[str, FontFile] = {}
        for path in files[:_MAX_FONTS]:
            font = _opened(path)
            if font is not None:
                for name in _names(font):
                    self._by_name.setdefault(name, font)

    def brought(self, post_script_name: str) -> FontFile | None:
        """Return the font with this PostScript name that lies with the project."""
        return self._by_name.get(post_script_name.casefold())

    def on_machine(self, post_script_name: str) -> FontFile | None:
        """Return the engine's or the machine's font of that family."""
        family, style = family_and_style(post_script_name)
        own = next((font for font in engine_fonts() if normal_family(font.family) == normal_family(family)), None)
        return own or _installed(family, style)


class PackageFonts:
    """Brings fonts into a package, each once."""

    def __init__(self, folder: Path, shelf: FontShelf) -> None:
        self._folder = folder
        self._shelf = shelf
        self._kept: dict[str, Font] = {}
        self.missing: dict[str, MissingFont] = {}

    def place(self, entry: Json) -> bool:
        """Make an entry of a Lottie's font list name a font of the package; False when another than the designed one stands in for it."""
        name = str(entry["fName"])
        font = self._shelf.brought(name) or self._shelf.on_machine(name)
        if font is None:
            family, style = family_and_style(name)
            self.missing[name] = MissingFont(
                post_script_name=name, family=family, style=style, drawn_in=str(entry["fFamily"])
            )
            self._keep(_installed(str(entry["fFamily"]), str(entry["fStyle"])))
            return False
        entry["fFamily"] = font.family
        self._keep(font)
        return True

    def fonts(self) -> tuple[Font, ...]:
        """Return the manifest's fonts."""
        return tuple(self._kept.values())

    def _keep(self, font: FontFile | None) -> None:
        if font is None or font.digest in self._kept or any(font is own for own in engine_fonts()):
            return
        stem = re.sub(r"[^A-Za-z0-9-]+", "_", Path(font.name).stem).strip("_")[:60] or "font"
        data = bytes(font.face.blob.data)
        suffix = ".otf" if data[:4] == b"OTTO" else ".ttf"
        file = f"fonts/{stem}{suffix}"
        if any(kept.file == file for kept in self._kept.values()):
            file = f"fonts/{stem}-{font.digest[:8]}{suffix}"
        target = self._folder / file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        self._kept[font.digest] = Font(file=file, family=font.family)


def family_and_style(post_script_name: str) -> tuple[str, str]:
    """Return family and style as a PostScript name says them: `Inter-SemiBold`."""
    family, _, style = post_script_name.partition("-")
    return family, style or "Regular"


def _installed(family: str, style: str) -> FontFile | None:
    face = browser_face(family, style)
    return face.file if face is not None and normal_family(face.file.family) == normal_family(family) else None


def _opened(path: Path) -> FontFile | None:
    try:
        if path.stat().st_size > MAX_FONT_BYTES:
            return None
        return FontFile(path.read_bytes(), path.name)
    except (OSError, TemplateError, ValueError):
        return None


def _names(font: FontFile) -> set[str]:
    """Return the names by which a text may call the font, without case: its PostScript name, and family and style."""
    post_script = font.face.get_name(hb.OTNameIdPredefined.POSTSCRIPT_NAME) or ""
    style = font.face.get_name(hb.OTNameIdPredefined.TYPOGRAPHIC_SUBFAMILY) or font.face.get_name(
        hb.OTNameIdPredefined.FONT_SUBFAMILY
    )
    spelled = f"{font.family}-{style or 'Regular'}".replace(" ", "")
    names = {post_script.casefold(), spelled.casefold()}
    if font.weight_range is not None:  # a variable font serves every weight of its family
        plain = font.family.replace(" ", "")
        names |= {f"{plain}-{weight}".casefold() for weight in _WEIGHTS} | {plain.casefold()}
    return names - {""}


_WEIGHTS = ("Thin", "ExtraLight", "Light", "Regular", "Medium", "SemiBold", "Bold", "ExtraBold", "Black")

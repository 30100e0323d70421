"""Fonts: files, families, weights by style name, and the fallback chain."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterable
from functools import lru_cache
from importlib import resources
from pathlib import Path

import uharfbuzz as hb

from flatrender.engine.errors import TemplateError
from flatrender.engine.text.color_glyphs import Painted, paint_glyph
from flatrender.engine.text.outlines import Contour

DEFAULT_FAMILY = "Vazirmatn"
MAX_FONT_BYTES = 16 * 1024 * 1024
_MAX_OUTLINES = 8192

# Weight names of the OpenType `wght` axis (OpenType specification, OS/2 usWeightClass), longest first where one holds another.
_WEIGHTS = (
    ("extralight", 200),
    ("ultralight", 200),
    ("semibold", 600),
    ("demibold", 600),
    ("extrabold", 800),
    ("ultrabold", 800),
    ("extrablack", 900),
    ("ultrablack", 900),
    ("hairline", 100),
    ("thin", 100),
    ("light", 300),
    ("regular", 400),
    ("normal", 400),
    ("book", 400),
    ("medium", 500),
    ("bold", 700),
    ("black", 900),
    ("heavy", 900),
)

# The order in which the engine's fonts serve characters that a text's own font lacks.
_ENGINE_FILES = (
    "Vazirmatn[wght].ttf",
    "NotoSans-LatinExt[wght].ttf",
    "NotoSans-Vietnamese[wght].ttf",
    "NotoSans-Cyrillic[wght].ttf",
    "NotoSans-Greek[wght].ttf",
    "NotoSansHebrew[wght].ttf",
    "NotoSansDevanagari[wght].ttf",
    "NotoSansThai[wght].ttf",
    "NotoSansMath.ttf",
    "NotoSansSymbols2.ttf",
)

_EMOJI_FILE = "TwemojiMozilla.ttf"


def weight_of_style(style: str) -> int:
    """Return the weight (100 to 900) that a style name such as `SemiBold Italic` asks for; 400 when it names none."""
    flat = re.sub(r"[\s_-]", "", style).lower()
    for name, weight in _WEIGHTS:
        if name in flat:
            return weight
    number = re.search(r"\b([1-9]00)\b", style)
    return int(number[1]) if number else 400


def normal_family(family: str) -> str:
    """Return a family name as it is compared: without case, spaces and hyphens."""
    return re.sub(r"[\s_-]", "", family).casefold()


class FontFace:
    """One font file at one weight. Lengths are in font units (`upem` an em)."""

    def __init__(self, file: FontFile, weight: int) -> None:
        self.file = file
        self.weight = weight
        self.key = f"{file.digest}:{weight}"
        self.hb = hb.Font(file.face)
        if file.weight_range is not None:
            low, high = file.weight_range
            self.hb.set_variations({"wght": min(max(weight, low), high)})
        self.upem: int = file.face.upem
        extents = self.hb.get_font_extents("ltr")
        self.ascent: float = extents.ascender
        self.descent: float = -extents.descender
        self._glyphs: dict[int, int | None] = {}
        self._outlines: dict[int, tuple[Contour, ...]] = {}
        self._painted: dict[int, tuple[Painted, ...]] = {}
        self._features: dict[str, bool] = {}

    def glyph(self, code: int) -> int | None:
        """Return the glyph of a code point, or None when the font lacks it."""
        try:
            return self._glyphs[code]
        except KeyError:
            glyph = self.hb.get_nominal_glyph(code) or None
            if len(self._glyphs) < 65536:
                self._glyphs[code] = glyph
            return glyph

    def outline(self, glyph: int) -> tuple[Contour, ...]:
        """Return the glyph's contours in font units, y up, quadratics raised to cubics."""
        outline = self._outlines.get(glyph)
        if outline is None:
            pen = _OutlinePen()
            self.hb.draw_glyph(glyph, _draw_funcs(), pen)
            outline = pen.finish()
            if len(self._outlines) < _MAX_OUTLINES:
                self._outlines[glyph] = outline
        return outline

    def painted(self, glyph: int) -> tuple[Painted, ...]:
        """Return the layers of a colour glyph, lowest first; nothing when the glyph has no colours of its own."""
        if not self.file.colored:
            return ()
        layers = self._painted.get(glyph)
        if layers is None:
            layers = paint_glyph(self.hb, glyph, self.outline)
            if len(self._painted) < _MAX_OUTLINES:
                self._painted[glyph] = layers
        return layers

    def has_ink(self, glyph: int) -> bool:
        """Whether the glyph shows anything."""
        return bool(self.outline(glyph) or self.painted(glyph))

    def changes(self, feature: str, sample: str) -> bool:
        """Whether an OpenType feature changes the glyphs of a text."""
        key = f"{feature} {sample}"
        if key not in self._features:
            self._features[key] = self._ids(sample, {}) != self._ids(sample, {feature: True})
        return self._features[key]

    def _ids(self, text: str, features: dict[str, bool]) -> list[int]:
        buffer = hb.Buffer()
        buffer.add_str(text)
        buffer.guess_segment_properties()
        hb.shape(self.hb, buffer, features)
        return [info.codepoint for info in buffer.glyph_infos]


class _OutlinePen:
    def __init__(self) -> None:
        self.contours: list[Contour] = []
        self.current: list[tuple[float, ...]] = []
        self.at = (0.0, 0.0)

    def move(self, x: float, y: float) -> None:
        self.close()
        self.current = [(x, y)]
        self.at = (x, y)

    def line(self, x: float, y: float) -> None:
        if (x, y) != self.at:
            self.current.append((*self.at, x, y, x, y))
            self.at = (x, y)

    def quadratic(self, cx: float, cy: float, x: float, y: float) -> None:
        # Degree elevation: the cubic's handles lie two thirds of the way to the quadratic's one.
        ax, ay = self.at
        self.current.append(
            (ax + (cx - ax) * 2 / 3, ay + (cy - ay) * 2 / 3, x + (cx - x) * 2 / 3, y + (cy - y) * 2 / 3, x, y)
        )
        self.at = (x, y)

    def cubic(self, x1: float, y1: float, x2: float, y2: float, x: float, y: float) -> None:
        self.current.append((x1, y1, x2, y2, x, y))
        self.at = (x, y)

    def close(self) -> None:
        if len(self.current) > 1:
            self.contours.append(tuple(self.current))
        self.current = []

    def finish(self) -> tuple[Contour, ...]:
        self.close()
        return tuple(self.contours)


@lru_cache(maxsize=1)
def _draw_funcs() -> hb.DrawFuncs:
    funcs = hb.DrawFuncs()
    funcs.set_move_to_func(lambda x, y, pen: pen.move(x, y))
    funcs.set_line_to_func(lambda x, y, pen: pen.line(x, y))
    funcs.set_quadratic_to_func(lambda cx, cy, x, y, pen: pen.quadratic(cx, cy, x, y))
    funcs.set_cubic_to_func(lambda a, b, c, d, x, y, pen: pen.cubic(a, b, c, d, x, y))
    funcs.set_close_path_func(lambda pen: pen.close())
    return funcs


class FontFile:
    """A font file: TrueType or OpenType outlines, static or with a `wght` axis."""

    def __init__(self, data: bytes, name: str, family: str | None = None) -> None:
        self._check(data, name)
        self._open(hb.Face(hb.Blob(data)), hashlib.sha256(data).hexdigest(), name, family)

    @staticmethod
    def _check(data: bytes, name: str) -> None:
        if len(data) > MAX_FONT_BYTES:
            raise TemplateError(
                f"the font has {len(data)} bytes; at most {MAX_FONT_BYTES} are read: subset it",
                code="template_too_large",
                where=name,
            )
        if data[:4] not in (b"\0\1\0\0", b"OTTO", b"true"):
            raise TemplateError(
                "not a TrueType or OpenType font (WOFF and WOFF2 must be unpacked)", code="manifest_invalid", where=name
            )

    def _open(self, face: hb.Face, digest: str, name: str, family: str | None) -> None:
        self.digest = digest
        self.face = face
        if self.face.glyph_count == 0 or not self.face.unicodes:
            raise TemplateError("the font holds no glyphs or no character map", code="manifest_invalid", where=name)
        self.name = name
        self.colored: bool = self.face.has_color_layers or self.face.has_color_paint
        preferred = self.face.get_name(hb.OTNameIdPredefined.TYPOGRAPHIC_FAMILY)
        self.family = family or preferred or self.face.get_name(hb.OTNameIdPredefined.FONT_FAMILY) or name
        subfamily = (
            self.face.get_name(hb.OTNameIdPredefined.TYPOGRAPHIC_SUBFAMILY)
            or self.face.get_name(hb.OTNameIdPredefined.FONT_SUBFAMILY)
            or ""
        )
        self.italic = bool(re.search("italic|oblique", subfamily, re.IGNORECASE))
        self.weight_range = next(
            ((int(a.min_value), int(a.max_value)) for a in self.face.axis_infos if a.tag == "wght"), None
        )
        self.weight = weight_of_style(subfamily)
        self._faces: dict[int, FontFace] = {}
        self._lock = threading.Lock()

    def at(self, weight: int) -> FontFace:
        """Return the face at this weight; a static file has one."""
        if self.weight_range is None:
            weight = self.weight
        with self._lock:
            if weight not in self._faces:
                self._faces[weight] = FontFace(self, weight)
            return self._faces[weight]


class InstalledFont(FontFile):
    """A font file of this machine, of any size (mapped, not read), or a face of a collection."""

    def __init__(self, path: Path, index: int = 0) -> None:
        status = path.stat()
        digest = f"{path}:{index}:{status.st_size}:{status.st_mtime_ns}"
        self._open(hb.Face(hb.Blob.from_file_path(str(path)), index), digest, path.name, None)


@lru_cache(maxsize=1)
def engine_fonts() -> tuple[FontFile, ...]:
    """Return the fonts that come with the engine, in fallback order."""
    data = resources.files("flatrender.engine.text") / "data"
    return tuple(FontFile((data / name).read_bytes(), name) for name in _ENGINE_FILES)


@lru_cache(maxsize=1)
def engine_emoji() -> FontFile:
    """Return the colour emoji that come with the engine."""
    data = resources.files("flatrender.engine.text") / "data"
    return FontFile((data / _EMOJI_FILE).read_bytes(), _EMOJI_FILE)


class FontLibrary:
    """A template's fonts before the engine's own."""

    def __init__(self, files: Iterable[FontFile] = ()) -> None:
        self.own = tuple(files)
        self._families: dict[str, list[FontFile]] = {}
        for file in (*self.own, *engine_fonts()):
            self._families.setdefault(normal_family(file.family), []).append(file)

    @property
    def families(self) -> list[str]:
        """The family names that a `font` field may take: the template's, then the engine's default."""
        names = {normal_family(f.family): f.family for f in self.own}
        names.setdefault(normal_family(DEFAULT_FAMILY), DEFAULT_FAMILY)
        return list(names.values())

    def has(self, family: str) -> bool:
        """Whether the family is here."""
        return normal_family(family) in self._families

    def find(self, family: str, style: str = "Regular") -> FontFace | None:
        """Return the face of a family nearest to a style name, or None when the family is unknown."""
        files = self._families.get(normal_family(family))
        if not files:
            return None
        wanted = weight_of_style(style)
        italic = bool(re.search("italic|oblique", style, re.IGNORECASE))

        def distance(file: FontFile) -> tuple[bool, int]:
            if file.weight_range is not None and file.weight_range[0] <= wanted <= file.weight_range[1]:
                return (file.italic != italic, 0)
            return (file.italic != italic, abs(file.weight - wanted))

        return min(files, key=distance).at(wanted)

    def default(self, style: str = "Regular") -> FontFace:
        """Return the engine's default family at a style's weight."""
        face = self.find(DEFAULT_FAMILY, style)
        assert face is not None  # noqa: S101  # the package carries it
        return face

    def chain(self, face: FontFace) -> tuple[FontFace, ...]:
        """`face`, then what serves the characters it lacks, at the same weight."""
        rest = [file.at(face.weight) for file in (*engine_fonts(), *self.own) if file is not face.file]
        return (face, *rest)

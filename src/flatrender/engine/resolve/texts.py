"""Setting a scene's text layers: every text document gets its glyphs."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from flatrender.engine.lottie.animators import animators_of, can_be_played
from flatrender.engine.lottie.document import Json, is_number
from flatrender.engine.lottie.walk import TEXT, all_layers, dicts, text_documents
from flatrender.engine.resolve.letters import Align, Place, has_colors, own_letters, placed_letters
from flatrender.engine.resolve.shaped_text import ShapedText, become_shapes, follows_path, paint_of
from flatrender.engine.scene import SceneWarning
from flatrender.engine.template.model import Binding, Constraints
from flatrender.engine.text.fonts import FontFace, FontLibrary
from flatrender.engine.text.glyphs import GlyphTable
from flatrender.engine.text.layout import Box, Justify, Layout, TextStyle, clean_text, lay_out, with_digits
from flatrender.engine.text.substitutes import browser_face

# Justification of a text document (`j`) as Lottie numbers it.
_JUSTIFY: dict[int, Justify] = {
    0: "left",
    1: "right",
    2: "center",
    3: "justify_left",
    4: "justify_right",
    5: "justify_center",
    6: "justify_all",
}
# Vertical justification of a text box (`vj`).
_VALIGN: dict[float, Literal["top", "middle", "bottom"]] = {0: "top", 1: "middle", 2: "bottom"}
_ALIGN = {"left": 0, "right": 1, "center": 2}
_OWN_ALIGN: tuple[Align, ...] = ("left", "right", "center")
# Capitals of a text document (`ca`).
_CAPS: dict[float, Literal["as_written", "all", "small"]] = {1: "all", 2: "small"}
# px by which an emitted box is wider than its widest line: players must not break again what is broken already.
_BOX_EASE = 2.0
_DEFAULT_SIZE = 16.0
# px; lengths beyond it mean nothing, and their products would not be numbers.
_LARGEST = 1e6
_LARGEST_SIZE = 1e5


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person wants a layer to say."""

    text: str
    field: str
    binding: Binding
    constraints: Constraints
    one_line: bool
    steps: tuple[str, ...] = ()
    """What each of the layer's documents says, where they differ: a number that counts."""

    def says(self, index: int) -> str:
        """Return the text of the layer's document of that number."""
        return self.steps[index] if index < len(self.steps) else self.text


@dataclass(slots=True)
class TextSetter:
    """Sets all texts of one scene; afterwards the scene needs no fonts."""

    lottie: Json
    fonts: FontLibrary
    locale: str
    warnings: list[SceneWarning]
    like_browsers: bool = False
    """Whether a font that is absent is replaced by the one that a browser on this machine shows."""

    def set_all(self, wanted: Mapping[int, Wanted], families: Mapping[int, str]) -> None:
        """Set every text layer. `wanted` and `families` are keyed by the `id()` of the layer object."""
        declared = _declared_fonts(self.lottie)
        original = _Originals(self.lottie)
        table = GlyphTable()
        kept_fonts: dict[str, Json] = {}
        for layer in all_layers(self.lottie):
            if layer.get("ty") != TEXT:
                continue
            want, family = wanted.get(id(layer)), families.get(id(layer))
            documents = text_documents(layer)
            if not documents:
                continue
            for document in documents:
                if not isinstance(document.get("t"), str):
                    document["t"] = ""
            fonts = [declared.get(str(document.get("f")), {}) for document in documents]
            pairs = list(zip(documents, fonts, strict=True))
            if family is None and all(
                (want is None or _same(want.says(index), document["t"])) and original.covers(document, font)
                for index, (document, font) in enumerate(pairs)
            ):
                if not _shape_own(layer, pairs, original):
                    kept_fonts.update({str(font["fName"]): font for font in fonts})
            else:
                self._set_layer(layer, pairs, family, want, table)
        self._write_tables(table, kept_fonts, original)

    def _set_layer(
        self,
        layer: Json,
        documents: list[tuple[Json, Json]],
        family: str | None,
        want: Wanted | None,
        table: GlyphTable,
    ) -> None:
        layer["t"]["d"].pop("x", None)  # an expression would put unshaped letters in their place
        settings = [self._set(layer, *pair, index, family, want) for index, pair in enumerate(documents)]
        if want is not None and want.steps:
            # Figures must not change their size as they run: all are as small as the widest.
            size = min(setting.layout.size for setting in settings)
            settings = [
                setting if setting.layout.size == size else self._set(layer, *pair, index, family, want, size)
                for index, (setting, pair) in enumerate(zip(settings, documents, strict=True))
            ]
        plain = not (animators_of(layer) and can_be_played(layer)) and not any(s.needs_shapes for s in settings)
        if plain or follows_path(layer):
            # Players look all glyphs of a layer up under one font, that of its first document.
            filed = table.font_name(settings[0].face) if settings else ""
            for setting in settings:
                setting.write(table, filed, merge=not (animators_of(layer) or follows_path(layer)))
        else:
            become_shapes(layer, [setting.shaped() for setting in settings])

    def _write_tables(self, table: GlyphTable, kept: dict[str, Json], original: _Originals) -> None:
        fonts = [
            {key: font[key] for key in ("fName", "fFamily", "fStyle")}
            | {"ascent": _number(font.get("ascent"), 0), "origin": 0}
            for font in kept.values()
        ]
        files = {(str(font["fFamily"]), str(font["fStyle"])) for font in fonts}
        chars = [char for key in files for char in original.chars_of(*key).values()]
        self.lottie.pop("fonts", None)
        self.lottie.pop("chars", None)
        if fonts or table.fonts:
            self.lottie["fonts"] = {"list": [*fonts, *table.fonts]}
            self.lottie["chars"] = [*sorted(chars, key=_char_order), *table.chars]

    def _face(self, layer: Json, font: Json, family: str | None) -> FontFace:
        style = str(font.get("fStyle") or "Regular")
        asked = family or str(font.get("fFamily") or "")
        face = self.fonts.find(asked, style)
        if face is None:
            named = f"{style} {font.get('fWeight') or ''}"
            face = (browser_face(asked, named) if self.like_browsers else None) or self.fonts.default(style)
            if asked:
                self.warnings.append(
                    SceneWarning(
                        code="font_substituted",
                        detail=f"the font {asked!r} is not in the template; {face.file.family!r} is shown instead",
                        layer=_name(layer),
                    )
                )
        return face

    def _set(
        self,
        layer: Json,
        document: Json,
        font: Json,
        index: int,
        family: str | None,
        want: Wanted | None,
        size: float | None = None,
    ) -> _Setting:
        """Lay the layer's document of this number out, at its own font size or at `size`."""
        face = self._face(layer, font, family)
        designed_size = min(_number(document.get("s"), _DEFAULT_SIZE), _LARGEST_SIZE)
        line_height = _number(document.get("lh"), 1.2 * designed_size)
        if size is None:
            size = designed_size
        else:
            line_height *= size / designed_size
        box = _box(document)
        binding = want.binding if want is not None else None
        limits = want.constraints if want is not None else Constraints()
        justify: Justify = _JUSTIFY.get(document.get("j") or 0, "left") if is_number(document.get("j", 0)) else "left"
        if binding is not None and binding.justify is not None:
            justify = binding.justify
        text = document["t"] if want is None else want.says(index)
        layout = lay_out(
            with_digits(text, limits.digits),
            TextStyle(
                chain=self.fonts.chain(face),
                size=size,
                line_height=line_height,
                tracking=_number(document.get("tr"), 0),
                justify=justify,
                direction=binding.direction if binding is not None else "auto",
                box=box,
                max_width=binding.max_width if binding is not None else None,
                # Players show a file's own text as large as it says, beyond its box too.
                min_size=size if want is None and self.like_browsers else limits.min_font_size,
                max_size=limits.max_font_size,
                max_lines=limits.max_lines,
                language=self.locale,
                caps=_CAPS.get(document.get("ca") or 0, "as_written")
                if is_number(document.get("ca", 0))
                else "as_written",
                kerning=limits.kerning,
                ligatures=limits.ligatures,
                kashida=limits.letter_spacing == "kashida",
            ),
        )
        self._report(layout, layer, want)
        valign = binding.valign if binding is not None else None
        changed = want is not None and not _same(text, document["t"])
        designed = document["t"] if changed else None
        return _Setting(document, font, face, layout, box, valign, designed)

    def _report(self, layout: Layout, layer: Json, want: Wanted | None) -> None:
        field = want.field if want is not None else None
        if layout.overflow:
            self.warnings.append(
                SceneWarning(
                    code="text_overflow",
                    detail=f"the text does not fit even at {layout.size:g} px: shorten it",
                    field=field,
                    layer=_name(layer),
                )
            )
        elif layout.shrunk:
            self.warnings.append(
                SceneWarning(
                    code="text_shrunk",
                    detail=f"the text is set at {layout.size:g} px to fit",
                    field=field,
                    layer=_name(layer),
                )
            )
        if layout.missing:
            shown = ", ".join(f"{c} (U+{ord(c):04X})" for c in layout.missing[:8])
            self.warnings.append(
                SceneWarning(code="missing_glyph", detail=f"no font has {shown}", field=field, layer=_name(layer))
            )


@dataclass(frozen=True, slots=True)
class _Setting:
    """A text document and how it is set."""

    document: Json
    font: Json
    face: FontFace
    layout: Layout
    box: Box | None
    valign: Literal["top", "middle", "bottom"] | None
    designed: str | None
    """The text that was there before; None when it is the same one."""

    @property
    def needs_shapes(self) -> bool:
        """Whether a player's text layer cannot show it: colour glyphs, and strokes, which would show where letters overlap."""
        return paint_of(self.document).stroke is not None or has_colors(self.layout)

    @property
    def _ascent(self) -> float:
        """From a box's top to the first baseline, px."""
        designed = self.font.get("ascent")
        own = 100 * self.face.ascent / self.face.upem
        return (designed if is_number(designed) and designed > 0 else own) / 100 * self.layout.size

    def place(self) -> Place:
        """Return where the lines stand; a baseline shift (`ls`) raises them."""
        shift = _number(self.document.get("ls"), 0)
        if self.box is None:
            return Place(-shift)
        return Place(self._top(self.box) + self._ascent - shift, self.box.x, self.box.width)

    def _top(self, box: Box) -> float:
        layout = self.layout
        lines = (len(layout.lines) - 1) * layout.line_height
        spare = max(0.0, box.height - self._ascent - lines - self.face.descent / self.face.upem * layout.size)
        valign = self.valign
        if valign is None:
            stored = self.document.get("vj", 0)
            valign = _VALIGN.get(stored or 0, "top") if is_number(stored) else "top"
        return box.y + spare * {"top": 0.0, "middle": 0.5, "bottom": 1.0}[valign]

    def shaped(self) -> ShapedText:
        """Return it as letters with outlines."""
        return ShapedText(
            document=self.document,
            letters=placed_letters(self.layout, self.place()),
            align=self.layout.align,
            size=self.layout.size,
            designed=self.designed,
        )

    def write(self, table: GlyphTable, name: str, *, merge: bool) -> None:
        """Write it as a text document whose glyphs are in the table under the font `name`."""
        document, layout = self.document, self.layout
        document.update(
            t=table.encode(layout, name, merge=merge),
            f=name,
            s=layout.size,
            lh=layout.line_height,
            tr=0,
            ca=0,
            j=_ALIGN[layout.align],
        )
        if self.box is not None:
            self._write_box(self.box, table.ascent(name) / 100 * layout.size)
        document.pop("vj", None)

    def _write_box(self, box: Box, ascent: float) -> None:
        """Write the box so that a player, which puts the first baseline `ascent` px below its top, puts every line where it belongs."""
        layout, document = self.layout, self.document
        widest = max(line.width for line in layout.lines) * layout.size
        width = max(box.width, widest) + _BOX_EASE
        left = box.x - (width - box.width) * {"left": 0.0, "right": 1.0, "center": 0.5}[layout.align]
        document["ps"] = [round(left, 3), round(self._top(box), 3)]
        document["sz"] = [round(width, 3), round(max(box.height, 2 * layout.size), 3)]
        document["ls"] = round(_number(document.get("ls"), 0) + ascent - self._ascent, 3)


def _shape_own(layer: Json, documents: list[tuple[Json, Json]], original: _Originals) -> bool:
    """Make a text with the file's own glyphs shapes where animators move it; tells whether it did."""
    if not animators_of(layer) or not can_be_played(layer) or follows_path(layer):
        return False
    shaped = []
    for document, font in documents:
        chars = original.chars_of(font["fFamily"], font["fStyle"])
        letters = own_letters(document, chars, _number(font.get("ascent"), 0), _box(document))
        if letters is None or document.get("ca") in (1, 2) or document.get("j", 0) not in (0, 1, 2):
            return False
        align: Align = _OWN_ALIGN[int(document.get("j", 0))]
        size = _number(document.get("s"), _DEFAULT_SIZE)
        shaped.append(ShapedText(document=document, letters=letters, align=align, size=size, designed=None))
    become_shapes(layer, shaped)
    return True


class _Originals:
    """The glyph outlines that the file came with."""

    def __init__(self, lottie: Json) -> None:
        self._chars: dict[tuple[str, str], dict[str, Json]] = {}
        for char in dicts(lottie.get("chars")):
            code, family, style = char.get("ch"), char.get("fFamily"), char.get("style")
            data = char.get("data")
            if (
                isinstance(code, str)
                and code
                and isinstance(family, str)
                and isinstance(style, str)
                and is_number(char.get("w"))
                and isinstance(data, dict)
            ):
                self._chars.setdefault((family, style), {}).setdefault(code, char)

    def covers(self, document: Json, font: Json) -> bool:
        """Whether the text can be shown with the file's own glyphs: all are there, and no letters join or run to the left."""
        if not all(isinstance(font.get(key), str) for key in ("fName", "fFamily", "fStyle")):
            return False
        glyphs = self._chars.get((font["fFamily"], font["fStyle"]), {})
        text = document["t"]
        return all(
            c in "\r\n\x03" or (c in glyphs and unicodedata.bidirectional(c) not in ("R", "AL", "NSM")) for c in text
        )

    def chars_of(self, family: str, style: str) -> dict[str, Json]:
        """Return the glyphs of one font by their characters."""
        return self._chars.get((family, style), {})


def _char_order(char: Json) -> tuple[str, str, str]:
    return (char["fFamily"], char["style"], char["ch"])


def _declared_fonts(lottie: Json) -> dict[str, Json]:
    fonts = lottie.get("fonts")
    listed = dicts(fonts.get("list")) if isinstance(fonts, dict) else []
    return {font["fName"]: font for font in listed if isinstance(font.get("fName"), str)}


def _same(new: str, old: object) -> bool:
    return isinstance(old, str) and clean_text(new) == clean_text(old)


def _number(value: object, default: float) -> float:
    return float(min(max(value, -_LARGEST), _LARGEST)) if is_number(value) else default


def _box(document: Json) -> Box | None:
    size, position = document.get("sz"), document.get("ps", [0, 0])
    if not (isinstance(size, list) and len(size) >= 2 and all(is_number(v) and v > 0 for v in size[:2])):
        return None
    if not (isinstance(position, list) and len(position) >= 2 and all(is_number(v) for v in position[:2])):
        position = [0, 0]
    return Box(*(_number(v, 0) for v in (*position[:2], *size[:2])))


def _name(layer: Json) -> str | None:
    name = layer.get("nm")
    return name if isinstance(name, str) else None

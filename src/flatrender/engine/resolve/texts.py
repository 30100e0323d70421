"""Setting a scene's text layers: every text document gets its glyphs."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from flatrender.engine.lottie.animators import fit_selectors, has_animators
from flatrender.engine.lottie.document import Json, is_number
from flatrender.engine.lottie.walk import TEXT, all_layers, dicts, text_documents
from flatrender.engine.scene import SceneWarning
from flatrender.engine.template.model import Binding, Constraints
from flatrender.engine.text.fonts import FontFace, FontLibrary
from flatrender.engine.text.glyphs import GlyphTable
from flatrender.engine.text.layout import Box, Justify, Layout, TextStyle, clean_text, lay_out
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
# px by which an emitted box is wider than its widest line: players must not break again what is broken already.
_BOX_EASE = 2.0
_DEFAULT_SIZE = 16.0


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
            for document in documents:
                if not isinstance(document.get("t"), str):
                    document["t"] = ""
            fonts = [declared.get(str(document.get("f")), {}) for document in documents]
            if family is None and all(
                (want is None or _same(want.says(index), document["t"])) and original.covers(document, font)
                for index, (document, font) in enumerate(zip(documents, fonts, strict=True))
            ):
                kept_fonts.update({str(font["fName"]): font for font in fonts})
            else:
                self._set_layer(layer, list(zip(documents, fonts, strict=True)), family, want, table)
        self._write_tables(table, kept_fonts, original)

    def _set_layer(
        self,
        layer: Json,
        documents: list[tuple[Json, Json]],
        family: str | None,
        want: Wanted | None,
        table: GlyphTable,
    ) -> None:
        """Set all documents of a layer. Players look its glyphs up under one font, that of its first document."""
        layer["t"]["d"].pop("x", None)  # an expression would put unshaped letters in their place
        filed = ""
        before = [dict(document) for document, _ in documents] if want is not None and want.steps else []
        for index, (document, font) in enumerate(documents):
            designed = document["t"]
            face = self._face(layer, font, family)
            filed = filed or table.font_name(face)
            rtl = self._set(
                layer, document, want.says(index) if want is not None else designed, font, face, filed, want, table
            )
            if index == 0 and has_animators(layer):
                fit_selectors(layer, designed=designed, emitted=document["t"], mirror=rtl)
        if want is not None and before:
            self._set_in_one_size(layer, list(zip(documents, before, strict=True)), family, filed, want, table)

    def _set_in_one_size(
        self,
        layer: Json,
        documents: list[tuple[tuple[Json, Json], Json]],
        family: str | None,
        filed: str,
        want: Wanted,
        table: GlyphTable,
    ) -> None:
        """Set the steps of a count again, all as small as the widest of them: figures must not change their size as they run."""
        size = min(document["s"] for (document, _), _ in documents)
        for index, ((document, font), before) in enumerate(documents):
            if document["s"] == size:
                continue
            designed = _number(before.get("s"), _DEFAULT_SIZE)
            document.clear()
            document.update(before, s=size, lh=_number(before.get("lh"), 1.2 * designed) * size / designed)
            self._set(
                layer, document, want.says(index), font, self._face(layer, font, family), filed, want, table
            )

    def _write_tables(self, table: GlyphTable, kept: dict[str, Json], original: _Originals) -> None:
        fonts = [
            {key: font[key] for key in ("fName", "fFamily", "fStyle")}
            | {"ascent": _number(font.get("ascent"), 0), "origin": 0}
            for font in kept.values()
        ]
        files = {(str(font["fFamily"]), str(font["fStyle"])) for font in fonts}
        chars = [char for key in files for char in original.chars_of(*key)]
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
        text: str,
        font: Json,
        face: FontFace,
        name: str,
        want: Wanted | None,
        table: GlyphTable,
    ) -> bool:
        """Set one document; tells whether its text runs from right to left."""
        size = _number(document.get("s"), _DEFAULT_SIZE)
        if document.get("ca") in (1, 2):
            text = text.upper()
        line_height = _number(document.get("lh"), 1.2 * size)
        box = _box(document)
        binding = want.binding if want is not None else None
        limits = want.constraints if want is not None else Constraints()
        justify: Justify = _JUSTIFY.get(document.get("j") or 0, "left") if is_number(document.get("j", 0)) else "left"
        if binding is not None and binding.justify is not None:
            justify = binding.justify
        layout = lay_out(
            text,
            TextStyle(
                chain=self.fonts.chain(face),
                size=size,
                line_height=line_height,
                tracking=_number(document.get("tr"), 0),
                justify=justify,
                direction=binding.direction if binding is not None else "auto",
                box=box,
                max_width=binding.max_width if binding is not None else None,
                min_size=limits.min_font_size,
                max_lines=limits.max_lines,
                language=self.locale,
            ),
        )
        self._report(layout, layer, want)
        # Animators run along the string: from a right-to-left text's end, which fit_selectors mirrors, so its lines must stand in reverse too.
        upwards = layout.rtl and has_animators(layer) and len(layout.lines) > 1
        document.update(
            t=table.encode(layout, name, upwards=upwards),
            f=name,
            s=layout.size,
            lh=layout.line_height,
            tr=0,
            ca=0,
            j=_ALIGN[layout.align],
        )
        if box is not None:
            _place_box(document, layout, face, font, box, binding, table)
        if upwards:
            rise = (len(layout.lines) - 1) * layout.line_height
            document.update(lh=-layout.line_height, ls=round(_number(document.get("ls"), 0) - rise, 3))
        document.pop("vj", None)
        return layout.rtl

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


def _place_box(
    document: Json, layout: Layout, face: FontFace, font: Json, box: Box, binding: Binding | None, table: GlyphTable
) -> None:
    """Write the box so that a player puts the first baseline and every line's start where they belong.

    Players put the first baseline `ascent` below the box's top, lower by a negative baseline shift (`ls`).
    """
    ascent = table.ascent(document["f"])
    designed = font.get("ascent")
    baseline = (designed if is_number(designed) and designed > 0 else ascent) / 100 * layout.size
    tall = baseline + (len(layout.lines) - 1) * layout.line_height + face.descent / face.upem * layout.size
    spare = max(0.0, box.height - tall)
    valign = binding.valign if binding is not None else None
    if valign is None:
        valign = _VALIGN.get(document.get("vj") or 0, "top") if is_number(document.get("vj", 0)) else "top"
    top = box.y + spare * {"top": 0.0, "middle": 0.5, "bottom": 1.0}[valign]
    widest = max(line.width for line in layout.lines) * layout.size
    width = max(box.width, widest) + _BOX_EASE
    share = {"left": 0.0, "right": 1.0, "center": 0.5}[layout.align]
    left = box.x - (width - box.width) * share
    shift = ascent / 100 * layout.size - baseline
    document["ps"] = [round(left, 3), round(top, 3)]
    document["sz"] = [round(width, 3), round(max(box.height, 2 * layout.size), 3)]
    document["ls"] = round(_number(document.get("ls"), 0) + shift, 3)


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

    def chars_of(self, family: str, style: str) -> list[Json]:
        """Return the glyphs of one font."""
        return list(self._chars.get((family, style), {}).values())


def _char_order(char: Json) -> tuple[str, str, str]:
    return (char["fFamily"], char["style"], char["ch"])


def _declared_fonts(lottie: Json) -> dict[str, Json]:
    fonts = lottie.get("fonts")
    listed = dicts(fonts.get("list")) if isinstance(fonts, dict) else []
    return {font["fName"]: font for font in listed if isinstance(font.get("fName"), str)}


def _same(new: str, old: object) -> bool:
    return isinstance(old, str) and clean_text(new) == clean_text(old)


def _number(value: object, default: float) -> float:
    return float(value) if is_number(value) else default


def _box(document: Json) -> Box | None:
    size, position = document.get("sz"), document.get("ps", [0, 0])
    if not (isinstance(size, list) and len(size) >= 2 and all(is_number(v) and v > 0 for v in size[:2])):
        return None
    if not (isinstance(position, list) and len(position) >= 2 and all(is_number(v) for v in position[:2])):
        position = [0, 0]
    return Box(position[0], position[1], size[0], size[1])


def _name(layer: Json) -> str | None:
    name = layer.get("nm")
    return name if isinstance(name, str) else None

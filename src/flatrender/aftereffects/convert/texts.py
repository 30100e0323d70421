"""Text layers: the document, its style and its font."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any

from py_aep.enums import (
    AutoKernType,
    BaselineDirection,
    BoxAutoFitPolicy,
    BoxFirstBaselineAlignment,
    BoxVerticalAlignment,
    DigitSet,
    FontBaselineOption,
    FontCapsOption,
    LeadingType,
    LineJoinType,
    LineOrientation,
    ParagraphDirection,
    ParagraphJustification,
)

from flatrender.aftereffects.convert.animators import text_animators
from flatrender.aftereffects.convert.context import Json, Place, rounded, rounded_all
from flatrender.aftereffects.convert.fonts import drawn_family
from flatrender.aftereffects.convert.played import texts_played
from flatrender.aftereffects.convert.values import expression_values

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from py_aep.models.layers.layer import Layer
    from py_aep.models.text.text_document import TextDocument

_JUSTIFY = {
    ParagraphJustification.LEFT_JUSTIFY: 0,
    ParagraphJustification.RIGHT_JUSTIFY: 1,
    ParagraphJustification.CENTER_JUSTIFY: 2,
    ParagraphJustification.FULL_JUSTIFY_LASTLINE_LEFT: 3,
    ParagraphJustification.FULL_JUSTIFY_LASTLINE_RIGHT: 4,
    ParagraphJustification.FULL_JUSTIFY_LASTLINE_CENTER: 5,
    ParagraphJustification.FULL_JUSTIFY_LASTLINE_FULL: 6,
}
_VERTICAL = {BoxVerticalAlignment.TOP: 0, BoxVerticalAlignment.CENTER: 1, BoxVerticalAlignment.BOTTOM: 2}
_RIGHT_TO_LEFT = ParagraphDirection.DIRECTION_RIGHT_TO_LEFT
_RIGHT = frozenset({"R", "AL"})
_LONG_WORD = re.compile(r"[A-Za-z]{6}")
"""After Effects parts words of six letters and more."""
_AUTO_LEADING = 1.2
"""Leading of a text that has none of its own, in its size."""


def text_fields(layer: Layer, place: Place, fonts: dict[str, Json]) -> Json:
    """Return the `t` of a text layer; the fonts it uses are added to `fonts` by their PostScript names."""
    group: Any = layer.text
    if group is None:
        return {"d": {"k": []}, "p": {}, "m": {"g": 1, "a": {"a": 0, "k": [0, 0]}}, "a": []}
    source = group["ADBE Text Document"]
    here = place.inside("Source Text")
    keys: list[Json] = []
    if source.keyframes:
        keys = [
            {"s": _document(value, here, fonts), "t": place.frame(time)}
            for time, value in texts_played(source.keyframes)
        ]
        keys = _restyled(keys, expression_values(source, here)) or keys
    elif source.value is not None:
        designed = _document(source.value, here, fonts)
        keys = _spoken(designed, expression_values(source, here)) or [{"s": designed, "t": 0}]
    animators = text_animators(group["ADBE Text Animators"], place)
    return {"d": {"k": keys}, "p": {}, "m": {"g": 1, "a": {"a": 0, "k": [0, 0]}}, "a": animators}


def _spoken(designed: Json, texts: Sequence[Any]) -> list[Json]:
    """Return a key for each frame at which an expression's text changes."""
    keys: list[Json] = []
    for frame, text in enumerate(texts):
        lines = _lines(str(text))
        if not keys or keys[-1]["s"]["t"] != lines:
            keys.append({"s": designed | {"t": lines}, "t": frame})
    return keys


def _restyled(designed: Sequence[Json], texts: Sequence[Any]) -> list[Json]:
    """Return the keys of a text that has keys and an expression: the style of the key before, the text of the expression."""
    made: list[Json] = []
    if len(texts) == 1:
        return [{"s": key["s"] | {"t": _lines(str(texts[0]))}, "t": key["t"]} for key in designed]
    for frame, text in enumerate(texts):
        style = next((key["s"] for key in reversed(designed) if key["t"] <= frame), designed[0]["s"])
        document = style | {"t": _lines(str(text))}
        if not made or made[-1]["s"] != document:
            made.append({"s": document, "t": frame})
    return made


def _lines(text: str) -> str:
    return text.replace("\r\n", "\r").replace("\n", "\r")


def _document(document: TextDocument, place: Place, fonts: dict[str, Json]) -> Json:
    size = _number(document.font_size, 36.0)
    font = document.font or "Vazirmatn-Regular"
    fonts.setdefault(font, _font(document, font, place))
    made: Json = {
        "s": rounded(size),
        "f": font,
        "t": _lines(document.text or ""),
        "ca": _capitals(document),
        "j": _JUSTIFY.get(document.justification, 0),
        "tr": rounded(_number(document.tracking, 0)),
        "lh": rounded(_number(document.leading, 0) or size * _AUTO_LEADING),
        "ls": rounded(_number(document.baseline_shift, 0)),
    }
    if document.apply_fill is not False and document.fill_color:
        made["fc"] = rounded_all(document.fill_color[:3])
    if document.apply_stroke and document.stroke_color:
        made["sc"] = rounded_all(document.stroke_color[:3])
        made["sw"] = rounded(_number(document.stroke_width, 1))
        made["of"] = bool(document.stroke_over_fill)
    if document.box_text and document.box_text_size and document.box_text_pos:
        made["sz"] = rounded_all(document.box_text_size[:2])
        made["ps"] = rounded_all(document.box_text_pos[:2])
        made["vj"] = _VERTICAL.get(document.box_vertical_alignment, 0)
    _note_style(document, place)
    return made


def _capitals(document: TextDocument) -> int:
    caps = document.font_caps_option
    if caps == FontCapsOption.FONT_ALL_CAPS:
        return 1
    return 2 if caps in {FontCapsOption.FONT_SMALL_CAPS, FontCapsOption.FONT_ALL_SMALL_CAPS} else 0


def _font(document: TextDocument, name: str, place: Place) -> Json:
    font = document.font_object
    family = getattr(font, "family_name", None) or name.split("-", maxsplit=1)[0]
    style = getattr(font, "style_name", None) or (name.split("-", maxsplit=1)[1] if "-" in name else "Regular")
    drawn = drawn_family(family, style)
    if drawn != family:
        detail = (
            f"the font {family!r} is not installed; the text is drawn in {drawn!r}: install the font or bring it along"
        )
        place.note("approximate", "font.substituted", detail)
    return {"fName": name, "fFamily": drawn, "fStyle": style, "ascent": 75}


def _note_style(document: TextDocument, place: Place) -> None:
    mixed = (document.font, document.font_size, document.tracking, document.baseline_shift, document.justification)
    colours = (
        document.fill_color if document.apply_fill else True,
        document.stroke_color if document.apply_stroke else True,
    )
    if any(value is None for value in (*mixed, *colours)):
        place.note("approximate", "text.mixed_styles", "the text has several styles; it is drawn in one")
    for scale, side in ((document.horizontal_scale, "width"), (document.vertical_scale, "height")):
        if scale is not None and abs(scale - 1) > 1e-3 and abs(scale - 100) > 1e-3:  # 1 or 100 per cent
            place.note("approximate", "text.scale", f"the letters' {side} of {scale:g} is drawn as it is in the font")
    for changed, feature, detail in _STYLES:
        if changed(document):
            place.note("approximate", feature, detail)


_STYLES: tuple[tuple[Callable[[TextDocument], Any], str, str], ...] = (
    (
        lambda text: text.faux_bold or text.faux_italic,
        "text.faux_style",
        "bold or italic letters that the font has not are drawn plain",
    ),
    (
        lambda text: text.font_baseline_option not in {None, FontBaselineOption.FONT_NORMAL_BASELINE},
        "text.baseline",
        "raised or lowered letters are drawn on the line",
    ),
    (lambda text: text.tsume, "text.tsume", "the space around letters is not narrowed"),
    (
        lambda text: text.first_line_indent or text.start_indent or text.end_indent,
        "text.paragraph_indent",
        "the paragraph's indents are not drawn",
    ),
    (
        lambda text: text.space_before or text.space_after,
        "text.paragraph_space",
        "the space between paragraphs is not drawn",
    ),
    (
        lambda text: text.line_orientation != LineOrientation.HORIZONTAL,
        "text.vertical",
        "the text runs downwards; it is drawn in lines",
    ),
    (
        lambda text: text.justification not in _JUSTIFY,
        "text.justification",
        "the paragraphs are set in several ways; all are drawn flush left",
    ),
    (lambda text: text.hanging_roman, "text.hanging", "punctuation does not hang out of the box"),
    (
        lambda text: text.auto_kern_type == AutoKernType.OPTICAL_KERN,
        "text.kerning",
        "letters are kerned as the font says, not by their shapes",
    ),
    (
        lambda text: text.box_text and text.box_inset_spacing,
        "text.box_inset",
        "the space inside the box's edges is not drawn",
    ),
    (
        lambda text: text.box_text and text.box_auto_fit_policy != BoxAutoFitPolicy.NONE,
        "text.box_fit",
        "the box does not grow with its text",
    ),
    (
        lambda text: text.box_text and text.auto_hyphenate and _LONG_WORD.search(text.text or ""),
        "text.hyphenation",
        "words are not parted at the ends of lines",
    ),
    (
        lambda text: text.box_text and (text.every_line_composer or text.no_break),
        "text.composer",
        "lines may break elsewhere: each is filled by itself",
    ),
    (
        lambda text: text.digit_set not in {None, DigitSet.DEFAULT_DIGITS},
        "text.digits",
        "digits are drawn as they are written",
    ),
    (
        lambda text: text.apply_stroke and text.line_join_type not in {None, LineJoinType.LINE_JOIN_MITER},
        "text.stroke_join",
        "the corners of the letters' strokes may look otherwise",
    ),
    (
        lambda text: _runs_otherwise(text.text or "", right_to_left=text.direction == _RIGHT_TO_LEFT),
        "text.direction",
        "the text runs as its first letter does",
    ),
    (
        lambda text: text.ligature,
        "text.ligatures",
        "of the font's ligatures only the usual ones are drawn",
    ),
    (
        lambda text: (
            text.baseline_direction not in {None, BaselineDirection.BASELINE_WITH_STREAM}
            or text.leading_type not in {None, LeadingType.ROMAN_LEADING_TYPE}
        ),
        "text.line_setting",
        "letters stand on their line as in Latin texts",
    ),
    (
        lambda text: text.box_text and text.box_first_baseline_alignment != BoxFirstBaselineAlignment.ASCENT,
        "text.first_baseline",
        "the first line lies as far below the box's top as the font says",
    ),
    (
        lambda text: text.box_text and text.box_vertical_alignment not in _VERTICAL,
        "text.box_alignment",
        "the lines are not spread over the box's height",
    ),
)
"""What of a style is not drawn: how to tell, the finding's name, and what is drawn instead."""


def _runs_otherwise(text: str, *, right_to_left: bool) -> bool:
    """Say whether a text of a stated direction would run otherwise by its first letter, and look otherwise for it."""
    kinds = [unicodedata.bidirectional(letter) for letter in text]
    strong = [kind in _RIGHT for kind in kinds if kind in _RIGHT or kind == "L"]
    by_itself = strong[0] if strong else False
    mixed = len(set(strong)) > 1 or any(kind in {"EN", "AN", "ON", "CS", "ES", "ET"} for kind in kinds)
    return by_itself != right_to_left and (mixed or not strong or right_to_left)


def _number(value: Any, otherwise: float) -> float:
    return otherwise if value is None else float(value)

"""Words into a Source Text property; the style stays."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Literal

from py_aep.enums import ComposerEngine, ParagraphDirection, ParagraphJustification

from flatrender.aftereffects.personalise.errors import PersonaliseError
from flatrender.aftereffects.personalise.expressions import disable_expression

if TYPE_CHECKING:
    from py_aep.models.properties.property import Property
    from py_aep.models.text.text_document import TextDocument

    from flatrender.aftereffects.personalise.report import Notes

Keys = Literal["all", "first"]
Direction = Literal["auto", "rtl", "ltr"]
Justify = Literal["designed", "start", "end"]
MAX_LETTERS = 10_000
"""As the engine's texts."""
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
_POSTSCRIPT_NAME = re.compile(r"[^\s\x00-\x20\x7f-\U0010ffff\[\](){}<>/%]{1,63}\Z")
"""Printable ASCII but `[](){}<>/%` (The Type 42 and OpenType `name` specification, name id 6)."""
_SIDES = {
    ("start", True): ParagraphJustification.RIGHT_JUSTIFY,
    ("start", False): ParagraphJustification.LEFT_JUSTIFY,
    ("end", True): ParagraphJustification.LEFT_JUSTIFY,
    ("end", False): ParagraphJustification.RIGHT_JUSTIFY,
}


def write_text(
    source: Property,
    text: str,
    *,
    where: str,
    notes: Notes,
    keys: Keys = "all",
    direction: Direction = "auto",
    justify: Justify = "designed",
) -> None:
    r"""Write words into a Source Text property. The style of the first letter wins; boxes keep their size.

    Lines are separated by `\n`, `\r` or both. Of a property with keyframes `all` documents get the words, or the `first` only. `auto` turns
    the paragraphs to the direction of the first letter that has one (rule P2 of the Unicode bidirectional algorithm); `start` and `end` justify
    on that side. Raises PersonaliseError `value_invalid` and `place_unwritable`.
    """
    checked_text(text, where)
    documents = documents_of(source, where)
    if keys == "first":
        documents = documents[:1]
    disable_expression(source, where, notes)
    right_to_left = direction == "rtl" or (direction == "auto" and _is_right_to_left(text))
    for document in documents:
        if _styles(document) > 1:
            notes.note("text_runs_merged", where, "the text had several styles; the first one is kept")
        document.text = text
        if direction != "auto" or _has_direction(text):
            _turn(document, where, notes, right_to_left=right_to_left)
        if justify != "designed":
            document.justification = _SIDES[justify, right_to_left]
    source._ensure_materialized()


def write_font(source: Property, post_script_name: str, *, where: str, notes: Notes) -> None:
    """Set the font of a whole text, in all keyframes, by its PostScript name (`Vazirmatn-Bold`).

    Raises PersonaliseError `value_invalid` for what is no PostScript name, and `place_unwritable`.
    """
    if not _POSTSCRIPT_NAME.match(post_script_name):
        raise PersonaliseError(
            f"{post_script_name[:64]!r} is no PostScript name of a font, such as 'Vazirmatn-Bold'", where=where
        )
    for document in documents_of(source, where):
        if _styles(document) > 1:
            notes.note("text_runs_merged", where, "the whole text takes one font")
        document.font = post_script_name


def write_text_color(source: Property, color: tuple[float, float, float], *, where: str, stroke: bool = False) -> None:
    """Set the colour of a whole text's letters, or of their outline, in all keyframes. Raises PersonaliseError `place_unwritable`."""
    for document in documents_of(source, where):
        if stroke:
            document.stroke_color = list(color)
        else:
            document.fill_color = list(color)


def documents_of(source: Property, where: str) -> list[TextDocument]:
    """Return the documents of a Source Text property, one a keyframe. Raises PersonaliseError `place_unwritable`."""
    from py_aep.models.text.text_document import TextDocument as Document  # noqa: PLC0415  # there is no such thing outside a text

    values = [key.value for key in source.keyframes] if source.keyframes else [source.value]
    documents = [value for value in values if isinstance(value, Document)]
    if len(documents) != len(values) or any(document._char_style is None for document in documents):
        raise PersonaliseError(
            "the text is kept in a form that cannot be written", code="place_unwritable", where=where
        )
    return documents


def text_of(source: Property, where: str) -> str:
    r"""Return the words of the first keyframe, lines separated by `\n`."""
    return documents_of(source, where)[0].text


def checked_text(text: str, where: str) -> None:
    """Refuse what no text layer holds. Raises PersonaliseError `value_invalid`."""
    if len(text) > MAX_LETTERS:
        raise PersonaliseError(
            f"the text has {len(text):,} letters; at most {MAX_LETTERS:,} can be written", where=where
        )
    found = _CONTROLS.search(text)
    if found:
        raise PersonaliseError(f"the text holds a control character (U+{ord(found.group()):04X})", where=where)
    if any(0xD800 <= ord(letter) <= 0xDFFF for letter in text):
        raise PersonaliseError("the text holds half a character (a lone surrogate)", where=where)


def _styles(document: TextDocument) -> int:
    from py_aep.models.text.ranges import _char_run_spans  # noqa: PLC0415

    return len({repr(style) for start, end, style in _char_run_spans(document) if end > start})


def _turn(document: TextDocument, where: str, notes: Notes, *, right_to_left: bool) -> None:
    wanted = ParagraphDirection.DIRECTION_RIGHT_TO_LEFT if right_to_left else ParagraphDirection.DIRECTION_LEFT_TO_RIGHT
    if document.direction != wanted:
        document.direction = wanted
        side = "right to left" if right_to_left else "left to right"
        notes.note("text_direction", where, f"the paragraphs run {side} now")
    if right_to_left and document.composer_engine == ComposerEngine.LATIN_CJK_ENGINE:
        notes.note(
            "text_composer",
            where,
            "the layer was made with the Latin text engine, which does not join letters: choose "
            "'South Asian and Middle Eastern' in After Effects' preferences, and set the layer's text once",
        )


def _direction_of(letter: str) -> str:
    kind = unicodedata.bidirectional(letter)
    return {"R": "rtl", "AL": "rtl", "L": "ltr"}.get(kind, "")


def _has_direction(text: str) -> bool:
    return any(map(_direction_of, text))


def _is_right_to_left(text: str) -> bool:
    return next(filter(None, map(_direction_of, text)), "") == "rtl"

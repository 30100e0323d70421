"""Words in text layers: the style stays, whatever the language, and nothing else changes."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from py_aep.enums import ParagraphDirection, ParagraphJustification

from flatrender.aftereffects.personalise import PersonaliseError
from flatrender.aftereffects.personalise.report import Notes
from flatrender.aftereffects.personalise.texts import write_font, write_text
from flatrender.engine.raster.pool import WorkerPool

from .making import add_comp, new_project
from .personalising import TEXT, drawn, field, place, write


def with_text(words: str = "Hello", **style: Any) -> tuple[Any, Any]:
    """A project with one black text at the left."""
    project = new_project()
    layer = add_comp(project).add_text(words)
    layer.transform["ADBE Position"].value = [6, 40, 0]
    document = source(layer).value
    document.font, document.font_size, document.fill_color = "Vazirmatn-Bold", 24.0, [0, 0, 0]
    for name, value in style.items():
        setattr(document, name, value)
    return project, layer


def source(layer: Any) -> Any:
    return layer.text["ADBE Text Document"]


@pytest.mark.parametrize(
    "words",
    ["Plain words", "سلام دنیا", "one\ntwo\nthree", "خط یک\nline two", "", "🎉 done", "half‌space", "a\r\nb"],
    ids=["latin", "persian", "lines", "mixed lines", "empty", "emoji", "zero width", "other line ends"],
)
def test_words_come_back_from_the_copy_with_their_style(words: str, tmp_path: Path) -> None:
    project, layer = with_text(tracking=40, justification=ParagraphJustification.CENTER_JUSTIFY)
    made = write(project, tmp_path, {"words": words}, field("words", "textarea", place(layer, "text", *TEXT)))
    document = source(made.layer(layer.name)).value
    assert document.text == words.replace("\r\n", "\n")
    assert (document.font, document.font_size, document.tracking) == ("Vazirmatn-Bold", 24.0, 40)
    assert document.justification == ParagraphJustification.CENTER_JUSTIFY
    assert len(made.differs) == 1


def test_the_picture_shows_the_new_words(tmp_path: Path, pool: WorkerPool) -> None:
    project, layer = with_text("l")
    made = write(project, tmp_path, {"words": "MMMMMM"}, field("words", "text", place(layer, "text", *TEXT)))
    picture = drawn(pool, made, tmp_path)
    assert np.any(picture[20:44, 60:] < 64), "the long word reaches to the right"


def test_persian_paragraphs_run_from_the_right_and_latin_ones_back(tmp_path: Path) -> None:
    project, layer = with_text()
    words = field("words", "text", place(layer, "text", *TEXT))
    made = write(project, tmp_path / "fa", {"words": "سلام (۲۰۲۶)"}, words)
    assert source(made.layer(layer.name)).value.direction == ParagraphDirection.DIRECTION_RIGHT_TO_LEFT
    assert "text_direction" in made.codes
    again = write(made.project, tmp_path / "en", {"words": "Hello"}, words)
    assert source(again.layer(layer.name)).value.direction == ParagraphDirection.DIRECTION_LEFT_TO_RIGHT


@pytest.mark.parametrize("words", ["123", "…", ""], ids=["digits", "punctuation", "nothing"])
def test_what_has_no_direction_keeps_the_paragraphs(words: str, tmp_path: Path) -> None:
    project, layer = with_text(direction=ParagraphDirection.DIRECTION_RIGHT_TO_LEFT)
    made = write(project, tmp_path, {"words": words}, field("words", "text", place(layer, "text", *TEXT)))
    assert source(made.layer(layer.name)).value.direction == ParagraphDirection.DIRECTION_RIGHT_TO_LEFT


@pytest.mark.parametrize(
    ("justify", "side"), [("start", "RIGHT_JUSTIFY"), ("end", "LEFT_JUSTIFY")], ids=["start", "end"]
)
def test_start_and_end_follow_the_direction(justify: Any, side: str) -> None:
    _, layer = with_text()
    write_text(source(layer), "سلام", where="here", notes=Notes(), justify=justify)
    assert source(layer).value.justification == ParagraphJustification[side]


def test_the_first_style_of_several_wins_and_the_report_says_so(tmp_path: Path) -> None:
    project, layer = with_text("Hello world")
    source(layer).value.character_range(6, 11).fill_color = [1, 0, 0]
    assert source(layer).value.fill_color is not None
    made = write(project, tmp_path, {"words": "Other"}, field("words", "text", place(layer, "text", *TEXT)))
    document = source(made.layer(layer.name)).value
    assert document.fill_color == [0, 0, 0]
    assert "text_runs_merged" in made.codes


def test_a_box_keeps_its_size(tmp_path: Path) -> None:
    project = new_project()
    layer = add_comp(project).add_box_text([80, 40], "Hello")
    made = write(project, tmp_path, {"words": "سلام " * 40}, field("words", "textarea", place(layer, "text", *TEXT)))
    document = source(made.layer(layer.name)).value
    assert document.box_text_size == [80, 40]
    assert document.text == "سلام " * 40


@pytest.mark.parametrize(
    ("keys", "expected"), [("all", ["New", "New"]), ("first", ["New", "Two"])], ids=["all", "first"]
)
def test_a_text_with_keyframes_takes_the_words_in_all_of_them_or_in_the_first(
    keys: Any, expected: list[str], tmp_path: Path
) -> None:
    project, layer = with_text("One")
    text = source(layer)
    text.set_value_at_time(0, "One")
    text.set_value_at_time(0.4, "Two")
    write_text(text, "New", where="here", notes=Notes(), keys=keys)
    project.save(tmp_path / "keyed.aep")
    from flatrender.aftereffects.project import open_project

    (again,) = open_project(tmp_path / "keyed.aep").compositions
    assert [key.value.text for key in source(again.layers[0]).keyframes] == expected
    assert [round(key.time, 3) for key in source(again.layers[0]).keyframes] == [0, 0.4]


def test_a_font_is_changed_by_its_postscript_name(tmp_path: Path) -> None:
    project, layer = with_text()
    made = write(project, tmp_path, {"face": "Amiri-Regular"}, field("face", "font", place(layer, "text", *TEXT)))
    document = source(made.layer(layer.name)).value
    assert (document.font, document.text, document.font_size) == ("Amiri-Regular", "Hello", 24.0)


@pytest.mark.parametrize("name", ["", "has space", "(paren)", "سلام", "a" * 64, "a\x00"], ids=repr)
def test_what_is_no_postscript_name_is_refused(name: str) -> None:
    _, layer = with_text()
    with pytest.raises(PersonaliseError, match="PostScript"):
        write_font(source(layer), name, where="here", notes=Notes())


def test_an_expression_on_the_text_is_switched_off_and_told(tmp_path: Path) -> None:
    project, layer = with_text()
    source(layer).expression = "'always this'"
    made = write(project, tmp_path, {"words": "Mine"}, field("words", "text", place(layer, "text", *TEXT)))
    text = source(made.layer(layer.name))
    assert (text.value.text, text.expression, text.expression_enabled) == ("Mine", "'always this'", False)
    assert "expression_disabled" in made.codes


def test_the_colour_of_a_text_is_its_letters(tmp_path: Path, pool: WorkerPool) -> None:
    project, layer = with_text("MMM")
    made = write(project, tmp_path, {"ink": "#ff0000"}, field("ink", "color", place(layer, "color", *TEXT)))
    assert source(made.layer(layer.name)).value.fill_color == [1, 0, 0]
    picture = drawn(pool, made, tmp_path)
    assert np.any(np.all(picture == (255, 0, 0), axis=-1))


@pytest.mark.parametrize(
    ("value", "code"),
    [(5, "value_invalid"), ("two\nlines", "value_invalid"), ("x" * 10_001, "value_invalid"), ("a\x07b", "value_invalid"), ("\ud800", "value_invalid")],
    ids=["number", "line break", "too long", "control character", "half a character"],
)  # fmt: skip
def test_what_no_text_takes_is_refused_with_the_field_and_the_place(value: Any, code: str, tmp_path: Path) -> None:
    project, layer = with_text()
    with pytest.raises(PersonaliseError) as refused:
        write(project, tmp_path, {"words": value}, field("words", "text", place(layer, "text", *TEXT)))
    assert (refused.value.code, refused.value.key) == (code, "words")
    assert "Main" in str(refused.value.where)
    assert not (tmp_path / "out" / "copy.aep").exists()

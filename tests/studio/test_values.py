"""Every type of field takes what it should and refuses the rest, with the value's path."""

import math
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from flatrender.contracts.content import SizeOption, TemplateDetails, TemplateField, TemplateScene
from flatrender.kit.errors import Refused
from flatrender.services.studio.values import Checker, frames_of, is_asked_for, is_filled

FILE = "8cf0c66b-931e-4f5c-a310-cd7c408f54f1"


def field(kind: str, **constraints: Any) -> TemplateField:
    return TemplateField(
        key="f",
        type=kind,
        label={"fa": "میدان"},
        default=None,
        options=[{"key": "a", "label": {"fa": "الف"}}, {"key": "b", "label": {"fa": "ب"}}]
        if kind == "dropdown"
        else [],
        constraints=constraints,
        is_required=False,
    )


def checker(one: TemplateField) -> Checker:
    return Checker(
        TemplateDetails(
            project_id=uuid4(),
            version_id=uuid4(),
            package_sha256=bytes(32),
            slug="t",
            title={"fa": "قالب"},
            fps=30,
            sizes=[SizeOption(key="16x9", width=1920, height=1080)],
            color_slots=[],
            presets=[],
            fields=[one],
            scenes=[],
            music=[],
            fonts=["Vazirmatn"],
        )
    )


@pytest.mark.parametrize(
    ("one", "value"),
    [
        (field("text", max_length=5), "سلام!"),
        (field("text"), ""),
        (field("textarea"), "یک\nدو"),
        (field("image"), FILE),
        (field("image"), ""),
        (field("image"), {"asset": FILE, "fit": "contain", "focus": [0, 1]}),
        (field("color"), "#a1B2c3"),
        (field("number", min=1, max=3), 3),
        (field("slider"), -2.5),
        (field("checkbox"), False),
        (field("dropdown"), "b"),
        (field("font"), "Vazirmatn"),
        (field("date"), "2026-03-21"),
    ],
)
def test_a_value_that_fits_is_kept_as_it_is(one: TemplateField, value: Any) -> None:
    checked = checker(one)
    assert checked.global_values({"f": value}) == {"f": value}
    checked.problems.raise_any()


@pytest.mark.parametrize(
    ("one", "value", "code"),
    [
        (field("text"), 5, "wrong_type"),
        (field("text"), ["a"], "wrong_type"),
        (field("text"), "a\0", "wrong_type"),
        (field("text"), "\ud800", "wrong_type"),
        (field("text"), "یک\nدو", "value_out_of_range"),
        (field("text"), "یک\u2028دو", "value_out_of_range"),
        (field("text", max_length=3), "سلام", "value_out_of_range"),
        (field("textarea"), "ب" * 10_001, "value_out_of_range"),
        (field("image"), 5, "wrong_type"),
        (field("image"), {"fit": "cover"}, "wrong_type"),
        (field("image"), {"asset": FILE, "path": "x"}, "wrong_type"),
        (field("image"), {"asset": FILE, "fit": "twist"}, "value_out_of_range"),
        (field("image"), {"asset": FILE, "focus": [2, 0]}, "value_out_of_range"),
        (field("image"), {"asset": FILE, "focus": "00"}, "value_out_of_range"),
        (field("image"), "images/headphones.jpg", "missing_asset"),
        (field("color"), 5, "wrong_type"),
        (field("color"), "blue", "value_out_of_range"),
        (field("color"), "#12345g", "value_out_of_range"),
        (field("color"), "#123456\n", "value_out_of_range"),
        (field("number"), "5", "wrong_type"),
        (field("number"), True, "wrong_type"),
        (field("number", min=1), 0, "value_out_of_range"),
        (field("number", max=3), 3.5, "value_out_of_range"),
        (field("slider"), 1e16, "value_out_of_range"),
        (field("slider"), math.nan, "value_out_of_range"),
        (field("checkbox"), "yes", "wrong_type"),
        (field("checkbox"), 1, "wrong_type"),
        (field("dropdown"), 1, "wrong_type"),
        (field("dropdown"), "c", "value_out_of_range"),
        (field("font"), 5, "wrong_type"),
        (field("font"), "", "unknown_font"),
        (field("font"), "Nowhere Sans", "unknown_font"),
        (field("map"), {}, "wrong_type"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(one: TemplateField, value: Any, code: str) -> None:
    checked = checker(one)
    assert checked.global_values({"f": value}) == {}
    with pytest.raises(Refused) as refused:
        checked.problems.raise_any()
    assert refused.value.code == f"studio.{code}"
    assert refused.value.fields[0][0] == "global_values.f"


@pytest.mark.parametrize(
    ("default", "value", "filled"),
    [
        (None, None, False),
        (None, " ", False),
        (None, "متن", True),
        ("پیش‌فرض", None, True),
        ("پیش‌فرض", "", False),
        ({"fa": "سلام"}, None, True),
        ({}, None, False),
        (None, 0, True),
        (None, False, True),
    ],
)
def test_a_required_field_is_filled_by_a_value_or_its_default(default: Any, value: Any, filled: bool) -> None:
    import msgspec

    assert is_filled(msgspec.structs.replace(field("text"), default=default), value) is filled


@pytest.mark.parametrize("value", ["2026-02-30", "tomorrow", "1700-01-01", "20260321"])
def test_what_is_no_date_is_refused(value: str) -> None:
    checked = checker(field("date"))
    checked.global_values({"f": value})
    with pytest.raises(Refused) as refused:
        checked.problems.raise_any()
    assert "f" in str(refused.value.fields)


@pytest.mark.parametrize(
    ("value", "fits"),
    [
        ("#0b1026", True),
        ("transparent", True),
        ({"image": {"asset": FILE}, "opacity": 40}, True),
        ({"image": "images/a.png"}, False),
        ("red", False),
        ({"colour": "#ffffff"}, False),
        (5, False),
    ],
)
def test_a_background_is_checked_under_its_reserved_key(value: Any, fits: bool) -> None:
    checked = checker(field("text"))
    kept = checked.global_values({"@background": value})
    if fits:
        checked.problems.raise_any()
        assert kept == {"@background": value}
        assert len(checked.pictures) == (1 if isinstance(value, dict) else 0)
        return
    with pytest.raises(Refused):
        checked.problems.raise_any()


def test_a_field_that_nobody_is_asked_for_is_not_required() -> None:
    look = field("dropdown")
    words = msgspec.structs.replace(field("text", visible_when=[{"field": "f", "is": "b"}]), key="words")
    assert [is_asked_for(words, [look, words], {"f": value}) for value in ("a", "b", None)] == [False, True, False]


def test_a_scenes_length_follows_its_words_within_its_limits() -> None:
    words = msgspec.structs.replace(field("textarea"), key="words", default={"fa": "یک دو", "en": "one"})
    scene = TemplateScene(
        id=uuid4(),
        key="s",
        title={},
        scene_type="normal",
        duration_frames=60,
        snapshot_frame=30,
        snapshot_url=None,
        can_repeat=False,
        is_required=False,
        color_slots=[],
        fields=[words],
        duration={
            "mode": "follow_text",
            "base_seconds": 1,
            "seconds_per_word": 0.5,
            "min_frames": 30,
            "max_frames": 90,
        },
    )
    template = checker(words)._template
    lengths = [frames_of(template, scene, values, "fa-IR") for values in ({}, {"words": "a"}, {"words": "a " * 50})]
    assert lengths == [60, 45, 90]
    assert frames_of(template, scene, {}, "en") == 45
    assert frames_of(template, scene, {}, "fa", asked=70) == 70
    found = checker(words)
    found.frames(scene, {}, "fa", 91, "scenes.0")
    with pytest.raises(Refused) as refused:
        found.problems.raise_any()
    assert "scenes.0.duration_frames" in str(refused.value.fields)

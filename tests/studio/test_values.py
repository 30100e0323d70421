"""Every type of field takes what it should and refuses the rest, with the value's path."""

import math
from typing import Any
from uuid import uuid4

import pytest

from flatrender.contracts.content import SizeOption, TemplateDetails, TemplateField
from flatrender.kit.errors import Refused
from flatrender.services.studio.values import Checker, is_filled

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

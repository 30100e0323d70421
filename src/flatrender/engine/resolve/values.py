"""Checking values against their fields, and their defaults."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from flatrender.engine.errors import ValueRefused
from flatrender.engine.lottie.document import is_number
from flatrender.engine.picture_value import PictureValueError, picture_value
from flatrender.engine.resolve.dates import FIRST, LAST, date_text
from flatrender.engine.template.check_rules import HEX_COLOR
from flatrender.engine.template.model import Field, LocaleText, Scene
from flatrender.engine.template.package import Template
from flatrender.engine.template.rules import BACKGROUND_KEY

Value = Any
"""A field's value: a string, number, boolean or, for a picture, a PictureValue; what it may be depends on the field."""

MAX_TEXT = 10_000
"""Characters of any text, whatever the field allows."""

_DIGITS = {"fa": "۰۱۲۳۴۵۶۷۸۹", "ar": "٠١٢٣٤٥٦٧٨٩"}
_DECIMAL_POINT = {"fa": "٫", "ar": "٫"}
# A minus sign before a number in a right-to-left text stands at its left only behind a left-to-right mark (CLDR, numbers of fa).
_MINUS = {"fa": "\u200e\u2212", "ar": "\u061c-"}


def in_locale(text: LocaleText, locale: str) -> str:
    """Return a text in the wanted locale, else `fa`, else `en`, else any."""
    for key in (locale, "fa", "en"):
        if key in text:
            return text[key]
    return next(iter(text.values()), "")


def all_fields(template: Template, scene: Scene) -> tuple[Field, ...]:
    """Return the template-wide fields, then the scene's."""
    return (*template.fields, *scene.fields)


def default_of(field: Field, locale: str) -> Value:
    """Return a field's default value in a locale; None when it has none."""
    default = field.default
    if isinstance(default, dict) and field.type in ("text", "textarea", "image", "font", "dropdown", "date"):
        return in_locale(default, locale) if default and all(isinstance(v, str) for v in default.values()) else default
    return default


def refuse(field: Field, code: str, what: str) -> ValueRefused:
    """Return the error for a value that does not fit its field."""
    return ValueRefused(what, code=code, where=f"field {field.key!r}")


def check_keys(template: Template, scene: Scene, values: Mapping[str, object]) -> None:
    """Refuse values for fields that neither the scene nor the template has."""
    known = {field.key for field in all_fields(template, scene)}
    for key in values:
        if key not in known and key != BACKGROUND_KEY:
            raise ValueRefused(
                f"scene {scene.key!r} has no field {key!r}; it has {', '.join(sorted(known)) or 'none'}",
                code="unknown_field",
                where=template.where,
            )


def check_value(field: Field, value: object) -> Value:
    """Return the value when it fits its field; raises ValueRefused `wrong_type` or `value_out_of_range`."""
    match field.type:
        case "text" | "textarea":
            return _check_text(field, value)
        case "color":
            if not isinstance(value, str):
                raise refuse(field, "wrong_type", f"a colour is a string #rrggbb, not {type(value).__name__}")
            if not HEX_COLOR.match(value):
                raise refuse(field, "value_out_of_range", f"{value[:40]!r} is no colour; write #rrggbb")
            return value.lower()
        case "number" | "slider":
            return _check_number(field, value)
        case "checkbox":
            if not isinstance(value, bool):
                raise refuse(field, "wrong_type", f"a checkbox is true or false, not {type(value).__name__}")
            return value
        case "dropdown":
            keys = [option.key for option in field.constraints.options]
            if not isinstance(value, str):
                raise refuse(field, "wrong_type", f"a choice is one of {', '.join(keys)}, not {type(value).__name__}")
            if value not in keys:
                raise refuse(field, "value_out_of_range", f"{value[:40]!r} is none of {', '.join(keys)}")
            return value
        case "date":
            return _check_date(field, value)
        case "font":
            if not isinstance(value, str):
                raise refuse(field, "wrong_type", f"a font is a family's name, not {type(value).__name__}")
            return value
        case _:
            return _check_image(field, value)


def _check_text(field: Field, value: object) -> str:
    if not isinstance(value, str):
        raise refuse(field, "wrong_type", f"a text is a string, not {type(value).__name__}")
    if any(0xD800 <= ord(c) < 0xE000 for c in value):
        raise refuse(field, "wrong_type", "the text holds half a character (a lone surrogate)")
    limits = field.constraints
    longest = min(MAX_TEXT, limits.max_length if limits.max_length is not None else MAX_TEXT)
    if len(value) > longest:
        raise refuse(field, "value_out_of_range", f"{len(value)} characters; at most {longest} fit")
    if field.type == "text" and re.search("[\n\r\u2028\u2029]", value):
        raise refuse(field, "value_out_of_range", "a line break in a text of one line; leave it out")
    return value


def _check_number(field: Field, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise refuse(field, "wrong_type", f"a number is needed, not {type(value).__name__}")
    limits = field.constraints
    if not is_number(value) or abs(value) > 1e15:
        raise refuse(field, "value_out_of_range", "that is no number that can be shown")
    if (limits.min is not None and value < limits.min) or (limits.max is not None and value > limits.max):
        low = "any" if limits.min is None else f"{limits.min:g}"
        high = "any" if limits.max is None else f"{limits.max:g}"
        raise refuse(field, "value_out_of_range", f"{value:g} is not within {low} to {high}")
    return value


def _check_date(field: Field, value: object) -> str:
    if not isinstance(value, str):
        raise refuse(field, "wrong_type", f"a date is a string YYYY-MM-DD, not {type(value).__name__}")
    try:
        day = date.fromisoformat(value) if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value) else None
    except ValueError:
        day = None
    if day is None or not FIRST <= day <= LAST:
        raise refuse(field, "value_out_of_range", f"{value[:40]!r} is no date; write YYYY-MM-DD, {FIRST} to {LAST}")
    return value


def _check_image(field: Field, value: object) -> Value:
    try:
        return picture_value(value)
    except PictureValueError as error:
        raise refuse(field, "wrong_type" if error.wrong_type else "value_out_of_range", str(error)) from None


def number_text(field: Field, value: float, locale: str) -> str:
    """Return a number as it is written in a locale, with the field's decimals, grouping and suffix."""
    limits = field.constraints
    group = "," if limits.grouping else ""
    if limits.decimals is not None:
        text = f"{value:{group}.{limits.decimals}f}"
    elif value == int(value):
        text = f"{int(value):{group}}"
    else:
        text = f"{value:{group}.6f}".rstrip("0")
    negative = text.startswith("-") and text.strip("-0.,") != ""
    text = text.removeprefix("-")
    if locale in _DIGITS:
        text = _digits(text.replace(",", "\u066c").replace(".", _DECIMAL_POINT[locale]), locale)
    prefix, suffix = (t if isinstance(t, str) else in_locale(t, locale) for t in (limits.prefix, limits.suffix))
    return prefix + (_MINUS.get(locale, "\u2212") if negative else "") + text + suffix


def _digits(text: str, locale: str) -> str:
    return text.translate(str.maketrans("0123456789", _DIGITS[locale])) if locale in _DIGITS else text


def day_text(field: Field, value: str, locale: str) -> str:
    """Return a date (YYYY-MM-DD) as it is written in a locale, with the locale's digits."""
    limits = field.constraints
    calendar = limits.calendar
    if calendar == "auto":
        calendar = "jalali" if locale == "fa" else "gregorian"
    return _digits(date_text(date.fromisoformat(value), limits.date_style, calendar, locale), locale)


def value_text(field: Field, value: Value, locale: str) -> str:
    """Return a value as it is written in a text."""
    if field.type in ("number", "slider"):
        return number_text(field, value, locale)
    if field.type == "dropdown":
        return option_label(field, value, locale)
    if field.type == "date":
        return day_text(field, value, locale)
    return value if isinstance(value, str) else ""


def option_label(field: Field, key: str, locale: str) -> str:
    """Return what a dropdown's option is called in a locale."""
    return next(in_locale(o.label, locale) for o in field.constraints.options if o.key == key)

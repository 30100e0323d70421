"""Values for fields: checked, and read from what a person writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from flatrender.aftereffects.personalise.errors import PersonaliseError
from flatrender.engine.errors import ValueRefused
from flatrender.engine.resolve.values import check_value
from flatrender.engine.template.model import Constraints, Field, Option

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flatrender.aftereffects.fields import SuggestedField

MAX_VALUES = 2_000
_YES, _NO = {"true", "yes", "on", "1"}, {"false", "no", "off", "0"}


def checked_values(
    fields: Sequence[SuggestedField], values: Mapping[str, Any], said: Mapping[str, str] | None = None
) -> list[tuple[SuggestedField, Field, Any]]:
    """Return each field that has a value, in the fields' order; `said`, what a person writes, wins over `values`.

    Raises PersonaliseError `field_unknown` and `value_invalid` with the key.
    """
    said = said or {}
    if len(values) + len(said) > MAX_VALUES:
        raise PersonaliseError(f"{len(values) + len(said)} values; at most {MAX_VALUES} are written")
    known = {field.key for field in fields}
    for key in (*values, *said):
        if key not in known:
            listed = ", ".join(sorted(known)[:20]) + (", …" if len(known) > 20 else "")
            raise PersonaliseError(
                f"there is no such field; there are {listed or 'none'}", code="field_unknown", key=str(key)[:60]
            )
    chosen = []
    for field in fields:
        if field.key in said:
            chosen.append(_checked(field, _read(field, said[field.key])))
        elif field.key in values:
            chosen.append(_checked(field, values[field.key]))
    return chosen


def _checked(field: SuggestedField, value: Any) -> tuple[SuggestedField, Field, Any]:
    described = Field(key=field.key, type=field.type, label=field.label, constraints=_constraints(field))
    try:
        return field, described, check_value(described, value)
    except ValueRefused as error:
        raise PersonaliseError(error.detail, key=field.key, where=_where(field)) from error


def _constraints(field: SuggestedField) -> Constraints:
    """Return the field's limits; the options of a field that a template keeps without them are those that its places know."""
    if field.type != "dropdown" or field.constraints.options:
        return field.constraints
    keys = {key: None for place in field.places for key in place.values}
    options = tuple(Option(key=key, label={"en": key}) for key in keys)
    return msgspec.structs.replace(field.constraints, options=options)


def _read(field: SuggestedField, text: str) -> Any:
    """Return the value that a person means by `text`. Raises PersonaliseError `value_invalid`."""
    match field.type:
        case "number" | "slider":
            try:
                return float(text)
            except ValueError:
                raise PersonaliseError(f"{text[:40]!r} is no number", key=field.key, where=_where(field)) from None
        case "checkbox":
            if text.lower() in _YES | _NO:
                return text.lower() in _YES
            raise PersonaliseError(f"{text[:40]!r}: write true or false", key=field.key, where=_where(field))
        case "image" if text.startswith("{"):
            try:
                return msgspec.json.decode(text)
            except (msgspec.DecodeError, RecursionError) as error:
                raise PersonaliseError(
                    f"the picture's value is no JSON ({error})", key=field.key, where=_where(field)
                ) from None
        case "textarea":
            return text.replace("\\n", "\n")
    return text


def _where(field: SuggestedField) -> str | None:
    return field.places[0].path() if field.places else None

"""From a property of the project to what a field says of it: its kind, default, limits and place."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from py_aep.enums import PropertyControlType, PropertyValueType

from flatrender.aftereffects.convert.footage import hex_color
from flatrender.aftereffects.fields.keys import Keys
from flatrender.aftereffects.fields.model import ProjectPlace, Step, Takes
from flatrender.engine.template.model import Constraints, FieldType, Option

if TYPE_CHECKING:
    from flatrender.aftereffects.fields.layers import SceneLayer

TEXT_STEPS = (Step("ADBE Text Properties", 0, "Text"), Step("ADBE Text Document", 0, "Source Text"))
_MAX_OPTIONS = 64
_MAX_RANGE = 100_000.0
"""Limits of a control beyond this are After Effects' own, not the designer's."""


class Described(NamedTuple):
    """What a field of a property's kind would be."""

    type: FieldType
    takes: Takes
    default: Any
    constraints: Constraints = Constraints()
    values: dict[str, float] = {}  # noqa: RUF012  # never changed
    component: int | None = None
    suffix: str = ""
    """Added to the key of one number of several: `x`, `y`, `z`."""


PlaceKey = tuple[int, int, tuple[tuple[str, int], ...], int | None]
"""What tells a place from every other of the project: composition, layer, property (or what of the layer), component."""


def place_key(place: ProjectPlace) -> PlaceKey:
    """Return what tells the place from every other."""
    steps = [(step.match_name, step.nth) for step in place.property]
    if not steps:
        steps.append((place.takes, 0))
    return place.composition_id, place.layer_id, tuple(steps), place.component


def place_of(one: SceneLayer, takes: Takes, steps: tuple[Step, ...] = (), **more: Any) -> ProjectPlace:
    """Return the place in a layer of a scene."""
    return ProjectPlace(
        takes=takes,
        composition=str(one.comp.name),
        composition_id=int(one.comp.id),
        layer=str(one.layer.name),
        layer_id=int(one.layer.id),
        layer_index=one.number,
        property=steps,
        **more,
    )


def words_of(document: Any) -> str:
    """Return a text document's words, its lines set apart by a line feed."""
    return re.sub("\r\n|[\r\x03]", "\n", str(document.text or ""))


def documents_of(one: SceneLayer) -> list[Any]:
    """Return a text layer's documents, one for each key; nothing for other layers."""
    group = one.layer.text if one.kind == "text" else None
    if group is None:
        return []
    source = group["ADBE Text Document"]
    documents = [key.value for key in source.keyframes] or [source.value]
    return [document for document in documents if document is not None]


def text_described(document: Any) -> Described:
    """Describe the field of a text: several lines where it has a box or several already."""
    words = words_of(document)
    several = "\n" in words.strip("\n") or bool(getattr(document, "box_text", False))
    return Described("textarea" if several else "text", "text", words)


def described(prop: Any, low: float | None = None, high: float | None = None) -> list[Described]:
    """Describe the fields that stand for a property: one, or one for each of its numbers; none for a kind that no field has.

    `low`, `high`: a range that is known otherwise than from the property.
    """
    if prop.match_name == "ADBE Text Document":
        return [text_described(prop.value)] if prop.value is not None else []
    value = prop.value
    kind, control = prop.property_value_type, prop.property_control_type
    if kind == PropertyValueType.COLOR and isinstance(value, (list, tuple)) and len(value) >= 3:
        return [Described("color", "color", hex_color(value))]
    if control == PropertyControlType.BOOLEAN and isinstance(value, (bool, int, float)):
        return [Described("checkbox", "checkbox", bool(value))]
    if control == PropertyControlType.ENUM or prop.property_parameters:
        return _choice(prop)
    if isinstance(value, (bool, int, float)) and math.isfinite(value):
        return [_number(prop, float(value), low, high)]
    if isinstance(value, (list, tuple)) and all(isinstance(part, (int, float)) for part in value):
        size = 2 if control == PropertyControlType.TWO_D else min(len(value), 3)
        return [
            Described("number", "number", _tidy(float(part)), component=place, suffix="xyz"[place])
            for place, part in enumerate(value[:size])
        ]
    return []


def _number(prop: Any, value: float, low: float | None, high: float | None) -> Described:
    if low is None and getattr(prop, "has_min", False):
        low = _sensible(prop.min_value)
    if high is None and getattr(prop, "has_max", False):
        high = _sensible(prop.max_value)
    low, high = (None if low is None else min(low, value)), (None if high is None else max(high, value))
    both = low is not None and high is not None and high > low
    return Described(
        "slider" if both else "number", "number", _tidy(value), Constraints(min=_tidy_or(low), max=_tidy_or(high))
    )


def _choice(prop: Any) -> list[Described]:
    names = [str(name) for name in prop.property_parameters or ()][:_MAX_OPTIONS]
    value = prop.value
    if len(names) < 2 or not isinstance(value, (bool, int, float)):
        return []
    keys, options, values = Keys(), [], {}
    for number, name in enumerate(names, start=1):
        if set(name.strip()) <= {"-", "("}:  # a line between entries
            continue
        key = keys.take(name, "option")
        options.append(Option(key=key, label={"fa": name, "en": name}))
        values[key] = float(number)
    chosen = next((key for key, number in values.items() if number == value), None)
    return [Described("dropdown", "choice", chosen, Constraints(options=tuple(options)), values)]


def _sensible(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and abs(value) <= _MAX_RANGE else None


def _tidy(value: float) -> float:
    number = round(value, 4)
    return int(number) if number == int(number) else number


def _tidy_or(value: float | None) -> float | None:
    return None if value is None else _tidy(value)

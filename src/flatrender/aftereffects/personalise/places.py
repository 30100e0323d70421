"""Writing one checked value at one place of a project, and reading it back in the same words."""

from __future__ import annotations

import contextlib
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from flatrender.aftereffects.fields import ProjectPlace, SuggestedField, layer_at, property_at
from flatrender.aftereffects.personalise.colors import (
    color_of,
    hex_of,
    layers_showing,
    parsed_color,
    solid_color_of,
    write_color,
    write_solid,
)
from flatrender.aftereffects.personalise.errors import PersonaliseError
from flatrender.aftereffects.personalise.numbers import number_of, write_number
from flatrender.aftereffects.personalise.overrides import media_overrides_of, overrides_of
from flatrender.aftereffects.personalise.switches import write_visible
from flatrender.aftereffects.personalise.texts import documents_of, text_of, write_font, write_text, write_text_color
from flatrender.engine.picture_value import Fit, PictureValue
from flatrender.engine.resolve.values import value_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from py_aep.models.project import Project

    from flatrender.aftereffects.personalise.footage import FootageWriter
    from flatrender.aftereffects.personalise.report import Notes
    from flatrender.engine.template.model import Field

_SOURCE_TEXT = "ADBE Text Document"


class Writing(msgspec.Struct, frozen=True, kw_only=True):
    """What all values of one copy are written with."""

    project: Any
    footage: FootageWriter
    notes: Notes
    assets: Mapping[str, Path]
    locale: str
    anchors: Mapping[int, float]
    """By the composition's id: its time in s at which a property that moves has its value."""


def write_place(writing: Writing, field: SuggestedField, checked: Field, place: ProjectPlace, value: Any) -> None:
    """Write a value that fits its field (see `engine.resolve.values.check_value`) at one of the field's places.

    Raises PersonaliseError, and ProjectError `place_unknown`.
    """
    where, notes = place.path(), writing.notes
    before = read_place(writing.project, field, place, writing.anchors)
    match place.takes:
        case "text":
            source = property_at(writing.project, place)
            if field.type == "font":
                write_font(source, str(value), where=where, notes=notes)
            else:
                _with_overrides(
                    writing,
                    place,
                    source,
                    lambda prop, at: _text(prop, at, value_text(checked, value, writing.locale), notes),
                )
        case "color":
            color = parsed_color(value, where)
            prop = property_at(writing.project, place)
            if prop.match_name == _SOURCE_TEXT:
                write_text_color(prop, color, where=where)
            else:
                _with_overrides(
                    writing,
                    place,
                    prop,
                    lambda one, at: write_color(one, color, where=at, notes=notes, stop=place.component),
                )
        case "solid":
            layer: Any = layer_at(writing.project, place)
            write_solid(
                layer, parsed_color(value, where), where=where, notes=notes, shared_by_all=_all_meant(field, layer)
            )
        case "number" | "checkbox" | "choice":
            number = _number(place, value, where)
            prop = property_at(writing.project, place)
            anchor = writing.anchors.get(place.composition_id)
            _with_overrides(
                writing,
                place,
                prop,
                lambda one, at: write_number(
                    one, number, where=at, notes=notes, component=place.component, anchor_s=anchor
                ),
            )
        case "visible":
            write_visible(layer_at(writing.project, place), visible=_visible(place, value))
        case "footage":
            _footage(writing, field, checked, place, value)
    after = read_place(writing.project, field, place, writing.anchors)
    notes.change(where, before, after)


def read_place(
    project: Project, field: SuggestedField, place: ProjectPlace, anchors: Mapping[int, float] | None = None
) -> Any:
    """Return what stands at a place: words, `#rrggbb`, a number, true or false, or the name of the file that is shown (None: no file)."""
    where = place.path()
    match place.takes:
        case "text":
            source = property_at(project, place)
            return documents_of(source, where)[0].font if field.type == "font" else text_of(source, where)
        case "color":
            prop = property_at(project, place)
            if prop.match_name == _SOURCE_TEXT:
                return hex_of(documents_of(prop, where)[0].fill_color or (0, 0, 0))
            return color_of(prop, place.component)
        case "solid":
            return solid_color_of(layer_at(project, place))  # type: ignore[arg-type]
        case "number" | "checkbox" | "choice":
            found = number_of(property_at(project, place), place.component, (anchors or {}).get(place.composition_id))
            return round(found, 6)
        case "visible":
            return bool(layer_at(project, place).enabled)
    return _shown_file(layer_at(project, place))


def same(one: Any, other: Any) -> bool:
    """Say whether two values that were read are the same; numbers as exactly as After Effects keeps them."""
    if isinstance(one, float) and isinstance(other, (int, float)):
        return math.isclose(one, other, rel_tol=1e-5, abs_tol=1e-4)
    return bool(one == other)


def _text(prop: Any, where: str, words: str, notes: Notes) -> None:
    write_text(prop, words, where=where, notes=notes)


def _number(place: ProjectPlace, value: Any, where: str) -> float:
    if place.takes == "choice":
        if value not in place.values:
            raise PersonaliseError(f"{str(value)[:40]!r} is none of {', '.join(place.values)}", where=where)
        return place.values[value]
    if place.takes == "checkbox":
        return float(bool(value) != place.invert)
    return float(value)


def _visible(place: ProjectPlace, value: Any) -> bool:
    shown = place.values.get(value, 0.0) != 0 if place.values else bool(value)
    return shown != place.invert


def _footage(writing: Writing, field: SuggestedField, checked: Field, place: ProjectPlace, value: PictureValue) -> None:
    where = place.path()
    file = writing.assets.get(value.asset)
    if file is None:
        raise PersonaliseError(f"there is no file {value.asset[:120]!r}", code="asset_missing", where=where)
    fit: Fit = value.fit or checked.constraints.fit
    layer: Any = layer_at(writing.project, place)
    meant = frozenset(other.layer_id for other in field.places if other.takes == "footage")
    if getattr(layer, "source", None) is None:
        raise PersonaliseError("the layer shows no picture", code="place_unwritable", where=where)
    item = writing.footage.replace_layer(layer, file, fit=fit, options=value, where=where, with_others=meant)
    if place.controller:
        for slot, at in media_overrides_of(layer):
            with contextlib.suppress(ValueError):
                slot.alternate_source = item
                writing.notes.note("override_written", at, "the layer's own picture is replaced too")


def _with_overrides(writing: Writing, place: ProjectPlace, prop: Any, write: Any) -> None:
    """Write a property, and the values by which layers override it where these say what it said."""
    overriding = [(leaf, at, _same_value(leaf, prop)) for leaf, at in overrides_of(prop)] if place.controller else []
    write(prop, place.path())
    for leaf, at, was_same in overriding:
        if was_same:
            write(leaf, at)
            writing.notes.note("override_written", at, "the layer had the property's own value and takes the new one")
        else:
            writing.notes.note("override_kept", at, "the layer has a value of its own and keeps it")


def _same_value(leaf: Any, prop: Any) -> bool:
    one, other = leaf.value, prop.value
    if hasattr(one, "text") and hasattr(other, "text"):
        return bool(one.text == other.text)
    return bool(one == other)


def _all_meant(field: SuggestedField, layer: Any) -> bool:
    meant = {place.layer_id for place in field.places if place.takes == "solid"}
    return all(other.id in meant for other in layers_showing(layer.source))


def _shown_file(layer: Any) -> str | None:
    source = getattr(layer, "source", None)
    if source is None:
        return None
    if hasattr(source, "layers"):
        inner = [getattr(one, "source", None) for one in source.layers]
        files = [getattr(one, "file", None) for one in inner if one is not None]
        return _basename(files[0]) if len(files) == 1 and files[0] else str(source.name)
    return _basename(source.file) if source.file else None


def _basename(path: str) -> str:
    return path.replace("\\", "/").rsplit("/", 1)[-1]

"""Numbers into properties: sliders, checkboxes, angles, points, menus and every other value that is a number or several.

A property that stands still is replaced. One that moves keeps its motion, so that it has the value at the anchor (ADR 0034): percentages of size
and opacity are scaled, everything else is shifted.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from py_aep.enums import PropertyControlType, PropertyValueType

from flatrender.aftereffects.personalise.errors import PersonaliseError
from flatrender.aftereffects.personalise.expressions import disable_expression

if TYPE_CHECKING:
    from collections.abc import Callable

    from py_aep.models.properties.property import Property

    from flatrender.aftereffects.personalise.report import Notes

Number = float | int
_LARGEST = 1e9
_SCALED = {"ADBE Opacity", "ADBE Scale", "ADBE Vector Scale", "ADBE Vector Group Opacity", "ADBE Text Opacity"}
_WHOLE = {PropertyControlType.BOOLEAN, PropertyControlType.ENUM}


def write_number(
    prop: Property,
    value: float,
    *,
    where: str,
    notes: Notes,
    component: int | None = None,
    anchor_s: float | None = None,
) -> None:
    """Write a number into a property, or into one `component` (from 0) of a property with several.

    `anchor_s` is the composition's time in seconds at which a property that moves has the value; without it that is the last key. A property
    that can only be one thing after the other (a checkbox, a menu) gets the value in all its keys. Raises PersonaliseError `value_invalid`
    (outside the property's range, not finite), and `place_unwritable` for a property that takes no numbers.
    """
    if not isinstance(value, (int, float)) or not math.isfinite(value) or abs(value) > _LARGEST:
        raise PersonaliseError(f"{value!r} is no number that After Effects takes", where=where)
    part = _part(prop, component, where)
    if part is not prop:
        write_number(part, value, where=where, notes=notes, anchor_s=anchor_s)
        return
    disable_expression(prop, where, notes)
    with_value: Callable[[Any], Any] = lambda old: _replaced(old, component, value, where)  # noqa: E731  # one use each
    if not prop.keyframes:
        _set(prop, with_value(prop.value), where)
        return
    if len(prop.keyframes) == 1 or _holds_things(prop):
        for key in prop.keyframes:
            _set_key(key, with_value(key.value), where)
        return
    _move(prop, value, component, where, notes, anchor_s)


def write_point(
    prop: Property, values: list[float], *, where: str, notes: Notes, anchor_s: float | None = None
) -> None:
    """Write a point, size or scale; of a property with three numbers the third stays when two are given."""
    for component, value in enumerate(values):
        write_number(prop, value, where=where, notes=notes, component=component, anchor_s=anchor_s)


def number_of(prop: Property, component: int | None = None, at_s: float | None = None) -> float:
    """Return a property's number, of a moving one at the composition's time `at_s` (its last key without)."""
    followers = prop._separation_followers()
    if followers is not None and component is not None and component < len(followers):
        return number_of(followers[component], None, at_s)
    value: Any = _at(prop, at_s)
    return float(value[component or 0] if isinstance(value, (list, tuple)) else value)


def _part(prop: Property, component: int | None, where: str) -> Property:
    followers = prop._separation_followers()
    if followers is None:
        return prop
    if component is None or component >= len(followers):
        raise PersonaliseError(
            "the property's dimensions are separated; a number goes into one of them",
            code="place_unwritable",
            where=where,
        )
    return followers[component]


def _replaced(old: Any, component: int | None, value: float, where: str) -> Any:
    if isinstance(old, (list, tuple)):
        if component is None or component >= len(old):
            raise PersonaliseError(
                f"the property has {len(old)} numbers; one number goes into one of them",
                code="place_unwritable",
                where=where,
            )
        return [*old[:component], float(value), *old[component + 1 :]]
    if not isinstance(old, (int, float)):
        raise PersonaliseError("the property takes no number", code="place_unwritable", where=where)
    return float(value)


def _set(prop: Property, value: Any, where: str) -> None:
    try:
        prop.value = value
    except (ValueError, TypeError, NotImplementedError, AttributeError) as error:
        raise PersonaliseError(f"After Effects does not take {value!r} there: {error}", where=where) from error


def _set_key(key: Any, value: Any, where: str) -> None:
    try:
        key.value = value
    except (ValueError, TypeError, NotImplementedError, AttributeError) as error:
        raise PersonaliseError(f"After Effects does not take {value!r} there: {error}", where=where) from error


def _holds_things(prop: Property) -> bool:
    return prop.property_control_type in _WHOLE or prop.property_value_type in {
        PropertyValueType.LAYER_INDEX,
        PropertyValueType.MASK_INDEX,
    }


def _at(prop: Property, at_s: float | None) -> Any:
    if not prop.keyframes:
        return prop.value
    if at_s is None:
        return prop.keyframes[-1].value
    try:
        return prop.value_at_time(at_s)
    except (NotImplementedError, TypeError, ValueError, ZeroDivisionError):
        return prop.keyframes[-1].value


def _move(
    prop: Property, value: float, component: int | None, where: str, notes: Notes, anchor_s: float | None
) -> None:
    found = _at(prop, anchor_s)
    now = float(found[component or 0] if isinstance(found, (list, tuple)) else found)
    scaled = prop.match_name in _SCALED and abs(now) > 1e-6
    low, high = _bounds(prop)
    for key in prop.keyframes:
        old: Any = key.value
        number = float(old[component or 0] if isinstance(old, (list, tuple)) else old)
        moved = number * (value / now) if scaled else number + (value - now)
        _set_key(key, _replaced(old, component, min(max(moved, low), high), where), where)
    at = "at its last key" if anchor_s is None else f"at {anchor_s:g} s"
    if scaled:
        notes.note("motion_scaled", where, f"the property moves; its motion is scaled so that it is {value:g} {at}")
    else:
        notes.note("motion_shifted", where, f"the property moves; its motion is shifted so that it is {value:g} {at}")


def _bounds(prop: Property) -> tuple[float, float]:
    low, high = prop.min_value, prop.max_value
    return (
        float(low) if isinstance(low, (int, float)) else -math.inf,
        float(high) if isinstance(high, (int, float)) and high != 0 else math.inf,  # 0 stands for no limit
    )

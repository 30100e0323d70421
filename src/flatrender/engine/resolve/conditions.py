"""Whether conditions between fields hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flatrender.engine.template.rules import Condition


def filled(value: Any) -> bool:
    """Whether a value says something: no empty text or picture, no switch that is off, not 0."""
    if isinstance(value, str):
        return value.strip() != ""
    return bool(value)


def holds(conditions: Iterable[Condition], values: Mapping[str, Any]) -> bool:
    """Whether all conditions hold for values by field key; an absent one is None."""
    return all(_one(condition, values.get(condition.field)) for condition in conditions)


def _one(condition: Condition, value: Any) -> bool:
    wanted = condition.equals
    if wanted is None:
        met = filled(value)
    else:
        # True is 1 for Python; a switch is no number.
        met = any(
            value == one and isinstance(value, bool) == isinstance(one, bool)
            for one in (wanted if isinstance(wanted, list) else [wanted])
        )
    return met != condition.negated

"""Expressions of properties that get a value: they would hide it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py_aep.models.properties.property import Property

    from flatrender.aftereffects.personalise.report import Notes


def disable_expression(prop: Property, where: str, notes: Notes) -> None:
    """Switch the property's expression off, if one is on, and say so. It stays in the project."""
    if prop.expression and prop.expression_enabled:
        prop.expression_enabled = False
        notes.note("expression_disabled", where, f"the expression is switched off: {prop.expression.strip()[:80]!r}")

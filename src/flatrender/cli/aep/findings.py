"""Findings as lines for people: what is true of many places is said once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flatrender.aftereffects.findings import Finding

MAX_LINES = 30


def warn(findings: Iterable[Finding]) -> None:
    """Print what is not drawn exactly to standard error, what is not drawn at all first; at most 30 lines."""
    places: dict[tuple[str, str, str], list[str]] = {}
    for one in findings:
        if one.verdict != "exact":
            places.setdefault((one.verdict, one.feature, one.detail), []).append(one.where)
    ordered = sorted(places.items(), key=lambda item: item[0][0] != "not_drawn")
    for (_, feature, detail), where in ordered[:MAX_LINES]:
        more = f" (and in {len(where) - 1} more places)" if len(where) > 1 else ""
        typer.echo(f"flatrender: warning: {where[0]}{more}: {detail} [{feature}]", err=True)
    if len(ordered) > MAX_LINES:
        typer.echo(
            f"flatrender: warning: and {len(ordered) - MAX_LINES} more; flatrender aep report names all", err=True
        )

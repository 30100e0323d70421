"""`flatrender aep`: After Effects projects, without After Effects. Its sub-commands, one module each, of which only the one that runs is imported."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import typer

_COMMANDS = {
    name: f"flatrender.cli.aep.{name}" for name in ("inspect", "report", "convert", "render", "template", "personalise")
}


def _only() -> str | None:
    """Return the sub-command that the command line names."""
    named = sys.argv[2:3] if sys.argv[1:2] == ["aep"] else []
    return named[0] if named and named[0] in _COMMANDS else None


def build(only: str | None = None) -> typer.Typer:
    """Return the command with all sub-commands, or with one."""
    app = typer.Typer(
        no_args_is_help=True,
        help="After Effects projects: what is in one, how it is drawn without After Effects, and a template or a film of it.",
    )
    for name, module in _COMMANDS.items():
        if only in (None, name):
            command: Any = getattr(importlib.import_module(module), name)
            app.command(name)(command)
    return app


def __getattr__(name: str) -> typer.Typer:
    if name == "aep":  # made when it is asked for: a process may run several command lines
        return build(_only())
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

"""The `flatrender` command: its sub-commands, one module each, of which only the one that runs is imported."""

import gc
import importlib
import sys
from collections.abc import Callable
from typing import Any

import typer
from typer.exceptions import TyperException

HELP = "Motion-design templates into videos."
_COMMANDS = {
    "render": ("flatrender.cli.render", "Films and pictures"),
    "still": ("flatrender.cli.still", "Films and pictures"),
    "inspect": ("flatrender.cli.inspect", "Films and pictures"),
    "film": ("flatrender.cli.film_files", "Films and pictures"),
    "store": ("flatrender.cli.store", "Films and pictures"),
    "aep": ("flatrender.cli.aep", "Films and pictures"),
    "up": ("flatrender.cli.up", "The platform"),
    "serve": ("flatrender.cli.serve", "The platform"),
    "node": ("flatrender.cli.node", "The platform"),
    "migrate": ("flatrender.cli.migrate", "The platform"),
    "version": ("flatrender.cli.version", "About"),
}
"""Where each is, and under which heading the help lists it."""
_EXTRAS = {"up": "server", "serve": "server", "migrate": "server", "node": "node"}
"""What must be installed besides the engine."""


def build(only: str | None = None) -> typer.Typer:
    """Return the command line with all sub-commands, or with one: the options of the others need not be read to run it."""
    app = typer.Typer(
        name="flatrender",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="markdown",
        help=HELP,
    )

    @app.callback()
    def root() -> None:
        """Motion-design templates into videos."""

    for name, (module, panel) in _COMMANDS.items():
        if only in (None, name):
            command: Any = getattr(importlib.import_module(module), module.rpartition(".")[2])
            if isinstance(command, typer.Typer):
                app.add_typer(command, name=name, rich_help_panel=panel)
            else:
                app.command(name, rich_help_panel=panel)(command)
    return app


def main() -> None:
    """Run the command line; wrong usage ends it with one line and exit code 2."""
    from flatrender.cli.errors import fail

    gc.set_threshold(
        100_000, 50, 1000
    )  # imports and templates are many objects, none of them garbage: a sixth of a command's start
    only = sys.argv[1] if len(sys.argv) > 1 and sys.argv[1] in _COMMANDS else None
    app = build(only)
    if len(sys.argv) < 2:
        app()  # prints the help
    try:
        ended = app(standalone_mode=False)
    except TyperException as error:
        format_message: Callable[[], str] = getattr(error, "format_message", error.__str__)
        try:
            fail(f"{format_message()} (see --help)", 2, code="usage", json="--json" in sys.argv)
        except typer.Exit:
            sys.exit(2)
    except typer.Abort:
        sys.exit(130)
    except ModuleNotFoundError as error:
        extra = _EXTRAS.get(only or "")
        if extra is None or (error.name or "").startswith("flatrender"):
            raise
        try:
            fail(
                f"{only} needs {error.name}: pip install 'flatrender[{extra}]'",
                2,
                code="not_installed",
                json="--json" in sys.argv,
            )
        except typer.Exit:
            sys.exit(2)
    sys.exit(ended if isinstance(ended, int) else 0)

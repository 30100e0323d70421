"""The `flatrender` command: its sub-commands are registered here, one module each."""

import sys
from collections.abc import Callable

import typer
from typer.exceptions import TyperException

from flatrender.cli.inspect import inspect
from flatrender.cli.migrate import migrate
from flatrender.cli.node import node
from flatrender.cli.render import render
from flatrender.cli.serve import serve
from flatrender.cli.still import still
from flatrender.cli.up import up

app = typer.Typer(
    name="flatrender",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Motion-design templates into videos.",
)


@app.callback()
def root() -> None:
    """Motion-design templates into videos."""


@app.command()
def version() -> None:
    """Print the version."""
    from flatrender import __version__

    typer.echo(__version__)


app.command()(up)
app.command()(serve)
app.command()(render)
app.command()(still)
app.command()(inspect)
app.command()(migrate)
app.command()(node)


def main() -> None:
    """Run the command line; wrong usage ends it with one line and exit code 2."""
    if len(sys.argv) < 2:
        app()  # prints the help
    try:
        ended = app(standalone_mode=False)
    except TyperException as error:
        format_message: Callable[[], str] = getattr(error, "format_message", error.__str__)
        typer.echo(f"flatrender: error: {' '.join(format_message().split())} (see --help)", err=True)
        sys.exit(2)
    except typer.Abort:
        sys.exit(130)
    sys.exit(ended if isinstance(ended, int) else 0)

"""The `flatrender` command: its sub-commands are registered here, one module each."""

import typer

from flatrender.cli.migrate import migrate
from flatrender.cli.node import node

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


app.command()(migrate)
app.command()(node)


def main() -> None:
    """Run the command line."""
    app()

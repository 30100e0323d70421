"""How a command fails: one line on standard error and an exit code.

2: what was asked for is wrong. 3: it could not be done. 130: interrupted.
"""

from typing import NoReturn

import typer


def fail(message: str, code: int) -> NoReturn:
    """Say what is wrong in one line and end the command with `code`."""
    typer.echo("flatrender: error: " + " ".join(message.split()), err=True)
    raise typer.Exit(code)

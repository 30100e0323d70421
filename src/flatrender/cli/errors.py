"""How a command fails: one line on standard error and an exit code.

2: what was asked for is wrong. 3: it could not be done. 4: some films of several could not be made. 130: interrupted.
"""

from typing import NoReturn

import typer

WRONG_INPUT, FAILED, SOME_FAILED, INTERRUPTED = 2, 3, 4, 130


def fail(
    message: str, exit_code: int, *, code: str | None = None, where: str | None = None, json: bool = False
) -> NoReturn:
    """Say what is wrong in one line and end the command with `exit_code`; with `json` standard output gets it as a document too."""
    line = " ".join(message.split())
    typer.echo(f"flatrender: error: {line}", err=True)
    if json:
        from flatrender.cli.output import print_json

        print_json({"error": {"code": code or "failed", "detail": line, "where": where, "exit_code": exit_code}})
    raise typer.Exit(exit_code)

"""The file a command makes: checked before the work, whole or not there after it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import typer

from flatrender.engine.errors import RenderError


def checked_output(path: Path, suffixes: tuple[str, ...]) -> None:
    """Raise RenderError `output_unwritable` when no file of one of these kinds can be written there."""
    problem = None
    if path.suffix.lower() not in suffixes:
        problem = f"the output must end in {' or '.join(suffixes)}"
    elif path.is_dir():
        problem = "the output is a folder"
    elif not path.absolute().parent.is_dir():
        problem = "the folder for the output does not exist"
    elif not os.access(path.absolute().parent, os.W_OK):
        problem = "the folder for the output cannot be written"
    if problem:
        raise RenderError(problem, code="output_unwritable", where=str(path))


def write_whole(path: Path, data: bytes) -> None:
    """Write a file under a temporary name beside it and rename it. Raises RenderError `output_unwritable`."""
    name = ""
    try:
        with tempfile.NamedTemporaryFile(dir=path.absolute().parent, prefix=".flatrender-", delete=False) as file:
            name = file.name
            file.write(data)
        umask = os.umask(0)
        os.umask(umask)
        Path(name).chmod(0o666 & ~umask)  # a temporary file is for its owner alone
        Path(name).replace(path)
    except OSError as error:
        raise RenderError(error.strerror or str(error), code="output_unwritable", where=str(path)) from error
    finally:
        if name:
            Path(name).unlink(missing_ok=True)


def print_json(document: Any) -> None:
    """Write one JSON document to standard output."""
    import msgspec

    typer.echo(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())

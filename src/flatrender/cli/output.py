"""The file a command makes: checked before the work, whole or not there after it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from flatrender.engine.errors import RenderError

if TYPE_CHECKING:
    from flatrender.engine.kinds import OutputKind


def checked_output(path: Path, suffixes: tuple[str, ...], *, folder: bool = False) -> None:
    """Raise RenderError `output_unwritable` when no file of one of these kinds (or no `folder`) can be written there."""
    problem = None
    if path.suffix.lower() not in suffixes:
        problem = f"the output must end in {' or '.join(suffixes)}"
    elif path.is_dir() and not folder:
        problem = "the output is a folder"
    elif not path.absolute().parent.is_dir():
        problem = "the folder for the output does not exist"
    elif not os.access(path.absolute().parent, os.W_OK):
        problem = "the folder for the output cannot be written"
    if problem:
        raise RenderError(problem, code="output_unwritable", where=str(path))


def checked_film(path: Path, kind: OutputKind | None, *, alpha: bool) -> OutputKind:
    """Return the kind of film that goes to `path`: `kind`, or what its ending means.

    Raises RenderError `output_unwritable` when no such film can be written there, `settings_invalid` when it cannot be transparent.
    """
    from flatrender.engine.kinds import KINDS, kind_for

    chosen = kind or kind_for(path.name, alpha=alpha)
    if chosen is None and alpha and kind_for(path.name) is not None:
        raise RenderError(
            f"a {path.suffix} has no transparency; write .webm, .mov, .gif, .webp, .apng or frames",
            code="settings_invalid",
        )
    if chosen is None:
        raise RenderError(
            "the output must end in .mp4, .webm, .mov, .gif, .webp, .apng or .zip, or --kind says what it is",
            code="output_unwritable",
            where=str(path),
        )
    facts = KINDS[chosen]
    if facts.container == "frames" and path.suffix == "":
        if path.is_file() or (path.is_dir() and any(path.iterdir())):
            problem = "the folder for the pictures must be empty or not there"
            raise RenderError(problem, code="output_unwritable", where=str(path))
        checked_output(path, ("",), folder=True)
    else:
        checked_output(path, (".png", ".apng") if chosen == "apng" else (facts.suffix,))
    return chosen


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

"""Writing the copy: whole or not at all, never over its source, and read again before anyone sees it."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from flatrender.aftereffects.personalise.errors import PersonaliseError
from flatrender.aftereffects.personalise.paths import absolute
from flatrender.aftereffects.project import open_project

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from py_aep.models.project import Project


def checked_copy(source: Path, output: Path) -> Path:
    """Return the absolute path of the copy. Raises PersonaliseError `output_invalid`: the source itself, no `.aep`, or a folder."""
    target = absolute(output)
    if target.suffix.lower() != ".aep":
        raise PersonaliseError(
            "the copy is an After Effects project: its name ends in .aep", code="output_invalid", where=str(output)
        )
    if target.is_dir():
        raise PersonaliseError("there is a folder of that name", code="output_invalid", where=str(output))
    if target == absolute(source) or (target.exists() and target.samefile(source)):
        raise PersonaliseError(
            "that is the project itself, which is never written over; name another file",
            code="output_invalid",
            where=str(output),
        )
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PersonaliseError(
            f"its folder cannot be made: {error.strerror}", code="output_invalid", where=str(output)
        ) from error
    return target


def save_copy(project: Project, target: Path, verify: Callable[[Project], None]) -> None:
    """Save the project beside `target`, open it again, let `verify` look at it, and put it in its place.

    Raises PersonaliseError `output_invalid` when it cannot be written there, `copy_differs` when it cannot be opened again, and what `verify` raises.
    """
    # Beside the target: the file records how its footage is reached from its folder.
    written = target.with_name(f".{target.stem[:40]}-{uuid.uuid4().hex[:12]}.aep")
    try:
        try:
            project.save(written)
        except OSError as error:
            raise PersonaliseError(
                f"the copy cannot be written: {error.strerror}", code="output_invalid", where=str(target)
            ) from error
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            raise PersonaliseError(
                f"the project cannot be saved with these values ({type(error).__name__}: {str(error)[:120]})",
                code="copy_differs",
                where=target.name,
            ) from error
        verify(open_project(written))
        try:
            written.replace(target)
        except OSError as error:
            raise PersonaliseError(
                f"the copy cannot be written: {error.strerror}", code="output_invalid", where=str(target)
            ) from error
    finally:
        written.unlink(missing_ok=True)

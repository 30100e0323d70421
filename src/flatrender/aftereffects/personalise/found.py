"""The project's own footage, where it really lies: a copy in another folder must not lose it."""

from __future__ import annotations

import os
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING, Any

from flatrender.aftereffects.personalise.paths import absolute, point_to

if TYPE_CHECKING:
    from py_aep.models.project import Project

    from flatrender.aftereffects.personalise.report import Notes

_MAX_ENTRIES = 20_000
"""Files looked at below the project's folder."""


def keep_found(project: Project, source: Path, target: Path, notes: Notes) -> None:
    """Point every file of the project to where it lies: where the project says, at the end of that path below the project's folder, or by its name.

    Nothing is read but names. What is not found is noted and stays as it is.
    """
    folder = absolute(source).parent
    moved = target.parent != folder
    names: dict[str, list[Path]] | None = None
    for item in project.footages:
        told = _told(item)
        if told is None:
            continue
        stands = Path(told)
        if stands.is_absolute() and _exists(stands):
            if moved:
                point_to(item, stands, target)
            continue
        found = _below(folder, told)
        if found is None:
            if names is None:
                names = _named(folder)
            found = _best(names.get(_parts(told)[-1].lower(), []), told)
        if found is None:
            notes.note(
                "footage_missing", item.name, f"{_parts(told)[-1]!r} was not found; it is missing in the copy as well"
            )
        else:
            point_to(item, found, target)
            notes.note(
                "footage_found", item.name, f"{_parts(told)[-1]!r} lies beside the project, not where the project says"
            )


def _told(item: Any) -> str | None:
    """Return where the project says that an item's file lies; None for what has no file of its own (solids, placeholders, sequences)."""
    if item.asset_type != "file" or not item.file or item.main_source._is_sequence:
        return None
    return str(item.file)


def _parts(told: str) -> list[str]:
    return [
        part for part in (PureWindowsPath(told).parts if "\\" in told else Path(told).parts) if part not in {"/", ""}
    ]


def _below(folder: Path, told: str) -> Path | None:
    parts = _parts(told)
    for length in range(min(len(parts), 6), 0, -1):
        tail = parts[-length:]
        if any(part in {"..", "."} or ":" in part for part in tail):
            continue
        for base in (folder, folder / "(Footage)"):
            if _exists(path := base.joinpath(*tail)):
                return path
    return None


def _exists(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _named(folder: Path) -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = {}
    looked = 0
    for base, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            looked += 1
            if looked > _MAX_ENTRIES:
                return found
            found.setdefault(name.lower(), []).append(Path(base) / name)
    return found


def _best(candidates: list[Path], told: str) -> Path | None:
    """Return the candidate whose folders agree most with the path that the project says."""
    wanted = [part.lower() for part in reversed(_parts(told))]

    def agreeing(path: Path) -> int:
        count = 0
        for one, other in zip(reversed(path.parts), wanted, strict=False):
            if one.lower() != other:
                break
            count += 1
        return count

    return max(candidates, key=agreeing, default=None)

"""The project's own footage, where it really lies: a copy in another folder must not lose it."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING, Any

from flatrender.aftereffects.personalise.colors import layers_showing
from flatrender.aftereffects.personalise.media import FOLDER
from flatrender.aftereffects.personalise.paths import absolute, point_to

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from py_aep.models.project import Project

    from flatrender.aftereffects.personalise.report import Notes

_MAX_ENTRIES = 20_000
"""Files looked at below the project's folder."""
_MAX_LINKED = 5_000
"""Files of the project that a copy elsewhere brings along."""


def keep_found(
    project: Project, source: Path, target: Path, notes: Notes, known: Mapping[int, Path]
) -> tuple[str, ...]:
    """Point every file of the project that a layer shows to where it lies, and return the files that were brought along, relative to the copy.

    `known`: files by the ids of their items. Others are sought at the end of the path that the project says, below the project's folder; where it
    says; or by their names below the folder. A copy that does not lie below the project's folder gets the files that do beside it (as hard links
    where the file system has them), and every copy the known ones. What is not found is noted and stays as it is.
    """
    folder = absolute(source).parent
    elsewhere = not target.is_relative_to(folder)
    names: dict[str, list[Path]] | None = None
    brought: list[str] = []
    for item, told in _files(project):
        stands = Path(told)
        found = known.get(item.id)
        if found is None:
            there = stands if stands.is_absolute() and _exists(stands) else None
            found = there if there is not None and _inside(there, folder) else _below(folder, told) or there
        if found is None:
            if names is None:
                names = _named(folder)
            found = _best([path for path in names.get(_parts(told)[-1].lower(), []) if _inside(path, folder)], told)
        name = _parts(told)[-1]
        if found is None:
            notes.note("footage_missing", str(item.name), f"{name!r} was not found; it is missing in the copy as well")
            continue
        if found != stands:
            notes.note("footage_found", str(item.name), f"{name!r} lies beside the project, not where the project says")
        apart = item.id in known and not found.is_relative_to(target.parent)
        if (apart or (elsewhere and found.is_relative_to(folder))) and len(brought) < _MAX_LINKED:
            found = _linked(item, found, target.parent / FOLDER / f"f{item.id}", brought)
        if found != stands or target.parent != folder:
            point_to(item, found, target)
    return tuple(f"{FOLDER}/{name}" for name in brought)


def _files(project: Project) -> Iterator[tuple[Any, str]]:
    """Yield each item that some layer shows and that has a file, with where the project says that it lies."""
    for item in project.footages:
        if item.asset_type == "file" and item.file and layers_showing(item):
            yield item, str(item.file)


def _parts(told: str) -> list[str]:
    parts = PureWindowsPath(told).parts if "\\" in told else Path(told).parts
    return [part for part in parts if part not in {"/", ""}] or [told]


def _below(folder: Path, told: str) -> Path | None:
    parts = _parts(told)
    for length in range(min(len(parts), 6), 0, -1):
        tail = parts[-length:]
        if any(part in {"..", "."} or ":" in part for part in tail):
            continue
        for base in (folder, folder / "(Footage)"):
            if _exists(path := base.joinpath(*tail)) and _inside(path, folder):
                return path
    return None


def _inside(path: Path, folder: Path) -> bool:
    """Say whether a file lies below the folder, links followed: a project from elsewhere must not reach this machine's own files through them."""
    return path.resolve().is_relative_to(folder.resolve())


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


def _linked(item: Any, found: Path, folder: Path, brought: list[str]) -> Path:
    """Put an item's file, or all pictures of its sequence, into a folder of its own under their names, and return the first."""
    names = [Path(name).name for name in item.main_source.file_names[:_MAX_LINKED]]
    for name in [found.name, *(name for name in names if name not in {"", found.name})]:
        file = found.with_name(name)
        there = folder / name
        if not _exists(file) or not _inside(file, found.parent):
            continue
        folder.mkdir(parents=True, exist_ok=True)
        if not there.exists():
            try:
                os.link(file, there)
            except OSError:
                with contextlib.suppress(FileExistsError):
                    shutil.copyfile(file, there)
        brought.append(f"{folder.name}/{name}")
    return folder / found.name

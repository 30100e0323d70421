"""Where After Effects is installed on this machine."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import msgspec

PROGRAM_VARIABLE = "FLATRENDER_AERENDER"
"""Environment variable that names an `aerender` where none would be found, or another than the newest."""


class Installation(msgspec.Struct, frozen=True, kw_only=True):
    """An installed After Effects."""

    version: str
    """As in the folder's name: `2025`, `CC 2019`."""
    program: Path
    """Its `aerender`."""


def installations(root: Path | None = None) -> list[Installation]:
    """Return the installed versions, the newest first. `root` replaces the machine's programs folder."""
    named = os.environ.get(PROGRAM_VARIABLE)
    found = [Installation(version="given", program=Path(named))] if named and Path(named).is_file() else []
    for base, name in ((root, None),) if root is not None else _places():
        if base is None or not base.is_dir():
            continue
        for folder in base.glob("Adobe After Effects*"):
            for program in _programs(folder, name):
                if program.is_file():
                    version = folder.name.removeprefix("Adobe After Effects").strip()
                    found.append(Installation(version=version, program=program))
    return sorted(found, key=lambda one: (one.version == "given", _year(one.version)), reverse=True)


def plugins(installed: Installation, *, limit: int = 500) -> list[str]:
    """Return the names of an installation's plug-ins, without the ending, in order."""
    folder = installed.program.parent / "Plug-ins"
    if not folder.is_dir():
        return []
    found = {path.stem for path in folder.rglob("*") if path.suffix.lower() in (".aex", ".plugin")}
    return sorted(found)[:limit]


def _places() -> tuple[tuple[Path | None, str | None], ...]:
    if sys.platform == "win32":
        return tuple(
            (Path(folder) / "Adobe", "aerender.exe")
            for variable in ("ProgramFiles", "ProgramW6432")
            if (folder := os.environ.get(variable))
        )
    return ((Path("/Applications"), "aerender"),) if sys.platform == "darwin" else ()


def _programs(folder: Path, name: str | None) -> list[Path]:
    names = [name] if name else ["aerender", "aerender.exe"]
    return [place / each for place in (folder, folder / "Support Files") for each in names]


def _year(version: str) -> int:
    found = re.search(r"\d{4}", version)
    return int(found[0]) if found else 0

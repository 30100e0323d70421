"""Conversion of a project that nobody vouches for: in a process of its own, with limits on memory and time."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import msgspec

from flatrender.aftereffects.convert import Conversion, convert_composition
from flatrender.aftereffects.errors import ProjectError
from flatrender.aftereffects.project import composition, open_project
from flatrender.engine.errors import RenderError
from flatrender.engine.process import run

if sys.platform != "win32":
    import resource

if TYPE_CHECKING:
    from pathlib import Path

MEMORY_BYTES = 1 << 30
SECONDS = 60.0
_MAX_ANSWER = 256 << 20


class _Refused(msgspec.Struct, tag="refused"):
    message: str
    code: str
    where: str | None


class _Converted(msgspec.Struct, tag="converted"):
    conversion: Conversion


def convert_apart(project: Path, name: str, *, seconds: float = SECONDS) -> Conversion:
    """Open a project and convert one composition in a child process of at most 1 GiB and `seconds`.

    Raises ProjectError as `open_project`, `composition` and `convert_composition` do, and `project_invalid` when the process ends otherwise.
    """
    argv = [sys.executable, "-m", "flatrender.aftereffects.apart", str(project), name]
    try:
        answer = run(
            argv, what="reading the project", code="project_invalid", deadline_s=seconds, max_output=_MAX_ANSWER
        )
        decoded: _Refused | _Converted = msgspec.json.decode(answer, type=_Refused | _Converted)
    except (RenderError, msgspec.MsgspecError) as error:
        raise ProjectError(
            f"the project is damaged or too large to be read: {str(error)[:200]}", where=project.name
        ) from error
    if isinstance(decoded, _Refused):
        raise ProjectError(decoded.message, code=decoded.code, where=decoded.where)
    return decoded.conversion


def _answer(project: str, name: str) -> _Refused | _Converted:
    try:
        return _Converted(convert_composition(composition(open_project(project), name)))
    except ProjectError as error:
        return _Refused(error.detail, error.code, error.where)


def main() -> None:
    """Convert the composition that the arguments name and write the answer to standard output."""
    if sys.platform != "win32":
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES if hard < 0 else min(MEMORY_BYTES, hard), hard))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.stdout.buffer.write(msgspec.json.encode(_answer(sys.argv[1], sys.argv[2])))


if __name__ == "__main__":
    main()

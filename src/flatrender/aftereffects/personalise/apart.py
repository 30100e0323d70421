"""Personalising a project that nobody vouches for: in a process of its own, with limits on memory and time."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from flatrender.aftereffects.errors import ProjectError
from flatrender.aftereffects.fields import SuggestedField
from flatrender.aftereffects.personalise.errors import PersonaliseError
from flatrender.aftereffects.personalise.order import CopyOrder, ordered
from flatrender.aftereffects.personalise.personalise import carried_out
from flatrender.aftereffects.personalise.queue import RenderOrder
from flatrender.aftereffects.personalise.report import PersonaliseReport
from flatrender.aftereffects.personalise.scenes import ScenePart
from flatrender.aftereffects.personalise.timing import Timing
from flatrender.engine.errors import RenderError
from flatrender.engine.process import run
from flatrender.engine.template.source import PlacedField

if sys.platform != "win32":
    import resource

MEMORY_BYTES = 1 << 30
SECONDS = 180.0
_MAX_ANSWER = 64 << 20


class _Refused(msgspec.Struct, tag="refused"):
    message: str
    code: str
    where: str | None
    key: str | None
    about_values: bool


class _Written(msgspec.Struct, tag="written"):
    report: PersonaliseReport


def personalise_apart(  # as `personalise`
    project: Path,
    values: Mapping[str, Any],
    assets: Mapping[str, Path],
    output: Path,
    *,
    composition: str = "",
    fields: Sequence[SuggestedField | PlacedField] | None = None,
    footage: Mapping[int, Path] | None = None,
    said: Mapping[str, str] | None = None,
    scenes: Sequence[ScenePart] = (),
    timing: Timing | None = None,
    queue: Sequence[RenderOrder] | None = None,
    snapshot_s: float | None = None,
    locale: str = "fa",
    seconds: float = SECONDS,
) -> PersonaliseReport:
    """Write a copy of a project with a person's values in a child process of at most 1 GiB and `seconds`; see `personalise`.

    Raises PersonaliseError and ProjectError as `personalise` does, and ProjectError `project_invalid` when the process ends otherwise. The copy's
    folder is as it was then, but for files in its `media`.
    """
    order = ordered(
        project,
        output,
        values=values,
        said=said,
        composition=composition,
        fields=fields,
        assets=assets,
        footage=footage,
        scenes=scenes,
        timing=timing,
        queue=queue,
        snapshot_s=snapshot_s,
        locale=locale,
    )
    with tempfile.TemporaryDirectory(prefix="flatrender-") as folder:
        asked = Path(folder) / "request.json"
        try:
            asked.write_bytes(msgspec.json.encode(order))
        except (TypeError, ValueError, UnicodeEncodeError) as error:
            raise PersonaliseError(f"the values are no JSON: {str(error)[:120]}") from error
        argv = [sys.executable, "-P", "-m", "flatrender.aftereffects.personalise.apart", str(asked)]
        try:
            answer = run(
                argv, what="writing the project", code="project_invalid", deadline_s=seconds, max_output=_MAX_ANSWER
            )
            decoded: _Refused | _Written = msgspec.json.decode(answer, type=_Refused | _Written)
        except (RenderError, msgspec.MsgspecError) as error:
            raise ProjectError(
                f"the project is damaged or too large to be written: {str(error)[:200]}", where=project.name
            ) from error
    if isinstance(decoded, _Written):
        return decoded.report
    if decoded.about_values:
        raise PersonaliseError(decoded.message, code=decoded.code, where=decoded.where, key=decoded.key)
    raise ProjectError(decoded.message, code=decoded.code, where=decoded.where)


def _answer(asked: Path) -> _Refused | _Written:
    try:
        report = carried_out(msgspec.json.decode(asked.read_bytes(), type=CopyOrder))
    except ProjectError as error:
        about_values = isinstance(error, PersonaliseError)
        return _Refused(error.detail, error.code, error.where, getattr(error, "key", None), about_values)
    return _Written(report)


def main() -> None:
    """Do what the request in the file that the argument names says, and write the answer to standard output."""
    if sys.platform != "win32":
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES if hard < 0 else min(MEMORY_BYTES, hard), hard))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing that is printed on the way may land in the answer
    out.write(msgspec.json.encode(_answer(Path(sys.argv[1]))))
    out.flush()


if __name__ == "__main__":
    main()

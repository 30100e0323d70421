"""Work on a project that nobody vouches for: in a process of its own, with limits on memory, time and written bytes."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TypeVar

import msgspec

from flatrender.aftereffects.convert import Conversion
from flatrender.aftereffects.errors import ProjectError
from flatrender.aftereffects.inspection_report import ProjectReport
from flatrender.aftereffects.template.report import TemplateResult
from flatrender.engine.errors import EngineError, RenderError
from flatrender.engine.process import run

if sys.platform != "win32":
    import resource

MEMORY_BYTES = 1 << 30
SECONDS = 120.0
TEMPLATE_SECONDS = 300.0
_MAX_ANSWER = 256 << 20
_MAX_FILE_BYTES = 1 << 30
"""Of one file that the process writes."""


class _Refused(msgspec.Struct, tag="refused"):
    message: str
    code: str
    where: str | None


class _ConvertOrder(msgspec.Struct, tag="convert"):
    project: str
    composition: str


class _TemplateOrder(msgspec.Struct, tag="template", kw_only=True):
    source: str
    folder: str
    work: str
    compositions: tuple[str, ...]
    only_first: bool
    title: str
    extra: str | None


class _InspectOrder(msgspec.Struct, tag="inspect"):
    source: str
    work: str


_Order = _ConvertOrder | _TemplateOrder | _InspectOrder
_Answer = TypeVar("_Answer", bound=msgspec.Struct)


def convert_apart(project: Path, name: str, *, seconds: float = SECONDS) -> Conversion:
    """Open a project and convert one composition in a child process of at most 1 GiB and `seconds`.

    Raises ProjectError as `open_project`, `composition` and `convert_composition` do, and `project_invalid` when the process ends otherwise.
    """
    return _apart(_ConvertOrder(str(project), name), Conversion, project.name, seconds)


def inspect_apart(source: Path, *, seconds: float = SECONDS) -> ProjectReport:
    """Describe an `.aep`, a collected folder or a zip of it in a child process of at most 1 GiB and `seconds`.

    Raises ProjectError as `open_collected` and `inspect_project` do, and `project_invalid` when the process ends otherwise.
    """
    with tempfile.TemporaryDirectory(prefix="flatrender-project-") as work:
        return _apart(_InspectOrder(str(source), work), ProjectReport, source.name, seconds)


def template_apart(
    source: Path,
    folder: Path,
    *,
    compositions: tuple[str, ...] = (),
    only_first: bool = False,
    title: str = "",
    extra: Path | None = None,
    seconds: float = TEMPLATE_SECONDS,
) -> TemplateResult:
    """Make a template package of an `.aep`, a collected folder or a zip of it in a child process of at most 1 GiB and `seconds`.

    `folder` is empty or not there yet. `compositions`: those that become scenes; without it the project says; with `only_first` there is
    one scene, of one size. `title`: of the template; without it
    the project's file name. `extra`: a folder with fonts and footage that were added later. What is written is checked as a template before this
    returns; `folder` is left as it is when it raises.

    Raises ProjectError as `open_collected`, `open_project` and `make_template` do, `project_invalid` when the process ends otherwise.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="flatrender-project-") as work:
        order = _TemplateOrder(
            source=str(source),
            folder=str(folder),
            work=work,
            compositions=compositions,
            only_first=only_first,
            title=title,
            extra=str(extra) if extra is not None else None,
        )
        return _apart(order, TemplateResult, source.name, seconds)


def _apart(order: _Order, answer: type[_Answer], where: str, seconds: float) -> _Answer:
    argv = [sys.executable, "-P", "-m", "flatrender.aftereffects.apart", msgspec.json.encode(order).decode()]
    try:
        said = run(argv, what="reading the project", code="project_invalid", deadline_s=seconds, max_output=_MAX_ANSWER)
        if said.startswith(b'{"type":"refused"'):
            refused = msgspec.json.decode(said, type=_Refused)
            raise ProjectError(refused.message, code=refused.code, where=refused.where)
        return msgspec.json.decode(said, type=answer)
    except (RenderError, msgspec.MsgspecError) as error:
        raise ProjectError(
            f"the project is damaged or too large to be read: {str(error)[:200]}", where=where
        ) from error


def _answer(order: _Order) -> Conversion | TemplateResult | ProjectReport | _Refused:
    try:
        if isinstance(order, _ConvertOrder):
            from flatrender.aftereffects.convert import convert_composition  # noqa: PLC0415  # the process does one of these
            from flatrender.aftereffects.project import composition, open_project  # noqa: PLC0415

            return convert_composition(composition(open_project(order.project), order.composition))
        from flatrender.aftereffects.collected import open_collected  # noqa: PLC0415

        collected = open_collected(Path(order.source), Path(order.work))
        if isinstance(order, _InspectOrder):
            from flatrender.aftereffects.inspect import inspect_project  # noqa: PLC0415

            return inspect_project(collected)
        from flatrender.aftereffects.template.make import make_template  # noqa: PLC0415

        return make_template(
            collected,
            Path(order.folder),
            compositions=order.compositions,
            only_first=order.only_first,
            title=order.title,
            extra=Path(order.extra) if order.extra is not None else None,
        )
    except EngineError as error:
        return _Refused(error.detail, error.code, error.where)


def main() -> None:
    """Do what the argument orders and write the answer to standard output."""
    if sys.platform != "win32":
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES if hard < 0 else min(MEMORY_BYTES, hard), hard))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (_MAX_FILE_BYTES, _MAX_FILE_BYTES))
    sys.stdout.buffer.write(msgspec.json.encode(_answer(msgspec.json.decode(sys.argv[1], type=_Order))))


if __name__ == "__main__":
    main()

"""Opening a project file, with an error that a person can act on."""

from __future__ import annotations

import contextlib
import os
import threading
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import py_aep
from py_aep.binary.utils import ChunkNotFoundError, find_by_list_type
from py_aep.parsers import essential_graphics as essential_graphics_parser
from py_aep.parsers import render_queue as render_queue_parser

from flatrender.aftereffects.errors import ProjectError
from flatrender.engine.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from py_aep.models.items.composition import CompItem
    from py_aep.models.project import Project

MAX_PROJECT_BYTES = 512 << 20
_SIGNATURE = b"RIFX"
_KIND = b"Egg!"
_parsing = threading.Lock()


def _find_in_either_form(*, chunks: list[Any], list_type: str) -> Any:
    """Find a list of an Essential Graphics panel. Before After Effects 2020 its names were kept in another list, of the same form."""
    try:
        return find_by_list_type(chunks=chunks, list_type=list_type)
    except ChunkNotFoundError:
        if list_type != "CpS2":
            raise
        return find_by_list_type(chunks=chunks, list_type="CapS")


# The library refuses the whole panel, and the composition's markers with it, where the newer list is not there.
vars(essential_graphics_parser)["find_by_list_type"] = _find_in_either_form


def open_project(path: str | os.PathLike[str]) -> Project:
    """Read an `.aep` file.

    Raises ProjectError `project_invalid` (no project, or damaged), `project_too_large` (more than 512 MiB) or `project_unsupported`
    (a project that the reader does not understand: saving it again in a newer After Effects helps).
    """
    file = Path(path)
    try:
        size = file.stat().st_size
        with file.open("rb") as stream:
            head = stream.read(12)
    except OSError as error:
        raise ProjectError(f"the project cannot be read: {error.strerror}", where=str(file)) from error
    if size > MAX_PROJECT_BYTES:
        raise ProjectError(
            f"the project has {size >> 20} MB; at most {MAX_PROJECT_BYTES >> 20} MB can be opened",
            code="project_too_large",
            where=file.name,
        )
    if head[:5].lstrip().startswith(b"<?xml"):
        raise ProjectError(
            "this is an After Effects XML project (.aepx); save it as a binary project (.aep)",
            code="project_unsupported",
            where=file.name,
        )
    if head[:4] != _SIGNATURE or head[8:12] != _KIND:
        raise ProjectError("this is no After Effects project (.aep)", where=file.name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _parse(file)
    except ProjectError:
        raise
    except (MemoryError, RecursionError) as error:
        raise ProjectError("the project is damaged: its parts do not end", where=file.name) from error
    except Exception as error:
        raise ProjectError(
            f"the project cannot be understood ({type(error).__name__}: {str(error)[:120]}); "
            "open it in a current After Effects, save it again and try once more",
            code="project_unsupported",
            where=file.name,
        ) from error


def composition(project: Project, name: str) -> CompItem:
    """Return the composition with this name; of several with the same name the first.

    Raises ProjectError `composition_unknown`, which names those that there are.
    """
    for comp in project.compositions:
        if comp.name == name:
            return comp
    known = ", ".join(repr(comp.name) for comp in project.compositions[:12])
    raise ProjectError(f"the project has no composition {name!r}; it has {known or 'none'}", code="composition_unknown")


@contextlib.contextmanager
def understood(what: str, where: str) -> Iterator[None]:
    """Turn what the reader raises on a project that it does not know into a ProjectError `project_unsupported`; `project_invalid` for one without end.

    `what` is the subject of the sentence: `the project`. The reader reads most of a project only when it is asked for.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except EngineError:
        raise
    except (MemoryError, RecursionError) as error:
        raise ProjectError(f"{what} is damaged: its parts do not end", where=where) from error
    except Exception as error:
        raise ProjectError(
            f"{what} cannot be understood ({type(error).__name__}: {str(error)[:120]}); "
            "open the project in a current After Effects, save it again and try once more",
            code="project_unsupported",
            where=where,
        ) from error


def saved_by(project: Project) -> str:
    """Return the version of the After Effects that saved the project, as `24.1`; empty when the file does not say."""
    head = getattr(project, "_head", None)  # the library tells it of the application, which is not kept
    return f"{head.ae_version_major}.{head.ae_version_minor}" if head is not None else ""


def _parse(file: Path) -> Project:
    try:
        return py_aep.parse(file).project
    except AttributeError as error:
        if "comp_id" not in str(error):
            raise
    # Older projects keep their render queue in a form that the library misreads. The queue says nothing about how a composition looks, so such
    # a project is opened without it.
    with _parsing:
        original = render_queue_parser.parse_render_queue_items
        try:
            render_queue_parser.parse_render_queue_items = lambda **_: []
            return py_aep.parse(file).project
        finally:
            render_queue_parser.parse_render_queue_items = original

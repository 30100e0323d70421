"""The render queue of a copy: what After Effects is to draw, written into the project, so that no template of the machine's is needed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from flatrender.aftereffects.errors import ProjectError
from flatrender.aftereffects.project import composition, open_project
from flatrender.engine.errors import EngineError, RenderError
from flatrender.engine.process import run

if sys.platform != "win32":
    import resource

MEMORY_BYTES = 2 << 30
SECONDS = 120.0


class QueueOrder(msgspec.Struct, frozen=True, kw_only=True):
    """Frames of one composition, as TIFF pictures with transparency."""

    comp: str
    first: int
    """From the composition's start."""
    frames: int = 1
    """What reaches beyond the composition's end is left out."""
    output: str
    """`…_[#####].tif`."""


class QueuedItem(msgspec.Struct, frozen=True, kw_only=True):
    """What will be drawn of an order."""

    frames: int
    width: int
    height: int
    fps: float


class _Question(msgspec.Struct, frozen=True):
    project: str
    copy: str
    orders: list[QueueOrder]


class _Refused(msgspec.Struct, tag="refused"):
    is_project: bool
    message: str
    code: str
    where: str | None


class _Written(msgspec.Struct, tag="written"):
    items: list[QueuedItem]


def write_queue(project: Path, copy: Path, orders: Sequence[QueueOrder]) -> list[QueuedItem]:
    """Write `copy` with a render queue of these orders alone. It lies beside the project, so that it finds the same footage.

    Pictures in TIFF with transparency are what a new queue item's output module writes, without any template of the machine's.
    Raises ProjectError `composition_unknown` or `project_unsupported`, and RenderError `settings_invalid` for a frame outside the composition.
    """
    from py_aep.enums import OutputColorMode  # noqa: PLC0415  # half a second that a node without After Effects does not spend

    opened = open_project(str(project))
    if opened.render_queue is None:
        raise ProjectError(
            "its render queue cannot be read; save it again in a newer After Effects",
            code="project_unsupported",
            where=project.name,
        )
    for item in list(opened.render_queue.items):
        item.remove()
    written: list[QueuedItem] = []
    for order in orders:
        comp = composition(opened, order.comp)
        whole = round(comp.duration * comp.frame_rate)
        if not 0 <= order.first < whole:
            raise RenderError(
                f"the composition has no frame {order.first}; it lasts {comp.duration:g} s at {comp.frame_rate:g} frames a second",
                code="settings_invalid",
                where=order.comp,
            )
        frames = min(order.frames, whole - order.first)
        item = opened.render_queue.add(comp)
        item.time_span_start = order.first / comp.frame_rate
        item.time_span_duration = frames / comp.frame_rate
        module = item.output_modules[0]
        module.settings["Color"] = OutputColorMode.STRAIGHT_UNMATTED
        module.file = order.output
        written.append(QueuedItem(frames=frames, width=comp.width, height=comp.height, fps=comp.frame_rate))
    opened.save(copy)
    return written


def write_queue_apart(
    project: Path, copy: Path, orders: Sequence[QueueOrder], *, seconds: float = SECONDS
) -> list[QueuedItem]:
    """Do `write_queue` in a child process of at most 2 GiB and `seconds`: nobody vouches for the project.

    Raises what it raises, and ProjectError `project_invalid` when the process ends otherwise.
    """
    question = msgspec.json.encode(_Question(str(project), str(copy), list(orders))).decode()
    argv = [sys.executable, "-m", "flatrender.aftereffects.aerender.queue", question]
    try:
        answer = run(argv, what="reading the project", code="project_invalid", deadline_s=seconds)
        decoded: _Refused | _Written = msgspec.json.decode(answer, type=_Refused | _Written)
    except (RenderError, msgspec.MsgspecError) as error:
        raise ProjectError(
            f"the project is damaged or too large to be read: {str(error)[:200]}", where=project.name
        ) from error
    if isinstance(decoded, _Refused):
        kind: type[EngineError] = ProjectError if decoded.is_project else RenderError
        raise kind(decoded.message, code=decoded.code, where=decoded.where)
    return decoded.items


def main() -> None:
    """Do what the argument says and write the answer to standard output."""
    if sys.platform != "win32":
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES if hard < 0 else min(MEMORY_BYTES, hard), hard))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    asked = msgspec.json.decode(sys.argv[1], type=_Question)
    try:
        answer: _Refused | _Written = _Written(write_queue(Path(asked.project), Path(asked.copy), asked.orders))
    except EngineError as error:
        answer = _Refused(isinstance(error, ProjectError), error.detail, error.code, error.where)
    sys.stdout.buffer.write(msgspec.json.encode(answer))


if __name__ == "__main__":
    main()

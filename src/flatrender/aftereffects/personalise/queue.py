"""What of a copy is to be rendered: items of its render queue."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from py_aep.enums import RQItemStatus

from flatrender.aftereffects.personalise.errors import PersonaliseError
from flatrender.aftereffects.personalise.paths import absolute, write_path
from flatrender.aftereffects.project import composition

if TYPE_CHECKING:
    from py_aep.models.project import Project

_SHORT = re.compile(r"[A-Za-z0-9._\[\]#() +-]{1,120}\Z")
_OLD_QUEUE = "the project's render queue is in an older form; save the project again in a current After Effects"


class RenderOrder(msgspec.Struct, frozen=True, kw_only=True):
    """One composition to be rendered."""

    composition: str
    file: str
    """Absolute, or relative to the copy's folder; its name is ASCII. With `[#####]` a sequence of pictures."""
    start_s: float | None = None
    """From the composition's start; None: its work area."""
    duration_s: float | None = None


def write_queue(project: Project, orders: list[RenderOrder] | tuple[RenderOrder, ...], output: Path) -> tuple[str, ...]:
    """Make the render queue hold exactly these orders, and return the compositions' names.

    An item of the queue that renders the composition already keeps its render settings and output module; the others go. Raises PersonaliseError
    `output_invalid` and `order_invalid`, and ProjectError `composition_unknown` and `project_unsupported` (a queue in an older form).
    """
    queue: Any = project.render_queue
    if not has_readable_queue(project):
        raise PersonaliseError(_OLD_QUEUE, code="project_unsupported")
    kept: list[Any] = []
    wanted = [composition(project, order.composition) for order in orders]
    for comp in wanted:
        known = next((item for item in queue.items if item.comp is comp and item not in kept), None)
        kept.append(known)
    for item in list(queue.items):
        if item not in kept:
            item.remove()
    for order, comp, known in zip(orders, wanted, kept, strict=True):
        item = known or queue.add(comp)
        _to_end(queue, item)
        _write(item, order, output)
    return tuple(order.composition for order in orders)


def has_readable_queue(project: Project) -> bool:
    """Say whether items can be written into the render queue: those of an older file are opened without it."""
    queue: Any = project.render_queue
    return queue is not None and len(queue.items) == queue._rs_lhd3.count


def _to_end(queue: Any, item: Any) -> None:
    """Move an item behind the others: its render settings, its block of output settings, its chunks."""
    at = queue._items.index(item)
    queue._items.append(queue._items.pop(at))
    queue._rs_ldat.items.append(queue._rs_ldat.items.pop(at))
    block = item._rout_items
    others = [one for one in queue._rout.items if all(one is not own for own in block)]
    queue._rout.items[:] = [*others, *block]
    own = [chunk for chunk in (item._rcom, item._list_chunk, item._lom) if chunk is not None]
    chunks = queue._litm.chunks
    chunks[:] = [*(chunk for chunk in chunks if all(chunk is not one for one in own)), *own]


def _write(item: Any, order: RenderOrder, output: Path) -> None:
    file = Path(order.file)
    if not _SHORT.match(file.name) or "\0" in order.file:
        raise PersonaliseError(
            f"the film's name {file.name[:60]!r} has letters that After Effects cannot write everywhere: use ASCII",
            code="output_invalid",
        )
    target = file if file.is_absolute() else output.parent / file
    try:
        if order.start_s is not None:
            item.time_span_start = order.start_s
        if order.duration_s is not None:
            item.time_span_duration = order.duration_s
        item.status = RQItemStatus.QUEUED
        for module in item.output_modules[1:]:
            module.remove()
        module = item.output_modules[0]
        film = absolute(target)
        module.file = str(film)
        write_path(module._alas_utf8, film.parent if module._is_folder else film, output)
    except (ValueError, AttributeError, NotImplementedError) as error:
        raise PersonaliseError(
            f"it cannot be put into the render queue: {error}", code="order_invalid", where=order.composition
        ) from error

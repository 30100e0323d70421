"""What one call renders: the composition that was named, an item of the render queue, or the whole queue."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from flatrender.aftereffects.aerender.arguments import Arguments
from flatrender.aftereffects.errors import ProjectError
from flatrender.aftereffects.project import composition, open_project
from flatrender.aftereffects.stand_in.output import Output, OutputError, read_output

if TYPE_CHECKING:
    from py_aep.models.items.composition import CompItem

_USER_SCRIPT = re.compile(r"/\* start of custom user script \*/(.*?)/\* end of custom user script \*/", re.DOTALL)
"""What nexrender adds to its helpers for one job."""
_COMMENTS = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_MAX_SCRIPT = 8 << 20
_SOUND_OFF = re.compile(r"output\s*audio\s*[:=]\s*(?:off|false)", re.IGNORECASE)
_ALPHA = re.compile(r"channels\s*[:=]\s*(?:rgb\s*\+\s*alpha|rgba)", re.IGNORECASE)
_CHANNELS_RGBA = 1
"""py-aep's `OutputChannels.RGBA`."""


class OrderError(Exception):
    """It cannot be rendered; `exit_code` is what `aerender` ends with."""

    def __init__(self, detail: str, exit_code: int) -> None:
        super().__init__(detail)
        self.exit_code = exit_code


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """One composition to one output. Frames count from the composition's start."""

    comp: Any
    """py-aep's `CompItem`."""
    output: Output
    first: int
    last: int
    """Included."""
    step: int

    @property
    def frames(self) -> int:
        """How many frames are written."""
        return (self.last - self.first) // self.step + 1

    def shown(self, number: int) -> int:
        """Return the composition's own number of the `number`-th written frame, from 1."""
        return int(self.comp.display_start_frame) + self.first + (number - 1) * self.step


def read_orders(arguments: Arguments) -> Iterator[Order]:
    """Open the project and give what is to be rendered, one after the other. Raises OrderError."""
    path = arguments.project
    if path is None or not Path(path).is_file():
        raise OrderError("No project is open and no project was found at the given path.", 7)
    refuse_script(arguments.script)
    try:
        project = open_project(path)
        if arguments.comp is not None:
            comp = composition(project, arguments.comp)
            yield _order(arguments, comp, _queued_item(project, comp))
            return
    except ProjectError as error:
        unknown = error.code == "composition_unknown"
        raise OrderError("No comp was found with the given name." if unknown else str(error.detail), 7) from error
    items = list(project.render_queue.items) if project.render_queue is not None else []
    index = arguments.render_queue_index
    if index is not None:
        if index > len(items):
            raise OrderError(f"The render queue has no item {index}.", 7)
        yield _order(arguments, items[index - 1].comp, items[index - 1])
        return
    waiting = [item for item in items if item.render]
    if not waiting:
        raise OrderError("The render queue is empty; name a composition with -comp.", 7)
    if len(waiting) > 1 and arguments.output is not None:
        arguments = msgspec.structs.replace(arguments, output=None)  # each item has its own, as in After Effects
    for item in waiting:
        yield _order(arguments, item.comp, item)


def refuse_script(path: str | None) -> None:
    """Refuse a script that does something: it would be left out. nexrender gives one with each job, empty when nothing is to be changed.

    Raises OrderError.
    """
    if path is None:
        return
    try:
        with Path(path).open(encoding="utf-8", errors="replace") as file:
            text = file.read(_MAX_SCRIPT)
    except OSError as error:
        raise OrderError(f"The script {Path(path).name} cannot be read: {error.strerror}.", 5) from error
    own = _USER_SCRIPT.search(text)
    if _COMMENTS.sub("", own[1] if own is not None else text).strip():
        raise OrderError("The script changes the project, and scripts are not run here; write the values into it.", 5)


def _queued_item(project: Any, comp: CompItem) -> Any:
    items = project.render_queue.items if project.render_queue is not None else []
    return next((item for item in items if item.comp is comp or item.comp.id == comp.id), None)


def _order(arguments: Arguments, comp: CompItem, item: Any) -> Order:
    first, last = _range(arguments, comp, item)
    return Order(
        comp=comp,
        output=_output(arguments, item),
        first=first,
        last=last,
        step=max(arguments.step, int(item.skip_frames) + 1 if item is not None else 1),
    )


def _output(arguments: Arguments, item: Any) -> Output:
    module = item.output_modules[0] if item is not None and item.output_modules else None
    path = arguments.output or (str(module.file) if module is not None else None)
    if not path:
        raise OrderError("No output path was given; -output is needed.", 7)
    wanted = arguments.output_settings or ""
    template = arguments.output_template
    alpha = _ALPHA.search(wanted) is not None
    if template is None and module is not None:
        template = module.name
        alpha = alpha or int(module.settings["Channels"]) == _CHANNELS_RGBA
    sound = arguments.sound is not False and _SOUND_OFF.search(wanted) is None
    try:
        return read_output(path, template, alpha=alpha, sound=sound)
    except OutputError as error:
        raise OrderError(str(error), 7) from error


def _range(arguments: Arguments, comp: CompItem, item: Any) -> tuple[int, int]:
    """The item's time span, or the work area as After Effects' usual settings say, unless frames were named."""
    whole = max(1, round(comp.duration * comp.frame_rate))
    start = int(comp.display_start_frame)
    if item is not None:
        first = round(float(item.time_span_start) * comp.frame_rate)
        count = round(float(item.time_span_duration) * comp.frame_rate)
    else:
        first = round(comp.work_area_start * comp.frame_rate)
        count = round(comp.work_area_duration * comp.frame_rate)
    last = first + max(1, count) - 1
    first = first if arguments.first is None else arguments.first - start
    last = last if arguments.last is None else arguments.last - start
    if not 0 <= first <= last < whole:
        raise OrderError(
            f"Frames {first + start} to {last + start} are not in the composition, which has frames {start} to {whole - 1 + start}.",
            3,
        )
    return first, last

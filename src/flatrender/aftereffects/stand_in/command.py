"""The command: from arguments to a film, a log and an exit code."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from flatrender.aftereffects.aerender.arguments import Arguments, UsageError, parse
from flatrender.aftereffects.stand_in.log_lines import LANGUAGES, VERSION, Printer
from flatrender.aftereffects.stand_in.misbehaviour import (
    MISBEHAVIOURS,
    VARIABLE,
    Misbehaviour,
    crash,
    hang,
    leave_process,
    read_misbehaviour,
)

if TYPE_CHECKING:
    from py_aep.models.items.composition import CompItem
    from py_aep.models.project import Project

    from flatrender.aftereffects.findings import Finding
    from flatrender.aftereffects.stand_in.output import Output
    from flatrender.engine.film.render import FilmProgress

_HELP = """flatrender-aerender: renders After Effects compositions without After Effects. Takes the arguments of aerender.

  -project PATH -comp NAME -output PATH     what to render and where to: .mov .mp4 .avi .gif, or pictures as name_[#####].png
  -s FRAME -e FRAME -i STEP                 first and last frame (included), every STEP-th
  -OMtemplate NAME                          with "alpha" in its name the film keeps its transparency
  -rqindex N                                an item of the project's render queue
  -log FILE -v ERRORS|ERRORS_AND_PROGRESS   where the log goes too, and how much of it there is
  -sound ON|OFF -mfr ON|OFF CPU% -mem_usage CACHE% MAX% -RStemplate NAME -renderSettings S -outputSettings S
  -close MODE -reuse -continueOnMissingFootage -help -version

What the open engine draws otherwise than After Effects is printed as a warning.
Exit codes: 0 done, 2 to 4 wrong arguments, 7 project, composition or output not found, 9 the render failed.
"""


class _EndError(Exception):
    """The render is over with this exit code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        arguments = parse(words)
        behaviour = read_misbehaviour(os.environ.get(VARIABLE, ""))
    except UsageError as error:
        sys.stdout.write(f"aerender ERROR: {error}\n")
        return error.exit_code
    except ValueError as error:
        sys.stdout.write(f"aerender ERROR: {error}\n")
        return 2
    if arguments.asks_help:
        lines = "\n".join(f"    {name:20} {what}" for name, what in MISBEHAVIOURS.items())
        sys.stdout.write(
            f"{_HELP}\nTo test a farm, set {VARIABLE} to names from this list, separated by commas:\n{lines}\n"
        )
        return 0
    if arguments.asks_version:
        sys.stdout.write(f"aerender version {VERSION}\n")
        return 0
    language = LANGUAGES.get(behaviour.wanted.get("language") or "de", LANGUAGES["de"])
    with contextlib.ExitStack() as stack:
        log = stack.enter_context(Path(arguments.log).open("wb")) if arguments.log else None
        printer = Printer(
            language if behaviour.has("language") else LANGUAGES["en"], quiet=arguments.verbosity == "ERRORS", log=log
        )
        printer.split = behaviour.has("split_lines")
        try:
            _Render(arguments, behaviour, printer).run()
        except _EndError as end:
            return end.code
    return 0


class _Render:
    """One call."""

    def __init__(self, arguments: Arguments, behaviour: Misbehaviour, printer: Printer) -> None:
        self._arguments, self._behaviour, self._printer = arguments, behaviour, printer
        self._shown = 0

    def run(self) -> None:
        behaviour, printer = self._behaviour, self._printer
        if behaviour.has("hang_before_launch"):
            hang()
        if behaviour.has("orphan"):
            leave_process()
        printer.progress("Launching After Effects...")
        printer.progress("After Effects successfully launched")
        if behaviour.has("dialog"):
            leave_process()
            hang()
        if behaviour.has("hang_in_project"):
            hang()
        comp, output = self._open()
        first, last = self._range(comp)
        printer.header(comp.name, first, last, comp.frame_rate)
        self._misbehave_before_frames(output)
        with tempfile.TemporaryDirectory(prefix="flatrender-aerender-") as folder:
            made = self._draw(comp, output, first, last, Path(folder))
            self._place(made, output, first)
        if behaviour.has("hang_at_end"):
            hang()
        printer.finished(comp.name)

    def _open(self) -> tuple[CompItem, Output]:
        from flatrender.aftereffects.errors import ProjectError  # noqa: PLC0415  # -help and -version answer at once
        from flatrender.aftereffects.project import composition, open_project  # noqa: PLC0415
        from flatrender.aftereffects.stand_in.output import OutputError, read_output  # noqa: PLC0415

        arguments = self._arguments
        if arguments.project is None or not Path(arguments.project).is_file():
            self._fail("No project is open and no project was found at the given path.", 7)
        try:
            project = open_project(arguments.project)
            comp = self._queued(project) if arguments.comp is None else composition(project, arguments.comp)
        except ProjectError as error:
            self._printer.error(
                "No comp was found with the given name." if error.code == "composition_unknown" else str(error.detail)
            )
            raise _EndError(7) from error
        if arguments.output is None:
            self._fail("No output path was given; -output is needed.", 7)
        try:
            return comp, read_output(arguments.output, arguments.output_template)
        except OutputError as error:
            self._printer.error(str(error))
            raise _EndError(7) from error

    def _queued(self, project: Project) -> CompItem:
        items = list(project.render_queue.items) if project.render_queue is not None else []
        index = self._arguments.render_queue_index or 1
        if index > len(items):
            self._fail(f"The render queue has no item {index}.", 7)
        comp: CompItem = items[index - 1].comp
        return comp

    def _range(self, comp: CompItem) -> tuple[int, int]:
        whole = max(1, round(comp.duration * comp.frame_rate))
        first = self._arguments.first or 0
        last = whole - 1 if self._arguments.last is None else self._arguments.last
        if first > last or last >= whole:
            self._fail(f"Frames {first} to {last} are not in the composition, which has frames 0 to {whole - 1}.", 3)
        return first, last

    def _draw(self, comp: CompItem, output: Output, first: int, last: int, folder: Path) -> Path:
        from flatrender.aftereffects.scene import write_scene  # noqa: PLC0415
        from flatrender.engine.errors import EngineError  # noqa: PLC0415
        from flatrender.engine.film.render import render_film  # noqa: PLC0415
        from flatrender.engine.film.settings import FilmSettings  # noqa: PLC0415
        from flatrender.engine.kinds import KINDS  # noqa: PLC0415
        from flatrender.engine.resolve import resolve_scene  # noqa: PLC0415

        try:
            opened = write_scene(comp, Path(self._arguments.project or ""), folder, frames=range(first, last + 1))
            self._report(opened.conversion.findings, opened.missing)
            settings = FilmSettings(
                width=comp.width + comp.width % 2,
                height=comp.height + comp.height % 2,
                fps=comp.frame_rate,
                kind=output.kind,
                alpha=output.alpha,
                background=_background(comp),
            )
            scene = resolve_scene(opened.template, opened.template.scenes[0].key)
            facts = KINDS[output.kind]
            made = folder / ("frames" if output.is_sequence else f"film{facts.suffix}")

            def tell(progress: FilmProgress) -> None:
                self._tell(progress.frames_done, last - first + 1, comp.frame_rate, first)

            render_film([scene], settings, made, progress=tell)
        except EngineError as error:
            self._printer.application_error(error.detail)
            raise _EndError(9) from error
        self._tell(last - first + 1, last - first + 1, comp.frame_rate, first)
        return made

    def _report(self, findings: Sequence[Finding], missing: Sequence[str]) -> None:
        for finding in findings:
            if finding.verdict != "exact":
                self._printer.warning(f"{finding.where}: {finding.detail}")
        if self._behaviour.has("missing_font"):
            self._printer.warning(
                "Grouped_Message_{some layers have missing dependencies. Press Ctrl-C to copy this list.|||"
                "a layer has missing dependencies.###@0 dependencies are missing:}"
                "Text Layer: Font family: Missing, Font style: Regular"
            )
        if missing and not self._arguments.continue_on_missing:
            self._fail(f"missing footage: {', '.join(missing)}", 9)

    def _tell(self, done: int, frames: int, fps: float, first: int) -> None:
        """Print the frames that were finished since the last time."""
        behaviour = self._behaviour
        numbers = list(range(self._shown + 1, done + 1))
        if behaviour.has("out_of_order"):
            numbers = [number for pair in zip(numbers[1::2], numbers[::2], strict=False) for number in pair] + (
                numbers[-1:] if len(numbers) % 2 else []
            )
        for number in numbers:
            if behaviour.has("slow"):
                time.sleep(behaviour.number("slow", 0.5))
            if not behaviour.has("no_progress"):
                self._printer.frame(first + number - 1, number, fps, 0)
            self._shown += 1
            if self._shown == behaviour.share("hang_midway", frames):
                hang()
            if self._shown == behaviour.share("crash", frames):
                crash()
            if behaviour.has("error") and self._shown == max(1, frames // 2):
                self._printer.application_error("Unexpected failure while rendering.", (26, 142))
                raise _EndError(9)

    def _misbehave_before_frames(self, output: Output) -> None:
        behaviour = self._behaviour
        if behaviour.has("missing_footage"):
            self._printer.application_error("missing footage: the file cannot be found.", (3, 17))
            raise _EndError(9)
        if behaviour.has("disk_full"):
            self._printer.application_error("Cannot write the output: the disk is full.", (26, 34))
            raise _EndError(9)
        if behaviour.has("error_with_success"):
            self._printer.application_error("Rendering failed.", (23, 39))
            raise _EndError(0)
        output.path.parent.mkdir(parents=True, exist_ok=True)

    def _place(self, made: Path, output: Output, first: int) -> None:
        from flatrender.aftereffects.stand_in.output import place  # noqa: PLC0415

        behaviour = self._behaviour
        try:
            place(made, output, first, self._arguments.step)
            if behaviour.has("truncated") and not output.is_sequence:
                keep = int(output.path.stat().st_size * behaviour.number("truncated", 0.5))
                with output.path.open("r+b") as film:
                    film.truncate(keep)
        except OSError as error:
            self._printer.application_error(f"Cannot write the output: {error.strerror}.", (26, 34))
            raise _EndError(9) from error

    def _fail(self, text: str, code: int) -> NoReturn:
        self._printer.error(text)
        raise _EndError(code)


def _background(comp: CompItem) -> tuple[int, int, int]:
    red, green, blue = (round(min(max(float(part), 0), 1) * 255) for part in comp.bg_color[:3])
    return red, green, blue


if __name__ == "__main__":
    sys.exit(main())

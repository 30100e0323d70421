"""One call's work: each order drawn, told in the log, put in its place."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from flatrender.aftereffects.aerender.arguments import Arguments
from flatrender.aftereffects.errors import ProjectError
from flatrender.aftereffects.scene import SCENE_FILE, write_scene
from flatrender.aftereffects.stand_in.log_lines import Printer
from flatrender.aftereffects.stand_in.misbehaviour import Misbehaviour, crash, hang
from flatrender.aftereffects.stand_in.order import Order, OrderError, read_orders
from flatrender.aftereffects.stand_in.output import frame_path, place
from flatrender.aftereffects.stand_in.sound import sound_tracks
from flatrender.engine.errors import EngineError
from flatrender.engine.film.render import FilmProgress, render_film
from flatrender.engine.film.settings import FilmSettings
from flatrender.engine.kinds import KINDS
from flatrender.engine.raster.pool import WorkerPool
from flatrender.engine.resolve import resolve_scene
from flatrender.engine.template import load_template

if TYPE_CHECKING:
    from py_aep.models.items.composition import CompItem

    from flatrender.aftereffects.findings import Finding

_BLACK = (
    b'{"v":"5.12.2","fr":%(fps)g,"ip":%(first)d,"op":%(end)d,"w":%(width)d,"h":%(height)d,"assets":[],"layers":['
    b'{"ty":1,"ind":1,"nm":"Black","ip":%(first)d,"op":%(end)d,"st":0,"sw":%(width)d,"sh":%(height)d,"sc":"#000000","ks":{}}]}'
)


class EndError(Exception):
    """The call is over with this exit code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Call:
    """Everything that one call renders."""

    def __init__(self, arguments: Arguments, behaviour: Misbehaviour, printer: Printer) -> None:
        self._arguments, self._behaviour, self._printer = arguments, behaviour, printer

    def run(self) -> None:
        """Render what was ordered. Raises EndError with an exit code other than that of success, or with 0 where that is the misbehaviour."""
        try:
            with WorkerPool() as pool:
                for order in read_orders(self._arguments):
                    _Render(order, self._arguments, self._behaviour, self._printer, pool).run()
        except OrderError as error:
            self._printer.error(str(error))
            raise EndError(error.exit_code) from error
        except (ProjectError, EngineError) as error:
            self._printer.application_error(error.detail)
            raise EndError(9) from error


class _Render:
    def __init__(
        self, order: Order, arguments: Arguments, behaviour: Misbehaviour, printer: Printer, pool: WorkerPool
    ) -> None:
        self._order, self._arguments = order, arguments
        self._behaviour, self._printer, self._pool = behaviour, printer, pool
        self._told = 0

    def run(self) -> None:
        order, comp = self._order, self._order.comp
        start = int(comp.display_start_frame)
        self._printer.header(comp.name, order.first + start, order.last + start, comp.frame_rate)
        self._misbehave_before_frames()
        with tempfile.TemporaryDirectory(prefix="flatrender-aerender-") as folder:
            self._place(self._draw(Path(folder)))
        if self._behaviour.has("hang_at_end"):
            hang()
        self._printer.finished(comp.name)

    def _draw(self, folder: Path) -> Path:
        order, comp, output = self._order, self._order.comp, self._order.output
        project = Path(self._arguments.project or "")
        # Whole steps, so that the engine counts the last one too; its frame lies before `last`.
        end = order.first + order.frames * order.step
        opened = write_scene(comp, project, folder, frames=range(order.first, end))
        self._report(opened.conversion.findings, opened.missing)
        template, background = opened.template, _background(comp)
        if self._behaviour.has("black"):
            scene_file = folder / SCENE_FILE
            figures = {b"fps": comp.frame_rate, b"first": order.first, b"end": end}
            scene_file.write_bytes(_BLACK % (figures | {b"width": comp.width, b"height": comp.height}))
            template, background = load_template(scene_file), (0, 0, 0)
        settings = FilmSettings(
            width=comp.width + comp.width % 2,
            height=comp.height + comp.height % 2,
            fps=comp.frame_rate / order.step,
            kind=output.kind,
            alpha=output.alpha,
            background=background,
        )
        begins, ends = order.first / comp.frame_rate, end / comp.frame_rate
        sound = sound_tracks(comp, project, begins_s=begins, ends_s=ends) if output.sound else []
        made = folder / ("frames" if output.is_sequence else f"film{KINDS[output.kind].suffix}")

        def tell(progress: FilmProgress) -> None:
            self._tell(min(progress.frames_done, order.frames))

        scene = resolve_scene(template, template.scenes[0].key)
        render_film([scene], settings, made, sound=sound, pool=self._pool, progress=tell)
        self._tell(order.frames)
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
            raise OrderError(f"missing footage: {', '.join(missing)}", 9)

    def _tell(self, done: int) -> None:
        """Print the frames that were finished since the last time."""
        behaviour, frames = self._behaviour, self._order.frames
        numbers = list(range(self._told + 1, done + 1))
        if behaviour.has("out_of_order"):
            numbers = [number for pair in zip(numbers[1::2], numbers[::2], strict=False) for number in pair] + (
                numbers[-1:] if len(numbers) % 2 else []
            )
        for number in numbers:
            if behaviour.has("slow"):
                time.sleep(behaviour.number("slow", 0.5))
            if not behaviour.has("no_progress"):
                self._printer.frame(self._order.shown(number), number, self._order.comp.frame_rate, 0)
            self._told += 1
            if self._told == behaviour.share("hang_midway", frames):
                hang()
            if self._told == behaviour.share("crash", frames):
                crash()
            if behaviour.has("error") and self._told == max(1, frames // 2):
                self._printer.application_error("Unexpected failure while rendering.", (26, 142))
                raise EndError(9)

    def _misbehave_before_frames(self) -> None:
        behaviour = self._behaviour
        if behaviour.has("missing_footage"):
            self._printer.application_error("missing footage: the file cannot be found.", (3, 17))
            raise EndError(9)
        if behaviour.has("licence"):
            self._printer.application_error("Your licence has expired or is not valid on this computer.", (25, 241))
            raise EndError(9)
        if behaviour.has("disk_full"):
            self._printer.application_error("Cannot write the output: the disk is full.", (26, 34))
            raise EndError(9)
        if behaviour.has("error_with_success"):
            self._printer.application_error("Rendering failed.", (23, 39))
            raise EndError(0)

    def _place(self, made: Path) -> None:
        order, behaviour = self._order, self._behaviour
        output = order.output
        try:
            place(made, output, order.shown(1))
            if behaviour.has("truncated"):
                self._truncate(behaviour.number("truncated", 0.5))
        except OSError as error:
            self._printer.application_error(f"Cannot write the output: {error.strerror}.", (26, 34))
            raise EndError(9) from error

    def _truncate(self, share: float) -> None:
        order, output = self._order, self._order.output
        if output.is_sequence:
            for number in range(int(order.frames * share) + 1, order.frames + 1):
                frame_path(output, order.shown(number)).unlink()
            return
        keep = int(output.path.stat().st_size * share)
        with output.path.open("r+b") as film:
            film.truncate(keep)


def _background(comp: CompItem) -> tuple[int, int, int]:
    red, green, blue = (round(min(max(float(part), 0), 1) * 255) for part in comp.bg_color[:3])
    return red, green, blue

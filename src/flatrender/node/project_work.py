"""Assignments of scenes that After Effects draws: the project fetched, unpacked, given its values, rendered, and made into pictures or a segment."""

import contextlib
import math
import os
import shutil
import threading
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path, PurePosixPath

import msgspec

from flatrender.aftereffects.aerender.failures import Failure
from flatrender.aftereffects.aerender.queue import QueuedItem
from flatrender.aftereffects.aerender.stills import convert_still
from flatrender.aftereffects.aerender.verdict import OrderedOutput, check_output, looked_at, sequence_files
from flatrender.aftereffects.errors import ProjectError
from flatrender.aftereffects.fields.model import SuggestedField
from flatrender.aftereffects.personalise.apart import personalise_apart
from flatrender.engine.errors import EngineError, RenderError
from flatrender.engine.film.from_pictures import PICTURE_NAME, encode_pictures, expect_pictures
from flatrender.engine.film.plan import lottie_frames
from flatrender.engine.film.segments import render_segment
from flatrender.engine.film.settings import FilmSettings, exact_rate
from flatrender.engine.probe import check_pictures
from flatrender.engine.raster.pool import WorkerPool
from flatrender.engine.scene import ResolvedScene
from flatrender.node.after_effects import AfterEffects, Launch, failed, orders_of, sequence
from flatrender.node.drawing import film_settings
from flatrender.node.errors import AfterEffectsFailed, WorkFailed
from flatrender.node.fetching import Fetcher, Stopped
from flatrender.node.projects import ProjectRefused, safe_path, unpack_project
from flatrender.node.sessions import Session, State
from flatrender.protocol.work import SceneFigures, SegmentTask, SourceFigures, StillTask

ENCODE_S = 3600.0
_SMALL = (80, 46)
_DARK = 48
"""Brightest level (of 255) of a drawn picture that may be black in After Effects too."""


class AllStopped(threading.Event):
    """Set when every session of a launch was told to stop."""

    def __init__(self, sessions: Sequence[Session]) -> None:
        super().__init__()
        self._sessions = sessions

    def is_set(self) -> bool:
        """Say whether nobody wants any of it."""
        return all(session.cancel.is_set() for session in self._sessions)


class ProjectWork:
    """What all launches of a node share."""

    def __init__(self, after_effects: AfterEffects, fetcher: Fetcher, *, pool: WorkerPool, threads: int) -> None:
        self._after_effects = after_effects
        self._fetcher = fetcher
        self._pool = pool
        self._threads = threads

    @contextlib.contextmanager
    def drawn(self, sessions: Sequence[Session]) -> Iterator[list[Path | Exception]]:
        """Draw what the sessions ask for: one segment, or pictures of one project with the same values in one launch.

        Gives each session's output file, or why there is none. Raises what all of them have in common: AfterEffectsFailed, WorkFailed, EngineError,
        Stopped.
        """
        with self._after_effects.folder() as folder, contextlib.ExitStack() as held:
            first = sessions[0]
            source = first.assignment.task.source
            if source is None:
                raise WorkFailed("internal", "this work is not After Effects'")
            top = folder / "p"
            top.mkdir()
            archive = self._fetcher.project(first, held, source)
            try:
                project = unpack_project(archive, source.path, top)
            except ProjectRefused as error:
                raise AfterEffectsFailed("content", "aerender_template", str(error)) from error
            for session in sessions:
                session.advance(State.RENDERING)
            task = first.assignment.task
            if isinstance(task, SegmentTask):
                yield [self._segment(first, task, source, project, folder, held)]
            else:
                yield self._stills(sessions, source, project, folder, held)

    def _segment(
        self,
        session: Session,
        task: SegmentTask,
        source: SourceFigures,
        project: Path,
        folder: Path,
        held: contextlib.ExitStack,
    ) -> Path:
        settings = film_settings(task)
        shown = [
            composition_frame(task.scene, source, frame)
            for frame in lottie_frames(task.scene.frames, task.scene.fps, settings.rate, task.first, task.last)
        ]
        project = self._personalised(session, project, held)
        made = folder / "o"
        orders = orders_of([(source.composition, shown[0], shown[-1] - shown[0] + 1)], made)
        launch = Launch(sha256=source.sha256, project=project, top=folder / "p", orders=orders)
        outcome, (item,) = self._render(launch, session.cancel, session)
        if outcome is not None:
            raise failed(outcome)
        pattern = sequence(made, 0)
        ordered = self._ordered(session, pattern, item, shown[0])
        _check(ordered, session.cancel)
        pictures = folder / "s"
        pictures.mkdir()
        _lay_out(sequence_files(pattern), [frame - shown[0] for frame in shown], pictures)
        out = folder / "output"
        overlay = None
        if task.overlay is not None:
            overlay = self._overlay(session, task, task.overlay, settings, folder)
        encode_pictures(
            pictures,
            len(shown),
            settings,
            out,
            overlay=overlay,
            threads=self._threads,
            deadline_s=ENCODE_S,
            cancel=session.cancel,
        )
        expected = expect_pictures(
            pictures, len(shown), settings, scene_key=task.scene.scene_key, cancel=session.cancel
        )
        check_pictures(out, expected, cancel=session.cancel)
        return out

    def _stills(
        self,
        sessions: Sequence[Session],
        source: SourceFigures,
        project: Path,
        folder: Path,
        held: contextlib.ExitStack,
    ) -> list[Path | Exception]:
        tasks = [session.assignment.task for session in sessions]
        frames = [
            composition_frame(task.scene, task.source, task.frame)
            if isinstance(task, StillTask) and task.source is not None
            else 0
            for task in tasks
        ]
        try:
            for session in sessions:
                project = self._personalised(session, project, held)
        except ProjectError as error:
            if len(sessions) == 1:
                raise
            raise _one_of(len(sessions), str(error)) from error
        comps = [task.source.composition if task.source is not None else "" for task in tasks]
        made = folder / "o"
        orders = orders_of([(comp, frame, 1) for comp, frame in zip(comps, frames, strict=True)], made)
        launch = Launch(sha256=source.sha256, project=project, top=folder / "p", orders=orders)
        try:
            failure, items = self._render(launch, AllStopped(sessions), None)
        except (ProjectError, RenderError) as error:
            if len(sessions) == 1 or error.code == "cancelled":
                raise
            raise _one_of(len(sessions), str(error)) from error
        if failure is not None and len(sessions) > 1 and failure.kind in ("template", "asset", "font", "unknown"):
            raise _one_of(len(sessions), failure.detail)
        if failure is not None:
            raise failed(failure)
        outputs: list[Path | Exception] = []
        for index, (session, item) in enumerate(zip(sessions, items, strict=True)):
            try:
                outputs.append(self._still(session, sequence(made, index), item, folder / f"{index}", frames[index]))
            except (AfterEffectsFailed, EngineError, Stopped, OSError) as error:
                outputs.append(error)
        return outputs

    def _personalised(self, session: Session, project: Path, held: contextlib.ExitStack) -> Path:
        """Write the values of a session's scene into a copy beside the project, and return it; the project itself when there are none.

        Raises ProjectError for values or files that cannot be written.
        """
        source = session.assignment.task.source
        if source is None or not source.values:
            return project
        folder = project.parent / f"a{session.lease.lease_id.hex[:8]}"
        folder.mkdir()
        assets: dict[str, Path] = {}
        for name, asset in source.assets.items():
            place = folder / PurePosixPath(asset.name).name
            if safe_path(asset.name) != PurePosixPath(place.name) or not asset.name.isascii():
                raise WorkFailed("internal", f"the file of a value has a name that cannot be used: {asset.name[:60]!r}")
            _link(self._fetcher.clip(session, held, asset.sha256), place)
            assets[name] = place
        copy = project.with_name(f"v{session.lease.lease_id.hex[:8]}.aep")
        fields = [msgspec.convert({"label": {}, "origin": "name", **field}, SuggestedField) for field in source.fields]
        personalise_apart(project, source.values, assets, copy, composition=source.composition, fields=fields)
        return copy

    def _still(self, session: Session, pattern: Path, item: QueuedItem, out: Path, frame: int) -> Path:
        task = session.assignment.task
        if not isinstance(task, StillTask):
            raise WorkFailed("internal", "a launch draws pictures or a segment, not both")
        if session.cancel.is_set():
            raise Stopped
        _check(self._ordered(session, pattern, item, frame), session.cancel)
        (picture,) = sequence_files(pattern)
        named = out.with_suffix(".png" if task.format == "png" else ".jpg")
        convert_still(picture, named, width=task.width, height=task.height)
        return named

    def _render(
        self, launch: Launch, cancel: threading.Event, told: Session | None
    ) -> tuple[Failure | None, list[QueuedItem]]:
        """Launch After Effects; return its failure, if any, and what it was to draw. Raises Stopped when nobody wants it any more."""

        def progress(frames: int) -> None:
            if told is not None:
                told.frames_done = max(told.frames_done, frames)

        outcome, items = self._after_effects.render(launch, cancel=cancel, progress=progress)
        if told is not None:
            told.engine_log = "\n".join(outcome.log_tail)
            told.log.note(
                f"After Effects ended with {outcome.exit_code} after {outcome.seconds:.1f} s:\n{told.engine_log}"
            )
        if outcome.failure is not None and outcome.failure.kind == "cancelled":
            raise Stopped
        return outcome.failure, items

    def _ordered(self, session: Session, pattern: Path, item: QueuedItem, first: int) -> OrderedOutput:
        ordered = OrderedOutput(
            path=pattern, frames=item.frames, fps=item.fps, width=item.width, height=item.height, may_be_black=True
        )
        scene = session.assignment.task.scene
        source = session.assignment.task.source
        begins = source.first_frame if source is not None else 0
        numbers = [round((first - begins + number) * scene.fps / item.fps) for number in looked_at(ordered)]
        return msgspec.structs.replace(ordered, may_be_black=not self._is_lit(session, scene, numbers))

    def _is_lit(self, session: Session, scene: SceneFigures, frames: Sequence[int]) -> bool:
        """Return whether the scene's approximation shows something light in one of these frames: After Effects' pictures are not all black then."""
        try:
            lottie = self._fetcher.lottie(session)
            approximation = _scene(scene, lottie)
            for frame in frames:
                drawn = self._pool.draw(
                    approximation,
                    float(min(max(frame, 0), scene.frames - 1)),
                    width=_SMALL[0],
                    height=_SMALL[1],
                    background=(0, 0, 0),
                    cancel=session.cancel,
                )
                if max(max(drawn[channel::4]) for channel in range(3)) >= _DARK:
                    return True
        except EngineError:
            # It cannot say: a film without any light is the rarer case by far.
            return not session.cancel.is_set()
        return False

    def _overlay(
        self, session: Session, task: SegmentTask, figures: SceneFigures, settings: FilmSettings, folder: Path
    ) -> Path:
        """Draw what is laid over the frames, lossless and with its transparency."""
        scene = _scene(figures, self._fetcher.overlay(session, figures))
        lossless = msgspec.structs.replace(settings, kind="png_frames", alpha=True, crf=20, max_kbps=None)
        out = folder / f"overlay{lossless.segment_suffix}"
        render_segment(
            scene, task.first, task.last, lossless, out, pool=self._pool, threads=self._threads, cancel=session.cancel
        )
        return out


def composition_frame(scene: SceneFigures, source: SourceFigures, frame: float) -> int:
    """Return which frame of the composition is shown at a frame of the scene (from its first, in its rate): the one that has begun by then."""
    rate = Fraction(1) if source.fps is None else exact_rate(source.fps) / exact_rate(scene.fps)
    # A ten-thousandth of a frame is what the plan rounds to.
    return source.first_frame + math.floor((Fraction(frame) + Fraction(1, 5000)) * rate)


def _scene(figures: SceneFigures, lottie: bytes) -> ResolvedScene:
    return ResolvedScene(
        scene_key=figures.scene_key,
        lottie=lottie,
        sha256=figures.sha256,
        width=figures.width,
        height=figures.height,
        fps=figures.fps,
        first_frame=figures.first_frame,
        frames=figures.frames,
    )


def _check(ordered: OrderedOutput, cancel: threading.Event) -> None:
    problem = check_output(ordered, cancel=cancel)
    if problem is None:
        return
    if problem.kind == "cancelled":
        raise Stopped
    raise failed(problem)


def _one_of(pictures: int, detail: str) -> AfterEffectsFailed:
    """Return the failure of pictures that were drawn together and of which one is to blame: each is drawn by itself the next time."""
    return AfterEffectsFailed(
        "node", "aerender_unknown", f"one of {pictures} pictures drawn together failed: {detail}", "engine_crash"
    )


def _lay_out(made: Sequence[Path], numbers: Sequence[int], folder: Path) -> None:
    """Put the picture of each output frame into `folder`; the last one stays when the composition ends before the scene."""
    for number, index in enumerate(numbers):
        picture, place = made[min(index, len(made) - 1)], folder / (PICTURE_NAME % number)
        _link(picture, place)


def _link(file: Path, place: Path) -> None:
    try:
        os.link(file, place)
    except OSError:
        shutil.copyfile(file, place)

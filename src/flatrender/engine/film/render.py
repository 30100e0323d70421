"""A whole film on one machine."""

import contextlib
import functools
import os
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from flatrender.engine.errors import RenderError
from flatrender.engine.film.expect import expect_film
from flatrender.engine.film.join import join_segments
from flatrender.engine.film.plan import FilmPlan, plan_film
from flatrender.engine.film.segments import render_segment
from flatrender.engine.film.settings import FilmSettings
from flatrender.engine.film.tasks import Tasks
from flatrender.engine.film.transitions import CUT, Transition, arrange
from flatrender.engine.probe import ExpectedFilm, FilmReport, probe_film
from flatrender.engine.raster.pool import WorkerPool
from flatrender.engine.scene import ResolvedScene
from flatrender.engine.sound.mix import mix_sound
from flatrender.engine.sound.track import TrackSpec

_MAX_ENCODER_THREADS = 4
"""Of one segment: each costs memory (a picture or two) and gains less than the one before."""


class FilmProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a film is. Stages follow each other: `drawing`, `joining`, `checking`, `done`."""

    stage: str
    frames_done: int
    frames: int
    """Output frames of the whole film."""


def render_film(
    scenes: Sequence[ResolvedScene],
    settings: FilmSettings,
    out: Path,
    *,
    transitions: Sequence[Transition] = (),
    sound: Sequence[TrackSpec] = (),
    title: str | None = None,
    pool: WorkerPool | None = None,
    progress: Callable[[FilmProgress], None] | None = None,
    cancel: threading.Event | None = None,
) -> FilmReport:
    """Draw, encode, mix, join and check a film, then put it at `out` (an older file there is replaced).

    Everything is made in a hidden folder beside `out` and renamed at the end, so that `out` is a whole film or as it was. `progress` is
    called from this thread. `transitions`, when given, has one between each scene and the next. Without `pool` one is made for this film. Raises RenderError.
    """
    out = out.absolute()
    if not out.parent.is_dir():
        raise RenderError("the folder for the film does not exist", code="output_unwritable", where=str(out.parent))
    with contextlib.ExitStack() as stack:
        if pool is None:
            pool = stack.enter_context(WorkerPool())
            pool.warm()
        arranged = arrange(scenes, transitions or [CUT] * (len(scenes) - 1), settings)
        scenes, length = arranged.scenes, _chunk_frames(scenes, settings, pool.workers)
        plan = plan_film(scenes, settings, sound=sound, chunk_frames=length, trims=arranged.trims)
        try:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=".flatrender-", dir=out.parent)))
        except OSError as error:
            raise RenderError(
                f"the film cannot be written here: {error.strerror}", code="output_unwritable", where=str(out.parent)
            ) from error
        tell = progress or (lambda _: None)
        made = _make_parts(plan, scenes, folder, pool, tell, cancel)
        tell(FilmProgress(stage="joining", frames_done=plan.frames, frames=plan.frames))
        film = folder / f"film{out.suffix if settings.facts.container == 'frames' else settings.facts.suffix}"
        join_segments(made.segments, settings, film, sound=made.sound, title=title, cancel=cancel)
        tell(FilmProgress(stage="checking", frames_done=plan.frames, frames=plan.frames))
        report = probe_film(film, made.expected, cancel=cancel)
        try:
            film.replace(out)
        except OSError as error:
            raise RenderError(
                f"the film cannot be put here: {error.strerror}", code="output_unwritable", where=str(out)
            ) from error
        tell(FilmProgress(stage="done", frames_done=plan.frames, frames=plan.frames))
        return msgspec.structs.replace(report, path=str(out), warnings=arranged.warnings)


class _Parts(msgspec.Struct, frozen=True, kw_only=True):
    segments: tuple[Path, ...]
    sound: Path | None
    expected: ExpectedFilm


def _chunk_frames(scenes: Sequence[ResolvedScene], settings: FilmSettings, workers: int) -> int:
    """Chunks of about four seconds, smaller when the film would not keep every worker busy."""
    total = sum(scene.frames / scene.fps for scene in scenes) * float(settings.rate)
    return max(15, min(round(settings.rate * 4), round(total / (workers * 3))))


def _make_parts(
    plan: FilmPlan,
    scenes: Sequence[ResolvedScene],
    folder: Path,
    pool: WorkerPool,
    tell: Callable[[FilmProgress], None],
    cancel: threading.Event | None,
) -> _Parts:
    done = [0] * len(plan.chunks)
    segments = tuple(folder / f"segment-{chunk.index:05d}{plan.settings.segment_suffix}" for chunk in plan.chunks)
    sound = folder / "sound.m4a" if plan.sound else None
    threads = max(1, min(_MAX_ENCODER_THREADS, (os.cpu_count() or 1) // pool.workers))
    with Tasks(pool.workers + 1, cancel) as tasks:

        def segment(index: int) -> None:
            chunk = plan.chunks[index]

            def note(frames: int) -> None:
                done[index] = frames

            render_segment(
                scenes[chunk.scene],
                chunk.first,
                chunk.last,
                plan.settings,
                segments[index],
                pool=pool,
                threads=threads,
                progress=note,
                cancel=tasks.stop,
            )

        if sound is not None:
            tasks.add(lambda: mix_sound(plan.sound, plan.duration_s, sound, cancel=tasks.stop))
        expected = tasks.add(lambda: expect_film(plan, scenes, pool, cancel=tasks.stop))
        # The longest first: a long one started last would keep the others waiting.
        for chunk in sorted(plan.chunks, key=lambda chunk: -chunk.frames):
            tasks.add(functools.partial(segment, chunk.index))
        tasks.wait(lambda: tell(FilmProgress(stage="drawing", frames_done=sum(done), frames=plan.frames)))
        return _Parts(segments=segments, sound=sound, expected=expected.result())

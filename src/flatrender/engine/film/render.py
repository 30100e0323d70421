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
from flatrender.engine.film.clip_sound import with_clip_sound
from flatrender.engine.film.encoders import GOP_SECONDS
from flatrender.engine.film.expect import expect_film
from flatrender.engine.film.join import join_segments
from flatrender.engine.film.keys import segment_key
from flatrender.engine.film.part import Part, part_of
from flatrender.engine.film.plan import Chunk, plan_film
from flatrender.engine.film.reuse import KeptDrawings, Reuse
from flatrender.engine.film.segments import render_segment
from flatrender.engine.film.settings import FilmSettings
from flatrender.engine.film.tasks import Tasks
from flatrender.engine.film.transitions import CUT, Transition, arrange
from flatrender.engine.probe import ExpectedFilm, FilmReport, probe_film
from flatrender.engine.raster.pool import WorkerPool
from flatrender.engine.scene import ResolvedScene
from flatrender.engine.sound.track import TrackSpec
from flatrender.engine.store.disk import Store

_MAX_ENCODER_THREADS = 4
"""Of one segment: each costs memory (a picture or two) and gains less than the one before."""


class FilmProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a film is. Stages follow each other: `drawing`, `joining`, `checking`, `done`."""

    stage: str
    frames_done: int
    frames: int
    """Output frames of the whole film."""
    frames_reused: int = 0
    """Of those done, how many were made before."""


def render_film(
    scenes: Sequence[ResolvedScene],
    settings: FilmSettings,
    out: Path,
    *,
    transitions: Sequence[Transition] = (),
    sound: Sequence[TrackSpec] = (),
    title: str | None = None,
    frames: tuple[int, int | None] | None = None,
    pool: WorkerPool | None = None,
    store: Store | None = None,
    progress: Callable[[FilmProgress], None] | None = None,
    cancel: threading.Event | None = None,
) -> FilmReport:
    """Draw, encode, mix, join and check a film, then put it at `out` (an older file there is replaced).

    Everything is made in a hidden folder beside `out` and renamed at the end, so that `out` is a whole film or as it was. `progress` is
    called from this thread. `transitions`, when given, has one between each scene and the next. `frames` makes only those (first and last output
    frame of the whole film, both shown; None: to its end) with the sound under them. Without `pool` one is made for this film; a pool's workers
    start when there is something to draw. What is in `store` is not made again, and what is made is kept there; the film is the same without
    it. Raises RenderError.
    """
    out = out.absolute()
    if not out.parent.is_dir():
        raise RenderError("the folder for the film does not exist", code="output_unwritable", where=str(out.parent))
    with contextlib.ExitStack() as stack:
        if pool is None:
            pool = stack.enter_context(WorkerPool())
        arranged = arrange(scenes, transitions or [CUT] * (len(scenes) - 1), settings)
        scenes = arranged.scenes
        plan = plan_film(scenes, settings, sound=sound, chunk_frames=chunk_frames(settings), trims=arranged.trims)
        part = part_of(with_clip_sound(plan, scenes, arranged.places), frames)
        scenes = [scenes[index] for index in part.scenes]
        try:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=".flatrender-", dir=out.parent)))
        except OSError as error:
            raise RenderError(
                f"the film cannot be written here: {error.strerror}", code="output_unwritable", where=str(out.parent)
            ) from error
        film = _Film(part, scenes, folder, out.suffix, Reuse(store, part, scenes, title), progress or (lambda _: None))
        film.make_parts(pool, KeptDrawings(pool, store), cancel)
        report = film.join(title, pool, cancel)
        try:
            Path(report.path).replace(out)
        except OSError as error:
            raise RenderError(
                f"the film cannot be put here: {error.strerror}", code="output_unwritable", where=str(out)
            ) from error
        film.tell("done")
        if store is not None:
            store.settle()
        return msgspec.structs.replace(report, path=str(out), warnings=arranged.warnings)


def chunk_frames(settings: FilmSettings) -> int:
    """Return how many frames a segment has, about: one group of pictures.

    The same for every scene of every film at this rate: a segment can only be used again when its film is cut in the same places.
    """
    return max(15, round(settings.rate * GOP_SECONDS))


class _Film:
    """One film in the making, in a folder of its own."""

    def __init__(
        self,
        part: Part,
        scenes: Sequence[ResolvedScene],
        folder: Path,
        suffix: str,
        reuse: Reuse,
        tell: Callable[[FilmProgress], None],
    ) -> None:
        plan = part.plan
        self._part, self._plan, self._scenes, self._reuse, self._tell = part, plan, scenes, reuse, tell
        self._segments = [folder / f"segment-{chunk.index:05d}{plan.settings.segment_suffix}" for chunk in plan.chunks]
        facts = plan.settings.facts
        self._sound = folder / f"sound{facts.sound_suffix}" if plan.sound and facts.audio else None
        self._film = folder / f"film{suffix if facts.container == 'frames' else facts.suffix}"
        self._done = [0] * len(plan.chunks)
        self._reused = 0
        self._expected: Callable[[], ExpectedFilm]

    def tell(self, stage: str) -> None:
        """Say how far the film is."""
        self._tell(
            FilmProgress(stage=stage, frames_done=sum(self._done), frames=self._plan.frames, frames_reused=self._reused)
        )

    def make_parts(self, pool: WorkerPool, drawings: KeptDrawings, cancel: threading.Event | None) -> None:
        """Fetch what was made before; draw, encode and mix the rest."""
        missing = [chunk for chunk in self._plan.chunks if not self._fetched(chunk, cancel)]
        self.tell("drawing")
        if missing:
            pool.warm(films=True)
        self._expected = lambda: expect_film(self._plan, self._scenes, drawings, cancel=cancel)
        sound = self._sound
        mix = sound is not None and not self._reuse.fetch_sound(sound)
        if not missing and not mix:
            return
        cores = os.cpu_count() or 1
        # Never one alone where there are two: a film's last segment, or its only one, would leave a core idle.
        threads = max(min(2, cores), min(_MAX_ENCODER_THREADS, cores // pool.workers))
        with Tasks(pool.workers + 1, cancel) as tasks:
            if mix and sound is not None:
                tasks.add(functools.partial(self._mix, sound, tasks.stop))
            expected = tasks.add(lambda: expect_film(self._plan, self._scenes, drawings, cancel=tasks.stop))
            # The longest first: a long one started last would keep the others waiting.
            for chunk in sorted(missing, key=lambda chunk: -chunk.frames):
                tasks.add(functools.partial(self._segment, chunk, pool, threads, tasks.stop))
            tasks.wait(lambda: self.tell("drawing"))
            self._expected = expected.result

    def join(self, title: str | None, pool: WorkerPool, cancel: threading.Event | None) -> FilmReport:
        """Put the parts together and check the film; it stays in the folder."""
        self.tell("joining")
        join_segments(self._segments, self._plan.settings, self._film, sound=self._sound, title=title, cancel=cancel)
        self.tell("checking")
        report = self._reuse.checked(self._film, cancel)
        if report is None:
            report = probe_film(self._film, self._expected(), cancel=cancel, looks=pool)
            self._reuse.keep_check(self._film, report, cancel)
        return report

    def _fetched(self, chunk: Chunk, cancel: threading.Event | None) -> bool:
        if cancel is not None and cancel.is_set():
            raise RenderError("the film was cancelled", code="cancelled")
        if not self._reuse.fetch_segment(chunk.index, self._segments[chunk.index]):
            return False
        self._done[chunk.index] = chunk.frames
        self._reused += chunk.frames
        return True

    def _segment(self, chunk: Chunk, pool: WorkerPool, threads: int, stop: threading.Event) -> None:
        def note(frames: int) -> None:
            self._done[chunk.index] = frames

        segment = self._segments[chunk.index]
        render_segment(
            self._scenes[chunk.scene],
            chunk.first,
            chunk.last,
            self._plan.settings,
            segment,
            pool=pool,
            threads=threads,
            progress=note,
            cancel=stop,
        )
        self._done[chunk.index] = chunk.frames
        self._reuse.keep_segment(chunk.index, segment)

    def _mix(self, sound: Path, stop: threading.Event) -> None:
        from flatrender.engine.sound.mix import mix_sound  # noqa: PLC0415  # with numpy; a film whose sound was mixed before does without

        plan, part = self._plan, self._part
        if plan.duration_s == part.whole_s:
            mix_sound(plan.sound, plan.duration_s, sound, cancel=stop)
        else:
            # Loudness, ducking and fades are the whole film's.
            whole = sound.with_name("whole.wav")
            mix_sound(plan.sound, part.whole_s, whole, cancel=stop)
            piece = TrackSpec(kind="music", path=whole, offset_s=part.begins_s)
            mix_sound([piece], plan.duration_s, sound, loudness=None, ducking=None, cancel=stop)
        self._reuse.keep_sound(sound)


def is_kept(scene: ResolvedScene, settings: FilmSettings, store: Store | None) -> bool:
    """Whether something of the scene, encoded so, is in the store: then probably all of it. Reads nothing."""
    if store is None:
        return False
    plan = plan_film([scene], settings, chunk_frames=chunk_frames(settings))
    return any(store.has(segment_key(scene, chunk.first, chunk.last, settings)) for chunk in plan.chunks)

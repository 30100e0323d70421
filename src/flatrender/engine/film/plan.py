"""What a film consists of and in which chunks it is drawn. Pure: no files, no processes."""

import itertools
import math
from collections.abc import Sequence
from fractions import Fraction

import msgspec

from flatrender.engine.errors import RenderError
from flatrender.engine.film.settings import FilmSettings, check_animation_size, exact_rate
from flatrender.engine.scene import ResolvedScene
from flatrender.engine.sound.track import TrackSpec

MAX_FRAMES = 120 * 60 * 60
"""Output frames of one film: an hour at 120 frames a second."""


class SceneSpan(msgspec.Struct, frozen=True, kw_only=True):
    """One scene's place in the film, in output frames."""

    scene_key: str
    sha256: str
    start: int
    frames: int
    """How many of its frames are shown."""
    first: int = 0
    """The first of its output frames that is shown; those before belong to a transition."""

    @property
    def begins(self) -> int:
        """The film's frame at which the scene's own frame 0 is, seen alone or in a transition: where the scene's sound begins."""
        return self.start - self.first


class Chunk(msgspec.Struct, frozen=True, kw_only=True):
    """A range of one scene's output frames, encoded as one segment. Both ends belong to it; frame 0 is the scene's first."""

    index: int
    scene: int
    """Index into the plan's scenes."""
    first: int
    last: int

    @property
    def frames(self) -> int:
        """How many frames the segment has."""
        return self.last - self.first + 1


class FilmPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A film: scenes in order, chunks in the order in which they are joined, sound."""

    settings: FilmSettings
    scenes: tuple[SceneSpan, ...]
    chunks: tuple[Chunk, ...]
    sound: tuple[TrackSpec, ...] = ()

    @property
    def frames(self) -> int:
        """Output frames of the whole film."""
        return sum(scene.frames for scene in self.scenes)

    @property
    def duration_s(self) -> float:
        """Seconds of the whole film."""
        return float(self.frames / self.settings.rate)


def output_frames(frames: int, scene_fps: float, rate: Fraction) -> int:
    """How many frames at `rate` a scene of `frames` frames at `scene_fps` lasts (rounded half up, at least one)."""
    return max(1, math.floor(frames * rate / exact_rate(scene_fps) + Fraction(1, 2)))


def lottie_frames(scene_frames: int, scene_fps: float, rate: Fraction, first: int, last: int) -> list[float]:
    """Return the Lottie frames, counted from the in point, of output frames `first` to `last` (both drawn).

    Output frame n is shown at n / rate seconds; a fraction is interpolated. Rounded to 1/10000 frame, so that a keyframe on a whole frame is
    met exactly.
    """
    fps = exact_rate(scene_fps)
    end = scene_frames - 1e-4
    return [min(round(float(n * fps / rate), 4), end) for n in range(first, last + 1)]


def _edges(first: int, after: int, chunk_frames: int) -> list[int]:
    """Return where a scene is cut: at whole multiples of `chunk_frames`, whatever is shown of it.

    So a scene of which a transition or a choice of frames takes a piece keeps its other segments. What is left over at either end, when it is less than
    a third of a chunk, goes to its neighbour.
    """
    least = chunk_frames / 3
    inner = range((first // chunk_frames + 1) * chunk_frames, after, chunk_frames)
    return [first, *(edge for edge in inner if edge - first >= least and after - edge >= least), after]


def plan_film(
    scenes: Sequence[ResolvedScene],
    settings: FilmSettings,
    *,
    sound: Sequence[TrackSpec] = (),
    chunk_frames: int = 150,
    trims: Sequence[tuple[int, int]] = (),
) -> FilmPlan:
    """Cut the film into chunks of about `chunk_frames` output frames; a chunk never crosses scenes, and is cut by its scene alone.

    `trims` says for each scene which of its output frames are shown, as (first, how many); without it all are (see `transitions.arrange`).
    A kind without sound has none in its plan.
    Raises RenderError `settings_invalid` when there is no scene or the film is too long.
    """
    if not scenes:
        raise RenderError("a film needs at least one scene", code="settings_invalid")
    if chunk_frames < 1:
        raise RenderError(f"chunks of {chunk_frames} frames; give at least 1", code="settings_invalid")
    spans: list[SceneSpan] = []
    chunks: list[Chunk] = []
    start = 0
    for index, scene in enumerate(scenes):
        whole = output_frames(scene.frames, scene.fps, settings.rate)
        first, frames = trims[index] if trims else (0, whole)
        if not 0 <= first < first + frames <= whole:
            raise RenderError(
                f"frames {first} to {first + frames - 1} are not in the scene, which has frames 0 to {whole - 1}",
                code="settings_invalid",
                where=scene.scene_key,
            )
        span = SceneSpan(scene_key=scene.scene_key, sha256=scene.sha256, start=start, frames=frames, first=first)
        spans.append(span)
        start += frames
        if start > MAX_FRAMES:
            raise RenderError(f"the film has more than {MAX_FRAMES} frames; make it shorter", code="settings_invalid")
        edges = _edges(first, first + frames, chunk_frames)
        for begin, after in itertools.pairwise(edges):
            chunks.append(Chunk(index=len(chunks), scene=index, first=begin, last=after - 1))
    check_animation_size(settings, start)
    heard = tuple(sound) if settings.facts.audio is not None else ()
    return FilmPlan(settings=settings, scenes=tuple(spans), chunks=tuple(chunks), sound=heard)

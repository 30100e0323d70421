"""What a planned film should look like, drawn small, for its check."""

import threading
from collections.abc import Sequence
from typing import Protocol

from flatrender.engine.film.plan import FilmPlan, lottie_frames
from flatrender.engine.film.settings import FilmSettings
from flatrender.engine.probe import ExpectedFilm, Sample, sample_frames, sample_size
from flatrender.engine.raster.pool import Background
from flatrender.engine.scene import ResolvedScene

_OVERSAMPLING = 4


class Draws(Protocol):
    """Who draws frames: a `WorkerPool`, or something that has drawn them before."""

    def draw(
        self,
        scene: ResolvedScene,
        frame: float,
        *,
        width: int,
        height: int,
        background: Background | None = None,
        cancel: threading.Event | None = None,
    ) -> bytes:
        """One frame's pixels, as `WorkerPool.draw` gives them."""


def expect_film(
    plan: FilmPlan, scenes: Sequence[ResolvedScene], pool: Draws, *, cancel: threading.Event | None = None
) -> ExpectedFilm:
    """Draw the film's first, middle and last frame small. Raises what `WorkerPool.draw` raises."""
    settings = plan.settings
    return ExpectedFilm(
        frames=plan.frames,
        rate=settings.rate,
        width=settings.width,
        height=settings.height,
        sound=bool(plan.sound),
        kind=settings.kind,
        alpha=settings.alpha,
        background=settings.background,
        samples=tuple(_sample(plan, scenes, number, pool, cancel) for number in sample_frames(plan.frames)),
    )


def expect_segment(
    scene: ResolvedScene,
    first: int,
    last: int,
    settings: FilmSettings,
    pool: Draws,
    *,
    cancel: threading.Event | None = None,
) -> ExpectedFilm:
    """Draw the first, middle and last frame of one segment small: output frames `first` to `last` of the scene, without sound.

    Raises what `WorkerPool.draw` raises.
    """
    frames = last - first + 1
    samples = (_draw(scene, first + number, number, settings, pool, cancel) for number in sample_frames(frames))
    return ExpectedFilm(
        frames=frames,
        rate=settings.rate,
        width=settings.width,
        height=settings.height,
        sound=False,
        kind=settings.kind,
        alpha=settings.alpha,
        background=settings.background,
        samples=tuple(samples),
    )


def _sample(
    plan: FilmPlan, scenes: Sequence[ResolvedScene], number: int, pool: Draws, cancel: threading.Event | None
) -> Sample:
    index = max(i for i, span in enumerate(plan.scenes) if span.start <= number)
    span = plan.scenes[index]
    return _draw(scenes[index], span.first + number - span.start, number, plan.settings, pool, cancel)


def _draw(
    scene: ResolvedScene,
    inside: int,
    number: int,
    settings: FilmSettings,
    pool: Draws,
    cancel: threading.Event | None,
) -> Sample:
    from PIL import Image  # noqa: PLC0415  # a film that was checked before does without

    (frame,) = lottie_frames(scene.frames, scene.fps, settings.rate, inside, inside)
    width, height = sample_size(settings.width, settings.height)
    large = (width * _OVERSAMPLING, height * _OVERSAMPLING)
    background = None if settings.alpha else settings.background
    pixels = pool.draw(scene, frame, width=large[0], height=large[1], background=background, cancel=cancel)
    if background is not None:
        drawn = Image.frombuffer("RGB", large, pixels, "raw", "BGRX", 0, 1).reduce(_OVERSAMPLING)
        return Sample(frame=number, scene_key=scene.scene_key, width=width, height=height, pixels=drawn.tobytes())
    layer = Image.frombuffer("RGBA", large, pixels, "raw", "RGBA", 0, 1)
    shown = Image.alpha_composite(Image.new("RGBA", large, (*settings.background, 255)), layer)
    return Sample(
        frame=number,
        scene_key=scene.scene_key,
        width=width,
        height=height,
        pixels=shown.convert("RGB").reduce(_OVERSAMPLING).tobytes(),
        alpha=layer.getchannel("A").reduce(_OVERSAMPLING).tobytes(),
    )

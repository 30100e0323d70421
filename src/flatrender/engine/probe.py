"""Is a finished film what it should be. Looks at the file alone; the pictures to compare with are drawn by the caller."""

import threading
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import msgspec

from flatrender.engine.errors import RenderError
from flatrender.engine.ffmpeg import FILM_FORMATS, base_arguments, input_file
from flatrender.engine.media import FilmInfo, film_info
from flatrender.engine.process import run

SAMPLE_WIDTH = 80
_BLANK_RANGE = 10
"""A picture whose channels all stay within so many levels (of 255) is blank; encoding noise is below it."""
_PLAIN_RANGE = 32
"""A drawn picture must show at least this range before a blank film frame counts as an error."""
_MAX_DIFFERENCE = 30.0
"""Mean absolute difference (levels of 255) between a film frame and the same frame drawn small; equal frames stay below 6."""


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """How one frame of the film should look."""

    frame: int
    """Output frame, counted from the film's first."""
    scene_key: str
    width: int
    height: int
    pixels: bytes
    """RGB, `width * height * 3` bytes."""


class ExpectedFilm(msgspec.Struct, frozen=True, kw_only=True):
    """What the film should be."""

    frames: int
    rate: Fraction
    width: int
    height: int
    sound: bool
    samples: tuple[Sample, ...] = ()
    """All of one size."""


class FilmReport(msgspec.Struct, frozen=True, kw_only=True):
    """A film that passed its check."""

    path: str
    size_bytes: int
    duration_s: float
    frames: int
    fps: float
    width: int
    height: int
    video_codec: str
    pixel_format: str
    audio_codec: str | None
    audio_rate: int | None
    audio_channels: int | None


def sample_frames(frames: int) -> list[int]:
    """Return the frames that are looked at: first, middle, last."""
    return sorted({0, frames // 2, frames - 1})


def sample_size(width: int, height: int) -> tuple[int, int]:
    """Size of the pictures that are compared, for a film of this size."""
    return SAMPLE_WIDTH, max(8, round(SAMPLE_WIDTH * height / width))


def probe_film(
    path: Path, expected: ExpectedFilm, *, deadline_s: float = 120, cancel: threading.Event | None = None
) -> FilmReport:
    """Check the file and describe it.

    Streams, size, frame count and even frame times, duration within one frame, sound as long as the picture (within one frame and one AAC
    block); first, middle and last frame decode, and where samples are given show what they show and are not blank where those are not.
    Raises RenderError `film_check_failed` naming the first thing that is wrong, or `cancelled`.
    """
    if not path.is_file():
        raise _wrong(path, "the film does not exist")
    wanted = sorted({*sample_frames(expected.frames), *(sample.frame for sample in expected.samples)})
    width, height = sample_size(expected.width, expected.height)
    info = film_info(
        path, formats=FILM_FORMATS, frames=wanted, width=width, height=height, deadline_s=deadline_s, cancel=cancel
    )
    for problem in _problems(info, expected, wanted):
        raise _wrong(path, problem)
    for sample in expected.samples:
        difference = _compare(info.pictures[sample.frame], sample)
        if difference is not None:
            raise _wrong(path, difference)
    return FilmReport(
        path=str(path),
        size_bytes=path.stat().st_size,
        duration_s=info.duration_s,
        frames=info.frames,
        fps=info.fps,
        width=info.width,
        height=info.height,
        video_codec=info.video_codec,
        pixel_format=info.pixel_format,
        audio_codec=info.audio_codec,
        audio_rate=info.audio_rate,
        audio_channels=info.audio_channels,
    )


def check_pictures(
    path: Path, expected: ExpectedFilm, *, deadline_s: float = 60, cancel: threading.Event | None = None
) -> None:
    """Look only at the frames of which there are samples: each decodes, shows what its sample shows and is not blank where that is not.

    For a segment: the whole film's check counts and decodes every frame. Raises RenderError `film_check_failed` or `cancelled`.
    """
    width, height = sample_size(expected.width, expected.height)
    chosen = "+".join(f"eq(n\\,{sample.frame})" for sample in expected.samples)
    arguments = [
        *base_arguments(),
        *input_file(path, FILM_FORMATS),
        "-vf",
        f"select={chosen},scale={width}:{height}:flags=area",
    ]
    arguments += ["-fps_mode", "passthrough", "-pix_fmt", "rgb24", "-f", "rawvideo", "pipe:1"]
    shown = run(
        arguments, what="looking at the segment", code="film_check_failed", deadline_s=deadline_s, cancel=cancel
    )
    size = width * height * 3
    if len(shown) != size * len(expected.samples):
        raise _wrong(path, f"{len(shown) // size} of the frames {[sample.frame for sample in expected.samples]} decode")
    for number, sample in enumerate(expected.samples):
        difference = _compare(shown[number * size : (number + 1) * size], sample)
        if difference is not None:
            raise _wrong(path, difference)


def _wrong(path: Path, problem: str) -> RenderError:
    return RenderError(problem, code="film_check_failed", where=str(path))


def _problems(info: FilmInfo, expected: ExpectedFilm, wanted: Sequence[int]) -> list[str]:
    frame_s = float(1 / expected.rate)
    duration_s = expected.frames * frame_s
    checks = [
        (
            (info.width, info.height) == (expected.width, expected.height),
            f"the picture is {info.width}x{info.height} instead of {expected.width}x{expected.height}",
        ),
        (
            info.video_codec == "h264" and info.pixel_format == "yuv420p",
            f"the picture is {info.video_codec} {info.pixel_format} instead of h264 yuv420p",
        ),
        (info.frames == expected.frames, f"the film has {info.frames} frames instead of {expected.frames}"),
        (abs(info.fps - float(expected.rate)) < 0.01, f"the film runs at {info.fps:g} frames a second"),
        (info.uneven_at is None, f"frame {info.uneven_at} is not shown at its time"),
        (
            abs(info.duration_s - duration_s) <= frame_s + 1024 / 48_000,
            f"the film lasts {info.duration_s:.3f} s instead of {duration_s:.3f} s",
        ),
        (
            (info.audio_codec is not None) == expected.sound,
            "the film has no sound" if expected.sound else "the film has a sound nobody asked for",
        ),
        (
            info.audio_duration_s is None or abs(info.audio_duration_s - duration_s) <= frame_s + 2048 / 48_000,
            f"the sound lasts {info.audio_duration_s or 0:.3f} s instead of {duration_s:.3f} s",
        ),
    ]
    found = [text for good, text in checks if not good]
    return found + [f"frame {number} does not decode" for number in wanted if number not in info.pictures]


def _compare(picture: bytes, sample: Sample) -> str | None:
    import numpy as np  # noqa: PLC0415  # a quarter of a command's start, which a film that was checked before does without

    shape = (sample.height, sample.width, 3)
    film = np.frombuffer(picture, np.uint8).reshape(shape).astype(np.int16)
    drawn = np.frombuffer(sample.pixels, np.uint8).reshape(shape).astype(np.int16)
    where = f"frame {sample.frame} (scene {sample.scene_key})"
    film_range = int((film.max(axis=(0, 1)) - film.min(axis=(0, 1))).max())
    drawn_range = int((drawn.max(axis=(0, 1)) - drawn.min(axis=(0, 1))).max())
    if film_range <= _BLANK_RANGE and drawn_range >= _PLAIN_RANGE:
        return f"{where} is blank although the scene is not"
    difference = float(np.abs(film - drawn).mean())
    if difference > _MAX_DIFFERENCE:
        return f"{where} does not show what the scene shows (mean difference {difference:.0f} of 255)"
    return None

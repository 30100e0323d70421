"""Is a finished film what it should be. Looks at the file alone; the pictures to compare with are drawn by the caller."""

import threading
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from flatrender.engine.decode import decode_frames, look_at_pictures
from flatrender.engine.errors import RenderError
from flatrender.engine.ffmpeg import FILM_FORMATS
from flatrender.engine.kinds import KINDS, OutputKind
from flatrender.engine.media import FilmInfo, Looks, film_info
from flatrender.engine.scene import SceneWarning

if TYPE_CHECKING:
    from PIL import Image

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
    """RGB, `width * height * 3` bytes; of a transparent film over its settings' background."""
    alpha: bytes | None = None
    """Of a transparent film: how opaque it is, `width * height` bytes."""


class ExpectedFilm(msgspec.Struct, frozen=True, kw_only=True):
    """What the film should be."""

    frames: int
    rate: Fraction
    width: int
    height: int
    sound: bool | None
    """None: with or without."""
    samples: tuple[Sample, ...] = ()
    """All of one size."""
    kind: OutputKind = "mp4_h264"
    alpha: bool = False
    background: tuple[int, int, int] = (255, 255, 255)
    """Behind the samples of a transparent film."""


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
    warnings: tuple[SceneWarning, ...] = ()
    """What was made otherwise than asked, although the film is whole."""


def sample_frames(frames: int) -> list[int]:
    """Return the frames that are looked at: first, middle, last."""
    return sorted({0, frames // 2, frames - 1})


def sample_size(width: int, height: int) -> tuple[int, int]:
    """Size of the pictures that are compared, for a film of this size."""
    return SAMPLE_WIDTH, max(8, round(SAMPLE_WIDTH * height / width))


def probe_film(
    path: Path,
    expected: ExpectedFilm,
    *,
    deadline_s: float = 120,
    cancel: threading.Event | None = None,
    looks: Looks | None = None,
) -> FilmReport:
    """Check the file and describe it. What is decoded by PyAV is decoded in a process of its own, or in one of `looks`.

    Streams, size, frame count and even frame times, duration within one frame, sound as long as the picture (within one frame and one AAC
    block); first, middle and last frame decode, and where samples are given show what they show and are not blank where those are not. Of a
    transparent film also how opaque these frames are. Of runs of pictures every one is decoded; `path` may be a sequence's folder or ZIP.
    Raises RenderError `film_check_failed` naming the first thing that is wrong, or `cancelled`.
    """
    if not path.exists():
        raise _wrong(path, "the film does not exist")
    if KINDS[expected.kind].picture_only:
        return _probe_pictures(path, expected, deadline_s, cancel)
    wanted = sorted({*sample_frames(expected.frames), *(sample.frame for sample in expected.samples)})
    width, height = sample_size(expected.width, expected.height)
    info = film_info(
        path,
        formats=FILM_FORMATS,
        frames=wanted,
        width=width,
        height=height,
        deadline_s=deadline_s,
        cancel=cancel,
        looks=looks,
    )
    for problem in _problems(info, expected, wanted):
        raise _wrong(path, problem)
    if expected.alpha:
        _check_samples(path, expected, _decoded(path, expected, expected.rate, deadline_s, cancel))
    else:
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
    _check_samples(path, expected, _decoded(path, expected, None, deadline_s, cancel))


def _decoded(
    path: Path, expected: ExpectedFilm, rate: Fraction | None, deadline_s: float, cancel: threading.Event | None
) -> dict[int, bytes]:
    return decode_frames(
        path,
        [sample.frame for sample in expected.samples],
        kind=expected.kind,
        alpha=expected.alpha,
        size=sample_size(expected.width, expected.height),
        rate=rate,
        deadline_s=deadline_s,
        cancel=cancel,
    )


def _probe_pictures(
    path: Path, expected: ExpectedFilm, deadline_s: float, cancel: threading.Event | None
) -> FilmReport:
    facts = KINDS[expected.kind]
    run_of = look_at_pictures(
        path,
        sample_frames(expected.frames),
        kind=expected.kind,
        size=sample_size(expected.width, expected.height),
        rate=expected.rate,
        deadline_s=deadline_s,
        cancel=cancel,
    )
    duration_s = float(expected.frames / expected.rate)
    # A GIF counts hundredths of a second, WebP thousandths.
    near = 0.011
    rate = float(expected.rate)
    held_once = expected.kind == "webp"
    late = max(
        (abs(at - round(at * rate) / rate) if held_once else abs(at - n / rate) for n, at in enumerate(run_of.times)),
        default=0,
    )
    still = held_once and len(run_of.times) == 1
    checks = [
        (
            len(run_of.times) == expected.frames or (held_once and 0 < len(run_of.times) < expected.frames),
            f"it has {len(run_of.times)} pictures instead of {expected.frames}",
        ),
        (
            (run_of.width, run_of.height) == (expected.width, expected.height),
            f"the picture is {run_of.width}x{run_of.height} instead of {expected.width}x{expected.height}",
        ),
        (late <= near, f"a picture is shown {late:.3f} s beside its time"),
        (
            still or abs(run_of.duration_s - duration_s) <= 0.5 / rate + near,
            f"it lasts {run_of.duration_s:.3f} s instead of {duration_s:.3f} s",
        ),
    ]
    for good, problem in checks:
        if not good:
            raise _wrong(path, problem)
    _check_samples(path, expected, run_of.pictures)
    size = path.stat().st_size if path.is_file() else sum(file.stat().st_size for file in path.iterdir())
    return FilmReport(
        path=str(path),
        size_bytes=size,
        duration_s=duration_s,
        frames=expected.frames,
        fps=float(expected.rate),
        width=run_of.width,
        height=run_of.height,
        video_codec=facts.codec,
        pixel_format=(facts.alpha_pixels if expected.alpha else facts.pixels)[0],
        audio_codec=None,
        audio_rate=None,
        audio_channels=None,
    )


def _check_samples(path: Path, expected: ExpectedFilm, shown: Mapping[int, bytes]) -> None:
    """`shown` is premultiplied RGBA of the samples' size."""
    import numpy as np  # noqa: PLC0415  # a quarter of a command's start, which an opaque film does without

    for sample in expected.samples:
        picture = shown.get(sample.frame)
        if picture is None:
            raise _wrong(path, f"frame {sample.frame} does not decode")
        layers = np.frombuffer(picture, np.uint8).reshape(sample.height, sample.width, 4)
        opaque = layers[..., 3:].astype(np.float32) / 255
        over = layers[..., :3] + (1 - opaque) * np.array(expected.background, np.float32)
        difference = _compare(over.clip(0, 255).astype(np.uint8).tobytes(), sample)
        if difference is None and sample.alpha is not None:
            wanted = np.frombuffer(sample.alpha, np.uint8).reshape(sample.height, sample.width)
            apart = float(np.abs(layers[..., 3].astype(np.int16) - wanted).mean())
            if apart > _MAX_DIFFERENCE:
                difference = f"frame {sample.frame} (scene {sample.scene_key}) is not transparent where the scene is"
        if difference is not None:
            raise _wrong(path, difference)


def _wrong(path: Path, problem: str) -> RenderError:
    return RenderError(problem, code="film_check_failed", where=str(path))


def _problems(info: FilmInfo, expected: ExpectedFilm, wanted: Sequence[int]) -> list[str]:
    facts = KINDS[expected.kind]
    pixels = facts.alpha_pixels if expected.alpha else facts.pixels
    frame_s = float(1 / expected.rate)
    duration_s = expected.frames * frame_s
    checks = [
        (
            (info.width, info.height) == (expected.width, expected.height),
            f"the picture is {info.width}x{info.height} instead of {expected.width}x{expected.height}",
        ),
        (
            info.video_codec == facts.codec and info.pixel_format in pixels,
            f"the picture is {info.video_codec} {info.pixel_format} instead of {facts.codec} {pixels[0]}",
        ),
        (info.frames == expected.frames, f"the film has {info.frames} frames instead of {expected.frames}"),
        (abs(info.fps - float(expected.rate)) < 0.01, f"the film runs at {info.fps:g} frames a second"),
        (info.uneven_at is None, f"frame {info.uneven_at} is not shown at its time"),
        (
            abs(info.duration_s - duration_s) <= frame_s + 1024 / 48_000,
            f"the film lasts {info.duration_s:.3f} s instead of {duration_s:.3f} s",
        ),
        (
            expected.sound is None or (info.audio_codec is not None) == expected.sound,
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
    from PIL import Image, ImageChops, ImageStat  # noqa: PLC0415  # a film that was checked before does without

    size = (sample.width, sample.height)
    film, drawn = Image.frombytes("RGB", size, picture), Image.frombytes("RGB", size, sample.pixels)
    where = f"frame {sample.frame} (scene {sample.scene_key})"
    # Drawn small, a picture that fills the frame may leave a strip of background at its edges.
    inside = drawn.crop((1, 1, sample.width - 1, sample.height - 1))
    if _range(film) <= _BLANK_RANGE and _range(inside) >= _PLAIN_RANGE:
        return f"{where} is blank although the scene is not"
    difference = sum(ImageStat.Stat(ImageChops.difference(film, drawn)).mean) / 3
    if difference > _MAX_DIFFERENCE:
        return f"{where} does not show what the scene shows (mean difference {difference:.0f} of 255)"
    return None


def _range(picture: "Image.Image") -> int:
    """Levels between the darkest and the lightest value of the channel where they are farthest apart."""
    from PIL import ImageStat  # noqa: PLC0415  # as above

    return max(high - low for low, high in ImageStat.Stat(picture).extrema)

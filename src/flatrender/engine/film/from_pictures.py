"""A segment from pictures that another program drew: fitted into the film, over its background, encoded as every segment is."""

import threading
from collections.abc import Sequence
from pathlib import Path

from flatrender.engine.ffmpeg import FILM_FORMATS, base_arguments, input_file
from flatrender.engine.film.encoders import rgb_filter, segment_arguments
from flatrender.engine.film.settings import FilmSettings
from flatrender.engine.probe import ExpectedFilm, Sample, sample_frames, sample_size
from flatrender.engine.process import run

PICTURE_NAME = "picture-%06d.tif"
"""Names of the pictures, one for each frame of the segment, from 0 without gaps."""
_SAMPLE_S = 60.0


def encode_pictures(
    folder: Path,
    frames: int,
    settings: FilmSettings,
    out: Path,
    *,
    overlay: Path | None = None,
    threads: int = 1,
    deadline_s: float,
    cancel: threading.Event | None = None,
) -> None:
    """Encode `folder`'s pictures (`PICTURE_NAME`, TIFF, straight alpha or none) as one segment of `frames` frames in the file `out`.

    Each is scaled to fit and centred, over the settings' background unless they keep transparency. `overlay` is a film of as many frames with alpha, of
    the segment's size, that is laid over it. Raises RenderError `encoder_failed` or `cancelled`; `out` does not exist then.
    """
    argv = [*base_arguments(), *_pictures(folder, settings)]
    if overlay is not None:
        argv += input_file(overlay, FILM_FORMATS)
    chain = _fitted(settings)
    if overlay is not None:
        kind = "auto" if settings.alpha else "gbrp"
        chain += f"[whole];[whole][1:v]overlay=format={kind}:eof_action=repeat"
    argv += ["-filter_complex", f"{chain},{rgb_filter(settings)}", "-frames:v", str(frames)]
    argv += segment_arguments(settings, out.absolute(), threads=threads)
    try:
        run(argv, what="encoding the pictures", code="encoder_failed", deadline_s=deadline_s, cancel=cancel)
    except BaseException:
        out.unlink(missing_ok=True)
        raise


def expect_pictures(
    folder: Path, frames: int, settings: FilmSettings, *, scene_key: str, cancel: threading.Event | None = None
) -> ExpectedFilm:
    """Return what a segment of these pictures should look like: its first, middle and last one, small. Raises RenderError as `encode_pictures`."""
    width, height = sample_size(settings.width, settings.height)
    samples = []
    for number in sample_frames(frames):
        chain = f"{_fitted(settings)},scale={width}:{height}:flags=area,format=rgba"
        argv = [*base_arguments(), *_pictures(folder, settings, start=number), "-filter_complex", chain]
        argv += ["-frames:v", "1", "-f", "rawvideo", "pipe:1"]
        raw = run(argv, what="looking at a picture", code="encoder_failed", deadline_s=_SAMPLE_S, cancel=cancel)
        samples.append(_sample(raw, number, settings, (width, height), scene_key))
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


def _pictures(folder: Path, settings: FilmSettings, *, start: int = 0) -> Sequence[str]:
    rate = settings.rate
    return (
        *("-protocol_whitelist", "file", "-f", "image2", "-framerate", f"{rate.numerator}/{rate.denominator}"),
        *("-start_number", str(start), "-i", f"file:{folder.absolute() / PICTURE_NAME}"),
    )


def _fitted(settings: FilmSettings) -> str:
    """Return the filter that puts a picture into the film's frame: straight RGBA with `alpha`, opaque RGB without."""
    size = f"{settings.width}:{settings.height}"
    scaled = f"[0:v]format=gbrap,scale={size}:flags=lanczos:force_original_aspect_ratio=decrease"
    if settings.alpha:
        return f"{scaled},format=rgba,pad={size}:(ow-iw)/2:(oh-ih)/2:color=black@0"
    ground = "0x{:02x}{:02x}{:02x}".format(*settings.background)
    rate = f"{settings.rate.numerator}/{settings.rate.denominator}"
    made = f"color={ground}:s={settings.width}x{settings.height}:r={rate},format=gbrp[ground]"
    return f"{made};{scaled}[shown];[ground][shown]overlay=(W-w)/2:(H-h)/2:format=gbrp:shortest=1"


def _sample(raw: bytes, number: int, settings: FilmSettings, size: tuple[int, int], scene_key: str) -> Sample:
    from PIL import Image  # noqa: PLC0415  # a film that ThorVG draws does without

    layer = Image.frombytes("RGBA", size, raw)
    shown = Image.alpha_composite(Image.new("RGBA", size, (*settings.background, 255)), layer).convert("RGB")
    return Sample(
        frame=number,
        scene_key=scene_key,
        width=size[0],
        height=size[1],
        pixels=shown.tobytes(),
        alpha=layer.getchannel("A").tobytes() if settings.alpha else None,
    )

"""A range of one scene's frames, drawn and encoded into one segment."""

import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from flatrender.engine.errors import RenderError
from flatrender.engine.ffmpeg import base_arguments
from flatrender.engine.film.encoders import codec_arguments, is_planar, picture_filter, raw_pixels, segment_arguments
from flatrender.engine.film.plan import lottie_frames, output_frames
from flatrender.engine.film.settings import FilmSettings
from flatrender.engine.raster.messages import H264File
from flatrender.engine.raster.pool import EncodeReport, WorkerPool
from flatrender.engine.scene import ResolvedScene

_MAX_PIXELS_IN_WORKER = 2560 * 1440


def encoder_arguments(settings: FilmSettings, out: Path, *, threads: int) -> list[str]:
    """Return the command line that turns raw pictures on standard input (`WorkerPool.encode`) into a segment.

    The pictures are planar where the encoder takes them so, otherwise BGRA, or straight RGBA with `alpha`.
    """
    rate = settings.rate
    size = f"{settings.width}x{settings.height}"
    return [
        *base_arguments(),
        *("-protocol_whitelist", "file,pipe", "-f", "rawvideo", "-pixel_format", raw_pixels(settings)),
        *("-video_size", size, "-framerate", f"{rate.numerator}/{rate.denominator}", "-i", "pipe:0"),
        *("-vf", picture_filter(settings), *segment_arguments(settings, out, threads=threads)),
    ]


def encoded_file(settings: FilmSettings, out: Path, *, threads: int) -> H264File | None:
    """Return what the worker writes itself, told the same as a program would be; None where only the program can, or should."""
    if settings.kind != "mp4_h264" or not is_planar(settings):
        return None
    # Larger pictures take more memory than a worker should; who names another ffmpeg wants its encoder; and only on Linux does a worker see
    # to it that the encoder's memory is zeros, which its bytes depend on.
    too_large = settings.width * settings.height > _MAX_PIXELS_IN_WORKER
    if too_large or os.environ.get("IMAGEIO_FFMPEG_EXE") or sys.platform != "linux":
        return None
    arguments = codec_arguments(settings, threads=threads)
    options = {name.lstrip("-"): value for name, value in zip(arguments[::2], arguments[1::2], strict=True)}
    codec = {name.removesuffix(":v"): value for name, value in options.items() if name != "c:v"}
    # A thread that looks ahead would hold five pictures more, and changes no byte.
    codec["x264-params"] += ":sync-lookahead=0"
    scale = str(settings.timescale)
    return H264File(
        path=str(out.absolute()),
        format=settings.facts.container,
        rate=(settings.rate.numerator, settings.rate.denominator),
        codec_options=codec | {"flags": "+bitexact+cgop"},
        format_options={"video_track_timescale": scale, "movie_timescale": scale, "fflags": "+bitexact"},
    )


def render_segment(
    scene: ResolvedScene,
    first: int,
    last: int,
    settings: FilmSettings,
    out: Path,
    *,
    pool: WorkerPool,
    threads: int = 1,
    progress: Callable[[int], None] | None = None,
    cancel: threading.Event | None = None,
) -> EncodeReport:
    """Encode output frames `first` to `last` (both included; 0 is the scene's first) into the file `out`.

    `progress` is called with the number of frames done. Raises RenderError; `out` does not exist then.
    """
    total = output_frames(scene.frames, scene.fps, settings.rate)
    if not 0 <= first <= last < total:
        raise RenderError(
            f"frames {first} to {last} are not in the scene, which has frames 0 to {total - 1}",
            code="settings_invalid",
            where=scene.scene_key,
        )
    try:
        report = pool.encode(
            scene,
            lottie_frames(scene.frames, scene.fps, settings.rate, first, last),
            encoded_file(settings, out, threads=threads) or encoder_arguments(settings, out, threads=threads),
            width=settings.width,
            height=settings.height,
            background=None if settings.alpha else settings.background,
            planar=is_planar(settings),
            progress=progress,
            cancel=cancel,
        )
    except BaseException:
        out.unlink(missing_ok=True)
        raise
    return report

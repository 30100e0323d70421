"""A range of one scene's frames, drawn and encoded into one segment."""

import threading
from collections.abc import Callable
from pathlib import Path

from flatrender.engine.errors import RenderError
from flatrender.engine.ffmpeg import base_arguments, output_file
from flatrender.engine.film.plan import lottie_frames, output_frames
from flatrender.engine.film.settings import FilmSettings
from flatrender.engine.raster.pool import EncodeReport, WorkerPool
from flatrender.engine.scene import ResolvedScene

GOP_SECONDS = 2
_COLORS = "setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=limited"


def encoder_arguments(settings: FilmSettings, out: Path, *, threads: int) -> list[str]:
    """Return the command line that turns planar pictures (`WorkerPool.encode`) on standard input into a segment.

    Segments of equal settings can be joined without encoding again: closed groups of pictures, one time base, parameters from the settings
    alone (the number of threads changes none of them).
    """
    rate = settings.rate
    size = f"{settings.width}x{settings.height}"
    gop = max(1, round(rate * GOP_SECONDS))
    return [
        *base_arguments(),
        *("-protocol_whitelist", "file,pipe", "-f", "rawvideo", "-pixel_format", "yuv420p", "-video_size", size),
        *("-framerate", f"{rate.numerator}/{rate.denominator}", "-i", "pipe:0"),
        *("-vf", _COLORS),
        *("-c:v", "libx264", "-preset", settings.preset, "-crf", str(settings.crf), "-profile:v", "high"),
        *("-threads", str(threads), "-g", str(gop), "-flags", "+cgop", "-x264-params", "open-gop=0"),
        *("-an", "-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact+cgop"),
        # The movie's own time scale too: in its default milliseconds the length of most segments cannot be said.
        *("-video_track_timescale", str(settings.timescale), "-movie_timescale", str(settings.timescale)),
        *("-f", "mp4", output_file(out)),
    ]


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
            encoder_arguments(settings, out, threads=threads),
            width=settings.width,
            height=settings.height,
            background=settings.background,
            planar=True,
            progress=progress,
            cancel=cancel,
        )
    except BaseException:
        out.unlink(missing_ok=True)
        raise
    return report

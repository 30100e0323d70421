"""One frame of a segment as a picture for people."""

import threading
from pathlib import Path

from flatrender.engine.ffmpeg import FILM_FORMATS, base_arguments, input_file
from flatrender.engine.film.settings import FilmSettings
from flatrender.engine.process import run


def frame_picture(
    segment: Path,
    number: int,
    settings: FilmSettings,
    *,
    width: int = 480,
    deadline_s: float = 20,
    cancel: threading.Event | None = None,
) -> bytes:
    """Return frame `number` of a segment (0 is its first) as a PNG at most `width` pixels wide; empty when there is no such frame.

    Raises RenderError `film_check_failed` or `cancelled`.
    """
    decoder = ["-c:v", "libvpx-vp9"] if settings.alpha and settings.kind == "webm_vp9" else []
    wide = min(width, settings.width) // 2 * 2
    # A PNG: its colours are RGB, so the film's range and matrix need no second conversion.
    return run(
        [
            *base_arguments(),
            *("-threads", "1", *decoder, *input_file(segment, FILM_FORMATS), "-map", "0:v:0"),
            *("-vf", f"select=eq(n\\,{number}),scale={wide}:-2:flags=area", "-frames:v", "1"),
            *("-fps_mode", "passthrough", "-c:v", "png", "-f", "image2pipe", "pipe:1"),
        ],
        what="taking the picture",
        code="film_check_failed",
        deadline_s=deadline_s,
        cancel=cancel,
    )

"""The ffmpeg program: where it is and the options that every call gets.

It reads only files that the engine placed or named itself: protocols and file formats are whitelisted, because a "sound" or a "film" may be
a playlist that names other files or addresses.
"""

import functools
import importlib.util
import os
from pathlib import Path

from flatrender.engine.errors import RenderError

SOUND_FORMATS = "wav,ogg,mp3,flac,aac,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm"
"""Demuxers for users' sounds; none of them opens another file (mov's external references are off by default)."""
AAC = ("-c:a", "aac", "-aac_coder", "fast", "-b:a", "192k")
"""How sound is encoded as AAC.

At this rate ffmpeg's fast coder is nearer to the sound than its default one (music: 30.7 dB against 29.1), in less than half the time.
"""
FILM_FORMATS = "concat,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,nut,wav,ogg"
"""Demuxers for our own segments, films and mixed sound, and the list that joins them."""


@functools.cache
def ffmpeg() -> str:
    """Path of the ffmpeg program. Raises RenderError `encoder_failed` when it is not installed."""
    # Where the package keeps it, without the package: it starts the program once more to see whether it runs.
    spec = importlib.util.find_spec("imageio_ffmpeg")
    if spec is not None and spec.submodule_search_locations and not os.environ.get("IMAGEIO_FFMPEG_EXE"):
        folder = Path(next(iter(spec.submodule_search_locations))) / "binaries"
        found = [path for path in folder.glob("ffmpeg-*") if os.access(path, os.X_OK)]
        if len(found) == 1:
            return str(found[0])
    import imageio_ffmpeg  # noqa: PLC0415  # as above

    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise RenderError(f"ffmpeg was not found: {error}", code="encoder_failed") from error


def base_arguments() -> list[str]:
    """Return the start of every command line."""
    return [ffmpeg(), "-hide_banner", "-nostdin", "-loglevel", "error", "-y"]


def input_file(path: Path, formats: str) -> list[str]:
    """Options that open one file, and only as one of these formats."""
    return ["-protocol_whitelist", "file,pipe", "-format_whitelist", formats, "-i", f"file:{path}"]


def output_file(path: Path) -> str:
    """Return the name under which ffmpeg writes this file (a bare name could be read as an option or a protocol)."""
    return f"file:{path}"

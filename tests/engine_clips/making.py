"""Films made here, so that what each of their frames shows is known: frame n shows n in twelve black and white bars."""

import subprocess
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import imageio_ffmpeg
import numpy as np

from tests.engine_film.conftest import BITS

WIDTH, HEIGHT = 192, 108


def numbered_picture(number: int, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """Lowest bit left; a set bit is black."""
    row = np.full((width, 3), 255, np.uint8)
    for bit in range(BITS):
        if number >> bit & 1:
            row[bit * width // BITS : (bit + 1) * width // BITS] = 0
    return np.broadcast_to(row, (height, width, 3)).copy()


def ffmpeg(arguments: Sequence[str], stdin: bytes = b"") -> None:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-loglevel", "error", "-y", *arguments]
    done = subprocess.run(command, input=stdin, capture_output=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr.decode()


X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "12", "-g", "12", "-bf", "2", "-pix_fmt", "yuv420p")


def film(
    path: Path,
    pictures: Sequence[np.ndarray],
    rate: Fraction | int = 30,
    *,
    codec: Sequence[str] = X264,
    filters: str | None = None,
    more: Sequence[str] = (),
    pixels: str = "rgb24",
) -> Path:
    height, width = pictures[0].shape[:2]
    rate = Fraction(rate)
    head = [
        "-f",
        "rawvideo",
        "-pix_fmt",
        pixels,
        "-s",
        f"{width}x{height}",
        "-r",
        f"{rate.numerator}/{rate.denominator}",
        "-i",
        "pipe:0",
    ]
    if filters is None and pixels == "rgb24":
        filters = "scale=out_color_matrix=bt709:out_range=limited"
        more = (*more, "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv")
    vf = ["-vf", filters] if filters else []
    ffmpeg([*head, *vf, *codec, *more, str(path)], b"".join(picture.tobytes() for picture in pictures))
    return path


def numbered_film(path: Path, frames: int, rate: Fraction | int = 30, **options: object) -> Path:
    return film(path, [numbered_picture(n) for n in range(frames)], rate, **options)  # type: ignore[arg-type]

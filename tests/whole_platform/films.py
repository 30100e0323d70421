"""Looking at films: their frames, their sound, and the frame that the engine would draw."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.float64]


def video_facts(path: Path) -> dict[str, Any]:
    """Return codec, size, rate and the number of frames that really decode."""
    with av.open(str(path)) as film:
        stream = film.streams.video[0]
        frames = sum(1 for _ in film.decode(stream))
        return {
            "codec": stream.codec_context.name,
            "width": stream.codec_context.width,
            "height": stream.codec_context.height,
            "fps": float(Fraction(stream.average_rate or 0)),
            "frames": frames,
            "sound": [s.codec_context.name for s in film.streams.audio],
        }


def film_frames(path: Path, numbers: set[int], *, width: int = 320) -> dict[int, Pixels]:
    """Return the numbered frames (from 0) as RGB arrays (height, width, 3) of 0–255."""
    found: dict[int, Pixels] = {}
    with av.open(str(path)) as film:
        for number, frame in enumerate(film.decode(film.streams.video[0])):
            if number in numbers:
                height = round(width * frame.height / frame.width)
                found[number] = (
                    frame.reformat(width=width, height=height, format="rgb24").to_ndarray().astype(np.float64)
                )
    return found


def sound_level(path: Path, start_s: float, end_s: float) -> float:
    """Return the root mean square (0–1) of the film's sound between two moments."""
    with av.open(str(path)) as film:
        stream = film.streams.audio[0]
        rate = stream.codec_context.sample_rate
        samples = np.concatenate([np.atleast_2d(frame.to_ndarray()).mean(axis=0) for frame in film.decode(stream)])
    part = samples[int(start_s * rate) : int(end_s * rate)]
    return float(np.sqrt(np.mean(part.astype(np.float64) ** 2)))


def difference(one: Pixels, other: Pixels) -> float:
    """Return the mean absolute difference of two pictures of equal size, 0–255."""
    return float(np.abs(one - other).mean())

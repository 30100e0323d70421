"""A segment as a strip of small pictures, and which of them look as if something had gone wrong. Suspicion only: a scene may be black or stand still.

Nothing is drawn here (see `second_look`), so a server that never draws may use it.
"""

import threading
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np

from flatrender.engine.errors import RenderError
from flatrender.engine.ffmpeg import FILM_FORMATS, base_arguments, input_file
from flatrender.engine.film.settings import FilmSettings
from flatrender.engine.process import run

_CODE = "film_check_failed"
STRIP_WIDTH = 48
BLANK_RANGE = 10
"""A picture whose channels all stay within so many levels (of 255) is blank; encoding noise is below it."""
_STILL_DIFFERENCE = 0.4
"""Mean levels between two pictures below which nothing has moved: encoded again and again, a picture that stands still stays below."""
_STILL_FRAMES = 4
"""A run of so many equal pictures may be one that should have moved."""
_FLASH_DIFFERENCE = 24.0
"""Mean levels by which a picture that does not belong differs from both its neighbours."""
_MOST = 24
"""Suspects of one segment; a scene that gives more than this is like that."""

Strip = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
Reason = Literal["black", "frozen", "glitch"]


class Suspect(msgspec.Struct, frozen=True, kw_only=True):
    """A run of a segment's frames that may be wrong."""

    reason: Reason
    first: int
    last: int


def strip_size(settings: FilmSettings) -> tuple[int, int]:
    """Return the size of the small pictures of a film."""
    return STRIP_WIDTH, max(8, min(256, round(STRIP_WIDTH * settings.height / settings.width)))


def read_strip(
    segment: Path,
    frames: int,
    settings: FilmSettings,
    *,
    deadline_s: float = 300,
    cancel: threading.Event | None = None,
) -> Strip:
    """Decode every frame of a segment; return them small, RGB, over the film's background where they are transparent.

    Raises RenderError `film_check_failed` when it does not decode to exactly so many frames, or `cancelled`.
    """
    width, height = strip_size(settings)
    channels = 4 if settings.alpha else 3
    # As for the other checks: blocks' edges left unsmoothed do not show in a small picture; only this decoder sees VP9's transparency.
    decoder = ["-c:v", "libvpx-vp9"] if settings.alpha and settings.kind == "webm_vp9" else []
    quick = [] if settings.alpha else ["-skip_loop_filter", "all"]
    small = f"scale={width}:{height}:flags=area"
    shown = f"format=gbrap,premultiply=inplace=1,{small}" if settings.alpha else small
    data = run(
        [
            *base_arguments(),
            *("-xerror", "-threads", "1", *decoder, *quick, *input_file(segment, FILM_FORMATS), "-map", "0:v:0"),
            *("-vf", shown, "-fps_mode", "passthrough", "-pix_fmt", "rgba" if settings.alpha else "rgb24"),
            *("-f", "rawvideo", "pipe:1"),
        ],
        what="looking at the segment",
        code=_CODE,
        deadline_s=deadline_s,
        cancel=cancel,
        max_output=(frames + 1) * width * height * channels,
    )
    if len(data) != frames * width * height * channels:
        found = len(data) // (width * height * channels)
        raise RenderError(f"the segment has {found} frames instead of {frames}", code=_CODE, where=str(segment))
    strip = np.frombuffer(data, np.uint8).reshape(frames, height, width, channels)
    if not settings.alpha:
        return strip
    # Premultiplied; 255 levels of a byte each, in 16 bits, so that nothing of a long segment is held as floats.
    clear = 255 - strip[..., 3:].astype(np.uint16)
    over = strip[..., :3] + (clear * np.array(settings.background, np.uint16) // 255)
    return over.clip(0, 255).astype(np.uint8)


def blank(strip: Strip) -> "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]":
    """Return of each picture whether it shows nothing."""
    flat = strip.reshape(len(strip), -1, 3)
    span = flat.max(axis=1).astype(np.int16) - flat.min(axis=1)
    found: np.ndarray[tuple[int, ...], np.dtype[np.bool_]] = span.max(axis=1) <= BLANK_RANGE
    return found


def apart(one: Strip, other: Strip) -> float:
    """Return the mean difference of two pictures, in levels of 255."""
    return float(np.abs(one.astype(np.int16) - other).mean())


def suspects(strip: Strip) -> list[Suspect]:
    """Return the runs of a segment's frames that show nothing, do not move, or differ from what is before and after them."""
    found: list[Suspect] = []
    is_blank = blank(strip)
    found += [Suspect(reason="black", first=first, last=last) for first, last in _runs(list(map(bool, is_blank)))]
    steps = [apart(strip[n], strip[n - 1]) for n in range(1, len(strip))]
    for first, last in _runs([step < _STILL_DIFFERENCE for step in steps]):
        # Of pictures that are equal the first may be right.
        if last - first + 2 >= _STILL_FRAMES and not is_blank[first]:
            found.append(Suspect(reason="frozen", first=first, last=last + 1))
    for number in range(len(strip)):
        near = min(steps[max(0, number - 1) : number + 1], default=0.0)
        if near > _FLASH_DIFFERENCE and not is_blank[number]:
            found.append(Suspect(reason="glitch", first=number, last=number))
    return sorted(found, key=lambda one: one.first - one.last)[:_MOST]


def _runs(flags: list[bool]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for number, is_set in enumerate(flags):
        if not is_set:
            continue
        if found and found[-1][1] == number - 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found

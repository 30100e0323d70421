"""Is what After Effects left what was ordered: its word and its exit code are not enough."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import msgspec

from flatrender.aftereffects.aerender.failures import Failure, failure_of_warnings
from flatrender.aftereffects.aerender.runner import RenderOutcome
from flatrender.engine.errors import EngineError
from flatrender.engine.ffmpeg import FILM_FORMATS
from flatrender.engine.media import FilmInfo, film_info

_FORMATS = f"{FILM_FORMATS},avi,gif,png_pipe,jpeg_pipe,tiff_pipe"
_NUMBER = re.compile(r"\[(#+)\]")
_SMALL = (80, 46)
_BLACK = 16
"""Brightest level (of 255) of a picture that is black; encoding noise stays below."""


class OrderedOutput(msgspec.Struct, frozen=True, kw_only=True):
    """What the render should have left."""

    path: Path
    """A film, or a sequence with `[####]` in its name."""
    frames: int
    fps: float
    width: int
    height: int
    sound: bool | None = None
    """None: with or without."""
    shows: tuple[int, ...] = ()
    """Frames (from 0) that are not black."""
    may_be_black: bool = False
    """False: of five frames over the whole length one at least is not black."""


def check_output(
    ordered: OrderedOutput, *, deadline_s: float = 300, cancel: threading.Event | None = None
) -> Failure | None:
    """Decode what was left, in a process of its own, and return what is wrong with it.

    A missing or damaged file, other frames, size, rate, duration or sound than ordered, and blackness. All of these are retried: the project rendered to its
    end, so that another run or another node may do better.
    """
    try:
        look = _sequence_problem if _NUMBER.search(ordered.path.name) else _film_problem
        problem = look(ordered, deadline_s, cancel)
    except EngineError as error:
        if error.code == "cancelled":
            return Failure(kind="cancelled", reason="cancelled", detail="the render was cancelled")
        problem = error.detail
    if problem is None:
        return None
    missing = problem.startswith("there is no")
    return Failure(
        kind="unknown",
        reason="output_missing" if missing else "output_wrong",
        detail=f"After Effects left {ordered.path.name}: {problem}",
    )


def judged(outcome: RenderOutcome, ordered: OrderedOutput, *, cancel: threading.Event | None = None) -> RenderOutcome:
    """Return the outcome with the failure that a missing font or the output is, when the log and the exit code had none."""
    if outcome.failure is not None:
        return outcome
    failure = failure_of_warnings(outcome.warnings) or check_output(ordered, cancel=cancel)
    return msgspec.structs.replace(outcome, failure=failure)


def sequence_files(pattern: Path) -> list[Path]:
    """Return the files of a sequence `name_[####].png` in the order of their numbers."""
    before, _, after = _NUMBER.sub("\0", pattern.name, count=1).partition("\0")
    name = re.compile(re.escape(before) + r"(-?\d+)" + re.escape(after) + r"\Z", re.IGNORECASE)
    found = [
        (int(match[1]), file)
        for file in (pattern.parent.iterdir() if pattern.parent.is_dir() else ())
        if (match := name.match(file.name)) is not None
    ]
    return [file for _, file in sorted(found)]


def looked_at(ordered: OrderedOutput) -> list[int]:
    """Return the frames (from 0) that the check of an output decodes."""
    last = ordered.frames - 1
    spread = {0, last // 4, last // 2, last * 3 // 4, last}
    return sorted(frame for frame in spread | set(ordered.shows) if 0 <= frame <= last)


def _film_problem(ordered: OrderedOutput, deadline_s: float, cancel: threading.Event | None) -> str | None:
    if not ordered.path.is_file():
        return "there is no file"
    frames = looked_at(ordered)
    info = film_info(
        ordered.path,
        formats=_FORMATS,
        frames=frames,
        width=_SMALL[0],
        height=_SMALL[1],
        deadline_s=deadline_s,
        cancel=cancel,
    )
    if info.frames != ordered.frames:
        return f"it has {info.frames} frames instead of {ordered.frames}"
    if (info.width, info.height) != (ordered.width, ordered.height):
        return f"the picture is {info.width}x{info.height} instead of {ordered.width}x{ordered.height}"
    if abs(info.fps - ordered.fps) > 0.02 and ordered.frames > 1:
        return f"it has {info.fps:g} frames a second instead of {ordered.fps:g}"
    if abs(info.duration_s - ordered.frames / ordered.fps) > 2.5 / ordered.fps:
        return f"it lasts {info.duration_s:.2f} s instead of {ordered.frames / ordered.fps:.2f} s"
    if ordered.sound is not None and (info.audio_codec is not None) != ordered.sound:
        return "it has no sound" if ordered.sound else "it has sound, which was not ordered"
    return _black_problem(ordered, frames, info.pictures)


def _sequence_problem(ordered: OrderedOutput, deadline_s: float, cancel: threading.Event | None) -> str | None:
    files = sequence_files(ordered.path)
    if not files:
        return "there is no picture"
    if len(files) != ordered.frames:
        return f"it has {len(files)} pictures instead of {ordered.frames}"
    empty = next((file.name for file in files if not file.stat().st_size), None)
    if empty is not None:
        return f"{empty} is empty"
    frames = looked_at(ordered)
    pictures: dict[int, bytes] = {}
    for frame in frames:
        info: FilmInfo = film_info(
            files[frame],
            formats=_FORMATS,
            frames=[0],
            width=_SMALL[0],
            height=_SMALL[1],
            deadline_s=deadline_s,
            cancel=cancel,
        )
        if (info.width, info.height) != (ordered.width, ordered.height):
            return f"{files[frame].name} is {info.width}x{info.height} instead of {ordered.width}x{ordered.height}"
        pictures[frame] = info.pictures.get(0, b"")
    return _black_problem(ordered, frames, pictures)


def _black_problem(ordered: OrderedOutput, frames: list[int], pictures: dict[int, bytes]) -> str | None:
    lost = next((frame for frame in frames if not pictures.get(frame)), None)
    if lost is not None:
        return f"frame {lost} does not decode"
    black = {frame for frame in frames if max(pictures[frame]) < _BLACK}
    dark = next((frame for frame in ordered.shows if frame in black), None)
    if dark is not None:
        return f"frame {dark} is black although the composition shows something there"
    if not ordered.may_be_black and len(black) == len(frames):
        return "it is black from beginning to end"
    return None

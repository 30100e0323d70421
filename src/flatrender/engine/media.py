"""What a media file is, found out in a child process with limits (the decoders are native code and the file may be hostile)."""

import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from flatrender.engine.errors import RenderError
from flatrender.engine.process import run


class SoundInfo(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A sound that decodes."""

    duration_s: float
    """Seconds that were really decoded."""
    rate: int
    channels: int


class FilmInfo(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A film's streams and some of its frames."""

    duration_s: float
    frames: int
    """Pictures in the video stream."""
    uneven_at: int | None
    """The first frame that is not shown at its number divided by the frame rate."""
    fps: float
    width: int
    height: int
    video_codec: str
    pixel_format: str
    color_space: str
    audio_codec: str | None
    audio_rate: int | None
    audio_channels: int | None
    audio_duration_s: float | None
    pictures: dict[int, bytes]
    """Asked-for frames by number, RGB, scaled to the asked-for size; a frame that does not decode is absent."""


class Unusable(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The file is not what it should be."""

    reason: str


class SoundQuestion(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Decode the first sound stream to its end."""

    path: str
    formats: str
    max_s: float


class FilmQuestion(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Count the pictures, and decode some of them."""

    path: str
    formats: str
    frames: Sequence[int]
    width: int
    height: int


def _ask(
    question: SoundQuestion | FilmQuestion, *, code: str, deadline_s: float, cancel: threading.Event | None
) -> SoundInfo | FilmInfo:
    argv = [sys.executable, "-P", "-m", "flatrender.engine.media_child", msgspec.json.encode(question).decode()]
    try:
        raw = run(argv, what="reading the file", code=code, deadline_s=deadline_s, cancel=cancel)
    except RenderError as error:
        error.where = question.path
        raise
    return _usable(msgspec.msgpack.decode(raw, type=SoundInfo | FilmInfo | Unusable), question, code)


def _usable(
    answer: SoundInfo | FilmInfo | Unusable, question: SoundQuestion | FilmQuestion, code: str
) -> SoundInfo | FilmInfo:
    if isinstance(answer, Unusable):
        raise RenderError(answer.reason, code=code, where=question.path)
    return answer


def sound_info(
    path: Path, *, formats: str, max_s: float, deadline_s: float = 60, cancel: threading.Event | None = None
) -> SoundInfo:
    """Decode a sound once and tell its length. Raises RenderError `sound_unreadable` or `cancelled`."""
    question = SoundQuestion(path=str(path.absolute()), formats=formats, max_s=max_s)
    answer = _ask(question, code="sound_unreadable", deadline_s=deadline_s, cancel=cancel)
    assert isinstance(answer, SoundInfo)  # noqa: S101  # each question has its answer
    return answer


class Looks(Protocol):
    """Who looks at films: a `WorkerPool`, which has processes for it."""

    def look(
        self, question: FilmQuestion, *, deadline_s: float, cancel: threading.Event | None = None
    ) -> FilmInfo | Unusable:
        """Return what the film is. Raises RenderError `film_check_failed` or `cancelled`."""


def film_info(
    path: Path,
    *,
    formats: str,
    frames: Sequence[int] = (),
    width: int = 80,
    height: int = 45,
    deadline_s: float = 60,
    cancel: threading.Event | None = None,
    looks: Looks | None = None,
) -> FilmInfo:
    """Count a film's pictures and decode `frames` of them, scaled, in a process of its own or in one of `looks`.

    Raises RenderError `film_check_failed` or `cancelled`.
    """
    question = FilmQuestion(
        path=str(path.absolute()), formats=formats, frames=sorted(set(frames)), width=width, height=height
    )
    code = "film_check_failed"
    if looks is None:
        answer: object = _ask(question, code=code, deadline_s=deadline_s, cancel=cancel)
    else:
        answer = _usable(looks.look(question, deadline_s=deadline_s, cancel=cancel), question, code)
    assert isinstance(answer, FilmInfo)  # noqa: S101  # each question has its answer
    return answer

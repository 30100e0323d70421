"""Asking whether suspicious frames are wrong. The drawing happens in a process of its own (`second_look`), so who asks never draws."""

import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

import msgspec

from flatrender.engine.film.settings import FilmSettings
from flatrender.engine.film.strip import Suspect
from flatrender.engine.process import run


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """One segment: what it shows, which of its frames are suspicious, and the scene that it should show."""

    strip: bytes
    """Its frames as `read_strip` gives them."""
    frames: int
    first: int
    """The scene's output frame that the segment begins with."""
    suspects: Sequence[Suspect]
    is_exact: bool
    """Whether the Lottie is what was drawn; otherwise (After Effects drew it) it only tells whether there is something to see."""
    lottie: str
    """Path."""
    scene_key: str
    sha256: str
    width: int
    height: int
    fps: float
    first_frame: float
    scene_frames: int
    clips: dict[str, str] = {}
    """Hash of a film in the scene → path."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """Questions about segments of one film."""

    settings: FilmSettings
    questions: Sequence[Question]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one question."""

    wrong: dict[int, str]
    """The segment's frame → `black`, `frozen` or `glitch`."""


def look_again(order: Order, *, deadline_s: float = 300, cancel: threading.Event | None = None) -> list[Finding]:
    """Return of each question which frames are wrong. Raises RenderError `film_check_failed` when there is no answer in time, or `cancelled`."""
    with tempfile.TemporaryDirectory(prefix="flatrender-look-") as folder:
        path = Path(folder) / "order"
        path.write_bytes(msgspec.msgpack.encode(order))
        raw = run(
            [sys.executable, "-P", "-m", "flatrender.engine.film.second_look", str(path)],
            what="drawing suspicious frames again",
            code="film_check_failed",
            deadline_s=deadline_s,
            cancel=cancel,
        )
    return msgspec.msgpack.decode(raw, type=list[Finding])

"""Drawing frames of one scene into an encoder, inside a worker."""

import contextlib
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Self

from flatrender.engine.process import ending, log_tail
from flatrender.engine.raster import messages
from flatrender.engine.raster.feed import Feed
from flatrender.engine.raster.planar import PlanarMemory
from flatrender.engine.raster.thorvg import Animation

if sys.platform != "win32":
    import resource

_SLOTS = 3
"""Pictures in hand: one being made, one waiting, one being written."""
_TELL_S = 0.05


class Encoding:
    """Draws into programs; keeps the memory for converted pictures between them."""

    def __init__(self, tell: Callable[[messages.Phase], None]) -> None:
        self._tell = tell
        self._planar: PlanarMemory | None = None

    def run(
        self, animation: Animation, frames: Sequence[float], argv: Sequence[str], *, planar: bool
    ) -> messages.Encoded | messages.Failed:
        """Draw the frames into the standard input of `argv`: as drawn, or (`planar`) as planar YUV 4:2:0."""
        with tempfile.TemporaryFile() as log:
            with (
                _memory_unlimited()
            ):  # the encoder inherits it; it reads our own pictures only and large ones take gigabytes
                encoder = subprocess.Popen(
                    argv, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=log, bufsize=0
                )
            assert encoder.stdin is not None  # noqa: S101  # it was asked for
            try:
                with _Teller(self._tell) as teller:
                    feed = Feed(encoder.stdin, _SLOTS)
                    draw = self._draw_planar if planar else _draw_as_is
                    report = draw(animation, frames, feed, teller)
                    teller.phase = ("finish", len(frames))
                    feed.finish()
                    encoder.wait()
            except BrokenPipeError:
                encoder.wait()  # it has closed its input, so it is ending; its log says why
                said = f"the encoder stopped early ({ending(encoder.returncode)}): {log_tail(log)}"
                return messages.Failed("encoder_failed", said)
            except BaseException:
                encoder.kill()
                encoder.wait()
                raise
            if encoder.returncode != 0:
                said = f"the encoder failed ({ending(encoder.returncode)}): {log_tail(log)}"
                return messages.Failed("encoder_failed", said)
            return report

    def _draw_planar(
        self, animation: Animation, frames: Sequence[float], feed: Feed, teller: "_Teller"
    ) -> messages.Encoded:
        memory = self._planar_memory(animation.width, animation.height)
        drawn, draw_s = 0, 0.0
        previous: float | None = None
        animation.draw_into(memory.canvas)
        try:
            for done, frame in enumerate(frames):
                teller.phase = ("draw", done)
                if frame != previous:
                    began = time.perf_counter()
                    animation.draw(frame)
                    draw_s += time.perf_counter() - began
                    drawn, previous = drawn + 1, frame
                slot = feed.slot(teller.waiting)
                feed.put(slot, memory.convert(slot))
        finally:
            animation.draw_into(None)
        return messages.Encoded(drawn, draw_s)

    def _planar_memory(self, width: int, height: int) -> PlanarMemory:
        if self._planar is None or self._planar.size != (width, height):
            if self._planar is not None:
                self._planar.close()
                self._planar = None
            self._planar = PlanarMemory(width, height, _SLOTS)
        return self._planar


def _draw_as_is(animation: Animation, frames: Sequence[float], feed: Feed, teller: "_Teller") -> messages.Encoded:
    drawn, draw_s = 0, 0.0
    previous: float | None = None
    pixels = memoryview(b"")
    for done, frame in enumerate(frames):
        teller.phase = ("draw", done)
        if frame != previous:
            began = time.perf_counter()
            pixels = memoryview(bytes(animation.draw(frame)))
            draw_s += time.perf_counter() - began
            drawn, previous = drawn + 1, frame
        feed.put(feed.slot(teller.waiting), pixels)
    return messages.Encoded(drawn, draw_s)


class _Teller:
    """Tells the pool what is being done, at most twenty times a second, from a thread of its own: also while native code hangs."""

    def __init__(self, tell: Callable[[messages.Phase], None]) -> None:
        self.phase: tuple[str, int] = ("encode", 0)
        self._tell = tell
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="teller", daemon=True)

    def waiting(self) -> None:
        """The frame is drawn and the encoder not ready for it."""
        self.phase = ("encode", self.phase[1])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        told: tuple[str, int] | None = None
        while not self._end.wait(_TELL_S):
            now = self.phase
            if now != told:
                told = now
                self._tell(messages.Phase(*now))


@contextlib.contextmanager
def _memory_unlimited() -> Iterator[None]:
    if sys.platform == "win32":
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))

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
from flatrender.engine.raster.feed import Feed, Pipe, SinkBrokenError
from flatrender.engine.raster.planar import PlanarMemory
from flatrender.engine.raster.thorvg import Animation

if sys.platform != "win32":
    import resource

_SLOTS = 3
"""Pictures in hand: one being made, one waiting, one being written."""
_TELL_S = 0.05


class Encoding:
    """Draws into encoders; keeps the memory for converted pictures between them."""

    def __init__(self, tell: Callable[[messages.Phase], None]) -> None:
        self._tell = tell
        self._planar: PlanarMemory | None = None

    def run(
        self, animation: Animation, frames: Sequence[float], into: messages.Program | messages.H264File
    ) -> messages.Encoded | messages.Failed:
        """Draw the frames into an encoder."""
        if isinstance(into, messages.Program):
            return self._into_program(animation, frames, into)
        from flatrender.engine.raster.x264 import H264Writer  # noqa: PLC0415  # with decoders and encoders

        try:
            writer = H264Writer(into, animation.width, animation.height)
            with _Teller(self._tell) as teller:
                feed = Feed(writer, _SLOTS)
                try:
                    report = self._draw_planar(animation, frames, feed, teller, writer.strides)
                finally:
                    teller.phase = ("finish", len(frames))
                    feed.finish()
        except SinkBrokenError as error:
            return messages.Failed("encoder_failed", str(error))
        return report

    def _into_program(
        self, animation: Animation, frames: Sequence[float], program: messages.Program
    ) -> messages.Encoded | messages.Failed:
        with tempfile.TemporaryFile() as log:
            with (
                _memory_unlimited()
            ):  # the encoder inherits it; it reads our own pictures only and large ones take gigabytes
                encoder = subprocess.Popen(
                    program.argv, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=log, bufsize=0
                )
            assert encoder.stdin is not None  # noqa: S101  # it was asked for
            try:
                with _Teller(self._tell) as teller:
                    feed = Feed(Pipe(encoder.stdin), _SLOTS)
                    draw = self._draw_planar if program.planar else _draw_as_is
                    report = draw(animation, frames, feed, teller)
                    teller.phase = ("finish", len(frames))
                    feed.finish()
                    encoder.wait()
            except SinkBrokenError:
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
        self,
        animation: Animation,
        frames: Sequence[float],
        feed: Feed,
        teller: "_Teller",
        strides: tuple[int, int] | None = None,
    ) -> messages.Encoded:
        memory = self._planar_memory(animation.width, animation.height, strides)
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

    def _planar_memory(self, width: int, height: int, strides: tuple[int, int] | None) -> PlanarMemory:
        wanted = strides or (width, width // 2)
        kept = self._planar
        if kept is None or kept.size != (width, height) or kept.strides != wanted:
            if kept is not None:
                kept.close()
                self._planar = None
            kept = self._planar = PlanarMemory(width, height, _SLOTS, wanted)
        return kept


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

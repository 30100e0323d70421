"""The worker process: `python -m flatrender.engine.raster.worker [address-space limit in bytes]`.

Commands come on standard input, replies go to standard output; at the end of standard input the worker and the encoder that it started
end, whatever native code is doing.
"""

import contextlib
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import msgspec

from flatrender.engine.errors import RenderError
from flatrender.engine.process import ending, log_tail
from flatrender.engine.raster import messages
from flatrender.engine.raster.confine import confined
from flatrender.engine.raster.thorvg import BGRA, RGBA_STRAIGHT, Animation, MovingPictures, ThorVG

if sys.platform != "win32":
    import fcntl
    import resource

_KEPT_SCENES = 4


class Worker:
    """Answers commands one after the other."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out
        self._thorvg = ThorVG()
        self._open: OrderedDict[str, Animation] = OrderedDict()

    def answer(self, command: messages.Command) -> messages.Reply:
        """Do one command."""
        match command:
            case messages.Open():
                return self._make_ready(command)
            case messages.Draw():
                return messages.Picture(bytes(self._open[command.key].draw(command.frame)))
            case messages.Encode():
                return self._encode(command)

    def _make_ready(self, command: messages.Open) -> messages.Opened:
        if command.key in self._open:
            self._open.move_to_end(command.key)
            return messages.Opened(found=True)
        if command.lottie is None:
            return messages.Opened(found=False)
        while len(self._open) >= _KEPT_SCENES:
            self._open.popitem(last=False)[1].close()
        colorspace = RGBA_STRAIGHT if command.background is None else BGRA
        lottie, clips = confined(command.lottie), None
        if command.clips:
            lottie, clips = self._with_clips(lottie, command.clips, colorspace)
        self._open[command.key] = Animation(
            self._thorvg,
            lottie,
            width=command.width,
            height=command.height,
            colorspace=colorspace,
            background=command.background,
            clips=clips,
        )
        return messages.Opened(found=True)

    def _with_clips(
        self, lottie: bytes, files: dict[str, str], colorspace: int
    ) -> tuple[bytes, MovingPictures | None]:
        from flatrender.engine.raster.clips import with_clips  # noqa: PLC0415  # the decoders take long to import

        paths = {sha256: Path(path) for sha256, path in files.items()}
        return with_clips(self._thorvg, lottie, paths, colorspace=colorspace)

    def _encode(self, command: messages.Encode) -> messages.Reply:
        animation = self._open[command.key]
        with tempfile.TemporaryFile() as log:
            with (
                _memory_unlimited()
            ):  # the encoder inherits it; it reads our own pictures only and large ones take gigabytes
                encoder = subprocess.Popen(command.argv, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=log)
            assert encoder.stdin is not None  # noqa: S101  # it was asked for
            _widen(encoder.stdin)
            feed = _Feed(encoder.stdin)
            try:
                drawn, draw_s = self._draw_all(animation, command.frames, feed)
                messages.write(self._out, messages.Phase("finish", len(command.frames)))
                feed.finish()
            except BrokenPipeError:
                encoder.wait()  # it has closed its input, so it is ending; its log says why
                return messages.Failed(
                    "encoder_failed", f"the encoder stopped early ({ending(encoder.returncode)}): {log_tail(log)}"
                )
            except BaseException:
                encoder.kill()
                encoder.wait()
                raise
            if encoder.wait() != 0:
                return messages.Failed(
                    "encoder_failed", f"the encoder failed ({ending(encoder.returncode)}): {log_tail(log)}"
                )
            return messages.Encoded(drawn, draw_s)

    def _draw_all(self, animation: Animation, frames: tuple[float, ...], feed: "_Feed") -> tuple[int, float]:
        drawn, draw_s = 0, 0.0
        previous: float | None = None
        pixels = b""
        for done, frame in enumerate(frames):
            messages.write(self._out, messages.Phase("draw", done))
            if frame != previous:
                began = time.perf_counter()
                pixels = bytes(animation.draw(frame))
                draw_s += time.perf_counter() - began
                drawn += 1
                previous = frame
            messages.write(self._out, messages.Phase("encode", done))
            feed.put(pixels)
        return drawn, draw_s


class _Feed:
    """Writes frames to the encoder on a thread of its own, so that the next frame is drawn meanwhile."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe
        self._frames: queue.Queue[bytes | None] = queue.Queue(maxsize=2)
        self._broken: OSError | None = None
        self._thread = threading.Thread(target=self._write, daemon=True)
        self._thread.start()

    def put(self, pixels: bytes) -> None:
        """Hand over one frame; waits while two are in hand. Raises BrokenPipeError when the encoder has gone."""
        self._frames.put(pixels)
        self._check()

    def finish(self) -> None:
        """Write what is in hand and close the encoder's input."""
        self._frames.put(None)
        self._thread.join()
        self._check()

    def _check(self) -> None:
        if self._broken is not None:
            raise BrokenPipeError from self._broken

    def _write(self) -> None:
        while (pixels := self._frames.get()) is not None:
            if self._broken is None:
                try:
                    self._pipe.write(pixels)
                except OSError as error:
                    self._broken = error  # keep taking frames, or `put` would wait forever
        with contextlib.suppress(OSError):
            self._pipe.close()


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


def _widen(pipe: IO[bytes]) -> None:
    # Linux's pipes hold 64 kB, which wakes both sides 130 times for one 1080p picture; a megabyte is what an ordinary user may ask for.
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, 1 << 20)


def _limit_memory(size: int) -> None:
    if sys.platform == "win32":
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (size if hard < 0 else min(size, hard), hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _listen(stream: IO[bytes], commands: "queue.Queue[bytes]") -> None:
    while (body := messages.read(stream)) is not None:
        commands.put(body)
    # The pool has gone, perhaps killed. This process leads its group (the pool starts it so): end the encoder with it.
    if sys.platform != "win32" and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(0)


def main() -> None:
    """Serve commands until standard input ends."""
    if len(sys.argv) > 1:
        _limit_memory(int(sys.argv[1]))
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever native code prints must not land among the replies
    commands: queue.Queue[bytes] = queue.Queue(maxsize=4)
    threading.Thread(target=_listen, args=(sys.stdin.buffer, commands), daemon=True).start()
    worker = Worker(out)
    decoder = msgspec.msgpack.Decoder(messages.Command)
    while True:
        try:
            reply = worker.answer(decoder.decode(commands.get()))
        except RenderError as error:
            reply = messages.Failed(error.code, error.detail)
        except MemoryError:
            reply = messages.Failed("engine_refused", "there is not enough memory for a picture of this size")
        messages.write(out, reply)


if __name__ == "__main__":
    main()

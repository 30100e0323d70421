"""The worker process: `python -m flatrender.engine.raster.worker [address-space limit in bytes] [films]`.

With `films` it gets ready to encode and to look at films while it waits for its first command.

Commands come on standard input, replies go to standard output; at the end of standard input the worker and the encoder that it started
end, whatever native code is doing.
"""

import contextlib
import ctypes
import gc
import importlib
import os
import queue
import signal
import sys
import threading
from collections import OrderedDict
from pathlib import Path
from typing import IO

import msgspec

from flatrender.engine.child import limit_memory
from flatrender.engine.errors import RenderError
from flatrender.engine.media import SoundInfo
from flatrender.engine.raster import messages
from flatrender.engine.raster.confine import confined
from flatrender.engine.raster.encode import Encoding
from flatrender.engine.raster.thorvg import BGRA, RGBA_STRAIGHT, Animation, MovingPictures, ThorVG

FILMS = "films"
_KEPT_SCENES = 4
_KEPT_PIXELS = 2 * 1920 * 1080
"""Of the canvases of all open scenes together, unless one alone has more: each holds several buffers of its canvas' size."""
_TRIM_THRESHOLD, _MMAP_MAX, _PERTURB, _ARENA_MAX = -1, -4, -6, -8
"""As glibc's `malloc.h` numbers them. What is allocated is filled with the complement of PERTURB's byte."""


class Worker:
    """Answers commands one after the other."""

    def __init__(self, out: IO[bytes]) -> None:
        self._encoding = Encoding(lambda phase: messages.write(out, phase))
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
                animation = self._open[command.key]
                return self._encoding.run(animation, command.frames, command.into)
            case messages.Look():
                return _look(command)

    def _make_ready(self, command: messages.Open) -> messages.Opened:
        if command.key in self._open:
            self._open.move_to_end(command.key)
            return messages.Opened(found=True)
        if command.lottie is None:
            return messages.Opened(found=False)
        while self._open and self._is_full(command.width * command.height):
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

    def _is_full(self, pixels: int) -> bool:
        held = sum(scene.width * scene.height for scene in self._open.values())
        return len(self._open) >= _KEPT_SCENES or held + pixels > _KEPT_PIXELS

    def _with_clips(self, lottie: bytes, files: dict[str, str], colorspace: int) -> tuple[bytes, MovingPictures | None]:
        from flatrender.engine.raster.clips import with_clips  # noqa: PLC0415  # the decoders take long to import

        paths = {sha256: Path(path) for sha256, path in files.items()}
        return with_clips(self._thorvg, lottie, paths, colorspace=colorspace)


def _look(command: messages.Look) -> messages.Seen:
    from flatrender.engine.media_child import answer  # noqa: PLC0415  # the decoders take long to import

    seen = answer(command.question)
    assert not isinstance(seen, SoundInfo)  # noqa: S101  # each question has its answer
    return messages.Seen(seen)


def _keep_memory() -> None:
    """Give no memory back to the system: each segment's encoder takes the same hundreds of megabytes again, and fresh pages are slow to get.

    What is given out again is filled with zeros, as fresh pages are: x264 reads some of what it never wrote, and equal pictures must
    become equal files.
    """
    if sys.platform != "linux":
        return
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # another C library
        return
    for option, value in ((_ARENA_MAX, 1), (_MMAP_MAX, 0), (_TRIM_THRESHOLD, 2**31 - 1), (_PERTURB, 255)):
        mallopt(option, value)


def _listen(stream: IO[bytes], commands: "queue.Queue[bytes]") -> None:
    while (body := messages.read(stream)) is not None:
        commands.put(body)
    # The pool has gone, perhaps killed. This process leads its group (the pool starts it so): end the encoder with it.
    if sys.platform != "win32" and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(0)


def _preload() -> None:
    with contextlib.suppress(ImportError):  # who needs it says so
        importlib.import_module("flatrender.engine.raster.x264").preload()


def main() -> None:
    """Serve commands until standard input ends."""
    gc.set_threshold(100_000, 50, 1000)  # a large scene is a hundred thousand objects, none of them garbage
    if len(sys.argv) > 1:
        limit_memory(int(sys.argv[1]))
    _keep_memory()
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever native code prints must not land among the replies
    commands: queue.Queue[bytes] = queue.Queue(maxsize=4)
    threading.Thread(target=_listen, args=(sys.stdin.buffer, commands), daemon=True).start()
    if sys.argv[2:] == [FILMS]:
        threading.Thread(target=_preload, daemon=True).start()
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

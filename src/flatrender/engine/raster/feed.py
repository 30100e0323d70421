"""Pictures on their way from the drawing thread to the encoder."""

import contextlib
import os
import queue
import sys
import threading
from collections.abc import Callable
from typing import IO, Protocol

if sys.platform != "win32":
    import fcntl

PIPE_BYTES = 1 << 20
"""Linux's pipes hold 64 kB, which wakes both sides 50 times for one picture; a megabyte is what an ordinary user may ask for."""


class SinkBrokenError(Exception):
    """The encoder takes no more; the message says why, as far as this side knows."""


class Sink(Protocol):
    """What takes pictures. Used by one thread."""

    def take(self, picture: memoryview) -> None:
        """Take one picture, which may change once this returns. Raises SinkBrokenError."""

    def end(self, *, broken: bool) -> None:
        """There are no more pictures; `broken` after a failure. Raises SinkBrokenError."""


class Pipe:
    """The standard input of a program."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe
        _widen(pipe)

    def take(self, picture: memoryview) -> None:
        """Write it. Raises SinkBrokenError when the program has gone."""
        descriptor = self._pipe.fileno()
        try:
            while picture:
                picture = picture[os.write(descriptor, picture) :]
        except OSError as error:
            raise SinkBrokenError(str(error)) from error

    def end(self, *, broken: bool) -> None:  # noqa: ARG002  # closed either way
        """Close the pipe."""
        with contextlib.suppress(OSError):
            self._pipe.close()


class Feed:
    """Gives pictures to a sink on a thread of its own, so that the next one is drawn meanwhile.

    Pictures live in `slots` places that are used in turn; a place is given out again when what was in it has been taken.
    """

    def __init__(self, sink: Sink, slots: int) -> None:
        self._sink = sink
        self._free: queue.SimpleQueue[int] = queue.SimpleQueue()
        for slot in range(slots):
            self._free.put(slot)
        self._pictures: queue.SimpleQueue[tuple[int, memoryview] | None] = queue.SimpleQueue()
        self._broken: SinkBrokenError | None = None
        self._thread = threading.Thread(target=self._give_all, name="feed", daemon=True)
        self._thread.start()

    def slot(self, waiting: Callable[[], None]) -> int:
        """Return a free place, calling `waiting` when there is none yet. Raises SinkBrokenError."""
        try:
            slot = self._free.get_nowait()
        except queue.Empty:
            waiting()
            slot = self._free.get()
        self._check()
        return slot

    def put(self, slot: int, picture: memoryview) -> None:
        """Hand over the picture in this place; it must not change until the place is free again."""
        self._pictures.put((slot, picture))

    def finish(self) -> None:
        """Wait until what is in hand was taken and the sink has ended. Raises SinkBrokenError."""
        self._pictures.put(None)
        self._thread.join()
        self._check()

    def _check(self) -> None:
        if self._broken is not None:
            raise self._broken

    def _give_all(self) -> None:
        while (given := self._pictures.get()) is not None:
            slot, picture = given
            if self._broken is None:
                self._try(lambda picture=picture: self._sink.take(picture))  # type: ignore[misc]  # a lambda's default has no type
            self._free.put(slot)
        self._try(lambda: self._sink.end(broken=self._broken is not None))

    def _try(self, work: Callable[[], None]) -> None:
        try:
            work()
        except SinkBrokenError as error:
            self._broken = self._broken or error  # keep giving places back, or `slot` would wait forever
        except BaseException as error:  # noqa: BLE001  # nothing may end this thread before its time
            self._broken = self._broken or SinkBrokenError(f"{type(error).__name__}: {error}")


def _widen(pipe: IO[bytes]) -> None:
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, PIPE_BYTES)

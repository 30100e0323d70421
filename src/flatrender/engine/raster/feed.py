"""Pictures on their way from the drawing thread to the encoder's standard input."""

import contextlib
import os
import queue
import sys
import threading
from collections.abc import Callable
from typing import IO

if sys.platform != "win32":
    import fcntl

PIPE_BYTES = 1 << 20
"""Linux's pipes hold 64 kB, which wakes both sides 50 times for one picture; a megabyte is what an ordinary user may ask for."""


class Feed:
    """Writes pictures to a pipe on a thread of its own, so that the next one is drawn meanwhile.

    Pictures live in `slots` places that are used in turn; a place is given out again when what was in it has been written.
    """

    def __init__(self, pipe: IO[bytes], slots: int) -> None:
        self._pipe = pipe
        self._free: queue.SimpleQueue[int] = queue.SimpleQueue()
        for slot in range(slots):
            self._free.put(slot)
        self._pictures: queue.SimpleQueue[tuple[int, memoryview] | None] = queue.SimpleQueue()
        self._broken: OSError | None = None
        _widen(pipe)
        self._thread = threading.Thread(target=self._write_all, name="feed", daemon=True)
        self._thread.start()

    def slot(self, waiting: Callable[[], None]) -> int:
        """Return a free place, calling `waiting` when there is none yet. Raises BrokenPipeError when the encoder has gone."""
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
        """Write what is in hand and close the pipe. Raises BrokenPipeError when the encoder has gone."""
        self._pictures.put(None)
        self._thread.join()
        self._check()

    def _check(self) -> None:
        if self._broken is not None:
            raise BrokenPipeError from self._broken

    def _write_all(self) -> None:
        descriptor = self._pipe.fileno()
        while (given := self._pictures.get()) is not None:
            slot, picture = given
            if self._broken is None:
                try:
                    while picture:
                        picture = picture[os.write(descriptor, picture) :]
                except OSError as error:
                    self._broken = error  # keep giving places back, or `slot` would wait forever
            self._free.put(slot)
        with contextlib.suppress(OSError):
            self._pipe.close()


def _widen(pipe: IO[bytes]) -> None:
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, PIPE_BYTES)

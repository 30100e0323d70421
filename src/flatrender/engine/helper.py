"""A helper process that answers questions one after the other: for native decoders that meet hostile files.

It is started when first asked, stays warm for the next question, and is replaced when it dies or takes too long.
"""

import atexit
import contextlib
import subprocess
import sys
import threading
import weakref

from flatrender.engine.framing import read_message, write_message
from flatrender.engine.process import end, ending, start


class HelperFailedError(Exception):
    """The helper gave no answer; the message says why, in words for people."""


class Helpers:
    """Up to `most` processes of one module. May be asked from many threads; who finds none free waits."""

    def __init__(self, module: str, *, most: int) -> None:
        self._module = module
        self._slots = threading.Semaphore(most)
        self._free: list[subprocess.Popen[bytes]] = []  # guarded by _lock
        self._lock = threading.Lock()
        _all.add(self)

    def ask(self, question: bytes, *, deadline_s: float) -> bytes:
        """Return the answer. Raises HelperFailedError when the process dies or needs more than `deadline_s` seconds; it is ended then."""
        with self._slots:
            process = self._take()
            late = threading.Event()

            def stop() -> None:
                late.set()
                end(process)

            timer = threading.Timer(deadline_s, stop)
            timer.daemon = True
            timer.start()
            answer = None
            try:
                assert process.stdin is not None  # noqa: S101  # started with pipes
                assert process.stdout is not None  # noqa: S101
                write_message(process.stdin, question)
                answer = read_message(process.stdout)
            except OSError:
                answer = None
            finally:
                timer.cancel()
                if answer is None:
                    _close(process)
            if answer is None:
                if late.is_set():
                    raise HelperFailedError(f"it took longer than {deadline_s:g} s")
                raise HelperFailedError(f"its decoder died ({ending(process.returncode)})")
            with self._lock:
                self._free.append(process)
            return answer

    def _take(self) -> subprocess.Popen[bytes]:
        with self._lock:
            while self._free:
                process = self._free.pop()
                if process.poll() is None:
                    return process
                _close(process)
        return start(
            [sys.executable, "-P", "-m", self._module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def close(self) -> None:
        """End the processes that are waiting; a later question starts a new one."""
        with self._lock:
            waiting, self._free = self._free, []
        for process in waiting:
            _close(process)


def _close(process: subprocess.Popen[bytes]) -> None:
    end(process)
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):  # what was still to be written has no reader
                stream.close()


_all: "weakref.WeakSet[Helpers]" = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    for helpers in list(_all):
        helpers.close()

"""The ffmpeg programs behind one sound: fed and read through pipes, ended together at the deadline or when the caller cancels."""

import contextlib
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import numpy as np
from numpy.typing import NDArray

from flatrender.engine.errors import RenderError
from flatrender.engine.ffmpeg import base_arguments
from flatrender.engine.process import end, ending, log_tail, start

if sys.platform != "win32":
    import resource

Samples = NDArray[np.float32]
"""Shape (n, 2): left and right, 1.0 is full scale."""

RATE = 48_000
FRAME_BYTES = 8
"""Of one sample of both sides as 32-bit floats."""
RAW = ("-f", "f32le", "-ar", str(RATE), "-ch_layout", "stereo")
"""How our own samples are written between programs."""

_MEMORY_BYTES = 2 << 30
_POLL_S = 0.05


class Program:
    """One running ffmpeg."""

    def __init__(
        self, process: subprocess.Popen[bytes], log: IO[bytes], *, what: str, code: str, where: str | None
    ) -> None:
        self._process = process
        self._log = log
        self._what = what
        self._code = code
        self._where = where

    def read(self, frames: int) -> Samples:
        """Return the next samples: `frames` of them, or fewer at the end of the stream."""
        assert self._process.stdout is not None  # noqa: S101  # started with a pipe
        body = self._process.stdout.read(frames * FRAME_BYTES)
        return np.frombuffer(body[: len(body) // FRAME_BYTES * FRAME_BYTES], np.float32).reshape(-1, 2)

    def read_bytes(self, size: int) -> bytes:
        """Return the next `size` bytes, or fewer at the end of the stream."""
        assert self._process.stdout is not None  # noqa: S101  # started with a pipe
        return self._process.stdout.read(size)

    def write(self, samples: Samples) -> None:
        """Hand over samples. A program that has gone is found out by `finish`."""
        assert self._process.stdin is not None  # noqa: S101  # started with a pipe
        try:
            self._process.stdin.write(np.ascontiguousarray(samples, np.float32).data)
        except OSError:
            self.finish()
            raise

    def finish(self) -> str:
        """Close its input, wait for its end and return what it said. Raises RenderError when it failed."""
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):  # it may have gone; its exit code says why
                self._process.stdin.close()
        returncode = self._process.wait()
        if returncode != 0:
            raise RenderError(
                f"{self._what} failed ({ending(returncode)}): {log_tail(self._log)}", code=self._code, where=self._where
            )
        return log_text(self._log)

    def close(self) -> None:
        """End it, if it has not ended, and forget it."""
        end(self._process)
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):  # what was left in its buffer is for nobody
                    stream.close()
        self._log.close()


class Programs:
    """Starts programs and ends them all when the block is left, at the deadline, or when `cancel` is set.

    `check` (called by whoever reads or writes, when something seems wrong and at the end) raises what ended them.
    """

    def __init__(self, *, what: str, code: str, deadline_s: float, cancel: threading.Event | None) -> None:
        self._what = what
        self._code = code
        self._deadline_s = deadline_s
        self._cancel = cancel
        self._until = time.monotonic() + deadline_s
        self._running: set[Program] = set()  # guarded by _lock
        self._lock = threading.Lock()
        self._left = threading.Event()
        self._stopped: RenderError | None = None
        self._watcher = threading.Thread(target=self._watch, name="sound-watch", daemon=True)

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="flatrender-sound-")
        self._watcher.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._left.set()
        self._watcher.join()
        with self._lock:
            programs, self._running = self._running, set()
        for program in programs:
            program.close()
        self._folder.cleanup()
        # Whoever read from a program that was ended saw an early end of its stream or an error of its own: this is the true reason.
        if self._stopped is not None and (error is None or isinstance(error, RenderError | OSError)):
            raise self._stopped from error

    def check(self) -> None:
        """Raise RenderError when the programs were ended: `cancelled`, or the code given for the deadline."""
        if self._stopped is not None:
            raise self._stopped

    def start(
        self,
        arguments: Sequence[str],
        *,
        what: str,
        code: str,
        where: Path | None = None,
        feed: bool = False,
        read: bool = False,
        talk: bool = False,
    ) -> Program:
        """Start ffmpeg with these arguments, its own options before them. With `talk` it says what it measured."""
        start_of_line = base_arguments()
        if talk:
            start_of_line[start_of_line.index("-loglevel") + 1] = "info"
            start_of_line.append("-nostats")
        log = tempfile.TemporaryFile()  # noqa: SIM115  # the program closes it
        pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
        with self._lock:
            self.check()
            # An empty working directory: a relative name inside a file leads nowhere.
            process = start(
                [*start_of_line, *arguments],
                stdin=pipe if feed else nothing,
                stdout=pipe if read else nothing,
                stderr=log,
                cwd=Path(self._folder.name),
            )
            _limit(process.pid)
            program = Program(process, log, what=what, code=code, where=None if where is None else str(where))
            self._running.add(program)
        return program

    def end(self, program: Program) -> None:
        """End one program early."""
        with self._lock:
            self._running.discard(program)
        program.close()

    def _watch(self) -> None:
        while not self._left.wait(_POLL_S):
            if self._cancel is not None and self._cancel.is_set():
                self._stop(RenderError(f"{self._what} was cancelled", code="cancelled"))
                return
            if time.monotonic() > self._until:
                self._stop(RenderError(f"{self._what} took longer than {self._deadline_s:g} s", code=self._code))
                return

    def _stop(self, reason: RenderError) -> None:
        with self._lock:
            self._stopped = reason
            for program in self._running:
                end(program._process)  # noqa: SLF001  # its streams are closed by the thread that uses them


def _limit(pid: int) -> None:
    if sys.platform != "linux":
        return
    # It may have ended already, or a stricter limit holds.
    with contextlib.suppress(ProcessLookupError, PermissionError, ValueError):
        resource.prlimit(pid, resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
        resource.prlimit(pid, resource.RLIMIT_CORE, (0, 0))


def log_text(log: IO[bytes], limit: int = 64 << 10) -> str:
    """Return the last `limit` bytes of a log."""
    size = log.seek(0, 2)
    log.seek(max(0, size - limit))
    return log.read(limit).decode("utf-8", "replace")

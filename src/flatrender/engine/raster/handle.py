"""One worker process as its pool sees it: send a command, wait for a reply within a time, end it."""

import collections
import contextlib
import queue
import subprocess
import sys
import threading
import time

import msgspec

from flatrender.engine.errors import RenderError
from flatrender.engine.process import end, ending, start
from flatrender.engine.raster import messages

_REPLIES = msgspec.msgpack.Decoder(messages.Reply)
_POLL_S = 0.05
_LOG_CHARACTERS = 16384


class WorkerDiedError(Exception):
    """The process ended by itself; the message says how."""

    def __init__(self, detail: str, returncode: int | None = None, log: str = "") -> None:
        super().__init__(detail)
        self.returncode = returncode
        self.log = log


class WorkerSilentError(Exception):
    """No reply within the time."""


class WorkerHandle:
    """A started worker. One thread at a time may use it."""

    def __init__(self, memory_bytes: int, *, films: bool = False) -> None:
        """With `films` the worker gets ready to encode too, before it is asked to. Raises OSError."""
        purpose = ("films",) if films else ()
        self._process = start(
            [sys.executable, "-P", "-m", "flatrender.engine.raster.worker", str(memory_bytes), *purpose],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._replies: queue.Queue[bytes | None] = queue.Queue(maxsize=1024)
        self._log: collections.deque[bytes] = collections.deque(maxlen=100)
        self._end = threading.Lock()
        self._ended = False  # guarded by _end
        self._threads = [
            threading.Thread(target=target, name=f"raster-{self._process.pid}-{name}", daemon=True)
            for name, target in (("replies", self._read_replies), ("log", self._read_log))
        ]
        for thread in self._threads:
            thread.start()

    @property
    def pid(self) -> int:
        """The worker's process id, which is also its group's."""
        return self._process.pid

    def send(self, command: messages.Command) -> None:
        """Send a command. Raises WorkerDiedError."""
        assert self._process.stdin is not None  # noqa: S101  # started with a pipe
        try:
            messages.write(self._process.stdin, command)
        except OSError as error:
            raise self._how_it_died() from error

    def receive(self, timeout_s: float, cancel: threading.Event | None) -> messages.Reply:
        """Wait for the next reply. Raises WorkerDiedError, WorkerSilentError after `timeout_s`, or RenderError `cancelled`."""
        until = time.monotonic() + timeout_s
        while True:
            if cancel is not None and cancel.is_set():
                raise RenderError("cancelled", code="cancelled")
            left = until - time.monotonic()
            if left <= 0:
                raise WorkerSilentError
            try:
                body = self._replies.get(timeout=min(left, _POLL_S) if cancel is not None else left)
            except queue.Empty:
                continue
            if body is None:
                raise self._how_it_died()
            reply: messages.Reply = _REPLIES.decode(body)
            return reply

    def close(self) -> None:
        """End the worker and the encoder that it may have started. Any thread may call this, also twice."""
        with self._end:
            if not self._ended:
                self._ended = True
                self._close()

    def _close(self) -> None:
        end(self._process)
        while any(thread.is_alive() for thread in self._threads):
            with contextlib.suppress(queue.Empty):
                self._replies.get_nowait()  # a full queue would keep its reader from seeing the end
            for thread in self._threads:
                thread.join(0.01)
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            assert stream is not None  # noqa: S101  # started with pipes
            with contextlib.suppress(OSError):
                stream.close()

    def _how_it_died(self) -> WorkerDiedError:
        try:
            code = self._process.wait(2)
        except subprocess.TimeoutExpired:
            return WorkerDiedError("it closed its output")
        self._threads[1].join(0.5)  # what it wrote last may be the reason
        lines = list(self._log)
        tail = b" | ".join(line.strip() for line in lines).decode("utf-8", "replace")[-400:]
        log = b"".join(lines).decode("utf-8", "replace")[-_LOG_CHARACTERS:]
        return WorkerDiedError(ending(code) + (f": {tail}" if tail else ""), code, log)

    def _read_replies(self) -> None:
        assert self._process.stdout is not None  # noqa: S101  # started with a pipe
        while (body := messages.read(self._process.stdout)) is not None:
            self._replies.put(body)
        self._replies.put(None)

    def _read_log(self) -> None:
        assert self._process.stderr is not None  # noqa: S101  # started with a pipe
        while line := self._process.stderr.readline(4096):
            self._log.append(line)

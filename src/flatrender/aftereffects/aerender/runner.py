"""One render by After Effects, from its launch to its verdict."""

from __future__ import annotations

import contextlib
import os
import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

import msgspec

from flatrender.aftereffects.aerender.arguments import Arguments, command_line
from flatrender.aftereffects.aerender.failures import Failure, failure_of_exit, failure_of_line
from flatrender.aftereffects.aerender.log import LogEvent, LogReader
from flatrender.aftereffects.aerender.process_tree import ProcessTree
from flatrender.aftereffects.aerender.watchdogs import Expiry, Stage, WatchdogLimits, Watchdogs

_READ = 1 << 16
_TICK_S = 0.2
_BUSY_EVERY_S = 1.0
_GROWTH_EVERY_S = 1.0
_KEPT_LINES = 400
_AFTER_END_S = 1.0
"""How long a log is read after its program ended."""


class RenderProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a render is."""

    stage: Stage
    frames_done: int
    frames: int | None
    """Frames of the whole render, when they are known."""


class RenderOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """How a render ended. Without a failure the log had no complaint; the file is the caller's to check."""

    failure: Failure | None
    exit_code: int | None
    frames_done: int
    seconds: float
    longest_frame_s: float = 0.0
    """The longest wait between two frames; the next render of the same template is given limits by it."""
    warnings: tuple[str, ...]
    log_tail: tuple[str, ...]
    """The last lines of the log, at most 400."""
    survivors: tuple[int, ...] = ()
    """Processes that could not be ended; the node must not render before they are gone."""


def run_aerender(
    program: Sequence[str],
    arguments: Arguments,
    *,
    folder: Path,
    log: Path | None = None,
    frames: int | None = None,
    limits: WatchdogLimits | None = None,
    output: Path | None = None,
    environment: Mapping[str, str] | None = None,
    progress: Callable[[RenderProgress], None] | None = None,
    cancel: threading.Event | None = None,
) -> RenderOutcome:
    """Run `aerender` and follow its log until it ends, hangs or is cancelled; no process of it is left.

    `program` is the command before the arguments, `folder` where it runs, `log` a file that receives its whole output, `frames` how many frames are
    expected (otherwise the log's header says it). `output` is the film or sequence (`name_[####].png`) that is being written: its growth is a sign of
    life where an output module prints no line for frames. A failure is returned, not raised; an exit code of 0 with an error line is one.
    """
    began = time.monotonic()
    try:
        tree = ProcessTree([*program, *command_line(arguments)], folder=folder, environment=environment)
    except OSError as error:
        unstarted = Failure(kind="node", reason="launch", detail=f"aerender could not be started: {error.strerror}")
        return RenderOutcome(failure=unstarted, exit_code=None, frames_done=0, seconds=0.0, warnings=(), log_tail=())
    failure: Failure | None
    watched = _Watched(tree, limits or WatchdogLimits(), frames, progress, _Growth(output))
    try:
        failure = watched.follow(log, cancel)
    finally:
        survivors = tree.kill()
    code = tree.process.returncode
    if failure is None and watched.error is not None:
        failure = failure_of_line(watched.error)
    if failure is None and code:
        failure = failure_of_exit(code)
    return RenderOutcome(
        failure=failure,
        exit_code=code,
        frames_done=len(watched.reader.frames),
        seconds=time.monotonic() - began,
        longest_frame_s=watched.longest_silence_s,
        warnings=tuple(watched.warnings),
        log_tail=tuple(watched.tail),
        survivors=tuple(survivors),
    )


class _Watched:
    """Reads the log of a running tree and minds its watchdogs."""

    def __init__(
        self,
        tree: ProcessTree,
        limits: WatchdogLimits,
        frames: int | None,
        progress: Callable[[RenderProgress], None] | None,
        growth: _Growth,
    ) -> None:
        self._growth = growth
        self.longest_silence_s = 0.0
        self._last_frame: float | None = None
        self.reader = LogReader()
        self.error: str | None = None
        self.warnings: list[str] = []
        self.tail: list[str] = []
        self._tree = tree
        self._dogs = Watchdogs(limits, time.monotonic())
        self._frames = frames
        self._progress = progress or (lambda _: None)
        self._pieces: queue.Queue[bytes | None] = queue.Queue(maxsize=64)
        self._ended: float | None = None

    def follow(self, log: Path | None, cancel: threading.Event | None) -> Failure | None:
        threading.Thread(target=self._read, daemon=True).start()
        busy_asked, busy = time.monotonic(), True
        with log.open("wb") if log is not None else _NoFile() as copy:
            while True:
                if cancel is not None and cancel.is_set():
                    return Failure(kind="cancelled", reason="cancelled", detail="the render was cancelled")
                try:
                    piece = self._pieces.get(timeout=_TICK_S)
                except queue.Empty:
                    piece = b""
                now = time.monotonic()
                if piece is None or (not piece and self._ended_silently(now)):
                    break
                if piece:
                    copy.write(piece)
                    self._hear(self.reader.feed(piece), now)
                if self._growth.seen(now):
                    self._dogs.heard(now)
                if now - busy_asked > _BUSY_EVERY_S:
                    busy_asked, busy = now, self._tree.is_busy()
                if (expiry := self._dogs.check(now, busy=busy)) is not None:
                    return _hung(expiry)
            self._hear(self.reader.end(), time.monotonic())
        return self._finish()

    def _ended_silently(self, now: float) -> bool:
        """Say whether the program has ended although the log stays open: a process that it left behind holds it."""
        if self._tree.process.poll() is None:
            return False
        self._ended = self._ended or now
        return now - self._ended > _AFTER_END_S

    def _finish(self) -> Failure | None:
        """The log ended: the process must end too."""
        while self._tree.process.poll() is None:
            if (expiry := self._dogs.check(time.monotonic(), busy=False)) is not None:
                return _hung(expiry)
            time.sleep(_TICK_S)
        return None

    def _read(self) -> None:
        stdout = self._tree.process.stdout
        try:
            while stdout is not None and (piece := stdout.read(_READ)):
                self._pieces.put(piece)
        except (OSError, ValueError):  # closed by the kill
            pass
        finally:
            self._pieces.put(None)

    def _hear(self, events: list[LogEvent], now: float) -> None:
        for event in events:
            self.tail.append(event.text)
            if event.kind == "warning":
                self.warnings.append(event.text)
            elif event.kind == "error":
                self.error = self.error or event.text
            stage = self._stage(event)
            self._dogs.heard(now, stage)
            if stage is not None:
                expected = self._frames or self.reader.expected
                done = len(self.reader.frames)
                self._progress(RenderProgress(stage=stage, frames_done=done, frames=expected))
        del self.tail[:-_KEPT_LINES]

    def _stage(self, event: LogEvent) -> Stage | None:
        if event.kind == "launched" and self._dogs.stage == "launch":
            return "project"
        if event.kind == "header":
            return "first_frame"
        if event.kind == "frame":
            now = time.monotonic()
            if self._last_frame is not None:
                self.longest_silence_s = max(self.longest_silence_s, now - self._last_frame)
            self._last_frame = now
            expected = self._frames or self.reader.expected
            return "after_last_frame" if expected is not None and len(self.reader.frames) >= expected else "frame"
        return "after_last_frame" if event.kind == "finished" else None


class _Growth:
    """Notices that a film or a sequence grows on the disk."""

    def __init__(self, output: Path | None) -> None:
        self._output, self._asked, self._size = output, 0.0, self._measure(output)

    def seen(self, now: float) -> bool:
        """Say whether it has grown since this was last asked; looks at the disk once a second."""
        if self._output is None or now - self._asked < _GROWTH_EVERY_S:
            return False
        self._asked, before = now, self._size
        self._size = self._measure(self._output)
        return self._size > before

    @staticmethod
    def _measure(output: Path | None) -> int:
        if output is None:
            return 0
        # After Effects writes some films under a temporary name beside the final one: everything with the name's beginning counts.
        begins = output.name.partition("[")[0] if "[" in output.name else output.stem
        size = 0
        with contextlib.suppress(OSError), os.scandir(output.parent) as entries:
            for entry in entries:
                if entry.name.startswith(begins):
                    with contextlib.suppress(OSError):
                        size += entry.stat().st_size
        return size


class _NoFile:
    """Takes the log where nobody wants it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def write(self, data: bytes) -> int:
        return len(data)


def _hung(expiry: Expiry) -> Failure:
    said = "still computing" if expiry.is_busy else "idle"
    return Failure(
        kind="timeout",
        reason=expiry.watchdog,
        detail=f"After Effects was silent for {expiry.silent_s:.0f} s ({said}; watchdog {expiry.watchdog}) and was ended",
    )

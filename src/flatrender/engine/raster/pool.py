"""A pool of raster workers: lends one to a caller, watches it, replaces it when it dies or hangs."""

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Self

import msgspec

from flatrender.engine.errors import RenderError
from flatrender.engine.media import FilmInfo, FilmQuestion, Unusable
from flatrender.engine.raster import messages
from flatrender.engine.raster.handle import WorkerDiedError, WorkerHandle, WorkerSilentError
from flatrender.engine.scene import ResolvedScene

Background = tuple[int, int, int]
"""Red, green, blue, 0 to 255."""


class RasterLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How long and how large a worker may be. Seconds are of the monotonic clock."""

    start_s: float = 30.0
    """From the start of the process to its first reply, on top of `load_s`."""
    load_s: float = 20.0
    frame_s: float = 20.0
    encoder_s: float = 60.0
    """How long the encoder may take to accept one frame, or to finish after the last."""
    wait_s: float = 3600.0
    """How long a caller waits for a free worker."""
    memory_bytes: int = 4 << 30
    """Address space of a worker (not on Windows). The encoder beside it is not limited."""
    max_pixels: int = 7680 * 4320


class EncodeReport(msgspec.Struct, frozen=True, kw_only=True):
    """What drawing into an encoder took."""

    frames: int
    drawn: int
    """Frames really drawn; the others repeated the one before."""
    draw_s: float
    """Seconds spent drawing."""


class WorkerPool:
    """Up to `workers` raster processes (default: one for each core). Its methods may be called from many threads.

    Workers start when first needed and stay warm; each job runs on one worker, preferably one that has the scene open. Errors are
    RenderError: `engine_crashed`, `engine_timeout` (the worker is replaced), `engine_refused`, `encoder_failed`, `cancelled`.
    """

    def __init__(self, workers: int | None = None, *, limits: RasterLimits | None = None) -> None:
        self.workers = max(1, workers if workers is not None else os.cpu_count() or 1)
        self.limits = limits or RasterLimits()
        self._free: list[tuple[WorkerHandle, str]] = []  # with the scene each had last; guarded by _change
        self._lent: set[WorkerHandle] = set()  # guarded by _change
        self._old: set[WorkerHandle] = set()  # lent, and not to be kept; guarded by _change
        self._busy = 0  # lent or being started; guarded by _change
        self._closed = False  # guarded by _change
        self._films = False  # guarded by _change
        self._change = threading.Condition()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def warm(self, *, films: bool = False) -> None:
        """Start every worker now, so that the first job does not wait for it; with `films` they get ready to encode too."""
        with self._change:
            self._films = self._films or films
            missing = self.workers - self._busy - len(self._free)
            if not self._closed:
                self._free.extend((self._new_worker(), "") for _ in range(missing))

    def renew(self) -> None:
        """Replace every worker: idle ones end now, those that work when they have finished."""
        with self._change:
            ending = [handle for handle, _ in self._free]
            self._free.clear()
            self._old.update(self._lent)
            self._change.notify_all()
        for handle in ending:
            handle.close()

    def close(self) -> None:
        """End every worker; jobs that are running fail with `cancelled`."""
        with self._change:
            self._closed = True
            ending = [handle for handle, _ in self._free] + list(self._lent)
            self._free.clear()
            self._change.notify_all()
        for handle in ending:
            handle.close()

    def draw(
        self,
        scene: ResolvedScene,
        frame: float,
        *,
        width: int,
        height: int,
        background: Background | None = None,
        cancel: threading.Event | None = None,
    ) -> bytes:
        """One frame's pixels, `width * height * 4` bytes: RGBA with straight alpha, or opaque BGRA on `background`.

        `frame` counts from the Lottie's in point, in the scene's own frame rate; fractions are interpolated.
        """
        with self._opened(scene, width, height, background, cancel) as (handle, key):
            handle.send(messages.Draw(key, frame))
            reply = self._expect(handle, scene, self.limits.frame_s, f"drawing frame {frame:g}", cancel)
            assert isinstance(reply, messages.Picture)  # noqa: S101  # the protocol
            return reply.pixels

    def encode(
        self,
        scene: ResolvedScene,
        frames: Sequence[float],
        into: Sequence[str] | messages.H264File,
        *,
        width: int,
        height: int,
        background: Background | None,
        planar: bool = False,
        progress: Callable[[int], None] | None = None,
        cancel: threading.Event | None = None,
    ) -> EncodeReport:
        """Draw `frames` (as for `draw`) in order into the standard input of a program (`into` is its command line), or into a file.

        A program gets raw BGRA pictures, straight RGBA without background, or with `planar` YUV 4:2:0 in planes, BT.709, limited range. Planes,
        which are also what a file is made of, want a background, an even width and height, and a width of at least 16.

        `progress` is called in this thread with the number of frames handed to the encoder.
        """
        limits = self.limits
        target = into if isinstance(into, messages.H264File) else messages.Program(tuple(into), planar)
        with self._opened(scene, width, height, background, cancel) as (handle, key):
            handle.send(messages.Encode(key, tuple(frames), target))
            timeout, doing, code = limits.encoder_s, "starting the encoder", "encoder_failed"
            while True:
                reply = self._expect(handle, scene, timeout, doing, cancel, code)
                if isinstance(reply, messages.Encoded):
                    return EncodeReport(frames=len(frames), drawn=reply.drawn, draw_s=reply.draw_s)
                assert isinstance(reply, messages.Phase)  # noqa: S101  # the protocol
                if reply.name == "draw":
                    timeout, doing, code = limits.frame_s, f"drawing frame {frames[reply.done]:g}", "engine_timeout"
                    if progress is not None and reply.done:
                        progress(reply.done)
                else:
                    timeout, doing, code = limits.encoder_s, "encoding", "encoder_failed"
                    if progress is not None and reply.name == "finish":
                        progress(reply.done)

    def look(
        self, question: FilmQuestion, *, deadline_s: float, cancel: threading.Event | None = None
    ) -> FilmInfo | Unusable:
        """Look at a film in a worker, whose decoder is there already. Raises RenderError `film_check_failed` or `cancelled`."""
        where = question.path
        handle = self._take("", cancel)
        healthy = False
        try:
            handle.send(messages.Look(question))
            reply = handle.receive(self.limits.start_s + deadline_s, cancel)
            healthy = True
        except WorkerDiedError as died:
            code = "cancelled" if self._closed else "film_check_failed"
            raise RenderError(f"reading the file failed ({died})", code=code, where=where) from died
        except WorkerSilentError:
            said = f"reading the file took longer than {deadline_s:g} s"
            raise RenderError(said, code="film_check_failed", where=where) from None
        finally:
            self._give_back(handle, "", healthy=healthy)
        if isinstance(reply, messages.Failed):
            raise RenderError(reply.detail, code="film_check_failed", where=where)
        assert isinstance(reply, messages.Seen)  # noqa: S101  # the protocol
        return reply.answer

    def _new_worker(self) -> WorkerHandle:
        try:
            return WorkerHandle(self.limits.memory_bytes, films=self._films)
        except OSError as error:
            raise RenderError(f"a renderer could not be started: {error}", code="engine_crashed") from error

    @contextlib.contextmanager
    def _opened(
        self,
        scene: ResolvedScene,
        width: int,
        height: int,
        background: Background | None,
        cancel: threading.Event | None,
    ) -> Iterator[tuple[WorkerHandle, str]]:
        if width < 1 or height < 1 or width * height > self.limits.max_pixels:
            raise RenderError(
                f"a picture of {width}x{height} pixels is not possible; at most {self.limits.max_pixels} pixels",
                code="engine_refused",
                where=scene.scene_key,
            )
        key = f"{scene.sha256}:{width}x{height}:{background}"
        with self._lend(key, scene, cancel) as handle:
            files = {clip.sha256: str(clip.path) for clip in scene.clips}
            wanted = messages.Open(key, width, height, background, clips=files)
            handle.send(wanted)
            reply = self._expect(handle, scene, self.limits.start_s + self.limits.load_s, "starting", cancel)
            if isinstance(reply, messages.Opened) and not reply.found:
                handle.send(msgspec.structs.replace(wanted, lottie=scene.lottie))
                self._expect(handle, scene, self.limits.load_s, "reading the scene", cancel)
            yield handle, key

    @contextlib.contextmanager
    def _lend(self, key: str, scene: ResolvedScene, cancel: threading.Event | None) -> Iterator[WorkerHandle]:
        handle = self._take(key, cancel)
        healthy = False
        try:
            yield handle
            healthy = True
        except WorkerDiedError as died:
            if self._closed:
                raise RenderError("the pool was closed", code="cancelled", where=scene.scene_key) from died
            crashed = RenderError(
                f"the renderer died while it worked on this scene ({died})",
                code="engine_crashed",
                where=scene.scene_key,
            )
            crashed.returncode, crashed.log = died.returncode, died.log
            raise crashed from died
        except _RefusedError as refused:
            healthy = True
            raise RenderError(refused.detail, code=refused.code, where=scene.scene_key) from refused
        finally:
            self._give_back(handle, key, healthy=healthy)

    def _take(self, key: str, cancel: threading.Event | None) -> WorkerHandle:
        until = time.monotonic() + self.limits.wait_s
        with self._change:
            while True:
                if self._closed:
                    raise RenderError("the pool is closed", code="cancelled")
                if cancel is not None and cancel.is_set():
                    raise RenderError("cancelled", code="cancelled")
                if time.monotonic() > until:
                    raise RenderError(f"no renderer was free within {self.limits.wait_s:g} s", code="engine_timeout")
                if self._free or self._busy < self.workers:
                    break
                self._change.wait(0.1 if cancel is not None else 1.0)
            at = next((index for index, (_, last) in enumerate(self._free) if last == key), len(self._free) - 1)
            # Starting takes a few milliseconds (the child gets ready on its own), so it may happen under the lock.
            handle = self._free.pop(at)[0] if self._free else self._new_worker()
            self._busy += 1
            self._lent.add(handle)
            return handle

    def _give_back(self, handle: WorkerHandle, key: str, *, healthy: bool) -> None:
        with self._change:
            self._busy -= 1
            self._lent.discard(handle)
            keep = healthy and not self._closed and handle not in self._old
            self._old.discard(handle)
            if keep:
                self._free.append((handle, key))
            self._change.notify()
        if not keep:
            handle.close()

    def _expect(
        self,
        handle: WorkerHandle,
        scene: ResolvedScene,
        timeout_s: float,
        doing: str,
        cancel: threading.Event | None,
        code: str = "engine_timeout",
    ) -> messages.Reply:
        try:
            reply = handle.receive(timeout_s, cancel)
        except WorkerSilentError:
            raise RenderError(
                f"{doing} took longer than {timeout_s:g} s; the renderer was stopped",
                code=code,
                where=scene.scene_key,
            ) from None
        if isinstance(reply, messages.Failed):
            raise _RefusedError(reply.code, reply.detail)
        return reply


class _RefusedError(Exception):
    """The worker answered that it cannot do the command, and is well."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail

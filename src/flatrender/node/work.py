"""Doing one assignment: fetch the scene, draw, put the output, keep the report."""

import contextlib
import errno
import hashlib
import logging
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from flatrender.engine.clips.model import ClipFile
from flatrender.engine.errors import EngineError
from flatrender.engine.film.expect import expect_segment
from flatrender.engine.film.segments import render_segment
from flatrender.engine.film.settings import FilmSettings
from flatrender.engine.probe import check_pictures
from flatrender.engine.raster.pool import WorkerPool
from flatrender.engine.scene import ResolvedScene
from flatrender.engine.still import render_still
from flatrender.node.backoff import Backoff
from flatrender.node.cache import SceneCache
from flatrender.node.client import ServerClient
from flatrender.node.clips import ClipCache
from flatrender.node.errors import CallRefused, TryAgain, WorkFailed
from flatrender.node.sessions import Session, State
from flatrender.node.spool import Report, Spool
from flatrender.protocol.outcome import CrashKind, Fail, FailClass, Result
from flatrender.protocol.work import SegmentTask, StillTask, Task

log = logging.getLogger(__name__)

MAX_SCENE_BYTES = 128 << 20
MAX_CLIP_BYTES = 512 << 20
CONTENT_CODES: dict[str, CrashKind | None] = {
    "engine_crashed": "engine_crash",
    "engine_timeout": "engine_hang",
    "engine_refused": None,
    "clip_invalid": None,
    "settings_invalid": None,
}
"""Engine failures that are the scene's; every other one is this machine's."""


Fetched = TypeVar("Fetched")


class Stopped(Exception):
    """The session was told to stop."""


class Workshop:
    """What all sessions of a node share."""

    def __init__(
        self,
        *,
        client: ServerClient,
        pool: WorkerPool,
        cache: SceneCache,
        clips: ClipCache,
        spool: Spool,
        boot_id: UUID,
        scratch: Path,
        threads: int,
    ) -> None:
        self._client = client
        self._pool = pool
        self._cache = cache
        self._clips = clips
        self._spool = spool
        self._boot_id = boot_id
        self._scratch = scratch
        self._threads = threads

    def work(self, session: Session) -> bool:
        """Do the assignment; return whether a report was kept (there is none for a lease that was lost)."""
        timer = threading.Timer(session.assignment.deadline_s, session.stop, ["deadline"])
        timer.daemon = True
        timer.start()
        try:
            with tempfile.TemporaryDirectory(dir=self._scratch) as folder:
                sha256, size = self._make(session, Path(folder))
            message: Result | Fail = Result(
                boot_id=self._boot_id,
                lease_id=session.lease.lease_id,
                epoch=session.lease.epoch,
                sha256=sha256,
                bytes=size,
                seconds=time.monotonic() - session.started,
            )
        except Exception as error:  # noqa: BLE001 - whatever happens to the work is reported
            if session.reason in ("lost", "expired"):
                log.info("work_dropped lease=%s reason=%s", session.lease.lease_id, session.reason)
                return False
            message = self._failure(session, error)
        finally:
            timer.cancel()
        session.advance(State.REPORTING)
        self._spool.put(Report(lease=session.lease, boot_id=self._boot_id, message=message))
        return True

    def _make(self, session: Session, folder: Path) -> tuple[str, int]:
        task = session.assignment.task
        lottie = self._fetch(session, lambda: self._cache.get(task.scene.sha256, lambda: self._scene(session)))
        out = folder / "output"
        with contextlib.ExitStack() as films:
            clips = {sha256: self._clip(session, films, sha256) for sha256 in task.scene.clips}
            session.advance(State.RENDERING)
            scene = resolved(task, lottie, clips)
            draw(task, scene, out, pool=self._pool, threads=self._threads, session=session)
        if session.cancel.is_set():
            raise Stopped
        session.advance(State.UPLOADING)
        with out.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        self._upload(session, out)
        return sha256, out.stat().st_size

    def _scene(self, session: Session) -> Iterator[bytes]:
        return self._client.download(session.assignment.scene_url, MAX_SCENE_BYTES)

    def _clip(self, session: Session, films: contextlib.ExitStack, sha256: str) -> Path:
        url = session.assignment.clip_urls.get(sha256)
        if url is None:
            raise WorkFailed("scene_unavailable", f"the assignment has no link to the film {sha256[:12]}…")

        def held() -> Path:
            return films.enter_context(self._clips.held(sha256, lambda: self._client.download(url, MAX_CLIP_BYTES)))

        return self._fetch(session, held)

    def _fetch(self, session: Session, get: Callable[[], Fetched]) -> Fetched:
        backoff = Backoff(first_s=0.2, most_s=3.0)
        while True:
            try:
                return get()
            except TryAgain as error:
                if backoff.pause(session.cancel, error.retry_after_s):
                    raise Stopped from error
            except CallRefused as error:
                raise WorkFailed("scene_unavailable", str(error)) from error

    def _upload(self, session: Session, out: Path) -> None:
        backoff = Backoff(first_s=0.2, most_s=3.0)
        while True:
            try:
                self._client.upload(session.assignment.upload_url, out)
            except TryAgain as error:
                if backoff.pause(session.cancel, error.retry_after_s):
                    raise Stopped from error
            except CallRefused as error:
                raise WorkFailed("upload_failed", str(error)) from error
            else:
                return

    def _failure(self, session: Session, error: Exception) -> Fail:
        failure, code, crash = classify(session, error)
        detail = str(error) or type(error).__name__
        log.warning(
            "work_failed lease=%s class=%s code=%s detail=%s", session.lease.lease_id, failure, code, detail[:300]
        )
        return Fail(
            boot_id=self._boot_id,
            lease_id=session.lease.lease_id,
            epoch=session.lease.epoch,
            failure=failure,
            code=code,
            detail=detail[:2000],
            crash=crash,
        )


def classify(session: Session, error: Exception) -> tuple[FailClass, str, CrashKind | None]:
    """Return who is to blame: the scene (`content`), this machine (`node`), or nobody."""
    if session.reason == "canceled":
        return "canceled", "canceled", None
    if session.reason == "stopping":
        return "lost", "node_stopping", None
    if session.reason == "deadline":
        return "node", "work_deadline", None
    if isinstance(error, EngineError):
        if error.code in CONTENT_CODES:
            return "content", error.code, CONTENT_CODES[error.code]
        return "node", error.code, "disk_full" if "No space left" in str(error) else None
    if isinstance(error, WorkFailed):
        return "node", error.code, None
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "node", "disk_full", "disk_full"
    return "node", "internal", None


def resolved(task: Task, lottie: bytes, clips: Mapping[str, Path] | None = None) -> ResolvedScene:
    """Return the scene of a task as the engine takes it; `clips` are its films' files by their hash."""
    scene = task.scene
    return ResolvedScene(
        scene_key=scene.scene_key,
        lottie=lottie,
        sha256=scene.sha256,
        width=scene.width,
        height=scene.height,
        fps=scene.fps,
        first_frame=scene.first_frame,
        frames=scene.frames,
        clips=tuple(ClipFile(sha256=sha256, path=path) for sha256, path in (clips or {}).items()),
    )


def draw(
    task: Task, scene: ResolvedScene, out: Path, *, pool: WorkerPool, threads: int, session: Session | None = None
) -> None:
    """Draw what the task says into the file `out`; a segment is checked against its frames drawn small before anybody hears of it.

    Raises EngineError.
    """
    cancel = session.cancel if session is not None else None

    def progress(frames: int) -> None:
        if session is not None:
            session.frames_done = frames

    match task:
        case SegmentTask():
            settings = FilmSettings(
                width=task.width,
                height=task.height,
                fps=task.fps,
                preset=task.preset,  # type: ignore[arg-type]  # FilmSettings' encoder refuses an unknown one
                crf=task.crf,
                background=task.background,
                kind=task.kind,  # type: ignore[arg-type]  # FilmSettings refuses an unknown one
                alpha=task.alpha,
                max_kbps=task.max_kbps,
            )
            render_segment(
                scene,
                task.first,
                task.last,
                settings,
                out,
                pool=pool,
                threads=threads,
                progress=progress,
                cancel=cancel,
            )
            expected = expect_segment(scene, task.first, task.last, settings, pool, cancel=cancel)
            check_pictures(out, expected, cancel=cancel)
        case StillTask():
            out.write_bytes(
                render_still(
                    scene,
                    task.frame,
                    width=task.width,
                    height=task.height,
                    pool=pool,
                    format=task.format,
                    background=task.background,
                    cancel=cancel,
                )
            )

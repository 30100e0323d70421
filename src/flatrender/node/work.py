"""Doing assignments: fetch the scene, draw, put the output, keep the report."""

import contextlib
import errno
import functools
import hashlib
import logging
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn
from uuid import UUID

import msgspec

from flatrender import telemetry
from flatrender.aftereffects.errors import ProjectError
from flatrender.engine.errors import EngineError, RenderError
from flatrender.engine.film.packets import checksums, read_segment
from flatrender.engine.raster.pool import WorkerPool
from flatrender.engine.scene import ResolvedScene
from flatrender.node.backoff import Backoff
from flatrender.node.client import ServerClient
from flatrender.node.drawing import draw, film_settings, resolved
from flatrender.node.errors import AfterEffectsFailed, CallRefused, NodeError, TryAgain, WorkFailed
from flatrender.node.fetching import Fetcher, Stopped
from flatrender.node.observing import stage, staged, work_span
from flatrender.node.pictures import LastPicture
from flatrender.node.sessions import Session, State
from flatrender.node.spool import Report, Spool
from flatrender.protocol.outcome import CrashKind, Fail, FailClass, Result
from flatrender.protocol.work import SegmentTask

if TYPE_CHECKING:
    from flatrender.node.project_work import ProjectWork

log = logging.getLogger(__name__)

CONTENT_CODES: dict[str, CrashKind | None] = {
    "engine_crashed": "engine_crash",
    "engine_timeout": "engine_hang",
    "engine_refused": None,
    "clip_invalid": None,
    "settings_invalid": None,
}
"""Engine failures that are the scene's; every other one is this machine's."""


UPLOAD_LOOK_S = 0.05
LOG_S = 5.0
TAIL_CHARACTERS = 16384
_SIGKILL = 9


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """An output that lies in the store."""

    sha256: str
    bytes: int
    packets: list[int]


class Workshop:
    """What all sessions of a node share."""

    def __init__(
        self,
        *,
        client: ServerClient,
        fetcher: Fetcher,
        pool: WorkerPool,
        spool: Spool,
        boot_id: UUID,
        scratch: Path,
        threads: int,
        projects: "ProjectWork | None" = None,
    ) -> None:
        self._client = client
        self._fetcher = fetcher
        self._pool = pool
        self._spool = spool
        self._boot_id = boot_id
        self._scratch = scratch
        self._threads = threads
        self._projects = projects
        self._pictures = LastPicture(pool)

    def work(self, sessions: Sequence[Session]) -> list[bool]:
        """Do assignments that were claimed together; return of each whether a report was kept (there is none for a lease that was lost)."""
        if sessions[0].assignment.task.source is None:
            return [self._settled(session, functools.partial(self._drawn, session)) for session in sessions]
        return self._work_on_project(sessions)

    def _work_on_project(self, sessions: Sequence[Session]) -> list[bool]:
        """Draw with After Effects: all pictures in one launch, then each is delivered by itself."""
        if self._projects is None:
            error = WorkFailed("internal", "this node has no After Effects")
            return [self._settled(session, functools.partial(_raise, error)) for session in sessions]
        timers = [_deadline(session) for session in sessions]
        try:
            with (
                telemetry.span("draw with After Effects", parent=sessions[0].assignment.traceparent),
                self._projects.drawn(sessions) as outputs,
            ):
                return [
                    self._settled(session, functools.partial(self._delivered, session, output))
                    for session, output in zip(sessions, outputs, strict=True)
                ]
        except Exception as error:  # noqa: BLE001 - whatever happened to the launch happened to all of it
            return [self._settled(session, functools.partial(_raise, error)) for session in sessions]
        finally:
            for timer in timers:
                timer.cancel()

    @work_span
    def _settled(self, session: Session, make: Callable[[], Made]) -> bool:
        """Make the output and keep the report of it or of its failure."""
        timer = _deadline(session)
        try:
            made = make()
            message: Result | Fail = Result(
                boot_id=self._boot_id,
                lease_id=session.lease.lease_id,
                epoch=session.lease.epoch,
                sha256=made.sha256,
                bytes=made.bytes,
                seconds=time.monotonic() - session.started,
                packets=made.packets,
                picture=session.picture,
            )
        except Exception as error:  # noqa: BLE001 - whatever happens to the work is reported
            if session.reason in ("lost", "expired"):
                log.info("work_dropped lease=%s reason=%s", session.lease.lease_id, session.reason)
                return False
            message = self._failure(session, error)
        finally:
            timer.cancel()
        message = msgspec.structs.replace(message, log_bytes=self._keep_log(session))
        session.advance(State.REPORTING)
        self._spool.put(Report(lease=session.lease, boot_id=self._boot_id, message=message))
        return True

    def _drawn(self, session: Session) -> Made:
        task = session.assignment.task
        with (
            tempfile.TemporaryDirectory(dir=self._scratch, ignore_cleanup_errors=True) as folder,
            contextlib.ExitStack() as films,
        ):
            out = Path(folder) / "output"
            with stage("fetch"):
                lottie = self._fetcher.lottie(session)
                clips = {sha256: self._fetcher.clip(session, films, sha256) for sha256 in task.scene.clips}
            session.advance(State.RENDERING)
            scene = resolved(task, lottie, clips)
            with stage("draw"):
                draw(task, scene, out, pool=self._pool, threads=self._threads, session=session)
            return self._delivered(session, out, scene)

    def _delivered(self, session: Session, output: Path | Exception, scene: ResolvedScene | None = None) -> Made:
        if isinstance(output, Exception):
            raise output
        if session.cancel.is_set():
            raise Stopped
        session.advance(State.UPLOADING)
        task = session.assignment.task
        packets = []
        if isinstance(task, SegmentTask):
            packets = checksums(read_segment(output, film_settings(task), cancel=session.cancel))
        session.picture = self._pictures.of(session.assignment.task, output, scene, session.cancel)
        with output.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        made = Made(sha256=sha256, bytes=output.stat().st_size, packets=packets)
        session.log.note(f"made {made.bytes} bytes, sha256 {sha256}")
        self._upload(session, output)
        return made

    def _keep_log(self, session: Session) -> int:
        """Put the attempt's log into the store; return its size, 0 when there is no place for it. The work does not wait for it."""
        url = session.assignment.log_url
        if url is None:
            return 0
        data = session.log.packed()
        try:
            with tempfile.TemporaryDirectory(dir=self._scratch) as folder:
                path = Path(folder) / "log"
                path.write_bytes(data)
                self._client.upload(url, path, threading.Event(), timeout_s=LOG_S)
        except (NodeError, OSError) as error:
            log.info("log_not_kept lease=%s reason=%s", session.lease.lease_id, error)
            return 0
        return len(data)

    @staged("upload")
    def _upload(self, session: Session, out: Path) -> None:
        backoff = Backoff(first_s=0.2, most_s=3.0)
        while True:
            try:
                self._put(session, out)
            except TryAgain as error:
                if backoff.pause(session.cancel, error.retry_after_s):
                    raise Stopped from error
            except CallRefused as error:
                raise WorkFailed("upload_failed", str(error)) from error
            else:
                return

    def _put(self, session: Session, out: Path) -> None:
        """Upload in a thread that is left behind when the work is not wanted any more: what receives it may answer late, or never."""
        ended = threading.Event()
        failures: list[Exception] = []
        url = session.assignment.upload_url

        def put() -> None:
            try:
                self._client.upload(url, out, session.cancel)
            except Exception as error:  # noqa: BLE001 - raised again where it is waited for
                failures.append(error)
            finally:
                ended.set()

        threading.Thread(target=put, name="upload", daemon=True).start()
        while not ended.wait(UPLOAD_LOOK_S):
            if session.cancel.is_set():
                raise Stopped
        if failures:
            raise failures[0]

    def _failure(self, session: Session, error: Exception) -> Fail:
        failure, code, crash = classify(session, error)
        detail = str(error) or type(error).__name__
        session.log.note(f"failed as {failure}, {code}: {detail}")
        session.log.note("".join(traceback.format_exception(error)))
        returncode = error.returncode if isinstance(error, RenderError) else None
        if crash is not None and isinstance(error, RenderError) and error.log:
            session.log.note(f"the engine wrote last:\n{error.log}")
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
            exit_code=returncode if returncode is not None and returncode >= 0 else None,
            signal=-returncode if returncode is not None and returncode < 0 else None,
            frame=_frame(session) if crash is not None else None,
            log_tail=(error.log if isinstance(error, RenderError) and error.log else session.engine_log)[
                -TAIL_CHARACTERS:
            ],
        )


def classify(session: Session, error: Exception) -> tuple[FailClass, str, CrashKind | None]:
    """Return who is to blame: the scene (`content`), this machine (`node`), or nobody."""
    told: dict[str | None, tuple[FailClass, str, CrashKind | None]] = {
        "canceled": ("canceled", "canceled", None),
        "stopping": ("lost", "node_stopping", None),
        "killed": ("lost", "killed", None),
        "deadline": ("node", "work_deadline", None),
    }
    if session.reason in told:
        return told[session.reason]
    if isinstance(error, AfterEffectsFailed):
        return error.failure, error.code, error.crash
    if isinstance(error, ProjectError):
        return "content", "aerender_asset" if error.code.startswith("asset_") else "aerender_template", None
    if isinstance(error, RenderError) and error.code == "engine_crashed" and error.returncode == -_SIGKILL:
        return "content", error.code, "oom"  # nobody else ends a renderer so
    if isinstance(error, EngineError):
        if error.code in CONTENT_CODES:
            return "content", error.code, CONTENT_CODES[error.code]
        return "node", error.code, "disk_full" if "No space left" in str(error) else None
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "node", "disk_full", "disk_full"
    return "node", error.code if isinstance(error, WorkFailed) else "internal", None


def _frame(session: Session) -> int | None:
    """Return the frame at which the work stood."""
    task = session.assignment.task
    if isinstance(task, SegmentTask):
        return min(task.last, task.first + session.frames_done)
    return round(task.frame)


def _deadline(session: Session) -> threading.Timer:
    timer = threading.Timer(session.assignment.deadline_s, session.stop, ["deadline"])
    timer.daemon = True
    timer.start()
    return timer


def _raise(error: Exception) -> NoReturn:
    raise error

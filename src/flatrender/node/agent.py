"""The agent: registers, claims, works, reports, until told to stop."""

import functools
import logging
import shutil
import threading
import time
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING

from flatrender.engine.raster.pool import WorkerPool
from flatrender.node.backoff import Backoff
from flatrender.node.cache import SceneCache
from flatrender.node.client import ServerClient
from flatrender.node.clips import ClipCache
from flatrender.node.commands import Commands, Purgeable, kill, purge
from flatrender.node.config import ALLOWED, AgentConfig, AgentState
from flatrender.node.errors import BootEnded, CallRefused, RegisterAgain, Superseded, TokenRefused, TryAgain
from flatrender.node.fetching import Fetcher
from flatrender.node.health import HealthSampler
from flatrender.node.identity import DataDir, describe
from flatrender.node.log_tail import LogTail
from flatrender.node.metrics import Figures
from flatrender.node.observing import delivered, reporting
from flatrender.node.projects import ProjectCache
from flatrender.node.sessions import Session, Sessions
from flatrender.node.spool import Report, Spool
from flatrender.node.work import Workshop
from flatrender.protocol.heartbeat import CachedProject, Command, Heartbeat
from flatrender.protocol.outcome import Result
from flatrender.protocol.register import Registered
from flatrender.protocol.work import Claim, Engine, Kind

if TYPE_CHECKING:
    from flatrender.node.project_work import ProjectWork

log = logging.getLogger(__name__)

TICK_S = 0.1
SELF_STOP = 0.8
"""Share of a lease after which work stops by itself when no heartbeat got through."""
STOP_WAIT_S = 8.0
RESTART_EXIT_CODE = 75
"""Of an agent that was told to start again: whoever keeps it running does so at once."""
MOST_REPORTS = 64
"""While so many reports wait for the server, nothing is claimed."""
LEAST_FREE_BYTES = 512 << 20
"""With less room on its disk a node claims nothing: the work would fail there."""
BATCH = 16
"""Pictures of one project that After Effects draws in one launch."""


class Agent:
    """One node. `run` blocks; `stop` may be called from anywhere (a signal handler too)."""

    def __init__(self, config: AgentConfig) -> None:
        """Open the data folder and the engine. Raises DataDirInUse."""
        self._config = config
        self.boot_id = uuid.uuid4()
        self._data = DataDir(config.data_dir)
        scratch = config.data_dir / "scratch"
        scratch.mkdir(exist_ok=True)
        self._spool = Spool(config.data_dir / "spool.sqlite")
        dropped = self._spool.drop_other_boots(self.boot_id)
        if dropped:
            log.info("spool_dropped reports=%d: their leases ended with the earlier start", dropped)
        self._pool = WorkerPool(config.slots + 1)
        self._client = ServerClient(
            config.server, slots=config.slots + 1 + 2 * ("aerender" in config.engines), ca_file=config.ca_file
        )
        self._sessions = Sessions()
        self._projects: ProjectCache | None = None
        if "aerender" in config.engines:
            self._projects = ProjectCache(config.data_dir / "projects", limit_bytes=config.template_cache_bytes)
        scenes, clips = SceneCache(config.data_dir / "scenes"), ClipCache(config.data_dir / "clips")
        fetcher = Fetcher(client=self._client, scenes=scenes, clips=clips, projects=self._projects)
        self._workshop = Workshop(
            client=self._client,
            fetcher=fetcher,
            pool=self._pool,
            spool=self._spool,
            boot_id=self.boot_id,
            scratch=scratch,
            threads=config.encoder_threads,
            projects=self._project_work(fetcher),
        )
        self._log = LogTail().open()
        self._health = HealthSampler(config.data_dir)
        self._heard = time.monotonic()
        caches: list[Purgeable] = [scenes, clips, *([self._projects] if self._projects is not None else [])]
        self._commands = Commands(
            {
                "restart_agent": self._restart,
                "kill_job": functools.partial(kill, self._sessions),
                "purge_cache": lambda _: purge(caches),
                "collect_logs": lambda command: self._log.newest(command.lines),
            }
        )
        self._stop_asked = False
        self._stop = threading.Event()
        self._report = threading.Event()
        self._working = threading.Event()
        self._guard = threading.RLock()
        self._registered: Registered | None = None
        self.state = AgentState.REGISTERING
        self.error: Exception | None = None
        """Why the agent ended by itself."""
        self.restart = False
        """Whether the agent is to be started again: it takes no more work, and `run` returns when it has none."""
        self.wakes_at: float | None = None
        """When the node's hours begin (monotonic); None within them."""

    def _project_work(self, fetcher: Fetcher) -> "ProjectWork | None":
        config = self._config
        if "aerender" not in config.engines:
            return None
        # A second of imports that a node without After Effects does not spend.
        from flatrender.aftereffects.aerender.fonts import FontFolder  # noqa: PLC0415
        from flatrender.node.after_effects import AfterEffects  # noqa: PLC0415
        from flatrender.node.project_work import ProjectWork  # noqa: PLC0415

        after_effects = AfterEffects(
            config.after_effects[0],
            data_dir=config.data_dir,
            limits=config.watchdogs,
            fonts=FontFolder(config.fonts),
        )
        return ProjectWork(after_effects, fetcher, pool=self._pool, threads=config.encoder_threads)

    def figures(self) -> Figures:
        """Return what the node does at this moment."""
        return Figures(
            slots=self._config.slots,
            working=len(self._sessions.all()),
            spooled=0 if self.state is AgentState.STOPPED else len(self._spool),
            heartbeat_age_s=time.monotonic() - self._heard,
        )

    def stop(self) -> None:
        """Ask the agent to end: running work is given back."""
        # A plain flag: a signal handler must not take the event's lock, which the interrupted thread may hold.
        self._stop_asked = True

    def _restart(self, command: Command) -> None:
        """Take no more work and end when there is none, at once with `now`; the answer is the next start."""
        self.restart = True
        self._move(AgentState.DRAINING)
        if command.now:
            self.stop()

    def run(self) -> None:
        """Work until stopped, or until `restart` is set and nothing is left to do.

        Raises TokenRefused and BootEnded when the server wants this agent to end.
        """
        self._pool.warm(films=True)
        loops: list[tuple[str, Callable[[], None]]] = [
            ("heartbeat", self._beat_loop),
            ("watchdog", self._watch_loop),
            ("delivery", self._deliver_loop),
        ]
        if "thorvg" in self._config.engines:
            loops.append(("stills", lambda: self._claim_loop("snapshot_job", "thorvg")))
            loops += [
                (f"frames-{slot}", lambda: self._claim_loop("frame", "thorvg")) for slot in range(self._config.slots)
            ]
        if "aerender" in self._config.engines:
            # One launch for films and one for pictures: a picture never waits behind a film.
            loops.append(("stills-aerender", lambda: self._claim_loop("snapshot_job", "aerender")))
            loops.append(("frames-aerender", lambda: self._claim_loop("frame", "aerender")))
        threads = [threading.Thread(target=self._guarded, args=(loop,), name=name, daemon=True) for name, loop in loops]
        try:
            if self._register():
                for thread in threads:
                    thread.start()
                while not self._stop_asked:
                    if self._stop.wait(TICK_S) or (self.restart and not self._sessions.all()):
                        break
        finally:
            self._end(threads)
        if self.error is not None:
            raise self.error

    def _guarded(self, loop: Callable[[], None]) -> None:
        try:
            loop()
        except Exception as error:
            log.exception("agent_loop_ended")
            self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        with self._guard:
            self.error = self.error or error
        self._stop.set()

    def _move(self, state: AgentState) -> None:
        with self._guard:
            if state is self.state:
                return
            if state not in ALLOWED[self.state] or (self.restart and state is AgentState.WORKING):
                return
            log.info("agent_state from=%s to=%s", self.state.value, state.value)
            self.state = state
        if state is AgentState.WORKING:
            self._working.set()
        else:
            self._working.clear()

    def _register(self) -> bool:
        """Register, patiently; False when the agent is to end."""
        backoff = Backoff()
        while not (self._stop_asked or self._stop.is_set()):
            message = describe(
                node_id=self._data.node_id(),
                name=self._config.name,
                boot_id=self.boot_id,
                slots=self._config.slots,
                folder=self._config.data_dir,
                engines=self._config.engines,
                after_effects=self._config.after_effects,
                hours=self._config.hours,
                understands=self._commands.understood,
            )
            try:
                registered = self._client.register(self._config.token, message)
            except TryAgain as error:
                log.info("register_waits reason=%s", error)
                backoff.pause(self._stop, error.retry_after_s)
            except (TokenRefused, CallRefused, RegisterAgain) as error:
                self._give_up(error)
                return False
            else:
                self._data.keep_node_id(registered.node_id)
                self._registered = registered
                log.info("registered node=%s name=%s", registered.node_id, registered.name)
                self._move(AgentState.WORKING)
                return True
        return False

    def _register_again(self, secret: str) -> None:
        with self._guard:
            if secret != self._client.secret or self._stop.is_set():
                return
            self._move(AgentState.REGISTERING)
            self._register()

    @property
    def _terms(self) -> Registered:
        if self._registered is None:
            raise RuntimeError("the agent has not registered yet")
        return self._registered

    def _claim_loop(self, lane: Kind, engine: Engine) -> None:
        backoff = Backoff()
        while not self._stop.is_set():
            if not self._working.wait(0.5):
                continue
            if not self._has_room():
                self._stop.wait(1.0)
                continue
            secret = self._client.secret
            try:
                claim = Claim(
                    boot_id=self.boot_id,
                    wait_s=self._terms.claim_wait_s,
                    engine=engine,
                    batch=BATCH if engine == "aerender" and lane == "snapshot_job" else 1,
                )
                assignment = self._client.claim(lane, claim)
            except TryAgain as error:
                backoff.pause(self._stop, error.retry_after_s)
                continue
            except RegisterAgain:
                self._register_again(secret)
                continue
            except BootEnded as error:
                self._give_up(error)
                return
            backoff.reset()
            if self._stop.is_set():
                return
            if assignment is None:
                # A node that may not work is answered at once: do not ask in a hurry.
                self._stop.wait(0.05 if self._working.is_set() else 1.0)
                continue
            sessions = [Session(one) for one in (assignment, *assignment.also)]
            for session in sessions:
                self._sessions.add(session)
            for session, reported in zip(sessions, self._workshop.work(sessions), strict=True):
                if reported:
                    self._report.set()
                else:
                    self._sessions.end(session.lease.lease_id)

    def _has_room(self) -> bool:
        """Return whether more work could be kept: its reports by the spool, its files by the disk."""
        if len(self._spool) >= MOST_REPORTS:
            return False
        if shutil.disk_usage(self._config.data_dir).free < LEAST_FREE_BYTES:
            log.warning("disk_low: nothing is claimed below %d MiB", LEAST_FREE_BYTES >> 20)
            return False
        return True

    def _beat_loop(self) -> None:
        backoff = Backoff(first_s=0.3, most_s=3.0)
        last_full, last_progress = 0.0, 0.0
        told_projects: list[CachedProject] | None = None
        quarantined = False
        while not self._stop.wait(TICK_S):
            if not self._working.is_set() and self.state is AgentState.REGISTERING:
                continue
            now = time.monotonic()
            terms = self._terms
            reports, answers = self._sessions.reports(), self._commands.answers()
            woken = self.wakes_at is not None and now >= self.wakes_at
            full = now - last_full >= terms.heartbeat_s or woken
            # Also when nothing moved: the answer is how a cancelled film is heard of.
            progress = (bool(reports) or bool(answers)) and now - last_progress >= terms.progress_s
            if not full and not progress:
                continue
            secret = self._client.secret
            projects = self._projects.listing() if full and self._projects is not None else None
            try:
                reply = self._client.heartbeat(
                    Heartbeat(
                        boot_id=self.boot_id,
                        leases=reports,
                        health=self._health.sample() if full else None,
                        projects=projects if projects != told_projects else None,
                        answers=answers,
                    ),
                    timeout_s=min(10.0, terms.lease_s / 4),
                )
            except (TryAgain, CallRefused) as error:
                log.info("heartbeat_waits reason=%s", error)
                backoff.pause(self._stop)
                continue
            except RegisterAgain:
                self._register_again(secret)
                continue
            except BootEnded as error:
                self._give_up(error)
                return
            backoff.reset()
            last_progress = now
            self._commands.told(answers)
            if full:
                last_full, told_projects = now, projects
            self._heard = now
            for verdict in reply.leases:
                session = self._sessions.get(verdict.lease_id)
                if session is None:
                    continue
                if verdict.verdict == "keep":
                    session.renewed = now
                else:
                    session.stop("canceled" if verdict.verdict == "cancel" else "lost")
            if reply.quarantined and not quarantined:
                log.warning("quarantined: the engines start anew")
                self._pool.renew()
            quarantined = reply.quarantined
            self._sleep(None if reply.wakes_in_s is None else now + reply.wakes_in_s)
            self._move(AgentState.DRAINING if reply.order == "drain" else AgentState.WORKING)
            for command in reply.commands:
                self._commands.take(command)

    def _sleep(self, until: float | None) -> None:
        """Note until when the node's hours have not begun (monotonic)."""
        if (until is None) != (self.wakes_at is None):
            if until is None:
                log.info("awake")
            else:
                log.info("asleep for_s=%d: outside its hours", until - time.monotonic())
        self.wakes_at = until

    def _watch_loop(self) -> None:
        """Stop work whose lease may have run out: somebody else may be doing it by now. Never waits for the network."""
        limit = SELF_STOP * self._terms.lease_s
        while not self._stop.wait(TICK_S):
            for session in self._sessions.all():
                if not session.cancel.is_set() and time.monotonic() - session.renewed > limit:
                    log.warning("lease_not_renewed lease=%s", session.lease.lease_id)
                    session.stop("expired")

    def _deliver_loop(self) -> None:
        backoff = Backoff(first_s=0.3, most_s=5.0)
        while not self._stop.is_set():
            if not self._report.wait(0.5):
                continue
            self._report.clear()
            for report in self._spool.waiting():
                while not self._stop.is_set():
                    secret = self._client.secret
                    try:
                        self._deliver(report)
                    except TryAgain as error:
                        backoff.pause(self._stop, error.retry_after_s)
                    except RegisterAgain:
                        self._register_again(secret)
                    except BootEnded as error:
                        self._give_up(error)
                        return
                    else:
                        backoff.reset()
                        break

    def _deliver(self, report: Report) -> None:
        work_id, session = str(report.lease.id), self._sessions.get(report.lease.lease_id)
        try:
            with reporting(session):
                if isinstance(report.message, Result):
                    self._client.result(report.kind, work_id, report.message)
                else:
                    self._client.fail(report.kind, work_id, report.message)
            delivered(report, session)
        except Superseded:
            log.info("report_superseded lease=%s", report.lease.lease_id)
        except CallRefused as error:
            log.warning("report_refused lease=%s reason=%s", report.lease.lease_id, error)
        self._spool.drop(report.lease.lease_id)
        self._sessions.end(report.lease.lease_id)

    def _end(self, threads: list[threading.Thread]) -> None:
        self._stop.set()
        self._move(AgentState.STOPPING)
        for session in self._sessions.all():
            session.stop("stopping")
        until = time.monotonic() + STOP_WAIT_S
        for thread in threads:
            if thread.ident is not None and thread.name.startswith(("frames", "stills")) and self._busy():
                thread.join(max(0.0, min(until - time.monotonic(), 2.0)))
        if self.error is None:
            self._last_reports()
        self._pool.close()
        self._client.close()
        for thread in threads:
            if thread.ident is not None:
                # A loop that waits for the server's answer to a claim ends with the process; there is nothing in its hands.
                idle = thread.name.startswith(("frames", "stills")) and not self._busy()
                thread.join(0.1 if idle else max(0.0, until - time.monotonic()))
        self._spool.close()
        self._log.close()
        self._data.close()
        self._move(AgentState.STOPPED)

    def _busy(self) -> bool:
        return any(session.reason == "stopping" for session in self._sessions.all())

    def _last_reports(self) -> None:
        """Deliver what is there once more, so that given back work is taken up by others at once."""
        for report in self._spool.waiting():
            try:
                self._deliver(report)
            except (TryAgain, RegisterAgain, BootEnded):
                return


__all__ = ["RESTART_EXIT_CODE", "Agent", "AgentConfig", "AgentState"]

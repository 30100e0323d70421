"""Durable workflows: functions whose steps are remembered in PostgreSQL, so that they go on where they were after any crash.

Only this module and `workflow_executors` know DBOS Transact (3.4.0). What they rely on, read from its source:

- `dbos.enqueue_workflow(…)` is a plain SQL function that runs with the caller's rights: called on our connection it commits or vanishes with
  our transaction, and an existing `workflow_id` is left as it is. Queues are polled (`poll_s`).
- DBOS is launched in a thread without an event loop, so it runs workflows on a loop of its own in its own threads. Our services' code
  belongs to our loop: each step is handed over with `run_coroutine_threadsafe` and waited for. A workflow's body must therefore do nothing but
  call `run.step` and `run.sleep`; everything else goes into steps.
- Workflows enqueued by SQL store values as portable JSON: arguments and the results of steps are JSON values, and an exception that crosses a step comes
  back as another type after a restart. So a step says what went wrong in its result, and an exception means a defect. `Unavailable` and
  `Conflict` are tried again until they pass: a database or peer that is away is no reason to fail.
- While PostgreSQL is away DBOS repeats its own statements with growing pauses (1 s … 60 s); nothing is lost. Which errors mean that, it tells by their
  texts, and does not know the driver's "connection is bad" (a socket that refuses at once): the workflow would end in memory and stay PENDING for
  good. `_connecting_can_be_repeated` marks every failure to connect as a lost connection, which DBOS does know.
- A cancelled asyncio task records nothing, so `close` leaves running workflows pending, and they are taken up again at the next launch.
- Nothing in the open version notices a dead executor; `workflow_executors` does. The late outcome of an executor that lives after all is refused by
  DBOS's ownership token; its steps may run twice, hence every step is idempotent.
- Its logger writes to the console by itself; here it goes to structlog from warnings on.
- DBOS is one per process: opening a second `Workflows` before the first is closed raises RuntimeError.

The role `svc_workflow` owns the schema `dbos` (in the platform's own database) and makes its tables at launch.
"""

import asyncio
import functools
import logging
import random
import secrets
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, ClassVar, Protocol, TypeVar

import msgspec
import structlog

from flatrender import telemetry
from flatrender.kit.db import Conn
from flatrender.kit.errors import Conflict, Unavailable
from flatrender.kit.workflow_executors import PURGE_BATCH, Executors, purge_finished

log = structlog.get_logger(__name__)

Json = Any
"""A value that JSON can hold."""
Result = TypeVar("Result")

APPLICATION_VERSION = "1"
"""Raised when a workflow's steps change so that a running one could not go on; older workflows are then finished by older executors."""
QUEUE = "flatrender"
TRACEPARENT = "_traceparent"
"""Argument that carries the trace of whoever started the workflow; its body does not see it."""
KEEP_FINISHED = timedelta(days=30)
PURGE_EVERY_S = 3600.0
RETRY_MAX_S = 10.0
CLOSE_TIMEOUT_S = 20.0


class Run(Protocol):
    """What a workflow's body may do."""

    @property
    def workflow_id(self) -> str:
        """The workflow's id."""

    async def step(self, name: str, function: Callable[..., Awaitable[Result]], *arguments: Json) -> Result:
        """Run `function` on the services' loop, or return what it returned before a restart. The result must be a JSON value."""

    async def sleep(self, seconds: float) -> None:
        """Wait; what is left of the time after a restart."""


Body = Callable[[Run, dict[str, Json]], Awaitable[None]]


async def enqueue(conn: Conn, name: str, workflow_id: str, arguments: dict[str, Json]) -> None:
    """Start the workflow `name` when the caller's transaction commits; the same `workflow_id` again does nothing."""
    trace = telemetry.traceparent()
    if trace is not None:
        arguments = {**arguments, TRACEPARENT: trace}
    await conn.execute(
        "SELECT dbos.enqueue_workflow(workflow_name => %s, queue_name => %s, workflow_id => %s, positional_args => ARRAY[%s::json],"
        " application_name => %s)",
        (name, QUEUE, workflow_id, msgspec.json.encode(arguments).decode(), QUEUE),
    )


class Workflows:
    """The executor: runs the registered workflows until closed."""

    _open: ClassVar[threading.Lock] = threading.Lock()

    def __init__(
        self,
        database_url: str,
        *,
        executor_id: str | None = None,
        concurrency: int = 4,
        poll_s: float = 0.2,
        heartbeat_s: float = 5.0,
        dead_after_s: float = 20.0,
        lost_after_s: float = 120.0,
        application_version: str = APPLICATION_VERSION,
    ) -> None:
        """Prepare an executor on `database_url` (`postgresql://…`, role `svc_workflow`).

        `executor_id` must name one living process; a process that always starts under the same id takes up its own workflows at once. By default it is new
        at each start. `concurrency` is how many workflows run here at the same time. What an executor left that has not beaten for `dead_after_s` is
        taken up by others; what one has let go of itself, by itself after `lost_after_s` (more than DBOS's longest pause between two tries to write).
        """
        if not database_url.startswith(("postgresql://", "postgres://")):
            raise ValueError("the workflows' database must be given as postgresql://…")
        self._url = "postgresql+psycopg://" + database_url.split("://", 1)[1]
        self.executor_id = executor_id or f"{socket.gethostname()}-{secrets.token_hex(6)}"
        self._concurrency = concurrency
        self._poll_s = poll_s
        self._heartbeat_s = heartbeat_s
        self._dead_after_s = dead_after_s
        self._lost_after_s = lost_after_s
        self._version = application_version
        self._running: set[str] = set()
        self._executors: Executors | None = None
        self._bodies: dict[str, Body] = {}
        self._schedules: list[tuple[str, str, str]] = []
        self._home: asyncio.AbstractEventLoop | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._engine: Any = None
        self._judge_after = 0.0

    def register(self, name: str, body: Body) -> None:
        """Make `body` known under `name`, which enqueued workflows refer to for good. Before `open`."""
        if name in self._bodies:
            raise ValueError(f"the workflow {name} is registered twice")
        self._bodies[name] = body

    def schedule(self, name: str, cron: str, *, key: str | None = None) -> None:
        """Run the registered workflow `name` by a cron expression in UTC, once whatever the number of executors. Before `open`."""
        self._schedules.append((key or name, name, cron))

    async def open(self) -> None:
        """Make or migrate DBOS's tables, then run workflows. Steps run on the loop that calls this."""
        if not self._open.acquire(blocking=False):
            raise RuntimeError("durable workflows are already open in this process")
        try:
            self._home = asyncio.get_running_loop()
            await asyncio.to_thread(self._launch)
        except BaseException:
            await asyncio.to_thread(self._shut_down)
            self._open.release()
            raise
        self._judge_after = self._home.time() + self._dead_after_s
        self._tasks = [asyncio.create_task(self._beat_until_closed()), asyncio.create_task(self._purge_until_closed())]

    async def close(self) -> None:
        """Stop taking workflows, interrupt the running ones where they are (they go on at the next launch) and leave the database."""
        if self._home is None:
            return
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        await asyncio.to_thread(self._shut_down)
        self._home = None
        self._open.release()

    async def status(self, workflow_id: str) -> str | None:
        """Return `ENQUEUED`, `PENDING` (running), `SUCCESS`, `ERROR`, … or None for an unknown workflow."""
        from dbos import DBOS  # noqa: PLC0415

        found = await asyncio.to_thread(
            DBOS.list_workflows, workflow_ids=[workflow_id], load_input=False, load_output=False
        )
        return str(found[0].status) if found else None

    def _launch(self) -> None:
        import sqlalchemy  # noqa: PLC0415 - DBOS takes 0.5 s to import; services without workflows do not pay it
        from dbos import DBOS, DBOSConfig  # noqa: PLC0415

        _quiet_logger()
        self._engine = sqlalchemy.create_engine(
            self._url,
            pool_size=6,
            max_overflow=4,
            pool_timeout=30,
            pool_pre_ping=True,
            pool_recycle=1800,
            connect_args={"connect_timeout": 3, "application_name": "flatrender-workflows"},
        )
        sqlalchemy.event.listen(self._engine, "handle_error", _connecting_can_be_repeated)
        config: DBOSConfig = {
            "name": QUEUE,
            "system_database_url": self._url,
            "system_database_engine": self._engine,
            "application_version": self._version,
            "executor_id": self.executor_id,
            "log_level": "WARNING",
            # Only recv and get_event use it; without it there is one connection and one set of triggers less. Closing waits for one interval.
            "use_listen_notify": False,
            "notification_listener_polling_interval_sec": 0.5,
            "scheduler_polling_interval_sec": 30.0,
            # Bounds the threads that write outcomes of workflows and steps.
            "max_executor_threads": 4 * self._concurrency + 8,
            "enable_otlp": False,
        }
        DBOS(config=config)
        for name, body in self._bodies.items():
            self._workflow(name, body)
        timers = {key: self._timer(key, self._bodies[name]) for key, name, _ in self._schedules}
        self._executors = Executors(
            self._engine,
            executor_id=self.executor_id,
            version=self._version,
            queue=QUEUE,
            concurrency=self._concurrency,
            dead_after_s=self._dead_after_s,
            lost_after_s=self._lost_after_s,
        )
        # Before DBOS takes up what an executor of this name left: the others then leave it alone.
        self._executors.beat(0)
        DBOS.launch()
        DBOS.register_queue(
            QUEUE, worker_concurrency=self._concurrency, polling_interval_sec=self._poll_s, on_conflict="always_update"
        )
        if timers:
            DBOS.apply_schedules(
                [
                    {"schedule_name": key, "workflow_fn": timers[key], "schedule": cron, "queue_name": QUEUE}
                    for key, _, cron in self._schedules
                ]
            )

    def _shut_down(self) -> None:
        from dbos import DBOS  # noqa: PLC0415

        DBOS.destroy(destroy_registry=True)
        if self._executors is not None:
            try:
                self._executors.leave()
            except Exception as error:  # noqa: BLE001 - the database is away: the others see it by the missing beats
                log.warning("executor_leave_failed", error=type(error).__name__)
            self._executors = None
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    def _workflow(self, name: str, body: Body) -> Callable[..., Any]:
        from dbos import DBOS  # noqa: PLC0415

        async def run_workflow(arguments: dict[str, Any]) -> None:
            workflow_id = str(DBOS.workflow_id)
            given = {key: value for key, value in arguments.items() if key != TRACEPARENT}
            with (
                self._under_way(workflow_id) as run,
                telemetry.span(
                    f"workflow {name}",
                    parent=arguments.get(TRACEPARENT),
                    kind="consumer",
                    attributes={"flatrender.workflow_id": workflow_id},
                ),
            ):
                await body(run, given)

        run_workflow.__name__ = run_workflow.__qualname__ = name
        return DBOS.workflow(name=name, max_recovery_attempts=None)(run_workflow)

    def _timer(self, key: str, body: Body) -> Callable[..., Any]:
        from dbos import DBOS  # noqa: PLC0415

        async def run_timer(at: datetime, _context: object) -> None:
            with self._under_way(str(DBOS.workflow_id)) as run:
                await body(run, {"at": at.isoformat()})

        run_timer.__name__ = run_timer.__qualname__ = f"timer_{key}"
        return DBOS.workflow(name=f"timer_{key}", max_recovery_attempts=None)(run_timer)

    @contextmanager
    def _under_way(self, workflow_id: str) -> Iterator["_DurableRun"]:
        assert self._home is not None  # noqa: S101 - workflows run between open and close
        self._running.add(workflow_id)
        try:
            yield _DurableRun(self._home, workflow_id)
        except Exception as error:
            if not _database_failed(error):
                raise
            # DBOS could not write: nothing of ours failed, so nothing is recorded and the workflow goes on later where it was.
            log.warning("workflow_let_go", workflow_id=workflow_id, error=type(error).__name__)
            raise asyncio.CancelledError from error
        finally:
            self._running.discard(workflow_id)

    async def _beat_until_closed(self) -> None:
        loop = asyncio.get_running_loop()
        executors = self._executors
        assert executors is not None  # noqa: S101 - made by _launch
        last = loop.time()
        while True:
            await asyncio.sleep(self._heartbeat_s)
            try:
                await asyncio.to_thread(executors.beat, len(self._running))
                if loop.time() - last > self._dead_after_s / 2:
                    # The database was away for all of us: nobody is dead for that, so everybody gets time to beat again.
                    self._judge_after = loop.time() + self._dead_after_s
                last = loop.time()
                if last >= self._judge_after:
                    await asyncio.to_thread(executors.resume_left, frozenset(self._running))
            except Exception as error:  # noqa: BLE001 - SQLAlchemy's and the driver's errors; the next beat tries again
                log.warning("executor_heartbeat_failed", error=type(error).__name__)

    async def _purge_until_closed(self) -> None:
        while True:
            try:
                if await asyncio.to_thread(purge_finished, KEEP_FINISHED) == PURGE_BATCH:
                    await asyncio.sleep(1)
                    continue
            except Exception as error:  # noqa: BLE001 - likewise
                log.warning("workflow_purge_failed", error=type(error).__name__)
            await asyncio.sleep(PURGE_EVERY_S * random.uniform(0.8, 1.2))  # noqa: S311 - spreads executors, no secret


def make_tables(database_url: str) -> None:
    """Make or migrate DBOS's tables on `database_url` (role `svc_workflow`), so that workflows can be enqueued before any executor runs. Blocks."""
    from dbos import DBOS  # noqa: PLC0415

    _quiet_logger()
    DBOS.migrate("postgresql+psycopg://" + database_url.split("://", 1)[1])


class _DurableRun:
    """`Run` on DBOS's loop; functions run on the services' loop."""

    def __init__(self, home: asyncio.AbstractEventLoop, workflow_id: str) -> None:
        self._home = home
        self._workflow_id = workflow_id

    @property
    def workflow_id(self) -> str:
        return self._workflow_id

    async def step(self, name: str, function: Callable[..., Awaitable[Result]], *arguments: Json) -> Result:
        from dbos import DBOS  # noqa: PLC0415

        async def cross() -> Result:
            patient = _until_available(self._workflow_id, name, functools.partial(function, *arguments))
            # The span is the context's, and a coroutine that is handed over takes the context along.
            with telemetry.span(f"step {name}"):
                return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(patient, self._home))

        pause = 0.2
        while True:
            try:
                return await DBOS.run_step_async({"name": name}, cross)
            except Exception as error:
                if not _database_failed(error):
                    raise
                # The step itself came to its end; DBOS may have kept this error as its result, so it is a new step that tries again.
                log.warning(
                    "workflow_step_not_kept", workflow_id=self._workflow_id, step=name, error=type(error).__name__
                )
                await asyncio.sleep(pause)
                pause = min(RETRY_MAX_S, pause * 2)

    async def sleep(self, seconds: float) -> None:
        from dbos import DBOS  # noqa: PLC0415

        await DBOS.sleep_async(seconds)


def _database_failed(error: Exception) -> bool:
    """Return whether DBOS's database failed it; our own statements raise other errors."""
    from sqlalchemy.exc import InterfaceError, InternalError, OperationalError  # noqa: PLC0415

    return isinstance(error, OperationalError | InterfaceError | InternalError)


def _connecting_can_be_repeated(context: Any) -> None:
    """Mark a failure to connect as a lost connection (SQLAlchemy's `handle_error`; there is no connection in the context then)."""
    if context.connection is None:
        context.is_disconnect = True


async def _until_available(workflow_id: str, name: str, function: Callable[[], Awaitable[Result]]) -> Result:
    pause = 0.2
    while True:
        try:
            return await function()
        except (Unavailable, Conflict) as error:
            log.warning("workflow_step_waits", workflow_id=workflow_id, step=name, code=error.code)
            await asyncio.sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311 - jitter
            pause = min(RETRY_MAX_S, pause * 2)


class _ToStructlog(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        level = "error" if record.levelno >= logging.ERROR else "warning"
        error = record.exc_info[1] if record.exc_info else None
        getattr(log, level)("dbos", message=record.getMessage()[:500], error=repr(error)[:500] if error else None)


def _quiet_logger() -> None:
    logger = logging.getLogger("dbos")
    if not any(isinstance(handler, _ToStructlog) for handler in logger.handlers):
        logger.handlers[:] = [_ToStructlog(logging.WARNING)]
        logger.propagate = False

"""Who runs workflows, who of them is dead, and what becomes of the workflows that they left.

The open version of DBOS resumes an executor's workflows only when one of the same name starts again. Here each executor beats in
`ops.workflow_executors`, and whoever sees another dead resumes its workflows; one at a time (an advisory lock), so that none is resumed twice.
Three ways for a workflow to be left are looked for:

- its executor is dead: it has no row (it stopped in order) or has not beaten for `dead_after_s` by the database's clock;
- its executor lives and does not run it: DBOS met an error of the database that it could not classify and let go of it (`lost_after_s`);
- it was begun under an older version of the workflows' steps, which no living executor has: it is begun anew under ours, since every step is idempotent.
"""

import time
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

log = structlog.get_logger(__name__)

LOCK_KEY = 0x666C6174_65786563
"""Advisory lock of those who resume: `flatexec`."""
MOST_AT_ONCE = 500
FORGET_AFTER = "1 day"
PURGE_BATCH = 200


class Executors:
    """One executor among the others, on its SQLAlchemy engine. Its methods block: call them in a thread, while DBOS is launched."""

    def __init__(
        self,
        engine: Any,
        *,
        executor_id: str,
        version: str,
        queue: str,
        concurrency: int,
        dead_after_s: float,
        lost_after_s: float,
    ) -> None:
        self._engine = engine
        self._me = executor_id
        self._version = version
        self._queue = queue
        self._concurrency = concurrency
        self._dead_after_s = dead_after_s
        self._lost_after_s = lost_after_s
        self._idle_since: dict[str, float] = {}

    def beat(self, running: int) -> None:
        """Say that we live."""
        self._execute(
            "INSERT INTO ops.workflow_executors (executor_id, application_version, concurrency, running)"
            " VALUES (:id, :version, :concurrency, :running) ON CONFLICT (executor_id) DO UPDATE SET beat_at = now(), running = :running,"
            " application_version = :version, concurrency = :concurrency",
            id=self._me,
            version=self._version,
            concurrency=self._concurrency,
            running=running,
        )

    def leave(self) -> None:
        """Say that we stop in order, so that the others need not wait."""
        self._execute("DELETE FROM ops.workflow_executors WHERE executor_id = :id", id=self._me)

    def resume_left(self, running: Collection[str]) -> int:
        """Resume what others left and what we lost; `running` are the workflows under way here. Return how many; 0 while another executor looks."""
        import sqlalchemy  # noqa: PLC0415 - only processes that run workflows have it loaded

        with self._engine.begin() as conn:
            if not conn.execute(sqlalchemy.text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": LOCK_KEY}).scalar():
                return 0
            conn.execute(
                sqlalchemy.text(f"DELETE FROM ops.workflow_executors WHERE beat_at < now() - interval '{FORGET_AFTER}'")  # noqa: S608
            )
            alive = {
                str(row[0]): str(row[1])
                for row in conn.execute(
                    sqlalchemy.text(
                        "SELECT executor_id, application_version FROM ops.workflow_executors"
                        " WHERE beat_at > now() - make_interval(secs => :dead)"
                    ),
                    {"dead": self._dead_after_s},
                )
            }
            return self._orphans(alive) + self._lost(running) + self._older(set(alive.values()))

    def _orphans(self, alive: Collection[str]) -> int:
        from dbos import DBOS  # noqa: PLC0415

        found = DBOS.list_workflows(status="PENDING", load_input=False, load_output=False, limit=MOST_AT_ONCE)
        resumed = 0
        for workflow in found:
            if workflow.executor_id in alive:
                continue
            # It may have ended or been taken up by an executor of the same name since the list was made.
            now = DBOS.list_workflows(workflow_ids=[workflow.workflow_id], load_input=False, load_output=False)
            if now and now[0].status == "PENDING" and now[0].executor_id == workflow.executor_id:
                log.warning("workflow_resumed", workflow_id=workflow.workflow_id, dead_executor=workflow.executor_id)
                DBOS.resume_workflow(workflow.workflow_id, queue_name=self._queue)
                resumed += 1
        return resumed

    def _lost(self, running: Collection[str]) -> int:
        """Resume those of our own that have been pending without running here for `lost_after_s`."""
        from dbos import DBOS  # noqa: PLC0415

        ours = DBOS.list_workflows(
            status="PENDING", executor_id=self._me, load_input=False, load_output=False, limit=MOST_AT_ONCE
        )
        now = time.monotonic()
        idle = {workflow.workflow_id for workflow in ours} - set(running)
        self._idle_since = {workflow_id: self._idle_since.get(workflow_id, now) for workflow_id in idle}
        lost = [workflow_id for workflow_id, since in self._idle_since.items() if now - since >= self._lost_after_s]
        for workflow_id in lost:
            log.warning("workflow_lost_and_resumed", workflow_id=workflow_id)
            DBOS.resume_workflow(workflow_id, queue_name=self._queue)
            del self._idle_since[workflow_id]
        return len(lost)

    def _older(self, versions: Collection[str]) -> int:
        """Begin anew what was begun under an older version that nobody runs any more."""
        from dbos import DBOS  # noqa: PLC0415

        begun = 0
        for workflow in DBOS.list_workflows(
            status=["PENDING", "ENQUEUED"], load_input=False, load_output=False, limit=MOST_AT_ONCE
        ):
            version = workflow.app_version
            if version is None or version in versions or _number(version) >= _number(self._version):
                continue
            log.warning("workflow_begun_anew", workflow_id=workflow.workflow_id, version=version)
            DBOS.cancel_workflow(workflow.workflow_id)
            DBOS.fork_workflow(workflow.workflow_id, 1, application_version=self._version, queue_name=self._queue)
            begun += 1
        return begun

    def _execute(self, statement: str, **values: Any) -> None:
        import sqlalchemy  # noqa: PLC0415

        with self._engine.begin() as conn:
            conn.execute(sqlalchemy.text(statement), values)


def purge_finished(older_than: timedelta) -> int:
    """Delete up to 200 workflows that finished longer ago than that; return how many. Call in a thread, while open."""
    from dbos import DBOS  # noqa: PLC0415

    finished = DBOS.list_workflows(
        status=["SUCCESS", "ERROR", "CANCELLED"],
        completed_before=(datetime.now(UTC) - older_than).isoformat(),
        load_input=False,
        load_output=False,
        limit=PURGE_BATCH,
    )
    if finished:
        DBOS.delete_workflows([workflow.workflow_id for workflow in finished])
    return len(finished)


def _number(version: str) -> int:
    return int(version) if version.isdigit() else 0

"""Durable workflows go on where they were, whoever dies: DBOS as `kit.workflows` uses it, on a real PostgreSQL."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy
from dbos._sys_db import SystemDatabase
from dbos._utils import retriable_postgres_exception
from tests.database_server import DatabaseCopy
from tests.kit import workflow_process
from tests.kit.workflow_process import DEAD_S, TABLES, Steps, executor

from flatrender.kit import workflows as workflows_module
from flatrender.kit.db import Database
from flatrender.kit.embedded_postgres import EmbeddedPostgres
from flatrender.kit.workflows import Workflows, enqueue, make_tables

pytestmark = pytest.mark.faults
PATIENCE_S = 60.0


@dataclass(frozen=True)
class World:
    """A database with the tables of the workflows' steps."""

    dsn: Callable[[str], str]
    admin_dsn: str

    def select(self, sql: str, *values: Any) -> list[Any]:
        with psycopg.connect(self.admin_dsn, autocommit=True) as conn:
            return conn.execute(sql, values).fetchall()

    def tries(self, workflow: str) -> dict[str, list[str]]:
        """Step → the executors that tried it, in order of tries."""
        found: dict[str, list[str]] = {}
        for step, by in self.select("SELECT step, executor FROM public.tries WHERE workflow = %s", workflow):
            found.setdefault(step, []).append(by)
        return found

    def effects(self, workflow: str) -> dict[str, str]:
        return dict(self.select("SELECT step, note FROM public.effects WHERE workflow = %s", workflow))

    def open_gate(self, workflow: str) -> None:
        with psycopg.connect(self.admin_dsn, autocommit=True) as conn:
            conn.execute("INSERT INTO public.gates VALUES (%s)", (workflow,))

    @contextmanager
    def process(self, executor_id: str) -> Iterator[subprocess.Popen[bytes]]:
        """An executor in a process of its own."""
        child = subprocess.Popen(
            [sys.executable, workflow_process.__file__, self.dsn("svc_workflow"), self.admin_dsn, executor_id]
        )
        try:
            yield child
        finally:
            child.kill()
            child.wait()

    @asynccontextmanager
    async def executor(self, executor_id: str, **options: Any) -> AsyncIterator[tuple[Workflows, Steps]]:
        """An executor in this process."""
        async with self.rows() as rows:
            steps = Steps(rows, executor_id)
            workflows = executor(self.dsn("svc_workflow"), executor_id, steps, **options)
            await workflows.open()
            try:
                yield workflows, steps
            finally:
                await workflows.close()

    @asynccontextmanager
    async def rows(self) -> AsyncIterator[Database]:
        async with opened(Database("rows", self.admin_dsn, self.admin_dsn, max_size=1, worker_max_size=2)) as rows:
            yield rows

    @asynccontextmanager
    async def service(self) -> AsyncIterator[Database]:
        """The pools of a service that starts workflows, under its own roles."""
        dsn, worker_dsn = self.dsn("svc_render"), self.dsn("svc_render_worker")
        async with opened(Database("render", dsn, worker_dsn, max_size=1, worker_max_size=1)) as database:
            yield database

    async def start(self, name: str, workflow: str, **arguments: Any) -> None:
        async with self.service() as service, service.worker() as conn:
            await enqueue(conn, name, workflow, arguments)


@asynccontextmanager
async def opened(database: Database) -> AsyncIterator[Database]:
    await database.open()
    try:
        yield database
    finally:
        await database.close()


async def until(condition: Callable[[], bool | Awaitable[bool]]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        found = condition()
        if found if isinstance(found, bool) else await found:
            return
        assert time.monotonic() < deadline, "took too long"
        await asyncio.sleep(0.05)


async def succeeded(workflows: Workflows, workflow: str) -> None:
    """Return when the workflow has succeeded; fail when it ended otherwise."""

    async def over() -> bool:
        status = await workflows.status(workflow)
        assert status in ("ENQUEUED", "PENDING", "SUCCESS"), status
        return status == "SUCCESS"

    await until(over)


@pytest.fixture(scope="module")
def world(module_database: DatabaseCopy) -> World:
    with psycopg.connect(module_database.admin_dsn, autocommit=True) as conn:
        conn.execute(TABLES)
    # An executor beats before it has made the engine's tables; `flatrender migrate` makes them before anything starts.
    make_tables(module_database.dsn("svc_workflow"))
    return World(module_database.dsn, module_database.admin_dsn)


async def test_an_enqueue_that_rolls_back_runs_nothing(world: World) -> None:
    async with world.executor("here") as (workflows, steps), world.service() as service:

        async def enqueue_and_fail() -> None:
            async with service.worker() as conn:
                await enqueue(conn, "many", "rolled-back", {"steps": 1})
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await enqueue_and_fail()
        async with service.worker() as conn:
            await enqueue(conn, "many", "committed-after-it", {"steps": 1})
        await succeeded(workflows, "committed-after-it")
        assert await workflows.status("rolled-back") is None
        assert steps.finished == [("committed-after-it", "0")]


async def test_the_same_workflow_id_runs_once_however_often_and_when_it_is_enqueued(world: World) -> None:
    async with world.executor("here") as (workflows, steps), world.service() as service:
        for _ in range(3):
            async with service.worker() as conn:
                await enqueue(conn, "many", "twice", {"steps": 2})
                await enqueue(conn, "many", "twice", {"steps": 5})
        await succeeded(workflows, "twice")
        async with service.worker() as conn:
            await enqueue(conn, "many", "twice", {"steps": 5})
            await enqueue(conn, "many", "after", {"steps": 1})
        await succeeded(workflows, "after")
        assert steps.finished == [("twice", "0"), ("twice", "1"), ("after", "0")]


async def test_after_kill_9_a_process_with_the_same_executor_id_goes_on_and_repeats_no_finished_step(
    world: World,
) -> None:
    with world.process("same") as killed:
        await until(lambda: beats(world, "same"))
        await world.start("relay", "killed")
        await until(lambda: "wait" in world.tries("killed"))
        killed.kill()
        killed.wait()
    word = world.effects("killed")["draw"]
    world.open_gate("killed")
    async with world.executor("same") as (workflows, steps):
        await succeeded(workflows, "killed")
        assert steps.finished == [("killed", "wait"), ("killed", "keep")]
    assert world.tries("killed") == {"draw": ["same"], "wait": ["same", "same"], "keep": ["same"]}
    assert world.effects("killed") == {"draw": word, "keep": word}


async def test_a_living_executor_leaves_anothers_workflow_alone_and_resumes_it_once_that_one_is_dead(
    world: World,
) -> None:
    with world.process("doomed") as doomed:
        await until(lambda: beats(world, "doomed"))
        await world.start("relay", "orphan")
        await until(lambda: "wait" in world.tries("orphan"))
        async with world.executor("living") as (workflows, steps):
            await asyncio.sleep(1.5 * DEAD_S)
            assert world.tries("orphan") == {"draw": ["doomed"], "wait": ["doomed"]}
            doomed.kill()
            doomed.wait()
            world.open_gate("orphan")
            await succeeded(workflows, "orphan")
            assert steps.finished == [("orphan", "wait"), ("orphan", "keep")]
    assert world.tries("orphan") == {"draw": ["doomed"], "wait": ["doomed", "living"], "keep": ["living"]}
    effects = world.effects("orphan")
    assert effects["keep"] == effects["draw"]


async def test_of_two_living_executors_one_resumes_each_workflow_of_a_dead_one_and_no_step_runs_twice(
    world: World,
) -> None:
    names = [f"shared-{number}" for number in range(4)]
    with world.process("gone") as gone:
        await until(lambda: beats(world, "gone"))
        for name in names:
            await world.start("relay", name)
        await until(lambda: all("wait" in world.tries(name) for name in names))
        with world.process("heir"):
            await until(lambda: beats(world, "heir"))
            async with world.executor("here") as (workflows, _):
                gone.kill()
                gone.wait()
                for name in names:
                    world.open_gate(name)
                for name in names:
                    await succeeded(workflows, name)
    for name in names:
        tries = world.tries(name)
        assert tries["draw"] == ["gone"]
        assert tries["wait"][0] == "gone"
        assert len(tries["wait"]) == 2
        assert tries["wait"][1] in ("heir", "here")
        assert tries["keep"] == tries["wait"][1:]


async def test_an_executor_that_stops_in_order_is_taken_over_without_waiting_for_its_death(world: World) -> None:
    with world.process("leaves") as leaves:
        await until(lambda: beats(world, "leaves"))
        await world.start("relay", "handed-over")
        await until(lambda: "wait" in world.tries("handed-over"))
        async with world.executor("stays", dead_after_s=600.0) as (workflows, steps):
            workflows._judge_after = 0.0
            leaves.terminate()
            await until(lambda: not beats(world, "leaves"))
            world.open_gate("handed-over")
            await succeeded(workflows, "handed-over")
            assert steps.finished == [("handed-over", "wait"), ("handed-over", "keep")]
    assert world.tries("handed-over")["keep"] == ["stays"]


@pytest.mark.parametrize(("write", "times"), [("record_operation_result", 1), ("update_workflow_outcome", 2)])
async def test_a_workflow_whose_state_dbos_could_not_write_is_resumed_by_the_executor_that_lives_on(
    world: World, monkeypatch: pytest.MonkeyPatch, write: str, times: int
) -> None:
    workflow = f"let-go-{write}"
    failed: list[str] = []

    def fail_at_first(self: Any, *arguments: Any, **named: Any) -> Any:
        if workflow in str(arguments[0]) and len(failed) < times:
            failed.append(write)
            raise sqlalchemy.exc.OperationalError("UPDATE", {}, Exception("an error that nobody can classify"))
        return real(self, *arguments, **named)

    real = getattr(SystemDatabase, write)
    monkeypatch.setattr(SystemDatabase, write, fail_at_first)
    async with world.executor("here", lost_after_s=1.0) as (workflows, _):
        workflows._judge_after = 0.0
        await world.start("many", workflow, steps=2)
        await succeeded(workflows, workflow)
        assert len(failed) == times
        assert world.effects(workflow) == {"0": "done", "1": "done"}


async def test_what_was_begun_under_an_older_version_is_begun_anew_once_nobody_has_that_version(world: World) -> None:
    with world.process("older") as older:
        await until(lambda: beats(world, "older"))
        await world.start("relay", "old-steps")
        await until(lambda: "wait" in world.tries("old-steps"))
        older.kill()
        older.wait()
    async with world.executor("newer", application_version="2") as (workflows, steps):
        await until(lambda: steps.finished != [])
        anew = steps.finished[0][0]
        assert anew != "old-steps"
        world.open_gate(anew)
        await succeeded(workflows, anew)
        assert steps.finished == [(anew, "draw"), (anew, "wait"), (anew, "keep")]
        assert await workflows.status("old-steps") == "CANCELLED"


async def test_kill_9_of_the_postmaster_in_the_middle_of_a_workflow_and_it_still_ends_once(open_folder: Path) -> None:
    server = EmbeddedPostgres(open_folder / "data")
    await asyncio.to_thread(server.start)
    try:
        world = World(server.dsn, server.admin_dsn())
        with psycopg.connect(world.admin_dsn, autocommit=True) as conn:
            conn.execute(TABLES)
        async with world.executor("here") as (workflows, steps):
            await world.start("many", "shaken", steps=20)
            await until(lambda: len(steps.finished) >= 5)
            postmaster = server.pid
            assert postmaster is not None
            os.kill(postmaster, signal.SIGKILL)
            assert len(steps.finished) < 20
            await until(lambda: server.pid not in (None, postmaster) and answers(world))
            await succeeded(workflows, "shaken")
            assert server.restarts == 1
            # What was under way when the server died may have been tried again; what came to its end was not.
            assert steps.finished == [("shaken", str(number)) for number in range(20)]
            assert world.effects("shaken") == {str(number): "done" for number in range(20)}
            assert world.select("SELECT status FROM dbos.workflow_status WHERE name = 'many'") == [("SUCCESS",)]
    finally:
        await asyncio.to_thread(server.stop)


def test_a_socket_that_refuses_at_once_is_to_dbos_a_lost_connection_which_it_waits_for(tmp_path: Path) -> None:
    engine = sqlalchemy.create_engine(f"postgresql+psycopg://nobody@/nothing?host={tmp_path}")
    with pytest.raises(sqlalchemy.exc.OperationalError, match="connection is bad") as plain:
        engine.connect()
    assert not retriable_postgres_exception(plain.value)
    sqlalchemy.event.listen(engine, "handle_error", workflows_module._connecting_can_be_repeated)
    with pytest.raises(sqlalchemy.exc.OperationalError, match="connection is bad") as marked:
        engine.connect()
    assert retriable_postgres_exception(marked.value)


def beats(world: World, executor_id: str) -> bool:
    """Whether this executor has written a heartbeat."""
    return bool(world.select("SELECT FROM ops.workflow_executors WHERE executor_id = %s", executor_id))


def answers(world: World) -> bool:
    try:
        return world.select("SELECT 1") == [(1,)]
    except psycopg.OperationalError:
        return False

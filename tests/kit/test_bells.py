"""Whoever waits for a row is woken by its ring, and at once when the host stops."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from tests.database_server import DatabaseCopy

from flatrender.kit.db import Bells, Database

LONG_S = 20.0


@asynccontextmanager
async def listening(bells: Bells) -> AsyncIterator[asyncio.Event]:
    stop = asyncio.Event()
    task = asyncio.create_task(bells.run(stop))
    try:
        yield stop
    finally:
        stop.set()
        await asyncio.wait_for(task, 10)


@pytest.fixture
def silent_server() -> Iterator[str]:
    """A database's address where connections are accepted and nothing is ever said."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        yield f"postgresql://nobody@127.0.0.1:{silent.getsockname()[1]}/nothing?sslmode=disable"


def bells_at(dsn: str) -> Bells:
    # The pools stay closed: a bell is heard on a connection of its own.
    return Bells(Database("tests", dsn, dsn), "tests_bells")


async def wait_once(bells: Bells, key: str) -> tuple[bool, float]:
    """Wait as a claim does; return whether it was woken and when."""
    with bells.hear(key) as bell:
        return await bell.wait(LONG_S), time.monotonic()


async def connected(bells: Bells) -> None:
    """Return once the listener hears the channel: everybody is woken after a connection."""
    assert (await wait_once(bells, "connected"))[0]


async def test_a_committed_ring_wakes_only_those_who_wait_for_its_key(module_database: DatabaseCopy) -> None:
    dsn = module_database.dsn("svc_render_worker")
    database = Database("tests", dsn, dsn, max_size=1, worker_max_size=1)
    bells = Bells(database, "tests_bells")
    await database.open()
    try:
        async with listening(bells):
            await connected(bells)
            mine, other = (asyncio.create_task(wait_once(bells, key)) for key in ("mine", "other"))
            await asyncio.sleep(0)
            async with database.worker() as conn:
                await bells.ring(conn, "mine")
            assert (await asyncio.wait_for(mine, 5))[0]
            await asyncio.sleep(0.1)
            assert not other.done()
        assert (await other)[0]
    finally:
        await database.close()


@pytest.mark.parametrize("answers", [True, False], ids=["with the database", "with a database that does not answer"])
async def test_the_hosts_stop_wakes_everybody_at_once_and_says_that_it_closes(
    answers: bool, module_database: DatabaseCopy, silent_server: str
) -> None:
    bells = bells_at(module_database.dsn("svc_render_worker") if answers else silent_server)
    async with listening(bells) as stop:
        if answers:
            await connected(bells)
        waits = [asyncio.create_task(wait_once(bells, key)) for key in ("pool", "pool", "job")]
        await asyncio.sleep(0.2)
        assert not bells.closing
        stopped_at = time.monotonic()
        stop.set()
        for woken, at in await asyncio.wait_for(asyncio.gather(*waits), LONG_S):
            assert woken
            assert at - stopped_at < 0.5
        assert bells.closing


async def test_whoever_begins_to_wait_after_the_stop_sees_that_it_closes(module_database: DatabaseCopy) -> None:
    bells = bells_at(module_database.dsn("svc_render_worker"))
    async with listening(bells) as stop:
        stop.set()
    assert bells.closing

"""Who gets the next chunk: lanes, priorities, limits of tenants, their shares. The rule itself on a real database; nodes draw nothing."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from flatrender.kit.db import Database
from flatrender.services.render.queries import chunks as rows
from flatrender.services.render.queries.chunks import ClaimedChunk
from tests.database_server import DatabaseCopy
from tests.render.queue_by_hand import HASH, Queue
from tests.service_doubles import pools_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

OLD, YOUNG = UUID(int=0xA1), UUID(int=0xB2)
"""Two tenants."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def database(module_database: DatabaseCopy) -> AsyncIterator[Database]:
    pools = pools_of(module_database, "render", "svc_render")
    await pools.open()
    yield pools
    await pools.close()


@pytest.fixture
def queue(module_database: DatabaseCopy, database: Database) -> Queue:
    queue = Queue(module_database, database, uuid4(), uuid4())
    queue.empty()
    return queue


def films_of(chunks: Sequence[ClaimedChunk]) -> list[UUID]:
    return [chunk.render_job_id for chunk in chunks]


async def test_the_higher_priority_goes_first_and_of_equals_the_older(queue: Queue) -> None:
    queue.limit(OLD, films=10)
    last = queue.film(OLD, priority=-5, age_s=100)
    second = queue.film(OLD, age_s=50)
    third = queue.film(OLD, age_s=10)
    draft = queue.film(OLD, priority=50)
    assert films_of(await queue.claims(5)) == [draft, second, third, last]


async def test_a_priority_is_compared_between_tenants(queue: Queue) -> None:
    queue.film(OLD, chunks=3, age_s=100)
    draft = queue.film(YOUNG, priority=50)
    assert films_of(await queue.claims(1)) == [draft]


async def test_of_one_node_two_tenants_get_a_turn_each_however_long_the_first_ones_queue_is(queue: Queue) -> None:
    for _ in range(30):
        queue.film(OLD, age_s=100)
    for _ in range(5):
        queue.film(YOUNG)
    turns = []
    for _ in range(10):
        chunk = await queue.claim()
        assert chunk is not None
        queue.done(chunk)
        turns.append(chunk.tenant_id)
    assert Counter(turns) == {OLD: 5, YOUNG: 5}
    assert turns.index(YOUNG) <= 1


async def test_three_times_the_weight_gets_three_times_the_chunks(queue: Queue) -> None:
    queue.limit(OLD, films=100, weight=100)
    queue.limit(YOUNG, films=100, weight=300)
    for tenant in (OLD, YOUNG):
        for _ in range(40):
            queue.film(tenant)
    running: list[ClaimedChunk] = []
    turns: Counter[UUID] = Counter()
    for _ in range(40):
        chunk = await queue.claim()
        assert chunk is not None
        turns[chunk.tenant_id] += 1
        running.append(chunk)
        if len(running) > 2:
            queue.done(running.pop(0))
    assert 28 <= turns[YOUNG] <= 32


async def test_a_tenant_whose_chunks_take_longer_gets_fewer_of_them(queue: Queue) -> None:
    for tenant, seconds in ((OLD, 20), (YOUNG, 5)):
        queue.limit(tenant, films=100)
        queue.do(
            "INSERT INTO render.tenant_shares (pool, tenant_id, chunk_s) VALUES ('default', %s, %s)", tenant, seconds
        )
        for _ in range(60):
            queue.film(tenant)
    turns: Counter[UUID] = Counter()
    for _ in range(50):
        chunk = await queue.claim()
        assert chunk is not None
        turns[chunk.tenant_id] += 1
        queue.done(chunk)
    assert 38 <= turns[YOUNG] <= 42


async def test_what_a_result_took_is_learned_as_the_cost_of_the_tenants_next_claims(queue: Queue) -> None:
    queue.film(OLD, chunks=2)
    queue.film(YOUNG, chunks=2)
    chunk = await queue.claim()
    assert chunk is not None
    async with queue.database.worker() as conn:
        assert await rows.finish(
            conn,
            chunk_id=chunk.id,
            node_id=queue.node,
            lease_id=chunk.lease_id,
            epoch=chunk.epoch,
            segment_key="k",
            sha256=HASH,
            seconds=55.0,
        )
    assert queue.do("SELECT tenant_id, chunk_s FROM render.tenant_shares") == [(chunk.tenant_id, 15.0)]


async def test_a_tenant_alone_is_not_counted_so_its_past_is_not_held_against_it(queue: Queue) -> None:
    queue.film(OLD, chunks=20)
    assert len(await queue.claims(10)) == 10
    assert queue.do("SELECT count(*) FROM render.tenant_shares") == [(0,)]


async def test_never_more_films_of_a_tenant_run_at_once_than_may_even_when_all_nodes_ask_together(queue: Queue) -> None:
    queue.limit(OLD, films=3)
    for _ in range(12):
        queue.film(OLD, chunks=2)
    found = await asyncio.gather(*(queue.claim() for _ in range(16)))
    claimed = [chunk for chunk in found if chunk is not None]
    assert queue.running_films(OLD) == 3
    assert len(claimed) == 6, "both chunks of each of the three"
    assert await queue.claim() is None
    queue.done(*[chunk for chunk in claimed if chunk.render_job_id == claimed[0].render_job_id])
    assert await queue.claim() is not None
    assert queue.running_films(OLD) == 3


async def test_at_its_limit_a_tenant_goes_on_with_the_films_that_run_although_an_older_one_waits(queue: Queue) -> None:
    queue.limit(OLD, films=1)
    runs = queue.film(OLD, chunks=3, age_s=10)
    (first,) = await queue.claims(1)
    queue.film(OLD, age_s=1000)
    assert films_of([first, *await queue.claims(3)]) == [runs] * 3


async def test_at_its_limit_a_tenant_lets_its_films_run_out_before_a_draft_of_its_own(queue: Queue) -> None:
    queue.limit(OLD, films=1)
    queue.film(OLD, chunks=3)
    (running,) = await queue.claims(1)
    draft = queue.film(OLD, priority=50)
    assert await queue.claim() is None
    queue.done(running)
    assert films_of(await queue.claims(1)) == [draft]


async def test_a_tenant_that_is_paused_or_may_run_nothing_gets_nothing_and_others_do(queue: Queue) -> None:
    other = UUID(int=0xC3)
    queue.limit(OLD, paused=True)
    queue.limit(YOUNG, films=0)
    for tenant in (OLD, YOUNG):
        queue.film(tenant, priority=100)
    mine = queue.film(other)
    assert films_of(await queue.claims(3)) == [mine]


async def test_a_node_of_one_tenant_gets_only_its_chunks_and_a_pool_only_its_own(queue: Queue) -> None:
    queue.film(OLD, chunks=2)
    mine = queue.film(YOUNG)
    assert await queue.claim(dedicated=UUID(int=0xFF)) is None
    chunk = await queue.claim(dedicated=YOUNG)
    assert chunk is not None
    assert chunk.render_job_id == mine
    assert await queue.claim(dedicated=YOUNG) is None
    assert await queue.claim(pool="elsewhere") is None


async def test_a_look_says_whether_another_node_may_find_something(queue: Queue) -> None:
    assert not (await queue.look()).others_may
    queue.film(OLD)
    queue.do("UPDATE render.frame_jobs SET exclude_node_ids = %s", [queue.node])
    assert (await queue.look()).others_may
    queue.do("UPDATE render.frame_jobs SET exclude_node_ids = '{}'")
    queue.limit(OLD, paused=True)
    assert not (await queue.look()).others_may, "nobody gets a chunk of a tenant that is paused"


async def test_a_start_that_has_ended_gets_nothing(queue: Queue) -> None:
    queue.film(OLD)
    queue.do("UPDATE render.nodes SET boot_id = %s", uuid4())
    look = await queue.look()
    assert (look.chunk, look.superseded) == (None, True)
    assert queue.do("SELECT status FROM render.frame_jobs") == [("queued",)]


async def test_the_length_of_the_queue_does_not_change_what_a_claim_reads(queue: Queue) -> None:
    """Buffers, not times: they are the same on a busy machine."""
    read = []
    for films in (50, 2000):
        tenants = [UUID(int=0xD0 + number) for number in range(5)]
        queue.do("TRUNCATE render.frame_jobs, render.render_jobs, render.tenant_shares CASCADE")
        for tenant in tenants:
            queue.films(tenant, films // 5)
        await queue.claims(3)
        explained = queue.do(
            "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT * FROM render.claim_chunk(%s, %s, 'default', NULL, 60, NULL)",
            queue.node, queue.boot,
        )  # fmt: skip
        plan = explained[0][0][0]["Plan"]  # type: ignore[index]
        read.append(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])
    assert read[1] <= 1.3 * read[0], read

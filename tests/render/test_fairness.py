"""Two tenants on one farm: the small one is not held up by the large one. Real claims on a real database, nodes and time simulated."""

from __future__ import annotations

import heapq
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from flatrender.kit.db import Database
from flatrender.services.render.queries.chunks import ClaimedChunk
from tests.database_server import DatabaseCopy
from tests.render.queue_by_hand import Queue
from tests.service_doubles import pools_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

LARGE, SMALL = UUID(int=0xA1), UUID(int=0xB2)
DRAWS_S = {LARGE: (4.0, 5.0, 6.0), SMALL: (5.0, 4.5, 5.5)}
"""How long the chunks of each take a node, in turn."""


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


async def done_at(queue: Queue, tenant: UUID, nodes: int, *, comes_s: float = 0.0, small_films: int = 10) -> float:
    """Draw with so many nodes until the small tenant's films are done, which come after `comes_s`; return how long they took then, in simulated seconds."""
    now, drawn, came = 0.0, 0, False
    busy: list[tuple[float, int, ClaimedChunk]] = []
    left = small_films
    while left:
        if not came and now >= comes_s:
            came = True
            for _ in range(small_films):
                queue.film(SMALL)
        while len(busy) < nodes and (chunk := await queue.claim()) is not None:
            drawn += 1
            times = DRAWS_S[chunk.tenant_id]
            heapq.heappush(busy, (now + times[drawn % len(times)], drawn, chunk))
        ends, _, chunk = heapq.heappop(busy)
        # The database's clock goes with the simulated one where the rule looks at it.
        queue.do("UPDATE render.tenant_shares SET used_at = used_at - make_interval(secs => %s)", ends - now)
        now = ends
        queue.done(chunk)
        left -= came and chunk.tenant_id == tenant
    return now - comes_s


@pytest.mark.parametrize("nodes", [2, 8], ids=["two nodes", "eight nodes"])
async def test_ten_films_beside_a_thousand_take_at_most_half_as_long_again_as_alone_on_half_the_farm(
    queue: Queue, nodes: int
) -> None:
    queue.limit(SMALL, films=100)
    alone = await done_at(queue, SMALL, nodes // 2)
    queue.empty()
    for tenant in (LARGE, SMALL):
        queue.limit(tenant, films=100)
    queue.films(LARGE, 1000)
    together = await done_at(queue, SMALL, nodes, comes_s=20.0)
    assert together <= 1.5 * alone, (together, alone)


async def test_with_the_usual_limits_ten_films_take_as_long_as_alone(queue: Queue) -> None:
    """Two films at once: what counts then is that none of these two waits."""
    alone = await done_at(queue, SMALL, 2)
    queue.empty()
    queue.films(LARGE, 1000, age_s=100.0)
    together = await done_at(queue, SMALL, 4, comes_s=20.0)
    assert together <= 1.5 * alone, (together, alone)

"""A host that stops does not wait for nodes that wait for work, nor for pages that watch a film."""

import asyncio
import time
from pathlib import Path

import msgspec

from tests.database_server import DatabaseCopy
from tests.render.farm import FAST, Farm, numbered

PATIENT = msgspec.structs.replace(FAST, claim_wait_s=20.0, claim_recheck_s=20.0)


async def test_waiting_claims_of_both_lanes_and_a_films_event_stream_end_when_the_host_stops(
    fresh_database: DatabaseCopy, tmp_path: Path
) -> None:
    async with Farm(fresh_database, tmp_path, PATIENT) as farm:
        farm.templates.add("a", numbered(10), 10)
        node = await farm.hand_node()
        film = await farm.create("a")
        assert await node.claim(wait_s=20) is not None
        claims = [asyncio.create_task(node.claim(lane, wait_s=20)) for lane in ("frame-jobs", "snapshot-jobs")]

        seen = asyncio.Event()

        async def watch() -> None:
            async with farm.http.stream("GET", f"/v1/render-jobs/{film.id}/events") as answer:
                async for _ in answer.aiter_lines():
                    seen.set()

        watching = asyncio.create_task(watch())
        await asyncio.wait_for(seen.wait(), 10)
        await asyncio.sleep(0.5)
        assert not any(task.done() for task in (*claims, watching))
        began = time.monotonic()
        farm._stop.set()
        assert await asyncio.wait_for(asyncio.gather(*claims), 10) == [None, None]
        await asyncio.wait_for(watching, 10)
        assert time.monotonic() - began < 2

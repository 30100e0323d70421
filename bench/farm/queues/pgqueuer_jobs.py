"""Fetch and finish jobs that do nothing with PgQueuer, one at a time for each worker; prints `seconds` and `python_s` as JSON."""

import asyncio
import json
import sys
import time

import asyncpg
from pgqueuer import Queries, QueueManager
from pgqueuer.db import AsyncpgPoolDriver
from pgqueuer.models import Job
from pgqueuer.types import QueueExecutionMode


async def main() -> None:
    """Do what the argument says."""
    order = json.loads(sys.argv[1])
    async with asyncpg.create_pool(order["dsn"], min_size=2, max_size=8) as pool:
        driver = AsyncpgPoolDriver(pool)
        queries = Queries(driver)
        await queries.install()
        for start in range(0, order["jobs"], 1000):
            many = min(1000, order["jobs"] - start)
            await queries.enqueue(["nothing"] * many, [None] * many, [0] * many)
        await pool.execute("ANALYZE")
        manager = QueueManager(queries)
        done = 0

        @manager.entrypoint("nothing")
        async def nothing(_: Job) -> None:
            nonlocal done
            done += 1

        began, before = time.perf_counter(), time.process_time()
        await manager.run(batch_size=order["workers"], mode=QueueExecutionMode.drain)
        seconds, python_s = time.perf_counter() - began, time.process_time() - before
        assert done == order["jobs"], done
    print(json.dumps({"seconds": seconds, "python_s": python_s}))


asyncio.run(main())

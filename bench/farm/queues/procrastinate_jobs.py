"""Fetch and finish jobs that do nothing with Procrastinate; prints `seconds` and `python_s` as JSON."""

import asyncio
import json
import sys
import time

import procrastinate


async def main() -> None:
    """Do what the argument says."""
    order = json.loads(sys.argv[1])
    connector = procrastinate.PsycopgConnector(conninfo=order["dsn"], min_size=2, max_size=8)
    app = procrastinate.App(connector=connector)

    @app.task(name="nothing", queue="bench")
    async def nothing(number: int) -> None:
        assert number >= 0

    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        for start in range(0, order["jobs"], 1000):
            numbers = range(start, min(start + 1000, order["jobs"]))
            await nothing.batch_defer_async(*({"number": number} for number in numbers))
        await connector.execute_query_async("ANALYZE")
        began, before = time.perf_counter(), time.process_time()
        await app.run_worker_async(
            queues=["bench"], concurrency=order["workers"], wait=False, install_signal_handlers=False
        )
        seconds, python_s = time.perf_counter() - began, time.process_time() - before
        row = await connector.execute_query_one_async(
            "SELECT count(*) AS done FROM procrastinate_jobs WHERE status = 'succeeded'"
        )
        assert row["done"] == order["jobs"], row
    print(json.dumps({"seconds": seconds, "python_s": python_s}))


asyncio.run(main())

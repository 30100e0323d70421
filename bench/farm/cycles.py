"""Claim and result, round and round. Run as a program by the benchmark, so that each side has a process of its own."""

import asyncio
import json
import random
import sys
import time
from pathlib import Path

import msgspec

from bench.farm.world import Farm, Place, Simulated, node, opened


async def saturated(farm: Farm, *, workers: int, cycles: int) -> float:
    """Return how long so many claim-to-result cycles take `workers` nodes that draw nothing, in seconds."""
    nodes = [await node(farm, f"busy-{number}") for number in range(workers)]
    left = cycles

    async def work(one: Simulated) -> None:
        nonlocal left
        while left > 0:
            left -= 1
            work = await one.claim()
            assert work is not None, "the queue is empty"
            one.put(work)
            await one.deliver(work)

    # What a process does once in its life is not measured: connections, prepared statements.
    left = min(20 * workers, cycles)
    await asyncio.gather(*(work(one) for one in nodes))
    left = cycles
    started = time.perf_counter()
    await asyncio.gather(*(work(one) for one in nodes))
    return time.perf_counter() - started


async def paced(farm: Farm, *, nodes: int, claims: int, draws_s: float) -> list[float]:
    """Return how long each claim of `nodes` nodes took that draw `draws_s` seconds for a chunk, more or less, in seconds."""
    fleet = [await node(farm, f"node-{number}") for number in range(nodes)]
    times: list[float] = []
    warm = len(fleet)

    async def work(one: Simulated) -> None:
        await asyncio.sleep(random.uniform(0, draws_s))  # noqa: S311 - nodes do not all start at once
        while len(times) < claims + warm:
            started = time.perf_counter()
            work = await one.claim(wait_s=5)
            times.append(time.perf_counter() - started)
            assert work is not None
            await asyncio.sleep(draws_s * random.uniform(0.5, 1.5))  # noqa: S311 - likewise
            one.put(work)
            await one.deliver(work)

    await asyncio.gather(*(work(one) for one in fleet))
    return times[warm : claims + warm]


async def main() -> None:
    """Do what the arguments say and print one line of JSON."""
    order = json.loads(sys.argv[1])
    place = msgspec.convert(order["place"], Place)
    async with opened(place, connections=order.get("connections", 8)) as farm:
        before = time.process_time()
        if order["what"] == "saturated":
            found = [await saturated(farm, workers=order["workers"], cycles=order["cycles"])]
        else:
            found = await paced(farm, nodes=order["nodes"], claims=order["claims"], draws_s=order["draws_s"])
        print(json.dumps({"times": found, "python_s": time.process_time() - before}), flush=True)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    asyncio.run(main())

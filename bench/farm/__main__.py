"""`python -m bench farm`: the farm's rules under load, beside two queue libraries on the same PostgreSQL. Prints tables."""

import argparse
import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import quantiles
from typing import Any

import msgspec
import psutil

from bench.farm import lanes, queues
from bench.farm.world import CHUNKS, Place, fill, prepare, running

WORKERS = 16
NODES = 100
ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m bench farm", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=("cycles", "latency", "lanes", []), help="all by default")
    parser.add_argument("--cycles", type=int, default=5000, help="claim-to-result cycles, and jobs of the libraries")
    parser.add_argument(
        "--claims", type=int, default=2000, help="claims of the simulated nodes at each length of the queue"
    )
    parser.add_argument("--draws", type=float, default=1.0, help="seconds for which a simulated node draws a chunk")
    parser.add_argument("--long", type=int, default=100_000, help="chunks of the long queue")
    given = parser.parse_args()
    parts = given.parts or ["cycles", "latency", "lanes"]
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n", flush=True)
    with running() as place:
        asyncio.run(prepare(place))
        if "cycles" in parts:
            cycles(place, given.cycles)
        if "latency" in parts:
            latency(place, claims=given.claims, draws_s=given.draws, long=given.long)
    if "lanes" in parts:
        asyncio.run(lanes.measure())


def cycles(place: Place, number: int) -> None:
    """Print how many claim-to-result cycles, and jobs of the libraries, go round in a second, and what each costs."""
    print(f"{number} cycles with {WORKERS} workers in one process; processor time in milliseconds for each")
    print("| | a second | Python | PostgreSQL | both | two whole cores would do |")
    print("|---|---|---|---|---|---|", flush=True)
    for name in ("FlatRender", "procrastinate", "pgqueuer"):
        if name == "FlatRender":
            fill(place, chunks=-(-(number + 20 * WORKERS) // CHUNKS) * CHUNKS)
        before = _processor_s(place.postgres)
        if name == "FlatRender":
            found = cycles_process(place, what="saturated", workers=WORKERS, cycles=number)
            seconds, done = found["times"][0], number + min(20 * WORKERS, number)
        else:
            found = queues.run(place, name, jobs=number, workers=WORKERS)
            seconds, done = found["seconds"], number
        python = 1000 * found["python_s"] / done
        postgres = 1000 * (_processor_s(place.postgres) - before - found.get("filling_s", 0.0)) / done
        whole = 2000 / (python + postgres)
        print(
            f"| {name} | {number / seconds:.0f} | {python:.2f} | {postgres:.2f} | {python + postgres:.2f} | {whole:.0f} |",
            flush=True,
        )
    print()


def latency(place: Place, *, claims: int, draws_s: float, long: int) -> None:
    """Print how long claims take with a short and a long queue."""
    print(f"{NODES} nodes that draw {draws_s:g} s for a chunk; milliseconds of a claim")
    print("| queued | median | p95 | p99 |")
    print("|---|---|---|---|", flush=True)
    worst = {}
    for queued in (1000, long):
        # A thousand stay there: what is claimed comes on top.
        fill(place, chunks=queued + (claims + NODES if queued == 1000 else 0), films_at_once=20)
        found = cycles_process(place, what="paced", nodes=NODES, claims=claims, draws_s=draws_s)["times"]
        cuts = quantiles(found, n=100)
        worst[queued] = cuts[98]
        print(f"| {queued} | {1000 * cuts[49]:.1f} | {1000 * cuts[94]:.1f} | {1000 * cuts[98]:.1f} |", flush=True)
    print(f"\np99 with {long} queued is {worst[long] / worst[1000]:.2f} times that with 1000\n", flush=True)


def cycles_process(place: Place, **order: Any) -> dict[str, Any]:
    """Run `bench.farm.cycles` in a process of its own; return what it printed."""
    text = json.dumps(order | {"place": msgspec.to_builtins(place)})
    done = subprocess.run(
        [sys.executable, "-m", "bench.farm.cycles", text], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _processor_s(postmaster: int) -> float:
    """Return the processor time of a PostgreSQL so far, in seconds: of its processes and of those that have ended."""
    server = psutil.Process(postmaster)
    own = server.cpu_times()
    spent = own.user + own.system + own.children_user + own.children_system
    for child in server.children():
        try:
            times = child.cpu_times()
        except psutil.NoSuchProcess:
            continue
        spent += times.user + times.system
    return spent


if __name__ == "__main__":
    main()

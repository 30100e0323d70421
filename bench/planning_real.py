"""The time left on a real platform: `flatrender up` without its node, two node processes, films of the demo templates one after the other and two at once."""

import random
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import httpx
from rich.console import Console
from rich.table import Table
from tests.whole_platform.running import Running
from tests.whole_platform.story import edited, press_render, save, template

SLUGS = ("sale", "promo", "quote", "opener")
MARKS = (10.0, 50.0, 90.0)
PROFILE = "draft"
POLL_S = 0.25
FILM_S = 600.0


def measure(folder: Path) -> None:
    """Render and print how far off the time left was; the first round knows nothing, the second has learned."""
    platform = Running(folder / "data")
    platform.start("--no-node")
    nodes = [_node(platform, folder, f"node-{slots}", slots) for slots in (1, 2)]
    try:
        client = platform.client("user")
        table = Table("round", "told at", "error, median", "largest", "films")
        for name in ("first (nothing known)", "second (learned)"):
            told = _round(client)
            for moment in ("first", *(f"{mark:.0f} %" for mark in MARKS)):
                errors = [found[moment] for found in told if moment in found]
                if errors:
                    table.add_row(
                        name, moment, f"{statistics.median(errors):.0%}", f"{max(errors):.0%}", str(len(errors))
                    )
        Console().print(table)
    finally:
        for node in nodes:
            node.terminate()
        for node in nodes:
            node.wait(30)
        platform.hang_up()
        platform.stop()


def _node(platform: Running, folder: Path, name: str, slots: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "flatrender", "node", "--server", platform.address, "--token-file",
         str(platform.data_dir / "node-token"), "--name", name, "--slots", str(slots), "--data-dir", str(folder / name),
         "--log-level", "warning"],
        stdin=subprocess.DEVNULL,
    )  # fmt: skip


def _round(client: httpx.Client) -> list[dict[str, float]]:
    found: list[dict[str, float]] = []
    for slugs in (*((slug,) for slug in SLUGS), SLUGS[:2]):
        found += _watched(client, slugs)
        Console(stderr=True).print(
            " + ".join(slugs), [{at: f"{error:.0%}" for at, error in one.items()} for one in found[-len(slugs) :]]
        )
    return found


def _watched(client: httpx.Client, slugs: Sequence[str]) -> list[dict[str, float]]:
    """Render films at once; return the error of what was told at each moment, of each film."""
    jobs = []
    for slug in slugs:
        document = edited(client, slug)
        # Another colour each time: nothing may be used again.
        slot = template(client, slug)["color_slots"][0]["key"]
        document["palette"] = {**(document.get("palette") or {}), slot: f"#{random.getrandbits(24):06x}"}
        jobs.append(press_render(client, save(client, document), PROFILE)["id"])
    told: dict[str, list[tuple[float, float, int]]] = {job: [] for job in jobs}
    ready: dict[str, float] = {}
    until = time.monotonic() + FILM_S
    while len(ready) < len(jobs):
        if time.monotonic() > until:
            raise TimeoutError(f"films were not ready after {FILM_S} s")
        for job in jobs:
            if job in ready:
                continue
            state = client.get(f"/v1/render-jobs/{job}").raise_for_status().json()
            if state["status"] == "failed":
                raise RuntimeError(f"{state['error_code']}: {state['error_message']}")
            if state["status"] == "completed":
                ready[job] = time.monotonic()
            elif state["seconds_left"] is not None:
                told[job].append((time.monotonic(), state["progress_pct"], state["seconds_left"]))
        time.sleep(POLL_S)
    return [_errors(told[job], ready[job]) for job in jobs if told[job]]


def _errors(told: Sequence[tuple[float, float, int]], ready: float) -> dict[str, float]:
    moments = {"first": told[0]}
    for mark in MARKS:
        passed = next((one for one in told if one[1] >= mark), None)
        if passed is not None:
            moments[f"{mark:.0f} %"] = passed
    return {
        name: abs(seconds - (ready - moment)) / (ready - moment)
        for name, (moment, _, seconds) in moments.items()
        if ready - moment >= 1.0
    }

"""A farm of one busy node: how long somebody waits for a picture while films are drawn."""

import asyncio
import tempfile
import time
from pathlib import Path
from statistics import median

import httpx
from tests.database_server import DatabaseCopy
from tests.render.farm import Farm, numbered

FILMS = 500
PICTURES = 30


async def measure() -> None:
    """Print the table: one real node with as many slots as it would have, 500 films before it, one picture after the other."""
    from flatrender.kit.database_roles import LOGIN_ROLES  # noqa: PLC0415
    from flatrender.kit.embedded_postgres import EmbeddedPostgres  # noqa: PLC0415

    with (
        tempfile.TemporaryDirectory(prefix="flatrender-bench-lanes-") as folder,
        EmbeddedPostgres(Path(folder) / "postgres") as server,
    ):
        copy = DatabaseCopy("flatrender", {role: server.dsn(role) for role in ("postgres", *LOGIN_ROLES)})
        async with Farm(copy, Path(folder)) as farm:
            farm.do(
                "INSERT INTO render.tenant_render_limits (tenant_id, max_queued_jobs, max_concurrent_jobs)"
                " SELECT ops.platform_tenant(), 10000, 2"
            )
            for number in range(4):
                farm.templates.add(f"s{number}", numbered(60, base=number * 100), 60)
            for number in range(FILMS):
                await farm.create("s0", "s1", "s2", profile="1080p", revision_id=None)
                if number % 50 == 0:
                    print(f"  {number} films", end="\r", flush=True)
            async with farm.real_node(slots=2):
                while not farm.row("SELECT count(*) FROM render.frame_jobs WHERE status = 'running'")[0]:  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
                times = [await _picture(farm.http, number) for number in range(PICTURES)]
                waiting = farm.row("SELECT count(*) FROM render.render_jobs WHERE status <> 'completed'")[0]
    times.sort()
    print(
        f"{PICTURES} pictures, one after the other, while one node draws {FILMS} films ({waiting} left at the end); seconds"
    )
    print("| median | p95 | longest |\n|---|---|---|")
    print(f"| {median(times):.2f} | {times[int(len(times) * 0.95)]:.2f} | {times[-1]:.2f} |\n")


async def _picture(http: httpx.AsyncClient, number: int) -> float:
    """Ask for a picture that nobody has asked for and return how long it took to be ready."""
    began = time.perf_counter()
    body = {"saved_project_id": "00000000-0000-7000-8000-000000000001", "scene": {"scene_key": "s3"}, "frame": number}
    answer = await http.post("/v1/snapshots", json=body)
    answer.raise_for_status()
    while answer.json()["status"] != "ready":
        assert answer.json()["status"] != "failed", answer.text
        await asyncio.sleep(0.1)
        answer = await http.get(f"/v1/snapshots/{answer.json()['id']}")
    return time.perf_counter() - began

"""The time left that people are told, through the service: learned from nodes' results, in the film's row, in its events."""

import asyncio
import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from flatrender.kit.ids import DEFAULT_TENANT_ID
from tests.render.farm import Farm, HandNode, numbered

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def told(farm: Farm, node: HandNode, job_id: UUID, wanted: Callable[[Any], bool]) -> dict[str, Any]:
    """Wait until the film's time left is as wanted, while the node lives."""
    for _ in range(300):
        await node.beat()
        job = await farm.job(job_id)
        if wanted(job["seconds_left"]):
            return job
        await asyncio.sleep(0.05)
    raise AssertionError(job)


async def drawn(node: HandNode, *, seconds: float) -> None:
    """Claim a chunk and say that it took so long."""
    work = await node.claim(wait_s=10)
    assert work is not None
    await node.put(work)
    assert (await node.result(work, seconds=seconds)).status_code == 200


async def test_the_time_left_is_told_from_learned_speeds_and_from_the_films_before_it(farm: Farm) -> None:
    farm.templates.add("long", numbered(400, base=0), 400)
    first = await farm.create("long", "c")
    await farm.until(first.id, "rendering")
    await asyncio.sleep(3 * farm.settings.progress_s)
    assert (await farm.job(first.id))["seconds_left"] is None, "no node is there, so nothing can be said"

    node = await farm.hand_node(max_slots=1)
    await told(farm, node, first.id, lambda left: left is not None)
    # 20 chunks of 20 frames, and one of scene c; each frame takes this node half a second.
    await drawn(node, seconds=10.15)
    await drawn(node, seconds=10.15)
    for _ in range(100):
        scenes = dict(farm.rows("SELECT scene_key, results FROM render.frame_speeds"))
        if scenes == {"": 2, "long": 2}:
            break
        await asyncio.sleep(0.05)
    (frame_s, pace) = farm.row(
        "SELECT s.frame_s, n.pace FROM render.frame_speeds AS s, render.node_speeds AS n WHERE s.scene_key = 'long'"
    )
    assert frame_s * pace == pytest.approx(0.5, rel=0.25)
    assert farm.row("SELECT kind, height, results FROM render.engine_speeds") == ("mp4_h264", 108, 2)

    second = await farm.create("long", profile="draft")
    later = await told(farm, node, second.id, lambda left: left is not None)
    # What people saw rises no faster than time passes; what a film that is new is told is the truth at once.
    assert later["seconds_left"] > 2 * 18 * 20 * 0.5 * 0.6
    assert (await farm.job(first.id))["seconds_left"] < later["seconds_left"]

    async with farm.http.stream("GET", f"/v1/render-jobs/{second.id}/events") as stream:
        async for line in stream.aiter_lines():
            if line.startswith("data:"):
                assert json.loads(line.removeprefix("data:"))["seconds_left"] > 0
                break
    for job in (first, second):
        await farm.http.post(f"/v1/render-jobs/{job.id}/cancel")
    assert (await farm.until(second.id, "canceled"))["seconds_left"] is None
    for _ in range(100):
        if farm.rows("SELECT 1 FROM render.film_forecasts") == []:
            break
        await asyncio.sleep(0.05)
    assert farm.rows("SELECT 1 FROM render.film_forecasts") == []


async def test_a_finished_film_teaches_how_long_finishing_takes_and_its_progress_only_rises(farm: Farm) -> None:
    seen: list[float] = []
    async with farm.real_node():
        made = await farm.create("a", "b", "c")
        while True:
            job = await farm.job(made.id)
            seen.append(job["progress_pct"])
            if job["status"] == "completed":
                break
            assert job["status"] != "failed", job
            await asyncio.sleep(0.02)
    assert seen == sorted(seen)
    assert seen[-1] == 100
    assert job["seconds_left"] is None
    kind, height, results, film_s, took_s = farm.row(
        "SELECT kind, height, results, films_s, finishes_s FROM render.finish_speeds"
    )
    assert (kind, height, results) == ("mp4_h264", 108, 1)
    assert film_s == pytest.approx(3.0, abs=0.05)
    assert 0 < took_s < 60
    learned = dict(farm.rows("SELECT scene_key, results FROM render.frame_speeds"))
    assert learned.keys() >= {"", "a", "b", "c"} or learned == {}, "results are learned within a round"


async def test_a_slow_scene_is_cut_into_shorter_chunks_and_a_quick_one_into_longer(farm: Farm) -> None:
    for name in ("slow", "quick"):
        farm.templates.add(name, numbered(160, base=0), 160)
    for name, frame_s in (("slow", 0.4), ("quick", 0.01)):
        farm.do(
            "INSERT INTO render.frame_speeds (tenant_id, project_version_id, scene_key, engine, kind, height, frame_s, variance, spread, results)"
            " VALUES (%s, %s, %s, 'thorvg', 'mp4_h264', 108, %s, 0.01, 0.1, 20)",
            DEFAULT_TENANT_ID,
            farm.templates.version_id,
            name,
            frame_s,
        )
    farm.do(
        "INSERT INTO render.engine_speeds (engine, kind, height, frame_s, variance, spread, results) VALUES ('thorvg', 'mp4_h264', 108, 0.1, 0.1, 0.1, 20)"
    )
    made = await farm.create("slow", "quick")
    await farm.until(made.id, "rendering")
    chunks = dict(farm.rows("SELECT scene_key, count(*) FROM render.frame_jobs GROUP BY scene_key"))
    assert chunks == {"slow": 16, "quick": 4}
    await farm.http.post(f"/v1/render-jobs/{made.id}/cancel")

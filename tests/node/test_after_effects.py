"""After Effects nodes on a real farm: thumbnails, films, the template cache, who gets what."""

import asyncio
import io
import json
import time
from pathlib import Path
from typing import Any

import av
import httpx
import msgspec
import numpy as np
import pytest
from PIL import Image

from flatrender.aftereffects.fields import suggest_fields
from flatrender.aftereffects.project import composition, open_project
from flatrender.protocol.heartbeat import CachedProject, Heartbeat
from flatrender.protocol.work import Claim
from tests.engine_film.conftest import read_number
from tests.node.after_effects_farm import COLORS, Program, add_scenes, approximation, archive_of, colored_project
from tests.render.farm import Farm, HandNode
from tests.render.test_snapshots import finished, plant_scenes

pytestmark = pytest.mark.asyncio(loop_scope="module")


def color_in(farm: Farm, url: str) -> list[int]:
    """Return the colour in the middle of the picture at a permanent address, as 0 and 1."""
    file = next(file for file in farm.files.stored.values() if file.permanent_url == url)
    path = farm.objects.local_path(file.object_key)
    assert path is not None
    with Image.open(io.BytesIO(path.read_bytes())) as picture:
        middle = picture.convert("RGB").getpixel((picture.width // 2, picture.height // 2))
    return [round(level / 255) for level in middle]  # type: ignore[union-attr]


def pictures_of(film: Path) -> list[np.ndarray]:
    with av.open(str(film)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


async def test_thumbnails_of_a_projects_scenes_come_from_one_launch_of_after_effects(
    farm: Farm, tmp_path: Path
) -> None:
    await add_scenes(farm, colored_project(tmp_path))
    plant_scenes(farm)
    program = Program(tmp_path, "stills")
    assert (await farm.http.post(f"/v1/scene-snapshots/{farm.templates.project_id}")).status_code == 202
    while farm.row("SELECT count(*) FROM render.snapshot_jobs WHERE task IS NULL") != (0,):
        await asyncio.sleep(0.05)
    async with farm.real_node("ae", **program.settings()), farm.real_node("open"):
        items = await finished(farm, within_s=120)
    # `a`, `b` and `c` are the farm's own scenes, which ThorVG draws.
    assert {item["status"] for item in items} == {"done"}, items
    assert {
        item["scene_key"]: color_in(farm, item["image_url"]) for item in items if item["scene_key"] in COLORS
    } == COLORS
    assert program.launches == 1
    written = dict(
        farm.rows("SELECT scene_key, snapshot_url FROM content.scenes WHERE project_id = %s", farm.templates.project_id)
    )
    assert written == {item["scene_key"]: item["image_url"] for item in items}


async def test_a_film_mixes_scenes_of_both_engines_frame_by_frame(farm: Farm, tmp_path: Path) -> None:
    await add_scenes(farm, colored_project(tmp_path, frames=10), frames=10)
    program = Program(tmp_path, "film")
    async with farm.real_node("ae", **program.settings()), farm.real_node("open"):
        made = await farm.create("c", "red", "c", "blue")
        job = await farm.until(made.id, "completed", within_s=180)
    # 10 frames at 25/s are 12 of the film's 30/s.
    frames = pictures_of(farm.film_path(job))
    assert len(frames) == 20 + 12 + 20 + 12
    assert [read_number(frame.mean(axis=2)) for frame in (*frames[:20], *frames[32:52])] == [*range(200, 220)] * 2
    for shown, color in ((frames[20:32], COLORS["red"]), (frames[52:], COLORS["blue"])):
        assert {tuple(np.round(frame[54, 96] / 255).astype(int)) for frame in shown} == {tuple(color)}
    chunks = farm.rows("SELECT DISTINCT scene_key, engine, pool FROM render.frame_jobs ORDER BY 1")
    assert chunks == [
        ("blue", "aerender", "default/aerender"),
        ("c", "thorvg", "default"),
        ("red", "aerender", "default/aerender"),
    ]
    assert program.launches == 2


async def test_only_a_node_with_after_effects_gets_its_work(farm: Farm, tmp_path: Path) -> None:
    sha256 = await add_scenes(farm, colored_project(tmp_path))
    made = await farm.create("red")
    await farm.until(made.id, "rendering")
    old = await farm.hand_node("old", protocol=2)
    assert await old.claim(wait_s=1.5) is None
    refused = await old.post("/internal/frame-jobs/claim", _claim(old, engine="aerender"))
    assert (refused.status_code, refused.json()["code"]) == (422, "render.engine_unknown")
    assert (await farm.job(made.id))["waits_for"] == "after_effects"
    able = await farm.hand_node("able", engines={"aerender": "2025"})
    assert (await farm.job(made.id))["waits_for"] is None
    work = await able.claim(wait_s=5, engine="aerender")
    assert work is not None
    assert work.task.source is not None
    assert (work.task.source.sha256, work.task.source.composition, work.task.source.path) == (
        sha256,
        "red",
        "source/promo.aep",
    )
    assert work.source_url is not None
    assert (await farm.http.get(work.source_url)).status_code == 200
    assert await able.claim(wait_s=0.2) is None


async def test_a_node_that_has_the_project_gets_its_chunks_before_older_ones(farm: Farm, tmp_path: Path) -> None:

    await add_scenes(farm, colored_project(tmp_path, note="cold"), keys=("red",))
    warm = await add_scenes(farm, colored_project(tmp_path, note="warm"), keys=("blue",))
    first, second = await farm.create("red"), await farm.create("blue")
    for job in (first, second):
        await farm.until(job.id, "rendering")
    node = await farm.hand_node("warm", engines={"aerender": "2025"})
    beat = Heartbeat(boot_id=node.boot_id, leases=[], projects=[CachedProject(sha256=warm, bytes=10)])
    assert (await node.post("/internal/nodes/heartbeat", beat)).status_code == 200
    assert farm.rows("SELECT encode(package_sha256, 'hex'), state FROM render.node_template_cache") == [(warm, "ready")]
    for expected in ("blue", "red"):
        work = await node.claim(wait_s=5, engine="aerender")
        assert work is not None
        assert work.task.scene.scene_key == expected


async def test_pictures_of_one_project_are_claimed_together_and_reported_each(farm: Farm, tmp_path: Path) -> None:
    await add_scenes(farm, colored_project(tmp_path))
    await farm.http.post(f"/v1/scene-snapshots/{farm.templates.project_id}")
    until = time.monotonic() + 30
    while farm.row("SELECT count(*) FROM render.snapshot_jobs WHERE engine = 'aerender'") != (3,):
        assert time.monotonic() < until
        await asyncio.sleep(0.05)
    node = await farm.hand_node("able", engines={"aerender": "2025"})
    work = await node.claim("snapshot-jobs", wait_s=5, engine="aerender", batch=16)
    assert work is not None
    assert {one.task.scene.scene_key for one in (work, *work.also)} == set(COLORS)
    assert len({one.lease.lease_id for one in (work, *work.also)}) == 3
    first, second, third = (work, *work.also)
    await node.fail(first, "node", "aerender_unknown", crash="engine_crash")
    await node.fail(second, "content", "aerender_font")
    await node.put(third, b"picture")
    assert (await node.result(third, b"picture")).status_code == 200
    rows = dict(farm.rows("SELECT id, status FROM render.snapshot_jobs WHERE engine = 'aerender'"))
    assert [rows[one.lease.id] for one in (first, second, third)] == ["queued", "error", "done"]
    # What failed among others is tried by itself.
    again = await node.claim("snapshot-jobs", wait_s=10, engine="aerender", batch=16)
    assert again is not None
    assert (again.lease.id, again.also) == (first.lease.id, [])


def _claim(node: HandNode, **more: Any) -> Claim:
    from flatrender.protocol.work import Claim

    return Claim(boot_id=node.boot_id, wait_s=1.0, **more)


async def test_values_and_a_mark_are_in_the_frames_that_after_effects_draws(farm: Farm, tmp_path: Path) -> None:
    archive = colored_project(tmp_path, frames=5)
    await add_scenes(farm, archive, frames=5, keys=("red",))
    opened = open_project(tmp_path / "promo.aep")
    (field,) = (one for one in suggest_fields(opened, composition(opened, "red")) if one.type == "color")
    mark = json.dumps(
        approximation("mark", 5)
        | {"layers": [{**approximation("mark", 5)["layers"][0], "sw": 30, "sh": 20, "sc": "#ffffff"}]}
    ).encode()
    placed = {"key": field.key, "type": field.type, "places": msgspec.to_builtins(field.places)}
    farm.templates.sources["red"] = msgspec.structs.replace(
        farm.templates.sources["red"], fields=[placed], values={field.key: "#0000ff"}, overlay=mark
    )
    program = Program(tmp_path, "values")
    async with farm.real_node("values", **program.settings()):
        made = await farm.create("red")
        job = await farm.until(made.id, "completed", within_s=120)
    frames = pictures_of(farm.film_path(job))
    assert len(frames) == 6
    for frame in frames:
        assert [round(level / 255) for level in frame[80, 150]] == [0, 0, 1]
        assert [round(level / 255) for level in frame[10, 10]] == [1, 1, 1]


async def test_an_archive_that_is_no_project_is_the_persons_to_mend(farm: Farm, tmp_path: Path) -> None:
    broken = tmp_path / "broken.aep"
    broken.write_bytes(b"RIFX nothing")
    await add_scenes(farm, archive_of(broken), keys=("red",))
    program = Program(tmp_path, "broken")
    async with farm.real_node("broken", **program.settings()):
        made = await farm.create("red")
        job = await farm.until(made.id, "failed", within_s=60)
    assert job["error_code"] == "aerender_template"
    assert "After Effects project" in job["error_message"]
    assert program.launches == 0


async def test_a_claim_is_not_granted_to_a_node_that_has_left(farm: Farm) -> None:
    node = await farm.hand_node("leaving")
    with pytest.raises(httpx.ReadTimeout):
        await farm.http.post(
            "/internal/frame-jobs/claim",
            content=msgspec.json.encode(_claim(node)),
            headers={"Authorization": f"Bearer {node.secret}"},
            timeout=0.3,
        )
    await farm.create("a")
    await asyncio.sleep(2 * farm.settings.claim_recheck_s)
    assert farm.row("SELECT count(*) FROM render.frame_jobs WHERE epoch > 0") == (0,)
    assert await node.claim(wait_s=5) is not None

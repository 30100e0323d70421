"""Scene thumbnails and studio previews: their lane, their one write into content, the development worker."""

import asyncio
import io
import time
from uuid import UUID

import psycopg
import pytest
from PIL import Image

from flatrender.contracts.content import ResolvedSceneData, SceneRequest, TemplateDetails
from flatrender.kit.ids import DEFAULT_TENANT_ID, new_id
from tests.engine_film.conftest import read_number
from tests.render.farm import FAST, Farm, numbered

pytestmark = pytest.mark.asyncio(loop_scope="module")
BROKEN = b'{"v": "5.7.0", "w": 0, "h": 0, "fr": 30, "ip": 0, "op": 10, "assets": [], "layers": []}'
NUMBERS = {"a": 15, "b": 120, "c": 210}
"""What the middle frame of each scene shows."""


def plant_scenes(farm: Farm) -> None:
    """Put the template's scenes into content's tables, so that the thumbnails have where to go."""
    with psycopg.connect(farm.copy.admin_dsn) as conn:
        conn.execute(
            "INSERT INTO content.projects (id, tenant_id, slug, title, kind, default_width, default_height) VALUES (%s, %s, %s, '{}', 'flexible', 192, 108)",
            (farm.templates.project_id, DEFAULT_TENANT_ID, farm.templates.project_id.hex),
        )
        for order, (key, scene_id) in enumerate(farm.templates.scene_ids.items()):
            conn.execute(
                "INSERT INTO content.scenes (id, tenant_id, project_id, scene_key, title, comp_name, default_duration_frames, sort_order)"
                " VALUES (%s, %s, %s, %s, '{}', %s, 30, %s)",
                (scene_id, DEFAULT_TENANT_ID, farm.templates.project_id, key, key, order),
            )


async def finished(farm: Farm, within_s: float = 40) -> list[dict]:
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        items = (await farm.http.get(f"/v1/scene-snapshots/{farm.templates.project_id}")).json()["items"]
        if items and all(item["status"] in ("done", "error") for item in items):
            return items
        await asyncio.sleep(0.05)
    raise AssertionError(items)


def number_in(farm: Farm, url: str) -> int:
    """Read the number that the picture at a permanent address shows."""
    file = next(file for file in farm.files.stored.values() if file.permanent_url == url)
    path = farm.objects.local_path(file.object_key)
    assert path is not None
    import numpy as np

    return read_number(np.asarray(Image.open(io.BytesIO(path.read_bytes())).convert("L")))


async def test_the_button_draws_every_scenes_snapshot_frame_and_writes_its_address(farm: Farm) -> None:
    plant_scenes(farm)
    async with farm.real_node():
        pressed = await farm.http.post(f"/v1/scene-snapshots/{farm.templates.project_id}")
        assert pressed.status_code == 202
        assert len(pressed.json()["items"]) == 3
        items = await finished(farm)
    assert {item["scene_key"]: number_in(farm, item["image_url"]) for item in items} == NUMBERS
    written = dict(
        farm.rows("SELECT scene_key, snapshot_url FROM content.scenes WHERE project_id = %s", farm.templates.project_id)
    )
    assert written == {item["scene_key"]: item["image_url"] for item in items}
    assert farm.row("SELECT count(*) FROM render.outbox_events WHERE event_type = 'snapshot.ready'") == (3,)


async def test_a_second_press_adds_nothing_while_jobs_are_open_and_starts_again_after(farm: Farm) -> None:
    url = f"/v1/scene-snapshots/{farm.templates.project_id}"
    await asyncio.gather(*(farm.http.post(url) for _ in range(5)))
    assert farm.row("SELECT count(*) FROM render.snapshot_jobs") == (3,)
    async with farm.real_node():
        await finished(farm)
        assert (await farm.http.post(url)).status_code == 202
        await finished(farm)
    assert farm.row("SELECT count(*) FROM render.snapshot_jobs") == (6,)


async def test_thumbnails_do_not_wait_behind_films(farm: Farm) -> None:
    farm.templates.add("long", numbered(4000, base=0), 4000)
    async with farm.real_node(slots=1):
        film = await farm.create("long", profile="1080p")
        while farm.row("SELECT count(*) FROM render.frame_jobs WHERE status = 'running'")[0] == 0:
            await asyncio.sleep(0.05)
        await farm.http.post(f"/v1/scene-snapshots/{farm.templates.project_id}")
        await finished(farm)
        assert (await farm.job(film.id))["status"] == "rendering"
        await farm.http.post(f"/v1/render-jobs/{film.id}/cancel")
        await farm.until(film.id, "canceled")


async def test_the_job_and_the_scenes_address_change_in_one_transaction(farm: Farm) -> None:
    plant_scenes(farm)
    await farm.http.post(f"/v1/scene-snapshots/{farm.templates.project_id}")
    node = await farm.hand_node()
    work = await node.claim("snapshot-jobs", wait_s=10)
    assert work is not None
    await node.put(work, b"picture")
    with psycopg.connect(farm.copy.admin_dsn) as holder:
        holder.execute("SELECT 1 FROM content.scenes FOR UPDATE")
        delivering = asyncio.create_task(node.result(work, b"picture"))
        await asyncio.sleep(1)
        assert farm.row("SELECT status FROM render.snapshot_jobs WHERE id = %s", work.lease.id) == ("running",)
    answer = await delivering
    if answer.status_code == 409:  # the lock's time ran out: nothing was done, the node tries again
        assert answer.json()["code"] == "concurrent_change"
        answer = await node.result(work, b"picture")
    assert answer.status_code == 200
    assert farm.row("SELECT status FROM render.snapshot_jobs WHERE id = %s", work.lease.id) == ("done",)
    assert farm.rows(
        "SELECT id, snapshot_url, snapshot_updated_at IS NOT NULL FROM content.scenes WHERE project_id = %s AND snapshot_url IS NOT NULL",
        farm.templates.project_id,
    ) == farm.rows("SELECT scene_id, image_url, true FROM render.snapshot_jobs WHERE id = %s", work.lease.id)
    again = await node.result(work, b"picture")
    assert again.json()["replayed"] is True


async def test_a_late_thumbnail_of_an_older_epoch_is_refused(farm: Farm) -> None:
    await farm.http.post(f"/v1/scene-snapshots/{farm.templates.project_id}")
    node = await farm.hand_node()
    old = await node.claim("snapshot-jobs", wait_s=10)
    assert old is not None
    await node.put(old, b"picture")
    farm.do("UPDATE render.snapshot_jobs SET lease_expires_at = now() - interval '1 second' WHERE status = 'running'")
    while farm.row("SELECT status FROM render.snapshot_jobs WHERE id = %s", old.lease.id)[0] != "queued":
        await asyncio.sleep(0.05)
    late = await node.result(old, b"picture")
    assert (late.status_code, late.json()["code"]) == (409, "render.lease_superseded")


async def test_a_scene_that_cannot_be_resolved_or_drawn_is_an_error_in_its_row_and_the_others_are_drawn(
    farm: Farm,
) -> None:
    farm.templates.add("broken", BROKEN, 10)
    farm.templates.refused.add("a")
    async with farm.real_node():
        await farm.http.post(f"/v1/scene-snapshots/{farm.templates.project_id}")
        items = {item["scene_key"]: item for item in await finished(farm)}
    assert items["broken"]["status"] == "error"
    assert items["broken"]["error_message"].startswith("engine_refused")
    assert items["a"]["error_message"].startswith("unknown_field")
    assert {items[key]["status"] for key in "bc"} == {"done"}


async def test_an_unexpected_error_while_a_batch_is_prepared_ends_its_jobs_and_the_button_works_again(
    farm: Farm, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def crash(**_: object) -> list[TemplateDetails]:
        raise ZeroDivisionError("a defect")

    url = f"/v1/scene-snapshots/{farm.templates.project_id}"
    with monkeypatch.context() as patch:
        patch.setattr(farm.templates, "template_details", crash)
        assert (await farm.http.post(url)).status_code == 202
        items = await finished(farm)
    assert len(items) == 3
    for item in items:
        assert item["status"] == "error"
        assert item["error_message"].startswith("internal: preparing the scene failed unexpectedly (ZeroDivisionError)")
        assert "press the button again" in item["error_message"]
    async with farm.real_node():
        assert (await farm.http.post(url)).status_code == 202
        items = await finished(farm)
    assert {item["scene_key"]: number_in(farm, item["image_url"]) for item in items} == NUMBERS


async def test_an_unexpected_error_in_one_scene_is_its_own_and_the_others_are_drawn(
    farm: Farm, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve = farm.templates._resolve

    def crash_on_b(request: SceneRequest) -> ResolvedSceneData:
        if request.scene_key == "b":
            raise ZeroDivisionError("a defect")
        return resolve(request)

    monkeypatch.setattr(farm.templates, "_resolve", crash_on_b)
    async with farm.real_node():
        await farm.http.post(f"/v1/scene-snapshots/{farm.templates.project_id}")
        items = {item["scene_key"]: item for item in await finished(farm)}
    assert {key: item["status"] for key, item in items.items()} == {"a": "done", "b": "error", "c": "done"}
    assert items["b"]["error_message"].startswith("internal: ")


async def test_the_button_of_an_unknown_template_is_not_found(farm: Farm) -> None:
    assert (await farm.http.post(f"/v1/scene-snapshots/{new_id()}")).json()["code"] == "render.template_not_found"
    assert (await farm.http.get(f"/v1/scene-snapshots/{new_id()}")).json()["code"] == "render.template_not_found"


async def test_without_the_switch_no_thumbnail_is_drawn_without_a_node(farm: Farm) -> None:
    assert FAST.dev_snapshots is False
    await farm.http.post(f"/v1/scene-snapshots/{farm.templates.project_id}")
    while farm.row("SELECT count(*) FROM render.snapshot_jobs WHERE task IS NOT NULL")[0] < 3:
        await asyncio.sleep(0.05)
    await asyncio.sleep(1)
    assert farm.rows("SELECT DISTINCT status FROM render.snapshot_jobs") == [("queued",)]


async def test_a_preview_is_drawn_once_and_then_answered_at_once(farm: Farm) -> None:
    body = {"saved_project_id": str(new_id()), "scene": {"scene_key": "b", "values": {}}, "frame": 7, "width": 96}
    async with farm.real_node():
        first = await farm.http.post("/v1/snapshots", json=body)
        assert first.status_code == 202
        while (seen := (await farm.http.get(f"/v1/snapshots/{first.json()['id']}")).json())["status"] != "ready":
            await asyncio.sleep(0.05)
    again = await farm.http.post("/v1/snapshots", json=body)
    assert (again.status_code, again.json()) == (200, seen)
    other = await farm.http.post("/v1/snapshots", json=body | {"frame": 8})
    assert other.json()["id"] != seen["id"]
    assert farm.row("SELECT hits FROM render.snapshots WHERE id = %s", seen["id"]) == (1,)


async def test_a_preview_of_somebody_elses_project_is_not_found(farm: Farm) -> None:
    body = {"saved_project_id": str(new_id()), "scene": {"scene_key": "b"}}
    stranger = {"X-Test-Tenant": str(UUID(int=0xB2))}
    answer = await farm.http.post("/v1/snapshots", json=body, headers=stranger)
    assert (answer.status_code, answer.json()["code"]) == (404, "render.snapshot_not_found")


async def test_previews_go_before_thumbnails(farm: Farm) -> None:
    await farm.http.post(f"/v1/scene-snapshots/{farm.templates.project_id}")
    while farm.row("SELECT count(*) FROM render.snapshot_jobs WHERE task IS NOT NULL")[0] < 3:
        await asyncio.sleep(0.05)
    await farm.http.post("/v1/snapshots", json={"saved_project_id": str(new_id()), "scene": {"scene_key": "b"}})
    node = await farm.hand_node()
    kinds = [(await node.claim("snapshot-jobs", wait_s=0)).lease.kind for _ in range(4)]
    assert kinds == ["snapshot", "snapshot_job", "snapshot_job", "snapshot_job"]

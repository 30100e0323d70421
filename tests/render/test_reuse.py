"""What the farm never renders twice: the engine's keys, within one tenant, and only what is sound."""

import asyncio
from uuid import UUID

import msgspec
import pytest

from flatrender.contracts.content import ResolvedSceneData
from flatrender.engine.film.keys import segment_key, still_key
from flatrender.engine.film.settings import FilmSettings
from flatrender.kit.ids import new_id
from flatrender.services.render.service.planning import (
    content_key,
    cuts,
    engine_scene,
    still_task,
)
from tests.engine_film.conftest import film_numbers, numbered
from tests.render.farm import Farm

pytestmark = pytest.mark.asyncio(loop_scope="module")
OTHER_TENANT = UUID(int=0xB2)


def scene(frames: int = 300, sha256: str = "ab" * 32) -> ResolvedSceneData:
    return ResolvedSceneData(
        scene_key="one", lottie=b"{}", sha256=sha256, width=192, height=108, fps=30, first_frame=0, frames=frames, snapshot_frame=5,
        warnings=(),
    )  # fmt: skip


async def test_the_farm_names_a_segment_and_a_picture_as_the_engine_does() -> None:
    settings = FilmSettings(width=192, height=108, fps=30, preset="ultrafast")
    _, found = cuts([engine_scene(scene())], settings, tenant_id=new_id(), lengths=[60])
    keys = [chunk.cache_key.hex() for chunk in found[0][60]]
    assert keys == [segment_key(engine_scene(scene()), first, first + 59, settings) for first in range(0, 300, 60)]
    for other in ({"kind": "mp4_h265"}, {"kind": "webm_vp9", "alpha": True}, {"max_kbps": 900}, {"crf": 30}):
        changed = msgspec.structs.replace(settings, **other)
        _, cut = cuts([engine_scene(scene())], changed, tenant_id=new_id(), lengths=[60])
        key = segment_key(engine_scene(scene()), 0, 59, changed)
        assert cut[0][60][0].cache_key.hex() == key
        assert key not in keys
    task = still_task(scene(), frame=7, width=96)
    figures = {"width": 96, "height": 54, "format": "jpeg", "background": (255, 255, 255)}
    assert content_key(task).hex() == still_key(engine_scene(scene()), 7, **figures)  # type: ignore[arg-type]


async def test_another_project_of_the_tenant_uses_the_segments_of_the_first(farm: Farm) -> None:
    async with farm.real_node():
        await farm.until((await farm.create("a", "c")).id, "completed")
    again = await farm.create("c", "a")
    job = await farm.until(again.id, "completed")
    assert film_numbers(farm.film_path(job)) == [*range(200, 220), *range(30)]


async def test_a_flipped_byte_in_the_object_store_is_found_and_the_film_is_right(farm: Farm) -> None:
    async with farm.real_node():
        await farm.until((await farm.create("a", "c")).id, "completed")
        (key,) = farm.row("SELECT segment_key FROM render.frame_jobs WHERE scene_key = 'a'")
        path = farm.objects.local_path(key)
        assert path is not None
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
        job = await farm.until((await farm.create("a", "c")).id, "completed")
    assert film_numbers(farm.film_path(job)) == [*range(30), *range(200, 220)]


async def test_a_segment_of_another_tenant_is_never_used(farm: Farm) -> None:
    async with farm.real_node():
        await farm.until((await farm.create("c")).id, "completed")
    theirs = await farm.create("c", tenant_id=OTHER_TENANT)
    rows: list[tuple[str, str | None]] = []
    for _ in range(800):
        rows = farm.rows("SELECT status, segment_key FROM render.frame_jobs WHERE render_job_id = %s", theirs.id)
        if rows:
            break
        await asyncio.sleep(0.05)
    # A claim that the node was waiting with when it left may have taken it; what was made for the other is not used in any case.
    assert rows in ([("queued", None)], [("running", None)]), farm.rows(
        "SELECT status, error_code, error_message FROM render.render_jobs WHERE id = %s", theirs.id
    )
    keys = {key for (key,) in farm.rows("SELECT cache_key FROM render.frame_jobs")}
    assert len(keys) == 1


async def test_a_scene_of_another_length_leaves_the_segments_of_the_others(farm: Farm) -> None:
    async with farm.real_node():
        await farm.until((await farm.create("a", "b", "c")).id, "completed")
        farm.templates.add("b", numbered(53, base=300), 53)
        second = await farm.create("a", "b", "c")
        job = await farm.until(second.id, "completed")
    assert film_numbers(farm.film_path(job)) == [*range(30), *range(300, 353), *range(200, 220)]
    drawn = farm.rows(
        "SELECT scene_key, sum(epoch) FROM render.frame_jobs WHERE render_job_id = %s GROUP BY 1", second.id
    )
    assert {key for key, epochs in drawn if epochs} == {"b"}

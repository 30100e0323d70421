"""`RENDER_DEV_SNAPSHOTS`: thumbnails without a node, and nothing but thumbnails."""

import asyncio

import msgspec
import pytest

from flatrender.kit.ids import new_id
from tests.database_server import DatabaseCopy
from tests.render.farm import FAST, Farm, numbered
from tests.render.test_snapshots import BROKEN, finished, number_in, plant_scenes


async def test_the_development_worker_draws_thumbnails_and_never_a_film_or_a_preview(
    fresh_database: DatabaseCopy, tmp_path_factory: pytest.TempPathFactory
) -> None:
    settings = msgspec.structs.replace(FAST, dev_snapshots=True)
    async with Farm(fresh_database, tmp_path_factory.mktemp("farm"), settings) as farm:
        farm.templates.add("a", numbered(30), 30)
        farm.templates.add("broken", BROKEN, 10)
        plant_scenes(farm)
        film = await farm.create("a")
        await farm.until(film.id, "rendering")
        preview = await farm.http.post(
            "/v1/snapshots", json={"saved_project_id": str(new_id()), "scene": {"scene_key": "a"}}
        )
        await farm.http.post(f"/v1/scene-snapshots/{farm.templates.project_id}")
        items = {item["scene_key"]: item for item in await finished(farm)}
        assert number_in(farm, items["a"]["image_url"]) == 15
        assert items["broken"]["status"] == "error"
        assert "engine_" in items["broken"]["error_message"]
        await asyncio.sleep(0.5)
        assert farm.rows("SELECT DISTINCT status, epoch FROM render.frame_jobs") == [("queued", 0)]
        assert (await farm.http.get(f"/v1/snapshots/{preview.json()['id']}")).json()["status"] == "queued"

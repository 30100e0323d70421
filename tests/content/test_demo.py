"""The templates that every installation has."""

import json
import shutil
from pathlib import Path

from flatrender.kit.ids import DEFAULT_TENANT_ID
from flatrender.services.content.demo import demo_folders, ensure_templates
from tests.content.conftest import DEMO, Content
from tests.service_doubles import OTHER_TENANT_ID


async def ensured(content: Content, folder: Path) -> list[str]:
    return sorted(
        await ensure_templates(
            database=content.database, files=content.files, settings=content.settings, folders=demo_folders(folder)
        )
    )


async def test_demo_templates_are_published_for_everybody_once_and_again_when_they_change(
    content: Content, tmp_path: Path
) -> None:
    shutil.copytree(DEMO / "quote", tmp_path / "quote")
    assert await ensured(content, tmp_path) == ["quote"]
    stored = len(content.files.stored)
    assert await ensured(content, tmp_path) == []
    assert len(content.files.stored) == stored
    manifest = tmp_path / "quote" / "template.json"
    changed = json.loads(manifest.read_text())
    changed["description"] = {"fa": "دیگر"}
    manifest.write_text(json.dumps(changed))
    assert await ensured(content, tmp_path) == ["quote"]
    async with content.client(OTHER_TENANT_ID) as other:
        listed = (await other.get("/v1/projects")).json()["items"]
    assert [item["slug"] for item in listed] == ["quote"]
    async with content.client() as client:
        own = (await client.get(f"/v1/admin/projects/{listed[0]['id']}")).json()
    assert (own["version_no"], own["status"], own["visibility"]) == (2, "published", "shared")
    assert own["published_version_id"] == own["version_id"]


async def test_a_folder_that_cannot_be_used_does_not_stop_the_others(content: Content, tmp_path: Path) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "template.json").write_text("{")
    shutil.copytree(DEMO / "quote", tmp_path / "quote")
    (tmp_path / "designs").mkdir()
    assert await ensured(content, tmp_path) == ["quote"]


async def test_every_demo_template_has_music_scenes_and_both_languages(content: Content) -> None:
    await ensured(content, DEMO)
    async with content.client() as client:
        for item in (await client.get("/v1/projects")).json()["items"]:
            detail = (await client.get(f"/v1/projects/{item['slug']}")).json()
            assert set(detail["title"]) >= {"fa", "en"}
            assert detail["scenes"]
            assert content.files.by_dedupe_key
            for piece in detail["music"]:
                assert piece["duration_ms"] > 1000
    scenes = await content.api.template_titles(tenant_id=DEFAULT_TENANT_ID, project_ids=[])
    assert scenes == {}

"""From an uploaded file to a template that people can choose."""

import json
from uuid import UUID

import pytest

from flatrender.contracts.content import SceneRequest
from flatrender.kit.ids import DEFAULT_TENANT_ID
from tests.content.conftest import Content, demo_archive, small_template, zipped
from tests.service_doubles import ROOT


async def test_an_uploaded_package_becomes_a_draft_and_is_listed_once_published(content: Content) -> None:
    file_id = content.files.put(DEFAULT_TENANT_ID, demo_archive("promo"), name="promo.frt")
    async with content.client() as client:
        imported = await client.post("/v1/admin/projects", json={"file_id": str(file_id)})
        assert imported.status_code == 201, imported.text
        draft = imported.json()
        assert draft["status"] == "draft"
        assert (await client.get("/v1/projects")).json()["items"] == []
        published = await client.post(f"/v1/admin/projects/{draft['id']}/publish")
        assert published.json()["status"] == "published"
        listed = (await client.get("/v1/projects")).json()["items"]
        assert [item["slug"] for item in listed] == ["promo"]
        assert listed[0]["scene_count"] == len(draft["scenes"]) == 6
        detail = (await client.get("/v1/projects/promo")).json()
    pictures = [f for s in detail["scenes"] for f in s["fields"] if f["type"] == "image"]
    assert pictures
    assert all(field["default"].startswith("/p/") for field in pictures)
    assert detail["music"][0]["url"].startswith("/p/")
    assert detail["music"][0]["duration_ms"] > 5000
    assert detail["presets"]
    assert sum(preset["is_default"] for preset in detail["presets"]) == 1


async def test_a_small_template_is_imported_with_its_warnings(content: Content) -> None:
    fields = [
        {
            "key": "headline",
            "type": "text",
            "label": {"fa": "تیتر"},
            "default": {"fa": "سلام"},
            "bindings": [{"layer": "Headline", "property": "text"}, {"layer": "Absent", "property": "text"}],
        },
    ]
    file_id = content.files.put(DEFAULT_TENANT_ID, zipped(small_template(fields=fields)), name="small.zip")
    async with content.client() as client:
        draft = (await client.post("/v1/admin/projects", json={"file_id": str(file_id)})).json()
    assert {warning["code"] for warning in draft["warnings"]} == {"unknown_layer"}


@pytest.mark.parametrize("name", ["rtl.json", "tractor.json", "crash_dna.json", "hang_infinite_loop.json"])
async def test_a_public_lottie_file_is_a_template_with_one_scene(content: Content, name: str) -> None:
    path = ROOT.parent / "shared" / "corpus" / "lottie" / name
    if not path.exists():
        pytest.skip("the public test files are not beside the checkout")
    file_id = content.files.put(DEFAULT_TENANT_ID, path.read_bytes(), name=name)
    async with content.client() as client:
        draft = (await client.post("/v1/admin/projects", json={"file_id": str(file_id)})).json()
        published = (await client.post(f"/v1/admin/projects/{draft['id']}/publish")).json()
    (scene,) = published["scenes"]
    (resolved,) = await content.api.resolve_scenes(
        tenant_id=DEFAULT_TENANT_ID,
        requests=[
            SceneRequest(
                version_id=UUID(published["version_id"]),
                scene_key=scene["key"],
                size=published["sizes"][0]["key"],
                locale="fa",
                values={},
                colors={},
            )
        ],
    )
    assert resolved.frames == scene["duration_frames"]
    assert json.loads(resolved.lottie)["layers"]

"""An After Effects project over HTTP: brought in, reported on, completed, published, edited and made into a film."""

import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.aftereffects.uploads import PICTURE, campaign

from .bad_projects import ended
from .films import Pixels, film_frames
from .running import Running, wait_for_film
from .story import download, new_document, press_render, save, upload
from .tenants import Tenant, new_tenant

pytestmark = pytest.mark.xdist_group("platform")

AEP = "application/octet-stream"


def brought(client: httpx.Client, data: bytes, name: str, project_id: str | None = None) -> dict[str, Any]:
    """Upload a project, ask for its import and return how that ended."""
    file = upload(client, data, name=name, content_type=AEP, purpose="template_package")
    address = "/v1/admin/projects" if project_id is None else f"/v1/admin/projects/{project_id}/versions"
    asked = client.post(address, json={"file_id": file["id"]}, headers={"Idempotency-Key": str(uuid.uuid4())})
    assert asked.status_code == 202, asked.text
    return ended(client, asked)


@pytest.fixture(scope="module")
def tenant(platform: Running) -> Tenant:
    return new_tenant(platform)


def test_a_project_is_reported_on_completed_published_edited_and_filmed(tenant: Tenant, tmp_path: Path) -> None:
    client = tenant.client
    state = brought(client, campaign()["campaign.aep"], "پویش.aep")
    assert state["status"] == "done", state
    project = client.get(f"/v1/admin/projects/{state['project_id']}").json()
    assert {scene["composition"]: scene["engine"] for scene in project["scenes"]} == {
        "Title": "thorvg",
        "Storm": "aerender",
    }
    storm = next(scene for scene in project["scenes"] if scene["composition"] == "Storm")
    lost = [finding for finding in storm["findings"] if finding["verdict"] == "not_drawn"]
    assert [finding["feature"] for finding in lost] == ["effect.ADBE Turbulent Displace"]
    assert lost[0]["place"].startswith("Storm › Wave")
    assert [file["name"] for file in project["source"]["missing_footage"]] == [PICTURE]

    title = next(scene for scene in project["scenes"] if scene["composition"] == "Title")
    renamed = client.patch(f"/v1/admin/scenes/{title['id']}", json={"title": {"fa": "عنوان", "en": "Headline"}})
    assert renamed.status_code == 200, renamed.text
    project = completed(client, project)
    assert project["version_no"] == 2
    assert project["source"]["missing_footage"] == []
    kept = next(scene for scene in project["scenes"] if scene["composition"] == "Title")
    assert kept["title"] == {"fa": "عنوان", "en": "Headline"}

    refused = client.post(f"/v1/admin/projects/{project['id']}/publish")
    assert (refused.status_code, refused.json()["code"]) == (409, "content.needs_after_effects")
    assert storm["key"] in refused.json()["detail"]
    published = client.post(f"/v1/admin/projects/{project['id']}/publish", json={"accept_after_effects": True})
    assert published.json()["status"] == "published", published.text
    detail = client.get(f"/v1/projects/{project['slug']}").json()
    document = new_document(client, detail)
    document["scenes"] = [scene for scene in document["scenes"] if scene["scene_key"] == kept["key"]]
    fields = next(scene["fields"] for scene in detail["scenes"] if scene["key"] == kept["key"])
    headline = next(field["key"] for field in fields if field["type"] == "text")
    designed = filmed(client, save(client, document), tmp_path / "designed.mp4")
    document = client.get(f"/v1/saved-projects/{document['id']}").json()
    document["scenes"][0]["values"][headline] = "ا"
    edited = filmed(client, save(client, document), tmp_path / "edited.mp4")
    for picture in (designed, edited):
        assert share(picture, (13, 38, 128)) > 0.5, "the ground"
        assert 0.02 < share(picture, (240, 160, 20)) < 0.15, "the photo that was missing at first"
    assert share(designed, (255, 255, 255)) > 3 * share(edited, (255, 255, 255)) > 0


def completed(client: httpx.Client, project: dict[str, Any]) -> dict[str, Any]:
    """Add the missing picture and return the template as it is then."""
    photo = upload(client, campaign(storm=False)[f"(Footage)/{PICTURE}"], name="mine.png", content_type="image/png")
    address = f"/v1/admin/projects/{project['id']}/missing-files"
    wrong = client.post(address, json={"files": [{"file_id": photo["id"]}]})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "content.not_missing"), wrong.text
    asked = client.post(address, json={"files": [{"file_id": photo["id"], "name": PICTURE}]})
    again = client.post(address, json={"files": [{"file_id": photo["id"], "name": PICTURE}]})
    assert again.status_code in (202, 409, 422)
    state = ended(client, asked)
    assert state["status"] == "done", state
    return dict(client.get(f"/v1/admin/projects/{project['id']}").json())


def filmed(client: httpx.Client, document: dict[str, Any], path: Path) -> Pixels:
    finished = wait_for_film(client, press_render(client, document)["id"])
    assert finished["status"] == "completed", finished
    return film_frames(download(client, finished, path), {20})[20]


def share(picture: Pixels, color: tuple[int, int, int]) -> float:
    return float((abs(picture - list(color)).max(axis=2) < 40).mean())

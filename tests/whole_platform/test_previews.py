"""Scene previews: from the button to thumbnails that a warm node really drew."""

import io
import time
from typing import Any

import httpx
import pytest
from PIL import Image

from .running import Running, eventually

pytestmark = pytest.mark.xdist_group("platform")


def eight_scenes(admin: httpx.Client) -> dict[str, Any]:
    projects = admin.get("/v1/admin/projects").json()["items"]
    return next(dict(project) for project in projects if project["slug"] == "sale")


def test_the_button_gives_every_scene_a_permanent_thumbnail(platform: Running) -> None:
    admin = platform.client("admin")
    project = eight_scenes(admin)
    began = time.monotonic()
    pressed = admin.post(f"/v1/scene-snapshots/{project['id']}")
    assert pressed.status_code == 202, pressed.text
    again = admin.post(f"/v1/scene-snapshots/{project['id']}")
    assert again.status_code == 202

    def all_done() -> list[dict[str, Any]] | None:
        items: list[dict[str, Any]] = admin.get(f"/v1/scene-snapshots/{project['id']}").json()["items"]
        assert not [item for item in items if item["status"] == "error"], items
        return items if items and all(item["status"] == "done" for item in items) else None

    items = eventually(all_done, timeout_s=60, what="eight thumbnails", every_s=0.05)
    seconds = time.monotonic() - began
    assert len(items) == 8
    assert seconds < 5, f"{seconds:.1f} s"
    detail = admin.get(f"/v1/admin/projects/{project['id']}").json()
    urls = [scene["snapshot_url"] for scene in detail["scenes"]]
    assert len(set(urls)) == 8
    nobody = platform.client(None)
    for url in urls:
        answer = nobody.get(url)
        picture = Image.open(io.BytesIO(answer.content)).convert("L")
        darkest, lightest = picture.getextrema()
        assert answer.status_code == 200
        assert picture.width >= 480
        assert int(lightest) - int(darkest) > 60, "a thumbnail without anything on it"


def test_a_user_without_the_permission_cannot_press_the_button(platform: Running) -> None:
    project = eight_scenes(platform.client("admin"))
    assert platform.client("user").post(f"/v1/scene-snapshots/{project['id']}").status_code == 403

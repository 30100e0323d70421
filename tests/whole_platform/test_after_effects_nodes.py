"""A scene that only After Effects draws, on a running platform: brought in, pictured, edited and filmed, by a node whose `aerender` is the stand-in."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.aftereffects.uploads import campaign
from tests.node.after_effects_farm import Program

from .films import film_frames
from .running import Running, eventually, wait_for_film
from .story import download, new_document, press_render, save
from .tenants import new_tenant
from .test_after_effects_upload import brought, share

pytestmark = pytest.mark.xdist_group("platform")
WHITE = (255, 255, 255)


@pytest.fixture
def program(platform: Running, tmp_path: Path) -> Iterator[Program]:
    """A node beside the platform's own one, started as an operator does, that draws with After Effects alone."""
    made = Program(tmp_path, "node")
    node = subprocess.Popen(
        [
            *(sys.executable, "-m", "flatrender", "node", "--server", platform.address, "--name", "after-effects"),
            *("--token-file", str(platform.data_dir / "node-token"), "--data-dir", str(tmp_path / "node")),
            *("--engine", "aerender", "--slots", "1"),
        ],
        env={**os.environ, "FLATRENDER_AERENDER": str(made.path)},
        stderr=subprocess.DEVNULL,
    )
    try:
        yield made
    finally:
        node.terminate()
        node.wait(30)


def test_a_scene_that_needs_after_effects_is_pictured_and_filmed_with_the_persons_words(
    platform: Running, program: Program, tmp_path: Path
) -> None:
    client = new_tenant(platform).client
    state = brought(client, campaign(picture=False)["campaign.aep"], "campaign.aep")
    assert state["status"] == "done", state
    project = client.get(f"/v1/admin/projects/{state['project_id']}").json()
    engines = {scene["composition"]: scene["engine"] for scene in project["scenes"]}
    assert engines == {"Title": "thorvg", "Storm": "aerender"}

    assert client.post(f"/v1/scene-snapshots/{project['id']}").status_code == 202

    def pictured() -> list[dict[str, Any]] | None:
        items: list[dict[str, Any]] = client.get(f"/v1/scene-snapshots/{project['id']}").json()["items"]
        assert not [item for item in items if item["status"] == "error"], items
        return items if all(item["status"] == "done" for item in items) else None

    assert len(eventually(pictured, timeout_s=120, what="two thumbnails")) == 2
    assert program.launches == 1

    accepted = client.post(f"/v1/admin/projects/{project['id']}/publish", json={"accept_after_effects": True})
    assert accepted.json()["status"] == "published"
    detail = client.get(f"/v1/projects/{project['slug']}").json()
    storm = next(scene for scene in project["scenes"] if scene["composition"] == "Storm")
    fields = next(scene["fields"] for scene in detail["scenes"] if scene["key"] == storm["key"])
    headline = next(field["key"] for field in fields if field["type"] == "text")
    document = new_document(client, detail)
    order = [scene["scene_key"] for scene in document["scenes"]]
    place = order.index(storm["key"])
    document["scenes"][place]["values"][headline] = "ا"
    job = wait_for_film(client, press_render(client, save(client, document))["id"])
    assert job["status"] == "completed", job
    assert program.launches == 2
    shown = 30 + job["total_frames"] // 2 * place
    frames = film_frames(download(client, job, tmp_path / "film.mp4"), {shown})
    assert share(frames[shown], (230, 77, 26)) > 0.3, "the sea"
    # One short letter instead of two words.
    assert 0 < share(frames[shown], WHITE) < 0.02

"""SIGKILL in the middle of a render: the film still arrives, once, with the right frames."""

from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from .films import check_frames
from .running import Running, eventually, wait_for_film
from .story import assets_of, download, edited, lengths_of, press_render
from .tenants import new_tenant

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("kills"), pytest.mark.timeout(420)]


def node_of(platform: Running) -> psutil.Process:
    return platform.child("flatrender", " node ")


def server_of(platform: Running) -> psutil.Process:
    return platform.child("flatrender", "serve all")


def postmaster_of(platform: Running) -> psutil.Process:
    parent = psutil.Process(platform.process.pid if platform.process else 0)
    return next(child for child in parent.children() if child.name().startswith("postgres"))


VICTIMS: dict[str, Callable[[Running], psutil.Process]] = {
    "node": node_of,
    "server": server_of,
    "postgresql": postmaster_of,
}


@pytest.mark.parametrize("victim", VICTIMS)
def test_the_film_arrives_once_although_a_part_is_killed_in_the_middle(
    breakable_platform: Running, tmp_path: Path, victim: str
) -> None:
    client = new_tenant(breakable_platform, patient=True).client
    document = edited(client)
    job = press_render(client, document, "720p", key="once")

    def under_way() -> bool:
        state = client.get(f"/v1/render-jobs/{job['id']}").json()
        assert state["status"] not in ("completed", "failed"), f"too late to kill anything: {state}"
        return bool(state["status"] == "rendering" and state["progress_pct"] > 0)

    eventually(under_way, timeout_s=60, what="the render being under way", every_s=0.05)
    VICTIMS[victim](breakable_platform).kill()
    finished = wait_for_film(client, job["id"], timeout_s=240)
    assert finished["status"] == "completed", finished

    film = download(client, finished, tmp_path / "film.mp4")
    check_frames(film, document, lengths_of(client, document), assets=assets_of(document))

    def told_once() -> bool:
        return [n["type_key"] for n in client.get("/v1/notifications").json()["items"]] == ["render.completed"]

    eventually(told_once, timeout_s=20, what="one notice")
    assert press_render(client, document, "720p", key="once")["id"] == job["id"]
    assert len(client.get("/v1/render-jobs").json()["items"]) == 1
    films = client.get("/v1/files", params={"purpose": "export"}).json()["items"]
    assert len([file for file in films if file["kind"] == "video"]) == 1


def test_without_a_kill_nothing_is_rendered_twice(breakable_platform: Running) -> None:
    client = new_tenant(breakable_platform).client
    document = edited(client, scenes=2)
    first, second = press_render(client, document, key="a"), press_render(client, document, key="a")
    assert first["id"] == second["id"]
    with pytest.raises(AssertionError):
        press_render(breakable_platform.client(None), document)

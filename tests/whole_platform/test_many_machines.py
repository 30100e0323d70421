"""Two API replicas, two executors and three nodes on machines of their own, one PostgreSQL, one S3 server: films arrive, once, whoever dies."""

from pathlib import Path

import pytest

from .films import check_frames
from .many import Farm, many
from .running import eventually, wait_for_film
from .story import assets_of, download, edited, lengths_of, press_render

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("kills"), pytest.mark.timeout(900)]


def test_films_arrive_once_although_a_replica_an_executor_and_a_node_die(open_folder: Path, tmp_path: Path) -> None:
    with many(open_folder) as farm:
        client = farm.client()
        document = edited(client, scenes=2)
        first = wait_for_film(client, press_render(client, document)["id"], timeout_s=240)
        assert first["status"] == "completed", first
        film = download(client, first, tmp_path / "first.mp4")
        check_frames(film, document, lengths_of(client, document), assets=assets_of(document))

        # Nobody's disk but the bucket's has the film, and both replicas have served.
        assert not [path for path in open_folder.glob("*/objects/**/*") if path.is_file()]
        assert len(farm.doors.served) == 2
        assert farm.doors.proxied > 0

        document = edited(client)
        job = press_render(client, document, "720p", key="once")
        owner = eventually(lambda: drawing(farm, job["id"]), timeout_s=60, what="a node drawing", every_s=0.05)
        farm.kill(owner)
        farm.kill("api-2")
        executor = eventually(lambda: finishing(farm, job["id"]), timeout_s=240, what="the finish", every_s=0.02)
        farm.kill(executor)
        finished = wait_for_film(client, job["id"], timeout_s=240)
        assert finished["status"] == "completed", finished
        film = download(client, finished, tmp_path / "second.mp4")
        check_frames(film, document, lengths_of(client, document), assets=assets_of(document))

        survivor = "exec-2" if executor == "exec-1" else "exec-1"
        assert "workflow_resumed" in farm.log(survivor)
        assert press_render(client, document, "720p", key="once")["id"] == job["id"]
        films = client.get("/v1/files", params={"purpose": "export"}).json()["items"]
        assert len([file for file in films if file["kind"] == "video"]) == 2
        told = client.get("/v1/notifications").json()["items"]
        assert [one["type_key"] for one in told] == ["render.completed"] * 2


def drawing(farm: Farm, job_id: str) -> str | None:
    """Return which node draws a part of the film."""
    found = farm.select(
        "SELECT n.name FROM render.frame_jobs AS f JOIN render.nodes AS n ON n.id = f.node_id"
        " WHERE f.render_job_id = %s AND f.status = 'running' LIMIT 1",
        job_id,
    )
    return str(found[0][0]) if found else None


def finishing(farm: Farm, job_id: str) -> str | None:
    """Return which executor joins the film."""
    found = farm.select(
        "SELECT executor_id FROM dbos.workflow_status WHERE status = 'PENDING' AND workflow_uuid LIKE %s", f"%{job_id}%"
    )
    host = str(found[0][0]) if found else None
    return (
        host if host is None else next(name for name in farm.ports if name.startswith("exec") and host.startswith(name))
    )

"""The node in Node.js that was written from the document alone, against the real service: it finishes films, hears orders, survives what nodes survive."""

import asyncio
import contextlib
import os
import runpy
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psutil
import pytest
import pytest_asyncio

from flatrender.engine.film.settings import exact_rate
from flatrender.engine.probe import ExpectedFilm, probe_film
from flatrender.services.render.settings import RenderSettings
from tests.database_server import DatabaseCopy
from tests.engine_film.conftest import film_numbers
from tests.node.test_agent import descendants
from tests.render.farm import NODE_TOKEN, Farm, numbered

pytestmark = pytest.mark.asyncio(loop_scope="module")
ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "examples" / "node-js" / "node.mjs"
SETTINGS = RenderSettings(
    lease_s=12.0, heartbeat_s=1.0, progress_s=0.5, claim_wait_s=2.0, claim_recheck_s=0.5, sweep_s=0.2, grace_s=0.0, chunk_frames=60, chunk_lengths=(30, 60)
)  # fmt: skip


def node_binary() -> str:
    """The Node that the front end is built with."""
    web_command = ROOT / "scripts" / "web_command.py"
    try:
        return str(runpy.run_path(str(web_command))["node_binary"]())
    except Exception as error:  # noqa: BLE001 - not installed here, or not for this machine
        pytest.skip(f"there is no Node here: {error}")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running_farm(module_database: DatabaseCopy, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Farm]:
    async with Farm(module_database, tmp_path_factory.mktemp("farm"), SETTINGS) as made:
        yield made


@contextlib.contextmanager
def node_js(farm: Farm, name: str = "js") -> Iterator[subprocess.Popen[bytes]]:
    """The node in a process of its own; everything that it started is gone when the block ends."""
    token = farm.folder / "token"
    token.write_text(NODE_TOKEN)
    program = str(Path(sys.executable).with_name("flatrender"))
    log = farm.folder / f"node-{name}.log"
    with log.open("ab") as said:
        process = subprocess.Popen(
            [node_binary(), str(PROGRAM), farm.url, str(token), str(farm.folder / f"node-{name}"), program],
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            children = descendants(process.pid)
            process.terminate()
            process.wait(30)
            _, alive = psutil.wait_procs(children, 5)
            assert not alive, f"left behind: {alive}"


async def drawing(farm: Farm, process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """Wait until the node draws; return the processes that do."""
    for _ in range(1200):
        found = descendants(process.pid)
        if len(found) >= 2 and farm.rows("SELECT 1 FROM render.frame_jobs WHERE status = 'running'"):
            return found
        await asyncio.sleep(0.05)
    raise AssertionError("it never began to draw")


async def test_a_film_and_a_thumbnail_are_finished_by_it_alone(farm: Farm) -> None:
    with node_js(farm):
        made = await farm.create("a", "b", "c")
        pressed = await farm.http.post(f"/v1/scene-snapshots/{farm.templates.project_id}")
        assert pressed.status_code == 202
        job = await farm.until(made.id, "completed", within_s=120)
        listed = (await farm.http.get(f"/v1/scene-snapshots/{farm.templates.project_id}")).json()["items"]
        assert {one["status"] for one in listed} <= {"queued", "running", "done"}
        assert any(one["status"] == "done" for one in listed)
    path = farm.film_path(job)
    assert film_numbers(path) == [*range(30), *range(100, 140), *range(200, 220)]
    probe_film(path, ExpectedFilm(frames=90, rate=exact_rate(30), width=192, height=108, sound=False))
    (name, engines) = farm.row("SELECT name, engines FROM render.nodes")
    assert name.endswith(" js")
    assert engines == {"thorvg": "flatrender"}
    assert farm.row("SELECT count(*) FROM render.node_crashes") == (0,)


async def test_its_segments_join_with_those_of_the_agent(farm: Farm) -> None:
    farm.templates.add("long", numbered(240, base=0), 240)
    with node_js(farm):
        made = await farm.create("long")
        while not farm.row("SELECT count(*) FROM render.frame_jobs WHERE status = 'done'")[0]:
            await asyncio.sleep(0.05)
        async with farm.real_node("python", slots=1):
            job = await farm.until(made.id, "completed", within_s=120)
    assert film_numbers(farm.film_path(job)) == list(range(240))
    assert farm.row("SELECT count(DISTINCT node_id) FROM render.frame_jobs") == (2,)


async def test_a_cancelled_film_ends_its_drawing_and_the_next_one_is_made(farm: Farm) -> None:
    farm.templates.add("long", numbered(3000, base=0), 3000)
    with node_js(farm) as process:
        film = await farm.create("long", profile="1080p")
        await farm.until(film.id, "rendering")
        drawers = await drawing(farm, process)
        await farm.http.post(f"/v1/render-jobs/{film.id}/cancel")
        await farm.until(film.id, "canceled", within_s=10)
        _, alive = await asyncio.to_thread(psutil.wait_procs, drawers, 5)
        assert not alive
        following = await farm.create("c")
        await farm.until(following.id, "completed", within_s=60)


async def test_a_drained_one_takes_nothing_and_one_that_is_told_to_restart_ends_with_the_code_for_it(
    farm: Farm,
) -> None:
    with node_js(farm) as process:
        while not (found := farm.rows("SELECT id FROM render.nodes WHERE boot_id IS NOT NULL")):
            await asyncio.sleep(0.05)
        path = f"/v1/admin/nodes/{found[0][0]}"
        await farm.http.post(f"{path}/drain")
        await asyncio.sleep(SETTINGS.claim_wait_s + 2 * SETTINGS.heartbeat_s)
        made = await farm.create("c")
        await farm.until(made.id, "rendering")
        await asyncio.sleep(1)
        assert farm.row("SELECT status FROM render.frame_jobs") == ("queued",)
        await farm.http.post(f"{path}/resume")
        await farm.until(made.id, "completed", within_s=60)
        assert (await farm.http.post(f"{path}/restart")).status_code == 202
        assert await asyncio.to_thread(process.wait, 20) == 75
    with node_js(farm):
        while farm.row("SELECT status FROM render.node_commands WHERE command = 'restart_agent'") != ("done",):
            await asyncio.sleep(0.05)
    assert farm.row("SELECT count(*) FROM render.nodes") == (1,)


@pytest.mark.faults
async def test_killed_and_started_again_it_goes_on_at_once_and_a_lost_secret_is_no_matter(farm: Farm) -> None:
    farm.templates.add("long", numbered(180, base=0), 180)
    with node_js(farm) as process:
        film = await farm.create("long", profile="1080p")
        drawers = await drawing(farm, process)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        for drawer in drawers:  # it is the example's: nothing ends them when it is killed
            with contextlib.suppress(psutil.NoSuchProcess):
                drawer.kill()
    with node_js(farm) as process:
        await drawing(farm, process)
        farm.do("UPDATE render.nodes SET token_hash = sha256('somebody else')")
        job = await farm.until(film.id, "completed", within_s=120)
    assert film_numbers(farm.film_path(job)) == list(range(180))
    assert farm.row("SELECT count(*) FROM render.nodes") == (1,)


async def test_it_is_short_and_needs_no_package() -> None:
    lines = PROGRAM.read_text().splitlines()
    assert len(lines) < 150
    imported = [line.rsplit("'", 2)[1] for line in lines if line.startswith("import ")]
    assert imported
    assert all(name.startswith("node:") for name in imported)

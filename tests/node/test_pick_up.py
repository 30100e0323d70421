"""Work of a killed node is taken up at once by its next start, with the usual lease."""

import asyncio
import logging
import signal
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from flatrender.services.render.settings import RenderSettings
from tests.database_server import DatabaseCopy
from tests.node.test_agent import drawing, node_process
from tests.render.farm import Farm, numbered

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.faults]
log = logging.getLogger(__name__)
USUAL = RenderSettings()
"""A lease of 60 s, heartbeats every 15 s, and a minute of patience with leases after the service's own start."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running_farm(module_database: DatabaseCopy, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Farm]:
    async with Farm(module_database, tmp_path_factory.mktemp("farm"), USUAL) as made:
        yield made


async def taken_again(farm: Farm, within_s: float) -> float:
    """Wait until a chunk runs for the second time; return the seconds that took."""
    began = time.monotonic()
    while not farm.rows("SELECT 1 FROM render.frame_jobs WHERE epoch = 2"):
        assert time.monotonic() - began < within_s, farm.rows("SELECT status, epoch FROM render.frame_jobs")
        await asyncio.sleep(0.02)
    return time.monotonic() - began


async def test_what_a_killed_node_held_is_drawn_by_its_next_start_within_five_seconds(farm: Farm) -> None:
    farm.templates.add("long", numbered(2000, base=0), 2000)
    with node_process(farm, "killed") as process:
        film = await farm.create("long", profile="1080p")
        await drawing(farm)
        process.send_signal(signal.SIGKILL)
        process.wait()
    (left_s,) = farm.row(
        "SELECT extract(epoch FROM max(lease_expires_at) - now()) FROM render.frame_jobs WHERE status = 'running'"
    )
    assert left_s > 40, "the lease would have run out by itself soon"
    with node_process(farm, "killed"):
        took_s = await taken_again(farm, within_s=60)
        await farm.http.post(f"/v1/render-jobs/{film.id}/cancel")
        await farm.until(film.id, "canceled")
    # From the new start's registration, by the database's clock: how long a program takes to start is the machine's.
    (fenced_s,) = farm.row(
        "SELECT extract(epoch FROM min(f.started_at) - min(c.occurred_at)) FROM render.frame_jobs AS f, render.node_crashes AS c"
        " WHERE f.epoch = 2 AND c.kind = 'agent_crash'"
    )
    log.info("picked up %.2f s after its process began, %.2f s after it registered", took_s, fenced_s)
    assert 0 <= fenced_s < 5
    assert farm.row("SELECT kind FROM render.node_crashes") == ("agent_crash",)

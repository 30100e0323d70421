"""Work of a killed node that stays away is taken up by another when its lease has run out."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from flatrender.services.render.settings import RenderSettings
from tests.database_server import DatabaseCopy
from tests.node.test_agent import drawing, node_process
from tests.node.test_pick_up import taken_again
from tests.render.farm import Farm, numbered

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.faults]
log = logging.getLogger(__name__)
SHORT = RenderSettings(lease_s=6.0, heartbeat_s=1.5, grace_s=0.0)
"""A tenth of the usual times; how often expired leases are looked for is the usual."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running_farm(module_database: DatabaseCopy, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Farm]:
    async with Farm(module_database, tmp_path_factory.mktemp("farm"), SHORT) as made:
        yield made


async def test_what_a_node_held_is_drawn_by_another_within_its_lease_and_five_seconds(farm: Farm) -> None:
    farm.templates.add("long", numbered(2000, base=0), 2000)
    with node_process(farm, "gone") as process:
        film = await farm.create("long", profile="1080p")
        await drawing(farm)
        with node_process(farm, "other"):
            while len(farm.rows("SELECT 1 FROM render.nodes")) < 2:
                await asyncio.sleep(0.05)
            (mine,) = farm.row("SELECT id FROM render.nodes WHERE name = 'gone'")
            while not farm.rows("SELECT 1 FROM render.frame_jobs WHERE status = 'running' AND node_id = %s", mine):
                await asyncio.sleep(0.01)
            process.send_signal(signal.SIGKILL)
            process.wait()
            took_s = await taken_again(farm, within_s=60)
            await farm.http.post(f"/v1/render-jobs/{film.id}/cancel")
            await farm.until(film.id, "canceled")
    log.info("picked up after %.2f s", took_s)
    assert took_s < SHORT.lease_s + 5
    assert farm.row("SELECT kind FROM render.node_crashes") == ("node_lost",)

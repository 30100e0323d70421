"""The agent told what to be and what to do, by a real service."""

import asyncio
import logging
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from flatrender.node.agent import RESTART_EXIT_CODE, AgentState
from flatrender.node.log_tail import LogTail
from flatrender.protocol.heartbeat import Command
from flatrender.protocol.register import Hours
from tests.engine_film.conftest import film_numbers
from tests.node.test_agent import drawing, node_process
from tests.render.farm import Farm, numbered

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def node_id(farm: Farm) -> str:
    while not (found := farm.rows("SELECT id FROM render.nodes")):
        await asyncio.sleep(0.02)
    return str(found[0][0])


async def tell(farm: Farm, what: str, **body: object) -> dict[str, Any]:
    """Press a button and wait for the answer."""
    node = await node_id(farm)
    pressed = await farm.http.post(f"/v1/admin/nodes/{node}/{what}", json=body or None)
    assert pressed.status_code == 202, pressed.text
    until = time.monotonic() + 30
    while time.monotonic() < until:
        listed = (await farm.http.get(f"/v1/admin/nodes/{node}/commands")).json()["items"]
        (mine,) = [one for one in listed if one["id"] == pressed.json()["id"]]
        if mine["status"] in ("done", "failed"):
            return dict(mine)
        await asyncio.sleep(0.05)
    raise AssertionError(f"no answer to {what}")


async def test_an_agent_tells_its_log_and_empties_its_caches(farm: Farm, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="flatrender")  # as the command sets it
    async with farm.real_node("told", slots=1):
        made = await farm.create("c")
        await farm.until(made.id, "completed")
        scenes = farm.folder / "node-told" / "scenes"
        assert list(scenes.glob("*.json"))
        purged = await tell(farm, "purge-cache")
        assert purged["detail"].startswith("1 files with ")
        assert not list(scenes.glob("*.json"))
        log = await tell(farm, "collect-logs", lines=50)
        assert "registered node=" in log["detail"]
        assert "frs_" not in log["detail"]
        assert "signature=" not in log["detail"]


async def test_an_agent_outside_its_hours_draws_nothing_and_wakes_by_itself(farm: Farm) -> None:
    tomorrow = datetime.now(UTC) + timedelta(hours=5)
    night = Hours(begin=f"{tomorrow:%H:00}", end=f"{tomorrow + timedelta(hours=1):%H:00}", time_zone="UTC")
    async with farm.real_node("sleeper", slots=1, hours=night) as agent:
        while agent.wakes_at is None:
            await asyncio.sleep(0.02)
        made = await farm.create("c")
        await farm.until(made.id, "rendering")
        await asyncio.sleep(1)
        assert agent.state is AgentState.DRAINING
        assert farm.row("SELECT status FROM render.frame_jobs") == ("queued",)
        always = {"begin": "00:00", "end": "00:00", "time_zone": "UTC"}
        await farm.http.put(f"/v1/admin/nodes/{await node_id(farm)}/hours", json=always)
        await farm.until(made.id, "completed")
        assert agent.wakes_at is None


async def test_work_taken_from_a_node_by_hand_is_drawn_by_another(farm: Farm) -> None:
    farm.templates.add("long", numbered(600, base=0), 600)
    async with farm.real_node("first", slots=1):
        first = await node_id(farm)
        made = await farm.create("long", profile="1080p")
        await drawing(farm)
        async with farm.real_node("second", slots=1):
            while len(farm.rows("SELECT 1 FROM render.nodes")) < 2:
                await asyncio.sleep(0.02)
            pressed = await farm.http.post(f"/v1/admin/nodes/{first}/kill-job", json={"render_job_id": str(made.id)})
            assert pressed.status_code == 202
            job = await farm.until(made.id, "completed", within_s=90)
    assert film_numbers(farm.film_path(job)) == list(range(600))
    assert farm.row("SELECT sum(attempt) FROM render.frame_jobs") == (0,)


@pytest.mark.faults
@pytest.mark.parametrize("now", [False, True], ids=["after its work", "at once"])
async def test_a_restart_ends_the_agent_with_the_code_for_it_and_costs_no_frame(farm: Farm, now: bool) -> None:
    farm.templates.add("long", numbered(600, base=0), 600)
    with node_process(farm, "restarted") as process:
        made = await farm.create("long", profile="1080p")
        await drawing(farm)
        pressed = await farm.http.post(f"/v1/admin/nodes/{await node_id(farm)}/restart", json={"now": now})
        assert pressed.status_code == 202
        assert await asyncio.to_thread(process.wait, 30) == RESTART_EXIT_CODE
        assert farm.row("SELECT count(*) FROM render.frame_jobs WHERE status = 'running'") == (0,)
    with node_process(farm, "restarted"):
        job = await farm.until(made.id, "completed", within_s=90)
    assert film_numbers(farm.film_path(job)) == list(range(600))
    assert farm.row("SELECT status FROM render.node_commands") == ("done",)
    assert farm.row("SELECT count(*) FROM render.node_crashes") == (0,)
    if not now:
        # What it had was finished: nothing was given out twice.
        assert farm.row("SELECT max(epoch) FROM render.frame_jobs") == (1,)


async def test_a_command_that_comes_twice_is_carried_out_once(farm: Farm) -> None:
    async with farm.real_node("twice", slots=1) as agent:
        await node_id(farm)
        doings: list[object] = []
        agent._commands._doings = {"purge_cache": lambda command: doings.append(command) or "done"}  # type: ignore[func-returns-value]
        command = Command(id=farm.templates.project_id, command="purge_cache")
        agent._commands.take(command)
        agent._commands.take(msgspec.structs.replace(command))
        assert len(doings) == 1


async def test_only_the_end_of_a_long_log_is_told() -> None:
    tail = LogTail()
    for number in range(5000):
        tail._kept.append(f"line {number} " + "x" * 400)
    told = tail.newest(2000)
    assert len(told.encode()) < 61 * 1024
    assert told.splitlines()[-1].startswith("line 4999")
    assert len(tail.newest(3).splitlines()) == 3

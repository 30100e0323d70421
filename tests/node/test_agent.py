"""The agent against a real service: outages, orders, sudden ends."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from flatrender.node.agent import Agent, AgentConfig, AgentState
from flatrender.node.errors import TokenRefused
from flatrender.node.sessions import State
from tests.engine_film.conftest import film_numbers
from tests.render.farm import NODE_TOKEN, Farm, numbered

pytestmark = pytest.mark.asyncio(loop_scope="module")


@contextlib.contextmanager
def node_process(farm: Farm, name: str, slots: int = 1) -> Iterator[subprocess.Popen[bytes]]:
    """A node in a process of its own, which a test may kill."""
    token = farm.folder / "token"
    token.write_text(NODE_TOKEN)
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "flatrender", "node", "--server", farm.url, "--token-file", str(token)),
            *("--name", name, "--slots", str(slots), "--data-dir", str(farm.folder / f"process-{name}")),
        ],
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(20)


async def drawing(farm: Farm) -> None:
    """Wait until a chunk has been drawn on for a moment. Chunks may be done before a heartbeat tells how far they are."""
    until = time.monotonic() + 60
    since: dict[object, float] = {}
    while True:
        now = time.monotonic()
        assert now < until
        running = [chunk for (chunk,) in farm.rows("SELECT id FROM render.frame_jobs WHERE status = 'running'")]
        since = {chunk: since.get(chunk, now) for chunk in running}
        if any(now - began > 0.05 for began in since.values()):
            return
        await asyncio.sleep(0.01)


def descendants(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children(recursive=True)


@pytest.mark.faults
async def test_a_node_killed_while_it_draws_costs_no_frame_and_leaves_no_process(farm: Farm) -> None:
    farm.templates.add("long", numbered(600, base=0), 600)
    with node_process(farm, "doomed") as doomed:
        made = await farm.create("long", "c", profile="1080p")
        await drawing(farm)
        engines = descendants(doomed.pid)
        assert engines
        doomed.send_signal(signal.SIGKILL)
        doomed.wait()
        _, alive = await asyncio.to_thread(psutil.wait_procs, engines, 10)
        assert not alive
    with node_process(farm, "doomed"):
        job = await farm.until(made.id, "completed", within_s=90)
    assert film_numbers(farm.film_path(job)) == [*range(600), *range(200, 220)]
    # Which of the two notices first is a race between the new start and the lease's end.
    assert farm.row("SELECT kind FROM render.node_crashes")[0] in ("agent_crash", "node_lost")
    assert farm.row("SELECT count(*) FROM render.exports WHERE kind = 'video'") == (1,)
    assert farm.row("SELECT count(*) FROM render.outbox_events WHERE event_type = 'render_job.completed'") == (1,)


@pytest.mark.faults
async def test_a_stopped_node_loses_its_lease_and_its_late_result_changes_nothing(farm: Farm) -> None:
    farm.templates.add("long", numbered(400, base=0), 400)
    with node_process(farm, "frozen") as frozen:
        made = await farm.create("long", profile="1080p")
        await drawing(farm)
        everything = [psutil.Process(frozen.pid), *descendants(frozen.pid)]
        for process in everything:
            process.suspend()
        async with farm.real_node("other"):
            job = await farm.until(made.id, "completed", within_s=90)
            before = farm.rows("SELECT chunk_no, epoch, output_sha256 FROM render.frame_jobs ORDER BY 1")
            for process in everything:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.resume()
            await asyncio.sleep(3)
    assert farm.rows("SELECT chunk_no, epoch, output_sha256 FROM render.frame_jobs ORDER BY 1") == before
    assert film_numbers(farm.film_path(job)) == list(range(400))


@pytest.mark.faults
async def test_results_made_while_the_server_is_away_are_delivered_when_it_is_back(farm: Farm) -> None:
    async with farm.real_node("patient", slots=1) as agent:
        farm.templates.add("long", numbered(60, base=0), 60)
        made = await farm.create("long", profile="1080p")
        while not any(session.state.name == "RENDERING" for session in agent._sessions.all()):
            await asyncio.sleep(0.005)
        held = [session.lease for session in agent._sessions.all() if session.lease.kind == "frame"]
        uploaded = farm.objects.local_path(agent._sessions.all()[0].assignment.output_key)
        assert uploaded is not None
        while not uploaded.exists():
            await asyncio.sleep(0.001)
        async with farm.deaf():
            await asyncio.sleep(1)
            waiting = {report.lease.lease_id for report in agent._spool.waiting()}
            done = {row[0] for row in farm.rows("SELECT lease_id FROM render.frame_jobs WHERE status = 'done'")}
            assert held[0].lease_id in waiting | done
        job = await farm.until(made.id, "completed")
    assert film_numbers(farm.film_path(job)) == list(range(60))
    assert agent.state is AgentState.STOPPED


async def test_work_stops_by_itself_when_no_heartbeat_gets_through(farm: Farm) -> None:
    farm.templates.add("long", numbered(4000, base=0), 4000)
    async with farm.real_node("cut off", slots=1) as agent:
        made = await farm.create("long", profile="1080p")
        await drawing(farm)
        held = None
        while held is None:  # between two chunks the agent holds nothing
            async with farm.deaf():
                held = next((one for one in agent._sessions.all() if one.state is not State.REPORTING), None)
                if held is None:
                    continue
                while held.reason != "expired":
                    await asyncio.sleep(0.02)
                    assert time.monotonic() - held.renewed < farm.settings.lease_s
                while held.state is not State.REPORTING and agent._sessions.get(held.lease.lease_id) is not None:
                    await asyncio.sleep(0.02)
                    assert time.monotonic() - held.renewed < farm.settings.lease_s + 3
        await farm.http.post(f"/v1/render-jobs/{made.id}/cancel")
        await farm.until(made.id, "canceled")


async def test_a_stopped_agent_gives_its_work_back_at_once(farm: Farm) -> None:
    farm.templates.add("long", numbered(4000, base=0), 4000)
    async with farm.real_node("leaving", slots=1) as agent:
        await farm.create("long", profile="1080p")
        await drawing(farm)
        agent.stop()
        while farm.row("SELECT count(*) FROM render.frame_jobs WHERE status = 'running'")[0]:
            await asyncio.sleep(0.02)
    # Given back by the agent, not taken from it: a lease that expires leaves a note.
    assert farm.row("SELECT count(*) FROM render.node_crashes") == (0,)
    assert farm.row("SELECT count(*) FROM render.frame_jobs WHERE attempt > 0") == (0,)


async def test_a_drained_agent_takes_nothing_until_it_is_let_back(farm: Farm) -> None:
    async with farm.real_node("drained", slots=1) as agent:
        while not farm.rows("SELECT 1 FROM render.nodes"):
            await asyncio.sleep(0.02)
        (node_id,) = farm.row("SELECT id FROM render.nodes")
        await farm.http.post(f"/v1/admin/nodes/{node_id}/drain")
        while agent.state is not AgentState.DRAINING:
            await asyncio.sleep(0.02)
        made = await farm.create("c")
        await asyncio.sleep(1.5)
        assert farm.row("SELECT status FROM render.frame_jobs") == ("queued",)
        await farm.http.post(f"/v1/admin/nodes/{node_id}/resume")
        await farm.until(made.id, "completed")


async def test_an_agent_whose_secret_is_gone_registers_again(farm: Farm) -> None:
    async with farm.real_node("forgotten", slots=1):
        while not farm.rows("SELECT 1 FROM render.nodes"):
            await asyncio.sleep(0.02)
        farm.do("UPDATE render.nodes SET token_hash = sha256('somebody else')")
        made = await farm.create("c")
        await farm.until(made.id, "completed")
    assert farm.row("SELECT count(*) FROM render.nodes") == (1,)


async def test_a_wrong_token_ends_the_agent_with_the_reason(farm: Farm, tmp_path: Path) -> None:
    agent = Agent(AgentConfig(server=farm.url, token="frn_wrong", name="x", slots=1, data_dir=tmp_path / "node"))
    with pytest.raises(TokenRefused, match="revoked"):
        await asyncio.wait_for(asyncio.to_thread(agent.run), 20)


@pytest.mark.faults
async def test_terminating_the_command_ends_it_and_its_children_quickly(farm: Farm) -> None:
    farm.templates.add("long", numbered(4000, base=0), 4000)
    with node_process(farm, "terminated") as process:
        await farm.create("long", profile="1080p")
        await drawing(farm)
        children = descendants(process.pid)
        os.kill(process.pid, signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, 15) == 0
        _, alive = await asyncio.to_thread(psutil.wait_procs, children, 5)
        assert not alive

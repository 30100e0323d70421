"""The service away for half a lease, while nodes draw: what they made meanwhile is taken afterwards."""

import asyncio
import time
from pathlib import Path

import msgspec
import pytest

from flatrender.node.agent import MOST_REPORTS
from tests.database_server import DatabaseCopy
from tests.engine_film.conftest import film_numbers
from tests.node.test_agent import drawing
from tests.render.farm import FAST, Farm, numbered

PATIENT = msgspec.structs.replace(FAST, lease_s=12.0, heartbeat_s=1.0, grace_s=12.0)
"""A fifth of the usual times: an outage of 6 s is one of 30 s."""


@pytest.mark.faults
async def test_results_made_while_the_service_was_away_for_half_a_lease_are_accepted(
    fresh_database: DatabaseCopy, tmp_path: Path
) -> None:
    async with Farm(fresh_database, tmp_path, PATIENT) as farm:
        farm.templates.add("long", numbered(900, base=0), 900)
        async with farm.real_node("patient", slots=2) as agent:
            made = await farm.create("long", profile="1080p")
            await drawing(farm)
            began = time.monotonic()
            async with farm.deaf():
                held = {session.lease.lease_id for session in agent._sessions.all()}
                assert held
                await asyncio.sleep(PATIENT.lease_s / 2)
                assert {session.lease.lease_id for session in agent._sessions.all()} == held
                assert all(session.reason is None for session in agent._sessions.all())
            away_s = time.monotonic() - began
            assert away_s >= PATIENT.lease_s / 2
            job = await farm.until(made.id, "completed", within_s=60)
            done = {lease for (lease,) in farm.rows("SELECT lease_id FROM render.frame_jobs WHERE status = 'done'")}
        assert held <= done, "what was made during the outage was thrown away"
        assert film_numbers(farm.film_path(job)) == list(range(900))
        assert farm.row("SELECT max(epoch) FROM render.frame_jobs") == (1,)
        assert farm.row("SELECT count(*) FROM render.node_crashes") == (0,)


async def test_a_node_with_too_many_reports_or_no_room_claims_nothing(
    fresh_database: DatabaseCopy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Farm(fresh_database, tmp_path, FAST) as farm:
        farm.templates.add("a", numbered(10), 10)
        async with farm.real_node("full", slots=1) as agent:
            room = {"reports": MOST_REPORTS}
            monkeypatch.setattr(type(agent._spool), "__len__", lambda _: room["reports"])
            await asyncio.sleep(FAST.claim_wait_s + 1)
            made = await farm.create("a")
            await farm.until(made.id, "rendering")
            await asyncio.sleep(1)
            assert farm.row("SELECT status FROM render.frame_jobs") == ("queued",)
            room["reports"] = 0
            monkeypatch.setattr("flatrender.node.agent.LEAST_FREE_BYTES", 1 << 60)
            await asyncio.sleep(2)
            assert farm.row("SELECT status FROM render.frame_jobs") == ("queued",)
            monkeypatch.setattr("flatrender.node.agent.LEAST_FREE_BYTES", 1)
            await farm.until(made.id, "completed")

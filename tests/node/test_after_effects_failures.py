"""Everything that After Effects does wrong, on a farm: who is blamed, who gets the work next, and that nothing is left running."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from flatrender.aftereffects.aerender.watchdogs import WatchdogLimits
from flatrender.aftereffects.stand_in.misbehaviour import MISBEHAVIOURS
from tests.database_server import DatabaseCopy
from tests.node.after_effects_farm import Program, add_scenes, colored_project, processes_below
from tests.render.farm import FAST, Farm

pytestmark = pytest.mark.asyncio(loop_scope="module")
FRAMES = 4
QUICK_S = 1.5
TABLE: dict[str, tuple[str, str, dict[str, float]]] = {
    "hang_before_launch": ("node", "aerender_timeout", {"launch_s": QUICK_S}),
    "hang_in_project": ("node", "aerender_timeout", {"project_s": QUICK_S}),
    "hang_midway": ("node", "aerender_timeout", {"frame_s": QUICK_S}),
    "hang_at_end": ("node", "aerender_timeout", {"after_last_frame_s": QUICK_S}),
    "dialog": ("node", "aerender_timeout", {"project_s": QUICK_S}),
    "crash": ("node", "aerender_crashed", {}),
    "error_with_success": ("node", "aerender_unknown", {}),
    "error": ("node", "aerender_unknown", {}),
    "truncated": ("node", "aerender_unknown", {}),
    "black": ("node", "aerender_unknown", {}),
    "missing_font": ("content", "aerender_font", {}),
    "missing_footage": ("content", "aerender_asset", {}),
    "disk_full": ("node", "disk_full", {}),
    "licence": ("licence", "aerender_licence", {}),
}
"""What each misbehaviour is to the farm: failure class, code, and the watchdog that is short in its test."""
PASSES = ("slow", "language", "out_of_order", "no_progress", "split_lines", "orphan")


async def row_of(farm: Farm, condition: str, within_s: float = 90) -> Any:
    """Wait for the film's only chunk to be so, and return its row."""
    until = time.monotonic() + within_s
    sql = "SELECT status, attempt, machine_failures, error_code, cardinality(exclude_node_ids) FROM render.frame_jobs"
    while time.monotonic() < until:
        # The service runs in this process: it must not wait for our looking.
        if await asyncio.to_thread(farm.row, f"SELECT {condition} FROM render.frame_jobs") == (True,):
            return farm.row(sql)
        await asyncio.sleep(0.2)
    raise AssertionError(farm.row(sql))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running_farm(module_database: DatabaseCopy, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Farm]:
    """Leases long enough for a machine that does other things besides: here only After Effects misbehaves."""
    settings = msgspec.structs.replace(FAST, lease_s=60.0)
    async with Farm(module_database, tmp_path_factory.mktemp("farm"), settings) as made:
        yield made


async def test_every_misbehaviour_of_the_stand_in_is_here() -> None:
    assert sorted([*TABLE, *PASSES]) == sorted(MISBEHAVIOURS)


@pytest.mark.parametrize("misbehaviour", list(TABLE))
async def test_a_misbehaviour_is_blamed_rightly_and_leaves_no_process(
    farm: Farm, tmp_path: Path, misbehaviour: str
) -> None:
    failure, code, short = TABLE[misbehaviour]
    await add_scenes(farm, colored_project(tmp_path, frames=FRAMES), frames=FRAMES, keys=("red",))
    program = Program(tmp_path, "bad", misbehaviour)
    settings = program.settings(watchdogs=WatchdogLimits(**short))
    other = await farm.hand_node("other", engines={"aerender": "2025"})
    async with farm.real_node(f"bad-{misbehaviour}", **settings) as agent:
        made = await farm.create("red")
        status, attempt, failures, told, excluded = await row_of(farm, "error_code IS NOT NULL")
        assert not await asyncio.to_thread(processes_below, farm.folder / f"node-bad-{misbehaviour}")
        assert agent.error is None
        assert program.launches == 1
        assert told == code
        if failure == "content":
            assert (status, attempt) == ("failed", 1)
            job = await farm.until(made.id, "failed")
            assert job["error_code"] == code
            assert job["error_message"].startswith("scene red: ")
            return
        assert (status, attempt, excluded) == ("queued", 0, 1)
        assert failures == int(code in ("aerender_timeout", "aerender_crashed", "aerender_unknown"))
        if failure == "node" and code != "disk_full":
            detail = farm.row("SELECT log_excerpt FROM render.node_crashes")[0]
            watchdog = re.search(r"silent for (\d+) s .*watchdog (\w+)", detail)
            assert (watchdog is not None) == (code == "aerender_timeout"), detail
            if watchdog is not None:
                assert watchdog[2] == next(iter(short)).removesuffix("_s")
        if failure == "licence":
            assert farm.row("SELECT licence_paused_until > now() FROM render.nodes WHERE name <> 'other'") == (True,)
        work = await other.claim(wait_s=5, engine="aerender")
        assert work is not None
        assert work.lease.epoch == 2


async def test_what_only_looks_wrong_is_rendered(farm: Farm, tmp_path: Path) -> None:
    await add_scenes(farm, colored_project(tmp_path, frames=FRAMES), frames=FRAMES, keys=("red",))
    made = await farm.create("red")
    program = Program(tmp_path, "odd", "slow=0.1,language=ja,out_of_order,split_lines,orphan")
    async with farm.real_node("odd", **program.settings()):
        await farm.until(made.id, "completed", within_s=90)
        assert not await asyncio.to_thread(processes_below, farm.folder / "node-odd")
    assert program.launches == 1


async def test_a_scene_at_which_machines_fail_again_and_again_is_given_back_with_words(
    farm: Farm, tmp_path: Path
) -> None:
    await add_scenes(farm, colored_project(tmp_path, frames=FRAMES), frames=FRAMES, keys=("red",))
    made = await farm.create("red")
    program = Program(tmp_path, "failing", "error_with_success")
    async with farm.real_node("failing", **program.settings()):
        job = await farm.until(made.id, "failed", within_s=120)
    assert program.launches == farm.settings.machine_failures
    assert job["error_code"] == "aerender_unknown"
    assert "After Effects failed at it 3 times; the last time: " in job["error_message"]
    # A project that fails everywhere does not take the nodes out of work.
    assert farm.row("SELECT quarantined_until FROM render.nodes WHERE name = 'failing'") == (None,)


async def test_a_cancelled_film_ends_after_effects_within_a_heartbeat(farm: Farm, tmp_path: Path) -> None:
    await add_scenes(farm, colored_project(tmp_path, frames=FRAMES), frames=FRAMES, keys=("red",))
    made = await farm.create("red")
    program = Program(tmp_path, "slow", "hang_in_project")
    async with farm.real_node("slow", **program.settings()):
        until = time.monotonic() + 60
        while program.launches == 0:
            assert time.monotonic() < until
            await asyncio.sleep(0.05)
        await farm.http.post(f"/v1/render-jobs/{made.id}/cancel")
        await farm.until(made.id, "canceled", within_s=30)
        assert not await asyncio.to_thread(processes_below, farm.folder / "node-slow")
    assert farm.row("SELECT count(*) FROM render.node_crashes") == (0,)

"""Cancelling at every stage of a film, with the usual times: what worked for it is free within a heartbeat, no process is left, nothing is told twice."""

import asyncio
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import psutil
import pytest
import pytest_asyncio

from flatrender.contracts.render import SoundTrack
from flatrender.engine.process import run
from flatrender.services.render.settings import RenderSettings
from tests.database_server import DatabaseCopy
from tests.engine_film.conftest import film_numbers
from tests.node.after_effects_farm import Program, add_scenes, colored_project, processes_below
from tests.node.test_agent import descendants, drawing, node_process
from tests.render.farm import Farm, numbered
from tests.render.test_film import tone

pytestmark = pytest.mark.asyncio(loop_scope="module")

USUAL = RenderSettings(sweep_s=0.2, grace_s=0.0, chunk_frames=120, resolve_batch=1)
"""Heartbeats every 15 s, progress every second: what a node is told without being asked otherwise."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running_farm(module_database: DatabaseCopy, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Farm]:
    async with Farm(module_database, tmp_path_factory.mktemp("farm"), USUAL) as made:
        yield made


class Held:
    """Holds whoever comes by until it is let go, and says that somebody came."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.go = asyncio.Event()
        self.times = 0

    def before(self, call: Callable[..., Any]) -> Callable[..., Any]:
        async def held(*args: Any, **named: Any) -> Any:
            self.times += 1
            self.reached.set()
            await self.go.wait()
            return await call(*args, **named)

        return held


async def cancel(farm: Farm, film: Any) -> float:
    """Press cancel; return the seconds until the film is cancelled."""
    began = time.monotonic()
    answer = await farm.http.post(f"/v1/render-jobs/{film.id}/cancel")
    assert answer.status_code == 200, answer.text
    await farm.until(film.id, "canceled", within_s=USUAL.heartbeat_s)
    return time.monotonic() - began


async def settled(farm: Farm, film: Any) -> None:
    """Nothing of the film is about, and it was told once that it is cancelled."""
    assert farm.row("SELECT count(*) FROM render.frame_jobs WHERE render_job_id = %s AND status = 'running'", film.id) == (0,)  # fmt: skip
    assert farm.row(
        "SELECT count(*) FROM render.exports WHERE render_job_id = %s AND file_id IS NOT NULL", film.id
    ) == (0,)
    told = farm.rows(
        "SELECT event_type FROM render.outbox_events WHERE aggregate_id = %s AND event_type NOT LIKE '%%progress'"
        " AND event_type NOT LIKE '%%queued' AND event_type NOT LIKE '%%started'",
        film.id,
    )
    assert told == [("render_job.canceled",)]
    again = await farm.http.post(f"/v1/render-jobs/{film.id}/cancel")
    assert (again.status_code, again.json()["status"]) == (200, "canceled")


async def idle(processes: list[psutil.Process]) -> bool:
    """Whether none of the processes works: those that wait for the next frame take no time."""

    def spent() -> float:
        total = 0.0
        for process in processes:
            try:
                times = process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += times.user + times.system
        return total

    before = spent()
    await asyncio.sleep(1)
    return spent() - before < 0.3


async def test_while_it_waits_to_be_planned(farm: Farm, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[tuple[Any, ...]] = []

    async def kept(*args: Any) -> None:
        started.append(args)

    from flatrender.services.render.service import jobs

    real = jobs.enqueue
    monkeypatch.setattr(jobs, "enqueue", kept)
    film = await farm.create("a", "b")
    assert (await farm.job(film.id))["status"] == "queued"
    assert await cancel(farm, film) < 2
    ((_, name, workflow_id, arguments),) = started
    assert farm.module is not None
    async with farm.module.database.worker() as conn:
        await real(conn, name, workflow_id, arguments)
    await asyncio.sleep(1.5)
    assert farm.templates.resolved == 0
    assert farm.row("SELECT count(*) FROM render.frame_jobs") == (0,)
    await settled(farm, film)


async def test_while_its_scenes_are_resolved(farm: Farm, monkeypatch: pytest.MonkeyPatch) -> None:
    held = Held()
    monkeypatch.setattr(farm.templates, "resolve_scenes", held.before(farm.templates.resolve_scenes))
    film = await farm.create("a", "b", "c")
    await held.reached.wait()
    assert (await farm.job(film.id))["status"] == "preparing"
    assert await cancel(farm, film) < 2
    held.go.set()
    await asyncio.sleep(1.5)
    assert held.times == 1, "scenes of a cancelled film were resolved"
    assert farm.row("SELECT count(*) FROM render.frame_jobs") == (0,)
    await settled(farm, film)


async def test_while_its_parts_wait_for_a_node(farm: Farm) -> None:
    film = await farm.create("a", "b")
    await farm.until(film.id, "rendering")
    assert await cancel(farm, film) < 2
    node = await farm.hand_node()
    assert await node.claim(wait_s=0.5) is None
    await settled(farm, film)


async def test_while_a_node_draws_it_the_next_film_begins_within_a_heartbeat(farm: Farm) -> None:
    farm.templates.add("long", numbered(6000, base=0), 6000)
    with node_process(farm, "drawing") as process:
        film = await farm.create("long", profile="1080p")
        await drawing(farm)
        following = await farm.create("c")
        await farm.until(following.id, "rendering")
        await cancel(farm, film)
        await farm.until(following.id, "completed", within_s=60)
        (freed_s,) = farm.row(
            "SELECT extract(epoch FROM (SELECT min(f.started_at) FROM render.frame_jobs AS f WHERE f.render_job_id = %s) - j.cancel_requested_at)"
            " FROM render.render_jobs AS j WHERE j.id = %s",
            following.id, film.id,
        )  # fmt: skip
        assert 0 < float(freed_s) < USUAL.heartbeat_s / 2
        assert await idle(descendants(process.pid)), "something goes on working for a cancelled film"
    await settled(farm, film)


async def test_while_after_effects_draws_it_no_process_of_it_is_left(farm: Farm, tmp_path: Path) -> None:
    await add_scenes(farm, colored_project(tmp_path))
    program = Program(tmp_path, "slow", "slow=3")
    async with farm.real_node("ae", **program.settings()):
        film = await farm.create("red")
        while not program.launches:
            await asyncio.sleep(0.05)
        await asyncio.sleep(1)
        work = farm.folder / "node-ae" / "ae"
        assert processes_below(work)
        took = await cancel(farm, film)
        assert took < USUAL.heartbeat_s / 2
        assert not processes_below(work)
        assert program.launches == 1
    await settled(farm, film)


async def test_while_a_segment_is_on_its_way_to_a_store_that_does_not_answer(
    farm: Farm, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held()
    async with farm.real_node("uploading", slots=1) as agent:
        film = await farm.create("c")
        monkeypatch.setattr(farm.objects, "put", _only_segments(held, farm.objects.put))
        await held.reached.wait()
        took = await cancel(farm, film)
        assert took < USUAL.heartbeat_s / 2
        while agent._sessions.all():
            await asyncio.sleep(0.02)
        held.go.set()
        await asyncio.sleep(0.5)
        following = await farm.create("b")
        job = await farm.until(following.id, "completed")
    assert film_numbers(farm.film_path(job)) == list(range(100, 140))
    await settled(farm, film)


def _only_segments(held: Held, put: Callable[..., Any]) -> Callable[..., Any]:
    waiting = held.before(put)

    async def choose(key: str, data: Any) -> Any:
        return await (waiting if key.startswith("segments/") else put)(key, data)

    return choose


@pytest.mark.parametrize("what", ["join_segments", "mix_sound"])
async def test_while_it_is_joined_or_its_sound_is_mixed_the_program_is_ended(
    farm: Farm, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    from flatrender.services.render.service import assembly

    music = await farm.files.add(tone(2.0))
    pids: list[int] = []
    begun = threading.Event()

    def slow(*_: Any, deadline_s: float, cancel: threading.Event, **__: Any) -> None:
        """A program that takes its time, with a child of its own, run as the real ones are."""
        code = "import subprocess, sys; p = subprocess.Popen(['sleep', '120']); print(p.pid, flush=True); p.wait()"
        threading.Thread(target=_children, args=(pids, begun), daemon=True).start()
        run([sys.executable, "-c", code], what=what, code="encoder_failed", deadline_s=deadline_s, cancel=cancel)

    monkeypatch.setattr(assembly, what, slow)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(farm.real_node("joined", slots=2))
        film = await farm.create(
            "c", tracks=[SoundTrack(kind="music", file_id=music, volume=1.0)] if what == "mix_sound" else []
        )
        assert await asyncio.to_thread(begun.wait, 60)
        assert (await farm.job(film.id))["status"] == ("encoding" if what == "join_segments" else "audio_mix")
        took = await cancel(farm, film)
        assert took < 5
        assert not [pid for pid in pids if psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie"]
    await settled(farm, film)


def _children(pids: list[int], begun: threading.Event) -> None:
    """Note the slow program and its child once both are there."""
    while True:
        found = [
            child for child in psutil.Process().children(recursive=True) if _command(child)[:2] == ["sleep", "120"]
        ]
        if found:
            pids.extend([found[0].pid, found[0].ppid()])
            begun.set()
            return
        time.sleep(0.05)


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


async def test_while_it_is_published(farm: Farm, monkeypatch: pytest.MonkeyPatch) -> None:
    held = Held()
    monkeypatch.setattr(farm.files, "store", held.before(farm.files.store))
    async with farm.real_node("publishing", slots=2):
        film = await farm.create("c")
        await asyncio.wait_for(held.reached.wait(), 60)
        assert (await farm.job(film.id))["status"] == "uploading"
        answer = await farm.http.post(f"/v1/render-jobs/{film.id}/cancel")
        assert answer.json()["status"] == "canceling"
        held.go.set()
        await farm.until(film.id, "canceled", within_s=USUAL.heartbeat_s)
    await settled(farm, film)


async def test_after_the_end_it_says_so(farm: Farm) -> None:
    async with farm.real_node("ended", slots=2):
        film = await farm.create("c")
        await farm.until(film.id, "completed")
    answer = await farm.http.post(f"/v1/render-jobs/{film.id}/cancel")
    assert (answer.status_code, answer.json()["code"]) == (409, "render.not_cancellable")
    assert farm.row("SELECT count(*) FROM render.exports WHERE kind = 'video'") == (1,)

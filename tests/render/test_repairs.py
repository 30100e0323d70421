"""Segments that are damaged or show what they should not: found at the finish, and only the broken frames drawn again."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import msgspec
import pytest

from flatrender.engine.film.packets import groups, read_segment, unpack_checksums
from flatrender.engine.film.settings import FilmSettings
from flatrender.engine.raster.pool import WorkerPool
from flatrender.protocol.work import Assignment
from tests.engine_film.conftest import film_numbers
from tests.render.farm import Farm, HandNode
from tests.render.segments import drawn, showing, taken

pytestmark = pytest.mark.asyncio(loop_scope="module")

DRAFT = FilmSettings(width=192, height=108, fps=30.0, preset="ultrafast", crf=28)


@pytest.fixture(scope="module")
def pool() -> Iterator[WorkerPool]:
    with WorkerPool(1) as made:
        yield made


def segment_file(farm: Farm, where: str, *values: object) -> Path:
    (key,) = farm.row(f"SELECT segment_key FROM render.frame_jobs WHERE {where}", *values)
    path = farm.objects.local_path(key)
    assert path is not None
    return path


def drawn_frames(farm: Farm, job_id: UUID) -> list[int]:
    """The output frames that nodes have drawn for a film, as often as they did."""
    rows = farm.rows(
        "SELECT frame_start, frame_end FROM render.frame_attempts WHERE render_job_id = %s AND outcome = 'completed' ORDER BY started_at",
        job_id,
    )
    return [frame for first, last in rows for frame in range(first, last + 1)]


async def hand_in(node: HandNode, farm: Farm, lottie: bytes, pool: WorkerPool) -> Assignment:
    """Take the next chunk and hand in a segment of another scene."""
    work = await taken(node)
    data = await made_by_hand(node, work, lottie, farm, pool)
    await node.put(work, data)
    answer = await node.result(work, data)
    assert answer.status_code == 200, answer.text
    return work


async def made_by_hand(node: HandNode, work: Assignment, lottie: bytes, farm: Farm, pool: WorkerPool) -> bytes:
    """Draw a segment of another scene, and keep the lease meanwhile."""
    drawing = asyncio.create_task(asyncio.to_thread(drawn, work, lottie, farm.folder, pool))
    while not (await asyncio.wait([drawing], timeout=farm.settings.lease_s / 4))[0]:
        await node.beat(work)
    return drawing.result()


async def test_after_a_damaged_packet_only_the_frames_that_stand_on_it_are_drawn_again(farm: Farm) -> None:
    async with farm.real_node():
        first = await farm.create("c")
        await farm.until(first.id, "completed", within_s=180)
        path = segment_file(farm, "render_job_id = %s", first.id)
        (sums,) = farm.row("SELECT packets FROM render.frame_jobs WHERE render_job_id = %s", first.id)
        packets = read_segment(path, DRAFT)
        assert [packet.checksum for packet in packets] == list(unpack_checksums(sums))
        group = groups(packets, 20)[-1]
        whole = bytearray(path.read_bytes())
        # The pictures lie between their box's name and the next box, which describes them.
        whole[whole.index(b"moov") - 12] ^= 0xFF
        path.write_bytes(bytes(whole))
        changed = [old.frame for old, new in zip(packets, read_segment(path, DRAFT), strict=True) if old != new]
        assert changed
        in_order = [packet.frame for packet in group.packets]
        broken = sorted(in_order[in_order.index(changed[0]) :])
        assert 0 < len(broken) < 20
        again = await farm.create("c")
        job = await farm.until(again.id, "completed", within_s=180)
    assert film_numbers(farm.film_path(job)) == [*range(200, 220)]
    assert drawn_frames(farm, again.id) == broken
    assert farm.row(
        "SELECT reason, status, detected_by, frames FROM render.frame_repair_jobs WHERE render_job_id = %s", again.id
    ) == ("checksum", "done", "stitcher", broken)
    # Neither film's row offers the damaged segment any more.
    third = await farm.create("c")
    job = await farm.until(third.id, "completed", within_s=180)
    assert film_numbers(farm.film_path(job)) == [*range(200, 220)]
    assert drawn_frames(farm, third.id) == []


@pytest.mark.parametrize(
    ("numbers", "broken", "reason"),
    [
        ([*range(200, 206), None, None, None, *range(209, 220)], [6, 7, 8], "black"),
        ([*range(200, 208), *[207] * 5, *range(213, 220)], [8, 9, 10, 11, 12], "frozen"),
        ([*range(200, 210), 3000, *range(211, 220)], [10], "visual_glitch"),
    ],
    ids=["black", "frozen", "another picture"],
)
async def test_frames_that_a_node_got_wrong_are_drawn_again_by_another(
    farm: Farm, pool: WorkerPool, numbers: list[int | None], broken: list[int], reason: str
) -> None:
    bad = await farm.hand_node("bad")
    made = await farm.create("c")
    await hand_in(bad, farm, showing(numbers), pool)
    async with farm.real_node("good"):
        job = await farm.until(made.id, "completed", within_s=180)
    assert film_numbers(farm.film_path(job)) == [*range(200, 220)]
    assert drawn_frames(farm, made.id) == [*range(20), *broken]
    assert farm.row(
        "SELECT r.reason, r.status, r.frames, n.name FROM render.frame_repair_jobs AS r JOIN render.nodes AS n ON n.id = r.node_id"
        " WHERE r.render_job_id = %s",
        made.id,
    ) == (reason, "done", broken, "good")


@pytest.mark.parametrize("damage", ["truncated upload", "wrong hash", "no film at all", "frames missing"])
async def test_a_segment_of_which_nothing_can_be_trusted_is_drawn_again_as_a_whole(
    farm: Farm, pool: WorkerPool, damage: str
) -> None:
    bad = await farm.hand_node("bad")
    made = await farm.create("c", "a")
    work = await taken(bad)
    lottie = showing([*range(200, 220)])
    whole = await made_by_hand(bad, work, lottie, farm, pool)
    if damage == "truncated upload":
        await bad.put(work, whole[: len(whole) // 2])
        answer = await bad.result(work, whole, bytes=len(whole) // 2)
    elif damage == "wrong hash":
        await bad.put(work, whole)
        answer = await bad.result(work, whole, sha256="00" * 32)
    else:
        data = b"no film" * 40
        if damage == "frames missing":
            task = work.task
            short = msgspec.structs.replace(work, task=msgspec.structs.replace(task, last=10))
            data = await made_by_hand(bad, short, lottie, farm, pool)
        await bad.put(work, data)
        answer = await bad.result(work, data)
    assert answer.status_code == 200, answer.text
    async with farm.real_node("good"):
        job = await farm.until(made.id, "completed", within_s=180)
    assert film_numbers(farm.film_path(job)) == [*range(200, 220), *range(30)]
    assert sorted(drawn_frames(farm, made.id)) == sorted([*range(50), *range(20)])
    (reason,) = farm.row("SELECT reason FROM render.frame_repair_jobs WHERE render_job_id = %s", made.id)
    expected = {"truncated upload": "checksum", "wrong hash": "checksum", "no film at all": "corrupt"}
    assert reason == expected.get(damage, "truncated")


async def test_a_film_whose_frames_come_out_broken_each_time_fails_and_names_them(farm: Farm, pool: WorkerPool) -> None:
    bad = await farm.hand_node("bad")
    made = await farm.create("c")
    lottie = showing([*range(200, 206), None, None, *range(208, 220)])
    for _ in range(1 + farm.settings.max_repairs):
        await hand_in(bad, farm, lottie, pool)
    job = await farm.until(made.id, "failed", within_s=180)
    assert job["error_code"] == "film_check_failed"
    assert "frames 6–7" in job["error_message"]
    assert farm.row("SELECT count(*) FROM render.frame_repair_jobs WHERE status IN ('queued', 'running')") == (0,)


async def test_a_person_has_frames_of_a_finished_film_drawn_again_and_gets_a_new_file(
    farm: Farm, pool: WorkerPool
) -> None:
    bad = await farm.hand_node("bad")
    made = await farm.create("c")
    # Every frame is another one than it should be, but none looks suspicious by itself.
    await hand_in(bad, farm, showing([*range(200, 204), 205, 204, *range(206, 220)]), pool)
    before = await farm.until(made.id, "completed", within_s=180)
    assert film_numbers(farm.film_path(before))[4:6] == [205, 204]
    picture = await farm.http.get(f"/v1/admin/render-jobs/{made.id}/frames/4")
    assert picture.status_code == 200
    assert picture.content[:8] == b"\x89PNG\r\n\x1a\n"
    wanted = {"first_frame": 4, "last_frame": 5}
    headers = {"Idempotency-Key": f'"{uuid4()}"'}
    for _ in range(2):
        asked = await farm.http.post(f"/v1/admin/render-jobs/{made.id}/repair", json=wanted, headers=headers)
        assert asked.status_code == 202, asked.text
    (repair,) = asked.json()["items"]
    assert (repair["frames"], repair["status"], repair["detected_by"]) == ([[4, 5]], "queued", "admin")
    shown = await farm.job(made.id)
    assert shown["status"] == "rendering"
    assert shown["export"]["file_id"] == before["export"]["file_id"]
    busy = await farm.http.post(f"/v1/admin/render-jobs/{made.id}/repair", json=wanted)
    assert (busy.status_code, busy.json()["code"]) == (409, "render.not_repairable")
    async with farm.real_node("good"):
        after = await farm.until(made.id, "completed", within_s=180)
    assert film_numbers(farm.film_path(after)) == [*range(200, 220)]
    assert after["export"]["file_id"] != before["export"]["file_id"]
    assert after["export"]["id"] == before["export"]["id"]
    assert drawn_frames(farm, made.id) == [*range(20), 4, 5]
    events = farm.rows(
        "SELECT event_type FROM render.outbox_events WHERE event_type ~ 'completed|repaired' ORDER BY seq"
    )
    assert [event for (event,) in events] == ["render_job.completed", "render_job.repaired"]
    invalid = await farm.http.post(f"/v1/admin/render-jobs/{made.id}/repair", json={"first_frame": 4, "last_frame": 20})
    assert (invalid.status_code, invalid.json()["code"]) == (422, "render.frames_invalid")
    gone = await farm.http.get(f"/v1/admin/render-jobs/{made.id}/frames/20")
    assert (gone.status_code, gone.json()["code"]) == (404, "render.frame_not_found")


async def test_a_finished_film_whose_repair_cannot_be_done_is_what_it_was(farm: Farm) -> None:
    async with farm.real_node("good"):
        made = await farm.create("c")
        before = await farm.until(made.id, "completed", within_s=180)
    broken = await farm.hand_node("broken")
    for how in ("fails", "is cancelled"):
        asked = await farm.http.post(
            f"/v1/admin/render-jobs/{made.id}/repair", json={"first_frame": 0, "last_frame": 19}
        )
        assert asked.status_code == 202, asked.text
        if how == "fails":
            work = await broken.claim()
            assert work is not None
            assert (await broken.fail(work, "content", "engine_refused")).status_code == 200
        else:
            answer = await farm.http.post(f"/v1/admin/render-jobs/{made.id}/cancel")
            assert answer.status_code == 200, answer.text
        job = await farm.until(made.id, "completed", within_s=180)
        assert job["export"] == before["export"]
        assert film_numbers(farm.film_path(job)) == [*range(200, 220)]
    told = (await farm.http.get(f"/v1/admin/render-jobs/{made.id}/repairs")).json()["items"]
    assert [repair["status"] for repair in told] == ["canceled", "failed"]
    assert "engine_refused" in told[1]["error"]

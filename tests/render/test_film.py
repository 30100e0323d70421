"""A whole film: service, workflows, a real node, the engine."""

import asyncio
import io
import json
import math
import wave
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest

from flatrender.contracts.render import SoundTrack
from flatrender.kit.errors import TooMany
from flatrender.kit.ids import DEFAULT_TENANT_ID, new_id
from tests.engine_film.conftest import film_numbers, film_sound
from tests.render.farm import Farm, numbered

pytestmark = pytest.mark.asyncio(loop_scope="module")


def tone(seconds: float) -> bytes:
    samples = 0.5 * np.sin(2 * math.pi * 440 * np.arange(round(seconds * 48_000)) / 48_000)
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((1, 2, 48_000, 0, "NONE", ""))
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return out.getvalue()


async def test_a_film_goes_from_frozen_input_to_the_right_frames_and_sound(farm: Farm) -> None:
    music = await farm.files.add(tone(1.0))
    track = SoundTrack(kind="music", file_id=music, volume=1.0, loop=True, fade_out_ms=500)
    async with farm.real_node():
        made = await farm.create("a", "b", "c", tracks=[track])
        job = await farm.until(made.id, "completed")
    path = farm.film_path(job)
    assert film_numbers(path) == [*range(30), *range(100, 140), *range(200, 220)]
    sound = film_sound(path)
    assert abs(len(sound) - 3 * 48_000) <= 2048
    assert np.abs(sound[48_000:52_800]).max() > 0.2
    assert np.abs(sound[-480:]).max() < 0.05
    assert job["progress_pct"] == 100
    assert job["export"]["duration_ms"] in range(2960, 3040)
    assert (job["width"], job["height"], job["total_frames"]) == (192, 108, 90)
    (events,) = farm.row("SELECT count(*) FROM render.outbox_events WHERE event_type = 'render_job.completed'")
    assert events == 1


async def test_a_track_that_is_cut_at_both_ends_sounds_only_for_what_is_left(farm: Farm) -> None:
    voice = await farm.files.add(tone(3.0))
    track = SoundTrack(kind="voiceover", file_id=voice, volume=1.0, start_ms=500, trim_start_ms=1000, trim_end_ms=2000)
    async with farm.real_node():
        made = await farm.create("a", "b", "c", tracks=[track])
        job = await farm.until(made.id, "completed")
    sound = film_sound(farm.film_path(job))
    # The film as a whole is set to -14 LUFS: how loud the second that sounds is follows from the silence around it.
    assert np.abs(sound[round(0.6 * 48_000) : round(1.4 * 48_000)]).max() > 0.15
    assert np.abs(sound[: round(0.45 * 48_000)]).max() < 0.005
    assert np.abs(sound[round(1.55 * 48_000) :]).max() < 0.005


async def test_films_of_a_marked_profile_carry_the_tenants_name(farm: Farm) -> None:
    farm.do(
        "INSERT INTO render.output_profiles (tenant_id, key, name, container, max_height, watermark)"
        " VALUES (%s, 'marked', '{}', 'mp4', 108, true)",
        DEFAULT_TENANT_ID,
    )
    try:
        async with farm.real_node():
            for profile, mark in (("marked", {"text": "استودیو"}), ("draft", None)):
                farm.templates.marks.clear()
                made = await farm.create("a", profile=profile)
                await farm.until(made.id, "completed")
                assert farm.templates.marks == [mark]
    finally:
        farm.do("DELETE FROM render.output_profiles WHERE key = 'marked'")


async def test_the_same_revision_again_is_the_same_film(farm: Farm) -> None:
    revision = new_id()
    first = await farm.create("a", revision_id=revision)
    again = await farm.create("a", revision_id=revision)
    assert first.id == again.id
    assert farm.row("SELECT count(*) FROM render.render_jobs") == (1,)
    assert farm.row("SELECT count(*) FROM render.outbox_events WHERE event_type = 'render_job.queued'") == (1,)


async def test_editing_one_scene_renders_only_that_scene_again(farm: Farm) -> None:
    async with farm.real_node():
        first = await farm.create("a", "b", "c")
        await farm.until(first.id, "completed")
        farm.templates.add("b", numbered(40, base=300), 40)
        second = await farm.create("a", "b", "c")
        job = await farm.until(second.id, "completed")
    assert film_numbers(farm.film_path(job)) == [*range(30), *range(300, 340), *range(200, 220)]
    drawn = farm.rows(
        "SELECT scene_key, sum(epoch) FROM render.frame_jobs WHERE render_job_id = %s GROUP BY 1", second.id
    )
    assert {key for key, epochs in drawn if epochs} == {"b"}


async def test_a_film_made_of_stored_segments_only_needs_no_node(farm: Farm) -> None:
    async with farm.real_node():
        await farm.until((await farm.create("c")).id, "completed")
    again = await farm.create("c")
    job = await farm.until(again.id, "completed")
    assert film_numbers(farm.film_path(job)) == [*range(200, 220)]


@pytest.mark.parametrize("damage", ["missing", "checksum"])
async def test_a_damaged_segment_is_found_at_the_end_and_drawn_again(farm: Farm, damage: str) -> None:
    async with farm.real_node():
        await farm.until((await farm.create("a", "c")).id, "completed")
    (key,) = farm.row("SELECT segment_key FROM render.frame_jobs WHERE scene_key = 'c'")
    path = farm.objects.local_path(key)
    assert path is not None
    whole = path.read_bytes()
    if damage == "checksum":
        path.write_bytes(b"\0" * len(whole))
    else:
        # Gone between planning, which still sees it, and joining.
        farm.do("UPDATE render.frame_jobs SET segment_key = segment_key || '.gone' WHERE scene_key = 'c'")
        gone = farm.objects.local_path(key + ".gone")
        assert gone is not None
        gone.write_bytes(b"x")
    async with farm.real_node():
        again = await farm.create("a", "c")
        job = await farm.until(again.id, "completed")
    assert film_numbers(farm.film_path(job)) == [*range(30), *range(200, 220)]
    assert farm.row(
        "SELECT reason, status, detected_by FROM render.frame_repair_jobs WHERE render_job_id = %s", again.id
    ) == ("checksum", "done", "stitcher")


async def test_a_film_of_a_scene_that_content_refuses_fails_with_its_code(farm: Farm) -> None:
    made = await farm.create("a", "nowhere")
    job = await farm.until(made.id, "failed")
    assert job["error_code"] == "unknown_scene"
    assert "nowhere" in job["error_message"]


async def test_a_missing_sound_file_fails_the_film_and_names_it(farm: Farm) -> None:
    gone = new_id()
    async with farm.real_node():
        made = await farm.create("c", tracks=[SoundTrack(kind="music", file_id=gone, volume=1.0)])
        job = await farm.until(made.id, "failed")
    assert job["error_code"] == "missing_asset"
    assert str(gone) in job["error_message"]


async def test_cancelling_a_waiting_film_ends_it_at_once(farm: Farm) -> None:
    made = await farm.create("a", "b")
    await farm.until(made.id, "rendering")
    answer = await farm.http.post(f"/v1/render-jobs/{made.id}/cancel")
    assert answer.json()["status"] == "canceled"
    assert farm.rows("SELECT DISTINCT status FROM render.frame_jobs") == [("canceled",)]
    assert (await farm.http.post(f"/v1/render-jobs/{made.id}/cancel")).json()["status"] == "canceled"
    assert farm.row("SELECT outcome FROM render.render_job_attempts") == ("canceled",)


async def test_cancelling_while_a_node_draws_frees_it_with_its_next_report(farm: Farm) -> None:
    made = await farm.create("a")
    node = await farm.hand_node()
    work = await node.claim(wait_s=10)
    assert work is not None
    assert (await farm.http.post(f"/v1/render-jobs/{made.id}/cancel")).json()["status"] == "canceling"
    (verdict,) = (await node.beat(work)).leases
    assert verdict.verdict == "cancel"
    assert (await node.fail(work, "canceled", "canceled")).status_code == 200
    await farm.until(made.id, "canceled")


async def test_cancelling_while_a_real_node_draws_ends_its_processes(farm: Farm) -> None:
    farm.templates.add("long", numbered(3000, base=0), 3000)
    async with farm.real_node(slots=1):
        made = await farm.create("long", profile="1080p")
        await farm.until(made.id, "rendering")
        while farm.row("SELECT coalesce(max(frames_done), 0) FROM render.frame_jobs")[0] == 0:
            await asyncio.sleep(0.02)
        await farm.http.post(f"/v1/render-jobs/{made.id}/cancel")
        await farm.until(made.id, "canceled", within_s=10)
        then = await farm.create("c")
        await farm.until(then.id, "completed")


async def test_a_cancelled_film_can_be_started_over_once_for_each_key(farm: Farm) -> None:
    made = await farm.create("c")
    await farm.until(made.id, "rendering")
    await farm.http.post(f"/v1/render-jobs/{made.id}/cancel")
    key = {"Idempotency-Key": "again-1"}
    first = await farm.http.post(f"/v1/render-jobs/{made.id}/retry", headers=key)
    assert first.status_code == 200
    again = await farm.http.post(f"/v1/render-jobs/{made.id}/retry", headers=key)
    assert again.status_code == 200
    refused = await farm.http.post(f"/v1/render-jobs/{made.id}/retry")
    assert refused.json()["code"] == "render.not_retryable"
    async with farm.real_node():
        job = await farm.until(made.id, "completed")
    assert film_numbers(farm.film_path(job)) == [*range(200, 220)]
    assert farm.row("SELECT attempt FROM render.render_jobs") == (2,)
    assert farm.rows("SELECT attempt_no, outcome FROM render.render_job_attempts ORDER BY 1") == [
        (1, "canceled"),
        (2, "completed"),
    ]


async def test_a_finished_film_cannot_be_cancelled(farm: Farm) -> None:
    async with farm.real_node():
        made = await farm.create("c")
        await farm.until(made.id, "completed")
    answer = await farm.http.post(f"/v1/render-jobs/{made.id}/cancel")
    assert (answer.status_code, answer.json()["code"]) == (409, "render.not_cancellable")


async def test_the_event_stream_shows_the_film_until_its_end(farm: Farm) -> None:
    async with farm.real_node():
        made = await farm.create("a", "c")
        async with farm.http.stream("GET", f"/v1/render-jobs/{made.id}/events", timeout=60) as stream:
            lines = [line async for line in stream.aiter_lines()]
        seen = [json.loads(line[6:]) for line in lines if line.startswith("data: ")]
    assert seen[-1]["status"] == "completed"
    assert seen[-1]["export"]["play_url"].endswith("/content")
    progress = [body["progress_pct"] for body in seen]
    assert progress == sorted(progress)
    assert len(set(progress)) >= 3


async def test_the_queue_has_places_and_a_limit(farm: Farm) -> None:
    farm.do("INSERT INTO render.tenant_render_limits (tenant_id, max_queued_jobs) VALUES (%s, 2)", DEFAULT_TENANT_ID)
    first, second = await farm.create("a"), await farm.create("b")
    farm.do("UPDATE render.render_jobs SET status = 'queued'")
    assert (await farm.job(first.id))["queue_position"] == 1
    assert (await farm.job(second.id))["queue_position"] == 2
    with pytest.raises(TooMany) as refused:
        await farm.create("c")
    assert refused.value.code == "render.queue_full"


async def test_another_tenant_sees_nothing_of_a_film(farm: Farm) -> None:
    made = await farm.create("a")
    stranger = {"X-Test-Tenant": str(UUID(int=0xB2))}
    for method, path in (("GET", ""), ("GET", "/events"), ("POST", "/cancel"), ("POST", "/retry")):
        answer = await farm.http.request(method, f"/v1/render-jobs/{made.id}{path}", headers=stranger)
        assert (answer.status_code, answer.json()["code"]) == (404, "render.job_not_found")
    assert (await farm.http.get("/v1/render-jobs", headers=stranger)).json()["items"] == []
    assert (await farm.http.get("/v1/admin/render-jobs", headers=stranger)).json()["items"] == []


@pytest.mark.parametrize("name", ["crash_dna", "crash_downloader"])
async def test_a_scene_that_kills_the_engine_fails_its_film_by_name_and_the_next_one_succeeds(
    farm: Farm, name: str
) -> None:
    path = Path(__file__).parents[3] / "shared" / "corpus" / "lottie" / f"{name}.json"
    if not path.exists():
        pytest.skip("the public test files are not beside this checkout")
    farm.templates.add(name, path.read_bytes(), 20)
    async with farm.real_node():
        made = await farm.create("c", name)
        job = await farm.until(made.id, "failed", within_s=90)
        assert job["error_code"] in ("engine_crashed", "engine_refused")
        assert name in job["error_message"]
        after = await farm.create("a")
        await farm.until(after.id, "completed")

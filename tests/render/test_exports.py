"""Outputs of films: several from one render, their end and their renewal, deletion, links, profiles of a tenant's own."""

from typing import Any
from uuid import UUID

import pytest

from flatrender.kit.ids import DEFAULT_TENANT_ID
from flatrender.services.render.service.exports import Exports
from tests.engine_film.conftest import film_numbers
from tests.render.farm import Farm
from tests.service_doubles import OTHER_TENANT_ID

pytestmark = pytest.mark.asyncio(loop_scope="module")


def outputs_of(job: dict[str, Any]) -> list[tuple[int, str, str]]:
    return [(output["output"], output["profile"], output["status"]) for output in job["outputs"]]


def path_of(farm: Farm, export: dict[str, Any]):
    path = farm.objects.local_path(farm.files.stored[UUID(export["file_id"])].object_key)
    assert path is not None
    return path


def sweeper(farm: Farm) -> Exports:
    assert farm.module is not None
    handler = farm.module.handlers["file.deleted"]
    exports = handler.__self__  # type: ignore[attr-defined]
    assert isinstance(exports, Exports)
    return exports


async def exports_of(farm: Farm) -> list[dict[str, Any]]:
    return (await farm.http.get("/v1/exports")).json()["items"]


async def test_one_press_makes_several_files_and_what_fails_leaves_the_others(farm: Farm) -> None:
    """A film, a smaller WebM that is drawn by itself, a GIF that comes from the film, and one whose profile goes while it waits."""
    farm.do(
        "INSERT INTO render.output_profiles (tenant_id, key, name, container, max_height) VALUES (%s, 'passing', '{}', 'webm', 64)",
        DEFAULT_TENANT_ID,
    )
    made = await farm.create("a", "c", profile="720p", outputs=["1080p-webm", "gif", "passing"])
    farm.do("DELETE FROM render.output_profiles WHERE key = 'passing'")
    queued = await farm.job(made.id)
    assert [output[1] for output in outputs_of(queued)] == ["720p", "1080p-webm", "gif", "passing"]
    async with farm.real_node():
        job = await farm.until(made.id, "completed", within_s=120)
    assert outputs_of(job) == [
        (0, "720p", "ready"),
        (1, "1080p-webm", "ready"),
        (2, "gif", "ready"),
        (3, "passing", "failed"),
    ]
    assert job["outputs"][3]["error_code"] == "settings_invalid"
    assert job["export"]["id"] == job["outputs"][0]["id"]
    drawn = farm.rows(
        "SELECT output_no, min(chunk_no), sum(frame_end - frame_start + 1) FROM render.frame_jobs GROUP BY 1 ORDER BY 1"
    )
    assert drawn == [(0, 0, 50), (1, 100_000, 50)], "the GIF is not drawn again"
    listed = {export["profile"]: export for export in await exports_of(farm)}
    assert set(listed) == {"720p", "1080p-webm", "gif", "passing"}
    numbers = [*range(30), *range(200, 220)]
    assert film_numbers(path_of(farm, listed["720p"])) == numbers
    assert film_numbers(path_of(farm, listed["1080p-webm"])) == numbers
    assert path_of(farm, listed["gif"]).read_bytes()[:6] == b"GIF89a"
    assert listed["gif"]["container"] == "gif"
    assert listed["1080p-webm"]["codecs"].startswith("vp9")
    assert all(export["poster_url"] and export["title"] == "a film" for export in listed.values())
    name = farm.files.stored[UUID(listed["gif"]["file_id"])].name
    assert name == "a film-gif.gif"
    told = farm.rows("SELECT payload ->> 'export_ids' FROM render.outbox_events WHERE event_type = 'export.ready'")
    assert len(told) == 3
    left = [
        path for path in (farm.folder / "objects" / "films").rglob("*") if path.is_file() and str(made.id) in str(path)
    ]
    assert left == [], "what was made for the files service is removed when that has its own"


async def test_an_output_that_no_node_can_draw_fails_alone(farm: Farm) -> None:
    made = await farm.create("c", profile="720p", outputs=["1080p-webm"])
    hand = await farm.hand_node()
    while True:
        work = await hand.claim(wait_s=2.0)
        if work is None:
            break
        number = farm.row("SELECT output_no FROM render.frame_jobs WHERE id = %s", work.lease.id)[0]
        if number == 1:
            assert (await hand.fail(work, "content", code="settings_invalid")).status_code == 200
        else:
            assert (await hand.fail(work, "lost")).status_code == 200
            break
        if farm.row("SELECT status FROM render.exports WHERE output_no = 1")[0] == "failed":
            break
    farm.do("UPDATE render.exports SET status = 'failed', error_code = 'x' WHERE output_no = 1 AND status = 'pending'")
    async with farm.real_node():
        job = await farm.until(made.id, "completed")
    assert outputs_of(job) == [(0, "720p", "ready"), (1, "1080p-webm", "failed")]


@pytest.mark.parametrize(
    ("outputs", "code"),
    [
        (["8k"], "render.unknown_profile"),
        (["gif", "gif"], "render.output_twice"),
        (["480p", "720p", "1080p", "2160p", "gif", "webp"], "render.too_many_outputs"),
    ],
    ids=["unknown", "twice", "many"],
)
async def test_outputs_that_cannot_be_had_together_are_refused_before_anything_is_made(
    farm: Farm, outputs, code
) -> None:
    from flatrender.kit.errors import Refused

    with pytest.raises(Refused) as refused:
        await farm.create("a", outputs=outputs)
    assert refused.value.code == code
    assert farm.row("SELECT count(*) FROM render.render_jobs") == (0,)


async def test_a_film_expires_is_told_of_before_comes_back_and_is_made_again_when_its_file_is_gone(farm: Farm) -> None:
    """The whole life: warned, expired, renewed while the file is kept, expired again, removed, made again without drawing a frame."""
    made = await farm.create("c", profile="720p")
    async with farm.real_node():
        await farm.until(made.id, "completed")
    (export,) = await exports_of(farm)
    url = f"/v1/exports/{export['id']}"
    exports = sweeper(farm)
    assert farm.row(
        "SELECT round(extract(epoch FROM expires_at - now()) / 86400) FROM render.exports WHERE kind = 'video'"
    ) == (90,)
    assert (await exports.warn(), await exports.expire()) == (0, 0)

    farm.do("UPDATE render.exports SET expires_at = now() + interval '2 days'")
    assert (await exports.warn(), await exports.warn()) == (1, 0), "an owner is told once"
    told = farm.row("SELECT payload FROM render.outbox_events WHERE event_type = 'export.expiring'")[0]
    assert (told["job_id"], told["title"], told["export_ids"]) == (str(made.id), "a film", [export["id"]])

    farm.do("UPDATE render.exports SET expires_at = now() - interval '1 minute'")
    assert (await farm.http.post(f"{url}/download-url", json={})).json()["code"] == "render.export_expired"
    assert await exports.expire() == 2, "the film and its poster"
    assert (await farm.job(made.id))["export"] is None
    assert (await farm.http.get(url)).json()["status"] == "expired"
    assert await exports.remove() == 0, "its file is kept for a while"

    renewed = await farm.http.post(f"{url}/renew")
    assert (renewed.status_code, renewed.json()["status"], renewed.json()["file_id"]) == (
        200,
        "ready",
        export["file_id"],
    )
    assert (await farm.job(made.id))["export"]["poster_url"]

    farm.do("UPDATE render.exports SET expires_at = now() - interval '1 minute'")
    await exports.expire()
    farm.do("UPDATE render.exports SET expired_at = now() - interval '8 days'")
    assert await exports.remove() == 2
    assert farm.files.stored == {} or UUID(export["file_id"]) not in farm.files.stored
    assert (await farm.http.get(url)).json()["status"] == "removed"

    key = {"Idempotency-Key": "once"}
    again = await farm.http.post(f"{url}/renew", headers=key)
    assert (again.status_code, again.json()["status"]) == (200, "pending")
    assert (await farm.http.post(f"{url}/renew", headers=key)).status_code == 200
    assert (await farm.http.post(f"{url}/renew")).json()["code"] == "render.film_busy"
    job = await farm.until(made.id, "completed")
    assert outputs_of(job) == [(0, "720p", "ready")]
    assert farm.row("SELECT sum(epoch), count(*) FROM render.frame_jobs") == (0, 1), (
        "its segments were still there: no node was asked"
    )
    assert film_numbers(farm.film_path(job)) == [*range(200, 220)]


async def test_a_renewal_that_fails_leaves_the_film_as_it_was(farm: Farm) -> None:
    made = await farm.create("c", profile="720p", outputs=["480p"])
    async with farm.real_node():
        job = await farm.until(made.id, "completed")
    second = job["outputs"][1]["id"]
    exports = sweeper(farm)
    farm.do("UPDATE render.exports SET status = 'expired', expired_at = now() - interval '30 days' WHERE output_no = 1")
    assert await exports.remove() == 1
    farm.templates.refused.add("c")
    assert (await farm.http.post(f"/v1/exports/{second}/renew")).status_code == 200
    job = await farm.until(made.id, "completed")
    assert outputs_of(job) == [(0, "720p", "ready"), (1, "480p", "failed")]
    assert job["error_code"] is None
    farm.templates.refused.clear()
    assert (await farm.http.post(f"/v1/exports/{second}/renew")).status_code == 200
    assert outputs_of(await farm.until(made.id, "completed"))[1] == (1, "480p", "ready")


async def test_a_link_counts_ends_with_the_file_and_is_nobody_elses(farm: Farm) -> None:
    made = await farm.create("c", profile="720p")
    async with farm.real_node():
        await farm.until(made.id, "completed")
    (export,) = await exports_of(farm)
    url = f"/v1/exports/{export['id']}"
    link = await farm.http.post(f"{url}/download-url", json={"life_s": 3600, "filename": "فیلم من.mp4"})
    assert link.status_code == 200
    assert "life=3600&name=فیلم من.mp4" in link.json()["url"]
    farm.do("UPDATE render.exports SET expires_at = now() + interval '10 minutes'")
    short = (await farm.http.post(f"{url}/download-url", json={"life_s": 604_800})).json()["url"]
    assert 500 < int(short.split("life=")[1].split("&")[0]) <= 600, "a link does not outlive its file"
    assert (await farm.http.get(url)).json()["download_count"] == 2
    stranger = {"X-Test-Tenant": str(OTHER_TENANT_ID)}
    for method, path in (("GET", url), ("DELETE", url), ("POST", f"{url}/renew"), ("POST", f"{url}/download-url")):
        answer = await farm.http.request(method, path, headers=stranger, json={} if path.endswith("url") else None)
        assert (answer.status_code, answer.json()["code"]) == (404, "render.export_not_found")
    assert (await farm.http.delete(url)).status_code == 204
    assert UUID(export["file_id"]) not in farm.files.stored
    assert (await farm.http.get(url)).status_code == 404
    assert await exports_of(farm) == []


async def test_a_tenants_own_profile_is_checked_offered_and_takes_the_place_of_the_platforms(farm: Farm) -> None:
    own = {"X-Test-Tenant": str(OTHER_TENANT_ID)}
    body = {
        "key": "720p",
        "name": {"fa": "خودمان", "en": "Ours"},
        "container": "webm",
        "video_codec": "vp9",
        "max_height": 540,
    }
    base = "/v1/admin/output-profiles"
    made = await farm.http.post(base, json=body | {"watermark": True, "bitrate_kbps": 900}, headers=own)
    assert made.status_code == 201, made.text
    offered = {p["key"]: p for p in (await farm.http.get("/v1/output-profiles", headers=own)).json()["items"]}
    assert (offered["720p"]["container"], offered["720p"]["max_height"], offered["720p"]["has_watermark"]) == (
        "webm",
        540,
        True,
    )
    assert {p["key"]: p for p in (await farm.http.get("/v1/output-profiles")).json()["items"]}["720p"][
        "container"
    ] == "mp4"
    assert (await farm.http.post(base, json=body, headers=own)).json()["code"] == "render.name_taken"
    for wrong in (
        {"container": "mp4", "video_codec": "vp9"},
        {"container": "gif", "video_codec": "gif", "bitrate_kbps": 900},
        {"container": "mp4", "video_codec": "av1", "bitrate_kbps": 900},
        {"container": "mp4", "video_codec": "h264", "pixel_format": "yuva420p"},
        {"max_height": 4320},
    ):
        answer = await farm.http.post(base, json=body | {"key": "x"} | wrong, headers=own)
        assert (answer.status_code, answer.json()["code"]) == (422, "render.profile_invalid"), wrong
    change = {name: value for name, value in body.items() if name != "key"} | {"is_active": False}
    assert (await farm.http.put(f"{base}/720p", json=change, headers=own)).status_code == 428
    version = {"If-Match": f'"{made.json()["row_version"]}"', **own}
    changed = await farm.http.put(f"{base}/720p", json=change, headers=version)
    assert (changed.status_code, changed.json()["is_active"], changed.json()["bitrate_kbps"]) == (200, False, None)
    assert (await farm.http.put(f"{base}/720p", json=change, headers=version)).status_code == 412
    assert (await farm.http.delete(f"{base}/720p", headers=own)).status_code == 204
    assert (await farm.http.delete(f"{base}/720p", headers=own)).json()["code"] == "render.profile_not_found"
    assert {p["key"]: p for p in (await farm.http.get("/v1/output-profiles", headers=own)).json()["items"]}["720p"][
        "container"
    ] == "mp4"


async def test_every_profile_of_the_platform_is_one_that_the_engine_makes(farm: Farm) -> None:
    from flatrender.services.render.queries.profiles import ProfileValues
    from flatrender.services.render.service.profiles import check

    items = (await farm.http.get("/v1/admin/output-profiles")).json()["items"]
    assert len(items) == len((await farm.http.get("/v1/output-profiles")).json()["items"]) == 19
    for item in items:
        check(item["key"], ProfileValues(**{name: item[name] for name in ProfileValues.__struct_fields__}))
    assert {item["container"] for item in items} == {"mp4", "mov", "webm", "gif", "webp", "apng", "png_seq", "jpeg_seq"}

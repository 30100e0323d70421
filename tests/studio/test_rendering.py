"""Pressing render: one revision, one job; what is missing is named; a peer that is down loses nothing."""

import asyncio
import copy
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from flatrender.contracts.content import TemplateDetails, TemplateField
from flatrender.kit.errors import Refused
from flatrender.kit.ids import DEFAULT_TENANT_ID
from flatrender.services.studio.forms import new_document as fresh
from flatrender.services.studio.rendering import check_complete
from flatrender.services.studio.schemas import CreateBody
from tests.database_server import DatabaseCopy
from tests.service_doubles import OTHER_TENANT_ID, caller_of
from tests.studio.conftest import Studio, body_of, new_document, version


async def press(client: Any, document: dict[str, Any], profile: str = "draft", **headers: str) -> Any:
    return await client.post(f"/v1/saved-projects/{document['id']}/render", json={"profile": profile}, headers=headers)


def revisions(copy_: DatabaseCopy, document: dict[str, Any]) -> int:
    with copy_.connect() as conn:
        row = conn.execute(
            "SELECT count(*) FROM studio.saved_project_revisions WHERE saved_project_id = %s", (document["id"],)
        ).fetchone()
    assert row is not None
    return int(row[0])


async def test_two_presses_at_the_same_moment_are_one_job(studio: Studio, module_database: DatabaseCopy) -> None:
    async with studio.client() as client:
        document = await new_document(client)
        answers = await asyncio.gather(*(press(client, document) for _ in range(4)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert revisions(module_database, document) == 1


async def test_another_profile_or_another_document_is_another_film(
    studio: Studio, module_database: DatabaseCopy
) -> None:
    async with studio.client() as client:
        document = await new_document(client)
        draft = (await press(client, document)).json()
        full = (await press(client, document, "1080p")).json()
        body = body_of(document)
        body["scenes"] = body["scenes"][:-1] if not document["scenes"] else body["scenes"]
        body["audio"]["music_volume"] = 0.1
        saved = (await client.put(f"/v1/saved-projects/{document['id']}", json=body, headers=version(document))).json()
        changed = (await press(client, saved, "1080p")).json()
    assert len({draft["id"], full["id"], changed["id"]}) == 3
    assert revisions(module_database, document) == 3


async def test_a_film_that_is_over_can_be_pressed_again(studio: Studio) -> None:
    async with studio.client() as client:
        document = await new_document(client)
        first = (await press(client, document)).json()
        for status in ("failed", "canceled", "completed"):
            studio.render.set_status(status)
            again = (await press(client, document)).json()
            assert again["id"] != first["id"]
            first = again


async def test_when_render_is_down_the_press_can_be_repeated_and_is_one_job(
    studio: Studio, module_database: DatabaseCopy
) -> None:
    async with studio.client() as client:
        document = await new_document(client)
        studio.render.down = True
        answer = await press(client, document)
        assert (answer.status_code, answer.json()["code"]) == (503, "peer_unavailable")
        assert answer.headers["retry-after"] == "2"
        studio.render.down = False
        studio.render.create_down = True
        assert (await press(client, document)).status_code == 503
        studio.render.create_down = False
        assert (await press(client, document)).status_code == 202
    assert len(studio.render.requests) == 1
    assert revisions(module_database, document) == 1


async def test_the_same_key_is_the_same_job_even_after_edits(studio: Studio) -> None:
    async with studio.client() as client:
        document = await new_document(client)
        first = await press(client, document, **{"Idempotency-Key": "press-1"})
        studio.render.set_status("completed")
        again = await press(client, document, **{"Idempotency-Key": "press-1"})
        assert again.json()["id"] == first.json()["id"]
        reused = await press(client, document, "720p", **{"Idempotency-Key": "press-1"})
    assert (reused.status_code, reused.json()["code"]) == (422, "idempotency_key_reused")


async def test_the_frozen_film_has_the_values_the_colours_and_the_volumes(studio: Studio) -> None:
    me = caller_of().user_id
    voice = studio.files.put(DEFAULT_TENANT_ID, b"voice", kind="audio", duration_ms=2000, owner=me)
    ping = studio.files.put(DEFAULT_TENANT_ID, b"ping", kind="audio", duration_ms=300, owner=me)
    async with studio.client() as client:
        document = await new_document(client)
        template = (await client.get("/v1/projects/promo")).json()
        field = next(f for f in template["scenes"][0]["fields"] if f["type"] == "text")
        slot = template["color_slots"][0]["key"]
        body = copy.deepcopy(body_of(document))
        body["locale"] = "en"
        body["palette"][slot] = "#ABCDEF"
        body["scenes"][0] |= {"values": {field["key"]: "Hello"}, "colors": {slot: "#010203"}, "duration_frames": 50}
        body["audio"] |= {
            "music_volume": 0.5,
            "music_fade_out_ms": 900,
            "voiceover_track_id": str(voice),
            "voiceover_volume": 1.5,
            "voiceover_start_ms": 700,
            "sfx_volume": 0.5,
            "sfx": [{"track_id": str(ping), "start_ms": 1200, "volume": 0.8}],
        }
        saved = await client.put(f"/v1/saved-projects/{document['id']}", json=body, headers=version(document))
        assert saved.status_code == 200, saved.text
        assert (await press(client, saved.json(), "720p")).status_code == 202
        mine = (await client.get("/v1/audio/library", params={"kind": "voiceover"})).json()["items"]
    request = studio.render.requests[-1]
    first, second = request.input.scenes[:2]
    assert first.values == {field["key"]: "Hello"}
    assert (first.colors[slot], second.colors[slot]) == ("#010203", "#abcdef")
    assert (first.duration_frames, first.locale) == (50, "en")
    assert [(t.kind, t.volume, t.start_ms, t.loop, t.fade_out_ms) for t in request.input.tracks] == [
        ("music", 0.5, 0, True, 900),
        ("voiceover", 1.5, 700, False, 0),
        ("sfx", 0.4, 1200, False, 0),
    ]
    assert (request.music_volume, request.sfx_volume, request.voiceover_volume) == (0.5, 0.5, 1.5)
    assert request.has_voiceover
    assert (request.input.width, request.input.height, request.input.fps) == (1920, 1080, template["fps"])
    assert [(track["id"], track["duration_ms"]) for track in mine] == [(str(voice), 2000)]


async def test_effects_that_are_switched_off_are_not_in_the_film(studio: Studio) -> None:
    ping = studio.files.put(DEFAULT_TENANT_ID, b"ping", kind="audio", duration_ms=300, owner=caller_of().user_id)
    async with studio.client() as client:
        document = await new_document(client)
        body = body_of(document)
        body["audio"] |= {"sfx_enabled": False, "music_track_id": None, "sfx": [{"track_id": str(ping)}]}
        saved = (await client.put(f"/v1/saved-projects/{document['id']}", json=body, headers=version(document))).json()
        await press(client, saved)
    assert studio.render.requests[-1].input.tracks == []
    assert saved["audio"]["sfx"] == [{"track_id": str(ping), "start_ms": 0, "volume": 1.0}]


async def test_another_tenants_film_says_whose_the_music_is(studio: Studio) -> None:
    async with studio.client(OTHER_TENANT_ID) as client:
        document = await new_document(client)
        assert (await press(client, document)).status_code == 202
    (music,) = studio.render.requests[-1].input.tracks
    assert music.owner_tenant_id == DEFAULT_TENANT_ID
    assert (DEFAULT_TENANT_ID, music.file_id) in studio.files.stored


async def test_a_document_without_scenes_makes_no_film(studio: Studio) -> None:
    async with studio.client() as client:
        document = await new_document(client)
        body = {**body_of(document), "scenes": []}
        saved = await client.put(f"/v1/saved-projects/{document['id']}", json=body, headers=version(document))
        assert saved.json()["duration_frames"] is None
        answer = await press(client, saved.json())
    assert (answer.status_code, answer.json()["code"]) == (422, "studio.no_scenes")


async def test_a_picture_that_was_deleted_since_is_named(studio: Studio) -> None:
    picture = studio.files.put(DEFAULT_TENANT_ID, b"picture", kind="image", owner=caller_of().user_id)
    async with studio.client() as client:
        template = (await client.get("/v1/projects/promo")).json()
        place, key = next(
            (n, f["key"]) for n, s in enumerate(template["scenes"]) for f in s["fields"] if f["type"] == "image"
        )
        document = await new_document(client)
        body = body_of(document)
        body["scenes"][place]["values"][key] = str(picture)
        saved = (await client.put(f"/v1/saved-projects/{document['id']}", json=body, headers=version(document))).json()
        del studio.files.stored[DEFAULT_TENANT_ID, picture]
        answer = await press(client, saved)
    assert (answer.status_code, answer.json()["code"]) == (422, "studio.missing_asset")
    assert answer.json()["errors"][0]["field"] == f"scenes.{place}.values.{key}"


def required(field: TemplateField) -> TemplateField:
    return msgspec.structs.replace(field, is_required=True, default=None)


async def test_required_fields_and_scenes_are_named_when_they_are_missing(studio: Studio) -> None:
    from uuid import UUID

    async with studio.client() as client:
        project = (await client.get("/v1/projects/promo")).json()
    (template,) = await studio.content.api.template_details(
        tenant_id=DEFAULT_TENANT_ID, project_ids=[UUID(project["id"])]
    )
    scenes = [
        msgspec.structs.replace(
            scene, is_required=number == 0, can_repeat=False, fields=[required(field) for field in scene.fields]
        )
        for number, scene in enumerate(template.scenes)
    ]
    strict: TemplateDetails = msgspec.structs.replace(template, scenes=scenes)
    empty = fresh(strict, CreateBody(project_id=template.project_id), "fa")
    with pytest.raises(Refused) as missing:
        check_complete(strict, empty)
    assert missing.value.code == "studio.field_required"
    first = scenes[0]
    assert missing.value.fields[0][0] == f"scenes.0.values.{first.fields[0].key}"
    assert first.key in missing.value.fields[0][1]
    assert first.fields[0].key in missing.value.fields[0][1]
    without = msgspec.structs.replace(empty, scenes=[empty.scenes[1]])
    with pytest.raises(Refused) as scene_missing:
        check_complete(strict, without)
    assert scene_missing.value.code == "studio.scene_required"
    twice = msgspec.structs.replace(empty, scenes=[*empty.scenes, empty.scenes[1]])
    with pytest.raises(Refused) as repeated:
        check_complete(strict, twice)
    assert (repeated.value.code, repeated.value.fields[0][0]) == (
        "studio.scene_not_repeatable",
        f"scenes.{len(empty.scenes)}",
    )


async def test_a_revision_older_than_the_newest_job_is_not_taken_for_a_waiting_one(studio: Studio) -> None:
    async with studio.client() as client:
        document = await new_document(client)
        first = (await press(client, document)).json()
        other = (await press(client, document, "720p")).json()
        studio.render.jobs = {
            key: msgspec.structs.replace(job, status="completed", queued_at=datetime.now(UTC) + timedelta(seconds=1))
            for key, job in studio.render.jobs.items()
        }
        again = (await press(client, document, "720p")).json()
    assert len({first["id"], other["id"], again["id"]}) == 3

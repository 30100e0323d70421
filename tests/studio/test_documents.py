"""The document: made from a template, saved as a whole, loaded as it was saved."""

import json
import time
from uuid import UUID, uuid4

import pytest

from flatrender.kit.errors import Refused
from flatrender.kit.ids import DEFAULT_TENANT_ID
from tests.service_doubles import OTHER_TENANT_ID, THIRD_TENANT_ID, caller_of
from tests.studio.conftest import Studio, body_of, new_document, version


async def test_a_new_document_has_all_scenes_the_presets_colours_the_music_and_no_values_of_its_own(
    studio: Studio,
) -> None:
    async with studio.client() as client:
        template = (await client.get("/v1/projects/promo")).json()
        document = await new_document(client)
    assert [scene["scene_key"] for scene in document["scenes"]] == [scene["key"] for scene in template["scenes"]]
    assert all(scene["values"] == {} for scene in document["scenes"])
    assert document["palette"] == next(preset["colors"] for preset in template["presets"] if preset["is_default"])
    assert document["audio"]["music_track_id"] == template["music"][0]["track_id"]
    assert document["duration_frames"] == sum(scene["duration_frames"] for scene in template["scenes"])
    assert document["title"] == template["title"]["fa"]


async def test_a_saved_document_is_loaded_as_it_was_saved(studio: Studio) -> None:
    async with studio.client() as client:
        document = await new_document(client)
        body = body_of(document)
        body["title"] = "فیلم من"
        body["scenes"] = [
            body["scenes"][2],
            {**body["scenes"][0], "duration_frames": 45},
            {**body["scenes"][2], "id": None},
        ]
        body["audio"]["music_volume"] = 0.25
        saved = await client.put(f"/v1/saved-projects/{document['id']}", json=body, headers=version(document))
        assert saved.status_code == 200, saved.text
        loaded = (await client.get(f"/v1/saved-projects/{document['id']}")).json()
    assert loaded == saved.json()
    assert [scene["id"] for scene in loaded["scenes"]][:2] == [document["scenes"][2]["id"], document["scenes"][0]["id"]]
    assert loaded["row_version"] > document["row_version"]
    assert saved.headers["etag"] == f'"{loaded["row_version"]}"'
    stripped = body_of(loaded)
    for scene in (*stripped["scenes"], *body["scenes"]):
        scene.pop("id")
    assert stripped == body


async def test_a_preview_of_unsaved_persian_text_comes_back_with_its_glyphs(studio: Studio) -> None:
    async with studio.client() as client:
        document = await new_document(client)
        template = (await client.get("/v1/projects/promo")).json()
        scene = template["scenes"][0]
        field = next(f for f in scene["fields"] if f["type"] in ("text", "textarea"))
        answer = await client.post(
            f"/v1/saved-projects/{document['id']}/preview",
            json={
                "scene": {"scene_key": scene["key"], "values": {field["key"]: "سلام دنیا"}, "colors": {}},
                "max_width": 960,
            },
        )
    assert answer.status_code == 200, answer.text
    resolved = answer.json()
    assert resolved["lottie"]["chars"]
    assert resolved["frames"] == scene["duration_frames"]
    assert (resolved["width"], resolved["height"]) == (1920, 1080)


async def test_a_background_of_ones_own_is_saved_and_shown(studio: Studio) -> None:
    stops = [{"color": "#112233", "at": 0}, {"color": "#ddeeff", "at": 1}]
    async with studio.client() as client:
        document = await new_document(client)
        body = body_of(document)
        body["scenes"][0]["values"]["@background"] = {"gradient": {"angle": 45, "stops": stops}}
        url = f"/v1/saved-projects/{document['id']}"
        saved = await client.put(url, json=body, headers=version(document))
        assert saved.status_code == 200, saved.text
        assert saved.json()["scenes"][0]["values"]["@background"]["gradient"]["stops"] == stops
        plain = body["scenes"][0] | {"values": {}}
        shown = [
            (await client.post(f"{url}/preview", json={"scene": scene})).json() for scene in (plain, body["scenes"][0])
        ]
        names = [{layer.get("nm") for layer in scene["lottie"]["layers"]} for scene in shown]
        assert ["flatrender-background-gradient" in found for found in names] == [False, True]
        body["scenes"][0]["values"] = {"@elsewhere": "#112233"}
        assert (await client.put(url, json=body, headers=version(saved.json()))).status_code == 422


async def test_scenes_give_way_as_was_chosen_and_the_film_is_shorter_by_it(studio: Studio) -> None:
    async with studio.client() as client:
        document = await new_document(client)
        fps = (await client.get("/v1/projects/promo")).json()["fps"]
        body = body_of(document)
        body["scenes"][0]["transition"] = {"kind": "push", "duration_ms": 500, "direction": "right"}
        body["scenes"][-1]["transition"] = {"kind": "fade", "duration_ms": 1000, "color": "#112233"}
        url = f"/v1/saved-projects/{document['id']}"
        saved = (await client.put(url, json=body, headers=version(document))).json()
        push = {"kind": "push", "duration_ms": 500, "direction": "right", "color": "#000000"}
        assert saved["scenes"][0]["transition"] == push
        assert saved["scenes"][1]["transition"] is None
        assert document["duration_frames"] - saved["duration_frames"] == round(fps / 2)
        copy_ = (await client.post(f"{url}/duplicate")).json()
        assert [scene["transition"] for scene in copy_["scenes"]] == [scene["transition"] for scene in saved["scenes"]]
        assert (await client.post(f"{url}/render", json={"profile": "draft"})).status_code == 202
        asked = studio.render.requests[-1].input.transitions
        assert [one.kind for one in asked] == ["push"] + ["cut"] * (len(body["scenes"]) - 2)
        assert (asked[0].duration_ms, asked[0].direction) == (500, "right")
        for wrong in ({"kind": "spin"}, {"kind": "fade", "color": "red"}, {"kind": "push", "duration_ms": 10**6}):
            body["scenes"][0]["transition"] = wrong
            assert (await client.put(url, json=body, headers=version(saved))).status_code == 422


async def test_pressing_render_freezes_the_document_and_makes_one_job(studio: Studio) -> None:
    async with studio.client() as client:
        document = await new_document(client)
        first = await client.post(f"/v1/saved-projects/{document['id']}/render", json={"profile": "draft"})
        assert first.status_code == 202, first.text
        second = await client.post(f"/v1/saved-projects/{document['id']}/render", json={"profile": "draft"})
    assert first.json()["id"] == second.json()["id"]
    assert len(studio.render.requests) == 1
    film = studio.render.requests[0].input
    assert [scene.scene_key for scene in film.scenes] == [scene["scene_key"] for scene in document["scenes"]]
    assert [track.kind for track in film.tracks] == ["music"]


async def test_a_scene_id_that_is_not_the_documents_own_becomes_a_new_one(studio: Studio) -> None:
    async with studio.client() as client:
        theirs = await new_document(client)
        document = await new_document(client)
        body = body_of(document)
        body["scenes"] = [
            {**body["scenes"][0], "id": theirs["scenes"][0]["id"], "duration_frames": 33},
            body["scenes"][1],
            body["scenes"][1],
        ]
        saved = (await client.put(f"/v1/saved-projects/{document['id']}", json=body, headers=version(document))).json()
        assert (await client.get(f"/v1/saved-projects/{theirs['id']}")).json() == theirs
    ids = [scene["id"] for scene in saved["scenes"]]
    assert len(set(ids)) == 3
    assert theirs["scenes"][0]["id"] not in ids
    assert ids[1] == document["scenes"][1]["id"]


async def test_nulls_are_values_that_were_taken_back(studio: Studio) -> None:
    async with studio.client() as client:
        document = await new_document(client)
        body = body_of(document)
        body["scenes"][0]["values"] = {"headline": None, "whatever": None}
        body["palette"] = dict.fromkeys(body["palette"])
        saved = (await client.put(f"/v1/saved-projects/{document['id']}", json=body, headers=version(document))).json()
    assert saved["scenes"][0]["values"] == {}
    assert saved["palette"] == {}


async def test_a_copy_is_equal_and_its_own(studio: Studio) -> None:
    async with studio.client() as client:
        document = await new_document(client)
        copies = [
            (
                await client.post(f"/v1/saved-projects/{document['id']}/duplicate", headers={"Idempotency-Key": "copy"})
            ).json()
            for _ in range(2)
        ]
        assert copies[0] == copies[1]
        assert copies[0]["title"] == f"{document['title']} (2)"
        assert not {s["id"] for s in copies[0]["scenes"]} & {s["id"] for s in document["scenes"]}
        first, second = body_of(copies[0]), body_of(document)
        for body in (first, second):
            body.pop("title")
            for scene in body["scenes"]:
                scene.pop("id")
        assert first == second
        assert (await client.delete(f"/v1/saved-projects/{copies[0]['id']}")).status_code == 204
        assert (await client.get(f"/v1/saved-projects/{copies[0]['id']}")).status_code == 404
        assert (await client.delete(f"/v1/saved-projects/{copies[0]['id']}")).status_code == 404
        assert (await client.get(f"/v1/saved-projects/{document['id']}")).status_code == 200


async def test_a_repeated_creation_with_its_key_is_one_document(studio: Studio) -> None:
    async with studio.client() as client:
        project_id = (await client.get("/v1/projects/promo")).json()["id"]
        answers = [
            await client.post("/v1/saved-projects", json={"project_id": project_id}, headers={"Idempotency-Key": "one"})
            for _ in range(2)
        ]
    assert answers[0].json() == answers[1].json()


async def test_a_document_belongs_to_one_person_of_one_tenant(studio: Studio) -> None:
    async with studio.client() as client:
        document = await new_document(client)
    url = f"/v1/saved-projects/{document['id']}"
    for stranger in (studio.client(permissions=("none",)), studio.client(OTHER_TENANT_ID)):
        async with stranger as client:
            answers = [
                await client.get(url),
                await client.put(url, json=body_of(document), headers=version(document)),
                await client.delete(url),
                await client.post(f"{url}/duplicate"),
                await client.post(f"{url}/preview", json={"scene": {"scene_key": "opening"}}),
                await client.post(f"{url}/render", json={"profile": "draft"}),
            ]
            assert [answer.status_code for answer in answers] == [404] * 6
            assert {answer.json()["code"] for answer in answers} == {"studio.not_found"}
            listed = (await client.get("/v1/saved-projects")).json()["items"]
            assert document["id"] not in [item["id"] for item in listed]
    assert await studio.module.api.saved_projects(tenant_id=OTHER_TENANT_ID, ids=[UUID(document["id"])]) == {}
    briefs = await studio.module.api.saved_projects(tenant_id=DEFAULT_TENANT_ID, ids=[UUID(document["id"])])
    assert briefs[UUID(document["id"])].title == document["title"]


async def test_documents_are_listed_newest_first_in_pages(studio: Studio) -> None:
    async with studio.client(THIRD_TENANT_ID) as client:
        made = [(await new_document(client))["id"] for _ in range(3)]
        first = (await client.get("/v1/saved-projects", params={"limit": 2})).json()
        second = (await client.get("/v1/saved-projects", params={"limit": 2, "cursor": first["next_cursor"]})).json()
    assert [item["id"] for item in first["items"] + second["items"]] == made[::-1]


async def test_the_library_has_the_music_of_published_templates_for_every_tenant(studio: Studio) -> None:
    async with studio.client(OTHER_TENANT_ID) as client:
        found = (await client.get("/v1/audio/library", params={"kind": "music"})).json()["items"]
        music = [
            piece for slug in ("promo", "quote") for piece in (await client.get(f"/v1/projects/{slug}")).json()["music"]
        ]
    assert {track["id"] for track in found} == {piece["track_id"] for piece in music}
    assert all(track["url"].startswith("/p/") and track["duration_ms"] > 1000 and track["license"] for track in found)


async def test_when_files_is_down_the_library_has_no_addresses(studio: Studio) -> None:
    studio.files.down = True
    try:
        async with studio.client() as client:
            answer = await client.get("/v1/audio/library")
    finally:
        studio.files.down = False
    assert answer.status_code == 200
    assert {track["url"] for track in answer.json()["items"] if track["kind"] == "music"} == {None}


async def test_a_snapshot_of_a_draft_asks_for_the_scene_that_a_preview_shows(studio: Studio) -> None:
    async with studio.client() as client:
        document = await new_document(client)
    draft = {
        "saved_project_id": document["id"],
        "scene": {"scene_key": "opening", "values": {}, "colors": {"primary": "#ABCDEF"}},
        "frame": 3,
    }
    ask = studio.module.api.scene_request
    who = {"tenant_id": DEFAULT_TENANT_ID, "saved_project_id": UUID(document["id"])}
    request = await ask(user_id=caller_of().user_id, draft=json.dumps(draft).encode(), **who)
    assert request.scene_key == "opening"
    assert request.colors == {**document["palette"], "primary": "#abcdef"}
    assert await ask(user_id=uuid4(), draft=json.dumps(draft).encode(), **who) is None
    for broken in (b"{", b"[]", json.dumps({"scene": {"scene_key": 5}}).encode()):
        with pytest.raises(Refused) as refused:
            await ask(user_id=caller_of().user_id, draft=broken, **who)
        assert refused.value.code == "request_invalid"


async def test_previews_are_fast(studio: Studio) -> None:
    async with studio.client() as client:
        document = await new_document(client)
        template = (await client.get("/v1/projects/promo")).json()
        took = []
        for number in range(30):
            scene = template["scenes"][number % len(template["scenes"])]
            text = next((f["key"] for f in scene["fields"] if f["type"] == "text"), None)
            values = {text: f"تیتر {number}"} if text else {}
            before = time.perf_counter()
            answer = await client.post(
                f"/v1/saved-projects/{document['id']}/preview",
                json={"scene": {"scene_key": scene["key"], "values": values}, "max_width": 1280},
            )
            took.append((time.perf_counter() - before) * 1000)
            assert answer.status_code == 200
    typical = sorted(took[6:])[len(took[6:]) // 2]
    print(f"previews: median {typical:.0f} ms, slowest {max(took[6:]):.0f} ms")  # noqa: T201 - shown with -s
    # Typical is below 100 ms on a quiet machine; the bound leaves room for a busy one.
    assert typical < 500

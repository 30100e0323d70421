"""What does not fit a template is refused with its path; nothing of it is saved."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from flatrender.kit.ids import DEFAULT_TENANT_ID, new_id
from tests.service_doubles import OTHER_TENANT_ID, caller_of
from tests.studio.conftest import Studio, body_of, new_document, version

Change = Callable[[dict[str, Any]], None]


def put(*path: str | int, value: Any) -> Change:
    """Return a change of one member of a document."""

    def change(body: dict[str, Any]) -> None:
        place: Any = body
        for part in path[:-1]:
            place = place[part]
        place[path[-1]] = value

    return change


def field_of(template: dict[str, Any], kind: str) -> tuple[int, dict[str, Any]]:
    """Return a field of this type with the number of its scene."""
    return next(
        (number, field)
        for number, scene in enumerate(template["scenes"])
        for field in scene["fields"]
        if field["type"] == kind
    )


async def refused(studio: Studio, change: Change, code: str, path: str, *, slug: str = "promo") -> None:
    async with studio.client() as client:
        document = await new_document(client, slug)
        body = copy.deepcopy(body_of(document))
        change(body)
        answer = await client.put(f"/v1/saved-projects/{document['id']}", json=body, headers=version(document))
        assert answer.status_code == 422, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert problem["code"] == code, problem
        assert path in [error["field"] for error in problem["errors"]], problem
        loaded = (await client.get(f"/v1/saved-projects/{document['id']}")).json()
        assert loaded == document


@pytest.mark.parametrize(
    ("change", "code", "path"),
    [
        (put("scenes", 1, "scene_key", value="absent"), "studio.unknown_scene", "scenes.1.scene_key"),
        (put("scenes", 0, "values", value={"absent": "x"}), "studio.unknown_field", "scenes.0.values.absent"),
        (put("global_values", value={"absent": "x"}), "studio.unknown_field", "global_values.absent"),
        (put("palette", value={"absent": "#000000"}), "studio.unknown_field", "palette.absent"),
        (put("palette", value={"primary": 5}), "studio.wrong_type", "palette.primary"),
        (put("scenes", 2, "colors", value={"primary": "red"}), "studio.value_out_of_range", "scenes.2.colors.primary"),
        (put("size", value="3x3"), "studio.unknown_size", "size"),
        (put("audio", "music_track_id", value=str(new_id())), "studio.missing_asset", "audio.music_track_id"),
        (put("audio", "voiceover_track_id", value=str(new_id())), "studio.missing_asset", "audio.voiceover_track_id"),
        (put("audio", "sfx", value=[{"track_id": str(new_id())}]), "studio.missing_asset", "audio.sfx.0.track_id"),
        (put("scenes", 0, "duration_frames", value=35_990), "studio.value_out_of_range", "scenes"),
        (put("audio", "music_volume", value=2.1), "request_invalid", "body.audio.music_volume"),
        (put("audio", "sfx_volume", value=-0.1), "request_invalid", "body.audio.sfx_volume"),
        (put("scenes", 0, "duration_frames", value=0), "request_invalid", "body.scenes.0.duration_frames"),
        (put("status", value="rendered"), "request_invalid", "body.status"),
        (put("title", value="x" * 201), "request_invalid", "body.title"),
        (put("title", value="a\0b"), "request_invalid", "body.title"),
        (put("locale", value="farsi!"), "request_invalid", "body.locale"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_document_that_does_not_fit_is_refused_with_the_path(
    studio: Studio, change: Change, code: str, path: str
) -> None:
    await refused(studio, change, code, path)


async def test_a_value_of_the_wrong_type_is_refused_with_its_path(studio: Studio) -> None:
    async with studio.client() as client:
        template = (await client.get("/v1/projects/promo")).json()
    for kind, value in (("text", 5), ("image", 5)):
        number, field = field_of(template, kind)
        change = put("scenes", number, "values", field["key"], value=value)
        await refused(studio, change, "studio.wrong_type", f"scenes.{number}.values.{field['key']}")


async def test_more_than_a_hundred_scenes_are_refused_and_a_hundred_are_saved(studio: Studio) -> None:
    async with studio.client() as client:
        document = await new_document(client)
        body = body_of(document)
        body["scenes"] = [{**body["scenes"][1], "id": None} for _ in range(100)]
        saved = await client.put(f"/v1/saved-projects/{document['id']}", json=body, headers=version(document))
        assert saved.status_code == 200, saved.text
        assert len({scene["id"] for scene in saved.json()["scenes"]}) == 100
        body["scenes"].append(body["scenes"][0])
        answer = await client.put(f"/v1/saved-projects/{document['id']}", json=body, headers=version(saved.json()))
    assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid")


async def test_all_that_is_wrong_is_said_at_once(studio: Studio) -> None:
    async with studio.client() as client:
        document = await new_document(client)
        body = body_of(document)
        body["palette"] = {"absent": "#000000"}
        body["scenes"][0]["values"] = {"nothing": 1}
        answer = await client.put(f"/v1/saved-projects/{document['id']}", json=body, headers=version(document))
    assert [error["field"] for error in answer.json()["errors"]] == ["palette.absent", "scenes.0.values.nothing"]


async def test_a_file_of_somebody_else_or_of_another_kind_is_refused(studio: Studio) -> None:
    somebody = caller_of(permissions=("none",)).user_id
    theirs = studio.files.put(DEFAULT_TENANT_ID, b"picture", kind="image", owner=somebody)
    abroad = studio.files.put(OTHER_TENANT_ID, b"picture", kind="image")
    sound = studio.files.put(DEFAULT_TENANT_ID, b"sound", kind="audio", owner=caller_of().user_id)
    async with studio.client() as client:
        template = (await client.get("/v1/projects/promo")).json()
    number, field = field_of(template, "image")
    path = f"scenes.{number}.values.{field['key']}"
    for file_id, code in ((theirs, "missing_asset"), (abroad, "missing_asset"), (sound, "wrong_type")):
        change = put("scenes", number, "values", field["key"], value=str(file_id))
        await refused(studio, change, f"studio.{code}", path)
    await refused(
        studio, put("audio", "music_track_id", value=str(theirs)), "studio.missing_asset", "audio.music_track_id"
    )


async def test_saving_wants_the_version_that_one_has(studio: Studio) -> None:
    async with studio.client() as client:
        document = await new_document(client)
        url = f"/v1/saved-projects/{document['id']}"
        body = body_of(document)
        missing = await client.put(url, json=body)
        assert (missing.status_code, missing.json()["code"]) == (428, "if_match_required")
        broken = await client.put(url, json=body, headers={"If-Match": '"x"'})
        assert (broken.status_code, broken.json()["code"]) == (400, "if_match_invalid")
        assert (await client.put(url, json=body, headers=version(document))).status_code == 200
        stale = await client.put(url, json=body, headers=version(document))
        assert (stale.status_code, stale.json()["code"]) == (412, "version_moved")


async def test_a_new_document_needs_a_template_size_and_preset_that_exist(studio: Studio) -> None:
    async with studio.client() as client:
        project_id = (await client.get("/v1/projects/promo")).json()["id"]
        for body, status, code in (
            ({"project_id": str(new_id())}, 404, "studio.template_not_found"),
            ({"project_id": project_id, "size": "3x3"}, 422, "studio.unknown_size"),
            ({"project_id": project_id, "preset": "absent"}, 422, "studio.unknown_preset"),
            ({"project_id": project_id, "owner": "me"}, 422, "request_invalid"),
        ):
            answer = await client.post("/v1/saved-projects", json=body)
            assert (answer.status_code, answer.json()["code"]) == (status, code)

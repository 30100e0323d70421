"""Traced previews: made from pictures, corrected by administrators, read by everybody who sees the template."""

import asyncio
import io
import json
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from httpx import AsyncClient
from PIL import Image, ImageDraw

from flatrender.engine.vector import tracing
from flatrender.engine.vector.drawing import from_svg
from flatrender.engine.vector.recoloring import ColorRule, recolored
from flatrender.kit.ids import DEFAULT_TENANT_ID
from flatrender.services.content.module import build
from tests.content.conftest import Content, small_template, zipped
from tests.service_doubles import OTHER_TENANT_ID, application, caller_of, client_of

SLOTS = {"ground": "#f5efe7", "brand": "#6d5df6", "mark": "#ffb454"}
NIGHT = {"ground": "#0b1020", "brand": "#1d9a74", "mark": "#e04890"}


def template() -> bytes:
    """Return a package with two scenes' worth of colours: a preset for each of the palettes."""
    slots = [{"key": key, "label": {"fa": key, "en": key}, "default": color} for key, color in SLOTS.items()]
    presets = [
        {"key": "day", "name": {"en": "Day"}, "colors": SLOTS, "is_default": True},
        {"key": "night", "name": {"en": "Night"}, "colors": NIGHT},
    ]
    files = small_template("traced", color_slots=slots, presets=presets)
    lottie = json.loads(files["scenes/main.json"])
    shapes = [
        {"ty": "gr", "nm": key, "it": [
            {"ty": "rc", "p": {"a": 0, "k": [0, 0]}, "s": {"a": 0, "k": [320, 180]}, "r": {"a": 0, "k": 0}},
            {"ty": "fl", "c": {"a": 0, "k": [0, 0, 0, 1], "sid": key}, "o": {"a": 0, "k": 100}},
            {"ty": "tr", "p": {"a": 0, "k": [160, 90]}, "a": {"a": 0, "k": [0, 0]}, "s": {"a": 0, "k": [100, 100]},
             "r": {"a": 0, "k": 0}, "o": {"a": 0, "k": 100}},
        ]}
        for key in SLOTS
    ]  # fmt: skip
    lottie["layers"].append({"ty": 4, "nm": "Shapes", "ind": 2, "ip": 0, "op": 60, "st": 0, "ks": {}, "shapes": shapes})
    return zipped({**files, "scenes/main.json": json.dumps(lottie).encode()})


def picture(palette: dict[str, str] = SLOTS, kind: str = "PNG") -> bytes:
    """Return a picture of the scene: a ground, a band and a disc."""
    drawn = Image.new("RGB", (640, 360), palette["ground"])
    draw = ImageDraw.Draw(drawn)
    draw.rectangle((0, 240, 640, 360), fill=palette["brand"])
    draw.ellipse((220, 60, 380, 220), fill=palette["mark"])
    out = io.BytesIO()
    drawn.save(out, kind)
    return out.getvalue()


SVG = f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 36"><script>alert(1)</script><rect width="64" height="36"
 fill="{SLOTS["ground"]}" onclick="alert(2)"/><circle cx="20" cy="18" r="9" fill="{SLOTS["brand"]}"/></svg>"""


async def imported(content: Content, client: AsyncClient, *, tenant: UUID = DEFAULT_TENANT_ID) -> dict[str, Any]:
    file_id = content.files.put(tenant, template(), name="traced.frt")
    answer = await client.post("/v1/admin/projects", json={"file_id": str(file_id)})
    assert answer.status_code == 201, answer.text
    project: dict[str, Any] = answer.json()
    assert project["scenes"][0]["color_slots"] == list(SLOTS)
    return project


async def traced(
    content: Content, client: AsyncClient, project: dict[str, Any], *, tenant: UUID = DEFAULT_TENANT_ID, **body: Any
) -> dict[str, Any]:
    file_id = content.files.put(tenant, picture(), name="a.png", kind="image")
    answer = await client.post(
        f"/v1/admin/projects/{project['id']}/svg-previews",
        json={"scene_id": project["scenes"][0]["id"], "file_id": str(file_id), **body},
    )
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def colors_of(preview: dict[str, Any], palette: dict[str, str]) -> list[str]:
    """Return the colours of the groups under a palette, as browsers work them out."""
    members = ("slot", "toward", "amount", "lighten", "chroma", "hue")
    return [
        recolored(group["color"], ColorRule(**{name: group[name] for name in members}), palette)
        for group in preview["groups"]
    ]


async def test_a_picture_becomes_a_drawing_whose_groups_follow_the_slots(content: Content) -> None:
    async with content.client() as client:
        project = await imported(content, client)
        preview = await traced(content, client, project)
        assert [group["slot"] for group in preview["groups"]] == ["ground", "brand", "mark"]
        assert colors_of(preview, NIGHT) == list(NIGHT.values())
        drawing, slots = from_svg(preview["svg"])
        assert slots == {0: "ground", 1: "brand", 2: "mark"}
        assert drawing.colors == tuple(SLOTS.values())
        assert (preview["path_count"], preview["bytes"]) == (len(drawing.shapes), len(preview["svg"]))
        assert (preview["scene_key"], preview["source"], preview["palette"]) == ("main", "file", SLOTS)
        listed = (await client.get(f"/v1/admin/projects/{project['id']}/svg-previews")).json()["items"]
        assert [item["id"] for item in listed] == [preview["id"]]
        assert "svg" not in listed[0]
        assert (await client.get(f"/v1/admin/svg-previews/{preview['id']}")).json() == preview


async def test_a_tracer_that_takes_too_long_is_the_machines_fault_and_may_be_asked_again(
    content: Content, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with content.client() as client:
        project = await imported(content, client)
        url = f"/v1/admin/projects/{project['id']}/svg-previews"
        monkeypatch.setattr(tracing, "DEADLINE_S", 0.001)
        failed = await client.post(url, json={"svg": SVG})
        assert (failed.status_code, failed.json()["code"]) == (503, "content.tracer_failed")
        assert int(failed.headers["retry-after"]) > 0
        monkeypatch.undo()
        assert (await client.post(url, json={"svg": SVG})).status_code == 201


async def test_the_picture_may_have_been_drawn_with_other_colors(content: Content) -> None:
    async with content.client() as client:
        project = await imported(content, client)
        file_id = content.files.put(DEFAULT_TENANT_ID, picture(NIGHT, "WEBP"), name="a.webp", kind="image")
        body = {"scene_id": project["scenes"][0]["id"], "file_id": str(file_id), "palette": NIGHT, "detail": "low"}
        answer = await client.post(f"/v1/admin/projects/{project['id']}/svg-previews", json=body)
        assert answer.status_code == 201, answer.text
        followed = [group["slot"] for group in answer.json()["groups"] if group["share"] > 0.02]
        assert followed == ["ground", "brand", "mark"]
        assert answer.json()["palette"] == NIGHT


async def test_the_scenes_own_snapshot_is_traced_where_it_lies(content: Content) -> None:
    async with content.client() as client:
        project = await imported(content, client)
        scene, url = project["scenes"][0], f"/v1/admin/projects/{project['id']}/svg-previews"
        missing = await client.post(url, json={"scene_id": scene["id"], "snapshot": True})
        assert (missing.status_code, missing.json()["code"]) == (422, "content.no_snapshot")
        from flatrender.contracts.files import StoreRequest

        request = StoreRequest(name="s.png", purpose="snapshot", content_type="image/png", data=picture(), public=True)
        (stored,) = await content.files.store(tenant_id=DEFAULT_TENANT_ID, requests=[request])
        async with content.database.tenant(DEFAULT_TENANT_ID) as conn:
            await conn.execute(
                "UPDATE content.scenes SET snapshot_url = %s WHERE id = %s", (stored.permanent_url, scene["id"])
            )
        answer = await client.post(url, json={"scene_id": scene["id"], "snapshot": True})
        assert answer.status_code == 201, answer.text
        assert answer.json()["source"] == "snapshot"
        assert colors_of(answer.json(), NIGHT) == list(NIGHT.values())


async def test_an_svg_is_traced_and_none_of_it_is_kept(content: Content) -> None:
    async with content.client() as client:
        project = await imported(content, client)
        answer = await client.post(f"/v1/admin/projects/{project['id']}/svg-previews", json={"svg": SVG})
        assert answer.status_code == 201, answer.text
        preview = answer.json()
        assert (preview["scene_id"], preview["scene_key"], preview["source"]) == (None, None, "svg")
        assert "alert" not in preview["svg"]
        assert [group["slot"] for group in preview["groups"]] == ["ground", "brand"]


async def test_a_scene_has_one_preview_and_a_new_picture_takes_its_place(content: Content) -> None:
    async with content.client() as client:
        project = await imported(content, client)
        first = await traced(content, client, project)
        again = await traced(content, client, project, colors=2)
        assert again["id"] == first["id"], "the same picture is the same preview, traced anew"
        assert len(again["groups"]) == 2
        await client.post(f"/v1/admin/projects/{project['id']}/svg-previews", json={"svg": SVG})
        body = {"svg": SVG.replace('cx="20"', 'cx="30"'), "scene_id": project["scenes"][0]["id"]}
        other = (await client.post(f"/v1/admin/projects/{project['id']}/svg-previews", json=body)).json()
        listed = (await client.get(f"/v1/admin/projects/{project['id']}/svg-previews")).json()["items"]
        assert {item["scene_key"] for item in listed} == {None, "main"}
        assert len(listed) == 2
        assert (await client.get(f"/v1/admin/svg-previews/{first['id']}")).status_code == 404
        assert (await client.delete(f"/v1/admin/svg-previews/{other['id']}")).status_code == 204
        assert (await client.delete(f"/v1/admin/svg-previews/{other['id']}")).status_code == 404


async def test_an_administrator_corrects_the_mapping_group_by_group(content: Content) -> None:
    async with content.client() as client:
        project = await imported(content, client)
        preview = await traced(content, client, project)
        url = f"/v1/admin/svg-previews/{preview['id']}"
        body = {"groups": [{"number": 1, "slot": "mark"}, {"number": 2, "slot": None}]}
        changed = (await client.patch(url, json=body)).json()
        assert [(group["slot"], group["chosen"]) for group in changed["groups"]] == [
            ("ground", False), ("mark", True), (None, True),
        ]  # fmt: skip
        assert from_svg(changed["svg"])[1] == {0: "ground", 1: "mark"}
        assert from_svg(changed["svg"])[0] == from_svg(preview["svg"])[0], "only the mapping has changed"
        before = colors_of(changed, SLOTS)
        assert before[2] == SLOTS["mark"]
        assert all(abs(int(before[1][n : n + 2], 16) - int(SLOTS["brand"][n : n + 2], 16)) <= 2 for n in (1, 3, 5))
        back = await client.patch(url, json={"groups": [{"number": n, "automatic": True} for n in (1, 2)]})
        assert [(g["slot"], g["chosen"]) for g in back.json()["groups"]] == [
            (g["slot"], False) for g in preview["groups"]
        ]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "request_invalid"),
        ({"snapshot": True}, "request_invalid"),
        ({"svg": SVG, "snapshot": True}, "request_invalid"),
        ({"svg": SVG, "colors": 1}, "request_invalid"),
        ({"svg": SVG, "colors": 400}, "request_invalid"),
        ({"svg": SVG, "detail": "all"}, "request_invalid"),
        ({"svg": SVG, "palette": {"ground": "red"}}, "request_invalid"),
        ({"svg": SVG, "palette": {"sky": "#0000ff"}}, "content.unknown_color_slot"),
        ({"svg": "<svg" + "x" * 600_000}, "request_invalid"),
        ({"svg": "no picture"}, "content.picture_invalid"),
        ({"svg": '<!DOCTYPE svg [<!ENTITY a "b">]><svg xmlns="http://www.w3.org/2000/svg">&a;</svg>'}, "content.picture_invalid"),
    ],
    ids=["nothing", "snapshot-of-no-scene", "two-sources", "one-colour", "400-colours", "unknown-detail", "no-colour", "unknown-slot",
         "600-KB", "no-svg", "entities"],
)  # fmt: skip
async def test_what_cannot_be_traced_is_refused(content: Content, body: dict[str, Any], code: str) -> None:
    async with content.client() as client:
        project = await imported(content, client)
        answer = await client.post(f"/v1/admin/projects/{project['id']}/svg-previews", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
        assert (await client.get(f"/v1/admin/projects/{project['id']}/svg-previews")).json()["items"] == []


async def test_what_is_not_there_is_not_found(content: Content) -> None:
    async with content.client() as client:
        project = await imported(content, client)
        preview = await traced(content, client, project)
        url = f"/v1/admin/projects/{project['id']}/svg-previews"
        film = content.files.put(DEFAULT_TENANT_ID, b"film", kind="video")
        elsewhere = content.files.put(OTHER_TENANT_ID, picture(), kind="image")
        somebodys = content.files.put(DEFAULT_TENANT_ID, picture(), kind="image", owner=uuid4())
        for file_id in (uuid4(), film, elsewhere, somebodys):
            answer = await client.post(url, json={"file_id": str(file_id)})
            assert (answer.status_code, answer.json()["code"]) == (404, "content.file_not_found")
        assert (await client.post(url, json={"svg": SVG, "scene_id": str(uuid4())})).status_code == 404
        assert (await client.post(f"/v1/admin/projects/{uuid4()}/svg-previews", json={"svg": SVG})).status_code == 404
        one = f"/v1/admin/svg-previews/{preview['id']}"
        for body, code in (
            ({"groups": [{"number": 9, "slot": "mark"}]}, "content.unknown_group"),
            ({"groups": [{"number": 0, "slot": "sky"}]}, "content.unknown_color_slot"),
            ({"groups": []}, "request_invalid"),
        ):
            answer = await client.patch(one, json=body)
            assert (answer.status_code, answer.json()["code"]) == (422, code)
        assert (await client.get(one)).json()["groups"] == preview["groups"]


async def test_people_see_the_previews_of_released_templates_and_only_administrators_make_them(
    content: Content,
) -> None:
    async with (
        content.client() as admin,
        content.client(permissions=()) as person,
        content.client(OTHER_TENANT_ID) as other,
    ):
        project = await imported(content, admin)
        preview = await traced(content, admin, project)
        address = f"/v1/projects/{project['slug']}/svg-previews"
        assert (await person.get(address)).status_code == 404, "a draft is nobody's but its administrators'"
        await admin.post(f"/v1/admin/projects/{project['id']}/publish")
        (item,) = (await person.get(address)).json()["items"]
        assert item == {name: value for name, value in preview.items() if name != "svg"}
        assert (await person.get(f"{address}/{preview['id']}")).json() == preview
        assert (await person.get(f"{address}/{uuid4()}")).status_code == 404
        assert (
            await person.post(f"/v1/admin/projects/{project['id']}/svg-previews", json={"svg": SVG})
        ).status_code == 403
        for method, url in (
            ("GET", f"{address}/{preview['id']}"), ("GET", address), ("GET", f"/v1/admin/svg-previews/{preview['id']}"),
            ("DELETE", f"/v1/admin/svg-previews/{preview['id']}"),
        ):  # fmt: skip
            assert (await other.request(method, url)).status_code == 404, url
        shared = {"visibility": "shared"}
        await admin.patch(
            f"/v1/admin/projects/{project['id']}",
            json=shared,
            headers={"If-Match": f'"{await version(admin, project)}"'},
        )
        assert (await other.get(f"{address}/{preview['id']}")).json() == preview, (
            "the platform's templates are for every tenant"
        )
        answer = await other.patch(
            f"/v1/admin/svg-previews/{preview['id']}", json={"groups": [{"number": 0, "slot": None}]}
        )
        assert answer.status_code == 404, "and nobody else changes them"


async def version(client: AsyncClient, project: dict[str, Any]) -> int:
    return int((await client.get(f"/v1/admin/projects/{project['id']}")).json()["row_version"])


async def test_a_new_version_begins_without_previews_and_documents_of_the_old_one_keep_theirs(content: Content) -> None:
    async with content.client() as client:
        project = await imported(content, client)
        preview = await traced(content, client, project)
        await client.post(f"/v1/admin/projects/{project['id']}/publish")
        data = zipped(small_template("traced", title="دو"))
        file_id = content.files.put(DEFAULT_TENANT_ID, data, name="two.frt")
        await client.post(f"/v1/admin/projects/{project['id']}/versions", json={"file_id": str(file_id)})
        assert (await client.get(f"/v1/admin/projects/{project['id']}/svg-previews")).json()["items"] == []
        await client.post(f"/v1/admin/projects/{project['id']}/publish")
        address = f"/v1/projects/{project['slug']}/svg-previews"
        assert (await client.get(address)).json()["items"] == []
        old = (await client.get(address, params={"version_id": project["version_id"]})).json()["items"]
        assert [item["id"] for item in old] == [preview["id"]]
        assert (await client.get(f"{address}/{preview['id']}")).status_code == 200


async def test_when_too_many_pictures_wait_one_is_told_to_come_back(content: Content) -> None:
    from msgspec.structs import replace

    module = build(database=content.database, files=content.files, settings=replace(content.settings, traces_waiting=0))
    async with client_of(application(module), caller_of()) as client:
        project = await imported(content, client)
        url = f"/v1/admin/projects/{project['id']}/svg-previews"
        answers = await asyncio.gather(
            *(client.post(url, json={"svg": SVG.replace('r="9"', f'r="{r}"')}) for r in (5, 6, 7, 8))
        )
    assert sorted({answer.status_code for answer in answers}) == [201, 503]
    refused = next(answer for answer in answers if answer.status_code == 503)
    assert refused.json()["code"] == "content.busy"
    assert int(refused.headers["Retry-After"]) >= 1
    assert module.close is not None
    await module.close()


async def test_the_database_refuses_a_drawing_above_the_limit(content: Content) -> None:
    async with content.client() as client:
        project = await imported(content, client)
        preview = await traced(content, client, project)
    with pytest.raises(psycopg.errors.CheckViolation):
        async with content.database.tenant(DEFAULT_TENANT_ID) as conn:
            await conn.execute(
                "UPDATE content.template_svg_previews SET svg = repeat('x', 524289) WHERE id = %s", (preview["id"],)
            )

"""Publishing, versions, search, and who sees what."""

from typing import Any
from uuid import UUID

import psycopg
from httpx import AsyncClient

from flatrender.kit.ids import DEFAULT_TENANT_ID, new_id
from tests.content.conftest import Content, small_template, zipped
from tests.database_server import DatabaseCopy
from tests.service_doubles import OTHER_TENANT_ID


async def imported(
    content: Content, client: AsyncClient, *, tenant_id: UUID = DEFAULT_TENANT_ID, **template: Any
) -> dict[str, Any]:
    """Import a small template as a draft."""
    file_id = content.files.put(tenant_id, zipped(small_template(**template)), name="small.zip")
    answer = await client.post("/v1/admin/projects", json={"file_id": str(file_id)})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def next_version(content: Content, client: AsyncClient, project_id: str, **template: Any) -> Any:
    file_id = content.files.put(DEFAULT_TENANT_ID, zipped(small_template(**template)), name="small.zip")
    return await client.post(f"/v1/admin/projects/{project_id}/versions", json={"file_id": str(file_id)})


async def published(content: Content, client: AsyncClient, **template: Any) -> dict[str, Any]:
    draft = await imported(content, client, **template)
    answer = await client.post(f"/v1/admin/projects/{draft['id']}/publish")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def shared(content: Content, client: AsyncClient, **template: Any) -> dict[str, Any]:
    project = await published(content, client, **template)
    answer = await client.patch(
        f"/v1/admin/projects/{project['id']}",
        json={"visibility": "shared"},
        headers={"If-Match": f'"{project["row_version"]}"'},
    )
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_what_is_published_stays_as_it_was_until_the_next_version_is_published(content: Content) -> None:
    async with content.client() as client:
        first = await published(content, client)
        second = await next_version(content, client, first["id"], fields=[], title="دیگر")
        assert second.status_code == 201
        assert second.json()["version_no"] == 2
        assert second.json()["published_version_id"] == first["version_id"]
        seen = (await client.get("/v1/projects/small")).json()
        assert seen["version_id"] == first["version_id"]
        assert [f["key"] for f in seen["scenes"][0]["fields"]] == ["headline"]
        await client.post(f"/v1/admin/projects/{first['id']}/publish")
        seen = (await client.get("/v1/projects/small")).json()
        assert seen["version_id"] == second.json()["version_id"]
        assert seen["scenes"][0]["fields"] == []
        pinned = (await client.get("/v1/projects/small", params={"version_id": first["version_id"]})).json()
        assert [f["key"] for f in pinned["scenes"][0]["fields"]] == ["headline"]
    old = await content.api.template_details(tenant_id=DEFAULT_TENANT_ID, version_ids=[UUID(first["version_id"])])
    assert [field.key for field in old[0].scenes[0].fields] == ["headline"]


async def test_the_same_package_is_no_next_version(content: Content) -> None:
    async with content.client() as client:
        first = await published(content, client)
        again = await next_version(content, client, first["id"])
    assert (again.status_code, again.json()["code"]) == (409, "content.version_unchanged")


async def test_a_switched_off_scene_is_not_offered_and_stays_off_in_the_next_version(content: Content) -> None:
    async with content.client() as client:
        project = await published(content, client)
        scene = project["scenes"][0]
        changed = await client.patch(
            f"/v1/admin/scenes/{scene['id']}", json={"is_active": False, "title": {"fa": "خاموش"}}
        )
        assert changed.status_code == 200
        assert (changed.json()["is_active"], changed.json()["title"]) == (False, {"fa": "خاموش"})
        assert (await client.get("/v1/projects/small")).json()["scenes"] == []
        second = (await next_version(content, client, project["id"], fields=[])).json()
    assert [scene["is_active"] for scene in second["scenes"]] == [False]
    assert await content.api.scenes(tenant_id=DEFAULT_TENANT_ID, project_id=UUID(project["id"])) == []


async def test_a_snapshot_frame_outside_of_the_scene_is_refused_and_one_inside_is_used(content: Content) -> None:
    async with content.client() as client:
        project = await published(content, client)
        scene_id = project["scenes"][0]["id"]
        refused = await client.patch(f"/v1/admin/scenes/{scene_id}", json={"snapshot_frame": 30})
        assert (refused.status_code, refused.json()["code"]) == (422, "content.snapshot_frame_out_of_range")
        assert (await client.patch(f"/v1/admin/scenes/{scene_id}", json={"snapshot_frame": 29})).status_code == 200
    scenes = await content.api.scenes(tenant_id=DEFAULT_TENANT_ID, project_id=UUID(project["id"]))
    assert [scene.snapshot_frame for scene in scenes] == [29]


async def test_changing_a_template_wants_its_version(content: Content) -> None:
    async with content.client() as client:
        draft = await imported(content, client)
        url = f"/v1/admin/projects/{draft['id']}"
        assert (await client.patch(url, json={"title": {"fa": "نو"}})).status_code == 428
        answer = await client.patch(
            url, json={"title": {"fa": "نو"}}, headers={"If-Match": f'"{draft["row_version"]}"'}
        )
        assert answer.json()["title"] == {"fa": "نو"}
        assert answer.headers["etag"] == f'"{answer.json()["row_version"]}"'
        stale = await client.patch(
            url, json={"title": {"fa": "کهنه"}}, headers={"If-Match": f'"{draft["row_version"]}"'}
        )
        assert (stale.status_code, stale.json()["code"]) == (412, "version_moved")


async def test_a_category_must_exist_and_lists_can_be_narrowed_to_it(content: Content) -> None:
    async with content.client() as client:
        project = await published(content, client, category="promo")
        await published(content, client, key="other")
        assert project["category"] == "promo"
        assert [item["slug"] for item in (await client.get("/v1/categories")).json()["items"]] == ["promo"]
        found = (await client.get("/v1/projects", params={"category": "promo"})).json()["items"]
        assert [item["slug"] for item in found] == ["small"]
        refused = await client.patch(
            f"/v1/admin/projects/{project['id']}",
            json={"category": "nowhere"},
            headers={"If-Match": f'"{project["row_version"]}"'},
        )
    assert (refused.status_code, refused.json()["code"]) == (422, "content.unknown_category")


async def test_an_archived_template_leaves_the_lists_and_its_version_stays_usable(content: Content) -> None:
    async with content.client() as client:
        project = await published(content, client)
        await client.post(f"/v1/admin/projects/{project['id']}/archive")
        assert (await client.get("/v1/projects")).json()["items"] == []
        assert (await client.get("/v1/projects/small")).status_code == 404
        pinned = await client.get("/v1/projects/small", params={"version_id": project["version_id"]})
        assert pinned.json()["version_id"] == project["version_id"]
        assert (await client.get("/v1/projects/small", params={"version_id": str(new_id())})).status_code == 404
    version_id = UUID(project["version_id"])
    assert await content.api.template_details(tenant_id=DEFAULT_TENANT_ID, project_ids=[UUID(project["id"])]) == []
    details = await content.api.template_details(tenant_id=DEFAULT_TENANT_ID, version_ids=[version_id])
    assert [detail.version_id for detail in details] == [version_id]


async def test_search_finds_a_title_however_it_is_typed_and_nothing_else(content: Content) -> None:
    there = ["معرفی", "معرفي", "معرفی كتاب", "می‌خوانیم", "می خوانیم", "۱۴۰۵", "1405", "١٤٠٥", "معرف", "book", "BOOK"]
    nowhere = ["فروش", "' OR 1=1 --", "!!!", "a & b | c", "معرفی فروش", "%"]
    async with content.client() as client:
        await published(
            content, client, title="معرفی کتاب ۱۴۰۵", description={"fa": "کتابی که می‌خوانیم", "en": "A book"}
        )
        await published(content, client, key="other", title="نقل قول")
        for words in (*there, *nowhere):
            answer = await client.get("/v1/projects", params={"q": words})
            assert answer.status_code == 200, words
            slugs = [item["slug"] for item in answer.json()["items"]]
            assert slugs == (["small"] if words in there else []), words
        assert len((await client.get("/v1/projects", params={"q": "\x00"})).json()["items"]) == 2
        assert (await client.get("/v1/projects", params={"category": "\x00"})).json()["items"] == []
        assert (await client.get("/v1/projects/%00")).status_code == 404


async def test_lists_come_in_pages_newest_first(content: Content) -> None:
    async with content.client() as client:
        for key in ("a", "b", "c"):
            await published(content, client, key=key)
        first = (await client.get("/v1/projects", params={"limit": 2})).json()
        second = (await client.get("/v1/projects", params={"limit": 2, "cursor": first["next_cursor"]})).json()
    assert [item["slug"] for item in first["items"] + second["items"]] == ["c", "b", "a"]
    assert second["next_cursor"] is None


async def test_another_tenant_reads_shared_templates_and_changes_none(
    content: Content, module_database: DatabaseCopy
) -> None:
    async with content.client() as client:
        ours = await shared(content, client, key="ours")
        own = await published(content, client, key="own")
        draft = await imported(content, client, key="draft")
    async with content.client(OTHER_TENANT_ID) as other:
        listed = (await other.get("/v1/projects")).json()["items"]
        assert [item["slug"] for item in listed] == ["ours"]
        assert (await other.get("/v1/projects/ours")).json()["version_id"] == ours["version_id"]
        assert [item["slug"] for item in (await other.get("/v1/projects", params={"q": "کوچک"})).json()["items"]] == [
            "ours"
        ]
        for project in (own, draft):
            assert (await other.get(f"/v1/projects/{project['id']}")).status_code == 404
        assert (await other.get("/v1/admin/projects")).json()["items"] == []
        file_id = content.files.put(OTHER_TENANT_ID, zipped(small_template(title="دیگر")))
        for project in (ours, own, draft):
            url = f"/v1/admin/projects/{project['id']}"
            answers = [
                await other.get(url),
                await other.post(f"{url}/publish"),
                await other.post(f"{url}/archive"),
                await other.post(f"{url}/versions", json={"file_id": str(file_id)}),
                await other.patch(url, json={"title": {"fa": "ربوده"}}, headers={"If-Match": '"1"'}),
                await other.patch(f"/v1/admin/scenes/{project['scenes'][0]['id']}", json={"is_active": False}),
            ]
            assert [answer.status_code for answer in answers] == [404] * 6
    with module_database.connect("svc_content", tenant=OTHER_TENANT_ID) as conn:
        for table in ("projects", "scenes", "presets", "project_versions"):
            assert (
                conn.execute(psycopg.sql.SQL("DELETE FROM content.{}").format(psycopg.sql.Identifier(table))).rowcount
                == 0
            )
    async with content.client() as client:
        assert len((await client.get("/v1/admin/projects")).json()["items"]) == 3


async def test_only_the_platform_shares(content: Content) -> None:
    async with content.client(OTHER_TENANT_ID) as other:
        draft = await imported(content, other, tenant_id=OTHER_TENANT_ID)
        refused = await other.patch(
            f"/v1/admin/projects/{draft['id']}",
            json={"visibility": "shared"},
            headers={"If-Match": f'"{draft["row_version"]}"'},
        )
    assert (refused.status_code, refused.json()["code"]) == (422, "content.not_shareable")


async def test_a_slug_that_is_taken_gets_a_number_and_each_tenant_has_its_own(content: Content) -> None:
    async with content.client() as client:
        slugs = [(await imported(content, client, title=title))["slug"] for title in ("یک", "دو")]
    async with content.client(OTHER_TENANT_ID) as other:
        slugs.append((await imported(content, other, tenant_id=OTHER_TENANT_ID))["slug"])
    assert slugs == ["small", "small-2", "small"]


async def test_a_repeated_import_with_its_key_is_one_template(content: Content) -> None:
    file_id = content.files.put(DEFAULT_TENANT_ID, zipped(small_template()))
    async with content.client() as client:
        answers = [
            await client.post("/v1/admin/projects", json={"file_id": str(file_id)}, headers={"Idempotency-Key": "once"})
            for _ in range(2)
        ]
        assert answers[0].json()["id"] == answers[1].json()["id"]
        assert len((await client.get("/v1/admin/projects")).json()["items"]) == 1
        other = content.files.put(DEFAULT_TENANT_ID, zipped(small_template(key="b")))
        reused = await client.post(
            "/v1/admin/projects", json={"file_id": str(other)}, headers={"Idempotency-Key": "once"}
        )
    assert (reused.status_code, reused.json()["code"]) == (422, "idempotency_key_reused")


async def test_publishing_and_changing_tell_others_once(content: Content, module_database: DatabaseCopy) -> None:
    async with content.client() as client:
        project = await published(content, client)
        await client.post(f"/v1/admin/projects/{project['id']}/publish")
        await client.patch(f"/v1/admin/scenes/{project['scenes'][0]['id']}", json={"is_active": False})
        await client.post(f"/v1/admin/projects/{project['id']}/archive")
    with module_database.connect() as conn:
        events = conn.execute("SELECT event_type FROM content.outbox_events ORDER BY seq").fetchall()
    assert [event[0] for event in events] == ["project.published", "scene.changed", "project.archived"]


async def test_what_is_not_there_is_not_found(content: Content) -> None:
    async with content.client() as client:
        for method, url in (
            ("GET", f"/v1/projects/{new_id()}"),
            ("GET", "/v1/projects/nothing"),
            ("GET", f"/v1/admin/projects/{new_id()}"),
            ("POST", f"/v1/admin/projects/{new_id()}/publish"),
        ):
            answer = await client.request(method, url)
            assert (answer.status_code, answer.json()["code"]) == (404, "content.not_found")

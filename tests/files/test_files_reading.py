"""Reading: ranges, thumbnails, links, other people and other tenants."""

import asyncio
import base64
import io
import subprocess
import time
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from PIL import Image

from flatrender.contracts.files import StoreRequest
from flatrender.engine.ffmpeg import ffmpeg
from flatrender.kit.errors import AppError, Refused
from flatrender.kit.ids import DEFAULT_TENANT_ID
from flatrender.services.files.errors import FileTooLarge, NoRoom
from flatrender.services.files.ranges import Part, Unsatisfiable, wanted_part
from flatrender.services.files.settings import FilesSettings
from flatrender.services.files.tasks import sweep
from tests.files.files_platform import SECOND_TENANT, Platform, picture, upload, wav


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("bytes=0-9", Part(0, 10)),
        ("bytes=90-", Part(90, 10)),
        ("bytes=-5", Part(95, 5)),
        ("bytes=-500", Part(0, 100)),
        ("bytes=50-5000", Part(50, 50)),
        ("bytes=9-3", None),
        ("bytes=-", None),
        ("bytes=0-1,5-6", None),
        ("lines=0-1", None),
        ("bytes=a-b", None),
        (None, None),
    ],
)
def test_a_range_means_its_part_and_anything_strange_the_whole(header: str | None, part: Part | None) -> None:
    assert wanted_part(header, None, size=100, etag='"x"') == part


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_a_range_behind_the_end_cannot_be_satisfied(header: str) -> None:
    with pytest.raises(Unsatisfiable):
        wanted_part(header, None, size=100, etag='"x"')


async def test_a_player_seeks_with_ranges(platform: Platform) -> None:
    async with platform.client(uuid4()) as client:
        body = (await upload(client, wav(2.0), purpose="audio", name="s.wav")).json()
        url = body["content_url"]
        whole = await client.get(url)
        assert (whole.status_code, whole.headers["accept-ranges"]) == (200, "bytes")
        part = await client.get(url, headers={"Range": "bytes=100-199"})
        assert (part.status_code, part.content) == (206, whole.content[100:200])
        assert part.headers["content-range"] == f"bytes 100-199/{body['bytes']}"
        assert part.headers["content-length"] == "100"
        behind = await client.get(url, headers={"Range": f"bytes={body['bytes']}-"})
        assert (behind.status_code, behind.json()["code"]) == (416, "files.range_not_satisfiable")
        assert behind.headers["content-range"] == f"bytes */{body['bytes']}"
        stale = await client.get(url, headers={"Range": "bytes=0-1", "If-Range": '"older"'})
        assert (stale.status_code, len(stale.content)) == (200, body["bytes"])
        known = await client.get(url, headers={"If-None-Match": whole.headers["etag"]})
        assert (known.status_code, known.content) == (304, b"")
        head = await client.head(url)
        assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(body["bytes"]))


async def test_a_file_cannot_act_as_a_page(platform: Platform) -> None:
    async with platform.client(uuid4()) as client:
        body = (await upload(client, picture(), name='گل "زرد".png')).json()
        shown = await client.get(body["content_url"])
        saved = await client.get(body["content_url"], params={"download": "1"})
    for answer in (shown, saved):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in answer.headers["content-security-policy"]
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "private, no-cache"
    assert shown.headers["content-disposition"].startswith("inline; ")
    assert saved.headers["content-disposition"].startswith("attachment; ")
    assert "filename*=UTF-8''%DA%AF%D9%84%20%22%D8%B2%D8%B1%D8%AF%22.png" in saved.headers["content-disposition"]


async def test_lists_get_smaller_pictures_which_are_made_once(platform: Platform) -> None:
    async with platform.client(uuid4()) as client:
        body = (await upload(client, picture(900, 600))).json()
        answers = await asyncio.gather(
            *(client.get(body["content_url"], params={"width": width}) for width in (200, 256, 250))
        )
        assert {answer.headers["etag"] for answer in answers} == {answers[0].headers["etag"]}
        small = Image.open(io.BytesIO(answers[0].content))
        assert (small.size, answers[0].headers["content-type"]) == ((256, 171), "image/webp")
        assert answers[0].headers["etag"] != f'"{body["sha256"]}"'
        larger = await client.get(body["content_url"], params={"width": 2000})
        assert larger.headers["etag"] == f'"{body["sha256"]}"'
        made = platform.admin("SELECT params_key FROM file_mgr.file_derivatives WHERE file_id = %s", body["id"])
        assert made == [("w256",)]
        assert (await client.get("/v1/quota")).json()["used_bytes"] == body["bytes"]
        assert (await client.get(body["content_url"], params={"width": 0})).status_code == 422
        sound = (await upload(client, wav(), purpose="audio")).json()
        refused = await client.get(sound["content_url"], params={"width": 100})
        assert (refused.status_code, refused.json()["code"]) == (422, "files.no_thumbnail")


async def test_a_sounds_waveform_is_drawn_once_and_takes_no_room(platform: Platform) -> None:
    async with platform.client(uuid4()) as client:
        sound = (await upload(client, wav(2.0), purpose="audio", name="s.wav")).json()
        url = f"/v1/files/{sound['id']}/waveform"
        answers = await asyncio.gather(client.get(url), client.get(url))
        body = answers[0].json()
        assert [answer.status_code for answer in answers] == [200, 200]
        assert (body["version"], body["per_second"], body["duration_s"]) == (1, 50, 2.0)
        heights = base64.b64decode(body["buckets"])
        assert len(heights) == 2 * 2 * 50
        assert max(heights[1::2]) > 0
        again = await client.get(url, headers={"If-None-Match": answers[0].headers["etag"]})
        assert again.status_code == 304
        made = platform.admin("SELECT kind, params_key FROM file_mgr.file_derivatives WHERE file_id = %s", sound["id"])
        assert made == [("waveform", "p50")]
        assert (await client.get("/v1/quota")).json()["used_bytes"] == sound["bytes"]
        picture_id = (await upload(client, picture())).json()["id"]
        refused = await client.get(f"/v1/files/{picture_id}/waveform")
        assert (refused.status_code, refused.json()["code"]) == (422, "files.no_waveform")


async def test_a_video_without_sound_has_no_waveform(platform: Platform, tmp_path: Path) -> None:
    owner = uuid4()
    film = tmp_path / "film.mp4"
    subprocess.run([ffmpeg(), "-loglevel", "error", "-f", "lavfi", "-i", "color=d=1:s=64x64", str(film)], check=True)
    request = StoreRequest(
        name="film.mp4", purpose="export", content_type="video/mp4", data=film.read_bytes(), owner_user_id=owner
    )
    (kept,) = await platform.module.api.store(tenant_id=DEFAULT_TENANT_ID, requests=[request])
    async with platform.client(owner) as client:
        refused = await client.get(f"/v1/files/{kept.id}/waveform")
    assert (refused.status_code, refused.json()["code"]) == (422, "files.sound_broken")


async def test_lists_are_paged_and_filtered_and_only_ones_own(platform: Platform) -> None:
    async with platform.client(uuid4()) as client, platform.client(uuid4()) as other:
        made = [(await upload(client, picture(seed=n))).json()["id"] for n in range(3)]
        made.append((await upload(client, wav(), purpose="audio")).json()["id"])
        await upload(other, picture(seed=9))
        first = (await client.get("/v1/files", params={"limit": 3})).json()
        rest = (await client.get("/v1/files", params={"limit": 3, "cursor": first["next_cursor"]})).json()
        assert [item["id"] for item in first["items"] + rest["items"]] == made[::-1]
        assert rest["next_cursor"] is None
        sounds = (await client.get("/v1/files", params={"kind": "audio"})).json()["items"]
        assert [item["id"] for item in sounds] == made[3:]
        none = (await client.get("/v1/files", params={"purpose": "template_package"})).json()["items"]
        assert none == []


@pytest.mark.parametrize("same_tenant", [True, False])
async def test_another_person_and_another_tenant_get_404_on_everything(platform: Platform, same_tenant: bool) -> None:
    async with platform.client(uuid4()) as owner:
        file_id = (await upload(owner, picture(100, 100))).json()["id"]
    tenant = DEFAULT_TENANT_ID if same_tenant else SECOND_TENANT
    async with platform.client(uuid4(), tenant=tenant) as stranger:
        for method, path in (
            ("GET", f"/v1/files/{file_id}"),
            ("DELETE", f"/v1/files/{file_id}"),
            ("GET", f"/v1/files/{file_id}/content"),
            ("HEAD", f"/v1/files/{file_id}/content"),
            ("GET", f"/v1/files/{file_id}/content?width=64"),
            ("GET", f"/v1/files/{file_id}/waveform"),
            ("POST", f"/v1/files/{file_id}/download-url"),
        ):
            assert (await stranger.request(method, path)).status_code == 404, path
        assert (await stranger.get("/v1/files")).json()["items"] == []
    if not same_tenant:
        assert await platform.module.api.files(tenant_id=tenant, ids=[UUID(file_id)]) == {}
        assert await platform.module.api.read(tenant_id=tenant, ids=[UUID(file_id)], limit_bytes=10**9) == {}


async def test_a_tenants_tables_are_empty_to_another_tenants_transaction(platform: Platform) -> None:
    async with platform.client(uuid4()) as owner:
        await upload(owner, picture())
    async with platform.database.tenant(SECOND_TENANT) as conn:
        for table in ("files", "blobs", "quotas", "upload_sessions", "file_derivatives", "outbox_events"):
            found = await (await conn.execute("SELECT count(*) FROM file_mgr." + table)).fetchone()  # type: ignore[arg-type]
            assert found == (0,), table


async def test_a_download_link_works_for_anyone_until_it_ends_or_is_touched(platform: Platform) -> None:
    async with platform.client(uuid4()) as owner:
        body = (await upload(owner, picture())).json()
        link = (await owner.post(f"/v1/files/{body['id']}/download-url")).json()
    assert link["url"].startswith("/d/")
    async with platform.client() as anyone:
        answer = await anyone.get(link["url"])
        assert (answer.status_code, len(answer.content)) == (200, body["bytes"])
        assert answer.headers["content-disposition"].startswith("attachment; ")
        assert answer.headers["cache-control"] == "private, no-store"
        part = await anyone.get(link["url"], headers={"Range": "bytes=0-3"})
        assert (part.status_code, part.content) == (206, answer.content[:4])
        path, _, query = link["url"].partition("?")
        tampered = [
            path.replace(body["id"], str(uuid4())) + "?" + query,
            path.replace(str(DEFAULT_TENANT_ID), str(SECOND_TENANT)) + "?" + query,
            link["url"].replace("expires=", "expires=9"),
            link["url"][:-1] + ("0" if link["url"][-1] != "0" else "1"),
        ]
        for url in tampered:
            refused = await anyone.get(url)
            assert (refused.status_code, refused.json()["code"]) == (403, "files.link_invalid")
        old = platform.links.sign("GET", f"d/{DEFAULT_TENANT_ID}/{body['id']}", life_s=-1).removeprefix("/o")
        expired = await anyone.get(old)
        assert (expired.status_code, expired.json()["code"]) == (403, "files.link_expired")
        assert (await anyone.get("/o" + link["url"])).status_code == 404
        assert (await anyone.get(path)).status_code == 422


async def test_a_node_puts_and_gets_objects_with_signed_links(platform: Platform) -> None:
    key = "render/segments/job-1/chunk-3/epoch-7.mkv"
    data = bytes(range(256)) * 2000
    async with platform.client() as node:
        put, get = (platform.links.sign(method, key, life_s=60) for method in ("PUT", "GET"))
        stored = await node.put(put, content=data)
        assert (stored.status_code, stored.json()["bytes"]) == (201, len(data))
        assert (await node.get(get)).content == data
        assert (await node.get(get, headers={"Range": "bytes=256-257"})).content == b"\x00\x01"
        for method, link in (("GET", put), ("PUT", get)):
            refused = await node.request(method, link, content=b"x" if method == "PUT" else None)
            assert (refused.status_code, refused.json()["code"]) == (403, "files.link_invalid")
        other = put.replace("epoch-7", "epoch-8")
        assert (await node.put(other, content=b"late")).status_code == 403
        expired = platform.links.sign("PUT", key, life_s=-5)
        assert (await node.put(expired, content=b"late")).json()["code"] == "files.link_expired"
        wrong = await node.put(put, content=b"other", headers={"X-Content-SHA256": "0" * 64})
        assert (wrong.status_code, wrong.json()["code"]) == (422, "files.digest_mismatch")
        large = await node.put(put, content=b"x" * 1_000_001)
        assert (large.status_code, large.json()["code"]) == (413, "files.too_large")
        claimed = await node.put(put, content=data, headers={"Content-Length": "2147483648"})
        assert claimed.status_code == 413
        assert (await node.get(get)).content == data
    assert platform.stored_objects() == [key]


@pytest.mark.parametrize(
    "key",
    [
        "../secrets.json",
        "a/../../etc/passwd",
        "%2e%2e/secrets.json",
        ".hidden",
        "a/.b",
        "a\\..\\b",
        "/etc/passwd",
        "a//b",
        "A/b",
        "x" * 401,
        "a%00b",
    ],
)
@pytest.mark.parametrize("prefix", ["/o/", "/p/"])
async def test_no_key_leaves_the_store(platform: Platform, key: str, prefix: str) -> None:
    (platform.folder.parent / "secrets.json").write_text("CANARY")
    async with platform.client() as anyone:
        for method in ("GET", "PUT"):
            if prefix == "/p/" and method == "PUT":
                continue
            request = anyone.build_request(method, "/x", content=b"x" if method == "PUT" else None)
            request.url = request.url.copy_with(raw_path=(prefix + key + "?expires=9999999999&signature=00").encode())
            answer = await anyone.send(request)
            assert answer.status_code in (403, 404), answer.text
            assert "CANARY" not in answer.text
    assert (platform.folder.parent / "secrets.json").read_text() == "CANARY"


async def test_a_permanent_address_is_the_same_for_the_same_bytes_and_differs_by_tenant(platform: Platform) -> None:
    api = platform.module.api
    request = StoreRequest(name="scene.png", purpose="snapshot", content_type="image/png", data=picture(), public=True)
    first, again = [(await api.store(tenant_id=DEFAULT_TENANT_ID, requests=[request]))[0] for _ in range(2)]
    other = (await api.store(tenant_id=SECOND_TENANT, requests=[request]))[0]
    assert first.permanent_url == again.permanent_url != other.permanent_url
    assert first.permanent_url
    assert first.sha256.hex() not in first.permanent_url
    async with platform.client() as anyone:
        answer = await anyone.get(first.permanent_url)
        assert (answer.content, answer.headers["content-type"]) == (picture(), "image/png")
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["x-content-type-options"] == "nosniff"
        known = await anyone.get(first.permanent_url, headers={"If-None-Match": answer.headers["etag"]})
        assert known.status_code == 304
        for wrong in (
            "/p/" + "0" * 64 + ".png",
            first.permanent_url[:-4] + ".html",
            "/p/x.png",
            first.permanent_url[:-4] + ".jpg",
        ):
            missing = await anyone.get(wrong)
            assert (missing.status_code, missing.json()["code"]) == (404, "files.not_found")


@pytest.mark.parametrize(
    ("content_type", "data", "code"),
    [
        ("text/html", b"<script>", "files.public_type_not_allowed"),
        ("image/svg+xml", b"<svg/>", "files.public_type_not_allowed"),
        ("application/zip", b"PK\x03\x04", "files.public_type_not_allowed"),
        ("image/png", b"<script>alert(1)</script>", "files.type_mismatch"),
    ],
)
async def test_nothing_that_a_browser_would_run_is_published(
    platform: Platform, content_type: str, data: bytes, code: str
) -> None:
    request = StoreRequest(name="x", purpose="snapshot", content_type=content_type, data=data, public=True)
    with pytest.raises(AppError) as caught:
        await platform.module.api.store(tenant_id=DEFAULT_TENANT_ID, requests=[request])
    assert caught.value.code == code


async def test_storing_an_object_that_lies_in_the_store_copies_it_so_that_its_maker_may_remove_it(
    platform: Platform,
) -> None:
    owner = uuid4()
    film = b"\x00\x00\x00\x18ftypisom" + bytes(3000)
    await platform.objects.put("render/films/job-1/epoch-2.mp4", film)
    request = StoreRequest(
        name="فیلم من.mp4",
        purpose="export",
        content_type="video/mp4",
        object_key="render/films/job-1/epoch-2.mp4",
        owner_user_id=owner,
        width=1920,
        height=1080,
        duration_ms=15000,
        dedupe_key="export:job-1",
    )
    stored = (await platform.module.api.store(tenant_id=DEFAULT_TENANT_ID, requests=[request]))[0]
    await platform.objects.delete("render/films/job-1/epoch-2.mp4")
    async with platform.client(owner) as client:
        assert (await client.get(f"/v1/files/{stored.id}/content")).content == film
        assert (await client.get("/v1/quota")).json()["used_bytes"] == len(film)
    assert (stored.kind, stored.owner_user_id, stored.width) == ("video", owner, 1920)
    read = await platform.module.api.read(tenant_id=DEFAULT_TENANT_ID, ids=[stored.id], limit_bytes=10_000)
    assert read == {stored.id: film}
    with pytest.raises(FileTooLarge):
        await platform.module.api.read(tenant_id=DEFAULT_TENANT_ID, ids=[stored.id], limit_bytes=3000)


async def test_the_same_natural_key_stores_once_even_in_parallel(platform: Platform) -> None:
    owner, key = uuid4(), f"export:{uuid4()}"
    requests = [
        StoreRequest(
            name="f",
            purpose="export",
            content_type="video/mp4",
            data=b"film %d" % n,
            owner_user_id=owner,
            dedupe_key=key,
        )
        for n in range(6)
    ]
    stored = await asyncio.gather(
        *(platform.module.api.store(tenant_id=DEFAULT_TENANT_ID, requests=[request]) for request in requests)
    )
    assert len({files[0].id for files in stored}) == 1
    async with platform.client(owner) as client:
        assert (await client.get("/v1/quota")).json()["used_bytes"] == 6
    assert len(platform.stored_objects()) == 1


async def test_a_service_cannot_store_beyond_a_persons_quota_and_leaves_nothing(platform: Platform) -> None:
    owner = uuid4()
    async with platform.client(owner) as client:
        await client.get("/v1/quota")
    platform.admin("UPDATE file_mgr.quotas SET limit_bytes = 10 WHERE owner_id = %s", owner)
    request = StoreRequest(name="f", purpose="export", content_type="video/mp4", data=b"x" * 11, owner_user_id=owner)
    with pytest.raises(NoRoom):
        await platform.module.api.store(tenant_id=DEFAULT_TENANT_ID, requests=[request])
    assert platform.stored_objects() == []


@pytest.mark.parametrize("change", [{"purpose": "poem"}, {"data": None}, {"object_key": "a/b"}, {"name": ""}])
async def test_a_store_request_that_makes_no_sense_is_refused(platform: Platform, change: dict[str, object]) -> None:
    arguments = {"name": "f", "purpose": "export", "content_type": "video/mp4", "data": b"x", **change}
    with pytest.raises(Refused):
        await platform.module.api.store(tenant_id=DEFAULT_TENANT_ID, requests=[StoreRequest(**arguments)])  # type: ignore[arg-type]
    assert platform.stored_objects() == []


async def test_deleting_frees_the_room_at_once_and_the_bytes_when_nobody_needs_them(platform: Platform) -> None:
    user = uuid4()
    async with platform.client(user) as client, platform.client(uuid4()) as other:
        body = (await upload(client, picture(300, 300))).json()
        await client.get(body["content_url"], params={"width": 64})
        twin = (await upload(other, picture(300, 300))).json()
        assert (await client.delete(f"/v1/files/{body['id']}")).status_code == 204
        assert (await client.delete(f"/v1/files/{body['id']}")).status_code == 404
        assert (await client.get(body["content_url"])).status_code == 404
        assert (await client.get("/v1/quota")).json()["used_bytes"] == 0
        settings = FilesSettings(keep_deleted_s=0)
        await sweep(platform.database, platform.objects, settings)
        assert len(platform.stored_objects()) == 2, "bytes of a deleted file stay for work under way"
        platform.admin(
            "UPDATE file_mgr.files SET purge_after = now() - interval '1 second' WHERE deleted_at IS NOT NULL"
        )
        done = await sweep(platform.database, platform.objects, settings)
        assert done["files"] == 1
        platform.admin("UPDATE file_mgr.blobs SET zero_ref_since = zero_ref_since - interval '2 hours'")
        await sweep(platform.database, platform.objects, settings)
        assert (await other.get(twin["content_url"])).status_code == 200
        assert len(platform.stored_objects()) == 1
        await other.delete(f"/v1/files/{twin['id']}")
        platform.admin(
            "UPDATE file_mgr.files SET purge_after = now() - interval '1 second' WHERE deleted_at IS NOT NULL"
        )
        await sweep(platform.database, platform.objects, settings)
        platform.admin("UPDATE file_mgr.blobs SET zero_ref_since = zero_ref_since - interval '2 hours'")
        await sweep(platform.database, platform.objects, settings)
    assert platform.stored_objects() == []


async def test_bytes_that_the_store_has_lost_come_back_with_the_next_upload_of_them(platform: Platform) -> None:
    async with platform.client(uuid4()) as client:
        lost = (await upload(client, picture())).json()
        await platform.objects.delete(*platform.stored_objects())
        assert (await client.get(lost["content_url"])).status_code == 404
        await upload(client, picture())
        assert (await client.get(lost["content_url"])).status_code == 200
    assert len(platform.stored_objects()) == 1


async def test_a_reservation_of_a_dead_upload_is_given_back_by_the_sweep(platform: Platform) -> None:
    user = uuid4()
    async with platform.client(user) as client:
        await client.get("/v1/quota")
        platform.admin("UPDATE file_mgr.quotas SET reserved_bytes = 500 WHERE owner_id = %s", user)
        platform.admin(
            "INSERT INTO file_mgr.upload_sessions (tenant_id, user_id, protocol, purpose, length_bytes, storage_key, quota_reserved_bytes, expires_at)"
            " VALUES (%s, %s, 'single', 'audio', 500, 'files/dead/upload', 500, now() - interval '1 second')",
            DEFAULT_TENANT_ID,
            user,
        )
        await platform.objects.put("files/dead/upload", b"left behind")
        assert (await sweep(platform.database, platform.objects, platform.settings))["uploads"] == 1
        assert (await client.get("/v1/quota")).json()["reserved_bytes"] == 0
    assert platform.stored_objects() == []


async def test_the_loop_ends_when_it_is_told_to(platform: Platform) -> None:
    stop = asyncio.Event()
    task = asyncio.create_task(platform.module.background[0](stop))
    await asyncio.sleep(0.2)
    stop.set()
    started = time.monotonic()
    await asyncio.wait_for(task, 5)
    assert time.monotonic() - started < 2


def test_the_routes_describe_themselves(platform_paths: set[str]) -> None:
    assert {"/v1/files", "/v1/files/{file_id}/content", "/v1/quota", "/p/{name}"} <= platform_paths


@pytest.fixture
async def platform_paths(platform: Platform) -> set[str]:
    return set(platform.openapi()["paths"])

"""The files service on a real S3-compatible store: the same to people, but downloads go to the bucket."""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from flatrender.contracts.files import StoreRequest
from flatrender.kit.db import Database
from flatrender.kit.ids import DEFAULT_TENANT_ID
from flatrender.kit.objects import ObjectStore
from flatrender.services.files.settings import FilesSettings
from tests.database_server import DatabaseCopy
from tests.files.files_platform import Platform, picture, upload
from tests.object_store.server import S3Server


@pytest.fixture
async def platform(module_database: DatabaseCopy, tmp_path: Path, object_server: S3Server) -> AsyncIterator[Platform]:
    database = Database("files", module_database.dsn("svc_file"), module_database.dsn("svc_file_worker"))
    await database.open()
    objects = ObjectStore(object_server.bucket(prefix="platform"))
    yield Platform(FilesSettings(spool_folder=tmp_path), database, module_database.admin_dsn, tmp_path, objects)
    await database.close()


async def test_a_picture_is_kept_shown_in_parts_made_smaller_and_deleted(platform: Platform) -> None:
    data = picture(300, 200)
    async with platform.client(uuid4()) as person:
        sent = await upload(person, data)
        assert sent.status_code == 201, sent.text
        file = sent.json()
        assert (await upload(person, data, name="again.png")).status_code == 201
        shown = await person.get(f"/v1/files/{file['id']}/content")
        assert shown.content == data
        part = await person.get(f"/v1/files/{file['id']}/content", headers={"Range": "bytes=8-15"})
        assert (part.status_code, part.content) == (206, data[8:16])
        small = await person.get(f"/v1/files/{file['id']}/content", params={"width": 64})
        assert (small.status_code, small.headers["content-type"]) == (200, "image/webp")
    kept = [key async for key in platform.objects.keys("files")]
    assert len(kept) >= 1
    assert await platform.objects.get(kept[0], limit_bytes=1 << 20)


async def test_a_download_goes_to_the_bucket_under_the_files_own_name_and_type(platform: Platform) -> None:
    data = picture(50, 50)
    async with platform.client(uuid4()) as person, httpx.AsyncClient(timeout=30) as anyone:
        file = (await upload(person, data, name="عکس خانه.png")).json()
        link = (await person.post(f"/v1/files/{file['id']}/download-url")).json()["url"]
        async with platform.client() as browser:
            answer = await browser.get(link)
            assert (answer.status_code, answer.headers["cache-control"]) == (307, "no-store")
            looked = await browser.head(link)
            assert (looked.status_code, looked.headers["content-length"]) == (200, str(len(data)))
            refused = await browser.get(link[:-1] + ("0" if link[-1] != "0" else "1"))
            assert refused.status_code == 403
        found = await anyone.get(answer.headers["location"])
        assert found.content == data
        assert found.headers["content-type"] == "image/png"
        assert found.headers["content-disposition"].startswith("attachment; ")
        assert "%D8%B9%DA%A9%D8%B3" in found.headers["content-disposition"]
        part = await anyone.get(answer.headers["location"], headers={"Range": "bytes=0-3"})
        assert (part.status_code, part.content) == (206, data[:4])


async def test_what_a_node_put_becomes_a_file_without_passing_through_us(platform: Platform) -> None:
    data = bytes(range(256)) * 100
    key = "films/tenant/job/1.mp4"
    url = platform.objects.direct_url("PUT", key, life_s=60)
    assert url is not None
    async with httpx.AsyncClient(timeout=30) as node:
        assert (await node.put(url, content=data)).status_code == 200
    request = StoreRequest(
        name="فیلم.mp4", purpose="export", content_type="video/mp4", object_key=key, owner_user_id=None, data=None
    )
    (stored,) = await platform.module.api.store(tenant_id=DEFAULT_TENANT_ID, requests=[request])  # type: ignore[attr-defined]
    assert (stored.size_bytes, stored.sha256) == (len(data), hashlib.sha256(data).digest())
    await platform.objects.delete(key)
    assert await platform.objects.get(stored.object_key, limit_bytes=1 << 20) == data

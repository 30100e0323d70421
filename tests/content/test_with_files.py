"""Content on the real files service: packages, pictures and music lie in the object store and come back from it."""

import io
import json
from pathlib import Path
from uuid import UUID

from PIL import Image

from flatrender.contracts.content import SceneRequest
from flatrender.kit.db import Database
from flatrender.kit.ids import DEFAULT_TENANT_ID
from flatrender.kit.objects import LinkSigner, ObjectStore
from flatrender.services.content.demo import ensure_templates
from flatrender.services.content.module import build
from flatrender.services.content.settings import ContentSettings
from flatrender.services.files.module import build as build_files
from tests.content.conftest import DEMO, small_template, zipped
from tests.database_server import DatabaseCopy
from tests.service_doubles import OTHER_TENANT_ID, application, caller_of, client_of, pools_of


async def test_a_template_travels_through_the_object_store(
    module_database: DatabaseCopy, database: Database, tmp_path: Path
) -> None:
    pools = pools_of(module_database, "files", "svc_file")
    await pools.open()
    files = build_files(database=pools, objects=ObjectStore(str(tmp_path)), links=LinkSigner(b"secret"))
    settings = ContentSettings()
    content = build(database=database, files=files.api, settings=settings)
    app = application(content, files)
    try:
        folders = [DEMO / "promo"]
        assert await ensure_templates(database=database, files=files.api, settings=settings, folders=folders)
        assert await ensure_templates(database=database, files=files.api, settings=settings, folders=folders) == {}
        async with client_of(app, caller_of(OTHER_TENANT_ID)) as client:
            promo = (await client.get("/v1/projects/promo")).json()
            scene, field = next((s, f) for s in promo["scenes"] for f in s["fields"] if f["type"] == "image")
            assert (await client.get(field["default"])).headers["content-type"].startswith("image/")
            music = await client.get(promo["music"][0]["url"])
            assert music.content == (DEMO / "promo" / "music" / "drive.ogg").read_bytes()
            out = io.BytesIO()
            Image.new("RGB", (640, 480), (10, 200, 30)).save(out, "JPEG")
            uploaded = await client.post(
                "/v1/files",
                content=out.getvalue(),
                headers={"Content-Type": "image/jpeg", "X-File-Name": "a.jpg", "X-File-Purpose": "user_media"},
            )
            assert uploaded.status_code == 201, uploaded.text
        request = SceneRequest(
            version_id=UUID(promo["version_id"]),
            scene_key=scene["key"],
            size="16x9",
            locale="fa",
            values={field["key"]: uploaded.json()["id"]},
            colors={},
        )
        (resolved,) = await content.api.resolve_scenes(tenant_id=OTHER_TENANT_ID, requests=[request])
        pictures = [asset["p"] for asset in json.loads(resolved.lottie)["assets"] if "p" in asset]
        assert pictures
        assert all(picture.startswith("data:image/") for picture in pictures)
        async with client_of(app, caller_of(DEFAULT_TENANT_ID)) as admin:
            package = await admin.post(
                "/v1/files",
                content=zipped(small_template()),
                headers={
                    "Content-Type": "application/zip",
                    "X-File-Name": "small.zip",
                    "X-File-Purpose": "template_package",
                },
            )
            assert package.status_code == 201, package.text
            file_id = package.json()["id"]
            draft = await admin.post("/v1/admin/projects", json={"file_id": file_id})
            assert draft.status_code == 201, draft.text
            assert (await admin.delete(f"/v1/files/{file_id}")).status_code == 204
        again = SceneRequest(
            version_id=UUID(draft.json()["version_id"]),
            scene_key="main",
            size="16x9",
            locale="fa",
            values={},
            colors={},
        )
        (after,) = await content.api.resolve_scenes(tenant_id=DEFAULT_TENANT_ID, requests=[again])
        assert json.loads(after.lottie)["chars"]
    finally:
        for module in (content, files):
            if module.close is not None:
                await module.close()
        await pools.close()

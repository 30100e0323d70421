"""From an uploaded After Effects project to a template: asked for, converted by the loop, completed with what was missing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient

from flatrender.kit.ids import DEFAULT_TENANT_ID
from flatrender.services.content.importing import Importer
from flatrender.services.content.packages import PackageReader
from flatrender.services.content.project_imports import ProjectImports
from tests.aftereffects.making import moving_square
from tests.content.conftest import Content, zipped
from tests.service_doubles import OTHER_TENANT_ID


@pytest.fixture
def loop(content: Content) -> ProjectImports:
    """The loop that imports, without its own time."""
    importer = Importer(
        database=content.database,
        files=content.files,
        reader=PackageReader(content.settings),
        settings=content.settings,
    )
    return ProjectImports(
        database=content.database, files=content.files, importer=importer, settings=content.settings, objects=None
    )


async def asked(client: AsyncClient, file_id: Any) -> dict[str, Any]:
    answer = await client.post("/v1/admin/projects", json={"file_id": str(file_id)})
    assert answer.status_code == 202, answer.text
    assert answer.headers["Location"] == f"/v1/admin/imports/{answer.json()['id']}"
    return dict(answer.json())


async def test_a_project_is_asked_for_and_becomes_a_draft_with_a_report(
    content: Content, loop: ProjectImports, tmp_path: Path
) -> None:
    project = moving_square(tmp_path).read_bytes()
    file_id = content.files.put(DEFAULT_TENANT_ID, project, name="moving square.aep")
    async with content.client() as client:
        waiting = await asked(client, file_id)
        assert (waiting["status"], waiting["project_id"]) == ("queued", None)
        assert await loop.once()
        done = (await client.get(f"/v1/admin/imports/{waiting['id']}")).json()
        assert done["status"] == "done", done
        draft = (await client.get(f"/v1/admin/projects/{done['project_id']}")).json()
    assert draft["version_id"] == done["version_id"]
    assert draft["source"]["path"] == "moving square.aep"
    assert [(scene["composition"], scene["engine"]) for scene in draft["scenes"]] == [("Main", "thorvg")]
    assert not await loop.once()


async def test_nobody_else_sees_an_import(content: Content, tmp_path: Path) -> None:
    file_id = content.files.put(DEFAULT_TENANT_ID, moving_square(tmp_path).read_bytes(), name="a.aep")
    async with content.client() as client, content.client(OTHER_TENANT_ID) as other:
        waiting = await asked(client, file_id)
        assert (await other.get(f"/v1/admin/imports/{waiting['id']}")).status_code == 404
        assert (await other.post("/v1/admin/projects", json={"file_id": str(file_id)})).status_code == 404


def damaged(project: bytes) -> bytes:
    return project[:600] + bytes(200) + project[800:2000]


@pytest.mark.parametrize(
    ("name", "make", "code"),
    [
        ("broken.aep", damaged, "content.project_invalid"),
        ("collected.zip", lambda _: zipped({"a/b.aep": b"not a project"}), "content.project_invalid"),
    ],
)
async def test_a_project_that_cannot_be_read_fails_with_words(
    content: Content, loop: ProjectImports, tmp_path: Path, name: str, make: Callable[[bytes], bytes], code: str
) -> None:
    data = make(moving_square(tmp_path).read_bytes())
    file_id = content.files.put(DEFAULT_TENANT_ID, data, name=name)
    async with content.client() as client:
        waiting = await asked(client, file_id)
        assert await loop.once()
        failed = (await client.get(f"/v1/admin/imports/{waiting['id']}")).json()
        assert (await client.get("/v1/admin/projects")).json()["items"] == []
    assert failed["status"] == "failed"
    assert failed["problem"]["code"] in {code, "content.project_unsupported"}
    assert failed["problem"]["detail"]

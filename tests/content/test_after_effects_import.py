"""From an uploaded After Effects project to a template: asked for, converted by the loop, completed with what was missing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient

from flatrender.kit.db import Conn
from flatrender.kit.ids import DEFAULT_TENANT_ID, new_id
from flatrender.services.content.importing import Importer
from flatrender.services.content.packages import PackageReader
from flatrender.services.content.project_imports import ProjectImports
from flatrender.services.content.queries import imports
from flatrender.services.content.uploaded import entry_names
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


async def test_an_import_whose_process_ended_is_begun_once_more_and_then_given_up(
    content: Content, loop: ProjectImports, tmp_path: Path
) -> None:
    file_id = content.files.put(DEFAULT_TENANT_ID, moving_square(tmp_path).read_bytes(), name="a.aep")
    async with content.client() as client:
        waiting = await asked(client, file_id)
        for attempt in (1, 2):
            async with content.database.worker() as conn:
                row = await imports.claim(conn, lease_id=new_id(), lease_s=0)
                assert row is not None
                assert row.attempt == attempt
            async with content.database.worker() as conn:
                await imports.expire(
                    conn, attempts=2, problem={"code": "content.import_failed", "detail": "", "where": None}
                )
        assert not await loop.once()
        failed = (await client.get(f"/v1/admin/imports/{waiting['id']}")).json()
    assert (failed["status"], failed["problem"]["code"]) == ("failed", "content.import_failed")


async def test_a_lease_that_was_taken_over_leaves_no_second_template(
    content: Content, loop: ProjectImports, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_id = content.files.put(DEFAULT_TENANT_ID, moving_square(tmp_path).read_bytes(), name="a.aep")
    late = imports.finish

    async def taken_over(conn: Conn, **named: Any) -> bool:
        return await late(conn, **{**named, "lease_id": new_id()})

    async with content.client() as client:
        await asked(client, file_id)
        monkeypatch.setattr(imports, "finish", taken_over)
        assert await loop.once()
        assert (await client.get("/v1/admin/projects")).json()["items"] == []


async def test_one_import_of_a_template_at_a_time(content: Content, loop: ProjectImports, tmp_path: Path) -> None:
    file_id = content.files.put(DEFAULT_TENANT_ID, moving_square(tmp_path).read_bytes(), name="a.aep")
    async with content.client() as client:
        waiting = await asked(client, file_id)
        assert await loop.once()
        project_id = (await client.get(f"/v1/admin/imports/{waiting['id']}")).json()["project_id"]
        address = f"/v1/admin/projects/{project_id}/versions"
        first = await client.post(address, json={"file_id": str(file_id)})
        second = await client.post(address, json={"file_id": str(file_id)})
        assert first.status_code == 202, first.text
        assert (second.status_code, second.json()["code"]) == (409, "content.import_running")
        assert await loop.once()
        same = (await client.get(f"/v1/admin/imports/{first.json()['id']}")).json()
    assert (same["status"], same["problem"]["code"]) == ("failed", "content.version_unchanged")


async def test_the_same_idempotency_key_asks_once(content: Content, tmp_path: Path) -> None:
    file_id = content.files.put(DEFAULT_TENANT_ID, moving_square(tmp_path).read_bytes(), name="a.aep")
    async with content.client() as client:
        answers = [
            await client.post(
                "/v1/admin/projects", json={"file_id": str(file_id)}, headers={"Idempotency-Key": "one press"}
            )
            for _ in range(2)
        ]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].json()["id"] == answers[1].json()["id"]


def test_names_in_an_archive_are_read_from_its_end_and_a_damaged_directory_has_none() -> None:
    archive = zipped({"folder/project.aep": b"x" * 5000, "folder/(Footage)/a.png": b"y"})
    assert entry_names(archive, len(archive)) == ["folder/project.aep", "folder/(Footage)/a.png"]
    assert entry_names(archive[-400:], len(archive)) == ["folder/project.aep", "folder/(Footage)/a.png"]
    assert entry_names(archive[-30:], len(archive)) == []
    assert entry_names(archive[:-30], len(archive)) == []
    broken = bytearray(archive)
    broken[-12:-8] = b"\xff\xff\xff\x7f"
    assert entry_names(bytes(broken), len(archive)) == []


@pytest.mark.parametrize("name", ["../../a.aep", "..", ".aep", "noending"])
async def test_the_name_of_an_upload_leads_nowhere(
    content: Content, loop: ProjectImports, tmp_path: Path, name: str
) -> None:
    file_id = content.files.put(DEFAULT_TENANT_ID, moving_square(tmp_path).read_bytes(), name=name)
    async with content.client() as client:
        waiting = await asked(client, file_id)
        assert await loop.once()
        done = (await client.get(f"/v1/admin/imports/{waiting['id']}")).json()
        assert done["status"] == "done", done
        path = (await client.get(f"/v1/admin/projects/{done['project_id']}")).json()["source"]["path"]
    assert path.endswith(".aep")
    assert "/" not in path

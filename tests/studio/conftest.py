"""Studio and content together on a real database; files and render are doubles. Templates are the demo ones."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from flatrender.kit.db import OutboxRelay
from flatrender.kit.db.outbox import Event
from flatrender.kit.module import ServiceModule
from flatrender.services.content.demo import ensure_templates
from flatrender.services.content.module import build as build_content
from flatrender.services.content.settings import ContentSettings
from flatrender.services.studio.module import build as build_studio
from tests.database_server import DatabaseCopy
from tests.service_doubles import ROOT, FakeFiles, FakeRender, application, caller_of, client_of, pools_of

DEMO = ROOT / "templates"


@pytest.fixture(scope="module")
def files() -> FakeFiles:
    """Files of a module's templates, which are imported once a module."""
    return FakeFiles()


@dataclass
class Studio:
    """Both services with their application and peers."""

    content: ServiceModule
    module: ServiceModule
    app: FastAPI
    files: FakeFiles
    render: FakeRender

    def client(self, *args: Any, **kwargs: Any) -> AsyncClient:
        return client_of(self.app, caller_of(*args, **kwargs))

    async def deliver(self) -> None:
        """Deliver content's events to the studio."""

        async def on_event(event: Event) -> None:
            handler = self.module.handlers.get(event.type)
            if handler is not None:
                await handler(event)

        relay = OutboxRelay(self.content.database, "content", on_event)
        while await relay.publish_batch():
            pass


@pytest.fixture
async def studio(module_database: DatabaseCopy, files: FakeFiles) -> AsyncIterator[Studio]:
    render = FakeRender()
    databases = [pools_of(module_database, name, f"svc_{name}") for name in ("content", "studio")]
    for database in databases:
        await database.open()
    settings = ContentSettings()
    content = build_content(database=databases[0], files=files, settings=settings)
    module = build_studio(database=databases[1], content=content.api, files=files, render=render)
    await ensure_templates(
        database=databases[0], files=files, settings=settings, folders=[DEMO / "promo", DEMO / "quote"]
    )
    made = Studio(content=content, module=module, app=application(content, module), files=files, render=render)
    await made.deliver()
    yield made
    assert content.close is not None
    await content.close()
    for database in databases:
        await database.close()


async def new_document(client: AsyncClient, slug: str = "promo", **more: Any) -> dict[str, Any]:
    """Make a document of a demo template."""
    project = (await client.get(f"/v1/projects/{slug}")).json()
    answer = await client.post("/v1/saved-projects", json={"project_id": project["id"], **more})
    assert answer.status_code == 201, answer.text
    document: dict[str, Any] = answer.json()
    return document


READ_ONLY = (
    "id",
    "status",
    "project_id",
    "project_version_id",
    "duration_frames",
    "thumbnail_url",
    "row_version",
    "created_at",
    "updated_at",
)


def body_of(document: dict[str, Any]) -> dict[str, Any]:
    """Return a document without its read-only members."""
    return {key: value for key, value in document.items() if key not in READ_ONLY}


def version(document: dict[str, Any]) -> dict[str, str]:
    """Return the header that names the document's version."""
    return {"If-Match": f'"{document["row_version"]}"'}

"""Studio and content together on a real database; files and render are doubles. Templates are the demo ones."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from flatrender.kit.db import Database, OutboxRelay
from flatrender.kit.db.outbox import Event
from flatrender.kit.ids import DEFAULT_TENANT_ID
from flatrender.kit.module import ServiceModule
from flatrender.services.content.demo import ensure_templates
from flatrender.services.content.module import build as build_content
from flatrender.services.content.settings import ContentSettings
from flatrender.services.studio.module import build as build_studio
from service_doubles import ROOT, FakeFiles, FakeRender, application, caller_of, client_of, empty, scratch_postgres

DEMO = ROOT / "templates"


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    with scratch_postgres() as dsn:
        yield dsn


@pytest.fixture(scope="session")
def shared_files() -> FakeFiles:
    """Files of the templates, which are imported once a session."""
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
async def studio(postgres: str, shared_files: FakeFiles) -> AsyncIterator[Studio]:
    empty(postgres, "studio", "saved_projects", "audio_tracks", "outbox_events", "idempotency_keys")
    render = FakeRender()
    databases = [
        Database(name, f"{postgres} user=svc_{name}", f"{postgres} user=svc_{name}_worker")
        for name in ("content", "studio")
    ]
    for database in databases:
        await database.open()
    settings = ContentSettings()
    content = build_content(database=databases[0], files=shared_files, settings=settings)
    module = build_studio(database=databases[1], content=content.api, files=shared_files, render=render)
    await ensure_templates(
        database=databases[0], files=shared_files, settings=settings, folders=[DEMO / "promo", DEMO / "quote"]
    )
    made = Studio(content=content, module=module, app=application(content, module), files=shared_files, render=render)
    for track_of in ("promo", "quote"):
        await publish_again(made, track_of)
    yield made
    assert content.close is not None
    await content.close()
    for database in databases:
        await database.close()


async def publish_again(studio: Studio, slug: str) -> None:
    """Tell the studio of a published template, as its event does."""
    async with studio.client() as client:
        project = (await client.get(f"/v1/projects/{slug}")).json()
    from datetime import UTC, datetime
    from uuid import UUID

    await studio.module.handlers["project.published"](
        Event(
            id=UUID(project["id"]),
            tenant_id=DEFAULT_TENANT_ID,
            type="project.published",
            aggregate_type="project",
            aggregate_id=UUID(project["id"]),
            payload={},
            occurred_at=datetime.now(UTC),
        )
    )


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

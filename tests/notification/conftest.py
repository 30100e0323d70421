"""Notification on a real database, with identity as a double and streams read as a browser reads them."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from flatrender.contracts.identity import Account, Identified, TenantBrief
from flatrender.kit.db import Event
from flatrender.kit.errors import NotSignedIn, Unavailable
from flatrender.kit.http import Caller
from flatrender.kit.ids import DEFAULT_TENANT_ID, new_id
from flatrender.kit.module import ServiceModule
from flatrender.services.notification.module import build
from flatrender.services.notification.settings import NotificationSettings
from tests.database_server import DatabaseCopy
from tests.service_doubles import application, client_of, pools_of


class FakeIdentity:
    """`IdentityApi` in memory; `down` makes it answer like a peer that is not there."""

    def __init__(self) -> None:
        self.down = False
        self.locales: dict[UUID, str] = {}

    async def identify(self, *, access_token: str) -> Identified:
        raise NotSignedIn("nobody")

    async def tenant_by_host(self, *, host: str) -> TenantBrief | None:
        return None

    async def accounts(self, *, tenant_id: UUID, ids: Sequence[UUID]) -> Mapping[UUID, Account]:
        if self.down:
            raise Unavailable("identity does not answer", code="peer_unavailable")
        return {i: Account(id=i, display_name="x", locale=self.locales[i]) for i in ids if i in self.locales}


@dataclass
class BrowserStream:
    """An open stream: frames as they arrive."""

    frames: asyncio.Queue[bytes] = field(default_factory=asyncio.Queue)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 0
    task: asyncio.Task[None] | None = None

    async def frame(self, timeout_s: float = 5) -> str:
        return (await asyncio.wait_for(self.frames.get(), timeout_s)).decode()

    async def event(self, timeout_s: float = 5) -> tuple[str, str | None, dict[str, Any]]:
        """Return the next event's name, id and data; comments are skipped."""
        async with asyncio.timeout(timeout_s):
            while True:
                lines = dict(
                    line.split(": ", 1) for line in (await self.frame(timeout_s)).strip().split("\n") if line[0] != ":"
                )
                if "data" in lines:
                    return lines["event"], lines.get("id"), json.loads(lines["data"])

    async def close(self) -> None:
        self.left.set()
        if self.task is not None:
            await asyncio.wait_for(self.task, 5)


@dataclass
class Notification:
    """The service with its application, its peer and its loops."""

    module: ServiceModule
    app: FastAPI
    identity: FakeIdentity
    stop: asyncio.Event
    loops: list[asyncio.Task[None]]

    def person(self, locale: str = "fa-IR", *, tenant: UUID = DEFAULT_TENANT_ID) -> Caller:
        who = Caller(tenant_id=tenant, user_id=uuid4(), session_id=uuid4(), locale=locale)
        self.identity.locales[who.user_id] = locale
        return who

    def client(self, who: Caller | None) -> AsyncClient:
        return client_of(self.app, who)

    async def stream(self, who: Caller, *, last_id: str | None = None, extra: Any = None) -> BrowserStream:
        """Open a stream and wait for its first frame."""
        browser = BrowserStream()
        headers = [(b"last-event-id", last_id.encode())] if last_id else []
        scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "GET",
            "path": "/v1/notifications/stream",
            "raw_path": b"/v1/notifications/stream",
            "query_string": b"",
            "root_path": "",
            "scheme": "http",
            "headers": headers,
            "server": ("test", 80),
            "client": ("127.0.0.1", 1),
            "state": {"caller": who},
        }

        async def receive() -> dict[str, Any]:
            await browser.left.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                browser.status = message["status"]
                browser.headers = {k.decode(): v.decode() for k, v in message["headers"]}
            elif message.get("body"):
                await browser.frames.put(message["body"])

        browser.task = asyncio.create_task(self.app(scope, receive, send))  # type: ignore[arg-type]
        first = await browser.frame()
        assert browser.status != 200 or first.startswith("retry: ")
        return browser


def job_event(
    who: Caller, kind: str, *, title: str = "معرفی محصول Zarrin", job_id: UUID | None = None, **payload: Any
) -> Event:
    """Return an event as render publishes it."""
    job = job_id or new_id()
    return Event(
        id=uuid4(),
        tenant_id=who.tenant_id,
        type=f"render_job.{kind}",
        aggregate_type="render_job",
        aggregate_id=job,
        payload={
            "job_id": str(job),
            "user_id": str(who.user_id),
            "saved_project_id": str(new_id()),
            "title": title,
            "status": kind,
            "progress_pct": 100.0,
            **payload,
        },
        occurred_at=datetime.now(UTC),
    )


async def _start(copy: DatabaseCopy, settings: NotificationSettings) -> Notification:
    database = pools_of(copy, "notification", "svc_notification")
    await database.open()
    identity = FakeIdentity()
    module = build(database=database, identity=identity, settings=settings)
    stop = asyncio.Event()
    loops = [asyncio.create_task(loop(stop)) for loop in module.background]
    return Notification(module=module, app=application(module), identity=identity, stop=stop, loops=loops)


async def _end(made: Notification) -> None:
    made.stop.set()
    await asyncio.wait_for(asyncio.gather(*made.loops), 10)
    assert made.module.close
    await made.module.close()
    await made.module.database.close()


SETTINGS = NotificationSettings(heartbeat_s=0.4, streams_per_user=3, queue_limit=20)


@pytest.fixture
async def notification(module_database: DatabaseCopy) -> AsyncIterator[Notification]:
    made = await _start(module_database, SETTINGS)
    yield made
    await _end(made)


@pytest.fixture
async def second_process(module_database: DatabaseCopy) -> AsyncIterator[Notification]:
    """The same service a second time on the same database, as on another machine."""
    made = await _start(module_database, SETTINGS)
    yield made
    await _end(made)

"""The service of files on a real database and a real folder, with a caller put in by the test."""

import io
import math
import struct
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import httpx
import psycopg
from fastapi import FastAPI
from PIL import Image
from starlette.types import ASGIApp, Receive, Scope, Send

from flatrender.kit.db import Database
from flatrender.kit.http import Caller, install_problem_handlers
from flatrender.kit.ids import DEFAULT_TENANT_ID
from flatrender.kit.objects import LinkSigner, ObjectStore
from flatrender.services.files.module import build
from flatrender.services.files.settings import FilesSettings

SECOND_TENANT = UUID("00000000-0000-7000-8000-000000000002")


class _Callers:
    """Puts the caller that the test names in two headers into the request's state, as the gateway does after checking a token."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope.get("headers", ()))
        if b"x-test-user" in headers:
            scope.setdefault("state", {})["caller"] = Caller(
                tenant_id=UUID(headers[b"x-test-tenant"].decode()),
                user_id=UUID(headers[b"x-test-user"].decode()),
                session_id=uuid4(),
            )
        await self._app(scope, receive, send)


class Platform:
    """The service as people reach it."""

    def __init__(
        self,
        settings: FilesSettings,
        database: Database,
        admin_dsn: str,
        folder: Path,
        objects: ObjectStore | None = None,
    ) -> None:
        self.folder = folder
        self.settings = settings
        self.database = database
        self.objects = objects or ObjectStore(str(folder))
        self.links = LinkSigner(b"k" * 32)
        self.module = build(database=database, objects=self.objects, links=self.links, settings=settings)
        self._admin_dsn = admin_dsn
        app = FastAPI()
        install_problem_handlers(app)
        for router in self.module.routers:
            app.include_router(router)
        self.openapi = app.openapi
        self.app = _Callers(app)

    def client(self, user: UUID | None = None, *, tenant: UUID = DEFAULT_TENANT_ID) -> httpx.AsyncClient:
        """Return a client of a signed-in person, or of nobody."""
        headers = {"X-Test-User": str(user), "X-Test-Tenant": str(tenant)} if user else {}
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app=self.app), base_url="http://flatrender.test", headers=headers
        )

    def admin(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Run one statement as superuser."""
        with psycopg.connect(self._admin_dsn, autocommit=True) as conn:
            cursor = conn.execute(statement, parameters)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []

    def stored_objects(self) -> list[str]:
        """Return the keys of everything in the store."""
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file())


async def upload(
    client: httpx.AsyncClient,
    body: bytes | AsyncIterator[bytes],
    *,
    name: str = "عکس خانه.png",
    purpose: str = "user_media",
    content_type: str = "application/octet-stream",
    **headers: str,
) -> httpx.Response:
    """Upload as the front end does; an iterator is sent in chunks."""
    return await client.post(
        "/v1/files",
        content=body,
        headers={
            "Content-Type": content_type,
            "X-File-Name": quote(name),
            "X-File-Purpose": purpose,
            **{key.replace("_", "-"): value for key, value in headers.items()},
        },
    )


def picture(width: int = 40, height: int = 20, *, format: str = "PNG", seed: int = 1, **options: Any) -> bytes:
    """Return a picture with a gradient."""
    image = Image.new("RGB", (width, height))
    image.putdata([((x * 7 + seed) % 256, (y * 11) % 256, 99) for y in range(height) for x in range(width)])
    out = io.BytesIO()
    image.save(out, format=format, **options)
    return out.getvalue()


def wav(seconds: float = 0.5, rate: int = 8000) -> bytes:
    """Return a mono 16-bit sine (RIFF WAVE)."""
    samples = b"".join(struct.pack("<h", int(9000 * math.sin(n * 0.3))) for n in range(int(seconds * rate)))
    header = struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        36 + len(samples),
        b"WAVE",
        b"fmt ",
        16,
        1,
        1,
        rate,
        rate * 2,
        2,
        16,
        b"data",
        len(samples),
    )
    return header + samples

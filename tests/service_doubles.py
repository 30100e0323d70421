"""What service tests stand on: an application with a planted caller, a service's pools, and peers that fulfil the contracts."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import psycopg
from fastapi import FastAPI, Request
from httpx import ASGITransport, AsyncClient
from psycopg import sql

from flatrender.contracts.files import Link, LinkRequest, StoredFile, StoreRequest
from flatrender.contracts.identity import ALL_PERMISSIONS
from flatrender.contracts.render import RenderJobBrief, RenderRequest
from flatrender.kit.db import Database, assert_no_transaction
from flatrender.kit.errors import TooLarge, Unavailable
from flatrender.kit.http import Caller, install_problem_handlers
from flatrender.kit.ids import DEFAULT_TENANT_ID, new_id
from flatrender.kit.module import ServiceModule
from tests.database_server import DatabaseCopy

ROOT = Path(__file__).resolve().parents[1]
OTHER_TENANT_ID = UUID("00000000-0000-0000-0000-0000000000b2")
THIRD_TENANT_ID = UUID("00000000-0000-0000-0000-0000000000c3")


def pools_of(copy: DatabaseCopy, service: str, role: str) -> Database:
    """Return the pools of a service on a test's database."""
    return Database(service, copy.dsn(role), copy.dsn(f"{role}_worker"), max_size=4, worker_max_size=2)


def empty(copy: DatabaseCopy, service: str, *tables: str) -> None:
    """Remove all rows of these tables of a service's schema, and what hangs on them."""
    with psycopg.connect(copy.dsn(f"svc_{service}_worker"), autocommit=True) as conn:
        for table in tables:
            conn.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(service, table)))


class FakeFiles:
    """`FilesApi` in memory. `down` makes it answer like a peer that is not there."""

    def __init__(self) -> None:
        self.down = False
        self.stored: dict[tuple[UUID, UUID], tuple[StoredFile, bytes]] = {}
        self.by_dedupe_key: dict[tuple[UUID, str], UUID] = {}
        self.reads = 0

    def put(
        self,
        tenant_id: UUID,
        data: bytes,
        *,
        name: str = "file",
        kind: str = "archive",
        duration_ms: int | None = None,
        owner: UUID | None = None,
    ) -> UUID:
        """Keep what somebody uploaded."""
        file_id = new_id()
        self.stored[tenant_id, file_id] = (
            StoredFile(
                id=file_id,
                name=name,
                purpose="user_media",
                kind=kind,
                content_type="application/octet-stream",
                size_bytes=len(data),
                sha256=hashlib.sha256(data).digest(),
                object_key=f"test/{file_id}",
                width=None,
                height=None,
                duration_ms=duration_ms,
                owner_user_id=owner,
                permanent_url=None,
            ),
            data,
        )
        return file_id

    async def files(self, *, tenant_id: UUID, ids: Sequence[UUID]) -> Mapping[UUID, StoredFile]:
        self._reached("files.files")
        return {i: self.stored[tenant_id, i][0] for i in ids if (tenant_id, i) in self.stored}

    async def by_permanent_url(self, *, tenant_id: UUID, urls: Sequence[str]) -> Mapping[str, StoredFile]:
        self._reached("files.by_permanent_url")
        return {
            file.permanent_url: file
            for (tenant, _), (file, _) in self.stored.items()
            if tenant == tenant_id and file.permanent_url in urls and file.permanent_url is not None
        }

    async def read(self, *, tenant_id: UUID, ids: Sequence[UUID], limit_bytes: int) -> Mapping[UUID, bytes]:
        self._reached("files.read")
        self.reads += 1
        found = {i: self.stored[tenant_id, i][1] for i in ids if (tenant_id, i) in self.stored}
        if sum(map(len, found.values())) > limit_bytes:
            raise TooLarge("more than asked for")
        return found

    async def links(self, *, tenant_id: UUID, requests: Sequence[LinkRequest]) -> Mapping[UUID, Link]:
        raise NotImplementedError

    async def delete(self, *, tenant_id: UUID, ids: Sequence[UUID]) -> None:
        for file_id in ids:
            self.stored.pop((tenant_id, file_id), None)

    async def store(self, *, tenant_id: UUID, requests: Sequence[StoreRequest]) -> list[StoredFile]:
        self._reached("files.store")
        return [self._store(tenant_id, request) for request in requests]

    def _store(self, tenant_id: UUID, request: StoreRequest) -> StoredFile:
        known = self.by_dedupe_key.get((tenant_id, request.dedupe_key or ""))
        if known is not None:
            return self.stored[tenant_id, known][0]
        data = request.data or b""
        kind = request.content_type.split("/")[0]
        file_id = self.put(tenant_id, data, name=request.name, kind=kind, duration_ms=request.duration_ms)
        if request.public:
            file = msgspec.structs.replace(
                self.stored[tenant_id, file_id][0], permanent_url=f"/p/{hashlib.sha256(data).hexdigest()}"
            )
            self.stored[tenant_id, file_id] = (file, data)
        if request.dedupe_key:
            self.by_dedupe_key[tenant_id, request.dedupe_key] = file_id
        return self.stored[tenant_id, file_id][0]

    def _reached(self, what: str) -> None:
        assert_no_transaction(what)
        if self.down:
            raise Unavailable("files does not answer", code="peer_unavailable", retry_after_s=2)


class FakeRender:
    """`RenderApi` in memory: one job a revision."""

    def __init__(self) -> None:
        self.down = False
        self.create_down = False
        self.requests: list[RenderRequest] = []
        self.jobs: dict[UUID, RenderJobBrief] = {}

    async def create_jobs(self, *, tenant_id: UUID, requests: Sequence[RenderRequest]) -> list[RenderJobBrief]:
        assert_no_transaction("render.create_jobs")
        if self.down or self.create_down:
            raise Unavailable("render does not answer", code="peer_unavailable", retry_after_s=2)
        answers = []
        for request in requests:
            if request.revision_id not in self.jobs:
                self.requests.append(request)
                self.jobs[request.revision_id] = RenderJobBrief(
                    id=new_id(),
                    saved_project_id=request.saved_project_id,
                    status="queued",
                    progress_pct=0.0,
                    queued_at=datetime.now(UTC),
                )
            answers.append(self.jobs[request.revision_id])
        return answers

    async def latest_jobs(self, *, tenant_id: UUID, saved_project_ids: Sequence[UUID]) -> Mapping[UUID, RenderJobBrief]:
        assert_no_transaction("render.latest_jobs")
        if self.down:
            raise Unavailable("render does not answer", code="peer_unavailable", retry_after_s=2)
        found: dict[UUID, RenderJobBrief] = {}
        for job in self.jobs.values():
            if job.saved_project_id in saved_project_ids:
                found[job.saved_project_id] = job
        return found

    async def check_wanted(self, *, tenant_id: UUID, profiles: Sequence[str], deliver_to: Sequence[UUID]) -> None:
        assert_no_transaction("render.check_wanted")
        if self.down:
            raise Unavailable("render does not answer", code="peer_unavailable", retry_after_s=2)

    async def enqueue_scene_previews(self, *, tenant_id: UUID, project_ids: Sequence[UUID], locale: str) -> int:
        assert_no_transaction("render.enqueue_scene_previews")
        return 0

    def set_status(self, status: str) -> None:
        """Move every job to a status."""
        self.jobs = {key: msgspec.structs.replace(job, status=status) for key, job in self.jobs.items()}


def caller_of(tenant_id: UUID = DEFAULT_TENANT_ID, *, permissions: Sequence[str] = ALL_PERMISSIONS) -> Caller:
    """Return a signed-in person of a tenant; the same tenant and permissions give the same person."""
    user_id = UUID(bytes=hashlib.sha256(tenant_id.bytes + repr(sorted(permissions)).encode()).digest()[:16])
    return Caller(
        tenant_id=tenant_id, user_id=user_id, session_id=user_id, permissions=frozenset(permissions), locale="fa-IR"
    )


def application(*modules: ServiceModule) -> FastAPI:
    """Return an application of these services; the caller of a request is in its transport."""
    app = FastAPI()
    install_problem_handlers(app)
    for module in modules:
        for router in module.routers:
            app.include_router(router)
    return app


def client_of(app: FastAPI, who: Caller | None) -> AsyncClient:
    """Return a client that speaks as `who`."""

    async def with_caller(scope: Any, receive: Any, send: Any) -> None:
        request = Request(scope)
        if who is not None:
            request.state.caller = who
        await app(scope, receive, send)

    return AsyncClient(transport=ASGITransport(app=with_caller), base_url="http://test")

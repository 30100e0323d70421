"""A small farm: the render service with its workflows on a real database, peers that fulfil the contracts, HTTP on a free port, nodes by hand or real."""

import asyncio
import contextlib
import hashlib
import json
import threading
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self, cast
from uuid import UUID, uuid4

import httpx
import msgspec
import psycopg
import uvicorn
from fastapi import FastAPI, Request, Response

from flatrender.contracts.content import (
    LocaleText,
    ResolvedSceneData,
    SceneReference,
    SceneRequest,
    SizeOption,
    SourceProject,
    TemplateDetails,
)
from flatrender.contracts.files import Link, LinkRequest, StoredFile, StoreRequest
from flatrender.contracts.identity import Branding, IdentityApi
from flatrender.contracts.render import FilmInput, RenderJobBrief, RenderRequest, SceneTransition, SoundTrack
from flatrender.contracts.studio import SavedProjectBrief
from flatrender.kit.db import assert_no_transaction
from flatrender.kit.errors import AppError, NotFound, Refused
from flatrender.kit.http import Caller, install_problem_handlers
from flatrender.kit.ids import DEFAULT_TENANT_ID, new_id
from flatrender.kit.module import ServiceModule
from flatrender.kit.objects import LinkSigner, ObjectStore
from flatrender.kit.outgoing import Outgoing
from flatrender.kit.secret_box import SecretBox
from flatrender.kit.workflows import Workflows
from flatrender.node.agent import Agent, AgentConfig
from flatrender.protocol.heartbeat import Heartbeat, HeartbeatReply, LeaseReport
from flatrender.protocol.outcome import Fail, Result
from flatrender.protocol.register import Register, Registered
from flatrender.protocol.work import Assignment, Claim
from flatrender.services.render.module import build
from flatrender.services.render.settings import RenderSettings
from tests.database_server import DatabaseCopy
from tests.engine_film.conftest import numbered
from tests.service_doubles import caller_of, pools_of

NODE_TOKEN = "frn_of-the-tests"
FAST = RenderSettings(
    lease_s=3.0,
    heartbeat_s=0.5,
    progress_s=0.2,
    claim_wait_s=2.0,
    claim_recheck_s=0.5,
    sweep_s=0.2,
    grace_s=0.0,
    chunk_frames=20,
    chunk_lengths=(10, 20, 40),
    quarantine_after=3,
    delivery_schedule_s=(0.1, 0.1, 0.1, 0.1),
    delivery_deadline_s=0.6,
    delivery_poll_s=1.0,
)


class Names:
    """The part of `IdentityApi` that films need: what a tenant marks them with."""

    async def branding(self, *, tenant_id: UUID) -> Branding | None:
        assert_no_transaction("identity.branding")
        return Branding(product_name="استودیو", watermark_file_id=None)


class Templates:
    """`ContentApi`: scenes by key. A scene that is missing is refused as content does it."""

    def __init__(self) -> None:
        self.version_id = new_id()
        self.project_id = new_id()
        self.scenes_by_key: dict[str, tuple[bytes, int]] = {}
        self.scene_ids: dict[str, UUID] = {}
        self.resolved = 0
        self.marks: list[dict[str, Any] | None] = []
        """The watermark of each request so far."""
        self.refused: set[str] = set()
        self.sources: dict[str, SourceProject] = {}
        """The After Effects projects of scenes that have one."""

    def clear(self) -> None:
        self.scenes_by_key.clear()
        self.scene_ids.clear()
        self.refused.clear()
        self.sources.clear()
        self.project_id = new_id()
        self.resolved = 0

    def add(self, key: str, lottie: dict[str, Any] | bytes, frames: int) -> None:
        data = lottie if isinstance(lottie, bytes) else json.dumps(lottie).encode()
        self.scenes_by_key[key] = (data, frames)
        self.scene_ids[key] = new_id()

    async def template_details(
        self, *, tenant_id: UUID, version_ids: Sequence[UUID] = (), project_ids: Sequence[UUID] = ()
    ) -> list[TemplateDetails]:
        assert_no_transaction("content.template_details")
        return [
            TemplateDetails(
                project_id=self.project_id,
                version_id=self.version_id,
                package_sha256=bytes(32),
                slug="t",
                title={"en": "T"},
                fps=30.0,
                sizes=[SizeOption(key="16x9", width=192, height=108)],
                color_slots=[],
                presets=[],
                fields=[],
                scenes=[],
                music=[],
                fonts=[],
            )
        ]

    async def template_titles(self, *, tenant_id: UUID, project_ids: Sequence[UUID]) -> Mapping[UUID, LocaleText]:
        return {}

    async def scenes(self, *, tenant_id: UUID, project_id: UUID) -> list[SceneReference]:
        assert_no_transaction("content.scenes")
        if project_id != self.project_id:
            return []
        return [
            SceneReference(
                scene_id=self.scene_ids[key],
                project_id=project_id,
                version_id=self.version_id,
                scene_key=key,
                snapshot_frame=frames // 2,
            )
            for key, (_, frames) in self.scenes_by_key.items()
        ]

    async def resolve_scenes(self, *, tenant_id: UUID, requests: Sequence[SceneRequest]) -> list[ResolvedSceneData]:
        self.marks += [request.watermark for request in requests]
        assert_no_transaction("content.resolve_scenes")
        return [self._resolve(request) for request in requests]

    def _resolve(self, request: SceneRequest) -> ResolvedSceneData:
        self.resolved += 1
        if request.scene_key not in self.scenes_by_key:
            raise Refused(f"there is no scene {request.scene_key}", code="unknown_scene")
        if request.scene_key in self.refused:
            raise Refused("there is no field x", code="unknown_field")
        lottie, frames = self.scenes_by_key[request.scene_key]
        parsed = json.loads(lottie)
        return ResolvedSceneData(
            scene_key=request.scene_key,
            lottie=lottie,
            sha256=hashlib.sha256(lottie).hexdigest(),
            width=parsed["w"] or 192,
            height=parsed["h"] or 108,
            fps=parsed["fr"],
            first_frame=parsed["ip"],
            frames=request.duration_frames or frames,
            snapshot_frame=frames // 2,
            warnings=[],
            source=self.sources.get(request.scene_key),
        )


class Files:
    """`FilesApi` whose bytes lie in the objects' store."""

    def __init__(self, objects: ObjectStore) -> None:
        self.objects = objects
        self.stored: dict[UUID, StoredFile] = {}
        self.by_dedupe_key: dict[str, UUID] = {}

    async def add(self, data: bytes, *, kind: str = "audio") -> UUID:
        key = f"uploads/{uuid4().hex}"
        await self.objects.put(key, data)
        (file,) = await self.store(
            tenant_id=DEFAULT_TENANT_ID,
            requests=[StoreRequest(name="f", purpose="audio", content_type=f"{kind}/wav", object_key=key)],
        )
        return file.id

    async def files(self, *, tenant_id: UUID, ids: Sequence[UUID]) -> Mapping[UUID, StoredFile]:
        assert_no_transaction("files.files")
        return {i: self.stored[i] for i in ids if i in self.stored}

    async def by_permanent_url(self, *, tenant_id: UUID, urls: Sequence[str]) -> Mapping[str, StoredFile]:
        assert_no_transaction("files.by_permanent_url")
        return {file.permanent_url: file for file in self.stored.values() if file.permanent_url in urls}

    async def read(self, *, tenant_id: UUID, ids: Sequence[UUID], limit_bytes: int) -> Mapping[UUID, bytes]:
        return {
            i: await self.objects.get(self.stored[i].object_key, limit_bytes=limit_bytes)
            for i in ids
            if i in self.stored
        }

    async def links(self, *, tenant_id: UUID, requests: Sequence[LinkRequest]) -> Mapping[UUID, Link]:
        assert_no_transaction("files.links")
        return {
            r.file_id: Link(
                url=f"/d/{tenant_id}/{r.file_id}?life={r.life_s}&name={r.name or ''}",
                expires_at=datetime.now(UTC) + timedelta(seconds=r.life_s),
            )
            for r in requests
            if r.file_id in self.stored
        }

    async def delete(self, *, tenant_id: UUID, ids: Sequence[UUID]) -> None:
        assert_no_transaction("files.delete")
        for i in ids:
            file = self.stored.pop(i, None)
            if file is not None:
                await self.objects.delete(file.object_key)
                self.by_dedupe_key = {key: value for key, value in self.by_dedupe_key.items() if value != i}

    async def store(self, *, tenant_id: UUID, requests: Sequence[StoreRequest]) -> list[StoredFile]:
        assert_no_transaction("files.store")
        return [await self._store(request) for request in requests]

    async def _store(self, request: StoreRequest) -> StoredFile:
        if request.dedupe_key in self.by_dedupe_key:
            return self.stored[self.by_dedupe_key[request.dedupe_key]]
        assert request.object_key is not None
        data = await self.objects.get(request.object_key, limit_bytes=1 << 30)
        key = f"files/{uuid4().hex}{Path(request.object_key).suffix}"
        await self.objects.copy(request.object_key, key)
        file = StoredFile(
            id=new_id(),
            name=request.name,
            purpose=request.purpose,
            kind=request.content_type.split("/")[0],
            content_type=request.content_type,
            size_bytes=len(data),
            sha256=hashlib.sha256(data).digest(),
            object_key=key,
            width=request.width,
            height=request.height,
            duration_ms=request.duration_ms,
            owner_user_id=request.owner_user_id,
            permanent_url=f"/p/{hashlib.sha256(data).hexdigest()}" if request.public else None,
        )
        self.stored[file.id] = file
        if request.dedupe_key:
            self.by_dedupe_key[request.dedupe_key] = file.id
        return file


class Projects:
    """`StudioApi`: every project belongs to the first caller; the draft names the scene."""

    def __init__(self, templates: Templates) -> None:
        self.templates = templates

    async def saved_projects(self, *, tenant_id: UUID, ids: Sequence[UUID]) -> Mapping[UUID, SavedProjectBrief]:
        return {}

    async def scene_request(
        self, *, tenant_id: UUID, user_id: UUID, saved_project_id: UUID, draft: bytes
    ) -> SceneRequest | None:
        assert_no_transaction("studio.scene_request")
        if user_id != caller_of().user_id:
            return None
        return scene(self.templates, json.loads(draft)["scene"]["scene_key"])


def scene(templates: Templates, key: str, **more: Any) -> SceneRequest:
    return SceneRequest(
        version_id=templates.version_id, scene_key=key, size="16x9", locale="en", values={}, colors={}, **more
    )


@dataclass
class HandNode:
    """A node whose every word a test chooses."""

    http: httpx.AsyncClient
    token: str = NODE_TOKEN
    node_id: UUID | None = None
    boot_id: UUID = field(default_factory=uuid4)
    secret: str = ""

    async def post(self, path: str, message: msgspec.Struct, bearer: str | None = None) -> httpx.Response:
        return await self.http.post(
            path,
            content=msgspec.json.encode(message),
            headers={"Authorization": f"Bearer {bearer or self.secret}"},
            timeout=30,
        )

    async def register(self, name: str = "hand", **more: Any) -> Registered:
        message = Register(
            node_id=self.node_id,
            name=name,
            boot_id=self.boot_id,
            agent_version="0",
            os="test",
            engines={"thorvg": "1"},
            max_slots=4,
            cpu_cores=2,
            memory_bytes=1,
            scratch_bytes_total=1,
            scratch_bytes_free=1,
        )
        response = await self.post(
            "/internal/nodes/register", msgspec.structs.replace(message, **more), bearer=self.token
        )
        assert response.status_code == 200, response.text
        registered = msgspec.json.decode(response.content, type=Registered)
        self.node_id, self.secret = registered.node_id, registered.node_secret
        return registered

    async def claim(self, lane: str = "frame-jobs", wait_s: float = 3.0, **more: Any) -> Assignment | None:
        response = await self.post(f"/internal/{lane}/claim", Claim(boot_id=self.boot_id, wait_s=wait_s, **more))
        if response.status_code == 204:
            return None
        assert response.status_code == 200, response.text
        return msgspec.json.decode(response.content, type=Assignment)

    async def put(self, work: Assignment, data: bytes = b"segment") -> None:
        response = await self.http.put(work.upload_url, content=data)
        assert response.status_code == 201, response.text

    async def result(self, work: Assignment, data: bytes = b"segment", **more: Any) -> httpx.Response:
        message = Result(
            boot_id=self.boot_id,
            lease_id=work.lease.lease_id,
            epoch=work.lease.epoch,
            sha256=hashlib.sha256(data).hexdigest(),
            bytes=len(data),
            seconds=0.1,
        )
        return await self.post(self._path(work, "result"), msgspec.structs.replace(message, **more))

    async def fail(self, work: Assignment, failure: str, code: str = "x", **more: Any) -> httpx.Response:
        message = Fail(
            boot_id=self.boot_id,
            lease_id=work.lease.lease_id,
            epoch=work.lease.epoch,
            failure=failure,
            code=code,
            detail="scene a: it went wrong",
        )
        return await self.post(self._path(work, "fail"), msgspec.structs.replace(message, **more))

    async def beat(self, *works: Assignment, frames_done: int = 0) -> HeartbeatReply:
        leases = [
            LeaseReport(
                kind=work.lease.kind,
                id=work.lease.id,
                lease_id=work.lease.lease_id,
                epoch=work.lease.epoch,
                frames_done=frames_done,
            )
            for work in works
        ]
        response = await self.post("/internal/nodes/heartbeat", Heartbeat(boot_id=self.boot_id, leases=leases))
        assert response.status_code == 200, response.text
        return msgspec.json.decode(response.content, type=HeartbeatReply)

    @staticmethod
    def _path(work: Assignment, what: str) -> str:
        lane = {"frame": "frame-jobs", "snapshot_job": "snapshot-jobs", "snapshot": "snapshots"}[work.lease.kind]
        return f"/internal/{lane}/{work.lease.id}/{what}"


class Farm:
    """Everything together. `who` of a request is planted by the header X-Test-Tenant, else the default tenant's admin."""

    def __init__(self, copy: DatabaseCopy, folder: Path, settings: RenderSettings = FAST) -> None:
        self.copy = copy
        self.folder = folder
        self.settings = settings
        self.objects = ObjectStore(str(folder / "objects"))
        self.links = LinkSigner(b"links of the tests")
        self.templates = Templates()
        self.files = Files(self.objects)
        self.projects = Projects(self.templates)
        self.module: ServiceModule | None = None
        self.url = ""
        self.http: httpx.AsyncClient
        self._stack = contextlib.AsyncExitStack()
        self._stop = asyncio.Event()
        self.port = 0

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        self._stop = asyncio.Event()
        database = pools_of(self.copy, "render", "svc_render")
        workflows = Workflows(self.copy.dsn("svc_workflow"), heartbeat_s=0.5, dead_after_s=2.0, poll_s=0.1)
        self.module = build(
            database=database,
            content=self.templates,
            identity=cast("IdentityApi", Names()),
            files=self.files,
            studio=self.projects,
            objects=self.objects,
            links=self.links,
            workflows=workflows,
            box=SecretBox({"k1": bytes(32)}),
            outgoing=Outgoing(allowed=["127.0.0.1"]),
            settings=self.settings,
            node_token=NODE_TOKEN,
        )
        await database.open()
        self._stack.push_async_callback(database.close)
        await workflows.open()
        self._stack.push_async_callback(workflows.close)
        assert self.module.open is not None
        await self.module.open()
        tasks = [asyncio.create_task(loop(self._stop)) for loop in self.module.background]

        async def end() -> None:
            self._stop.set()
            await asyncio.wait_for(asyncio.gather(*tasks), 10)

        self._stack.push_async_callback(end)
        await self.listen()
        self.http = httpx.AsyncClient(base_url=self.url, timeout=20)
        self._stack.push_async_callback(self.http.aclose)

    async def listen(self) -> None:
        assert self.module is not None
        config = uvicorn.Config(
            self._app(),
            host="127.0.0.1",
            port=self.port,
            log_level="warning",
            lifespan="off",
            timeout_graceful_shutdown=1,
            timeout_keep_alive=60,
        )
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server._serve())
        while not server.started:
            await asyncio.sleep(0.01)
        self.port = server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._server, self._serving = server, serving

        self._stack.push_async_callback(self.deafen)

    @contextlib.asynccontextmanager
    async def deaf(self) -> AsyncIterator[None]:
        """Answer no HTTP within the block."""
        await self.deafen()
        try:
            yield
        finally:
            await self.listen()

    async def deafen(self) -> None:
        """Stop answering HTTP; everything else goes on."""
        if not self._serving.done():
            self._server.should_exit = True
            self._server.force_exit = True
            await asyncio.wait_for(self._serving, 10)

    async def stop(self) -> None:
        await self._stack.aclose()

    def _app(self) -> FastAPI:
        assert self.module is not None
        app = FastAPI()
        install_problem_handlers(app)

        @app.middleware("http")
        async def plant(request: Request, call_next: Any) -> Any:
            tenant = request.headers.get("X-Test-Tenant")
            request.state.caller = caller_of(UUID(tenant)) if tenant else caller_of()
            return await call_next(request)

        @app.get("/o/{key:path}")
        async def get_object(key: str, expires: int, signature: str) -> Response:
            self.links.check("GET", key, expires, signature)
            return Response(await self.objects.get(key, limit_bytes=1 << 30))

        @app.put("/o/{key:path}", status_code=201)
        async def put_object(key: str, expires: int, signature: str, request: Request) -> Response:
            self.links.check("PUT", key, expires, signature)
            await self.objects.put(key, await request.body())
            return Response(status_code=201)

        for router in (*self.module.routers, *self.module.internal_routers):
            app.include_router(router)
        return app

    def request(
        self,
        *keys: str,
        profile: str = "draft",
        tracks: Sequence[SoundTrack] = (),
        transitions: Sequence[SceneTransition] = (),
        revision_id: UUID | None = None,
        outputs: Sequence[str] = (),
        deliver_to: Sequence[UUID] | None = None,
    ) -> RenderRequest:
        return RenderRequest(
            user_id=caller_of().user_id,
            saved_project_id=new_id(),
            revision_id=revision_id or new_id(),
            project_id=self.templates.project_id,
            project_version_id=self.templates.version_id,
            package_sha256=bytes(32),
            title="a film",
            input=FilmInput(
                scenes=[scene(self.templates, key) for key in keys],
                tracks=list(tracks),
                profile=profile,
                width=192,
                height=108,
                fps=30.0,
                locale="en",
                transitions=list(transitions),
                outputs=list(outputs),
                deliver_to=None if deliver_to is None else list(deliver_to),
            ),
            music_volume=1.0,
            sfx_volume=1.0,
            voiceover_volume=1.0,
            has_voiceover=False,
        )

    async def create(self, *keys: str, tenant_id: UUID = DEFAULT_TENANT_ID, **more: Any) -> RenderJobBrief:
        assert self.module is not None
        (job,) = await self.module.api.create_jobs(tenant_id=tenant_id, requests=[self.request(*keys, **more)])
        return job

    async def job(self, job_id: UUID) -> dict[str, Any]:
        response = await self.http.get(f"/v1/render-jobs/{job_id}")
        assert response.status_code == 200, response.text
        return response.json()

    async def until(self, job_id: UUID, *statuses: str, within_s: float = 60) -> dict[str, Any]:
        """Wait for the film to get one of the statuses."""
        until = time.monotonic() + within_s
        while time.monotonic() < until:
            job = await self.job(job_id)
            if job["status"] in statuses:
                return job
            assert job["status"] not in ("completed", "failed", "canceled"), job
            await asyncio.sleep(0.05)
        raise AssertionError(f"still {job}")

    def empty(self) -> None:
        """Forget everything that a test left."""
        for table in (
            "film_forecasts", "frame_speeds", "engine_speeds", "node_speeds", "finish_speeds",
            "template_flags", "frame_repair_jobs", "frame_jobs", "frame_attempts", "delivery_attempts", "deliveries", "delivery_targets", "exports",
            "render_job_attempts", "render_job_events", "render_jobs",
            "snapshot_jobs", "snapshots",
            "node_crashes", "node_health_logs", "nodes", "outbox_events", "idempotency_keys", "tenant_render_limits",
        ):  # fmt: skip
            self.do(f"DELETE FROM render.{table}")
        self.do("DELETE FROM render.node_tokens WHERE name <> 'this machine'")

    def row(self, sql: str, *values: Any) -> Any:
        with psycopg.connect(self.copy.admin_dsn, autocommit=True) as conn:
            return conn.execute(sql, values).fetchone()

    def rows(self, sql: str, *values: Any) -> list[Any]:
        with psycopg.connect(self.copy.admin_dsn, autocommit=True) as conn:
            return conn.execute(sql, values).fetchall()

    def do(self, sql: str, *values: Any) -> int:
        with psycopg.connect(self.copy.admin_dsn, autocommit=True) as conn:
            return conn.execute(sql, values).rowcount

    def hand(self) -> HandNode:
        return HandNode(self.http)

    async def hand_node(self, name: str = "hand", **more: Any) -> HandNode:
        node = self.hand()
        await node.register(name, **more)
        return node

    def film_path(self, job: dict[str, Any]) -> Path:
        path = self.objects.local_path(self.files.stored[UUID(job["export"]["file_id"])].object_key)
        assert path is not None
        return path

    @contextlib.asynccontextmanager
    async def real_node(self, name: str = "real", *, slots: int = 2, **more: Any) -> AsyncIterator[Agent]:
        agent = Agent(
            AgentConfig(
                server=self.url, token=NODE_TOKEN, name=name, slots=slots, data_dir=self.folder / f"node-{name}", **more
            )
        )
        failures: list[Exception] = []

        def run() -> None:
            try:
                agent.run()
            except Exception as error:  # noqa: BLE001 - whatever ended it is asserted below
                failures.append(error)

        thread = threading.Thread(target=run, name=f"agent-{name}")
        thread.start()
        try:
            yield agent
        finally:
            agent.stop()
            await asyncio.to_thread(thread.join, 20)
            assert not thread.is_alive()
        assert not failures, failures


__all__ = ["FAST", "AppError", "Caller", "Farm", "HandNode", "NotFound", "numbered", "scene"]

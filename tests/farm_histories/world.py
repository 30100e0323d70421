"""A farm without machines: the render service's own rules on a real database, and a clock that is turned by moving every time in it back."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, TypeVar, cast
from uuid import UUID, uuid4

import msgspec
import psycopg
import pytest

from flatrender.contracts.content import ContentApi
from flatrender.contracts.studio import StudioApi
from flatrender.kit.db import Bells, Conn
from flatrender.kit.errors import AppError
from flatrender.kit.ids import DEFAULT_TENANT_ID, new_id
from flatrender.kit.objects import LinkSigner
from flatrender.kit.workflows import Workflows
from flatrender.protocol.heartbeat import Heartbeat, LeaseReport
from flatrender.protocol.outcome import Accepted, Fail, Result
from flatrender.protocol.register import Register
from flatrender.protocol.work import Assignment, Claim, SceneFigures, SegmentTask, StillTask
from flatrender.services.render import tasks
from flatrender.services.render.errors import NotRetryable
from flatrender.services.render.queries import chunks as chunk_rows
from flatrender.services.render.queries import jobs as job_rows
from flatrender.services.render.queries import repairs as repair_rows
from flatrender.services.render.queries import snapshots as still_rows
from flatrender.services.render.queries.chunks import NewChunk
from flatrender.services.render.queries.jobs import FINISHING
from flatrender.services.render.service.crashes import Crashes
from flatrender.services.render.service.events import CHANNEL
from flatrender.services.render.service.fleet import Fleet
from flatrender.services.render.service.forecasting import Learner
from flatrender.services.render.service.jobs import Jobs
from flatrender.services.render.service.leases import Leases
from flatrender.services.render.service.nodes import Nodes
from flatrender.services.render.service.snapshots import Snapshots
from flatrender.services.render.settings import RenderSettings
from flatrender.services.render.tasks import Sweep
from tests.database_server import DatabaseCopy
from tests.farm_audit import FORGET, install_witness, violations
from tests.farm_histories.lean import LeanDatabase
from tests.farm_histories.memory_store import MemoryStore
from tests.render.farm import Files
from tests.service_doubles import OTHER_TENANT_ID

TOKEN = "frn_of-the-histories"
TENANTS = (DEFAULT_TENANT_ID, OTHER_TENANT_ID)
LEASE_S = 60.0
GRACE_S = 60.0
SETTINGS = RenderSettings(lease_s=LEASE_S, claim_wait_s=0.0, grace_s=GRACE_S, quarantine_after=3, quarantine_s=600.0)
TABLES = (
    "template_flags", "frame_repair_jobs", "frame_jobs", "frame_attempts", "snapshots", "snapshot_jobs", "idempotency_keys", "tenant_render_limits",
    "render_job_attempts", "render_job_events", "render_jobs", "node_crashes", "node_commands", "nodes", "outbox_events",
)  # fmt: skip
Given = TypeVar("Given")
Message = TypeVar("Message")
Take = Callable[[str, UUID, Message], Awaitable[Accepted]]


@dataclass
class Holding:
    """A lease as its node remembers it, also long after it has ended."""

    node: Node
    boot_id: UUID
    secret: str
    work: Assignment


@dataclass
class Node:
    """A node of a history: who it is now, and everything it was ever given."""

    name: str
    node_id: UUID
    boot_id: UUID = field(default_factory=uuid4)
    secret: str = ""
    draining: bool = False


class FarmWorld:
    """Everything that a history acts on. One loop for all histories of a module; `forget` empties the tables between them."""

    def __init__(self, copy: DatabaseCopy) -> None:
        self._copy = copy
        self._runner = asyncio.Runner()
        self._database = LeanDatabase(copy, "render", "svc_render")
        self.objects = MemoryStore()
        self._admin = psycopg.connect(copy.admin_dsn, autocommit=True, prepare_threshold=2)
        bells = Bells(self._database, CHANNEL)
        nodes = Nodes(self._database, bells, SETTINGS)
        self.nodes = nodes
        self.fleet = Fleet(self._database, bells, nodes)
        links = LinkSigner(b"links of the histories")
        self.learner = Learner(self._database)
        self.leases = Leases(self._database, bells, nodes, self.objects, links, SETTINGS, self.learner)
        self._snapshots = Snapshots(
            database=self._database,
            bells=bells,
            nodes=nodes,
            content=cast("ContentApi", None),
            files=Files(self.objects),
            studio=cast("StudioApi", None),
            objects=self.objects,
            links=links,
            settings=SETTINGS,
        )
        self._crashes = Crashes(self._database, self.objects, SETTINGS)
        self._monotonic = 1e6
        self._sweeps: list[Sweep] = []
        self.jobs = Jobs(self._database, bells, SETTINGS)
        self.run(self._open())
        install_witness(self._admin)
        self._turn = self._statement_of_turning()

    def begin(self) -> None:
        """Forget the last history and start two servers that have been up for long."""
        self.forget()
        self._monotonic += 10 * GRACE_S
        with self._our_time():
            self._sweeps = [
                Sweep(self._database, self.leases, self._snapshots, SETTINGS, self._crashes) for _ in range(2)
            ]
        self.let_pass(GRACE_S + 1)

    @contextmanager
    def _our_time(self) -> Iterator[None]:
        """Let the sweep's own clock be this world's."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(tasks, "time", SimpleNamespace(monotonic=lambda: self._monotonic))
            yield

    def let_pass(self, seconds: float, *, servers_away: bool = False) -> None:
        """Let time pass on every clock. Servers that are there look at the leases all along; what they take back shows at the next `sweep`."""
        self.turn_clock(seconds)
        self._monotonic += seconds
        if not servers_away:
            for sweep in self._sweeps:
                sweep._last = self._monotonic

    async def sweep(self, server: int) -> int:
        """Let one of the servers take back what ran out; return how much."""
        with self._our_time():
            return await self._sweeps[server % len(self._sweeps)].once()

    def run(self, what: Coroutine[Any, Any, Given]) -> Given:
        """Run to the end, on the one loop."""
        return self._runner.run(what)

    async def _open(self) -> None:
        # DBOS makes its tables when it opens; nothing runs workflows afterwards, so what was started stays to be counted.
        workflows = Workflows(self._copy.dsn("svc_workflow"), heartbeat_s=5, dead_after_s=60, poll_s=1)
        await workflows.open()
        await workflows.close()
        await self._database.open()
        await self.nodes.keep_token("histories", TOKEN)

    def close(self) -> None:
        """Leave the database."""
        self.run(self._database.close())
        self._runner.close()
        self._admin.close()

    def forget(self) -> None:
        """Empty the tables and the store."""
        self.objects.objects.clear()
        self._admin.execute(
            "".join(f"DELETE FROM render.{table};" for table in TABLES) + f"DELETE FROM dbos.workflow_status; {FORGET}"
        )

    def audit(self) -> list[str]:
        """Return which of the farm's invariants do not hold."""

        def stored(key: str) -> bytes | None:
            data = self.objects.objects.get(key)
            return None if data is None else hashlib.sha256(data).digest()

        return violations(self._admin, stored, quiet=False, whole=False)

    def rows(self, statement: str, *values: Any) -> list[Any]:
        """Return what a statement finds."""
        return self._admin.execute(statement, values).fetchall()

    def damage(self, statement: str) -> None:
        """Change rows behind the service's back, past every rule but the tables' own."""
        self._admin.execute(statement)

    def turn_clock(self, seconds: float) -> None:
        """Let so much time pass, by the only clock that counts."""
        self._admin.execute(self._turn.replace("SECONDS", f"{seconds:f}"))

    def _statement_of_turning(self) -> str:
        times: dict[str, list[str]] = {}
        for table, column in self.rows(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'render'"
            " AND data_type = 'timestamp with time zone' AND table_name = ANY(%s)",
            list(TABLES),
        ):
            times.setdefault(table, []).append(f"{column} = {column} - make_interval(secs => SECONDS)")
        return ";".join(f"UPDATE render.{table} SET {', '.join(columns)}" for table, columns in times.items())

    async def add_film(self, tenant_id: UUID, lengths: tuple[int, ...], priority: int = 0) -> UUID:
        """Put a film of chunks of these numbers of frames into the queue, as its planning leaves it."""
        revision = new_id()
        async with self._database.tenant(tenant_id) as conn:
            job_id = await job_rows.insert_job(
                conn,
                tenant_id=tenant_id,
                user_id=new_id(),
                saved_project_id=new_id(),
                revision_id=revision,
                project_id=new_id(),
                project_version_id=new_id(),
                package_sha256=bytes(32),
                profile="draft",
                width=64,
                height=36,
                fps=30,
                has_voiceover=False,
                volumes=(1.0, 1.0, 1.0),
                input={"title": "history"},
                input_hash=bytes(32),
            )
            assert job_id is not None
            await job_rows.start_attempt(conn, tenant_id=tenant_id, job_id=job_id, attempt=1)
            await self._plan(conn, tenant_id, job_id, lengths, priority)
        return job_id

    async def start_over(self, tenant_id: UUID, film: UUID, lengths: tuple[int, ...]) -> None:
        """Try a film again, if it may be, and plan it anew."""
        try:
            job = (await self.jobs.retry(tenant_id, film, user_id=None)).job
        except NotRetryable:
            return
        async with self._database.tenant(tenant_id) as conn:
            await job_rows.start_attempt(conn, tenant_id=tenant_id, job_id=film, attempt=job.attempt)
            await self._plan(conn, tenant_id, film, lengths, job.priority)

    async def _plan(self, conn: Conn, tenant_id: UUID, job_id: UUID, lengths: tuple[int, ...], priority: int) -> None:
        starts = [sum(lengths[:number]) for number in range(len(lengths))]
        planned = [_chunk(job_id, number, first, lengths[number]) for number, first in enumerate(starts)]
        await chunk_rows.replace_chunks(conn, tenant_id=tenant_id, job_id=job_id, priority=priority, chunks=planned)
        await self._render(conn, tenant_id, job_id, sum(lengths))

    async def _render(self, conn: Conn, tenant_id: UUID, job_id: UUID, frames: int) -> None:
        for expected, status in (("queued", "preparing"), ("preparing", "rendering")):
            await job_rows.set_status(
                conn,
                tenant_id=tenant_id,
                job_id=job_id,
                expected=(expected,),
                status=status,
                actor="render",
                starts=True,
                total_frames=frames,
            )

    async def register(self, node: Node) -> None:
        """Let a node in under its present boot."""
        message = Register(
            node_id=node.node_id,
            name=node.name,
            boot_id=node.boot_id,
            agent_version="0",
            os="test",
            engines={"thorvg": "1"},
            max_slots=4,
            cpu_cores=2,
            memory_bytes=1,
            scratch_bytes_total=1,
            scratch_bytes_free=1,
        )
        node.secret = (await self.nodes.register(TOKEN, message)).node_secret

    async def claim(self, node: Node) -> Assignment | None:
        """Ask once for a chunk."""
        return await self.leases.claim(node.secret, Claim(boot_id=node.boot_id, wait_s=0))

    async def put(self, held: Holding) -> bytes:
        """Put the output of a lease where it belongs; every lease's differs."""
        data = str(held.work.lease.lease_id).encode()
        await self.objects.put(held.work.output_key, data)
        return data

    async def deliver(self, held: Holding, data: bytes) -> str:
        """Report a result; return `accepted`, `replayed` or the refusal's code."""
        return await self._reported(self.leases.result, held, data)

    async def _reported(self, take: Take[Result], held: Holding, data: bytes) -> str:
        result = Result(
            boot_id=held.boot_id,
            lease_id=held.work.lease.lease_id,
            epoch=held.work.lease.epoch,
            sha256=hashlib.sha256(data).hexdigest(),
            bytes=len(data),
            seconds=0.1,
        )
        try:
            answer = await take(held.secret, held.work.lease.id, result)
        except AppError as error:
            return error.code
        return "replayed" if answer.replayed else "accepted"

    async def fail(self, held: Holding, failure: str, code: str) -> str:
        """Report a failure; return `accepted` or the refusal's code."""
        return await self._failed(self.leases.fail, held, failure, code)

    async def _failed(self, take: Take[Fail], held: Holding, failure: str, code: str) -> str:
        report = msgspec.convert(
            {
                "boot_id": held.boot_id,
                "lease_id": held.work.lease.lease_id,
                "epoch": held.work.lease.epoch,
                "failure": failure,
                "code": code,
                "detail": "scene a: of a history",
            },
            Fail,
        )
        try:
            await take(held.secret, held.work.lease.id, report)
        except AppError as error:
            return error.code
        return "accepted"

    async def beat(self, node: Node, held: list[Holding]) -> dict[UUID, str] | str:
        """Report leases; return the verdicts by lease, or the refusal's code."""
        reports = [
            LeaseReport(
                kind="frame",
                id=one.work.lease.id,
                lease_id=one.work.lease.lease_id,
                epoch=one.work.lease.epoch,
                frames_done=1,
            )
            for one in held
        ]
        try:
            answer = await self.leases.heartbeat(node.secret, Heartbeat(boot_id=node.boot_id, leases=reports))
        except AppError as error:
            return error.code
        return {one.lease_id: one.verdict for one in answer.leases}

    def limit(self, tenant_id: UUID, *, films: int, paused: bool) -> None:
        """Say how many films of a tenant may be drawn at once, and whether any may."""
        self._admin.execute(
            "INSERT INTO render.tenant_render_limits (tenant_id, max_concurrent_jobs, paused) VALUES (%s, %s, %s)"
            " ON CONFLICT (tenant_id) DO UPDATE SET max_concurrent_jobs = EXCLUDED.max_concurrent_jobs, paused = EXCLUDED.paused",
            (tenant_id, films, paused),
        )

    async def repair(self, tenant_id: UUID, film: UUID, *, chunk_no: int) -> None:
        """Do what the finish does when it finds a chunk's segment missing: queue it again."""
        async with self._database.tenant(tenant_id) as conn:
            job = await job_rows.job(conn, tenant_id=tenant_id, job_id=film, lock=True)
            if job is None or job.status not in FINISHING:
                return
            for chunk in await chunk_rows.chunks(conn, tenant_id=tenant_id, job_id=film):
                if chunk.chunk_no == chunk_no:
                    await repair_rows.redo(conn, tenant_id=tenant_id, chunk_id=chunk.id, exclude=[])
                    await job_rows.set_status(
                        conn, tenant_id=tenant_id, job_id=film, expected=FINISHING, status="rendering", actor="render"
                    )

    async def add_preview(self, tenant_id: UUID, frame: int) -> None:
        """Ask for a preview."""
        async with self._database.tenant(tenant_id) as conn:
            await still_rows.upsert_still(
                conn,
                tenant_id=tenant_id,
                cache_key=hashlib.sha256(f"{tenant_id}{frame}".encode()).digest(),
                project_version_id=new_id(),
                saved_project_id=new_id(),
                frame_no=frame,
                width=64,
                height=36,
                scene_object_key="scenes/a",
                scene_sha256="00" * 32,
                task=_still_task(frame),
            )

    async def add_thumbnail(self, tenant_id: UUID, scene: int) -> None:
        """Ask for a scene's thumbnail, whose preparing is over at once."""
        batch, scene_id = new_id(), UUID(int=tenant_id.int + scene)
        async with self._database.tenant(tenant_id) as conn:
            await still_rows.insert_scene_job(
                conn,
                tenant_id=tenant_id,
                batch_id=batch,
                project_id=scene_id,
                project_version_id=scene_id,
                scene_id=scene_id,
                scene_key="a",
                frame_no=1,
                user_id=None,
            )
            for job in await still_rows.unresolved_scene_jobs(conn, tenant_id=tenant_id, batch_id=batch):
                await still_rows.set_scene_job_task(
                    conn,
                    tenant_id=tenant_id,
                    job_id=job.id,
                    scene_object_key="scenes/a",
                    scene_sha256="00" * 32,
                    task=_still_task(1),
                    pool="default",
                    engine="thorvg",
                    project_sha256=None,
                )

    async def claim_still(self, node: Node) -> Assignment | None:
        """Ask once for a picture."""
        return await self._snapshots.claim(node.secret, Claim(boot_id=node.boot_id, wait_s=0))

    async def deliver_still(self, held: Holding) -> str:
        """Put a picture and report it; return `accepted`, `replayed` or the refusal's code."""
        take = self._snapshots.still_result if held.work.lease.kind == "snapshot" else self._snapshots.scene_job_result
        return await self._reported(take, held, await self.put(held))

    async def fail_still(self, held: Holding, failure: str, code: str) -> str:
        """Report that a picture failed; return `accepted` or the refusal's code."""
        take = self._snapshots.still_fail if held.work.lease.kind == "snapshot" else self._snapshots.scene_job_fail
        return await self._failed(take, held, failure, code)

    def nothing_open(self) -> bool:
        """Return whether nothing waits for a node or is in the hands of one."""
        return self.rows(
            "SELECT EXISTS (SELECT FROM render.frame_jobs WHERE status IN ('queued', 'running')) OR EXISTS (SELECT FROM render.snapshots"
            " WHERE status IN ('queued', 'running')) OR EXISTS (SELECT FROM render.snapshot_jobs WHERE status IN ('queued', 'running'))"
        ) == [(False,)]


def _still_task(frame: int) -> dict[str, Any]:
    scene = SceneFigures(scene_key="a", sha256="00" * 32, width=64, height=36, fps=30, first_frame=0, frames=10)
    return dict(msgspec.to_builtins(StillTask(scene=scene, frame=frame, width=64, height=36)))


def _chunk(job_id: UUID, number: int, first: int, frames: int) -> NewChunk:
    scene = SceneFigures(scene_key="a", sha256="00" * 32, width=64, height=36, fps=30, first_frame=0, frames=frames)
    task = SegmentTask(scene=scene, first=0, last=frames - 1, width=64, height=36, fps=30, preset="ultrafast", crf=30)
    return NewChunk(
        chunk_no=number,
        frame_start=first,
        frame_end=first + frames - 1,
        scene_key="a",
        scene_object_key=f"scenes/{job_id}",
        scene_sha256="00" * 32,
        task=dict(msgspec.to_builtins(task)),
        cache_key=hashlib.sha256(f"{job_id}{number}".encode()).digest(),
        pool="default",
    )

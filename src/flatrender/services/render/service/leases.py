"""The node leg: claims, heartbeats, results and failures of chunks. A lease gives the right to do one piece of work once; its epoch rises with each claim."""

import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec
import structlog

from flatrender import telemetry
from flatrender.kit.db import Bells, Conn, Database
from flatrender.kit.errors import NotFound, Refused
from flatrender.kit.objects import LinkSigner, ObjectStore
from flatrender.protocol.heartbeat import Heartbeat, HeartbeatReply, LeaseVerdict, Verdict
from flatrender.protocol.outcome import Accepted, Fail, Result
from flatrender.protocol.work import Assignment, Claim, Engine, Lease
from flatrender.services.render import errors, metrics
from flatrender.services.render.queries import chunks as rows
from flatrender.services.render.queries import jobs as job_rows
from flatrender.services.render.queries import nodes as node_rows
from flatrender.services.render.queries import snapshots as still_rows
from flatrender.services.render.queries import traces as trace_rows
from flatrender.services.render.queries.chunks import ChunkRow, ClaimedChunk
from flatrender.services.render.queries.jobs import JobRow
from flatrender.services.render.queries.nodes import NodeRow
from flatrender.services.render.service.events import RENDER_SHARE, frames_bell, tell
from flatrender.services.render.service.fleet import heard, order_of
from flatrender.services.render.service.forecasting import Learner
from flatrender.services.render.service.jobs import fail_job, settle_cancel, start_finish
from flatrender.services.render.service.line import Lines
from flatrender.services.render.service.nodes import Nodes
from flatrender.services.render.service.planning import decode_task, kind_of, segment_upload_key
from flatrender.services.render.service.pools import DEFAULT_POOL, engine_of, work_pool
from flatrender.services.render.service.recovery import node_to_exclude, take_back
from flatrender.services.render.service.sources import links_of
from flatrender.services.render.service.speeds import FrameResult
from flatrender.services.render.settings import RenderSettings

log = structlog.get_logger(__name__)

FINAL_CODES = frozenset(
    {"engine_refused", "engine_timeout", "settings_invalid", "aerender_template", "aerender_asset", "aerender_font"}
)
"""Failures of the scene that another try cannot change."""
UNCLEAR_CODES = frozenset({"aerender_timeout", "aerender_crashed", "aerender_unknown"})
"""Failures of After Effects that may be the machine's or the project's: another node tries, a few times."""
KILLED = "killed"
"""A person took the work from the node."""
TOLD_S = 600.0
LINK_MARGIN_S = 600
MAX_OUTPUT_BYTES = 1 << 30
"""The largest segment or picture; no executor joins larger ones."""
MAX_CACHED_PROJECTS = 1000
Gone = Callable[[], bool]
"""Whether the node that waits has closed its connection."""


def never_gone() -> bool:
    """Somebody waits."""
    return False


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """What one look at the queue gave."""

    pool: str
    chunk: ClaimedChunk | None = None
    others_may: bool = False
    """Nothing for this node, and another may get something."""
    trace: str | None = None
    """What the node goes on with in the film's trace."""

    def __bool__(self) -> bool:
        return self.chunk is not None


class Leases:
    """Chunks of films in the hands of nodes."""

    def __init__(
        self,
        database: Database,
        bells: Bells,
        nodes: Nodes,
        objects: ObjectStore,
        links: LinkSigner,
        settings: RenderSettings,
        learner: Learner,
    ) -> None:
        self._database = database
        self._bells = bells
        self._nodes = nodes
        self._objects = objects
        self._links = links
        self._settings = settings
        self._learner = learner
        self._lines = Lines(bells, settings.claim_recheck_s)
        self._told: dict[UUID, float] = {}

    async def claim(self, secret: str, claim: Claim, gone: Gone = never_gone) -> Assignment | None:
        """Wait for a chunk and lease it; None when there was none in time, the node may not work now, or `gone` says that nobody waits any more.

        Raises NodeUnknown, BootSuperseded and EngineUnknown.
        """
        until = time.monotonic() + max(0.0, min(claim.wait_s, self._settings.claim_wait_s))
        look = await self._look(secret, claim)
        if look.chunk is None and until > time.monotonic():
            look = await self._look_in_line(look.pool, secret, claim, until, gone)
        else:
            self._lines.found(frames_bell(look.pool))
        return self._assignment(look.chunk, look.trace) if look.chunk is not None else None

    async def _look_in_line(self, pool: str, secret: str, claim: Claim, until: float, gone: Gone) -> "Look":
        look = Look(pool=pool)
        with self._lines.stand(frames_bell(pool)) as place:
            is_turn = True
            while not gone():
                if is_turn:
                    look = await self._look(secret, claim)
                    place.looked(found=look.chunk is not None, others_may=look.others_may)
                left = until - time.monotonic()
                if look.chunk is not None or left <= 0 or self._bells.closing:
                    break
                is_turn = await place.wait(min(left, self._settings.claim_recheck_s))
        return look

    @metrics.timed_claim("frame")
    async def _look(self, secret: str, claim: Claim) -> "Look":
        """Lease a chunk if there is one for the node now."""
        async with self._database.worker_statements() as conn:
            node = await self._nodes.recognise(conn, secret, claim.boot_id)
            pool = claimed_pool(node, claim)
            if not may_work(node, claim.engine):
                return Look(pool=pool, others_may=True)
            if not node.probing:
                return await self._lease_chunk(conn, node, pool, claim.engine)
        async with self._database.worker() as conn:
            if not await self._nodes.may_take(conn, node):
                return Look(pool=pool, others_may=True)
            return await self._lease_chunk(conn, node, pool, claim.engine)

    async def _lease_chunk(self, conn: Conn, node: NodeRow, pool: str, engine: Engine) -> "Look":
        began_ns = time.time_ns()
        found = rows.Claimed()
        for patience_s in (self._settings.warm_patience_s, None) if engine == "aerender" else (None,):
            if found.chunk is None:
                found = await rows.claim(
                    conn,
                    pool=pool,
                    node_id=node.id,
                    boot_id=node.boot_id,
                    dedicated_tenant_id=node.dedicated_tenant_id,
                    lease_s=self._settings.lease_s,
                    patience_s=patience_s,
                )
        if found.superseded:
            raise errors.BootSuperseded("a newer start of this node has registered")
        trace = None
        if found.chunk is not None and telemetry.is_on():
            trace = await claim_trace(conn, found.chunk, node.name, began_ns)
        return Look(pool=pool, chunk=found.chunk, others_may=found.others_may, trace=trace)

    def _assignment(self, chunk: ClaimedChunk, trace: str | None) -> Assignment:
        task = decode_task(chunk.task)
        drawn_by = engine_of(task)
        deadline_s = self._settings.work_deadline_s if drawn_by == "thorvg" else self._settings.aerender_deadline_s
        life_s = max(self._settings.link_life_s, round(deadline_s) + LINK_MARGIN_S)
        key = segment_upload_key(chunk.tenant_id, chunk.cache_key, chunk.id, chunk.epoch)
        links = links_of(chunk.tenant_id, task, lambda key: self._links.sign("GET", key, life_s=life_s))
        return Assignment(
            lease=Lease(kind="frame", id=chunk.id, lease_id=chunk.lease_id, epoch=chunk.epoch),
            lease_s=self._settings.lease_s,
            task=task,
            clip_urls=links.clip_urls,
            source_url=links.source_url,
            overlay_url=links.overlay_url,
            scene_url=self._links.sign("GET", chunk.scene_object_key, life_s=life_s),
            upload_url=self._links.sign("PUT", key, life_s=life_s),
            output_key=key,
            deadline_s=deadline_s,
            traceparent=trace,
        )

    async def heartbeat(self, secret: str, beat: Heartbeat) -> HeartbeatReply:
        """Renew what is alive and say of each lease what to do with it. Raises NodeUnknown and BootSuperseded."""
        lease_s = self._settings.lease_s
        verdicts: dict[UUID, Verdict] = {report.lease_id: "lost" for report in beat.leases}
        drawn: set[tuple[UUID, UUID]] = set()
        async with self._database.worker() as conn:
            node = await self._nodes.recognise(conn, secret, beat.boot_id)
            frames = [
                (report.id, report.lease_id, report.epoch, max(0, report.frames_done))
                for report in beat.leases
                if report.kind == "frame"
            ]
            if frames:
                for renewed in await rows.renew(conn, node_id=node.id, leases=frames, lease_s=lease_s):
                    verdicts[renewed.lease_id] = "keep" if renewed.wanted else "cancel"
                    drawn.add((renewed.tenant_id, renewed.render_job_id))
            for kind, renew in (("snapshot_job", still_rows.renew_scene_jobs), ("snapshot", still_rows.renew_stills)):
                stills = [(one.id, one.lease_id, one.epoch) for one in beat.leases if one.kind == kind]
                if stills:
                    for lease_id in await renew(conn, node_id=node.id, leases=stills, lease_s=lease_s):
                        verdicts[lease_id] = "keep"
            health = beat.health
            await node_rows.beat(
                conn,
                node_id=node.id,
                used_slots=len(frames),
                alive_s=self._nodes.alive_s,
                disk_free_bytes=health.disk_free_bytes if health else None,
            )
            if health is not None:
                await node_rows.insert_health(
                    conn,
                    node_id=node.id,
                    cpu_pct=health.cpu_pct,
                    mem_used_bytes=health.mem_used_bytes,
                    disk_free_bytes=health.disk_free_bytes,
                    load1=health.load1,
                    active_jobs=len(beat.leases),
                    engine_rss_bytes=health.engine_rss_bytes,
                    disk_write_bps=health.disk_write_bps,
                    net_rx_bps=health.net_rx_bps,
                    net_tx_bps=health.net_tx_bps,
                    clock_s=health.clock_s,
                )
            if beat.projects is not None:
                await node_rows.set_template_cache(
                    conn,
                    node_id=node.id,
                    projects=list(
                        {
                            one.sha256.lower(): (sha256_bytes(one.sha256), max(0, one.bytes), max(0, one.hits))
                            for one in beat.projects[:MAX_CACHED_PROJECTS]
                        }.values()
                    ),
                )
            commands = await heard(conn, node, beat)
        # A transaction of its own: a result of the same node locks the film first and the chunk second.
        for tenant_id, job_id in drawn:
            await self._tell_progress(tenant_id, job_id)
        order, wakes_in_s = order_of(node)
        return HeartbeatReply(
            order=order,
            wakes_in_s=wakes_in_s,
            commands=commands,
            leases=[LeaseVerdict(lease_id=lease_id, verdict=verdict) for lease_id, verdict in verdicts.items()],
        )

    async def _tell_progress(self, tenant_id: UUID, job_id: UUID) -> None:
        async with self._database.worker() as conn:
            job = await job_rows.set_progress(conn, tenant_id=tenant_id, job_id=job_id, share=RENDER_SHARE)
            if job is not None and self._is_news(job_id):
                await tell(conn, self._bells, job, "progress")

    def _is_news(self, job_id: UUID) -> bool:
        """Return whether people have heard nothing of the film's progress for `progress_s`, and take it that they do now.

        A notice costs a row that is read by others, and commits that give one wait for each other: not with every chunk of a large farm.
        """
        now = time.monotonic()
        if now - self._told.get(job_id, 0.0) < self._settings.progress_s * 0.9:
            return False
        self._told.pop(job_id, None)
        self._told[job_id] = now
        while (oldest := next(iter(self._told), None)) is not None and now - self._told[oldest] > TOLD_S:
            del self._told[oldest]
        return True

    async def result(self, secret: str, chunk_id: UUID, result: Result) -> Accepted:
        """Take a segment, once. The same result again is a replay; an older one raises LeaseSuperseded.

        The film's last chunk starts the finish in this transaction. Also raises OutputMissing, NodeUnknown and BootSuperseded.
        """
        async with self._database.worker_statements() as conn:
            node = await self._nodes.recognise(conn, secret, result.boot_id)
            chunk = await rows.chunk(conn, chunk_id=chunk_id)
        chunk = current(chunk, result)
        if chunk.status == "done":
            return Accepted(replayed=True)
        if chunk.cache_key is None:
            raise errors.LeaseSuperseded("this chunk was not planned for nodes")
        key = segment_upload_key(chunk.tenant_id, chunk.cache_key, chunk.id, chunk.epoch)
        await output_present(self._objects, key, result.bytes)
        async with self._database.worker() as conn:
            # The film is locked first, so that of two last chunks one sees the other's result.
            job = await job_rows.job(conn, tenant_id=chunk.tenant_id, job_id=chunk.render_job_id, lock=True)
            if job is None:
                raise errors.LeaseSuperseded("the film is gone")
            accepted = await rows.finish(
                conn,
                chunk_id=chunk_id,
                node_id=node.id,
                lease_id=result.lease_id,
                epoch=result.epoch,
                segment_key=key,
                sha256=sha256_bytes(result.sha256),
                seconds=max(0.0, result.seconds),
            )
            if not accepted:
                now = current(await rows.chunk(conn, chunk_id=chunk_id), result)
                if now.status == "done":
                    return Accepted(replayed=True)
                raise errors.LeaseSuperseded("the lease has ended")
            if node.probing:
                await node_rows.end_probation(conn, node_id=node.id)
            await self._after_chunk(conn, job)
        self._learner.note(
            FrameResult(
                tenant_id=job.tenant_id,
                project_version_id=job.project_version_id,
                scene_key=chunk.scene_key or "",
                engine=chunk.engine,
                kind=kind_of(chunk.task),
                height=job.height or 0,
                node_id=node.id,
                frames=chunk.frame_end - chunk.frame_start + 1,
                seconds=result.seconds,
            )
        )
        metrics.FRAMES.inc(chunk.frame_end - chunk.frame_start + 1)
        return Accepted()

    async def _after_chunk(self, conn: Conn, job: JobRow) -> None:
        now = await job_rows.advance(conn, tenant_id=job.tenant_id, job_id=job.id, share=RENDER_SHARE)
        if job.status == "canceling" and now.running == 0:
            await settle_cancel(conn, self._bells, job.tenant_id, job.id)
        if job.status != "rendering":
            return
        moved = now.moved if self._is_news(job.id) else None
        if now.undone == 0:
            workflow_id = await start_finish(conn, job, epochs=now.epochs)
            await job_rows.set_status(
                conn,
                tenant_id=job.tenant_id,
                job_id=job.id,
                expected=("rendering",),
                status="stitching",
                actor="render",
                workflow_id=workflow_id,
            )
            await rows.end_repairs(conn, tenant_id=job.tenant_id, job_id=job.id)
            moved = await job_rows.job(conn, tenant_id=job.tenant_id, job_id=job.id)
        if moved is not None:
            await tell(conn, self._bells, moved, "progress")

    async def fail(self, secret: str, chunk_id: UUID, fail: Fail) -> Accepted:
        """Take the report that a chunk could not be drawn. Only `content` counts against the film.

        Raises LeaseSuperseded, NodeUnknown and BootSuperseded.
        """
        async with self._database.worker() as conn:
            node = await self._nodes.recognise(conn, secret, fail.boot_id)
            chunk = current(await rows.chunk(conn, chunk_id=chunk_id), fail)
            if chunk.status == "done":
                raise errors.LeaseSuperseded("a result of this lease was accepted already")
            unclear = fail.failure == "node" and fail.code in UNCLEAR_CODES
            given_up = unclear and chunk.machine_failures + 1 >= self._settings.machine_failures
            final = given_up or (
                fail.failure == "content" and (fail.code in FINAL_CODES or chunk.attempt + 1 >= chunk.max_attempts)
            )
            await self._note_crash(conn, node, chunk, fail, final=final)
            exclude = None
            if fail.failure in ("content", "node", "licence") or fail.code == KILLED:
                exclude = await node_to_exclude(conn, chunk.tenant_id, chunk.engine, node.id, node.pool)
            if not await take_back(
                conn,
                self._bells,
                chunk,
                error_code=fail.code,
                exclude=exclude,
                burn=fail.failure == "content",
                blames_machine=unclear,
                final=final,
            ):
                raise errors.LeaseSuperseded("the lease has ended")
            if final:
                detail = fail.detail.removeprefix(f"{chunk.scene_key}: ")
                if given_up:
                    detail = f"After Effects failed at it {chunk.machine_failures + 1} times; the last time: {detail}"
                await fail_job(
                    conn,
                    self._bells,
                    chunk.tenant_id,
                    chunk.render_job_id,
                    code=fail.code,
                    message=f"scene {chunk.scene_key}: {detail}",
                )
        return Accepted()

    async def _note_crash(self, conn: Conn, node: NodeRow, chunk: ChunkRow, fail: Fail, *, final: bool) -> None:
        kind = fail.crash or ("agent_crash" if fail.failure == "node" else None)
        if fail.failure == "licence":
            kind = "license"
        if kind is None:
            return
        await node_rows.insert_crash(
            conn,
            node_id=node.id,
            tenant_id=chunk.tenant_id,
            render_job_id=chunk.render_job_id,
            frame_job_id=chunk.id,
            kind=kind,
            fingerprint=f"{fail.code}:{fingerprint_of(chunk.project_sha256, chunk.scene_key)}",
            log_excerpt=fail.detail,
            recovery="gave_up" if final else "retried_other",
            engine=chunk.engine,
        )
        await after_failure(conn, node, fail, self._settings)

    async def expire(self) -> int:
        """Take back the chunks whose lease has run out by the database's clock; return how many."""
        taken = 0
        async with self._database.worker() as conn:
            expired = await rows.expired(conn, limit=100)
        for chunk in expired:
            async with self._database.worker() as conn:
                fresh = await rows.chunk(conn, chunk_id=chunk.id)
                if fresh is None or fresh.lease_id != chunk.lease_id or fresh.status != "running":
                    continue
                exclude = None
                if chunk.node_id is not None:
                    exclude = await node_to_exclude(conn, chunk.tenant_id, chunk.engine, chunk.node_id, DEFAULT_POOL)
                if not await take_back(
                    conn, self._bells, chunk, error_code="lease_expired", exclude=exclude, only_expired=True
                ):
                    continue
                taken += 1
                if chunk.node_id is not None:
                    await node_rows.insert_crash(
                        conn,
                        node_id=chunk.node_id,
                        tenant_id=chunk.tenant_id,
                        render_job_id=chunk.render_job_id,
                        frame_job_id=chunk.id,
                        kind="node_lost",
                        fingerprint="lease_expired",
                        log_excerpt=None,
                        recovery="retried_other",
                        engine=chunk.engine,
                    )
                log.warning("lease_expired", chunk_id=str(chunk.id), node_id=str(chunk.node_id), epoch=chunk.epoch)
        return taken

    async def finish_stranded(self) -> int:
        """Start the finish of films whose chunks are all done although nothing has: a safety net that should find nothing."""
        async with self._database.worker() as conn:
            found = await rows.stranded_jobs(conn)
        for tenant_id, job_id in found:
            async with self._database.worker() as conn:
                job = await job_rows.job(conn, tenant_id=tenant_id, job_id=job_id, lock=True)
                if job is not None:
                    log.warning("stranded_film", job_id=str(job_id))
                    await self._after_chunk(conn, job)
        return len(found)


async def claim_trace(conn: Conn, chunk: rows.ClaimedChunk, node: str, began_ns: int) -> str | None:
    """Record that a chunk was claimed in its film's trace; return what the node goes on with, None when the film has no trace."""
    parent = await trace_rows.of_job(conn, tenant_id=chunk.tenant_id, job_id=chunk.render_job_id)
    if parent is None:
        return None
    attributes: dict[str, str | int] = {
        "flatrender.node": node,
        "flatrender.chunk_id": str(chunk.id),
        "flatrender.render_job_id": str(chunk.render_job_id),
        "flatrender.epoch": chunk.epoch,
    }
    return telemetry.detached_span("claim chunk", parent=parent, start_ns=began_ns, attributes=attributes)


def may_work(node: NodeRow, engine: Engine = "thorvg") -> bool:
    """Return whether a node may be given work of an engine."""
    if order_of(node)[0] != "work":
        return False
    return engine != "aerender" or not node.licence_paused


def claimed_pool(node: NodeRow, claim: Claim) -> str:
    """Return the pool that a claim is about. Raises EngineUnknown when the node has not registered the engine."""
    if claim.engine != "thorvg" and claim.engine not in node.engines:
        raise errors.EngineUnknown(f"this node did not register the engine {claim.engine}")
    return work_pool(claim.engine, node.pool)


def fingerprint_of(project_sha256: bytes | None, what: str | None) -> str:
    """Return what a crash is about: the project where there is one, so that a node that fails at everything is told from a project that fails anywhere."""
    return what or "" if project_sha256 is None else project_sha256.hex()[:16]


def current(chunk: ChunkRow | None, report: Any) -> ChunkRow:
    """Return the chunk when the report is about its newest lease; raise LeaseSuperseded otherwise."""
    if (
        chunk is None
        or chunk.epoch != report.epoch
        or chunk.lease_id != report.lease_id
        or chunk.status not in ("running", "done")
    ):
        raise errors.LeaseSuperseded("this work was given to somebody else or is not wanted any more: drop the result")
    return chunk


def sha256_bytes(text: str) -> bytes:
    """Return the 32 bytes of a hexadecimal hash; raise Refused for anything else."""
    try:
        value = bytes.fromhex(text)
    except ValueError:
        value = b""
    if len(value) != 32:
        raise Refused("sha256 must be 64 hexadecimal digits", code="render.sha256_invalid")
    return value


async def output_present(objects: ObjectStore, key: str, size: int) -> None:
    """Raise OutputMissing unless the object is there with the reported size, which a link into a bucket cannot limit."""
    try:
        stored = await objects.size(key)
    except NotFound:
        stored = -1
    if stored > MAX_OUTPUT_BYTES:
        await objects.delete(key)
        raise errors.OutputMissing(f"the output is larger than {MAX_OUTPUT_BYTES} bytes and was deleted")
    if stored != size or size <= 0:
        raise errors.OutputMissing("the output has not been stored under its key with the reported size: put it again")


async def after_failure(conn: Conn, node: NodeRow, fail: Fail, settings: RenderSettings) -> None:
    """Take a node out of work when it fails too often, and out of After Effects' work when that has no licence."""
    if fail.failure == "licence":
        await node_rows.pause_licence(conn, node_id=node.id, pause_s=settings.licence_pause_s)
        log.warning("licence_missing", node=node.name)
    if fail.failure != "node":
        return
    if await node_rows.quarantine_if_failing(
        conn, node_id=node.id, limit=settings.quarantine_after, quarantine_s=settings.quarantine_s
    ):
        log.warning("node_quarantined", node=node.name)

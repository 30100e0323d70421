"""The node leg: heartbeats, results and failures of chunks; claims are `Claims`.

A lease gives the right to do one piece of work once; its epoch rises with each claim.
"""

import time
from typing import Any
from uuid import UUID

import structlog

from flatrender.engine.film.packets import pack_checksums
from flatrender.kit.db import Bells, Conn, Database
from flatrender.kit.errors import NotFound, Refused
from flatrender.kit.objects import LinkSigner, ObjectStore
from flatrender.protocol.heartbeat import Heartbeat, HeartbeatReply, LeaseVerdict, Verdict
from flatrender.protocol.outcome import Accepted, Fail, Result
from flatrender.protocol.work import Assignment, Claim
from flatrender.services.render import errors, metrics
from flatrender.services.render.queries import chunks as rows
from flatrender.services.render.queries import jobs as job_rows
from flatrender.services.render.queries import nodes as node_rows
from flatrender.services.render.queries import snapshots as still_rows
from flatrender.services.render.queries.chunks import ChunkRow
from flatrender.services.render.queries.crashes import insert_crash, note_attempt, set_recovery
from flatrender.services.render.queries.jobs import JobRow
from flatrender.services.render.queries.nodes import NodeRow
from flatrender.services.render.service.claims import Claims, Gone, never_gone
from flatrender.services.render.service.crashes import MAX_LOG_BYTES, blame, flag_template, log_key, note_crash
from flatrender.services.render.service.events import RENDER_SHARE, tell
from flatrender.services.render.service.fleet import heard, order_of
from flatrender.services.render.service.forecasting import Learner
from flatrender.services.render.service.jobs import give_up_chunk, settle_cancel, start_finish
from flatrender.services.render.service.nodes import Nodes
from flatrender.services.render.service.planning import kind_of, segment_upload_key
from flatrender.services.render.service.recovery import nodes_to_exclude, take_back
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
MAX_OUTPUT_BYTES = 1 << 30
"""The largest segment or picture; no executor joins larger ones."""
MAX_PACKETS = 20_000
MAX_CACHED_PROJECTS = 1000


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
        self._claims = Claims(database, bells, nodes, links, settings)
        self._told: dict[UUID, float] = {}

    async def claim(self, secret: str, claim: Claim, gone: Gone = never_gone) -> Assignment | None:
        """Wait for a chunk and lease it, see `Claims`."""
        return await self._claims.claim(secret, claim, gone)

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
            quarantined=node.quarantined,
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
                packets=pack_checksums([n & 0xFFFFFFFF for n in result.packets[:MAX_PACKETS]]),
                seconds=max(0.0, result.seconds),
            )
            if not accepted:
                now = current(await rows.chunk(conn, chunk_id=chunk_id), result)
                if now.status == "done":
                    return Accepted(replayed=True)
                raise errors.LeaseSuperseded("the lease has ended")
            if 0 < result.log_bytes <= MAX_LOG_BYTES:
                await note_attempt(
                    conn, frame_job_id=chunk.id, epoch=chunk.epoch, detail=None, **attempt_log(chunk, result)
                )
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
            kind = await note_crash(
                conn, node, chunk, fail, f"{fail.code}:{fingerprint_of(chunk.project_sha256, chunk.scene_key)}"
            )
            found = await blame(conn, node, chunk, kind, self._settings)
            unclear = fail.failure == "node" and fail.code in UNCLEAR_CODES
            given_up = unclear and chunk.machine_failures + 1 >= self._settings.machine_failures
            final = given_up or (
                fail.failure == "content"
                and (fail.code in FINAL_CODES or chunk.attempt + 1 >= chunk.max_attempts or found.final)
            )
            exclude = None
            if fail.failure in ("content", "node", "licence") or fail.code == KILLED:
                exclude = await nodes_to_exclude(conn, chunk, node)
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
            await note_attempt(
                conn,
                frame_job_id=chunk.id,
                epoch=chunk.epoch,
                detail=fail.detail,
                **attempt_log(chunk, fail),
            )
            if kind is not None:
                await after_failure(conn, node, fail, self._settings, chunk)
            if final and found.flags and kind is not None:
                await flag_template(conn, chunk, fail, kind)
            if final:
                detail = fail.detail.removeprefix(f"{chunk.scene_key}: ")
                if given_up:
                    detail = f"After Effects failed at it {chunk.machine_failures + 1} times; the last time: {detail}"
                message = f"scene {chunk.scene_key}: {detail}"
                await give_up_chunk(conn, self._bells, chunk, code=fail.code, message=message)
                job = await job_rows.job(conn, tenant_id=chunk.tenant_id, job_id=chunk.render_job_id, lock=True)
                if job is not None:
                    # An output that was given up may have been what the film still waited for.
                    await self._after_chunk(conn, job)
        return Accepted()

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
                node = None if chunk.node_id is None else await node_rows.by_id(conn, node_id=chunk.node_id)
                if node is not None:
                    exclude = await nodes_to_exclude(conn, chunk, node)
                if not await take_back(
                    conn, self._bells, chunk, error_code="lease_expired", exclude=exclude, only_expired=True
                ):
                    continue
                taken += 1
                if chunk.node_id is not None:
                    await insert_crash(
                        conn,
                        node_id=chunk.node_id,
                        tenant_id=chunk.tenant_id,
                        render_job_id=chunk.render_job_id,
                        frame_job_id=chunk.id,
                        kind="node_lost",
                        fingerprint="lease_expired",
                        log_excerpt=None,
                        engine=chunk.engine,
                        code="lease_expired",
                        epoch=chunk.epoch,
                        scene_key=chunk.scene_key,
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


def attempt_log(chunk: ChunkRow, report: Result | Fail) -> dict[str, Any]:
    """Return where the log of a chunk's attempt lies, when its node has put one there."""
    if not 0 < report.log_bytes <= MAX_LOG_BYTES:
        return {"log_key": None, "log_bytes": None}
    key = log_key(chunk.tenant_id, chunk.render_job_id, chunk.id, chunk.epoch)
    return {"log_key": key, "log_bytes": report.log_bytes}


async def after_failure(
    conn: Conn, node: NodeRow, fail: Fail, settings: RenderSettings, chunk: ChunkRow | None = None
) -> None:
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
        if chunk is not None:
            await set_recovery(conn, frame_job_id=chunk.id, epoch=chunk.epoch, recovery="quarantined_node")

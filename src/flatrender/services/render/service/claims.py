"""Claims of chunks: a node asks, and waits in line when there is nothing for it."""

import time
from collections.abc import Callable

import msgspec

from flatrender import telemetry
from flatrender.kit.db import Bells, Conn, Database
from flatrender.kit.objects import LinkSigner
from flatrender.protocol.work import Assignment, Claim, Engine, Lease
from flatrender.services.render import errors, metrics
from flatrender.services.render.queries import chunks as rows
from flatrender.services.render.queries import traces as trace_rows
from flatrender.services.render.queries.chunks import ClaimedChunk
from flatrender.services.render.queries.nodes import NodeRow
from flatrender.services.render.service.crashes import log_key
from flatrender.services.render.service.events import frames_bell
from flatrender.services.render.service.fleet import order_of
from flatrender.services.render.service.line import Lines
from flatrender.services.render.service.nodes import Nodes
from flatrender.services.render.service.planning import decode_task, segment_upload_key
from flatrender.services.render.service.pools import engine_of, work_pool
from flatrender.services.render.service.sources import links_of
from flatrender.services.render.settings import RenderSettings

LINK_MARGIN_S = 600
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


class Claims:
    """Chunks on their way to nodes."""

    def __init__(
        self, database: Database, bells: Bells, nodes: Nodes, links: LinkSigner, settings: RenderSettings
    ) -> None:
        self._database = database
        self._bells = bells
        self._nodes = nodes
        self._links = links
        self._settings = settings
        self._lines = Lines(bells, settings.claim_recheck_s)

    async def claim(self, secret: str, claim: Claim, gone: Gone = never_gone) -> Assignment | None:
        """Wait for a chunk and lease it; None when there was none in time, the node may not work now, or `gone` says that nobody waits any more.

        Raises NodeUnknown, BootSuperseded and EngineUnknown.
        """
        until = time.monotonic() + max(0.0, min(claim.wait_s, self._settings.claim_wait_s))
        look = await self._look(secret, claim)
        if look.chunk is not None:
            self._lines.found(frames_bell(look.pool))
        elif until > time.monotonic():
            look = await self._look_in_line(look.pool, secret, claim, until, gone)
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
            log_url=self._links.sign(
                "PUT", log_key(chunk.tenant_id, chunk.render_job_id, chunk.id, chunk.epoch), life_s=life_s
            ),
            deadline_s=deadline_s,
            traceparent=trace,
        )


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

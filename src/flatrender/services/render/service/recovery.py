"""Taking work back: from a lease that ran out, a start that ended, a node that failed."""

from collections.abc import Sequence
from uuid import UUID

from flatrender.kit.db import Bells, Conn
from flatrender.protocol.work import Engine
from flatrender.services.render.queries import chunks as rows
from flatrender.services.render.queries import crashes as crash_rows
from flatrender.services.render.queries import jobs as job_rows
from flatrender.services.render.queries import nodes as node_rows
from flatrender.services.render.queries.chunks import ChunkRow
from flatrender.services.render.queries.nodes import NodeRow
from flatrender.services.render.service.events import frames_bell
from flatrender.services.render.service.jobs import settle_cancel


async def take_back(
    conn: Conn,
    bells: Bells,
    chunk: ChunkRow,
    *,
    error_code: str,
    exclude: Sequence[UUID] | None,
    burn: bool = False,
    final: bool = False,
    only_expired: bool = False,
    blames_machine: bool = False,
) -> bool:
    """End a running chunk's lease: queue it again (`final`: fail it), or cancel it when its film is not being rendered any more.

    False when the lease had ended already, or with `only_expired` was renewed meanwhile.
    """
    job = await job_rows.job(conn, tenant_id=chunk.tenant_id, job_id=chunk.render_job_id, lock=True)
    wanted = job is not None and job.status == "rendering"
    if chunk.lease_id is None or not await rows.release(
        conn,
        chunk_id=chunk.id,
        lease_id=chunk.lease_id,
        epoch=chunk.epoch,
        status="canceled" if not wanted else "failed" if final else "queued",
        burn=burn,
        only_expired=only_expired,
        error_code=error_code,
        exclude=exclude,
        blames_machine=blames_machine,
    ):
        return False
    if wanted and not final:
        await bells.ring(conn, frames_bell(chunk.pool))
    if job is not None and job.status == "canceling":
        _, running, _ = await rows.remaining(conn, tenant_id=chunk.tenant_id, job_id=chunk.render_job_id)
        if running == 0:
            await settle_cancel(conn, bells, chunk.tenant_id, chunk.render_job_id)
    return True


async def node_to_exclude(conn: Conn, tenant_id: UUID, engine: Engine, node_id: UUID, pool: str) -> UUID | None:
    """Return the node when another one could take the work: work is never kept from the only node there is."""
    others = await node_rows.others_can_work(
        conn, node_id=node_id, pool=pool, engine=engine, tenant_id=tenant_id, excluded=[node_id]
    )
    return node_id if others else None


async def nodes_to_exclude(conn: Conn, chunk: ChunkRow, node: NodeRow) -> list[UUID]:
    """Return the nodes that do not get a chunk from now on, after it failed on `node`: those before and this one while another node lives.

    When all that live have failed at it, all but this one get it again; the only node there is keeps getting it.
    """
    living = await crash_rows.living_nodes(conn, pools=[node.pool], engine=chunk.engine, tenant_id=chunk.tenant_id)
    for excluded in ([*(one for one in chunk.exclude_node_ids if one != node.id), node.id], [node.id]):
        if set(living) - set(excluded):
            return excluded
    return []

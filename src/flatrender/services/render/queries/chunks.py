"""Chunks of films (`frame_jobs`): planned, claimed, renewed, finished, taken back."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from flatrender.kit.db import Conn
from flatrender.protocol.work import Engine


class NewChunk(msgspec.Struct, frozen=True, kw_only=True):
    """A planned chunk; with `segment_key` it is done already."""

    chunk_no: int
    frame_start: int
    frame_end: int
    scene_key: str
    scene_object_key: str
    scene_sha256: str
    task: dict[str, Any]
    cache_key: bytes
    pool: str
    engine: Engine = "thorvg"
    project_sha256: str | None = None
    """Hexadecimal; of the After Effects project that draws it."""
    segment_key: str | None = None
    segment_sha256: str | None = None
    packets: bytes | None = None
    is_checked: bool = False


class ClaimedChunk(msgspec.Struct, frozen=True, kw_only=True):
    """A chunk that a node just got."""

    id: UUID
    tenant_id: UUID
    render_job_id: UUID
    lease_id: UUID
    epoch: int
    scene_object_key: str
    cache_key: bytes
    task: dict[str, Any]


class ChunkRow(msgspec.Struct, frozen=True, kw_only=True):
    """A chunk as its rules need it."""

    id: UUID
    tenant_id: UUID
    render_job_id: UUID
    chunk_no: int
    frame_start: int
    frame_end: int
    scene_key: str | None
    status: str
    attempt: int
    max_attempts: int
    epoch: int
    lease_id: UUID | None
    node_id: UUID | None
    segment_key: str | None
    output_sha256: bytes | None
    cache_key: bytes | None
    pool: str
    engine: Engine
    project_sha256: bytes | None
    machine_failures: int
    scene_object_key: str | None = None
    task: dict[str, Any] | None = None
    exclude_node_ids: list[UUID] = []
    repair_id: UUID | None = None
    packets: bytes | None = None
    checked_at: datetime | None = None


_COLUMNS = (
    "id, tenant_id, render_job_id, chunk_no, frame_start, frame_end, scene_key, status, attempt, max_attempts, epoch, lease_id, node_id,"
    " segment_key, output_sha256, cache_key, pool, engine, project_sha256, machine_failures, scene_object_key, task,"
    " exclude_node_ids, repair_id, packets, checked_at"
)


class StoredSegment(msgspec.Struct, frozen=True, kw_only=True):
    """A segment that was rendered before."""

    cache_key: bytes
    segment_key: str
    output_sha256: bytes
    packets: bytes | None
    is_checked: bool


class RenewedChunk(msgspec.Struct, frozen=True, kw_only=True):
    """A lease that is alive, and whether its film is still wanted."""

    tenant_id: UUID
    render_job_id: UUID
    lease_id: UUID
    wanted: bool


async def stored_segments(conn: Conn, *, tenant_id: UUID, cache_keys: Sequence[bytes]) -> list[StoredSegment]:
    """Return the newest accepted segment of each cache key that has one."""
    async with conn.cursor(row_factory=class_row(StoredSegment)) as cursor:
        await cursor.execute(
            "SELECT DISTINCT ON (cache_key) cache_key, segment_key, output_sha256, packets, checked_at IS NOT NULL AS is_checked FROM render.frame_jobs"
            " WHERE tenant_id = %s AND cache_key = ANY(%s) AND status = 'done' AND reusable AND segment_key IS NOT NULL AND output_sha256 IS NOT NULL"
            " ORDER BY cache_key, finished_at DESC",
            (tenant_id, list(cache_keys)),
        )
        return await cursor.fetchall()


async def replace_chunks(
    conn: Conn,
    *,
    tenant_id: UUID,
    job_id: UUID,
    priority: int,
    chunks: Sequence[NewChunk],
    outputs: Sequence[int] = (0,),
) -> None:
    """Put these chunks in the place of those of the film's outputs `outputs`."""
    await conn.execute(
        "DELETE FROM render.frame_jobs WHERE tenant_id = %s AND render_job_id = %s AND output_no = ANY(%s)",
        (tenant_id, job_id, list(outputs)),
    )
    async with conn.cursor() as cursor:
        await cursor.executemany(
            "INSERT INTO render.frame_jobs (tenant_id, render_job_id, chunk_no, frame_start, frame_end, comp_name, scene_key, scene_object_key, scene_sha256,"
            " task, pool, engine, project_sha256, priority, cache_key, status, segment_key, output_sha256, frames_done, finished_at, packets, checked_at)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, decode(%s, 'hex'), %s, %s, %s, decode(%s, 'hex'), %s, %s, %s, %s, decode(%s, 'hex'), %s,"
            " CASE WHEN %s THEN now() END, %s, CASE WHEN %s THEN now() END)",
            [
                (
                    tenant_id,
                    job_id,
                    chunk.chunk_no,
                    chunk.frame_start,
                    chunk.frame_end,
                    chunk.scene_key,
                    chunk.scene_key,
                    chunk.scene_object_key,
                    chunk.scene_sha256,
                    Jsonb(chunk.task),
                    chunk.pool,
                    chunk.engine,
                    chunk.project_sha256,
                    priority,
                    chunk.cache_key,
                    "done" if chunk.segment_key else "queued",
                    chunk.segment_key,
                    chunk.segment_sha256,
                    chunk.frame_end - chunk.frame_start + 1 if chunk.segment_key else 0,
                    chunk.segment_key is not None,
                    chunk.packets,
                    chunk.is_checked,
                )
                for chunk in chunks
            ],
        )


class Claimed(msgspec.Struct, frozen=True, kw_only=True):
    """What a node got."""

    chunk: ClaimedChunk | None = None
    superseded: bool = False
    """Another start of the node has registered."""
    others_may: bool = False
    """Nothing for this node, and another may get something."""


async def claim(
    conn: Conn,
    *,
    pool: str,
    node_id: UUID,
    boot_id: UUID | None,
    dedicated_tenant_id: UUID | None,
    lease_s: float,
    patience_s: float | None = None,
) -> Claimed:
    """Lease the next chunk of a pool to a node: highest priority, then the tenant that had least for its weight lately, then the oldest.

    With `patience_s` only a chunk of a project that the node has on its disk, when the tenant whose turn it is has one of its highest priority and its
    oldest has not waited longer than that. The rule is the function `render.claim_chunk`; neither the length of the queue nor its age matters to it.
    """
    cursor = await conn.execute(
        "SELECT outcome, id, tenant_id, render_job_id, lease_id, epoch, scene_object_key, cache_key, task"
        " FROM render.claim_chunk(%s, %s, %s, %s, %s, %s)",
        (node_id, boot_id, pool, dedicated_tenant_id, lease_s, patience_s),
    )
    row = await cursor.fetchone()
    if row is None or row[0] != "claimed":
        outcome = row[0] if row else ""
        return Claimed(superseded=outcome == "superseded", others_may=outcome == "passed")
    chunk_id, tenant_id, render_job_id, lease_id, epoch, scene_object_key, cache_key, task = row[1:]
    return Claimed(
        chunk=ClaimedChunk(
            id=chunk_id,
            tenant_id=tenant_id,
            render_job_id=render_job_id,
            lease_id=lease_id,
            epoch=epoch,
            scene_object_key=scene_object_key,
            cache_key=cache_key,
            task=task,
        )
    )


async def renew(
    conn: Conn, *, node_id: UUID, leases: Sequence[tuple[UUID, UUID, int, int]], lease_s: float
) -> list[RenewedChunk]:
    """Renew leases given as (chunk, lease, epoch, frames done); those that are not alive any more are absent."""
    async with conn.cursor(row_factory=class_row(RenewedChunk)) as cursor:
        await cursor.execute(
            "UPDATE render.frame_jobs AS f SET lease_expires_at = now() + make_interval(secs => %(lease_s)s),"
            " frames_done = least(greatest(f.frames_done, held.frames_done), f.frame_end - f.frame_start + 1)"
            " FROM unnest(%(ids)s::uuid[], %(leases)s::uuid[], %(epochs)s::bigint[], %(frames)s::integer[]) AS held (id, lease_id, epoch, frames_done),"
            " render.render_jobs AS j WHERE f.id = held.id AND f.lease_id = held.lease_id AND f.epoch = held.epoch AND f.status = 'running'"
            " AND f.node_id = %(node)s AND j.tenant_id = f.tenant_id AND j.id = f.render_job_id"
            " RETURNING f.tenant_id, f.render_job_id, f.lease_id, j.status = 'rendering' AS wanted",
            {
                "node": node_id,
                "lease_s": lease_s,
                "ids": [lease[0] for lease in leases],
                "leases": [lease[1] for lease in leases],
                "epochs": [lease[2] for lease in leases],
                "frames": [lease[3] for lease in leases],
            },
        )
        return await cursor.fetchall()


async def chunk(conn: Conn, *, chunk_id: UUID) -> ChunkRow | None:
    """Return a chunk that a node names; nodes serve every tenant, and the lease says what it may do with it."""
    async with conn.cursor(row_factory=class_row(ChunkRow)) as cursor:
        await cursor.execute(f"SELECT {_COLUMNS} FROM render.frame_jobs WHERE id = %s", (chunk_id,))  # noqa: S608
        return await cursor.fetchone()


async def chunks(conn: Conn, *, tenant_id: UUID, job_id: UUID) -> list[ChunkRow]:
    """Return a film's chunks in order."""
    async with conn.cursor(row_factory=class_row(ChunkRow)) as cursor:
        await cursor.execute(
            f"SELECT {_COLUMNS} FROM render.frame_jobs WHERE tenant_id = %s AND render_job_id = %s ORDER BY chunk_no",  # noqa: S608
            (tenant_id, job_id),
        )
        return await cursor.fetchall()


async def finish(
    conn: Conn,
    *,
    chunk_id: UUID,
    node_id: UUID,
    lease_id: UUID,
    epoch: int,
    segment_key: str,
    sha256: bytes,
    seconds: float,
    packets: bytes = b"",
) -> bool:
    """Accept a result: only of the newest epoch, while it runs, under its lease. What the tenant's chunks take is learned from it where tenants share."""
    cursor = await conn.execute(
        "WITH done AS (UPDATE render.frame_jobs SET status = 'done', segment_key = %(key)s, output_sha256 = %(sha256)s, seconds = %(seconds)s,"
        "  packets = %(packets)s, checked_at = NULL, reusable = true,"
        "  frames_done = frame_end - frame_start + 1, finished_at = now(), lease_expires_at = NULL, error_code = NULL"
        "  WHERE id = %(id)s AND epoch = %(epoch)s AND status = 'running' AND lease_id = %(lease)s AND node_id = %(node)s RETURNING pool, tenant_id),"
        # Nobody waits for it: the estimate of a claim's cost does not need every result.
        " free AS (SELECT s.pool, s.tenant_id FROM render.tenant_shares AS s JOIN done USING (pool, tenant_id)"
        "  WHERE %(seconds)s > 0 AND %(seconds)s NOT BETWEEN 0.8 * s.chunk_s AND 1.25 * s.chunk_s FOR UPDATE OF s SKIP LOCKED),"
        " learned AS (UPDATE render.tenant_shares AS s SET chunk_s = s.chunk_s + 0.2 * (%(seconds)s - s.chunk_s) FROM free"
        "  WHERE s.pool = free.pool AND s.tenant_id = free.tenant_id)"
        " SELECT 1 FROM done",
        {
            "key": segment_key,
            "sha256": sha256,
            "seconds": seconds,
            "packets": packets or None,
            "id": chunk_id,
            "epoch": epoch,
            "lease": lease_id,
            "node": node_id,
        },
    )
    return await cursor.fetchone() is not None


async def release(
    conn: Conn,
    *,
    chunk_id: UUID,
    lease_id: UUID,
    epoch: int,
    status: str,
    burn: bool,
    error_code: str | None,
    exclude: Sequence[UUID] | None,
    only_expired: bool,
    blames_machine: bool,
) -> bool:
    """End a lease without a result: back to the queue, failed or cancelled; with `only_expired` only if it has run out.

    `exclude` are all nodes that do not get the chunk from now on; None: as before.
    """
    cursor = await conn.execute(
        "UPDATE render.frame_jobs SET status = %s, attempt = attempt + %s, machine_failures = machine_failures + %s, error_code = %s, lease_id = NULL,"
        " lease_expires_at = NULL, frames_done = 0,"
        " exclude_node_ids = coalesce(%s::uuid[], exclude_node_ids)"
        " WHERE id = %s AND epoch = %s AND status = 'running' AND lease_id = %s AND (NOT %s OR lease_expires_at < now())",
        (
            status,
            int(burn),
            int(blames_machine),
            error_code,
            None if exclude is None else list(exclude),
            chunk_id,
            epoch,
            lease_id,
            only_expired,
        ),
    )
    return cursor.rowcount == 1


async def remaining(conn: Conn, *, tenant_id: UUID, job_id: UUID) -> tuple[int, int, int]:
    """Return how many chunks are still to be done, how many are running, and the sum of epochs (which rises with every claim).

    While the film is being drawn, failed and cancelled chunks are those of an output that was given up.
    """
    cursor = await conn.execute(
        "SELECT count(*) FILTER (WHERE status NOT IN ('done', 'repairing', 'failed', 'canceled')), count(*) FILTER (WHERE status = 'running'),"
        " coalesce(sum(epoch), 0)"
        " FROM render.frame_jobs WHERE tenant_id = %s AND render_job_id = %s",
        (tenant_id, job_id),
    )
    row = await cursor.fetchone()
    return (int(row[0]), int(row[1]), int(row[2])) if row else (0, 0, 0)


async def cancel_queued(conn: Conn, *, tenant_id: UUID, job_id: UUID) -> None:
    """Take a film's waiting chunks out of the queue."""
    await conn.execute(
        "UPDATE render.frame_jobs SET status = 'canceled' WHERE tenant_id = %s AND render_job_id = %s AND status = 'queued'",
        (tenant_id, job_id),
    )


async def expired(conn: Conn, *, limit: int) -> list[ChunkRow]:
    """Return chunks whose lease has run out by the database's clock, of every tenant; locked, those being worked on left out."""
    async with conn.cursor(row_factory=class_row(ChunkRow)) as cursor:
        await cursor.execute(
            f"SELECT {_COLUMNS} FROM render.frame_jobs WHERE status = 'running' AND lease_expires_at < now() ORDER BY"  # noqa: S608
            f" lease_expires_at LIMIT %s",
            (limit,),
        )
        return await cursor.fetchall()


async def held_by(conn: Conn, *, node_id: UUID) -> list[ChunkRow]:
    """Return the chunks that a node holds, of every tenant."""
    async with conn.cursor(row_factory=class_row(ChunkRow)) as cursor:
        await cursor.execute(
            f"SELECT {_COLUMNS} FROM render.frame_jobs WHERE status = 'running' AND node_id = %s ORDER BY render_job_id, chunk_no",  # noqa: S608
            (node_id,),
        )
        return await cursor.fetchall()


async def without_node(conn: Conn, *, tenant_id: UUID, job_ids: Sequence[UUID]) -> frozenset[UUID]:
    """Return those films that have chunks for After Effects in the queue while no living node of theirs could draw them."""
    cursor = await conn.execute(
        "SELECT DISTINCT f.render_job_id FROM render.frame_jobs AS f WHERE f.tenant_id = %(tenant)s AND f.render_job_id = ANY(%(jobs)s)"
        " AND f.status = 'queued' AND f.engine = 'aerender' AND NOT EXISTS (SELECT FROM render.nodes AS n WHERE n.engines ? 'aerender'"
        " AND n.status IN ('online', 'busy') AND n.heartbeat_expires_at > now() AND coalesce(n.asleep_until, now()) <= now()"
        " AND coalesce(n.licence_paused_until, now()) <= now()"
        " AND (n.dedicated_tenant_id IS NULL OR n.dedicated_tenant_id = %(tenant)s))",
        {"tenant": tenant_id, "jobs": list(job_ids)},
    )
    return frozenset(UUID(str(row[0])) for row in await cursor.fetchall())


async def stranded_jobs(conn: Conn) -> list[tuple[UUID, UUID]]:
    """Return (tenant, film) of films that are being rendered although every chunk is done, for longer than a moment, of every tenant."""
    cursor = await conn.execute(
        "SELECT j.tenant_id, j.id FROM render.render_jobs AS j WHERE j.status = 'rendering' AND j.updated_at < now() - interval '5 seconds'"
        " AND NOT EXISTS (SELECT FROM render.frame_jobs AS f WHERE f.tenant_id = j.tenant_id AND f.render_job_id = j.id"
        " AND f.status NOT IN ('done', 'repairing', 'failed', 'canceled')) LIMIT 50"
    )
    return [(UUID(str(row[0])), UUID(str(row[1]))) for row in await cursor.fetchall()]

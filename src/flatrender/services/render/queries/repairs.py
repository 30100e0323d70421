"""Frames that are drawn again (`frame_repair_jobs`), and the chunks that they belong to."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from flatrender.kit.db import Conn

OPEN = ("queued", "running")


class RepairRow(msgspec.Struct, frozen=True, kw_only=True):
    """A repair of frames of one chunk."""

    id: UUID
    render_job_id: UUID
    frame_job_id: UUID | None
    frames: list[int]
    reason: str
    detected_by: str
    status: str
    error: str | None
    node_name: str | None
    requested_by_user_id: UUID | None
    created_at: datetime
    finished_at: datetime | None


async def repairs(conn: Conn, *, tenant_id: UUID, job_id: UUID) -> list[RepairRow]:
    """Return a film's repairs, newest first; one whose frames are being drawn is `running`."""
    async with conn.cursor(row_factory=class_row(RepairRow)) as cursor:
        await cursor.execute(
            "SELECT r.id, r.render_job_id, r.frame_job_id, r.frames, r.reason, r.detected_by, r.error, n.name AS node_name, r.requested_by_user_id,"
            " r.created_at, r.finished_at, CASE WHEN r.status = 'queued' AND EXISTS (SELECT FROM render.frame_jobs AS f WHERE f.tenant_id = r.tenant_id"
            " AND f.render_job_id = r.render_job_id AND f.status = 'running' AND (f.repair_id = r.id OR f.id = r.frame_job_id)) THEN 'running'"
            " ELSE r.status END AS status FROM render.frame_repair_jobs AS r LEFT JOIN render.nodes AS n ON n.id = r.node_id"
            " WHERE r.tenant_id = %s AND r.render_job_id = %s ORDER BY r.created_at DESC, r.id LIMIT 500",
            (tenant_id, job_id),
        )
        return await cursor.fetchall()


async def repaired_before(conn: Conn, *, tenant_id: UUID, job_id: UUID) -> dict[UUID, int]:
    """Return how often each chunk of a film was repaired without a person."""
    cursor = await conn.execute(
        "SELECT frame_job_id, count(*) FROM render.frame_repair_jobs WHERE tenant_id = %s AND render_job_id = %s AND detected_by <> 'admin'"
        " AND frame_job_id IS NOT NULL GROUP BY 1",
        (tenant_id, job_id),
    )
    return {UUID(str(row[0])): int(row[1]) for row in await cursor.fetchall()}


async def insert_repair(
    conn: Conn,
    *,
    tenant_id: UUID,
    job_id: UUID,
    chunk_id: UUID,
    frames: Sequence[int],
    reason: str,
    detected_by: str,
    exclude: Sequence[UUID],
    user_id: UUID | None,
) -> UUID:
    """Note frames (of the film) that are to be drawn again."""
    cursor = await conn.execute(
        "INSERT INTO render.frame_repair_jobs (tenant_id, render_job_id, frame_job_id, frames, reason, detected_by, exclude_node_ids, requested_by_user_id)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s) RETURNING id",
        (tenant_id, job_id, chunk_id, list(frames)[:5000], reason, detected_by, list(exclude), user_id),
    )
    row = await cursor.fetchone()
    assert row is not None  # noqa: S101 - it returns what it inserted
    return UUID(str(row[0]))


async def insert_frames(
    conn: Conn,
    *,
    tenant_id: UUID,
    chunk_id: UUID,
    repair_id: UUID,
    frame_start: int,
    frame_end: int,
    task: dict[str, Any],
    cache_key: bytes,
    exclude: Sequence[UUID],
) -> None:
    """Queue frames of a chunk as work of their own, like the chunk in everything else."""
    await conn.execute(
        "INSERT INTO render.frame_jobs (tenant_id, render_job_id, chunk_no, frame_start, frame_end, comp_name, scene_key, scene_object_key, scene_sha256,"
        " task, pool, engine, project_sha256, priority, cache_key, exclude_node_ids, repair_id, max_attempts)"
        " SELECT f.tenant_id, f.render_job_id, (SELECT max(chunk_no) + 1 FROM render.frame_jobs WHERE tenant_id = f.tenant_id"
        " AND render_job_id = f.render_job_id AND output_no = f.output_no),"
        " %(start)s, %(end)s, f.comp_name, f.scene_key, f.scene_object_key, f.scene_sha256, %(task)s, f.pool,"
        " f.engine, f.project_sha256, f.priority, %(cache_key)s, %(exclude)s, %(repair)s, f.max_attempts FROM render.frame_jobs AS f"
        " WHERE f.tenant_id = %(tenant)s AND f.id = %(chunk)s",
        {
            "tenant": tenant_id,
            "chunk": chunk_id,
            "start": frame_start,
            "end": frame_end,
            "task": Jsonb(task),
            "cache_key": cache_key,
            "exclude": list(exclude),
            "repair": repair_id,
        },
    )


async def start_repairing(conn: Conn, *, tenant_id: UUID, chunk_id: UUID) -> None:
    """Keep a chunk's segment for the frames in it that are good, until the others are there."""
    await conn.execute(
        "UPDATE render.frame_jobs SET status = 'repairing' WHERE tenant_id = %s AND id = %s AND status = 'done'",
        (tenant_id, chunk_id),
    )


async def redo(conn: Conn, *, tenant_id: UUID, chunk_id: UUID, exclude: Sequence[UUID]) -> None:
    """Queue a whole chunk again; what was drawn of it for a repair is not wanted any more."""
    await conn.execute(
        "UPDATE render.frame_jobs SET status = 'queued', segment_key = NULL, output_sha256 = NULL, packets = NULL, checked_at = NULL, lease_id = NULL,"
        " frames_done = 0, finished_at = NULL, exclude_node_ids = %s WHERE tenant_id = %s AND id = %s AND status IN ('done', 'repairing')",
        (list(exclude), tenant_id, chunk_id),
    )


async def mended(
    conn: Conn, *, tenant_id: UUID, chunk_id: UUID, segment_key: str, sha256: bytes, packets: bytes
) -> None:
    """Give a chunk the segment with the frames that were drawn again."""
    await conn.execute(
        "UPDATE render.frame_jobs SET status = 'done', segment_key = %s, output_sha256 = %s, packets = %s, checked_at = NULL, reusable = true,"
        " finished_at = now() WHERE tenant_id = %s AND id = %s AND status = 'repairing'",
        (segment_key, sha256, packets, tenant_id, chunk_id),
    )


async def purge(conn: Conn, *, tenant_id: UUID, segment_key: str) -> None:
    """Let no film use a segment again, and those that have it look at it again."""
    await conn.execute(
        "UPDATE render.frame_jobs SET reusable = false, checked_at = NULL WHERE tenant_id = %s AND segment_key = %s",
        (tenant_id, segment_key),
    )


async def set_checked(conn: Conn, *, tenant_id: UUID, job_id: UUID, output_no: int) -> None:
    """Note that every frame of the segments of one of a film's outputs was looked at."""
    await conn.execute(
        "UPDATE render.frame_jobs SET checked_at = now() WHERE tenant_id = %s AND render_job_id = %s AND status = 'done' AND repair_id IS NULL"
        " AND checked_at IS NULL AND output_no = %s",
        (tenant_id, job_id, output_no),
    )


async def end_repairs(
    conn: Conn,
    *,
    tenant_id: UUID,
    job_id: UUID,
    status: str = "done",
    error: str | None = None,
    by_hand_too: bool = True,
) -> None:
    """End a film's open repairs, those that a person asked for only with `by_hand_too`; those that succeeded say which node drew the frames."""
    await conn.execute(
        "UPDATE render.frame_repair_jobs AS r SET status = %s, error = %s, finished_at = now(), node_id = coalesce("
        "(SELECT f.node_id FROM render.frame_jobs AS f WHERE f.tenant_id = r.tenant_id AND f.repair_id = r.id ORDER BY f.finished_at DESC NULLS LAST LIMIT 1),"
        " (SELECT f.node_id FROM render.frame_jobs AS f WHERE f.tenant_id = r.tenant_id AND f.id = r.frame_job_id))"
        " WHERE r.tenant_id = %s AND r.render_job_id = %s AND r.status IN ('queued', 'running')"
        " AND (%s OR r.detected_by <> 'admin')",
        (status, error[:2000] if error else None, tenant_id, job_id, by_hand_too),
    )


async def open_by_hand(conn: Conn, *, tenant_id: UUID, job_id: UUID) -> bool:
    """Return whether a person asked for a repair of a film that is not done."""
    cursor = await conn.execute(
        "SELECT 1 FROM render.frame_repair_jobs WHERE tenant_id = %s AND render_job_id = %s AND detected_by = 'admin' AND status IN ('queued', 'running')",
        (tenant_id, job_id),
    )
    return await cursor.fetchone() is not None


async def leave_as_they_were(conn: Conn, *, tenant_id: UUID, job_id: UUID) -> None:
    """Give up a repair of a finished film: its chunks keep the segments that they had."""
    await conn.execute(
        "DELETE FROM render.frame_jobs WHERE tenant_id = %s AND render_job_id = %s AND repair_id IS NOT NULL AND status <> 'done'",
        (tenant_id, job_id),
    )
    await conn.execute(
        "UPDATE render.frame_jobs SET status = 'done' WHERE tenant_id = %s AND render_job_id = %s AND status = 'repairing'",
        (tenant_id, job_id),
    )

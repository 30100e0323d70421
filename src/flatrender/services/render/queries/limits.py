"""What tenants may have of the farm, and the order of their films."""

from uuid import UUID

import msgspec
from psycopg.rows import class_row

from flatrender.kit.db import Conn


class LimitsRow(msgspec.Struct, frozen=True, kw_only=True):
    """A tenant's limits; the defaults are those of a tenant without a row."""

    max_concurrent_jobs: int = 2
    """Films of which something is drawn at the same time."""
    max_queued_jobs: int = 100
    """Unfinished films."""
    weight: int = 100
    """1 to 10000: its share of the farm beside other tenants that wait."""
    paused: bool = False
    """Nothing of it is given to nodes."""


async def limits(conn: Conn, *, tenant_id: UUID) -> LimitsRow:
    """Return a tenant's limits."""
    async with conn.cursor(row_factory=class_row(LimitsRow)) as cursor:
        await cursor.execute(
            "SELECT max_concurrent_jobs, max_queued_jobs, weight, paused FROM render.tenant_render_limits WHERE tenant_id = %s",
            (tenant_id,),
        )
        return await cursor.fetchone() or LimitsRow()


async def set_limits(conn: Conn, *, tenant_id: UUID, wanted: LimitsRow) -> None:
    """Put a tenant's limits in the place of those it had."""
    await conn.execute(
        "INSERT INTO render.tenant_render_limits (tenant_id, max_concurrent_jobs, max_queued_jobs, weight, paused)"
        " VALUES (%s, %s, %s, %s, %s) ON CONFLICT (tenant_id) DO UPDATE SET max_concurrent_jobs = EXCLUDED.max_concurrent_jobs,"
        " max_queued_jobs = EXCLUDED.max_queued_jobs, weight = EXCLUDED.weight, paused = EXCLUDED.paused",
        (tenant_id, wanted.max_concurrent_jobs, wanted.max_queued_jobs, wanted.weight, wanted.paused),
    )


async def set_priority(conn: Conn, *, tenant_id: UUID, job_id: UUID, priority: int) -> list[str]:
    """Set the priority of a film that the caller has locked, and of its chunks that are not done; return their pools."""
    await conn.execute(
        "UPDATE render.render_jobs SET priority = %s WHERE tenant_id = %s AND id = %s", (priority, tenant_id, job_id)
    )
    cursor = await conn.execute(
        "WITH moved AS (UPDATE render.frame_jobs SET priority = %s WHERE tenant_id = %s AND render_job_id = %s"
        " AND status IN ('queued', 'running') RETURNING pool) SELECT DISTINCT pool FROM moved ORDER BY pool",
        (priority, tenant_id, job_id),
    )
    return [str(row[0]) for row in await cursor.fetchall()]


async def waiting_pools(conn: Conn, *, tenant_id: UUID) -> list[str]:
    """Return the pools in which chunks of a tenant wait."""
    cursor = await conn.execute(
        "SELECT DISTINCT pool FROM render.frame_jobs WHERE tenant_id = %s AND status = 'queued' ORDER BY pool",
        (tenant_id,),
    )
    return [str(row[0]) for row in await cursor.fetchall()]

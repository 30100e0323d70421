"""The trace of a film, kept beside it, so that whoever works on it later goes on with it. Only asked while traces are on."""

from uuid import UUID

from flatrender.kit.db import Conn


async def keep(conn: Conn, *, tenant_id: UUID, job_id: UUID, traceparent: str) -> None:
    """Note the trace of the request that asked for the film."""
    await conn.execute(
        "UPDATE render.render_jobs SET traceparent = %s WHERE tenant_id = %s AND id = %s",
        (traceparent, tenant_id, job_id),
    )


async def of_job(conn: Conn, *, tenant_id: UUID, job_id: UUID) -> str | None:
    """Return the trace of a film; None when it was asked for while traces were off."""
    cursor = await conn.execute(
        "SELECT traceparent FROM render.render_jobs WHERE tenant_id = %s AND id = %s", (tenant_id, job_id)
    )
    row = await cursor.fetchone()
    return str(row[0]) if row and row[0] else None

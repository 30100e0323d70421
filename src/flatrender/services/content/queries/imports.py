"""Imports of After Effects projects: asked for, claimed by one loop under a lease, done or failed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from flatrender.kit.db import Conn

_COLUMNS = """
    i.id, i.tenant_id, i.project_id, i.version_id, i.file_id, i.file_name, i.additions, i.status, i.problem, i.attempt, i.lease_id,
    i.requested_by_user_id, i.created_at, i.started_at, i.finished_at
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRow:
    """One import. `additions` is `[{file_id, kind, name}]`, `problem` is `{code, detail, where}`."""

    id: UUID
    tenant_id: UUID
    project_id: UUID | None
    version_id: UUID | None
    file_id: UUID | None
    file_name: str
    additions: list[dict[str, Any]]
    status: Literal["queued", "running", "done", "failed"]
    problem: dict[str, Any] | None
    attempt: int
    lease_id: UUID | None
    requested_by_user_id: UUID
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


async def insert(
    conn: Conn,
    *,
    tenant_id: UUID,
    import_id: UUID,
    project_id: UUID | None,
    file_id: UUID | None,
    file_name: str,
    additions: list[dict[str, Any]],
    user_id: UUID,
) -> bool:
    """Ask for an import; return False when one of the same template is not finished yet."""
    inserted = await conn.execute(
        "INSERT INTO content.project_imports (id, tenant_id, project_id, file_id, file_name, additions, requested_by_user_id)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (project_id) WHERE project_id IS NOT NULL AND status IN ('queued', 'running') DO NOTHING",
        (import_id, tenant_id, project_id, file_id, file_name, Jsonb(additions), user_id),
    )
    return inserted.rowcount == 1


async def own(conn: Conn, *, tenant_id: UUID, import_id: UUID) -> ImportRow | None:
    """Return one of the tenant's imports."""
    async with conn.cursor(row_factory=class_row(ImportRow)) as cursor:
        await cursor.execute(
            "SELECT" + _COLUMNS + "FROM content.project_imports AS i WHERE i.tenant_id = %s AND i.id = %s",
            (tenant_id, import_id),
        )
        return await cursor.fetchone()


async def owned(conn: Conn, *, tenant_id: UUID, before: UUID | None, limit: int) -> list[ImportRow]:
    """Return the tenant's imports, newest first."""
    async with conn.cursor(row_factory=class_row(ImportRow)) as cursor:
        await cursor.execute(
            "SELECT" + _COLUMNS + "FROM content.project_imports AS i WHERE i.tenant_id = %(tenant_id)s"
            " AND (%(before)s::uuid IS NULL OR i.id < %(before)s) ORDER BY i.id DESC LIMIT %(limit)s",
            {"tenant_id": tenant_id, "before": before, "limit": limit},
        )
        return await cursor.fetchall()


async def count_open(conn: Conn, *, tenant_id: UUID) -> int:
    """Return how many imports of the tenant are not finished."""
    cursor = await conn.execute(
        "SELECT count(*) FROM content.project_imports WHERE tenant_id = %s AND status IN ('queued', 'running')",
        (tenant_id,),
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def claim(conn: Conn, *, lease_id: UUID, lease_s: float) -> ImportRow | None:
    """Take the oldest import that waits, of any tenant, for `lease_s` seconds. Needs the worker's connection."""
    async with conn.cursor(row_factory=class_row(ImportRow)) as cursor:
        await cursor.execute(
            "UPDATE content.project_imports AS i SET status = 'running', attempt = i.attempt + 1, lease_id = %s,"  # noqa: S608 - of constants
            " lease_expires_at = now() + make_interval(secs => %s), started_at = coalesce(i.started_at, now())"
            " FROM (SELECT id FROM content.project_imports WHERE status = 'queued' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) AS next"
            " WHERE i.id = next.id RETURNING" + _COLUMNS,
            (lease_id, lease_s),
        )
        return await cursor.fetchone()


async def renew(conn: Conn, *, tenant_id: UUID, import_id: UUID, lease_id: UUID, lease_s: float) -> bool:
    """Hold an import for `lease_s` seconds more; return False when the lease is somebody else's by now."""
    done = await conn.execute(
        "UPDATE content.project_imports SET lease_expires_at = now() + make_interval(secs => %s)"
        " WHERE tenant_id = %s AND id = %s AND lease_id = %s AND status = 'running'",
        (lease_s, tenant_id, import_id, lease_id),
    )
    return done.rowcount == 1


async def finish(
    conn: Conn, *, tenant_id: UUID, import_id: UUID, lease_id: UUID, project_id: UUID, version_id: UUID
) -> bool:
    """Note the version that the import led to; return False when the lease is somebody else's by now."""
    done = await conn.execute(
        "UPDATE content.project_imports SET status = 'done', project_id = %s, version_id = %s, problem = NULL, finished_at = now(),"
        " lease_expires_at = NULL WHERE tenant_id = %s AND id = %s AND lease_id = %s AND status = 'running'",
        (project_id, version_id, tenant_id, import_id, lease_id),
    )
    return done.rowcount == 1


async def fail(conn: Conn, *, tenant_id: UUID, import_id: UUID, lease_id: UUID, problem: dict[str, Any]) -> None:
    """Note why the import came to nothing, while the lease is ours."""
    await conn.execute(
        "UPDATE content.project_imports SET status = 'failed', problem = %s, finished_at = now(), lease_expires_at = NULL"
        " WHERE tenant_id = %s AND id = %s AND lease_id = %s AND status = 'running'",
        (Jsonb(problem), tenant_id, import_id, lease_id),
    )


async def give_back(conn: Conn, *, tenant_id: UUID, import_id: UUID, lease_id: UUID) -> None:
    """Put an import back into the queue, while the lease is ours."""
    await conn.execute(
        "UPDATE content.project_imports SET status = 'queued', lease_id = NULL, lease_expires_at = NULL"
        " WHERE tenant_id = %s AND id = %s AND lease_id = %s AND status = 'running'",
        (tenant_id, import_id, lease_id),
    )


async def expire(conn: Conn, *, attempts: int, problem: dict[str, Any]) -> int:
    """Take back what nobody works on any more: queued again, or failed after so many attempts. Return how many. Needs the worker's connection."""
    done = await conn.execute(
        "UPDATE content.project_imports SET"
        " status = CASE WHEN attempt < %(attempts)s THEN 'queued' ELSE 'failed' END,"
        " problem = CASE WHEN attempt < %(attempts)s THEN NULL ELSE %(problem)s::jsonb END,"
        " finished_at = CASE WHEN attempt < %(attempts)s THEN NULL ELSE now() END,"
        " lease_id = NULL, lease_expires_at = NULL"
        " WHERE status = 'running' AND lease_expires_at < now()",
        {"attempts": attempts, "problem": Jsonb(problem)},
    )
    return done.rowcount

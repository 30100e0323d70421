"""Quotas and uploads. What is reserved is never given away twice: the quota's row is locked by each change."""

from dataclasses import dataclass
from uuid import UUID

from psycopg.rows import class_row

from flatrender.kit.db import Conn


@dataclass(frozen=True, kw_only=True)
class QuotaRow:
    """What a person may keep and what they do, in bytes."""

    limit_bytes: int
    used_bytes: int
    reserved_bytes: int


async def ensure_quota(conn: Conn, tenant_id: UUID, user_id: UUID, limit_bytes: int) -> None:
    """Give the person a quota unless they have one."""
    await conn.execute(
        "INSERT INTO file_mgr.quotas (tenant_id, owner_type, owner_id, limit_bytes) VALUES (%s, 'user', %s, %s)"
        " ON CONFLICT (tenant_id, owner_type, owner_id) DO NOTHING",
        (tenant_id, user_id, limit_bytes),
    )


async def quota(conn: Conn, tenant_id: UUID, user_id: UUID) -> QuotaRow | None:
    """Return the person's quota."""
    async with conn.cursor(row_factory=class_row(QuotaRow)) as cursor:
        await cursor.execute(
            "SELECT limit_bytes, used_bytes, reserved_bytes FROM file_mgr.quotas WHERE tenant_id = %s AND owner_type = 'user' AND owner_id = %s",
            (tenant_id, user_id),
        )
        return await cursor.fetchone()


async def reserve(conn: Conn, tenant_id: UUID, user_id: UUID, wanted: int, *, at_least: int) -> int | None:
    """Reserve `wanted` bytes, or as many as are left when those are `at_least`; return how many, None when there is no room."""
    found = await (
        await conn.execute(
            "WITH q AS (SELECT limit_bytes - used_bytes - reserved_bytes AS room FROM file_mgr.quotas"
            " WHERE tenant_id = %(tenant)s AND owner_type = 'user' AND owner_id = %(user)s FOR UPDATE)"
            " UPDATE file_mgr.quotas AS t SET reserved_bytes = t.reserved_bytes + least(%(wanted)s, q.room) FROM q"
            " WHERE t.tenant_id = %(tenant)s AND t.owner_type = 'user' AND t.owner_id = %(user)s AND q.room >= %(least)s"
            " RETURNING least(%(wanted)s, q.room)",
            {"tenant": tenant_id, "user": user_id, "wanted": wanted, "least": at_least},
        )
    ).fetchone()
    return int(found[0]) if found else None


async def settle(conn: Conn, tenant_id: UUID, user_id: UUID, *, reserved: int, used: int) -> bool:
    """Turn a reservation into use; False when more is used than was reserved and there is no room for the rest."""
    done = await conn.execute(
        "UPDATE file_mgr.quotas SET reserved_bytes = greatest(reserved_bytes - %(reserved)s, 0), used_bytes = used_bytes + %(used)s,"
        " used_files = used_files + 1 WHERE tenant_id = %(tenant)s AND owner_type = 'user' AND owner_id = %(user)s"
        " AND (%(used)s <= %(reserved)s OR used_bytes + reserved_bytes - %(reserved)s + %(used)s <= limit_bytes)",
        {"tenant": tenant_id, "user": user_id, "reserved": reserved, "used": used},
    )
    return done.rowcount == 1


async def give_back(conn: Conn, tenant_id: UUID, user_id: UUID, *, reserved: int) -> None:
    """End a reservation without use."""
    await conn.execute(
        "UPDATE file_mgr.quotas SET reserved_bytes = greatest(reserved_bytes - %s, 0) WHERE tenant_id = %s AND owner_type = 'user' AND owner_id = %s",
        (reserved, tenant_id, user_id),
    )


async def free(conn: Conn, tenant_id: UUID, user_id: UUID, *, used: int) -> None:
    """Give back what a deleted file used."""
    await conn.execute(
        "UPDATE file_mgr.quotas SET used_bytes = greatest(used_bytes - %s, 0), used_files = greatest(used_files - 1, 0)"
        " WHERE tenant_id = %s AND owner_type = 'user' AND owner_id = %s",
        (used, tenant_id, user_id),
    )


async def open_upload(
    conn: Conn,
    tenant_id: UUID,
    user_id: UUID,
    *,
    upload_id: UUID,
    purpose: str,
    filename: str,
    declared_type: str | None,
    length_bytes: int | None,
    storage_key: str,
    reserved: int,
    life_s: int,
) -> None:
    """Remember an upload under way, so that its reservation can be given back if we die in the middle."""
    await conn.execute(
        "INSERT INTO file_mgr.upload_sessions (id, tenant_id, user_id, protocol, purpose, filename, declared_type, length_bytes, length_deferred,"
        " storage_key, quota_reserved_bytes, expires_at) VALUES (%s, %s, %s, 'single', %s, %s, %s, %s, %s, %s, %s, now() + make_interval(secs => %s))",
        (
            upload_id,
            tenant_id,
            user_id,
            purpose,
            filename,
            declared_type,
            length_bytes,
            length_bytes is None,
            storage_key,
            reserved,
            life_s,
        ),
    )


async def finish_upload(
    conn: Conn, tenant_id: UUID, upload_id: UUID, *, status: str, file_id: UUID | None, error_code: str | None
) -> int | None:
    """Close an open upload; return the bytes that it had reserved, None when it was closed already."""
    found = await (
        await conn.execute(
            "UPDATE file_mgr.upload_sessions AS u SET status = %s, file_id = %s, error_code = %s, completed_at = now(), quota_reserved_bytes = 0"
            " FROM file_mgr.upload_sessions AS o WHERE o.tenant_id = u.tenant_id AND o.id = u.id"
            " AND u.tenant_id = %s AND u.id = %s AND u.status = 'open' RETURNING o.quota_reserved_bytes",
            (status, file_id, error_code, tenant_id, upload_id),
        )
    ).fetchone()
    return int(found[0]) if found else None


async def expire_uploads(conn: Conn, *, limit: int) -> list[str]:
    """Close uploads that nobody finished, give their reservations back and return the keys of objects that they may have left; for the worker."""
    rows = await (
        await conn.execute(
            "WITH due AS (SELECT tenant_id, id, user_id, quota_reserved_bytes, storage_key FROM file_mgr.upload_sessions"
            " WHERE status = 'open' AND expires_at < now() ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED),"
            " closed AS (UPDATE file_mgr.upload_sessions AS u SET status = 'expired', quota_reserved_bytes = 0 FROM due"
            "  WHERE u.tenant_id = due.tenant_id AND u.id = due.id),"
            " owed AS (SELECT tenant_id, user_id, sum(quota_reserved_bytes) AS bytes FROM due GROUP BY tenant_id, user_id),"
            " given AS (UPDATE file_mgr.quotas AS q SET reserved_bytes = greatest(q.reserved_bytes - owed.bytes, 0) FROM owed"
            "  WHERE q.tenant_id = owed.tenant_id AND q.owner_type = 'user' AND q.owner_id = owed.user_id)"
            " SELECT storage_key FROM due",
            (limit,),
        )
    ).fetchall()
    return [row[0] for row in rows]

"""Notification's SQL, one function one statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from flatrender.kit.db import Conn


@dataclass(frozen=True, kw_only=True)
class NotificationRow:
    """Something that a person was told."""

    id: UUID
    type_key: str
    title: str
    body: str
    action_url: str | None
    image_url: str | None
    payload: dict[str, Any]
    read_at: datetime | None
    created_at: datetime


async def newest(
    conn: Conn, tenant_id: UUID, user_id: UUID, *, unread_only: bool, before: UUID | None, limit: int
) -> list[NotificationRow]:
    """Return a person's notifications, newest first."""
    async with conn.cursor(row_factory=class_row(NotificationRow)) as cursor:
        await cursor.execute(
            "SELECT id, type_key, title, body, action_url, image_url, payload, read_at, created_at FROM notification.notifications"
            " WHERE tenant_id = %(tenant)s AND user_id = %(user)s AND archived_at IS NULL AND (expires_at IS NULL OR expires_at > now())"
            " AND (NOT %(unread)s OR read_at IS NULL) AND (%(before)s::uuid IS NULL OR id < %(before)s) ORDER BY id DESC LIMIT %(limit)s",
            {"tenant": tenant_id, "user": user_id, "unread": unread_only, "before": before, "limit": limit},
        )
        return await cursor.fetchall()


async def after(conn: Conn, tenant_id: UUID, user_id: UUID, last_id: UUID, *, limit: int) -> list[NotificationRow]:
    """Return the newest `limit` notifications that came after `last_id`, oldest of them first."""
    async with conn.cursor(row_factory=class_row(NotificationRow)) as cursor:
        await cursor.execute(
            "SELECT id, type_key, title, body, action_url, image_url, payload, read_at, created_at FROM"
            " (SELECT id, type_key, title, body, action_url, image_url, payload, read_at, created_at FROM notification.notifications"
            "  WHERE tenant_id = %s AND user_id = %s AND archived_at IS NULL AND id > %s ORDER BY id DESC LIMIT %s) AS n ORDER BY id",
            (tenant_id, user_id, last_id, limit),
        )
        return await cursor.fetchall()


async def since(conn: Conn, tenant_id: UUID, user_id: UUID, *, seconds: float, limit: int) -> list[NotificationRow]:
    """Return the notifications of the last seconds, oldest first."""
    async with conn.cursor(row_factory=class_row(NotificationRow)) as cursor:
        await cursor.execute(
            "SELECT id, type_key, title, body, action_url, image_url, payload, read_at, created_at FROM notification.notifications"
            " WHERE tenant_id = %s AND user_id = %s AND archived_at IS NULL AND created_at > now() - make_interval(secs => %s) ORDER BY id LIMIT %s",
            (tenant_id, user_id, seconds, limit),
        )
        return await cursor.fetchall()


async def by_id(conn: Conn, tenant_id: UUID, user_id: UUID, ids: Sequence[UUID]) -> list[NotificationRow]:
    """Return those of `ids` that are this person's, oldest first."""
    async with conn.cursor(row_factory=class_row(NotificationRow)) as cursor:
        await cursor.execute(
            "SELECT id, type_key, title, body, action_url, image_url, payload, read_at, created_at FROM notification.notifications"
            " WHERE tenant_id = %s AND user_id = %s AND archived_at IS NULL AND id = ANY(%s) ORDER BY id",
            (tenant_id, user_id, list(ids)),
        )
        return await cursor.fetchall()


async def unread_count(conn: Conn, tenant_id: UUID, user_id: UUID) -> int:
    """Return how many wait to be read."""
    found = await (
        await conn.execute(
            "SELECT count(*) FROM notification.notifications WHERE tenant_id = %s AND user_id = %s AND read_at IS NULL AND archived_at IS NULL"
            " AND (expires_at IS NULL OR expires_at > now())",
            (tenant_id, user_id),
        )
    ).fetchone()
    return int(found[0]) if found else 0


async def mark_read(conn: Conn, tenant_id: UUID, user_id: UUID, notification_id: UUID) -> bool:
    """Mark one read, the first time only; False when it is not this person's."""
    done = await conn.execute(
        "UPDATE notification.notifications SET read_at = coalesce(read_at, now()), seen_at = coalesce(seen_at, now())"
        " WHERE tenant_id = %s AND user_id = %s AND id = %s AND archived_at IS NULL",
        (tenant_id, user_id, notification_id),
    )
    return done.rowcount == 1


async def mark_all_read(conn: Conn, tenant_id: UUID, user_id: UUID) -> None:
    """Mark everything read that waits."""
    await conn.execute(
        "UPDATE notification.notifications SET read_at = now(), seen_at = coalesce(seen_at, now())"
        " WHERE tenant_id = %s AND user_id = %s AND read_at IS NULL",
        (tenant_id, user_id),
    )


async def insert(
    conn: Conn,
    tenant_id: UUID,
    user_id: UUID,
    *,
    type_key: str,
    title: str,
    body: str,
    action_url: str | None,
    image_url: str | None,
    payload: dict[str, Any],
    dedupe_key: str,
    source_event_id: UUID | None,
) -> UUID | None:
    """Tell a person; None when they were told under this key before."""
    found = await (
        await conn.execute(
            "INSERT INTO notification.notifications (tenant_id, user_id, type_key, title, body, action_url, image_url, payload, dedupe_key, source_event_id)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (tenant_id, user_id, dedupe_key) WHERE dedupe_key IS NOT NULL DO NOTHING RETURNING id",
            (
                tenant_id,
                user_id,
                type_key,
                title,
                body,
                action_url,
                image_url,
                Jsonb(payload),
                dedupe_key,
                source_event_id,
            ),
        )
    ).fetchone()
    return found[0] if found else None


async def id_by_dedupe_key(conn: Conn, tenant_id: UUID, user_id: UUID, dedupe_key: str) -> UUID | None:
    """Return what the person was told under this key."""
    found = await (
        await conn.execute(
            "SELECT id FROM notification.notifications WHERE tenant_id = %s AND user_id = %s AND dedupe_key = %s",
            (tenant_id, user_id, dedupe_key),
        )
    ).fetchone()
    return found[0] if found else None


async def delete_old(conn: Conn, *, days: int, limit: int) -> int:
    """Delete what is older than `days`, with its deliveries; over all tenants, for the worker."""
    done = await conn.execute(
        "DELETE FROM notification.notifications WHERE id IN (SELECT id FROM notification.notifications"
        " WHERE created_at < now() - make_interval(days => %s) ORDER BY id LIMIT %s)",
        (days, limit),
    )
    return done.rowcount

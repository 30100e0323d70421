"""Where finished files are delivered (`delivery_targets`), what is on its way (`deliveries`) and how each attempt went."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from flatrender.kit.db import Conn


class TargetRow(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery target; its secret is sealed."""

    id: UUID
    tenant_id: UUID
    name: str
    kind: str
    config: dict[str, Any]
    secret_enc: bytes
    secret_key_id: str
    previous_secret_enc: bytes | None
    previous_secret_key_id: str | None
    is_default: bool
    status: str
    consecutive_failures: int
    first_failure_at: datetime | None
    last_success_at: datetime | None
    last_error: str | None
    created_by_user_id: UUID | None
    row_version: int
    created_at: datetime


class DeliveryRow(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is delivered to a target."""

    id: UUID
    tenant_id: UUID
    target_id: UUID
    export_id: UUID | None
    message_id: str
    event_type: str
    payload: bytes
    status: str
    attempt: int
    next_attempt_at: datetime
    lease_id: UUID | None
    last_status_code: int | None
    last_error: str | None
    location: str | None
    replay_of_id: UUID | None
    delivered_at: datetime | None
    created_at: datetime


class AttemptRow(msgspec.Struct, frozen=True, kw_only=True):
    """How one attempt went."""

    attempt_no: int
    outcome: str
    status_code: int | None
    error: str | None
    response_snippet: str | None
    resolved_ip: str | None
    duration_ms: int
    created_at: datetime


_TARGET = (
    "id, tenant_id, name, kind, config, secret_enc, secret_key_id,"
    " CASE WHEN previous_secret_expires_at > now() THEN previous_secret_enc END AS previous_secret_enc, previous_secret_key_id, is_default, status,"
    " consecutive_failures, first_failure_at, last_success_at, last_error, created_by_user_id, row_version, created_at"
)
_DELIVERY = (
    "id, tenant_id, target_id, export_id, message_id, event_type, payload, status, attempt, next_attempt_at, lease_id, last_status_code, last_error,"
    " location, replay_of_id, delivered_at, created_at"
)
_DELIVERY_D = ", ".join(f"d.{name.strip()}" for name in _DELIVERY.split(","))


async def targets(conn: Conn, *, tenant_id: UUID) -> list[TargetRow]:
    """Return the tenant's targets by name."""
    async with conn.cursor(row_factory=class_row(TargetRow)) as cursor:
        await cursor.execute(
            f"SELECT {_TARGET} FROM render.delivery_targets WHERE tenant_id = %s AND deleted_at IS NULL ORDER BY lower(name)",  # noqa: S608
            (tenant_id,),
        )
        return await cursor.fetchall()


async def target(conn: Conn, *, tenant_id: UUID, target_id: UUID, lock: bool = False) -> TargetRow | None:
    """Return a target."""
    async with conn.cursor(row_factory=class_row(TargetRow)) as cursor:
        await cursor.execute(
            f"SELECT {_TARGET} FROM render.delivery_targets WHERE tenant_id = %s AND id = %s AND deleted_at IS NULL"  # noqa: S608
            f"{' FOR UPDATE' if lock else ''}",
            (tenant_id, target_id),
        )
        return await cursor.fetchone()


async def insert_target(
    conn: Conn,
    *,
    tenant_id: UUID,
    target_id: UUID,
    name: str,
    kind: str,
    config: dict[str, Any],
    secret_enc: bytes,
    secret_key_id: str,
    is_default: bool,
    user_id: UUID,
) -> bool:
    """Insert a target; False when the name is taken."""
    cursor = await conn.execute(
        "INSERT INTO render.delivery_targets (id, tenant_id, name, kind, config, secret_enc, secret_key_id, is_default, created_by_user_id)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (tenant_id, lower(name)) WHERE deleted_at IS NULL DO NOTHING",
        (target_id, tenant_id, name, kind, Jsonb(config), secret_enc, secret_key_id, is_default, user_id),
    )
    return cursor.rowcount == 1


async def name_taken(conn: Conn, *, tenant_id: UUID, name: str, except_id: UUID) -> bool:
    """Return whether another target has this name."""
    cursor = await conn.execute(
        "SELECT 1 FROM render.delivery_targets WHERE tenant_id = %s AND lower(name) = lower(%s) AND id <> %s AND deleted_at IS NULL",
        (tenant_id, name, except_id),
    )
    return await cursor.fetchone() is not None


async def update_target(
    conn: Conn,
    *,
    tenant_id: UUID,
    target_id: UUID,
    name: str,
    config: dict[str, Any],
    is_default: bool,
    status: str,
    secret_enc: bytes,
    secret_key_id: str,
) -> None:
    """Change a target; one that works again starts with a clean slate."""
    await conn.execute(
        "UPDATE render.delivery_targets SET name = %(name)s, config = %(config)s, is_default = %(default)s,"
        " consecutive_failures = CASE WHEN status <> 'active' AND %(status)s = 'active' THEN 0 ELSE consecutive_failures END,"
        " first_failure_at = CASE WHEN status <> 'active' AND %(status)s = 'active' THEN NULL ELSE first_failure_at END,"
        " status = %(status)s, secret_enc = %(secret)s, secret_key_id = %(key)s WHERE tenant_id = %(tenant)s AND id = %(id)s",
        {
            "name": name,
            "config": Jsonb(config),
            "default": is_default,
            "status": status,
            "secret": secret_enc,
            "key": secret_key_id,
            "tenant": tenant_id,
            "id": target_id,
        },
    )


async def rotate_secret(
    conn: Conn, *, tenant_id: UUID, target_id: UUID, secret_enc: bytes, secret_key_id: str, keep_s: int
) -> None:
    """Put a new secret in the place of the old one, which is used beside it for `keep_s` seconds more."""
    await conn.execute(
        "UPDATE render.delivery_targets SET previous_secret_enc = secret_enc, previous_secret_key_id = secret_key_id,"
        " previous_secret_expires_at = now() + make_interval(secs => %s), secret_enc = %s, secret_key_id = %s WHERE tenant_id = %s AND id = %s",
        (keep_s, secret_enc, secret_key_id, tenant_id, target_id),
    )


async def delete_target(conn: Conn, *, tenant_id: UUID, target_id: UUID) -> bool:
    """Hide a target and forget its secrets; what waits for it is cancelled."""
    cursor = await conn.execute(
        "UPDATE render.delivery_targets SET deleted_at = now(), secret_enc = '', previous_secret_enc = NULL, is_default = false"
        " WHERE tenant_id = %s AND id = %s AND deleted_at IS NULL",
        (tenant_id, target_id),
    )
    await conn.execute(
        "UPDATE render.deliveries SET status = 'cancelled', lease_id = NULL, lease_expires_at = NULL WHERE tenant_id = %s AND target_id = %s"
        " AND status IN ('pending', 'sending')",
        (tenant_id, target_id),
    )
    return cursor.rowcount == 1


async def chosen_targets(conn: Conn, *, tenant_id: UUID, ids: Sequence[UUID] | None) -> list[UUID]:
    """Return which of the targets `ids` there are, with None those that get everything."""
    cursor = await conn.execute(
        "SELECT id FROM render.delivery_targets WHERE tenant_id = %s AND deleted_at IS NULL"
        " AND CASE WHEN %s::uuid[] IS NULL THEN is_default AND status IN ('active', 'paused') ELSE id = ANY(%s) END",
        (tenant_id, None if ids is None else list(ids), list(ids or ())),
    )
    return [UUID(str(row[0])) for row in await cursor.fetchall()]


async def wanted_targets(conn: Conn, *, tenant_id: UUID, job_id: UUID) -> list[UUID] | None:
    """Return the targets that a film's press named; None when it named none."""
    cursor = await conn.execute(
        "SELECT input #> '{film,deliver_to}' FROM render.render_jobs WHERE tenant_id = %s AND id = %s",
        (tenant_id, job_id),
    )
    row = await cursor.fetchone()
    return [UUID(text) for text in row[0]] if row is not None and row[0] is not None else None


async def enqueue(
    conn: Conn,
    *,
    tenant_id: UUID,
    target_id: UUID,
    export_id: UUID | None,
    event_type: str,
    message_id: str,
    dedupe_key: str,
) -> UUID | None:
    """Put something on its way to a target, once for each key; None when it was before."""
    cursor = await conn.execute(
        "INSERT INTO render.deliveries (tenant_id, target_id, export_id, event_type, message_id, dedupe_key) VALUES (%s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (target_id, dedupe_key) WHERE replay_of_id IS NULL DO NOTHING RETURNING id",
        (tenant_id, target_id, export_id, event_type, message_id, dedupe_key),
    )
    row = await cursor.fetchone()
    return UUID(str(row[0])) if row else None


async def replay(conn: Conn, *, tenant_id: UUID, delivery_id: UUID) -> UUID | None:
    """Send something again that is not on its way: the same message with the same bytes; None when there is no such delivery."""
    cursor = await conn.execute(
        "INSERT INTO render.deliveries (tenant_id, target_id, export_id, event_type, message_id, dedupe_key, payload, replay_of_id)"
        " SELECT tenant_id, target_id, export_id, event_type, message_id, dedupe_key, payload, id FROM render.deliveries"
        " WHERE tenant_id = %s AND id = %s AND status IN ('delivered', 'dead', 'cancelled') RETURNING id",
        (tenant_id, delivery_id),
    )
    row = await cursor.fetchone()
    return UUID(str(row[0])) if row else None


async def page(conn: Conn, *, tenant_id: UUID, target_id: UUID, before: UUID | None, limit: int) -> list[DeliveryRow]:
    """Return a target's deliveries, newest first."""
    async with conn.cursor(row_factory=class_row(DeliveryRow)) as cursor:
        await cursor.execute(
            f"SELECT {_DELIVERY} FROM render.deliveries WHERE tenant_id = %(tenant)s AND target_id = %(target)s"  # noqa: S608
            " AND (%(before)s::uuid IS NULL OR id < %(before)s) ORDER BY id DESC LIMIT %(limit)s",
            {"tenant": tenant_id, "target": target_id, "before": before, "limit": limit},
        )
        return await cursor.fetchall()


async def one(conn: Conn, *, tenant_id: UUID, delivery_id: UUID) -> DeliveryRow | None:
    """Return a delivery."""
    async with conn.cursor(row_factory=class_row(DeliveryRow)) as cursor:
        await cursor.execute(
            f"SELECT {_DELIVERY} FROM render.deliveries WHERE tenant_id = %s AND id = %s",  # noqa: S608
            (tenant_id, delivery_id),
        )
        return await cursor.fetchone()


async def attempts(conn: Conn, *, tenant_id: UUID, delivery_id: UUID) -> list[AttemptRow]:
    """Return how a delivery's attempts went, the last one first."""
    async with conn.cursor(row_factory=class_row(AttemptRow)) as cursor:
        await cursor.execute(
            "SELECT attempt_no, outcome, status_code, error, response_snippet, host(resolved_ip) AS resolved_ip, duration_ms, created_at"
            " FROM render.delivery_attempts WHERE tenant_id = %s AND delivery_id = %s ORDER BY attempt_no DESC",
            (tenant_id, delivery_id),
        )
        return await cursor.fetchall()


async def claim(conn: Conn, *, lease_s: float) -> DeliveryRow | None:
    """Lease the delivery that has waited longest, of any tenant, to an active target that is not busy with as many as it takes."""
    async with conn.cursor(row_factory=class_row(DeliveryRow)) as cursor:
        await cursor.execute(
            "UPDATE render.deliveries AS d SET status = 'sending', attempt = least(d.attempt + 1, 20), lease_id = gen_random_uuid(),"  # noqa: S608
            " lease_expires_at = now() + make_interval(secs => %s) WHERE d.id = (SELECT w.id FROM render.deliveries AS w"
            " JOIN render.delivery_targets AS t ON t.tenant_id = w.tenant_id AND t.id = w.target_id"
            " WHERE ((w.status = 'pending' AND w.next_attempt_at <= now()) OR (w.status = 'sending' AND w.lease_expires_at < now()))"
            " AND t.deleted_at IS NULL AND (t.status = 'active' OR (w.event_type = 'target.test' AND t.status <> 'paused'))"
            " AND (SELECT count(*) FROM render.deliveries AS s WHERE s.tenant_id = w.tenant_id AND s.target_id = w.target_id"
            "  AND s.status = 'sending' AND s.lease_expires_at >= now()) < t.max_concurrency"
            f" ORDER BY w.next_attempt_at LIMIT 1 FOR UPDATE OF w SKIP LOCKED) RETURNING {_DELIVERY_D}",
            (lease_s,),
        )
        return await cursor.fetchone()


async def renew(conn: Conn, *, delivery_id: UUID, lease_id: UUID, lease_s: float) -> bool:
    """Renew a lease; False when it is somebody else's, or the delivery was cancelled."""
    cursor = await conn.execute(
        "UPDATE render.deliveries SET lease_expires_at = now() + make_interval(secs => %s) WHERE id = %s AND lease_id = %s AND status = 'sending'",
        (lease_s, delivery_id, lease_id),
    )
    return cursor.rowcount == 1


async def set_payload(conn: Conn, *, delivery_id: UUID, lease_id: UUID, payload: bytes) -> bool:
    """Fix the bytes that are sent; False when the lease has ended."""
    cursor = await conn.execute(
        "UPDATE render.deliveries SET payload = %s WHERE id = %s AND lease_id = %s AND status = 'sending'",
        (payload, delivery_id, lease_id),
    )
    return cursor.rowcount == 1


async def note_attempt(
    conn: Conn,
    *,
    tenant_id: UUID,
    delivery_id: UUID,
    attempt_no: int,
    outcome: str,
    status_code: int | None,
    error: str | None,
    response_snippet: str | None,
    resolved_ip: str | None,
    duration_ms: int,
) -> None:
    """Note how an attempt went."""
    await conn.execute(
        "INSERT INTO render.delivery_attempts (tenant_id, delivery_id, attempt_no, outcome, status_code, error, response_snippet, resolved_ip, duration_ms)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s::inet, %s) ON CONFLICT (delivery_id, attempt_no) DO NOTHING",
        (
            tenant_id,
            delivery_id,
            attempt_no,
            outcome,
            status_code,
            error,
            response_snippet,
            resolved_ip,
            duration_ms,
        ),
    )


async def settle(
    conn: Conn,
    *,
    delivery_id: UUID,
    lease_id: UUID,
    status: str,
    wait_s: float,
    status_code: int | None,
    error: str | None,
    location: str | None,
) -> bool:
    """End an attempt: `delivered`, `dead`, or `pending` again in `wait_s` seconds; False when the lease has ended."""
    cursor = await conn.execute(
        "UPDATE render.deliveries SET status = %s, next_attempt_at = now() + make_interval(secs => %s), lease_id = NULL, lease_expires_at = NULL,"
        " last_status_code = %s, last_error = %s, location = coalesce(%s, location), delivered_at = CASE WHEN %s THEN now() END"
        " WHERE id = %s AND lease_id = %s AND status = 'sending'",
        (status, wait_s, status_code, error, location, status == "delivered", delivery_id, lease_id),
    )
    return cursor.rowcount == 1


async def note_target(
    conn: Conn, *, tenant_id: UUID, target_id: UUID, error: str | None, gone: bool, failing_after_s: float
) -> str | None:
    """Note at a target how a delivery to it went (`error` None: well); return its status.

    It is switched off when it says that it is `gone`, or when nothing has reached it for `failing_after_s` seconds.
    """
    cursor = await conn.execute(
        "UPDATE render.delivery_targets SET last_error = %(error)s,"
        " consecutive_failures = CASE WHEN %(error)s::text IS NULL THEN 0 ELSE consecutive_failures + 1 END,"
        " first_failure_at = CASE WHEN %(error)s::text IS NULL THEN NULL ELSE coalesce(first_failure_at, now()) END,"
        " last_success_at = CASE WHEN %(error)s::text IS NULL THEN now() ELSE last_success_at END,"
        " status = CASE WHEN %(gone)s AND status = 'active' THEN 'disabled_gone' WHEN %(error)s::text IS NOT NULL AND status = 'active'"
        "  AND first_failure_at < now() - make_interval(secs => %(failing)s) THEN 'disabled_failing' ELSE status END"
        " WHERE tenant_id = %(tenant)s AND id = %(id)s AND deleted_at IS NULL RETURNING status",
        {"error": error, "gone": gone, "failing": failing_after_s, "tenant": tenant_id, "id": target_id},
    )
    row = await cursor.fetchone()
    return str(row[0]) if row else None


async def purge(conn: Conn, *, delivered_days: int, dead_days: int, limit: int) -> int:
    """Remove old deliveries with their attempts, of every tenant; return how many."""
    cursor = await conn.execute(
        "DELETE FROM render.deliveries WHERE id IN (SELECT id FROM render.deliveries AS d WHERE ((status = 'delivered'"
        " AND created_at < now() - make_interval(days => %s)) OR (status IN ('dead', 'cancelled') AND created_at < now() - make_interval(days => %s)))"
        " AND NOT EXISTS (SELECT FROM render.deliveries AS r WHERE r.replay_of_id = d.id) LIMIT %s)",
        (delivered_days, dead_days, limit),
    )
    return cursor.rowcount

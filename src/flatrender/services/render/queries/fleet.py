"""What people tell nodes: hours, quarantine by hand, commands that are done once. Nodes have no tenant of their own: every change names who may make it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from flatrender.kit.db import Conn

_MINE = "status <> 'retired' AND (dedicated_tenant_id = %(tenant)s OR (%(fleet)s AND dedicated_tenant_id IS NULL))"


class CommandRow(msgspec.Struct, frozen=True, kw_only=True):
    """A command to a node, as people see it."""

    id: UUID
    node_id: UUID
    command: str
    args: dict[str, Any]
    status: str
    """`pending`, `delivered`, `done`, `failed` or `expired`."""
    issued_by_user_id: UUID | None
    detail: str | None
    created_at: datetime
    delivered_at: datetime | None
    completed_at: datetime | None
    expires_at: datetime


_COMMAND = (
    "id, node_id, command, args, CASE WHEN status IN ('pending', 'delivered') AND expires_at <= now() THEN 'expired' ELSE status END AS status,"
    " issued_by_user_id, result ->> 'detail' AS detail, created_at, delivered_at, completed_at, expires_at"
)


async def set_hours(
    conn: Conn, *, node_id: UUID, tenant_id: UUID, fleet_too: bool, hours: dict[str, Any] | None
) -> bool:
    """Set when the node works, or with None let it say so itself; False when there is none."""
    cursor = await conn.execute(
        f"UPDATE render.nodes SET hours = %(hours)s, asleep_until = NULL WHERE id = %(id)s AND {_MINE}",  # noqa: S608
        {
            "id": node_id,
            "tenant": tenant_id,
            "fleet": fleet_too,
            "hours": None if hours is None else Jsonb(hours),
        },
    )
    return cursor.rowcount == 1


async def note_asleep(conn: Conn, *, node_id: UUID, asleep_s: float | None) -> None:
    """Note until when the node sleeps, or that it is awake."""
    await conn.execute(
        "UPDATE render.nodes SET asleep_until = now() + make_interval(secs => %s) WHERE id = %s", (asleep_s, node_id)
    )


async def quarantine(
    conn: Conn, *, node_id: UUID, tenant_id: UUID, fleet_too: bool, reason: str, for_s: float | None
) -> bool:
    """Take a node out of work until `for_s` seconds have passed (None: until it is released); False when there is none. A drained one stays drained."""
    cursor = await conn.execute(
        "UPDATE render.nodes SET status = CASE WHEN status = 'draining' THEN status ELSE 'quarantined' END, probing = true,"  # noqa: S608
        " quarantine_reason = %(reason)s,"
        " quarantined_until = coalesce(now() + make_interval(secs => %(for_s)s), 'infinity')"
        f" WHERE id = %(id)s AND {_MINE}",
        {"id": node_id, "tenant": tenant_id, "fleet": fleet_too, "reason": reason, "for_s": for_s},
    )
    return cursor.rowcount == 1


async def release(conn: Conn, *, node_id: UUID, tenant_id: UUID, fleet_too: bool) -> bool:
    """End a quarantine now: the node gets one piece of work at a time until one succeeds; False when there is no such node."""
    cursor = await conn.execute(
        "UPDATE render.nodes SET quarantined_until = CASE WHEN quarantined_until IS NULL THEN NULL ELSE least(quarantined_until, now()) END,"  # noqa: S608
        " licence_paused_until = NULL, status = CASE WHEN status <> 'quarantined' THEN status WHEN heartbeat_expires_at > now() THEN 'online'"
        f" ELSE 'offline' END WHERE id = %(id)s AND {_MINE}",
        {"id": node_id, "tenant": tenant_id, "fleet": fleet_too},
    )
    return cursor.rowcount == 1


async def set_secret(conn: Conn, *, node_id: UUID, tenant_id: UUID, fleet_too: bool, secret_hash: bytes) -> bool:
    """Give the node another secret, which nobody knows: it has to register again; False when there is none."""
    cursor = await conn.execute(
        f"UPDATE render.nodes SET token_hash = %(hash)s WHERE id = %(id)s AND {_MINE}",  # noqa: S608
        {"id": node_id, "tenant": tenant_id, "fleet": fleet_too, "hash": secret_hash},
    )
    return cursor.rowcount == 1


async def insert_command(
    conn: Conn, *, node_id: UUID, command: str, args: dict[str, Any], user_id: UUID | None, done: bool = False
) -> CommandRow | None:
    """Keep a command, `done` when it took effect with this transaction; None when the same one is open already."""
    async with conn.cursor(row_factory=class_row(CommandRow)) as cursor:
        await cursor.execute(
            "INSERT INTO render.node_commands (node_id, command, args, issued_by_user_id, status, completed_at)"  # noqa: S608
            " SELECT %(node)s, %(command)s, %(args)s, %(user)s, CASE WHEN %(done)s THEN 'done' ELSE 'pending' END, CASE WHEN %(done)s THEN now() END"
            " WHERE NOT EXISTS (SELECT FROM render.node_commands WHERE node_id = %(node)s AND command = %(command)s AND args = %(args)s"
            " AND status IN ('pending', 'delivered') AND expires_at > now())"
            f" RETURNING {_COMMAND}",
            {"node": node_id, "command": command, "args": Jsonb(args), "user": user_id, "done": done},
        )
        return await cursor.fetchone()


async def open_command(conn: Conn, *, node_id: UUID, command: str, args: dict[str, Any]) -> CommandRow | None:
    """Return the same command that is still open."""
    async with conn.cursor(row_factory=class_row(CommandRow)) as cursor:
        await cursor.execute(
            f"SELECT {_COMMAND} FROM render.node_commands WHERE node_id = %s AND command = %s AND args = %s"  # noqa: S608
            " AND status IN ('pending', 'delivered') AND expires_at > now() ORDER BY id DESC LIMIT 1",
            (node_id, command, Jsonb(args)),
        )
        return await cursor.fetchone()


async def commands(conn: Conn, *, node_id: UUID, limit: int) -> list[CommandRow]:
    """Return the newest commands of a node, newest first."""
    async with conn.cursor(row_factory=class_row(CommandRow)) as cursor:
        await cursor.execute(
            f"SELECT {_COMMAND} FROM render.node_commands WHERE node_id = %s ORDER BY id DESC LIMIT %s",  # noqa: S608
            (node_id, limit),
        )
        return await cursor.fetchall()


async def deliver(conn: Conn, *, node_id: UUID, understood: Sequence[str], limit: int) -> list[CommandRow]:
    """Return the open commands of a node, oldest first, and note that they were delivered. What expired is never among them."""
    async with conn.cursor(row_factory=class_row(CommandRow)) as cursor:
        await cursor.execute(
            "UPDATE render.node_commands AS c SET status = 'delivered', delivered_at = coalesce(c.delivered_at, now())"  # noqa: S608
            " FROM (SELECT id FROM render.node_commands WHERE node_id = %s AND status IN ('pending', 'delivered') AND expires_at > now()"
            " AND command = ANY(%s) ORDER BY created_at LIMIT %s) AS open WHERE c.id = open.id"
            f" RETURNING c.{_COMMAND}",
            (node_id, list(understood), limit),
        )
        return sorted(await cursor.fetchall(), key=lambda row: row.created_at)


async def answer(conn: Conn, *, node_id: UUID, command_id: UUID, done: bool, detail: str) -> bool:
    """Note how a command of this node ended, once; False when it is not open."""
    cursor = await conn.execute(
        "UPDATE render.node_commands SET status = CASE WHEN %s THEN 'done' ELSE 'failed' END, completed_at = now(), result = %s"
        " WHERE id = %s AND node_id = %s AND status IN ('pending', 'delivered')",
        (done, Jsonb({"detail": detail}), command_id, node_id),
    )
    return cursor.rowcount == 1


async def restarted(conn: Conn, *, node_id: UUID) -> None:
    """A new start of the node is the answer to the restart that it was told."""
    await conn.execute(
        "UPDATE render.node_commands SET status = 'done', completed_at = now(), result = jsonb_build_object('detail', 'started again')"
        " WHERE node_id = %s AND command = 'restart_agent' AND status = 'delivered'",
        (node_id,),
    )


async def expire_commands(conn: Conn) -> int:
    """Close the commands that nobody answered in time; return how many."""
    cursor = await conn.execute(
        "UPDATE render.node_commands SET status = 'expired', completed_at = now() WHERE status IN ('pending', 'delivered') AND expires_at <= now()"
    )
    return cursor.rowcount


async def leases_of_job(conn: Conn, *, node_id: UUID, job_id: UUID) -> list[UUID]:
    """Return the leases that a node holds on chunks of a film."""
    cursor = await conn.execute(
        "SELECT lease_id FROM render.frame_jobs WHERE node_id = %s AND render_job_id = %s AND status = 'running'",
        (node_id, job_id),
    )
    return [UUID(str(row[0])) for row in await cursor.fetchall()]

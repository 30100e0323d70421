"""Nodes, their tokens, health and crashes. Nodes belong to the platform; a dedicated one serves one tenant."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from flatrender.kit.db import Conn
from flatrender.protocol.work import Engine


class NodeRow(msgspec.Struct, frozen=True, kw_only=True):
    """A node as people see it."""

    id: UUID
    name: str
    pool: str
    dedicated_tenant_id: UUID | None
    status: str
    agent_version: str | None
    os: str | None
    engines: dict[str, Any]
    cpu_cores: int | None
    memory_bytes: int | None
    max_slots: int
    used_slots: int
    boot_id: UUID | None
    last_heartbeat_at: datetime | None
    crash_count_24h: int
    quarantined: bool
    quarantine_reason: str | None
    licence_paused: bool
    """After Effects had no licence there a moment ago."""
    probing: bool
    hours: dict[str, Any] | None
    """When it works, as an admin set it; None: as it says itself."""
    own_hours: dict[str, Any] | None
    asleep_until: datetime | None
    understands: list[str]
    """The commands that it carries out."""
    read_at: datetime
    """The database's time when the row was read."""


_COLUMNS = (
    "id, name, pool, dedicated_tenant_id, status, agent_version, os, engines, cpu_cores, memory_bytes, max_slots, used_slots, boot_id,"
    " last_heartbeat_at, crash_count_24h, coalesce(quarantined_until > now(), false) AS quarantined, quarantine_reason,"
    " coalesce(licence_paused_until > now(), false) AS licence_paused, probing, hours, own_hours, asleep_until, understands, now() AS read_at"
)


class TokenRow(msgspec.Struct, frozen=True, kw_only=True):
    """A node token without its secret."""

    id: UUID
    name: str
    tenant_id: UUID | None
    revoked_at: datetime | None
    created_at: datetime


class TokenScope(msgspec.Struct, frozen=True, kw_only=True):
    """Whom the nodes of a token serve."""

    node_token_id: UUID
    tenant_id: UUID | None
    name: str
    revoked_at: datetime | None


async def token_scope(conn: Conn, *, token_hash: bytes) -> TokenScope | None:
    """Return what a node token is for."""
    async with conn.cursor(row_factory=class_row(TokenScope)) as cursor:
        await cursor.execute(
            "SELECT node_token_id, tenant_id, name, revoked_at FROM render.node_token_by_hash(%s)", (token_hash,)
        )
        return await cursor.fetchone()


async def insert_token(conn: Conn, *, tenant_id: UUID | None, name: str, token_hash: bytes) -> TokenRow | None:
    """Keep a new token; `tenant_id` None is fleet-wide. None when this very token is there already."""
    async with conn.cursor(row_factory=class_row(TokenRow)) as cursor:
        await cursor.execute(
            "INSERT INTO render.node_tokens (tenant_id, name, token_hash) VALUES (%s, %s, %s) ON CONFLICT (token_hash) DO NOTHING"
            " RETURNING id, name, tenant_id, revoked_at, created_at",
            (tenant_id, name, token_hash),
        )
        return await cursor.fetchone()


async def tokens(conn: Conn, *, tenant_id: UUID, fleet_too: bool) -> list[TokenRow]:
    """Return the tenant's tokens, newest first, with the fleet's when `fleet_too`."""
    async with conn.cursor(row_factory=class_row(TokenRow)) as cursor:
        await cursor.execute(
            "SELECT id, name, tenant_id, revoked_at, created_at FROM render.node_tokens WHERE tenant_id = %s OR (%s AND tenant_id IS NULL)"
            " ORDER BY id DESC LIMIT 200",
            (tenant_id, fleet_too),
        )
        return await cursor.fetchall()


async def revoke_token(conn: Conn, *, tenant_id: UUID, token_id: UUID, fleet_too: bool) -> bool:
    """Make a token useless for registering; False when there is none."""
    cursor = await conn.execute(
        "UPDATE render.node_tokens SET revoked_at = coalesce(revoked_at, now()) WHERE id = %s AND (tenant_id = %s OR (%s AND tenant_id IS NULL))",
        (token_id, tenant_id, fleet_too),
    )
    return cursor.rowcount == 1


async def by_secret(conn: Conn, *, secret_hash: bytes) -> NodeRow | None:
    """Return the node that holds a secret."""
    async with conn.cursor(row_factory=class_row(NodeRow)) as cursor:
        await cursor.execute(f"SELECT {_COLUMNS} FROM render.nodes WHERE token_hash = %s", (secret_hash,))  # noqa: S608
        return await cursor.fetchone()


async def by_id(conn: Conn, *, node_id: UUID, lock: bool = False) -> NodeRow | None:
    """Return a node."""
    async with conn.cursor(row_factory=class_row(NodeRow)) as cursor:
        await cursor.execute(
            f"SELECT {_COLUMNS} FROM render.nodes WHERE id = %s{' FOR UPDATE' if lock else ''}",  # noqa: S608
            (node_id,),
        )
        return await cursor.fetchone()


async def name_taken(conn: Conn, *, name: str, by_other_than: UUID) -> bool:
    """Return whether another node has the name."""
    cursor = await conn.execute("SELECT 1 FROM render.nodes WHERE name = %s AND id <> %s", (name, by_other_than))
    return await cursor.fetchone() is not None


async def save_registration(
    conn: Conn,
    *,
    node_id: UUID,
    name: str,
    pool: str,
    dedicated_tenant_id: UUID | None,
    secret_hash: bytes,
    boot_id: UUID,
    agent_version: str,
    os: str,
    engines: dict[str, str],
    cpu_cores: int,
    memory_bytes: int,
    scratch_bytes_total: int,
    scratch_bytes_free: int,
    max_slots: int,
    fonts_hash: bytes | None,
    alive_s: float,
    plugins: list[str],
    own_hours: dict[str, Any] | None,
    understands: Sequence[str],
    protocol: int,
) -> None:
    """Insert the node or bring its row up to date. A drained or quarantined node stays so."""
    await conn.execute(
        "INSERT INTO render.nodes AS n (id, name, pool, dedicated_tenant_id, token_hash, boot_id, agent_version, os, engines, cpu_cores, memory_bytes,"
        " scratch_bytes_total, scratch_bytes_free, max_slots, fonts_hash, plugins, own_hours, understands, protocol, status, last_heartbeat_at,"
        " heartbeat_expires_at)"
        " VALUES (%(id)s, %(name)s, %(pool)s, %(tenant)s, %(hash)s, %(boot)s, %(version)s, %(os)s, %(engines)s, %(cores)s, %(memory)s, %(total)s, %(free)s,"
        " %(slots)s, %(fonts)s, %(plugins)s, %(own_hours)s, %(understands)s, %(protocol)s, 'online', now(), now() + make_interval(secs => %(alive_s)s))"
        " ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name, pool = EXCLUDED.pool, dedicated_tenant_id = EXCLUDED.dedicated_tenant_id,"
        " token_hash = EXCLUDED.token_hash, boot_id = EXCLUDED.boot_id, agent_version = EXCLUDED.agent_version, os = EXCLUDED.os, engines = EXCLUDED.engines,"
        " cpu_cores = EXCLUDED.cpu_cores, memory_bytes = EXCLUDED.memory_bytes, scratch_bytes_total = EXCLUDED.scratch_bytes_total,"
        " scratch_bytes_free = EXCLUDED.scratch_bytes_free, used_slots = 0, max_slots = EXCLUDED.max_slots, fonts_hash = EXCLUDED.fonts_hash,"
        " licence_paused_until = NULL, plugins = EXCLUDED.plugins, own_hours = EXCLUDED.own_hours, understands = EXCLUDED.understands,"
        " protocol = EXCLUDED.protocol, asleep_until = NULL,"
        " status = CASE WHEN n.status IN ('draining', 'quarantined') THEN n.status ELSE 'online' END,"
        " last_heartbeat_at = now(), heartbeat_expires_at = EXCLUDED.heartbeat_expires_at",
        {
            "id": node_id,
            "name": name,
            "pool": pool,
            "tenant": dedicated_tenant_id,
            "hash": secret_hash,
            "boot": boot_id,
            "version": agent_version,
            "os": os,
            "engines": Jsonb(engines),
            "cores": cpu_cores,
            "memory": memory_bytes,
            "total": scratch_bytes_total,
            "free": scratch_bytes_free,
            "slots": max_slots,
            "fonts": fonts_hash,
            "alive_s": alive_s,
            "plugins": plugins,
            "own_hours": None if own_hours is None else Jsonb(own_hours),
            "understands": list(understands),
            "protocol": protocol,
        },
    )


async def beat(conn: Conn, *, node_id: UUID, used_slots: int, alive_s: float, disk_free_bytes: int | None) -> None:
    """Note that the node lives, and let it back when its quarantine is over."""
    await conn.execute(
        "UPDATE render.nodes SET last_heartbeat_at = now(), heartbeat_expires_at = now() + make_interval(secs => %(alive_s)s),"
        " used_slots = least(%(used)s, max_slots), scratch_bytes_free = coalesce(%(free)s, scratch_bytes_free),"
        " status = CASE WHEN status = 'draining' THEN 'draining' WHEN quarantined_until > now() THEN 'quarantined'"
        " WHEN %(used)s > 0 THEN 'busy' ELSE 'online' END WHERE id = %(id)s",
        {"id": node_id, "used": used_slots, "alive_s": alive_s, "free": disk_free_bytes},
    )


async def insert_health(
    conn: Conn,
    *,
    node_id: UUID,
    cpu_pct: float,
    mem_used_bytes: int,
    disk_free_bytes: int,
    load1: float | None,
    active_jobs: int,
    engine_rss_bytes: int | None,
    disk_write_bps: int | None = None,
    net_rx_bps: int | None = None,
    net_tx_bps: int | None = None,
    clock_s: float | None = None,
) -> None:
    """Keep a sample of the node's health. `clock_s` is the node's clock (seconds since 1970): kept as how far it is ahead of the database's."""
    await conn.execute(
        "INSERT INTO render.node_health_logs (node_id, sampled_at, cpu_pct, mem_used_bytes, disk_free_bytes, load1, active_jobs, engine_rss_bytes,"
        " disk_write_bps, net_rx_bps, net_tx_bps, clock_skew_ms) VALUES (%s, now(), %s, %s, %s, %s, %s, %s, %s, %s, %s,"
        " greatest(-2e9, least(2e9, 1000 * (%s::float8 - extract(epoch FROM clock_timestamp())::float8)))::integer)"
        " ON CONFLICT (node_id, sampled_at) DO NOTHING",
        (
            node_id,
            cpu_pct,
            mem_used_bytes,
            disk_free_bytes,
            load1,
            active_jobs,
            engine_rss_bytes,
            disk_write_bps,
            net_rx_bps,
            net_tx_bps,
            clock_s,
        ),
    )


async def quarantine_if_failing(conn: Conn, *, node_id: UUID, limit: int, quarantine_s: float) -> bool:
    """Take a node out of work when the machine itself failed `limit` times in an hour, or After Effects at so many projects; return whether it was.

    One that is on probation after a quarantine fails once. One that people drain stays drained when its quarantine is over.
    """
    cursor = await conn.execute(
        "UPDATE render.nodes SET status = CASE WHEN status = 'draining' THEN status ELSE 'quarantined' END, probing = true,"
        " quarantined_until = now() + make_interval(secs => %(for_s)s),"
        " quarantine_reason = 'too many failures within an hour' WHERE id = %(id)s AND coalesce(quarantined_until, now()) <= now()"
        " AND (probing OR (SELECT greatest("
        " count(*) FILTER (WHERE kind IN ('oom', 'disk_full', 'agent_crash', 'node_lost', 'gpu')),"
        " count(DISTINCT split_part(fingerprint, ':', 2)) FILTER (WHERE kind IN ('engine_hang', 'engine_crash') AND engine = 'aerender'))"
        " FROM render.node_crashes WHERE node_id = %(id)s AND occurred_at > now() - interval '1 hour') >= %(limit)s)",
        {"id": node_id, "for_s": quarantine_s, "limit": limit},
    )
    return cursor.rowcount == 1


async def others_can_work(
    conn: Conn, *, node_id: UUID, pool: str, engine: Engine, tenant_id: UUID, excluded: list[UUID]
) -> bool:
    """Return whether another living node could take work of this pool, engine and tenant."""
    cursor = await conn.execute(
        "SELECT 1 FROM render.nodes WHERE pool = %s AND id <> %s AND NOT id = ANY(%s) AND status IN ('online', 'busy') AND heartbeat_expires_at > now()"
        " AND coalesce(asleep_until, now()) <= now() AND (dedicated_tenant_id IS NULL OR dedicated_tenant_id = %s)"
        " AND (%s = 'thorvg' OR (engines ? %s AND coalesce(licence_paused_until, now()) <= now())) LIMIT 1",
        (pool, node_id, excluded, tenant_id, engine, engine),
    )
    return await cursor.fetchone() is not None


async def hold_boot(conn: Conn, *, node_id: UUID, boot_id: UUID | None) -> bool:
    """Keep the node's start from being replaced until the transaction ends; False when it has been."""
    cursor = await conn.execute(
        "SELECT 1 FROM render.nodes WHERE id = %s AND boot_id = %s FOR SHARE", (node_id, boot_id)
    )
    return await cursor.fetchone() is not None


async def has_nothing(conn: Conn, *, node_id: UUID) -> bool:
    """Return whether the node holds no lease; claims of the same node wait for one another until the transaction ends."""
    await conn.execute("SELECT 1 FROM render.nodes WHERE id = %s FOR NO KEY UPDATE", (node_id,))
    cursor = await conn.execute(
        "SELECT 1 FROM render.frame_jobs WHERE node_id = %(id)s AND status = 'running'"
        " UNION ALL SELECT 1 FROM render.snapshot_jobs WHERE node_id = %(id)s AND status = 'running'"
        " UNION ALL SELECT 1 FROM render.snapshots WHERE node_id = %(id)s AND status = 'running' LIMIT 1",
        {"id": node_id},
    )
    return await cursor.fetchone() is None


async def end_probation(conn: Conn, *, node_id: UUID) -> None:
    """The node did something right after its quarantine: it gets as much as others again."""
    await conn.execute(
        "UPDATE render.nodes SET probing = false, quarantine_reason = NULL WHERE id = %s AND probing AND quarantined_until <= now()",
        (node_id,),
    )


async def pause_licence(conn: Conn, *, node_id: UUID, pause_s: float) -> None:
    """Give the node no work of After Effects for so long."""
    await conn.execute(
        "UPDATE render.nodes SET licence_paused_until = now() + make_interval(secs => %s) WHERE id = %s",
        (pause_s, node_id),
    )


async def set_template_cache(conn: Conn, *, node_id: UUID, projects: Sequence[tuple[bytes, int, int]]) -> None:
    """Note what the node's template cache holds now, as (hash, bytes, hits); what it had before and has no more goes."""
    await conn.execute(
        "DELETE FROM render.node_template_cache WHERE node_id = %s AND NOT package_sha256 = ANY(%s)",
        (node_id, [sha256 for sha256, _, _ in projects]),
    )
    await conn.execute(
        "INSERT INTO render.node_template_cache AS t (node_id, package_sha256, bytes, hits, state, verified_at)"
        " SELECT %s, held.sha256, held.bytes, held.hits, 'ready', now() FROM unnest(%s::bytea[], %s::bigint[], %s::bigint[]) AS held (sha256, bytes, hits)"
        " ON CONFLICT (node_id, package_sha256) DO UPDATE SET bytes = EXCLUDED.bytes, state = 'ready', verified_at = now(), hits = EXCLUDED.hits,"
        " last_used_at = CASE WHEN EXCLUDED.hits > t.hits THEN now() ELSE t.last_used_at END",
        (
            node_id,
            [sha256 for sha256, _, _ in projects],
            [size for _, size, _ in projects],
            [hits for _, _, hits in projects],
        ),
    )


async def mark_offline(conn: Conn) -> list[UUID]:
    """Mark nodes that stopped reporting; return them."""
    cursor = await conn.execute(
        "UPDATE render.nodes SET status = 'offline', used_slots = 0 WHERE status IN ('online', 'busy') AND heartbeat_expires_at < now() RETURNING id"
    )
    return [UUID(str(row[0])) for row in await cursor.fetchall()]


async def nodes(conn: Conn, *, tenant_id: UUID, fleet_too: bool) -> list[NodeRow]:
    """Return the nodes dedicated to a tenant, with the fleet's when `fleet_too`."""
    async with conn.cursor(row_factory=class_row(NodeRow)) as cursor:
        await cursor.execute(
            f"SELECT {_COLUMNS} FROM render.nodes WHERE status <> 'retired' AND (dedicated_tenant_id = %s OR (%s AND dedicated_tenant_id IS NULL))"  # noqa: S608
            " ORDER BY name LIMIT 500",
            (tenant_id, fleet_too),
        )
        return await cursor.fetchall()


async def set_draining(conn: Conn, *, node_id: UUID, tenant_id: UUID, fleet_too: bool, draining: bool) -> bool:
    """Drain a node or let it work again (which also ends its quarantine); False when there is none."""
    cursor = await conn.execute(
        "UPDATE render.nodes SET status = CASE WHEN %(drain)s THEN 'draining' WHEN heartbeat_expires_at > now() THEN 'online' ELSE 'offline' END,"
        " quarantined_until = CASE WHEN %(drain)s THEN quarantined_until END, quarantine_reason = CASE WHEN %(drain)s THEN quarantine_reason END,"
        " probing = probing AND %(drain)s, licence_paused_until = CASE WHEN %(drain)s THEN licence_paused_until END"
        " WHERE id = %(id)s AND status <> 'retired' AND (dedicated_tenant_id = %(tenant)s OR (%(fleet)s AND dedicated_tenant_id IS NULL))",
        {"id": node_id, "tenant": tenant_id, "fleet": fleet_too, "drain": draining},
    )
    return cursor.rowcount == 1

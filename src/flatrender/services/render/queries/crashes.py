"""What stopped on nodes, the scenes that did it, and the attempts with their logs."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from psycopg.rows import class_row

from flatrender.kit.db import Conn
from flatrender.protocol.work import Engine

ENGINE_STOPS = ("engine_crash", "engine_hang", "oom")
"""Kinds of crashes in which an engine was stopped by what it drew."""


class CrashRow(msgspec.Struct, frozen=True, kw_only=True):
    """Something that went wrong on a node."""

    id: UUID
    node_id: UUID
    node_name: str
    tenant_id: UUID | None
    render_job_id: UUID | None
    frame_job_id: UUID | None
    kind: str
    engine: str | None
    code: str | None
    exit_code: int | None
    signal: int | None
    frame_no: int | None
    scene_key: str | None
    project_version_id: UUID | None
    log_excerpt: str | None
    recovery: str
    recovered_at: datetime | None
    occurred_at: datetime


class FlagRow(msgspec.Struct, frozen=True, kw_only=True):
    """A scene that stopped engines on several nodes."""

    id: UUID
    tenant_id: UUID
    project_id: UUID
    project_version_id: UUID
    scene_key: str
    engines_stopped: int
    last_kind: str
    last_code: str
    last_render_job_id: UUID | None
    flagged_at: datetime
    cleared_at: datetime | None


class AttemptRow(msgspec.Struct, frozen=True, kw_only=True):
    """One claim of a chunk."""

    frame_job_id: UUID
    render_job_id: UUID
    epoch: int
    chunk_no: int
    scene_key: str | None
    frame_start: int
    frame_end: int
    engine: str
    is_repair: bool
    node_id: UUID | None
    node_name: str | None
    outcome: str | None
    error_code: str | None
    detail: str | None
    log_key: str | None
    log_bytes: int | None
    seconds: float | None
    started_at: datetime
    finished_at: datetime | None


_CRASH = (
    "c.id, c.node_id, n.name AS node_name, c.tenant_id, c.render_job_id, c.frame_job_id, c.kind, c.engine, c.code, c.exit_code, c.signal, c.frame_no,"
    " c.scene_key, c.project_version_id, c.log_excerpt, c.recovery, c.recovered_at, c.occurred_at"
)
_FLAG = "id, tenant_id, project_id, project_version_id, scene_key, engines_stopped, last_kind, last_code, last_render_job_id, flagged_at, cleared_at"
_ATTEMPT = (
    "a.frame_job_id, a.render_job_id, a.epoch, a.chunk_no, a.scene_key, a.frame_start, a.frame_end, a.engine, a.is_repair, a.node_id, n.name AS node_name,"
    " a.outcome, a.error_code, a.detail, a.log_key, a.log_bytes, a.seconds::float8 AS seconds, a.started_at, a.finished_at"
)


async def insert_crash(
    conn: Conn,
    *,
    node_id: UUID,
    tenant_id: UUID | None,
    render_job_id: UUID | None,
    frame_job_id: UUID | None,
    kind: str,
    fingerprint: str,
    log_excerpt: str | None,
    recovery: str = "pending",
    engine: Engine = "thorvg",
    code: str | None = None,
    epoch: int | None = None,
    scene_key: str | None = None,
    exit_code: int | None = None,
    signal: int | None = None,
    frame_no: int | None = None,
) -> None:
    """Keep what went wrong on a node. With `pending` the next claim of the chunk says how it went on."""
    await conn.execute(
        "INSERT INTO render.node_crashes (node_id, tenant_id, render_job_id, frame_job_id, kind, engine, fingerprint, log_excerpt, recovery, recovered_at,"
        " code, epoch, scene_key, exit_code, signal, frame_no, project_version_id)"
        " VALUES (%(node)s, %(tenant)s, %(job)s, %(chunk)s, %(kind)s, %(engine)s, %(fingerprint)s, %(log)s, %(recovery)s,"
        " CASE WHEN %(recovery)s <> 'pending' THEN now() END, %(code)s, %(epoch)s, %(scene)s, %(exit)s, %(signal)s, %(frame)s,"
        " (SELECT j.project_version_id FROM render.render_jobs AS j WHERE j.tenant_id = %(tenant)s AND j.id = %(job)s))",
        {
            "node": node_id,
            "tenant": tenant_id,
            "job": render_job_id,
            "chunk": frame_job_id,
            "kind": kind,
            "engine": engine,
            "fingerprint": fingerprint[:300],
            "log": printable(log_excerpt or "")[-16384:],
            "recovery": recovery,
            "code": code[:80] if code else None,
            "epoch": epoch,
            "scene": scene_key,
            "exit": within(exit_code, 31),
            "signal": within(signal, 15),
            "frame": within(frame_no, 31),
        },
    )
    await conn.execute(
        "UPDATE render.nodes SET crash_count_24h = (SELECT count(*) FROM render.node_crashes WHERE node_id = %s AND occurred_at > now() - interval '1 day')"
        " WHERE id = %s",
        (node_id, node_id),
    )


def printable(text: str) -> str:
    """Return text as PostgreSQL takes it: a node's log may hold anything."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def within(number: int | None, bits: int) -> int | None:
    """Return a number that a node told when the column can hold it."""
    return number if number is not None and abs(number) < 1 << bits else None


async def nodes_stopped(conn: Conn, *, frame_job_id: UUID) -> list[UUID]:
    """Return the nodes on which a chunk has stopped an engine."""
    cursor = await conn.execute(
        "SELECT DISTINCT node_id FROM render.node_crashes WHERE frame_job_id = %s AND kind = ANY(%s)",
        (frame_job_id, list(ENGINE_STOPS)),
    )
    return [UUID(str(row[0])) for row in await cursor.fetchall()]


async def living_nodes(conn: Conn, *, pools: Sequence[str], engine: Engine, tenant_id: UUID) -> list[UUID]:
    """Return the nodes that could take work of these pools of nodes, of this engine and tenant, now."""
    cursor = await conn.execute(
        "SELECT id FROM render.nodes WHERE pool = ANY(%s) AND status IN ('online', 'busy') AND heartbeat_expires_at > now()"
        " AND coalesce(asleep_until, now()) <= now() AND (dedicated_tenant_id IS NULL OR dedicated_tenant_id = %s)"
        " AND (%s = 'thorvg' OR (engines ? %s AND coalesce(licence_paused_until, now()) <= now()))",
        (list(pools), tenant_id, engine, engine),
    )
    return [UUID(str(row[0])) for row in await cursor.fetchall()]


async def is_flagged(conn: Conn, *, tenant_id: UUID, job_id: UUID, scene_key: str) -> bool:
    """Return whether the scene of a film's template has an open flag."""
    cursor = await conn.execute(
        "SELECT 1 FROM render.template_flags AS t JOIN render.render_jobs AS j ON j.tenant_id = t.tenant_id AND j.project_version_id = t.project_version_id"
        " WHERE j.tenant_id = %s AND j.id = %s AND t.scene_key = %s AND t.cleared_at IS NULL",
        (tenant_id, job_id, scene_key),
    )
    return await cursor.fetchone() is not None


async def flag(
    conn: Conn, *, tenant_id: UUID, job_id: UUID, scene_key: str, kind: str, code: str
) -> tuple[FlagRow, bool] | None:
    """Flag the scene of a film's template; return the flag, and whether it was not set before. None when the film is gone.

    It counts every engine that the scene has stopped, on whatever film and node.
    """
    async with conn.cursor(row_factory=class_row(FlagRow)) as cursor:
        await cursor.execute(
            f"SELECT {_FLAG} FROM render.template_flags WHERE tenant_id = %s AND scene_key = %s AND cleared_at IS NULL AND project_version_id ="  # noqa: S608
            " (SELECT project_version_id FROM render.render_jobs WHERE tenant_id = %s AND id = %s)",
            (tenant_id, scene_key, tenant_id, job_id),
        )
        before = await cursor.fetchone()
        await cursor.execute(
            "INSERT INTO render.template_flags AS t (tenant_id, project_id, project_version_id, scene_key, engines_stopped, last_kind, last_code,"  # noqa: S608
            " last_render_job_id) SELECT j.tenant_id, j.project_id, j.project_version_id, %(scene)s, (SELECT count(*) FROM render.node_crashes AS c"
            " WHERE c.tenant_id = j.tenant_id AND c.project_version_id = j.project_version_id AND c.scene_key = %(scene)s AND c.kind = ANY(%(kinds)s)),"
            " %(kind)s, %(code)s, j.id FROM render.render_jobs AS j WHERE j.tenant_id = %(tenant)s AND j.id = %(job)s"
            " ON CONFLICT (tenant_id, project_version_id, scene_key) DO UPDATE SET engines_stopped = EXCLUDED.engines_stopped,"
            " last_kind = EXCLUDED.last_kind, last_code = EXCLUDED.last_code, last_render_job_id = EXCLUDED.last_render_job_id,"
            " flagged_at = CASE WHEN t.cleared_at IS NULL THEN t.flagged_at ELSE now() END, cleared_at = NULL, cleared_by_user_id = NULL"
            f" RETURNING {_FLAG}",
            {
                "scene": scene_key,
                "kinds": list(ENGINE_STOPS),
                "kind": kind,
                "code": code[:80],
                "tenant": tenant_id,
                "job": job_id,
            },
        )
        found = await cursor.fetchone()
    return None if found is None else (found, before is None)


async def set_recovery(conn: Conn, *, frame_job_id: UUID, epoch: int, recovery: str) -> None:
    """Say what the crash of an attempt led to."""
    await conn.execute(
        "UPDATE render.node_crashes SET recovery = %s, recovered_at = now() WHERE frame_job_id = %s AND epoch = %s AND recovery IN ('pending', 'gave_up')",
        (recovery, frame_job_id, epoch),
    )


async def flags(conn: Conn, *, tenant_id: UUID, project_id: UUID | None, every_tenant: bool) -> list[FlagRow]:
    """Return the open flags, newest first: of one template, or of all."""
    async with conn.cursor(row_factory=class_row(FlagRow)) as cursor:
        await cursor.execute(
            f"SELECT {_FLAG} FROM render.template_flags WHERE (%(every)s OR tenant_id = %(tenant)s)"  # noqa: S608
            " AND (%(project)s::uuid IS NULL OR project_id = %(project)s) AND cleared_at IS NULL ORDER BY flagged_at DESC LIMIT 200",
            {"tenant": tenant_id, "project": project_id, "every": every_tenant},
        )
        return await cursor.fetchall()


async def clear_flag(conn: Conn, *, tenant_id: UUID, flag_id: UUID, every_tenant: bool, user_id: UUID) -> bool:
    """Take a flag away; False when there is none."""
    cursor = await conn.execute(
        "UPDATE render.template_flags SET cleared_at = coalesce(cleared_at, now()), cleared_by_user_id = coalesce(cleared_by_user_id, %s)"
        " WHERE id = %s AND (%s OR tenant_id = %s)",
        (user_id, flag_id, every_tenant, tenant_id),
    )
    return cursor.rowcount == 1


async def crashes(
    conn: Conn,
    *,
    tenant_id: UUID,
    every_tenant: bool,
    node_id: UUID | None = None,
    kind: str | None = None,
    project_version_id: UUID | None = None,
    render_job_id: UUID | None = None,
    before: UUID | None = None,
    limit: int,
) -> list[CrashRow]:
    """Return crashes, newest first: those of the tenant's work and nodes, or with `every_tenant` all."""
    async with conn.cursor(row_factory=class_row(CrashRow)) as cursor:
        await cursor.execute(
            f"SELECT {_CRASH} FROM render.node_crashes AS c JOIN render.nodes AS n ON n.id = c.node_id"  # noqa: S608
            " WHERE (%(every)s OR c.tenant_id = %(tenant)s OR n.dedicated_tenant_id = %(tenant)s)"
            " AND (%(node)s::uuid IS NULL OR c.node_id = %(node)s) AND (%(kind)s::text IS NULL OR c.kind = %(kind)s)"
            " AND (%(version)s::uuid IS NULL OR c.project_version_id = %(version)s) AND (%(job)s::uuid IS NULL OR c.render_job_id = %(job)s)"
            " AND (%(before)s::uuid IS NULL OR c.id < %(before)s) ORDER BY c.id DESC LIMIT %(limit)s",
            {
                "tenant": tenant_id,
                "every": every_tenant,
                "node": node_id,
                "kind": kind,
                "version": project_version_id,
                "job": render_job_id,
                "before": before,
                "limit": limit,
            },
        )
        return await cursor.fetchall()


async def note_attempt(
    conn: Conn, *, frame_job_id: UUID, epoch: int, detail: str | None, log_key: str | None, log_bytes: int | None
) -> None:
    """Add to an attempt what its node said of it."""
    await conn.execute(
        "UPDATE render.frame_attempts SET detail = %s, log_key = %s, log_bytes = %s WHERE frame_job_id = %s AND epoch = %s",
        (printable(detail)[:2000] if detail else None, log_key, log_bytes, frame_job_id, epoch),
    )


async def attempts_of_film(conn: Conn, *, tenant_id: UUID, job_id: UUID, limit: int) -> list[AttemptRow]:
    """Return the newest attempts at a film's chunks, newest first."""
    async with conn.cursor(row_factory=class_row(AttemptRow)) as cursor:
        await cursor.execute(
            f"SELECT {_ATTEMPT} FROM render.frame_attempts AS a LEFT JOIN render.nodes AS n ON n.id = a.node_id"  # noqa: S608
            " WHERE a.tenant_id = %s AND a.render_job_id = %s ORDER BY a.started_at DESC, a.chunk_no LIMIT %s",
            (tenant_id, job_id, limit),
        )
        return await cursor.fetchall()


async def attempts_of_node(
    conn: Conn, *, tenant_id: UUID, every_tenant: bool, node_id: UUID, limit: int
) -> list[AttemptRow]:
    """Return the newest attempts of a node, newest first: at the tenant's work, or with `every_tenant` at all."""
    async with conn.cursor(row_factory=class_row(AttemptRow)) as cursor:
        await cursor.execute(
            f"SELECT {_ATTEMPT} FROM render.frame_attempts AS a LEFT JOIN render.nodes AS n ON n.id = a.node_id"  # noqa: S608
            " WHERE (%(every)s OR a.tenant_id = %(tenant)s OR n.dedicated_tenant_id = %(tenant)s) AND a.node_id = %(node)s"
            " ORDER BY a.started_at DESC LIMIT %(limit)s",
            {"tenant": tenant_id, "every": every_tenant, "node": node_id, "limit": limit},
        )
        return await cursor.fetchall()


async def attempt(
    conn: Conn, *, tenant_id: UUID, every_tenant: bool, frame_job_id: UUID, epoch: int
) -> AttemptRow | None:
    """Return one attempt."""
    async with conn.cursor(row_factory=class_row(AttemptRow)) as cursor:
        await cursor.execute(
            f"SELECT {_ATTEMPT} FROM render.frame_attempts AS a LEFT JOIN render.nodes AS n ON n.id = a.node_id"  # noqa: S608
            " WHERE a.frame_job_id = %s AND a.epoch = %s AND (%s OR a.tenant_id = %s OR n.dedicated_tenant_id = %s)",
            (frame_job_id, epoch, every_tenant, tenant_id, tenant_id),
        )
        return await cursor.fetchone()


async def expire_logs(conn: Conn, *, days: float, limit: int) -> list[str]:
    """Forget logs of attempts that ended so long ago, of every tenant; return their object keys, to be deleted."""
    cursor = await conn.execute(
        "UPDATE render.frame_attempts AS a SET log_key = NULL FROM (SELECT frame_job_id, epoch, log_key FROM render.frame_attempts"
        " WHERE log_key IS NOT NULL AND finished_at < now() - make_interval(secs => %s * 86400) ORDER BY finished_at LIMIT %s FOR UPDATE SKIP LOCKED) AS old"
        " WHERE a.frame_job_id = old.frame_job_id AND a.epoch = old.epoch RETURNING old.log_key",
        (days, limit),
    )
    return [str(row[0]) for row in await cursor.fetchall()]


async def free_stranded(conn: Conn) -> int:
    """Let chunks that are kept from every living node that could take them go to any of them, of every tenant; return how many."""
    cursor = await conn.execute(
        "UPDATE render.frame_jobs AS f SET exclude_node_ids = '{}' WHERE f.status = 'queued' AND f.exclude_node_ids <> '{}' AND NOT EXISTS"
        " (SELECT FROM render.nodes AS n WHERE n.status IN ('online', 'busy') AND n.heartbeat_expires_at > now() AND NOT n.id = ANY(f.exclude_node_ids)"
        " AND coalesce(n.asleep_until, now()) <= now()"
        " AND (n.dedicated_tenant_id IS NULL OR n.dedicated_tenant_id = f.tenant_id) AND n.pool = split_part(f.pool, '/', 1)"
        " AND (f.engine = 'thorvg' OR (n.engines ? f.engine AND coalesce(n.licence_paused_until, now()) <= now())))"
    )
    return cursor.rowcount

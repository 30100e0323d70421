"""The farm at a glance: queues, throughput, failures, slow templates; each node's health, picture and cache. All limited in rows."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec
from psycopg.rows import class_row

from flatrender.kit.db import Conn


class QueueRow(msgspec.Struct, frozen=True, kw_only=True):
    """Work of one lane, pool and tenant."""

    lane: str
    pool: str
    tenant_id: UUID
    waiting: int
    running: int
    oldest_s: float | None


class ThroughputRow(msgspec.Struct, frozen=True, kw_only=True):
    """What nodes drew in one bin."""

    bin: datetime
    frames: int
    node_seconds: float
    chunks: int


class FailureRow(msgspec.Struct, frozen=True, kw_only=True):
    """Failures of one class in one bin."""

    bin: datetime
    class_: str = msgspec.field(name="class")
    failures: int


class TemplateRow(msgspec.Struct, frozen=True, kw_only=True):
    """How long frames of a template took."""

    project_id: UUID
    engine: str
    height: int | None
    chunks: int
    frames: int
    node_seconds: float


class FilmsRow(msgspec.Struct, frozen=True, kw_only=True):
    """Films that ended alike."""

    status: str
    error_code: str | None
    films: int
    median_s: float | None


class WorkRow(msgspec.Struct, frozen=True, kw_only=True):
    """What a node draws now."""

    node_id: UUID
    kind: str
    render_job_id: UUID | None
    tenant_id: UUID
    title: str | None
    scene_key: str | None
    frames: int
    frames_done: int
    started_at: datetime | None


class HealthRow(msgspec.Struct, frozen=True, kw_only=True):
    """One bin of a node's health: averages, of load and memory the highest too."""

    bin: datetime
    samples: int
    cpu_pct: float | None
    cpu_pct_max: float | None
    mem_used_bytes: float | None
    load1: float | None
    disk_free_bytes: int | None
    disk_write_bps: float | None
    engine_rss_bytes: float | None
    active_jobs: float | None
    net_rx_bps: float | None
    net_tx_bps: float | None
    clock_skew_ms: float | None


class SparkRow(msgspec.Struct, frozen=True, kw_only=True):
    """A node's last hour in bins."""

    node_id: UUID
    bin: datetime
    cpu_pct: float | None
    mem_used_bytes: float | None
    load1: float | None
    active_jobs: float | None


class CacheRow(msgspec.Struct, frozen=True, kw_only=True):
    """What a node's template cache holds."""

    node_id: UUID
    entries: int
    bytes: int
    hits: int


class NodeCounts(msgspec.Struct, frozen=True, kw_only=True):
    """The fleet in figures."""

    by_status: dict[str, int]
    used_slots: int
    free_slots: int


class WorkflowCounts(msgspec.Struct, frozen=True, kw_only=True):
    """The workflows in figures."""

    waiting: int
    running: int
    lag_s: float
    executors: int


class PictureRow(msgspec.Struct, frozen=True, kw_only=True):
    """When a node last showed what it draws."""

    node_id: UUID
    taken_at: datetime


async def queue(conn: Conn) -> list[QueueRow]:
    """Return what waits and runs, of the tenants that the transaction's tenant may see."""
    async with conn.cursor(row_factory=class_row(QueueRow)) as cursor:
        await cursor.execute("SELECT * FROM render.farm_queue() ORDER BY lane, pool, tenant_id LIMIT 2000")
        return await cursor.fetchall()


async def throughput(conn: Conn, *, since: datetime, step: timedelta) -> list[ThroughputRow]:
    """Return what nodes drew since then."""
    async with conn.cursor(row_factory=class_row(ThroughputRow)) as cursor:
        await cursor.execute("SELECT * FROM render.farm_throughput(%s, %s)", (since, step))
        return await cursor.fetchall()


async def failures(conn: Conn, *, since: datetime, step: timedelta) -> list[FailureRow]:
    """Return what went wrong since then, by class."""
    cursor = await conn.execute("SELECT * FROM render.farm_failures(%s, %s)", (since, step))
    return [FailureRow(bin=row[0], class_=row[1], failures=row[2]) for row in await cursor.fetchall()]


async def templates(conn: Conn, *, since: datetime, limit: int) -> list[TemplateRow]:
    """Return the templates with the slowest frames since then."""
    async with conn.cursor(row_factory=class_row(TemplateRow)) as cursor:
        await cursor.execute("SELECT * FROM render.farm_templates(%s, %s)", (since, limit))
        return await cursor.fetchall()


async def films(conn: Conn, *, since: datetime) -> list[FilmsRow]:
    """Return how films ended since then."""
    async with conn.cursor(row_factory=class_row(FilmsRow)) as cursor:
        await cursor.execute("SELECT * FROM render.farm_films(%s)", (since,))
        return await cursor.fetchall()


async def work(conn: Conn) -> list[WorkRow]:
    """Return what nodes draw now."""
    async with conn.cursor(row_factory=class_row(WorkRow)) as cursor:
        await cursor.execute("SELECT * FROM render.farm_work()")
        return await cursor.fetchall()


async def node_counts(conn: Conn) -> NodeCounts:
    """Return how many nodes there are of each status, and the slots of those that work."""
    cursor = await conn.execute(
        "SELECT status, count(*), sum(used_slots) FILTER (WHERE status IN ('online', 'busy')),"
        " sum(max_slots) FILTER (WHERE status IN ('online', 'busy')) FROM render.nodes GROUP BY status"
    )
    found = await cursor.fetchall()
    used, most = sum(int(row[2] or 0) for row in found), sum(int(row[3] or 0) for row in found)
    return NodeCounts(by_status={str(row[0]): int(row[1]) for row in found}, used_slots=used, free_slots=most - used)


async def workflows(conn: Conn) -> WorkflowCounts:
    """Return how many workflows wait and run, and how many executors live. The tables are the workflow engine's (times in milliseconds since 1970)."""
    cursor = await conn.execute(
        "SELECT count(*) FILTER (WHERE status = 'ENQUEUED'), count(*) FILTER (WHERE status = 'PENDING'),"
        " coalesce(extract(epoch FROM now()) - min(created_at) FILTER (WHERE status = 'ENQUEUED') / 1000.0, 0)::float8,"
        " (SELECT count(*) FROM ops.workflow_executors WHERE beat_at > now() - interval '20 seconds')"
        " FROM dbos.workflow_status WHERE status IN ('ENQUEUED', 'PENDING')"
    )
    row = await cursor.fetchone()
    if row is None:
        return WorkflowCounts(waiting=0, running=0, lag_s=0.0, executors=0)
    return WorkflowCounts(waiting=row[0], running=row[1], lag_s=max(0.0, row[2]), executors=row[3])


async def health(
    conn: Conn, *, node_id: UUID, since: datetime, until: datetime, step: timedelta, limit: int
) -> list[HealthRow]:
    """Return a node's health in bins of `step` from `since` on, at most `limit`."""
    async with conn.cursor(row_factory=class_row(HealthRow)) as cursor:
        await cursor.execute(
            "SELECT date_bin(%(step)s, sampled_at, %(since)s) AS bin, count(*) AS samples, avg(cpu_pct) AS cpu_pct, max(cpu_pct) AS cpu_pct_max,"
            " avg(mem_used_bytes)::float AS mem_used_bytes, avg(load1) AS load1, min(disk_free_bytes) AS disk_free_bytes,"
            " avg(disk_write_bps)::float AS disk_write_bps, avg(engine_rss_bytes)::float AS engine_rss_bytes, avg(active_jobs)::float AS active_jobs,"
            " avg(net_rx_bps)::float AS net_rx_bps, avg(net_tx_bps)::float AS net_tx_bps, avg(clock_skew_ms)::float AS clock_skew_ms"
            " FROM render.node_health_logs WHERE node_id = %(node)s AND sampled_at >= %(since)s AND sampled_at < %(until)s"
            " GROUP BY 1 ORDER BY 1 LIMIT %(limit)s",
            {"node": node_id, "since": since, "until": until, "step": step, "limit": limit},
        )
        return await cursor.fetchall()


async def sparks(conn: Conn, *, node_ids: Sequence[UUID], since: datetime, step: timedelta) -> list[SparkRow]:
    """Return the recent health of many nodes in bins."""
    async with conn.cursor(row_factory=class_row(SparkRow)) as cursor:
        await cursor.execute(
            "SELECT node_id, date_bin(%(step)s, sampled_at, %(since)s) AS bin, avg(cpu_pct) AS cpu_pct, avg(mem_used_bytes)::float AS mem_used_bytes,"
            " avg(load1) AS load1, avg(active_jobs)::float AS active_jobs FROM render.node_health_logs"
            " WHERE node_id = ANY(%(nodes)s) AND sampled_at >= %(since)s GROUP BY 1, 2 ORDER BY 1, 2",
            {"nodes": list(node_ids), "since": since, "step": step},
        )
        return await cursor.fetchall()


async def caches(conn: Conn, *, node_ids: Sequence[UUID]) -> list[CacheRow]:
    """Return what the nodes' template caches hold."""
    async with conn.cursor(row_factory=class_row(CacheRow)) as cursor:
        await cursor.execute(
            "SELECT node_id, count(*) AS entries, sum(bytes)::bigint AS bytes, sum(hits)::bigint AS hits FROM render.node_template_cache"
            " WHERE node_id = ANY(%s) AND state = 'ready' GROUP BY node_id",
            (list(node_ids),),
        )
        return await cursor.fetchall()


async def pictures(conn: Conn, *, node_ids: Sequence[UUID]) -> list[PictureRow]:
    """Return which nodes have shown a picture, and when."""
    async with conn.cursor(row_factory=class_row(PictureRow)) as cursor:
        await cursor.execute(
            "SELECT node_id, taken_at FROM render.node_pictures WHERE node_id = ANY(%s)", (list(node_ids),)
        )
        return await cursor.fetchall()


async def picture(conn: Conn, *, node_id: UUID) -> bytes | None:
    """Return a node's last picture (JPEG)."""
    cursor = await conn.execute("SELECT picture FROM render.node_pictures WHERE node_id = %s", (node_id,))
    row = await cursor.fetchone()
    return bytes(row[0]) if row else None


async def keep_picture(conn: Conn, *, node_id: UUID, picture: bytes) -> None:
    """Keep a node's newest picture in place of the one before."""
    await conn.execute(
        "INSERT INTO render.node_pictures (node_id, picture) VALUES (%s, %s)"
        " ON CONFLICT (node_id) DO UPDATE SET picture = EXCLUDED.picture, taken_at = now()",
        (node_id, picture),
    )


async def make_partitions(conn: Conn, from_month: datetime) -> None:
    """Make the months' partitions of health: this month's and the two that follow."""
    await conn.execute("SELECT ops.ensure_monthly_partitions('render.node_health_logs', %s::date, 3)", (from_month,))


async def drop_partitions(conn: Conn, before: date) -> int:
    """Drop the health of months that ended before the month of `before`; return how many."""
    cursor = await conn.execute("SELECT render.drop_health_before(%s)", (before,))
    row = await cursor.fetchone()
    return int(row[0]) if row else 0

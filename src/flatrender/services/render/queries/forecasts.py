"""Forecasts of unfinished films, and what they are made of: films, chunks in nodes' hands, chunks that wait, living nodes. Of every tenant, for the worker."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from flatrender.kit.db import Conn
from flatrender.protocol.work import Engine
from flatrender.services.render.queries.jobs import FINISHING

DRAWN_OR_FINISHED = ("rendering", *FINISHING)


class Undrawn(msgspec.Struct, frozen=True, kw_only=True):
    """Chunks of one scene that wait."""

    pool: str
    engine: Engine
    scene: str
    frames: int
    """Of each chunk; the mean where they differ."""
    chunks: int


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """A chunk in the hands of a node."""

    tenant_id: UUID
    render_job_id: UUID
    node_id: UUID
    pool: str
    engine: Engine
    scene: str
    frames: int
    frames_done: int
    elapsed_s: float


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """A node that takes work of a pool."""

    node_id: UUID
    pool: str
    engine: Engine
    slots: int
    dedicated_tenant_id: UUID | None = None


class Film(msgspec.Struct, frozen=True, kw_only=True):
    """A planned film that is not finished."""

    tenant_id: UUID
    id: UUID
    project_version_id: UUID
    height: int
    kind: str
    film_s: float
    priority: int
    queued_at: datetime
    undrawn: list[Undrawn]
    finishing_for_s: float | None = None
    """How long it is being joined and checked already; None while it is drawn."""
    row_version: int = 0
    """Of the film; it rises with its progress."""
    shown_s: float | None = None
    """The seconds left that people see."""
    shown_for_s: float = 0.0
    """How long ago those were written."""


async def save_plan(
    conn: Conn,
    *,
    tenant_id: UUID,
    job_id: UUID,
    kind: str,
    film_s: float,
    drawing_share: float,
    undrawn: Sequence[Undrawn],
) -> None:
    """Note what a film that has just been planned consists of, in the place of what was known of an earlier attempt."""
    await conn.execute(
        "INSERT INTO render.film_forecasts (tenant_id, render_job_id, kind, film_s, drawing_share, undrawn) VALUES (%s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (tenant_id, render_job_id) DO UPDATE SET kind = EXCLUDED.kind, film_s = EXCLUDED.film_s, drawing_share = EXCLUDED.drawing_share,"
        " undrawn = EXCLUDED.undrawn, finishing_since = NULL, left_s = NULL, left_at = NULL",
        (tenant_id, job_id, kind, film_s, drawing_share, Jsonb(msgspec.to_builtins(undrawn))),
    )


async def seconds_left(conn: Conn, *, tenant_id: UUID, job_ids: Sequence[UUID], fresh_s: float) -> dict[UUID, float]:
    """Return the seconds left of those films of which something can be said; nothing from forecasts older than `fresh_s` seconds."""
    cursor = await conn.execute(
        "SELECT render_job_id, greatest(left_s - extract(epoch FROM now() - left_at), 0) FROM render.film_forecasts"
        " WHERE tenant_id = %s AND render_job_id = ANY(%s) AND left_at > now() - make_interval(secs => %s)",
        (tenant_id, list(job_ids), fresh_s),
    )
    return {UUID(str(row[0])): float(row[1]) for row in await cursor.fetchall()}


async def drawing_share(conn: Conn, *, tenant_id: UUID, job_id: UUID) -> float | None:
    """Return the per cent of a film's progress that drawing makes up; None before it was planned."""
    cursor = await conn.execute(
        "SELECT drawing_share FROM render.film_forecasts WHERE tenant_id = %s AND render_job_id = %s",
        (tenant_id, job_id),
    )
    row = await cursor.fetchone()
    return float(row[0]) if row else None


async def finish_took(conn: Conn, *, tenant_id: UUID, job_id: UUID) -> tuple[str, float, float] | None:
    """Return the kind, length and seconds of finishing of a film that is ready; None when those cannot be told (it had been planned elsewhere)."""
    cursor = await conn.execute(
        "SELECT f.kind, f.film_s, extract(epoch FROM now() - max(e.created_at)) FROM render.film_forecasts AS f"
        " JOIN render.render_job_events AS e ON e.tenant_id = f.tenant_id AND e.render_job_id = f.render_job_id AND e.to_status = 'stitching'"
        " AND e.from_status IN ('rendering', 'preparing') WHERE f.tenant_id = %s AND f.render_job_id = %s GROUP BY f.kind, f.film_s",
        (tenant_id, job_id),
    )
    row = await cursor.fetchone()
    return (str(row[0]), float(row[1]), float(row[2])) if row else None


async def my_turn(conn: Conn) -> bool:
    """Return whether this process makes the forecasts now; another one that is at it is not waited for."""
    cursor = await conn.execute("SELECT pg_try_advisory_xact_lock(hashtext('render.forecasts'))")
    row = await cursor.fetchone()
    return bool(row and row[0])


async def drop_finished(conn: Conn) -> None:
    """Forget the forecasts of films that need none any more."""
    await conn.execute(
        "DELETE FROM render.film_forecasts AS f USING render.render_jobs AS j WHERE j.tenant_id = f.tenant_id AND j.id = f.render_job_id"
        " AND j.status IN ('completed', 'failed', 'canceled', 'expired')"
    )


async def films(conn: Conn, *, limit: int) -> list[Film]:
    """Return planned films that are not finished, those that are served first first."""
    async with conn.cursor(row_factory=class_row(Film)) as cursor:
        await cursor.execute(
            "SELECT f.tenant_id, f.render_job_id AS id, j.project_version_id, coalesce(j.height, 0) AS height, f.kind, f.film_s::float8 AS film_s, j.priority,"
            " j.queued_at, f.undrawn, j.row_version, f.left_s::float8 AS shown_s,"
            " coalesce(extract(epoch FROM now() - f.left_at), 0)::float8 AS shown_for_s,"
            " CASE WHEN j.status <> 'rendering' THEN coalesce(extract(epoch FROM now() - f.finishing_since), 0)::float8 END AS finishing_for_s"
            " FROM render.film_forecasts AS f JOIN render.render_jobs AS j ON j.tenant_id = f.tenant_id AND j.id = f.render_job_id"
            " WHERE j.status = ANY(%s) ORDER BY j.priority DESC, j.queued_at, j.id LIMIT %s",
            (list(DRAWN_OR_FINISHED), limit),
        )
        # A column of JSON comes as plain dictionaries.
        return [
            msgspec.structs.replace(film, undrawn=msgspec.convert(film.undrawn, list[Undrawn]))
            for film in await cursor.fetchall()
        ]


async def running(conn: Conn) -> list[Running]:
    """Return the chunks that nodes hold."""
    async with conn.cursor(row_factory=class_row(Running)) as cursor:
        await cursor.execute(
            "SELECT tenant_id, render_job_id, node_id, pool, engine, coalesce(scene_key, '') AS scene, frame_end - frame_start + 1 AS frames, frames_done,"
            " greatest(extract(epoch FROM now() - started_at), 0)::float8 AS elapsed_s FROM render.frame_jobs WHERE status = 'running' AND node_id IS NOT NULL"
        )
        return await cursor.fetchall()


async def undrawn(conn: Conn, *, jobs: Collection[tuple[UUID, UUID]]) -> dict[UUID, list[Undrawn]]:
    """Return what waits of films given as (tenant, film); a film of which nothing waits is absent."""
    cursor = await conn.execute(
        "SELECT f.render_job_id, f.pool, f.engine, coalesce(f.scene_key, ''), avg(f.frame_end - f.frame_start + 1), count(*)"
        " FROM unnest(%s::uuid[], %s::uuid[]) AS wanted (tenant_id, id)"
        " JOIN render.frame_jobs AS f ON f.tenant_id = wanted.tenant_id AND f.render_job_id = wanted.id"
        " WHERE f.status = 'queued' GROUP BY f.render_job_id, f.pool, f.engine, f.scene_key",
        ([tenant_id for tenant_id, _ in jobs], [job_id for _, job_id in jobs]),
    )
    found: dict[UUID, list[Undrawn]] = {}
    for job_id, pool, engine, scene, frames, chunks in await cursor.fetchall():
        group = Undrawn(pool=pool, engine=engine, scene=scene, frames=max(1, round(frames)), chunks=int(chunks))
        found.setdefault(UUID(str(job_id)), []).append(group)
    return found


async def servers(conn: Conn) -> list[tuple[UUID, str, UUID | None, int, bool, bool]]:
    """Return the living nodes that take work: (node, its pool, whom alone it serves, slots, whether ThorVG draws there, whether After Effects does)."""
    cursor = await conn.execute(
        "SELECT id, pool, dedicated_tenant_id, max_slots, engines ? 'thorvg', engines ? 'aerender' AND coalesce(licence_paused_until, now()) <= now()"
        " FROM render.nodes WHERE status IN ('online', 'busy') AND heartbeat_expires_at > now()"
    )
    return [
        (UUID(str(row[0])), str(row[1]), row[2], int(row[3]), bool(row[4]), bool(row[5]))
        for row in await cursor.fetchall()
    ]


async def shares(conn: Conn, *, tenant_ids: Collection[UUID]) -> tuple[dict[UUID, int], frozenset[UUID]]:
    """Return the weights of tenants that have one, and which of them are paused."""
    cursor = await conn.execute(
        "SELECT tenant_id, weight, paused FROM render.tenant_render_limits WHERE tenant_id = ANY(%s)",
        (list(tenant_ids),),
    )
    found = [(UUID(str(row[0])), int(row[1]), bool(row[2])) for row in await cursor.fetchall()]
    return {one[0]: one[1] for one in found}, frozenset(one[0] for one in found if one[2])


async def save(conn: Conn, *, films: Sequence[Film], left_s: Mapping[UUID, float | None]) -> None:
    """Write what people see of each film, and what waits of it."""
    async with conn.cursor() as cursor:
        await cursor.executemany(
            "UPDATE render.film_forecasts SET undrawn = %s, left_s = %s, left_at = CASE WHEN %s THEN now() END,"
            " finishing_since = CASE WHEN %s THEN coalesce(finishing_since, now()) END WHERE tenant_id = %s AND render_job_id = %s",
            [
                (
                    Jsonb(msgspec.to_builtins(film.undrawn)),
                    left_s.get(film.id),
                    left_s.get(film.id) is not None,
                    film.finishing_for_s is not None,
                    film.tenant_id,
                    film.id,
                )
                for film in films
            ],
        )

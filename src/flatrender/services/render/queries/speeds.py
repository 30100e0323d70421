"""Learned speeds: of scenes and templates (a tenant's), of engines and nodes (the platform's), of finishing."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

import msgspec

from flatrender.kit.db import Conn
from flatrender.protocol.work import Engine

FIRST_SPREAD = 0.25
PACE_VARIANCE = 0.1
"""How far a node may be from an ordinary one before it has done anything, of the logarithm."""


class SceneKey(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """What a learned speed is of; `scene_key` is empty for all scenes of the template together."""

    tenant_id: UUID
    project_version_id: UUID
    scene_key: str
    engine: Engine
    kind: str
    height: int


class EngineKey(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """What the speed of all templates together is of."""

    engine: Engine
    kind: str
    height: int


class Speed(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds a frame on an ordinary node."""

    frame_s: float
    variance: float
    """How unsure that is, of its natural logarithm."""
    spread: float = FIRST_SPREAD
    """How far results lie from it, of the natural logarithm."""
    results: int = 0


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How much longer than an ordinary node one takes."""

    pace: float = 1.0
    variance: float = PACE_VARIANCE
    results: int = 0


class FinishSums(msgspec.Struct, frozen=True, kw_only=True):
    """Decayed sums over finished films, of which a line (seconds over the film's length) is drawn."""

    results: float = 0.0
    films_s: float = 0.0
    finishes_s: float = 0.0
    films_s2: float = 0.0
    products_s2: float = 0.0


async def scene_speeds(conn: Conn, *, versions: Collection[tuple[UUID, UUID]]) -> dict[SceneKey, Speed]:
    """Return what is known of the scenes of templates, given as (tenant, version)."""
    cursor = await conn.execute(
        "SELECT s.tenant_id, s.project_version_id, s.scene_key, s.engine, s.kind, s.height, s.frame_s, s.variance, s.spread, s.results"
        " FROM unnest(%s::uuid[], %s::uuid[]) AS wanted (tenant_id, version_id)"
        " JOIN render.frame_speeds AS s ON s.tenant_id = wanted.tenant_id AND s.project_version_id = wanted.version_id",
        ([tenant_id for tenant_id, _ in versions], [version_id for _, version_id in versions]),
    )
    return {
        SceneKey(
            tenant_id=row[0], project_version_id=row[1], scene_key=row[2], engine=row[3], kind=row[4], height=row[5]
        ): _speed(row[6:])
        for row in await cursor.fetchall()
    }


async def engine_speeds(conn: Conn) -> dict[EngineKey, Speed]:
    """Return what is known of all templates of all tenants together."""
    cursor = await conn.execute(
        "SELECT engine, kind, height, frame_s, variance, spread, results FROM render.engine_speeds"
    )
    return {EngineKey(engine=row[0], kind=row[1], height=row[2]): _speed(row[3:]) for row in await cursor.fetchall()}


async def paces(conn: Conn) -> dict[tuple[UUID, Engine], Pace]:
    """Return the paces of the nodes that have done work."""
    cursor = await conn.execute("SELECT node_id, engine, pace, variance, results FROM render.node_speeds")
    return {(row[0], row[1]): Pace(pace=row[2], variance=row[3], results=row[4]) for row in await cursor.fetchall()}


async def finishes(conn: Conn) -> dict[tuple[str, int], FinishSums]:
    """Return what is known of finishing, by (kind of output, height)."""
    cursor = await conn.execute(
        "SELECT kind, height, results, films_s, finishes_s, films_s2, products_s2 FROM render.finish_speeds"
    )
    return {
        (row[0], row[1]): FinishSums(
            results=row[2], films_s=row[3], finishes_s=row[4], films_s2=row[5], products_s2=row[6]
        )
        for row in await cursor.fetchall()
    }


async def take_turn(conn: Conn) -> None:
    """Let one writer of learned speeds after the other in, until the transaction ends: none forgets what another just learned."""
    await conn.execute("SELECT pg_advisory_xact_lock(hashtext('render.speeds'))")


async def save_scenes(conn: Conn, changed: Iterable[tuple[SceneKey, Speed]]) -> None:
    """Keep what was learned of scenes and templates."""
    async with conn.cursor() as cursor:
        await cursor.executemany(
            "INSERT INTO render.frame_speeds (tenant_id, project_version_id, scene_key, engine, kind, height, frame_s, variance, spread, results)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (tenant_id, project_version_id, scene_key, engine, kind, height) DO UPDATE"
            " SET frame_s = EXCLUDED.frame_s, variance = EXCLUDED.variance, spread = EXCLUDED.spread, results = EXCLUDED.results",
            [
                (
                    *(key.tenant_id, key.project_version_id, key.scene_key, key.engine, key.kind, key.height),
                    *(speed.frame_s, speed.variance, speed.spread, speed.results),
                )
                for key, speed in changed
            ],
        )


async def save_engines(conn: Conn, changed: Iterable[tuple[EngineKey, Speed]]) -> None:
    """Keep what was learned of engines."""
    async with conn.cursor() as cursor:
        await cursor.executemany(
            "INSERT INTO render.engine_speeds (engine, kind, height, frame_s, variance, spread, results) VALUES (%s, %s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (engine, kind, height) DO UPDATE SET frame_s = EXCLUDED.frame_s, variance = EXCLUDED.variance, spread = EXCLUDED.spread,"
            " results = EXCLUDED.results",
            [
                (key.engine, key.kind, key.height, speed.frame_s, speed.variance, speed.spread, speed.results)
                for key, speed in changed
            ],
        )


async def save_paces(conn: Conn, changed: Iterable[tuple[tuple[UUID, Engine], Pace]]) -> None:
    """Keep what was learned of nodes; of one that has been removed meanwhile nothing."""
    async with conn.cursor() as cursor:
        await cursor.executemany(
            "INSERT INTO render.node_speeds (node_id, engine, pace, variance, results) SELECT id, %s, %s, %s, %s FROM render.nodes WHERE id = %s"
            " ON CONFLICT (node_id, engine) DO UPDATE SET pace = EXCLUDED.pace, variance = EXCLUDED.variance, results = EXCLUDED.results",
            [(engine, pace.pace, pace.variance, pace.results, node_id) for (node_id, engine), pace in changed],
        )


async def save_finish(conn: Conn, *, kind: str, height: int, film_s: float, finish_s: float, decay: float) -> None:
    """Add a finished film's finish to the sums of its kind, which fade by `decay`."""
    await conn.execute(
        "INSERT INTO render.finish_speeds AS f (kind, height, results, films_s, finishes_s, films_s2, products_s2)"
        " VALUES (%(kind)s, %(height)s, 1, %(x)s, %(y)s, %(x)s * %(x)s, %(x)s * %(y)s) ON CONFLICT (kind, height) DO UPDATE SET"
        " results = f.results * %(decay)s + 1, films_s = f.films_s * %(decay)s + %(x)s, finishes_s = f.finishes_s * %(decay)s + %(y)s,"
        " films_s2 = f.films_s2 * %(decay)s + EXCLUDED.films_s2, products_s2 = f.products_s2 * %(decay)s + EXCLUDED.products_s2",
        {"kind": kind, "height": height, "x": film_s, "y": finish_s, "decay": decay},
    )


async def forget(conn: Conn, *, after_days: float) -> int:
    """Drop what was learned of scenes that nobody has rendered for so long; return of how many."""
    cursor = await conn.execute(
        "DELETE FROM render.frame_speeds WHERE updated_at < now() - make_interval(secs => %s)", (after_days * 86400,)
    )
    return cursor.rowcount


def _speed(row: Sequence[Any]) -> Speed:
    return Speed(frame_s=row[0], variance=row[1], spread=row[2], results=row[3])

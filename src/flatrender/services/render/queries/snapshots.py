"""Single pictures: scene thumbnails (`snapshot_jobs`, with their one write into content) and studio previews (`snapshots`)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from flatrender.kit.db import Conn
from flatrender.protocol.work import Engine

MAX_ATTEMPTS = 3
"""Of a studio preview; a thumbnail's are in its row."""


class SceneJobRow(msgspec.Struct, frozen=True, kw_only=True):
    """A scene's thumbnail job as people see it."""

    id: UUID
    tenant_id: UUID
    project_id: UUID
    project_version_id: UUID | None
    scene_id: UUID
    scene_key: str
    frame_no: int
    status: str
    attempt: int
    max_attempts: int
    epoch: int
    lease_id: UUID | None
    node_id: UUID | None
    scene_object_key: str | None
    image_url: str | None
    error_message: str | None
    started_at: datetime | None
    finished_at: datetime | None
    pool: str
    engine: Engine
    project_sha256: bytes | None
    machine_failures: int


_SCENE_JOB = (
    "id, tenant_id, project_id, project_version_id, scene_id, scene_key, frame_no, status, attempt, max_attempts, epoch, lease_id, node_id, pool, engine,"
    " project_sha256, machine_failures, scene_object_key, image_url, error_message, started_at, finished_at"
)


class SnapshotRow(msgspec.Struct, frozen=True, kw_only=True):
    """A preview picture."""

    id: UUID
    tenant_id: UUID
    cache_key: bytes
    width: int
    height: int
    status: str
    image_url: str | None
    attempt: int
    epoch: int
    lease_id: UUID | None
    node_id: UUID | None
    error: str | None


_SNAPSHOT = "id, tenant_id, cache_key, width, height, status, image_url, attempt, epoch, lease_id, node_id, error"


class ClaimedStill(msgspec.Struct, frozen=True, kw_only=True):
    """A picture that a node just got to draw."""

    kind: Literal["snapshot_job", "snapshot"]
    id: UUID
    tenant_id: UUID
    lease_id: UUID
    epoch: int
    scene_object_key: str
    task: dict[str, Any]
    project_sha256: bytes | None = None
    machine_failures: int = 0


async def insert_scene_job(
    conn: Conn,
    *,
    tenant_id: UUID,
    batch_id: UUID,
    project_id: UUID,
    project_version_id: UUID,
    scene_id: UUID,
    scene_key: str,
    frame_no: int,
    user_id: UUID | None,
) -> bool:
    """Queue a scene's thumbnail; False when one is open already."""
    cursor = await conn.execute(
        "INSERT INTO render.snapshot_jobs (tenant_id, batch_id, project_id, project_version_id, scene_id, scene_key, frame_no, requested_by_user_id)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (scene_id) WHERE status IN ('queued', 'running') DO NOTHING",
        (tenant_id, batch_id, project_id, project_version_id, scene_id, scene_key, frame_no, user_id),
    )
    return cursor.rowcount == 1


async def unresolved_scene_jobs(conn: Conn, *, tenant_id: UUID, batch_id: UUID) -> list[SceneJobRow]:
    """Return the jobs of a batch whose scene has not been resolved yet."""
    async with conn.cursor(row_factory=class_row(SceneJobRow)) as cursor:
        await cursor.execute(
            f"SELECT {_SCENE_JOB} FROM render.snapshot_jobs WHERE tenant_id = %s AND batch_id = %s AND status = 'queued'"  # noqa: S608
            f" AND task IS NULL ORDER BY id",
            (tenant_id, batch_id),
        )
        return await cursor.fetchall()


async def set_scene_job_task(
    conn: Conn,
    *,
    tenant_id: UUID,
    job_id: UUID,
    scene_object_key: str,
    scene_sha256: str,
    task: dict[str, Any],
    pool: str,
    engine: Engine,
    project_sha256: str | None,
) -> None:
    """Say what is to be drawn, which makes the job claimable."""
    await conn.execute(
        "UPDATE render.snapshot_jobs SET scene_object_key = %s, scene_sha256 = decode(%s, 'hex'), task = %s, pool = %s, engine = %s,"
        " project_sha256 = decode(%s, 'hex') WHERE tenant_id = %s AND id = %s AND status = 'queued'",
        (scene_object_key, scene_sha256, Jsonb(task), pool, engine, project_sha256, tenant_id, job_id),
    )


async def fail_scene_job(conn: Conn, *, tenant_id: UUID, job_id: UUID, message: str) -> None:
    """End a waiting job with an error."""
    await conn.execute(
        "UPDATE render.snapshot_jobs SET status = 'error', error_message = %s, finished_at = now() WHERE tenant_id = %s AND id = %s AND status = 'queued'",
        (message[:2000], tenant_id, job_id),
    )


async def fail_unresolved_scene_jobs(conn: Conn, *, tenant_id: UUID, batch_id: UUID, message: str) -> int:
    """End the jobs of a batch whose scene has not been resolved with an error; return how many."""
    cursor = await conn.execute(
        "UPDATE render.snapshot_jobs SET status = 'error', error_message = %s, finished_at = now() WHERE tenant_id = %s AND batch_id = %s"
        " AND status = 'queued' AND task IS NULL",
        (message[:2000], tenant_id, batch_id),
    )
    return cursor.rowcount


async def scene_jobs(conn: Conn, *, tenant_id: UUID, project_id: UUID) -> list[SceneJobRow]:
    """Return the newest job of each scene of a template."""
    async with conn.cursor(row_factory=class_row(SceneJobRow)) as cursor:
        await cursor.execute(
            f"SELECT * FROM (SELECT DISTINCT ON (scene_id) {_SCENE_JOB} FROM render.snapshot_jobs WHERE tenant_id = %s AND project_id = %s"  # noqa: S608
            " ORDER BY scene_id, id DESC) AS newest ORDER BY id",
            (tenant_id, project_id),
        )
        return await cursor.fetchall()


async def claim_still(
    conn: Conn, *, pool: str, node_id: UUID, dedicated_tenant_id: UUID | None, lease_s: float
) -> ClaimedStill | None:
    """Lease the next studio preview: somebody looks at the screen and waits for it."""
    async with conn.cursor(row_factory=class_row(ClaimedStill)) as cursor:
        await cursor.execute(
            "UPDATE render.snapshots AS s SET status = 'running', epoch = s.epoch + 1, lease_id = gen_random_uuid(), node_id = %(node)s,"
            " lease_expires_at = now() + make_interval(secs => %(lease_s)s) FROM (SELECT id FROM render.snapshots WHERE status = 'queued' AND pool = %(pool)s"
            " AND (%(dedicated)s::uuid IS NULL OR tenant_id = %(dedicated)s) ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED) AS picked"
            " WHERE s.id = picked.id RETURNING 'snapshot' AS kind, s.id, s.tenant_id, s.lease_id, s.epoch, s.scene_object_key, s.task",
            {"pool": pool, "node": node_id, "dedicated": dedicated_tenant_id, "lease_s": lease_s},
        )
        return await cursor.fetchone()


_LEASE_SCENE_JOBS = (
    "UPDATE render.snapshot_jobs AS s SET status = 'running', epoch = s.epoch + 1, lease_id = gen_random_uuid(), node_id = %(node)s,"
    " started_at = now(), lease_expires_at = now() + make_interval(secs => %(lease_s)s)"
    " FROM (SELECT id FROM render.snapshot_jobs WHERE status = 'queued' AND pool = %(pool)s AND not_before <= now() AND task IS NOT NULL"
    " AND (%(node)s::uuid IS NULL OR NOT %(node)s = ANY(exclude_node_ids)) AND (%(dedicated)s::uuid IS NULL OR tenant_id = %(dedicated)s)"
)
_LEASED_SCENE_JOBS = (
    " FOR UPDATE SKIP LOCKED) AS picked WHERE s.id = picked.id"
    " RETURNING 'snapshot_job' AS kind, s.id, s.tenant_id, s.lease_id, s.epoch, s.scene_object_key, s.task, s.project_sha256, s.machine_failures"
)
_WARM = " AND project_sha256 IN (SELECT t.package_sha256 FROM render.node_template_cache AS t WHERE t.node_id = %(node)s AND t.state = 'ready')"


async def claim_scene_job(
    conn: Conn,
    *,
    pool: str,
    node_id: UUID | None,
    dedicated_tenant_id: UUID | None,
    lease_s: float,
    warm: bool = False,
) -> ClaimedStill | None:
    """Lease the next scene thumbnail; without a node for the development worker. `warm`: only one whose project the node has on its disk."""
    async with conn.cursor(row_factory=class_row(ClaimedStill)) as cursor:
        await cursor.execute(
            f"{_LEASE_SCENE_JOBS}{_WARM if warm else ''} ORDER BY not_before, id LIMIT 1{_LEASED_SCENE_JOBS}",
            {"pool": pool, "node": node_id, "dedicated": dedicated_tenant_id, "lease_s": lease_s},
        )
        return await cursor.fetchone()


async def claim_scene_jobs_of(
    conn: Conn,
    *,
    pool: str,
    node_id: UUID,
    dedicated_tenant_id: UUID | None,
    lease_s: float,
    tenant_id: UUID,
    project_sha256: bytes,
    most: int,
) -> list[ClaimedStill]:
    """Lease more thumbnails of a tenant's project, to be drawn in one launch of After Effects; none at which a machine failed before."""
    async with conn.cursor(row_factory=class_row(ClaimedStill)) as cursor:
        await cursor.execute(
            f"{_LEASE_SCENE_JOBS} AND tenant_id = %(tenant)s AND project_sha256 = %(project)s AND machine_failures = 0"
            f" ORDER BY not_before, id LIMIT %(most)s{_LEASED_SCENE_JOBS}",
            {
                "pool": pool,
                "node": node_id,
                "dedicated": dedicated_tenant_id,
                "lease_s": lease_s,
                "tenant": tenant_id,
                "project": project_sha256,
                "most": most,
            },
        )
        return await cursor.fetchall()


async def renew_scene_jobs(
    conn: Conn, *, node_id: UUID, leases: Sequence[tuple[UUID, UUID, int]], lease_s: float
) -> list[UUID]:
    """Renew leases given as (job, lease, epoch); return the leases that are alive."""
    cursor = await conn.execute(
        "UPDATE render.snapshot_jobs AS s SET lease_expires_at = now() + make_interval(secs => %s)"
        " FROM unnest(%s::uuid[], %s::uuid[], %s::bigint[]) AS held (id, lease_id, epoch)"
        " WHERE s.id = held.id AND s.lease_id = held.lease_id AND s.epoch = held.epoch AND s.status = 'running' AND s.node_id = %s RETURNING s.lease_id",
        (lease_s, [one[0] for one in leases], [one[1] for one in leases], [one[2] for one in leases], node_id),
    )
    return [UUID(str(row[0])) for row in await cursor.fetchall()]


async def renew_stills(
    conn: Conn, *, node_id: UUID, leases: Sequence[tuple[UUID, UUID, int]], lease_s: float
) -> list[UUID]:
    """Renew leases given as (snapshot, lease, epoch); return the leases that are alive."""
    cursor = await conn.execute(
        "UPDATE render.snapshots AS s SET lease_expires_at = now() + make_interval(secs => %s)"
        " FROM unnest(%s::uuid[], %s::uuid[], %s::bigint[]) AS held (id, lease_id, epoch)"
        " WHERE s.id = held.id AND s.lease_id = held.lease_id AND s.epoch = held.epoch AND s.status = 'running' AND s.node_id = %s RETURNING s.lease_id",
        (lease_s, [one[0] for one in leases], [one[1] for one in leases], [one[2] for one in leases], node_id),
    )
    return [UUID(str(row[0])) for row in await cursor.fetchall()]


async def scene_job(conn: Conn, *, job_id: UUID) -> SceneJobRow | None:
    """Return a job that a node names; its lease says what the node may do with it."""
    async with conn.cursor(row_factory=class_row(SceneJobRow)) as cursor:
        await cursor.execute(f"SELECT {_SCENE_JOB} FROM render.snapshot_jobs WHERE id = %s", (job_id,))  # noqa: S608
        return await cursor.fetchone()


async def still(conn: Conn, *, snapshot_id: UUID) -> SnapshotRow | None:
    """Return a preview that a node names; its lease says what the node may do with it."""
    async with conn.cursor(row_factory=class_row(SnapshotRow)) as cursor:
        await cursor.execute(f"SELECT {_SNAPSHOT} FROM render.snapshots WHERE id = %s", (snapshot_id,))  # noqa: S608
        return await cursor.fetchone()


async def finish_scene_job(
    conn: Conn, *, job_id: UUID, node_id: UUID | None, lease_id: UUID, epoch: int, image_url: str, image_file_id: UUID
) -> bool:
    """Accept a thumbnail under its lease."""
    cursor = await conn.execute(
        "UPDATE render.snapshot_jobs SET status = 'done', image_url = %s, image_file_id = %s, error_message = NULL,"
        " finished_at = now(), lease_expires_at = NULL"
        " WHERE id = %s AND epoch = %s AND status = 'running' AND lease_id = %s AND node_id IS NOT DISTINCT FROM %s",
        (image_url, image_file_id, job_id, epoch, lease_id, node_id),
    )
    return cursor.rowcount == 1


async def set_scene_snapshot(conn: Conn, *, tenant_id: UUID, scene_id: UUID, url: str) -> bool:
    """Write the thumbnail's address into content's scene: the one write of this service into another schema, granted for these columns."""
    cursor = await conn.execute(
        "UPDATE content.scenes SET snapshot_url = %s, snapshot_updated_at = now() WHERE tenant_id = %s AND id = %s",
        (url, tenant_id, scene_id),
    )
    return cursor.rowcount == 1


async def release_scene_job(
    conn: Conn,
    *,
    job_id: UUID,
    lease_id: UUID,
    epoch: int,
    status: str,
    burn: bool,
    message: str | None,
    pause_s: float,
    exclude: UUID | None = None,
    blames_machine: bool = False,
) -> bool:
    """End a thumbnail's lease without a result: back to the queue after a pause, or an error."""
    cursor = await conn.execute(
        "UPDATE render.snapshot_jobs SET status = %s, attempt = attempt + %s, machine_failures = machine_failures + %s, error_message = %s, lease_id = NULL,"
        " lease_expires_at = NULL, node_id = NULL,"
        " exclude_node_ids = CASE WHEN %s::uuid IS NULL THEN exclude_node_ids ELSE array_append(array_remove(exclude_node_ids, %s), %s) END,"
        " not_before = now() + make_interval(secs => %s), finished_at = CASE WHEN %s = 'error' THEN now() END"
        " WHERE id = %s AND epoch = %s AND status = 'running' AND lease_id = %s",
        (
            status,
            int(burn),
            int(blames_machine),
            message[:2000] if message else None,
            exclude,
            exclude,
            exclude,
            pause_s,
            status,
            job_id,
            epoch,
            lease_id,
        ),
    )
    return cursor.rowcount == 1


async def finish_still(
    conn: Conn,
    *,
    snapshot_id: UUID,
    node_id: UUID,
    lease_id: UUID,
    epoch: int,
    image_url: str,
    image_file_id: UUID,
    render_ms: int,
) -> bool:
    """Accept a preview under its lease."""
    cursor = await conn.execute(
        "UPDATE render.snapshots SET status = 'ready', image_url = %s, image_file_id = %s, render_ms = %s, error ="
        " NULL, lease_expires_at = NULL, last_hit_at = now()"
        " WHERE id = %s AND epoch = %s AND status = 'running' AND lease_id = %s AND node_id = %s",
        (image_url, image_file_id, render_ms, snapshot_id, epoch, lease_id, node_id),
    )
    return cursor.rowcount == 1


async def release_still(
    conn: Conn, *, snapshot_id: UUID, lease_id: UUID, epoch: int, status: str, burn: bool, error: str | None
) -> bool:
    """End a preview's lease without a result."""
    cursor = await conn.execute(
        "UPDATE render.snapshots SET status = %s, attempt = attempt + %s, error = %s, lease_id = NULL, lease_expires_at = NULL, node_id = NULL"
        " WHERE id = %s AND epoch = %s AND status = 'running' AND lease_id = %s",
        (status, int(burn), error, snapshot_id, epoch, lease_id),
    )
    return cursor.rowcount == 1


async def upsert_still(
    conn: Conn,
    *,
    tenant_id: UUID,
    cache_key: bytes,
    project_version_id: UUID,
    saved_project_id: UUID,
    frame_no: int,
    width: int,
    height: int,
    scene_object_key: str,
    scene_sha256: str,
    task: dict[str, Any],
) -> SnapshotRow:
    """Return the picture of a cache key, queued when it is new; asking again counts as a hit."""
    async with conn.cursor(row_factory=class_row(SnapshotRow)) as cursor:
        await cursor.execute(
            "INSERT INTO render.snapshots AS s (tenant_id, cache_key, project_version_id, saved_project_id, frame_no,"  # noqa: S608
            " width, height, scene_object_key, scene_sha256, task)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, decode(%s, 'hex'), %s)"
            f" ON CONFLICT (tenant_id, cache_key) DO UPDATE SET hits = s.hits + 1, last_hit_at = now() RETURNING {_SNAPSHOT}",
            (
                tenant_id,
                cache_key,
                project_version_id,
                saved_project_id,
                frame_no,
                width,
                height,
                scene_object_key,
                scene_sha256,
                Jsonb(task),
            ),
        )
        row = await cursor.fetchone()
        assert row is not None  # noqa: S101 - an upsert returns its row
        return row


async def snapshot(conn: Conn, *, tenant_id: UUID, snapshot_id: UUID) -> SnapshotRow | None:
    """Return a preview of a tenant."""
    async with conn.cursor(row_factory=class_row(SnapshotRow)) as cursor:
        await cursor.execute(
            f"SELECT {_SNAPSHOT} FROM render.snapshots WHERE tenant_id = %s AND id = %s",  # noqa: S608
            (tenant_id, snapshot_id),
        )
        return await cursor.fetchone()


async def give_back(conn: Conn, *, node_id: UUID | None) -> int:
    """Queue again the pictures that a node holds (its newer start ends them), or with None those whose lease has run out; every tenant's."""
    given = 0
    for statement in (
        (
            "UPDATE render.snapshot_jobs SET status = 'queued', lease_id = NULL, lease_expires_at = NULL, node_id = NULL WHERE status = 'running'"
            " AND ((%(node)s::uuid IS NULL AND lease_expires_at < now()) OR node_id = %(node)s)"
        ),
        (
            "UPDATE render.snapshots SET status = 'queued', lease_id = NULL, lease_expires_at = NULL, node_id = NULL WHERE status = 'running'"
            " AND ((%(node)s::uuid IS NULL AND lease_expires_at < now()) OR node_id = %(node)s)"
        ),
    ):
        given += (await conn.execute(statement, {"node": node_id})).rowcount
    return given

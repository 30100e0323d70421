"""Films: `render_jobs`, their events, attempts and exports, profiles and limits."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from psycopg.rows import class_row, dict_row
from psycopg.types.json import Jsonb

from flatrender.kit.db import Conn

JOB_COLUMNS = (
    "id, tenant_id, user_id, saved_project_id, revision_id, project_id, project_version_id, output_profile_key, status, priority, progress_pct,"
    " total_frames, width, height, fps, attempt, max_attempts, workflow_id, error_code, error_message, cancel_requested_at, queued_at, started_at,"
    " finished_at, title, row_version"
)
_COLUMNS_J = ", ".join(f"j.{name.strip()}" for name in JOB_COLUMNS.split(", "))
_MOVED = (
    "counted AS (SELECT count(*) FILTER (WHERE status NOT IN ('done', 'repairing', 'failed', 'canceled')) AS undone,"  # noqa: S608
    " count(*) FILTER (WHERE status = 'running') AS running, coalesce(sum(epoch), 0) AS epochs,"
    " round(coalesce((SELECT drawing_share::numeric FROM render.film_forecasts WHERE tenant_id = %(tenant)s AND render_job_id = %(id)s), %(share)s::numeric)"
    " * sum(CASE WHEN status = 'done' THEN frame_end - frame_start + 1 ELSE frames_done END) / greatest(sum(frame_end - frame_start + 1), 1), 2) AS pct"
    " FROM render.frame_jobs WHERE tenant_id = %(tenant)s AND render_job_id = %(id)s),"
    " moved AS (UPDATE render.render_jobs AS j SET progress_pct = c.pct FROM counted AS c"
    f" WHERE j.tenant_id = %(tenant)s AND j.id = %(id)s AND j.status = 'rendering' AND c.pct > j.progress_pct RETURNING {_COLUMNS_J})"
)
"""A film's chunks counted, and its progress set from them."""
UNFINISHED = ("queued", "preparing", "rendering", "stitching", "audio_mix", "encoding", "uploading", "canceling")
FINISHING = ("stitching", "audio_mix", "encoding", "uploading")


class JobRow(msgspec.Struct, frozen=True, kw_only=True):
    """A film as people see it."""

    id: UUID
    tenant_id: UUID
    user_id: UUID
    saved_project_id: UUID
    revision_id: UUID
    project_id: UUID
    project_version_id: UUID
    output_profile_key: str
    status: str
    priority: int
    progress_pct: Decimal
    total_frames: int | None
    width: int | None
    height: int | None
    fps: Decimal | None
    attempt: int
    max_attempts: int
    workflow_id: str | None
    error_code: str | None
    error_message: str | None
    cancel_requested_at: datetime | None
    queued_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    title: str | None
    row_version: int


class ProfileRow(msgspec.Struct, frozen=True, kw_only=True):
    """An output profile."""

    key: str
    max_height: int
    crf: int | None
    watermark: bool
    container: str
    video_codec: str | None
    pixel_format: str | None
    bitrate_kbps: int | None
    name: dict[str, str] = {}
    """What people call it, by locale."""
    cost_multiplier: float = 1.0


async def profiles(conn: Conn, *, tenant_id: UUID, platform_id: UUID) -> list[ProfileRow]:
    """Return the active profiles of the tenant and, behind them, the platform's."""
    async with conn.cursor(row_factory=class_row(ProfileRow)) as cursor:
        await cursor.execute(
            "SELECT key, max_height, crf, container, video_codec, pixel_format, bitrate_kbps, watermark, name,"
            " cost_multiplier::float8 AS cost_multiplier FROM render.output_profiles"
            " WHERE tenant_id IN (%s, %s) AND is_active AND container <> 'mp3'"
            " ORDER BY tenant_id = %s DESC, max_height",
            (tenant_id, platform_id, tenant_id),
        )
        return await cursor.fetchall()


async def queue_room(conn: Conn, *, tenant_id: UUID) -> tuple[int, int]:
    """Return how many films of the tenant are unfinished and how many may be."""
    cursor = await conn.execute(
        "SELECT (SELECT count(*) FROM render.render_jobs WHERE tenant_id = %s AND status = ANY(%s)),"
        " coalesce((SELECT max_queued_jobs FROM render.tenant_render_limits WHERE tenant_id = %s), 100)",
        (tenant_id, list(UNFINISHED), tenant_id),
    )
    row = await cursor.fetchone()
    return (int(row[0]), int(row[1])) if row else (0, 0)


async def insert_job(
    conn: Conn,
    *,
    tenant_id: UUID,
    user_id: UUID,
    saved_project_id: UUID,
    revision_id: UUID,
    project_id: UUID,
    project_version_id: UUID,
    package_sha256: bytes,
    profile: str,
    width: int,
    height: int,
    fps: float,
    has_voiceover: bool,
    volumes: tuple[float, float, float],
    input: dict[str, Any],
    input_hash: bytes,
    kind: str = "final",
    priority: int = 0,
) -> UUID | None:
    """Insert a queued film; None when its revision has one already."""
    cursor = await conn.execute(
        "INSERT INTO render.render_jobs (tenant_id, user_id, saved_project_id, revision_id, project_id, project_version_id, package_sha256,"
        " output_profile_key, width, height, fps, has_voiceover, music_volume, sfx_volume, voiceover_volume, input, input_hash,"
        " title, kind, priority, attempt) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 1)"
        " ON CONFLICT (tenant_id, revision_id) DO NOTHING RETURNING id",
        (
            tenant_id,
            user_id,
            saved_project_id,
            revision_id,
            project_id,
            project_version_id,
            package_sha256,
            profile,
            width,
            height,
            fps,
            has_voiceover,
            *volumes,
            Jsonb(input),
            input_hash,
            input.get("title"),
            kind,
            priority,
        ),
    )
    row = await cursor.fetchone()
    return UUID(str(row[0])) if row else None


async def job(conn: Conn, *, tenant_id: UUID, job_id: UUID, lock: bool = False) -> JobRow | None:
    """Return a film, locked until the end of the transaction when `lock`."""
    async with conn.cursor(row_factory=class_row(JobRow)) as cursor:
        await cursor.execute(
            f"SELECT {JOB_COLUMNS} FROM render.render_jobs WHERE tenant_id = %s AND id = %s{' FOR UPDATE' if lock else ''}",  # noqa: S608
            (tenant_id, job_id),
        )
        return await cursor.fetchone()


async def job_by_revision(conn: Conn, *, tenant_id: UUID, revision_id: UUID) -> JobRow | None:
    """Return the film of a revision."""
    async with conn.cursor(row_factory=class_row(JobRow)) as cursor:
        await cursor.execute(
            f"SELECT {JOB_COLUMNS} FROM render.render_jobs WHERE tenant_id = %s AND revision_id = %s",  # noqa: S608
            (tenant_id, revision_id),
        )
        return await cursor.fetchone()


async def jobs(
    conn: Conn,
    *,
    tenant_id: UUID,
    user_id: UUID | None,
    before: UUID | None,
    limit: int,
    saved_project_id: UUID | None = None,
) -> list[JobRow]:
    """Return films, newest first: of one user, or with `user_id` None the tenant's."""
    async with conn.cursor(row_factory=class_row(JobRow)) as cursor:
        await cursor.execute(
            f"SELECT {JOB_COLUMNS} FROM render.render_jobs WHERE tenant_id = %(tenant)s"  # noqa: S608
            " AND (%(user)s::uuid IS NULL OR user_id = %(user)s) AND (%(before)s::uuid IS NULL OR id < %(before)s)"
            " AND (%(project)s::uuid IS NULL OR saved_project_id = %(project)s) ORDER BY id DESC LIMIT %(limit)s",
            {"tenant": tenant_id, "user": user_id, "before": before, "limit": limit, "project": saved_project_id},
        )
        return await cursor.fetchall()


async def latest_jobs(conn: Conn, *, tenant_id: UUID, saved_project_ids: Sequence[UUID]) -> list[JobRow]:
    """Return the newest film of each project that has one."""
    async with conn.cursor(row_factory=class_row(JobRow)) as cursor:
        await cursor.execute(
            f"SELECT {_COLUMNS_J} FROM unnest(%s::uuid[]) AS wanted (id) CROSS JOIN LATERAL"  # noqa: S608
            " (SELECT * FROM render.render_jobs WHERE tenant_id = %s AND saved_project_id = wanted.id ORDER BY id DESC LIMIT 1) AS j",
            (list(saved_project_ids), tenant_id),
        )
        return await cursor.fetchall()


async def job_input(conn: Conn, *, tenant_id: UUID, job_id: UUID) -> dict[str, Any] | None:
    """Return the frozen input."""
    cursor = await conn.execute(
        "SELECT input FROM render.render_jobs WHERE tenant_id = %s AND id = %s", (tenant_id, job_id)
    )
    row = await cursor.fetchone()
    return dict(row[0]) if row else None


async def queue_positions(conn: Conn, *, tenant_id: UUID) -> dict[UUID, int]:
    """Return the place of each waiting film in the tenant's own queue, from 1."""
    cursor = await conn.execute(
        "SELECT id, row_number() OVER (ORDER BY priority DESC, queued_at, id) FROM render.render_jobs"
        " WHERE tenant_id = %s AND status IN ('queued', 'preparing')",
        (tenant_id,),
    )
    return {UUID(str(row[0])): int(row[1]) for row in await cursor.fetchall()}


async def set_status(
    conn: Conn,
    *,
    tenant_id: UUID,
    job_id: UUID,
    expected: Sequence[str],
    status: str,
    actor: str,
    workflow_id: str | None = None,
    total_frames: int | None = None,
    progress_pct: float | None = None,
    error_code: str | None = None,
    error_message: str | None = None,
    starts: bool = False,
    ends: bool = False,
) -> bool:
    """Move a film to another status and note it; False when it is not in an expected one."""
    cursor = await conn.execute(
        "WITH before AS (SELECT id, status FROM render.render_jobs WHERE tenant_id = %(tenant)s AND id = %(id)s AND status = ANY(%(expected)s) FOR UPDATE),"
        " moved AS (UPDATE render.render_jobs AS j SET status = %(status)s, workflow_id = coalesce(%(workflow)s, j.workflow_id),"
        " total_frames = coalesce(%(total)s, j.total_frames), progress_pct = coalesce(%(progress)s, j.progress_pct),"
        " error_code = %(code)s, error_message = %(message)s,"
        " started_at = CASE WHEN %(starts)s THEN coalesce(j.started_at, now()) ELSE j.started_at END,"
        " finished_at = CASE WHEN %(ends)s THEN now() ELSE NULL END"
        " FROM before WHERE j.id = before.id RETURNING j.id, before.status AS was)"
        " INSERT INTO render.render_job_events (tenant_id, render_job_id, from_status, to_status, actor, detail)"
        " SELECT %(tenant)s, id, was, %(status)s, %(actor)s, %(detail)s FROM moved",
        {
            "tenant": tenant_id,
            "id": job_id,
            "expected": list(expected),
            "status": status,
            "actor": actor,
            "workflow": workflow_id,
            "total": total_frames,
            "progress": progress_pct,
            "code": error_code,
            "message": error_message[:2000] if error_message else None,
            "starts": starts,
            "ends": ends,
            "detail": Jsonb({"error_code": error_code} if error_code else {}),
        },
    )
    return cursor.rowcount == 1


async def request_cancel(conn: Conn, *, tenant_id: UUID, job_id: UUID) -> None:
    """Note when cancelling was asked for."""
    await conn.execute(
        "UPDATE render.render_jobs SET cancel_requested_at = coalesce(cancel_requested_at, now()) WHERE tenant_id = %s AND id = %s",
        (tenant_id, job_id),
    )


async def queue_again(conn: Conn, *, tenant_id: UUID, job_id: UUID, workflow_id: str) -> None:
    """Start a finished film over, as the next attempt."""
    await conn.execute(
        "UPDATE render.render_jobs SET attempt = attempt + 1, max_attempts = greatest(max_attempts, attempt + 1), cancel_requested_at = NULL,"
        " started_at = NULL, finished_at = NULL, progress_pct = 0, queued_at = now(), workflow_id = %s WHERE tenant_id = %s AND id = %s",
        (workflow_id, tenant_id, job_id),
    )


async def set_progress(conn: Conn, *, tenant_id: UUID, job_id: UUID, share: float) -> JobRow | None:
    """Set the progress of a film that is being drawn from its chunks; the row when it moved.

    All frames are the share that was planned for them, `share` per cent where none was.
    """
    async with conn.cursor(row_factory=class_row(JobRow)) as cursor:
        await cursor.execute(
            f"WITH {_MOVED} SELECT * FROM moved",  # noqa: S608
            {"tenant": tenant_id, "id": job_id, "share": share},
        )
        return await cursor.fetchone()


class Advance(msgspec.Struct, frozen=True, kw_only=True):
    """How far a film's chunks are."""

    undone: int
    """Failed and cancelled ones of a film that is being drawn are those of an output that was given up, and are not among them."""
    running: int
    epochs: int
    """The sum of the chunks' epochs, which rises with every claim."""
    moved: JobRow | None
    """The film, when its progress moved."""


async def advance(conn: Conn, *, tenant_id: UUID, job_id: UUID, share: float) -> Advance:
    """Count a film's chunks and set its progress from them, as `set_progress` does."""
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            f"WITH {_MOVED} SELECT c.undone, c.running, c.epochs, m.* FROM counted AS c LEFT JOIN moved AS m ON true",  # noqa: S608
            {"tenant": tenant_id, "id": job_id, "share": share},
        )
        row = await cursor.fetchone()
    if row is None:
        return Advance(undone=0, running=0, epochs=0, moved=None)
    undone, running, epochs = int(row.pop("undone")), int(row.pop("running")), int(row.pop("epochs"))
    return Advance(undone=undone, running=running, epochs=epochs, moved=JobRow(**row) if row["id"] else None)


async def start_attempt(conn: Conn, *, tenant_id: UUID, job_id: UUID, attempt: int) -> None:
    """Note that an attempt began."""
    await conn.execute(
        "INSERT INTO render.render_job_attempts (tenant_id, render_job_id, attempt_no) VALUES (%s, %s, %s) ON CONFLICT"
        " (render_job_id, attempt_no) DO NOTHING",
        (tenant_id, job_id, attempt),
    )


async def end_attempt(
    conn: Conn, *, tenant_id: UUID, job_id: UUID, attempt: int, outcome: str, error_code: str | None = None
) -> None:
    """Note how an attempt ended."""
    await conn.execute(
        "INSERT INTO render.render_job_attempts (tenant_id, render_job_id, attempt_no, outcome, error_code, finished_at) VALUES (%s, %s, %s, %s, %s, now())"
        " ON CONFLICT (render_job_id, attempt_no) DO UPDATE SET outcome = EXCLUDED.outcome, error_code = EXCLUDED.error_code, finished_at = now()",
        (tenant_id, job_id, attempt, outcome, error_code),
    )

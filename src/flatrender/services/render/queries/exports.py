"""Finished files of films (`exports`): wanted from the press on, made, expired, removed."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from psycopg.rows import class_row

from flatrender.kit.db import Conn


class ExportRow(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a film: one of its outputs, or its poster."""

    id: UUID
    render_job_id: UUID
    user_id: UUID
    kind: str
    output_no: int
    profile_key: str
    status: str
    file_id: UUID | None
    sha256: bytes | None
    bytes: int | None
    width: int | None
    height: int | None
    duration_ms: int | None
    container: str | None
    codecs: str | None
    download_count: int
    error_code: str | None
    error_message: str | None
    expires_at: datetime | None
    expired_at: datetime | None
    created_at: datetime
    title: str
    saved_project_id: UUID
    job_status: str


class MadeFile(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an output."""

    kind: str
    output_no: int
    profile_key: str | None
    file_id: UUID
    sha256: bytes
    bytes: int
    width: int
    height: int
    duration_ms: int | None
    container: str
    codecs: str | None


class DueExport(msgspec.Struct, frozen=True, kw_only=True):
    """A file whose time comes, of any tenant."""

    tenant_id: UUID
    id: UUID
    render_job_id: UUID
    user_id: UUID
    file_id: UUID | None
    title: str
    expires_at: datetime | None


_COLUMNS = (
    "e.id, e.render_job_id, e.user_id, e.kind, e.output_no, coalesce(e.profile_key, j.output_profile_key) AS profile_key, e.status, e.file_id, e.sha256,"
    " e.bytes, e.width, e.height, e.duration_ms, e.container, e.codecs, e.download_count, e.error_code, e.error_message, e.expires_at, e.expired_at,"
    " e.created_at, coalesce(j.input ->> 'title', '') AS title, j.saved_project_id, j.status AS job_status"
)
_FROM = " FROM render.exports AS e JOIN render.render_jobs AS j ON j.tenant_id = e.tenant_id AND j.id = e.render_job_id"
_DUE = (
    "e.tenant_id, e.id, e.render_job_id, e.user_id, e.file_id, coalesce(j.input ->> 'title', '') AS title, e.expires_at"
)


async def want(conn: Conn, *, tenant_id: UUID, job_id: UUID, user_id: UUID, profiles: Sequence[str]) -> None:
    """Note which outputs a film is to have, numbered from 0; those that failed before are wanted again, finished ones stay."""
    await conn.execute(
        "INSERT INTO render.exports AS e (tenant_id, render_job_id, user_id, kind, output_no, profile_key, status)"
        " SELECT %s, %s, %s, 'video', wanted.number - 1, wanted.profile_key, 'pending'"
        " FROM unnest(%s::text[]) WITH ORDINALITY AS wanted (profile_key, number)"
        " ON CONFLICT (render_job_id, kind, output_no) DO UPDATE SET status = 'pending', error_code = NULL, error_message = NULL"
        " WHERE e.status = 'failed' AND e.deleted_at IS NULL",
        (tenant_id, job_id, user_id, list(profiles)),
    )


async def pending(conn: Conn, *, tenant_id: UUID, job_id: UUID) -> list[tuple[int, str]]:
    """Return (number, profile) of the outputs that are still to be made, in order."""
    cursor = await conn.execute(
        "SELECT e.output_no, coalesce(e.profile_key, j.output_profile_key)"
        + _FROM
        + " WHERE e.tenant_id = %s AND e.render_job_id = %s AND e.kind = 'video' AND e.status = 'pending' ORDER BY e.output_no",
        (tenant_id, job_id),
    )
    return [(int(row[0]), str(row[1])) for row in await cursor.fetchall()]


async def put(
    conn: Conn, *, tenant_id: UUID, job_id: UUID, user_id: UUID, made: MadeFile, keep_days: int | None
) -> UUID:
    """Note a finished file in the place of the output's last one; return its id. It expires after the tenant's days, else `keep_days`; None keeps it."""
    cursor = await conn.execute(
        "INSERT INTO render.exports (tenant_id, render_job_id, user_id, kind, output_no, profile_key, status, file_id, sha256, bytes, width, height,"
        " duration_ms, container, codecs, expires_at)"
        " SELECT %(tenant)s, %(job)s, %(user)s, %(kind)s, %(number)s, %(profile)s, 'ready', %(file)s, %(sha256)s, %(bytes)s, %(width)s, %(height)s,"
        " %(duration)s, %(container)s, %(codecs)s, now() + make_interval(days => coalesce((SELECT l.export_keep_days"
        "  FROM render.tenant_render_limits AS l WHERE l.tenant_id = %(tenant)s), %(days)s))"
        " ON CONFLICT (render_job_id, kind, output_no) DO UPDATE SET status = 'ready', file_id = EXCLUDED.file_id, sha256 = EXCLUDED.sha256,"
        " bytes = EXCLUDED.bytes, width = EXCLUDED.width, height = EXCLUDED.height, duration_ms = EXCLUDED.duration_ms, container = EXCLUDED.container,"
        " codecs = EXCLUDED.codecs, expires_at = EXCLUDED.expires_at, warned_at = NULL, expired_at = NULL, error_code = NULL, error_message = NULL"
        " RETURNING id",
        {
            "tenant": tenant_id,
            "job": job_id,
            "user": user_id,
            "kind": made.kind,
            "number": made.output_no,
            "profile": made.profile_key,
            "file": made.file_id,
            "sha256": made.sha256,
            "bytes": made.bytes,
            "width": made.width,
            "height": made.height,
            "duration": made.duration_ms,
            "container": made.container,
            "codecs": made.codecs,
            "days": keep_days,
        },
    )
    row = await cursor.fetchone()
    if row is None:
        raise RuntimeError("INSERT … RETURNING gave no row")
    return UUID(str(row[0]))


async def give_up(conn: Conn, *, tenant_id: UUID, job_id: UUID, output_no: int | None, code: str, message: str) -> int:
    """Fail an output that is still to be made, or with None all of the film's; return how many did."""
    cursor = await conn.execute(
        "UPDATE render.exports SET status = 'failed', error_code = %s, error_message = %s WHERE tenant_id = %s AND render_job_id = %s"
        " AND status = 'pending' AND (%s::smallint IS NULL OR output_no = %s)",
        (code, message[:2000], tenant_id, job_id, output_no, output_no),
    )
    return cursor.rowcount


async def cancel_chunks(conn: Conn, *, tenant_id: UUID, job_id: UUID, output_no: int) -> None:
    """Take the waiting chunks of an output out of the queue."""
    await conn.execute(
        "UPDATE render.frame_jobs SET status = 'canceled' WHERE tenant_id = %s AND render_job_id = %s AND output_no = %s AND status = 'queued'",
        (tenant_id, job_id, output_no),
    )


async def has_film(conn: Conn, *, tenant_id: UUID, job_id: UUID) -> bool:
    """Return whether the film was finished once: its first output is there, or was and expired."""
    cursor = await conn.execute(
        "SELECT 1 FROM render.exports WHERE tenant_id = %s AND render_job_id = %s AND kind = 'video'"
        " AND output_no = 0 AND sha256 IS NOT NULL",
        (tenant_id, job_id),
    )
    return await cursor.fetchone() is not None


async def of_jobs(conn: Conn, *, tenant_id: UUID, job_ids: Sequence[UUID]) -> list[ExportRow]:
    """Return the files of films, outputs in order."""
    async with conn.cursor(row_factory=class_row(ExportRow)) as cursor:
        await cursor.execute(
            "SELECT "
            + _COLUMNS
            + _FROM
            + " WHERE e.tenant_id = %s AND e.render_job_id = ANY(%s) AND e.deleted_at IS NULL"
            " ORDER BY e.render_job_id, e.output_no",
            (tenant_id, list(job_ids)),
        )
        return await cursor.fetchall()


async def page(
    conn: Conn, *, tenant_id: UUID, user_id: UUID | None, before: UUID | None, limit: int
) -> list[ExportRow]:
    """Return outputs that were made or could not be, newest first: of one user, or with None the tenant's."""
    async with conn.cursor(row_factory=class_row(ExportRow)) as cursor:
        await cursor.execute(
            "SELECT "
            + _COLUMNS
            + _FROM
            + " WHERE e.tenant_id = %(tenant)s AND e.kind = 'video' AND e.deleted_at IS NULL"
            " AND (e.sha256 IS NOT NULL OR j.status = 'completed') AND (%(user)s::uuid IS NULL OR e.user_id = %(user)s)"
            " AND (%(before)s::uuid IS NULL OR e.id < %(before)s) ORDER BY e.id DESC LIMIT %(limit)s",
            {"tenant": tenant_id, "user": user_id, "before": before, "limit": limit},
        )
        return await cursor.fetchall()


async def posters(conn: Conn, *, tenant_id: UUID, job_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Return the file of each film's poster."""
    cursor = await conn.execute(
        "SELECT render_job_id, file_id FROM render.exports WHERE tenant_id = %s AND render_job_id = ANY(%s) AND kind = 'poster'"
        " AND status = 'ready' AND deleted_at IS NULL",
        (tenant_id, list(job_ids)),
    )
    return {UUID(str(row[0])): UUID(str(row[1])) for row in await cursor.fetchall()}


async def one(
    conn: Conn, *, tenant_id: UUID, export_id: UUID, user_id: UUID | None, lock: bool = False
) -> ExportRow | None:
    """Return an output: of one user, or with `user_id` None of anybody in the tenant."""
    async with conn.cursor(row_factory=class_row(ExportRow)) as cursor:
        await cursor.execute(
            "SELECT "
            + _COLUMNS
            + _FROM
            + " WHERE e.tenant_id = %s AND e.id = %s AND e.kind = 'video' AND e.deleted_at IS NULL"
            f" AND (%s::uuid IS NULL OR e.user_id = %s){' FOR UPDATE OF e' if lock else ''}",
            (tenant_id, export_id, user_id, user_id),
        )
        return await cursor.fetchone()


async def count_download(conn: Conn, *, tenant_id: UUID, export_id: UUID) -> None:
    """Count a link that was given out."""
    await conn.execute(
        "UPDATE render.exports SET download_count = download_count + 1 WHERE tenant_id = %s AND id = %s",
        (tenant_id, export_id),
    )


async def extend(conn: Conn, *, tenant_id: UUID, export_id: UUID, keep_days: int | None) -> None:
    """Keep a file that is there for the tenant's days from now, never for less than it had; its film's poster with it."""
    await conn.execute(
        "UPDATE render.exports AS e SET status = 'ready', warned_at = NULL, expired_at = NULL,"
        " expires_at = greatest(e.expires_at, now() + make_interval(days => coalesce((SELECT l.export_keep_days FROM render.tenant_render_limits AS l"
        "  WHERE l.tenant_id = %(tenant)s), %(days)s)))"
        " FROM render.exports AS this WHERE this.tenant_id = %(tenant)s AND this.id = %(id)s AND e.tenant_id = this.tenant_id"
        " AND e.render_job_id = this.render_job_id AND (e.id = this.id OR e.kind = 'poster') AND e.status IN ('ready', 'expired')",
        {"tenant": tenant_id, "id": export_id, "days": keep_days},
    )


async def want_again(conn: Conn, *, tenant_id: UUID, export_id: UUID) -> None:
    """Want an output again whose file is gone."""
    await conn.execute(
        "UPDATE render.exports SET status = 'pending', error_code = NULL, error_message = NULL, file_id = NULL WHERE tenant_id = %s AND id = %s",
        (tenant_id, export_id),
    )


async def drop(conn: Conn, *, tenant_id: UUID, export_id: UUID) -> None:
    """Hide an output for good."""
    await conn.execute(
        "UPDATE render.exports SET status = 'removed', deleted_at = now() WHERE tenant_id = %s AND id = %s",
        (tenant_id, export_id),
    )


async def lose_file(conn: Conn, *, tenant_id: UUID, file_id: UUID) -> int:
    """Note that a file is gone; return how many outputs it was."""
    cursor = await conn.execute(
        "UPDATE render.exports SET status = 'removed', file_id = NULL WHERE tenant_id = %s AND file_id = %s AND status IN ('ready', 'expired')",
        (tenant_id, file_id),
    )
    return cursor.rowcount


async def take_expiring(conn: Conn, *, within_days: int, limit: int) -> list[DueExport]:
    """Mark outputs that expire within so many days as told, and return them; of every tenant."""
    async with conn.cursor(row_factory=class_row(DueExport)) as cursor:
        await cursor.execute(
            "UPDATE render.exports AS e SET warned_at = now() FROM render.render_jobs AS j WHERE e.id IN (SELECT id FROM render.exports"  # noqa: S608
            " WHERE status = 'ready' AND kind = 'video' AND warned_at IS NULL AND deleted_at IS NULL AND expires_at > now()"
            " AND expires_at <= now() + make_interval(days => %s) ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED)"
            f" AND j.tenant_id = e.tenant_id AND j.id = e.render_job_id RETURNING {_DUE}",
            (within_days, limit),
        )
        return await cursor.fetchall()


async def take_expired(conn: Conn, *, limit: int) -> list[DueExport]:
    """Mark outputs whose time has passed as expired, and return them; of every tenant."""
    async with conn.cursor(row_factory=class_row(DueExport)) as cursor:
        await cursor.execute(
            "UPDATE render.exports AS e SET status = 'expired', expired_at = now() FROM render.render_jobs AS j WHERE e.id IN (SELECT id"  # noqa: S608
            " FROM render.exports WHERE status = 'ready' AND expires_at <= now() ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED)"
            f" AND j.tenant_id = e.tenant_id AND j.id = e.render_job_id RETURNING {_DUE}",
            (limit,),
        )
        return await cursor.fetchall()


async def take_removable(conn: Conn, *, after_days: int, limit: int) -> list[DueExport]:
    """Mark outputs that expired so many days ago as removed, and return them with those removed before whose files are still kept; of every tenant.

    A removed output keeps its file's id until the file is deleted, so that a deletion that failed is tried again.
    """
    async with conn.cursor(row_factory=class_row(DueExport)) as cursor:
        await cursor.execute(
            "UPDATE render.exports AS e SET status = 'removed' FROM render.render_jobs AS j WHERE e.id IN (SELECT id FROM render.exports"  # noqa: S608
            " WHERE (status = 'expired' AND expired_at <= now() - make_interval(days => %s)) OR (status = 'removed' AND file_id IS NOT NULL)"
            " ORDER BY expired_at LIMIT %s FOR UPDATE SKIP LOCKED)"
            f" AND j.tenant_id = e.tenant_id AND j.id = e.render_job_id RETURNING {_DUE}",
            (after_days, limit),
        )
        return await cursor.fetchall()


async def file_deleted(conn: Conn, *, tenant_id: UUID, export_ids: Sequence[UUID]) -> None:
    """Note that the files of removed outputs are deleted."""
    await conn.execute(
        "UPDATE render.exports SET file_id = NULL WHERE tenant_id = %s AND id = ANY(%s) AND status = 'removed'",
        (tenant_id, list(export_ids)),
    )

"""Audio tracks: the library's, and what people brought themselves. A track has the id of its file."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from psycopg.rows import class_row

from flatrender.kit.db import Conn

_COLUMNS = " id, tenant_id, owner_user_id, kind, source, title, file_id, duration_ms, license "
# The tenant's own tracks, and the platform's library.
_VISIBLE = """ deleted_at IS NULL AND status = 'ready'
    AND (tenant_id = %(tenant_id)s OR (tenant_id = ops.platform_tenant() AND source = 'library')) """
_FROM = " FROM studio.audio_tracks WHERE "


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackRow:
    """One track."""

    id: UUID
    tenant_id: UUID
    owner_user_id: UUID | None
    kind: str
    source: str
    title: str
    file_id: UUID
    duration_ms: int
    license: str


async def by_ids(conn: Conn, *, tenant_id: UUID, ids: Sequence[UUID]) -> list[TrackRow]:
    """Return tracks that the tenant may use."""
    async with conn.cursor(row_factory=class_row(TrackRow)) as cursor:
        await cursor.execute(
            "SELECT" + _COLUMNS + _FROM + "id = ANY(%(ids)s) AND" + _VISIBLE, {"tenant_id": tenant_id, "ids": list(ids)}
        )
        return await cursor.fetchall()


async def library(
    conn: Conn, *, tenant_id: UUID, user_id: UUID, kind: str | None, before: UUID | None, limit: int
) -> list[TrackRow]:
    """Return library tracks and the person's own, newest first."""
    async with conn.cursor(row_factory=class_row(TrackRow)) as cursor:
        await cursor.execute(
            "SELECT"
            + _COLUMNS
            + _FROM
            + _VISIBLE
            + "AND (source = 'library' OR owner_user_id = %(user_id)s) AND (%(kind)s::text IS NULL OR kind = %(kind)s)"
            " AND (%(before)s::uuid IS NULL OR id < %(before)s) ORDER BY id DESC LIMIT %(limit)s",
            {"tenant_id": tenant_id, "user_id": user_id, "kind": kind, "before": before, "limit": limit},
        )
        return await cursor.fetchall()


async def put(
    conn: Conn,
    *,
    tenant_id: UUID,
    file_id: UUID,
    owner_user_id: UUID | None,
    kind: str,
    source: str,
    title: str,
    duration_ms: int,
    license: str,
) -> None:
    """Add a track under its file's id, or bring its title, length and licence up to date."""
    await conn.execute(
        "INSERT INTO studio.audio_tracks AS t (id, tenant_id, owner_user_id, kind, source, title, file_id, duration_ms, license)"
        " VALUES (%(id)s, %(tenant_id)s, %(owner)s, %(kind)s, %(source)s, %(title)s, %(id)s, %(duration_ms)s, %(license)s)"
        " ON CONFLICT (id) DO UPDATE SET title = EXCLUDED.title, duration_ms = EXCLUDED.duration_ms, license = EXCLUDED.license"
        " WHERE t.tenant_id = EXCLUDED.tenant_id",
        {
            "id": file_id,
            "tenant_id": tenant_id,
            "owner": owner_user_id,
            "kind": kind,
            "source": source,
            "title": title,
            "duration_ms": duration_ms,
            "license": license,
        },
    )

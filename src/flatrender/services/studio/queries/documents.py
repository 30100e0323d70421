"""Saved projects, their scenes and their effects."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from flatrender.kit.db import Conn

_COLUMNS = """
    id, user_id, project_id, project_version_id, coalesce(variant_key, '') AS size, title, locale, status, palette, global_values,
    music_track_id, music_volume::float8 AS music_volume, music_start_ms, music_fade_out_ms, sfx_enabled, sfx_volume::float8 AS sfx_volume,
    voiceover_track_id, voiceover_volume::float8 AS voiceover_volume, voiceover_start_ms, duration_frames, thumbnail_url, row_version,
    created_at, updated_at
"""
_FROM = " FROM studio.saved_projects "


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRow:
    """A saved project without its scenes."""

    id: UUID
    user_id: UUID
    project_id: UUID
    project_version_id: UUID
    size: str
    title: str
    locale: str
    status: str
    palette: dict[str, str]
    global_values: dict[str, Any]
    music_track_id: UUID | None
    music_volume: float
    music_start_ms: int
    music_fade_out_ms: int
    sfx_enabled: bool
    sfx_volume: float
    voiceover_track_id: UUID | None
    voiceover_volume: float
    voiceover_start_ms: int
    duration_frames: int | None
    thumbnail_url: str | None
    row_version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneRow:
    """A scene of a saved project."""

    id: UUID
    scene_key: str
    field_values: dict[str, Any]
    color_overrides: dict[str, str]
    duration_frames: int | None
    transition: dict[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectRow:
    """A sound effect of a saved project."""

    track_id: UUID
    start_ms: int
    volume: float


async def own(conn: Conn, *, tenant_id: UUID, user_id: UUID, document_id: UUID) -> DocumentRow | None:
    """Return a person's saved project."""
    async with conn.cursor(row_factory=class_row(DocumentRow)) as cursor:
        await cursor.execute(
            "SELECT" + _COLUMNS + _FROM + "WHERE tenant_id = %s AND user_id = %s AND id = %s AND deleted_at IS NULL",
            (tenant_id, user_id, document_id),
        )
        return await cursor.fetchone()


async def lock(conn: Conn, *, tenant_id: UUID, user_id: UUID, document_id: UUID) -> int | None:
    """Lock a person's saved project until the transaction ends; return its row version."""
    cursor = await conn.execute(
        "SELECT row_version FROM studio.saved_projects"
        " WHERE tenant_id = %s AND user_id = %s AND id = %s AND deleted_at IS NULL FOR UPDATE",
        (tenant_id, user_id, document_id),
    )
    row = await cursor.fetchone()
    return None if row is None else int(row[0])


async def list_own(conn: Conn, *, tenant_id: UUID, user_id: UUID, before: UUID | None, limit: int) -> list[DocumentRow]:
    """Return a person's saved projects, newest first."""
    async with conn.cursor(row_factory=class_row(DocumentRow)) as cursor:
        await cursor.execute(
            "SELECT"
            + _COLUMNS
            + _FROM
            + "WHERE tenant_id = %(tenant_id)s AND user_id = %(user_id)s AND deleted_at IS NULL"
            " AND (%(before)s::uuid IS NULL OR id < %(before)s) ORDER BY id DESC LIMIT %(limit)s",
            {"tenant_id": tenant_id, "user_id": user_id, "before": before, "limit": limit},
        )
        return await cursor.fetchall()


@dataclass(frozen=True, slots=True, kw_only=True)
class BriefRow:
    """What other services may see of a saved project."""

    id: UUID
    user_id: UUID
    project_id: UUID
    title: str


async def briefs(conn: Conn, *, tenant_id: UUID, ids: Sequence[UUID]) -> list[BriefRow]:
    """Return saved projects of anybody in the tenant."""
    async with conn.cursor(row_factory=class_row(BriefRow)) as cursor:
        await cursor.execute(
            "SELECT id, user_id, project_id, title"
            + _FROM
            + "WHERE tenant_id = %s AND id = ANY(%s) AND deleted_at IS NULL",
            (tenant_id, list(ids)),
        )
        return await cursor.fetchall()


async def insert(
    conn: Conn,
    *,
    tenant_id: UUID,
    user_id: UUID,
    document_id: UUID,
    project_id: UUID,
    project_version_id: UUID,
) -> None:
    """Add an empty document; `update` fills it."""
    await conn.execute(
        "INSERT INTO studio.saved_projects (id, tenant_id, user_id, project_id, project_version_id) VALUES (%s, %s, %s, %s, %s)",
        (document_id, tenant_id, user_id, project_id, project_version_id),
    )


async def update(
    conn: Conn,
    *,
    tenant_id: UUID,
    document_id: UUID,
    title: str,
    size: str,
    locale: str,
    palette: dict[str, str],
    global_values: dict[str, Any],
    music_track_id: UUID | None,
    music_volume: float,
    music_start_ms: int,
    music_fade_out_ms: int,
    voiceover_track_id: UUID | None,
    voiceover_volume: float,
    voiceover_start_ms: int,
    sfx_enabled: bool,
    sfx_volume: float,
    duration_frames: int | None,
    thumbnail_url: str | None,
) -> None:
    """Write everything of a document but its scenes and effects."""
    await conn.execute(
        "UPDATE studio.saved_projects SET title = %s, variant_key = %s, locale = %s, palette = %s, global_values = %s, music_track_id = %s,"
        " music_volume = %s, music_start_ms = %s, music_fade_out_ms = %s, voiceover_track_id = %s, voiceover_volume = %s,"
        " voiceover_start_ms = %s, sfx_enabled = %s, sfx_volume = %s, duration_frames = %s, thumbnail_url = %s"
        " WHERE tenant_id = %s AND id = %s",
        (
            title,
            size,
            locale,
            Jsonb(palette),
            Jsonb(global_values),
            music_track_id,
            music_volume,
            music_start_ms,
            music_fade_out_ms,
            voiceover_track_id,
            voiceover_volume,
            voiceover_start_ms,
            sfx_enabled,
            sfx_volume,
            duration_frames,
            thumbnail_url,
            tenant_id,
            document_id,
        ),
    )


async def soft_delete(conn: Conn, *, tenant_id: UUID, user_id: UUID, document_id: UUID) -> UUID | None:
    """Move a person's saved project to the trash; return its template, or None when there is none to delete."""
    cursor = await conn.execute(
        "UPDATE studio.saved_projects SET deleted_at = now()"
        " WHERE tenant_id = %s AND user_id = %s AND id = %s AND deleted_at IS NULL RETURNING project_id",
        (tenant_id, user_id, document_id),
    )
    row = await cursor.fetchone()
    return None if row is None else UUID(str(row[0]))


async def scenes(conn: Conn, *, tenant_id: UUID, document_id: UUID) -> list[SceneRow]:
    """Return a document's scenes in order."""
    async with conn.cursor(row_factory=class_row(SceneRow)) as cursor:
        await cursor.execute(
            "SELECT id, scene_key, field_values, color_overrides, duration_frames, transition FROM studio.saved_scenes"
            " WHERE tenant_id = %s AND saved_project_id = %s ORDER BY position",
            (tenant_id, document_id),
        )
        return await cursor.fetchall()


async def template_scene_ids(conn: Conn, *, tenant_id: UUID, document_id: UUID) -> dict[UUID, UUID]:
    """Return which scene of the template each scene of a document is."""
    cursor = await conn.execute(
        "SELECT id, scene_id FROM studio.saved_scenes WHERE tenant_id = %s AND saved_project_id = %s",
        (tenant_id, document_id),
    )
    return {row[0]: row[1] for row in await cursor.fetchall()}


async def keep_scenes(conn: Conn, *, tenant_id: UUID, document_id: UUID, ids: Sequence[UUID]) -> set[UUID]:
    """Remove a document's scenes that are not among `ids`; return those that stay."""
    await conn.execute("SET CONSTRAINTS studio.saved_scenes_saved_project_id_position_key DEFERRED")
    await conn.execute(
        "DELETE FROM studio.saved_scenes WHERE tenant_id = %s AND saved_project_id = %s AND id <> ALL(%s)",
        (tenant_id, document_id, list(ids)),
    )
    cursor = await conn.execute(
        "SELECT id FROM studio.saved_scenes WHERE tenant_id = %s AND saved_project_id = %s", (tenant_id, document_id)
    )
    return {row[0] for row in await cursor.fetchall()}


async def write_scenes(conn: Conn, *, tenant_id: UUID, document_id: UUID, rows: Sequence[dict[str, Any]]) -> None:
    """Add or change scenes: `{id, scene_id, scene_key, position, duration_frames, field_values, color_overrides, transition}`.

    A row that is as it was is not written. Ids of the document's own scenes or new ones only: `keep_scenes` says which are its own.
    """
    await conn.execute(
        """
        INSERT INTO studio.saved_scenes AS s
            (id, tenant_id, saved_project_id, scene_id, scene_key, position, duration_frames, field_values, color_overrides,
             transition)
        SELECT n.id, %(tenant_id)s, %(document_id)s, n.scene_id, n.scene_key, n.position, n.duration_frames, n.field_values, n.color_overrides,
            n.transition
        FROM jsonb_to_recordset(%(rows)s) AS n (id uuid, scene_id uuid, scene_key text, position integer, duration_frames integer,
                                               field_values jsonb, color_overrides jsonb, transition jsonb)
        ON CONFLICT (id) DO UPDATE SET scene_id = EXCLUDED.scene_id, scene_key = EXCLUDED.scene_key, position = EXCLUDED.position,
            duration_frames = EXCLUDED.duration_frames, field_values = EXCLUDED.field_values, color_overrides = EXCLUDED.color_overrides,
            transition = EXCLUDED.transition
        WHERE s.tenant_id = %(tenant_id)s AND s.saved_project_id = %(document_id)s
          AND (s.scene_id, s.scene_key, s.position, s.duration_frames, s.field_values, s.color_overrides, s.transition) IS DISTINCT FROM
              (EXCLUDED.scene_id, EXCLUDED.scene_key, EXCLUDED.position, EXCLUDED.duration_frames, EXCLUDED.field_values,
               EXCLUDED.color_overrides, EXCLUDED.transition)
        """,
        {"tenant_id": tenant_id, "document_id": document_id, "rows": Jsonb(list(rows))},
    )


async def effects(conn: Conn, *, tenant_id: UUID, document_id: UUID) -> list[EffectRow]:
    """Return a document's sound effects in order."""
    async with conn.cursor(row_factory=class_row(EffectRow)) as cursor:
        await cursor.execute(
            "SELECT track_id, start_ms, volume::float8 AS volume FROM studio.saved_project_audio"
            " WHERE tenant_id = %s AND saved_project_id = %s AND lane = 'sfx' ORDER BY position",
            (tenant_id, document_id),
        )
        return await cursor.fetchall()


async def replace_effects(
    conn: Conn, *, tenant_id: UUID, document_id: UUID, rows: Sequence[tuple[UUID, int, float]]
) -> None:
    """Write a document's sound effects: (track, start in ms, volume)."""
    await conn.execute(
        "DELETE FROM studio.saved_project_audio WHERE tenant_id = %s AND saved_project_id = %s AND lane = 'sfx'",
        (tenant_id, document_id),
    )
    for position, (track_id, start_ms, volume) in enumerate(rows):
        await conn.execute(
            "INSERT INTO studio.saved_project_audio (tenant_id, saved_project_id, track_id, lane, start_ms, volume, position)"
            " VALUES (%s, %s, %s, 'sfx', %s, %s, %s)",
            (tenant_id, document_id, track_id, start_ms, volume, position),
        )

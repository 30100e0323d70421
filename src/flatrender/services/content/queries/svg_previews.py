"""Traced previews of templates: one a scene, and one for the whole."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from flatrender.kit.db import Conn

_COLUMNS = """
    v.id, v.tenant_id, v.project_id, v.scene_id, v.source_file_id, v.params, v.color_map, v.width, v.height, v.path_count,
    octet_length(v.svg) AS bytes, v.created_at, v.updated_at
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SvgPreviewRow:
    """A preview without its drawing."""

    id: UUID
    tenant_id: UUID
    project_id: UUID
    scene_id: UUID | None
    source_file_id: UUID | None
    params: dict[str, Any]
    color_map: dict[str, Any]
    width: int
    height: int
    path_count: int
    bytes: int
    created_at: datetime
    updated_at: datetime


async def of_version(
    conn: Conn, *, tenant_id: UUID, project_id: UUID, scene_ids: Sequence[UUID]
) -> list[SvgPreviewRow]:
    """Return the previews of these scenes and of the whole template; `tenant_id` is the template's."""
    async with conn.cursor(row_factory=class_row(SvgPreviewRow)) as cursor:
        await cursor.execute(
            "SELECT" + _COLUMNS + "FROM content.template_svg_previews AS v"
            " WHERE v.tenant_id = %s AND v.project_id = %s AND v.status = 'ready' AND (v.scene_id IS NULL OR v.scene_id = ANY(%s))"
            " ORDER BY v.id",
            (tenant_id, project_id, list(scene_ids)),
        )
        return await cursor.fetchall()


async def one(conn: Conn, *, tenant_id: UUID, preview_id: UUID, lock: bool = False) -> SvgPreviewRow | None:
    """Return a preview of one of this tenant's templates, locked until the transaction ends where asked for."""
    async with conn.cursor(row_factory=class_row(SvgPreviewRow)) as cursor:
        await cursor.execute(
            "SELECT" + _COLUMNS + "FROM content.template_svg_previews AS v"
            " WHERE v.tenant_id = %s AND v.id = %s AND v.status = 'ready'" + (" FOR UPDATE" if lock else ""),
            (tenant_id, preview_id),
        )
        return await cursor.fetchone()


async def drawing(conn: Conn, *, tenant_id: UUID, preview_id: UUID) -> str:
    """Return the drawing of a preview that is there."""
    cursor = await conn.execute(
        "SELECT svg FROM content.template_svg_previews WHERE tenant_id = %s AND id = %s", (tenant_id, preview_id)
    )
    row = await cursor.fetchone()
    return "" if row is None else str(row[0])


async def put(
    conn: Conn,
    *,
    tenant_id: UUID,
    project_id: UUID,
    scene_id: UUID | None,
    source_file_id: UUID | None,
    source_sha256: bytes,
    tracer: str,
    params: dict[str, Any],
    svg: str,
    svg_sha256: bytes,
    color_map: dict[str, Any],
    width: int,
    height: int,
    path_count: int,
) -> UUID:
    """Keep a preview in the place of the one that the scene (or the whole template) has; return its id."""
    await conn.execute(
        "DELETE FROM content.template_svg_previews WHERE tenant_id = %s AND project_id = %s AND scene_id IS NOT DISTINCT FROM %s"
        " AND source_sha256 <> %s",
        (tenant_id, project_id, scene_id, source_sha256),
    )
    cursor = await conn.execute(
        "INSERT INTO content.template_svg_previews AS v (tenant_id, project_id, scene_id, source_file_id, source_sha256, tracer, params, svg,"
        " svg_sha256, color_map, width, height, path_count) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (project_id, scene_id, source_sha256) DO UPDATE SET source_file_id = EXCLUDED.source_file_id,"
        " tracer = EXCLUDED.tracer, params = EXCLUDED.params, svg = EXCLUDED.svg, svg_sha256 = EXCLUDED.svg_sha256,"
        " color_map = EXCLUDED.color_map, width = EXCLUDED.width, height = EXCLUDED.height, path_count = EXCLUDED.path_count,"
        " status = 'ready', error = NULL, updated_at = now() RETURNING v.id",
        (
            tenant_id,
            project_id,
            scene_id,
            source_file_id,
            source_sha256,
            tracer,
            Jsonb(params),
            svg,
            svg_sha256,
            Jsonb(color_map),
            width,
            height,
            path_count,
        ),
    )
    row = await cursor.fetchone()
    if row is None:
        raise RuntimeError("INSERT … RETURNING gave no row")
    return UUID(str(row[0]))


async def recolor(
    conn: Conn, *, tenant_id: UUID, preview_id: UUID, color_map: dict[str, Any], svg: str, svg_sha256: bytes
) -> None:
    """Change what the groups of a preview follow."""
    await conn.execute(
        "UPDATE content.template_svg_previews SET color_map = %s, svg = %s, svg_sha256 = %s, updated_at = now()"
        " WHERE tenant_id = %s AND id = %s",
        (Jsonb(color_map), svg, svg_sha256, tenant_id, preview_id),
    )


async def delete(conn: Conn, *, tenant_id: UUID, preview_id: UUID) -> bool:
    """Delete a preview; return False when there is none."""
    deleted = await conn.execute(
        "DELETE FROM content.template_svg_previews WHERE tenant_id = %s AND id = %s", (tenant_id, preview_id)
    )
    return deleted.rowcount == 1

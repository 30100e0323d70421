"""Versions of templates: written once, never changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from flatrender.kit.db import Conn

_COLUMNS = """
    v.id, v.tenant_id, v.project_id, v.version_no, v.package_file_id, v.package_sha256, v.package_bytes, v.manifest, v.validation_report,
    v.source_file_id, v.source_sha256, v.source_path, v.missing_fonts, v.missing_footage, v.created_at, p.slug, p.title
"""
_VISIBLE = """
    p.deleted_at IS NULL AND (p.tenant_id = %(tenant_id)s OR (p.tenant_id = ops.platform_tenant()
        AND p.status IN ('published', 'unlisted', 'archived')
        AND (p.visibility = 'shared' OR EXISTS (SELECT FROM content.tenant_project_access AS a
             WHERE a.tenant_id = %(tenant_id)s AND a.project_id = p.id AND a.mode = 'allow'))))
"""
_FROM = " FROM content.project_versions AS v JOIN content.projects AS p ON p.tenant_id = v.tenant_id AND p.id = v.project_id "


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRow:
    """One version with its template's slug and title."""

    id: UUID
    tenant_id: UUID
    project_id: UUID
    version_no: int
    package_file_id: UUID
    package_sha256: bytes
    package_bytes: int
    manifest: dict[str, Any]
    validation_report: dict[str, Any] | None
    source_file_id: UUID | None
    """The archive with the After Effects project that the version was made from."""
    source_sha256: bytes | None
    source_path: str | None
    missing_fonts: list[dict[str, Any]]
    missing_footage: list[dict[str, Any]]
    created_at: datetime
    slug: str
    title: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceColumns:
    """The After Effects project that a version was made from, and what is missing of it."""

    file_id: UUID
    sha256: bytes
    path: str
    missing_fonts: list[dict[str, Any]]
    missing_footage: list[dict[str, Any]]


async def by_ids(conn: Conn, *, tenant_id: UUID, version_ids: Sequence[UUID]) -> list[VersionRow]:
    """Return versions that the tenant may use, those of archived templates included."""
    async with conn.cursor(row_factory=class_row(VersionRow)) as cursor:
        await cursor.execute(
            "SELECT" + _COLUMNS + _FROM + "WHERE v.id = ANY(%(ids)s) AND" + _VISIBLE,
            {"tenant_id": tenant_id, "ids": list(version_ids)},
        )
        return await cursor.fetchall()


async def current(conn: Conn, *, tenant_id: UUID, project_ids: Sequence[UUID]) -> list[VersionRow]:
    """Return the current versions of released templates."""
    async with conn.cursor(row_factory=class_row(VersionRow)) as cursor:
        await cursor.execute(
            "SELECT" + _COLUMNS + _FROM + "WHERE v.id = p.current_version_id AND p.id = ANY(%(ids)s)"
            " AND p.status IN ('published', 'unlisted') AND" + _VISIBLE,
            {"tenant_id": tenant_id, "ids": list(project_ids)},
        )
        return await cursor.fetchall()


async def newest(conn: Conn, *, tenant_id: UUID, project_id: UUID) -> VersionRow | None:
    """Return the newest version of one of the tenant's own templates, published or not."""
    async with conn.cursor(row_factory=class_row(VersionRow)) as cursor:
        await cursor.execute(
            "SELECT" + _COLUMNS + _FROM + "WHERE v.tenant_id = %s AND v.project_id = %s AND p.deleted_at IS NULL"
            " ORDER BY v.version_no DESC LIMIT 1",
            (tenant_id, project_id),
        )
        return await cursor.fetchone()


async def insert(
    conn: Conn,
    *,
    tenant_id: UUID,
    version_id: UUID,
    project_id: UUID,
    version_no: int,
    package_file_id: UUID,
    package_sha256: bytes,
    package_bytes: int,
    entry_path: str,
    first_scene: str,
    manifest: dict[str, Any],
    report: dict[str, Any],
    created_by_user_id: UUID | None,
    source: SourceColumns | None,
) -> None:
    """Add a version that was read and found good."""
    await conn.execute(
        "INSERT INTO content.project_versions (id, tenant_id, project_id, version_no, package_file_id, package_sha256, package_bytes,"
        " entry_path, render_comp, manifest, validation_status, validation_report, created_by_user_id, source_file_id, source_sha256,"
        " source_path, missing_fonts, missing_footage)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'valid', %s, %s, %s, %s, %s, %s, %s)",
        (
            version_id,
            tenant_id,
            project_id,
            version_no,
            package_file_id,
            package_sha256,
            package_bytes,
            entry_path,
            first_scene,
            Jsonb(manifest),
            Jsonb(report),
            created_by_user_id,
            None if source is None else source.file_id,
            None if source is None else source.sha256,
            None if source is None else source.path,
            Jsonb([] if source is None else source.missing_fonts),
            Jsonb([] if source is None else source.missing_footage),
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PresetRow:
    """A colour preset; `payload` is `{key, colors}`."""

    id: UUID
    name: dict[str, str]
    payload: dict[str, Any]


async def presets(conn: Conn, *, tenant_ids: Sequence[UUID], preset_ids: Sequence[UUID]) -> list[PresetRow]:
    """Return presets by id; `tenant_ids` are those of the versions that name them."""
    async with conn.cursor(row_factory=class_row(PresetRow)) as cursor:
        await cursor.execute(
            "SELECT id, name, payload FROM content.presets WHERE tenant_id = ANY(%s) AND id = ANY(%s) ORDER BY sort_order",
            (list(tenant_ids), list(preset_ids)),
        )
        return await cursor.fetchall()


async def retire_presets(conn: Conn, *, tenant_id: UUID, project_id: UUID) -> None:
    """Keep the colour presets of earlier versions for the documents that were made with them, and offer them no more."""
    await conn.execute(
        "UPDATE content.presets SET is_active = false, is_default = false"
        " WHERE tenant_id = %s AND project_id = %s AND kind = 'color' AND is_active",
        (tenant_id, project_id),
    )


async def insert_preset(
    conn: Conn,
    *,
    tenant_id: UUID,
    preset_id: UUID,
    project_id: UUID,
    name: dict[str, str],
    payload: dict[str, Any],
    is_default: bool,
    sort_order: int,
) -> None:
    """Add a colour preset."""
    await conn.execute(
        "INSERT INTO content.presets (id, tenant_id, project_id, kind, name, payload, is_default, sort_order)"
        " VALUES (%s, %s, %s, 'color', %s, %s, %s, %s)",
        (preset_id, tenant_id, project_id, Jsonb(name), Jsonb(payload), is_default, sort_order),
    )

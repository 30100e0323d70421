"""Scenes and their fields."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from flatrender.kit.db import Conn

_COLUMNS = """
    s.id, s.tenant_id, s.project_id, s.scene_key, s.title, s.comp_name, s.engine, s.scene_type, s.image, s.snapshot_url,
    coalesce(s.snapshot_frame, 0) AS snapshot_frame, s.default_duration_frames, s.can_repeat, s.is_required, s.color_slots, s.sort_order, s.is_active
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneRow:
    """A scene; one of type `config` holds the template-wide fields."""

    id: UUID
    tenant_id: UUID
    project_id: UUID
    scene_key: str
    title: dict[str, str]
    comp_name: str
    """The composition of an After Effects project that the scene is, else its key."""
    engine: str
    """`thorvg`, or `aerender` when only After Effects draws it as designed."""
    scene_type: str
    image: str | None
    snapshot_url: str | None
    snapshot_frame: int
    default_duration_frames: int
    can_repeat: bool
    is_required: bool
    color_slots: list[str]
    sort_order: int
    is_active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRow:
    """A field of a scene."""

    scene_id: UUID
    field_key: str
    type: str
    label: dict[str, str]
    default_value: Any
    options: list[dict[str, Any]] | None
    constraints: dict[str, Any]
    is_required: bool


async def by_ids(conn: Conn, *, tenant_ids: Sequence[UUID], scene_ids: Sequence[UUID]) -> list[SceneRow]:
    """Return scenes by id, those that a newer version replaced included; `tenant_ids` are those of the versions that name them."""
    async with conn.cursor(row_factory=class_row(SceneRow)) as cursor:
        await cursor.execute(
            "SELECT"
            + _COLUMNS
            + "FROM content.scenes AS s WHERE s.tenant_id = ANY(%s) AND s.id = ANY(%s) ORDER BY s.sort_order",
            (list(tenant_ids), list(scene_ids)),
        )
        return await cursor.fetchall()


async def fields(conn: Conn, *, tenant_ids: Sequence[UUID], scene_ids: Sequence[UUID]) -> list[FieldRow]:
    """Return the fields of scenes in their order."""
    async with conn.cursor(row_factory=class_row(FieldRow)) as cursor:
        await cursor.execute(
            "SELECT f.scene_id, f.field_key, f.type, f.label, f.default_value, f.options, f.constraints, f.is_required"
            " FROM content.scene_fields AS f WHERE f.tenant_id = ANY(%s) AND f.scene_id = ANY(%s) AND NOT f.is_hidden"
            " ORDER BY f.scene_id, f.sort_order",
            (list(tenant_ids), list(scene_ids)),
        )
        return await cursor.fetchall()


async def own(conn: Conn, *, tenant_id: UUID, scene_id: UUID) -> SceneRow | None:
    """Return and lock a scene of the newest version of one of the tenant's own templates."""
    async with conn.cursor(row_factory=class_row(SceneRow)) as cursor:
        await cursor.execute(
            "SELECT" + _COLUMNS + "FROM content.scenes AS s"
            " WHERE s.tenant_id = %s AND s.id = %s AND s.deleted_at IS NULL AND s.scene_type <> 'config' FOR UPDATE",
            (tenant_id, scene_id),
        )
        return await cursor.fetchone()


async def retire(conn: Conn, *, tenant_id: UUID, project_id: UUID) -> dict[str, SceneRow]:
    """Take the scenes of the version so far out of the way of the next one's; return them by their keys."""
    async with conn.cursor(row_factory=class_row(SceneRow)) as cursor:
        await cursor.execute(
            "UPDATE content.scenes AS s SET deleted_at = now() WHERE s.tenant_id = %s AND s.project_id = %s AND s.deleted_at IS NULL"  # noqa: S608 - of constants
            " RETURNING" + _COLUMNS,
            (tenant_id, project_id),
        )
        return {row.scene_key: row for row in await cursor.fetchall()}


async def compatibility(conn: Conn, *, tenant_id: UUID, scene_ids: Sequence[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    """Return what becomes of the project's features in each of the tenant's own scenes: `[{feature, verdict, place, sentence}]`."""
    cursor = await conn.execute(
        "SELECT id, compatibility FROM content.scenes WHERE tenant_id = %s AND id = ANY(%s)",
        (tenant_id, list(scene_ids)),
    )
    return {row[0]: row[1] for row in await cursor.fetchall()}


async def insert(
    conn: Conn,
    *,
    tenant_id: UUID,
    scene_id: UUID,
    project_id: UUID,
    key: str,
    title: dict[str, str],
    composition: str,
    engine: str,
    findings: list[dict[str, Any]],
    scene_type: str,
    image: str | None,
    snapshot_frame: int,
    duration_frames: int,
    can_repeat: bool,
    is_required: bool,
    color_slots: list[str],
    sort_order: int,
    is_active: bool,
) -> None:
    """Add a scene."""
    await conn.execute(
        "INSERT INTO content.scenes (id, tenant_id, project_id, scene_key, title, comp_name, engine, compatibility, scene_type, image,"
        " snapshot_frame, default_duration_frames, max_duration_frames, can_repeat, is_required, color_slots, sort_order, is_active)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            scene_id,
            tenant_id,
            project_id,
            key,
            Jsonb(title),
            composition,
            engine,
            Jsonb(findings),
            scene_type,
            image,
            snapshot_frame,
            duration_frames,
            duration_frames,
            can_repeat,
            is_required,
            Jsonb(color_slots),
            sort_order,
            is_active,
        ),
    )


async def insert_field(
    conn: Conn,
    *,
    tenant_id: UUID,
    scene_id: UUID,
    key: str,
    type: str,
    label: dict[str, str],
    default: Any,
    options: list[dict[str, Any]],
    constraints: dict[str, Any],
    bindings: list[dict[str, Any]],
    is_required: bool,
    sort_order: int,
) -> None:
    """Add a field to a scene."""
    layers = [binding["layer"] for binding in bindings if "layer" in binding]
    await conn.execute(
        "INSERT INTO content.scene_fields (tenant_id, scene_id, field_key, type, label, default_value, options, constraints, layer_ref,"
        " bindings, is_required, sort_order) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            tenant_id,
            scene_id,
            key,
            type,
            Jsonb(label),
            None if default is None else Jsonb(default),
            Jsonb(options) if options else None,
            Jsonb(constraints),
            layers[0] if layers else None,
            Jsonb(bindings),
            is_required,
            sort_order,
        ),
    )


async def change(
    conn: Conn,
    *,
    tenant_id: UUID,
    scene_id: UUID,
    title: dict[str, str] | None,
    snapshot_frame: int | None,
    is_active: bool | None,
) -> None:
    """Change what is given of a scene."""
    await conn.execute(
        "UPDATE content.scenes SET title = coalesce(%s, title), snapshot_frame = coalesce(%s, snapshot_frame),"
        " is_active = coalesce(%s, is_active) WHERE tenant_id = %s AND id = %s",
        (None if title is None else Jsonb(title), snapshot_frame, is_active, tenant_id, scene_id),
    )

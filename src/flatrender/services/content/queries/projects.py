"""Templates and their categories."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from flatrender.kit.db import Conn

# A template of the tenant itself, or one that the platform shares with it.
_VISIBLE = """
    p.deleted_at IS NULL AND (p.tenant_id = %(tenant_id)s OR (p.tenant_id = ops.platform_tenant()
        AND p.status IN ('published', 'unlisted', 'archived')
        AND (p.visibility = 'shared' OR EXISTS (SELECT FROM content.tenant_project_access AS a
             WHERE a.tenant_id = %(tenant_id)s AND a.project_id = p.id AND a.mode = 'allow'))))
"""
_NOT_HIDDEN = """
    NOT EXISTS (SELECT FROM content.tenant_project_access AS h
                WHERE h.tenant_id = %(tenant_id)s AND h.project_id = p.id AND h.mode = 'hide')
"""
_COLUMNS = """
    p.id, p.tenant_id, p.slug, p.title, p.description, p.engine, p.status, p.visibility, p.current_version_id, p.fps::float8 AS fps,
    p.duration_frames, p.sizes, p.published_at, p.row_version, p.created_at, p.updated_at,
    coalesce(p.cover_url, (SELECT coalesce(s.snapshot_url, s.image) FROM content.scenes AS s
        WHERE s.tenant_id = p.tenant_id AND s.project_id = p.id AND s.deleted_at IS NULL AND s.is_active
          AND coalesce(s.snapshot_url, s.image) IS NOT NULL ORDER BY s.sort_order LIMIT 1)) AS cover_url,
    (SELECT c.slug FROM content.project_categories AS pc JOIN content.categories AS c ON c.id = pc.category_id
        WHERE pc.tenant_id = p.tenant_id AND pc.project_id = p.id ORDER BY pc.sort_order LIMIT 1) AS category,
    (SELECT count(*) FROM content.scenes AS s WHERE s.tenant_id = p.tenant_id AND s.project_id = p.id
        AND s.deleted_at IS NULL AND s.is_active AND s.scene_type <> 'config') AS scene_count
"""


_FROM = " FROM content.projects AS p "
_LISTED = """
    AND (%(words)s::text IS NULL OR p.id IN (SELECT project_id FROM content.search_projects(%(words)s, 200)))
    AND (%(category)s::text IS NULL OR EXISTS (
        SELECT FROM content.project_categories AS pc JOIN content.categories AS c ON c.id = pc.category_id
        WHERE pc.tenant_id = p.tenant_id AND pc.project_id = p.id AND c.slug = %(category)s))
    AND (%(before)s::uuid IS NULL OR p.id < %(before)s)
    ORDER BY p.id DESC LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectRow:
    """A template as lists show it."""

    id: UUID
    tenant_id: UUID
    slug: str
    title: dict[str, str]
    description: dict[str, str]
    engine: str
    status: str
    visibility: str
    current_version_id: UUID | None
    fps: float
    duration_frames: int | None
    sizes: list[dict[str, Any]]
    published_at: datetime | None
    row_version: int
    created_at: datetime
    updated_at: datetime
    cover_url: str | None
    category: str | None
    scene_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryRow:
    """A category."""

    id: UUID
    tenant_id: UUID
    slug: str
    name: dict[str, str]


async def published(
    conn: Conn, *, tenant_id: UUID, words: str | None, category: str | None, before: UUID | None, limit: int
) -> list[ProjectRow]:
    """Return published templates, newest first; `words` must all occur in the title or description, each as a prefix."""
    async with conn.cursor(row_factory=class_row(ProjectRow)) as cursor:
        await cursor.execute(
            "SELECT"
            + _COLUMNS
            + _FROM
            + "WHERE p.status = 'published' AND p.visibility <> 'private' AND"
            + _VISIBLE
            + "AND"
            + _NOT_HIDDEN
            + _LISTED,
            {"tenant_id": tenant_id, "words": words, "category": category, "before": before, "limit": limit},
        )
        return await cursor.fetchall()


async def visible(
    conn: Conn, *, tenant_id: UUID, project_id: UUID | None, slug: str | None, archived: bool
) -> ProjectRow | None:
    """Return a released template by id or slug, the tenant's own before the platform's; an archived one where asked for."""
    async with conn.cursor(row_factory=class_row(ProjectRow)) as cursor:
        await cursor.execute(
            "SELECT"
            + _COLUMNS
            + _FROM
            + "WHERE p.status = ANY(%(statuses)s) AND"
            + _VISIBLE
            + "AND"
            + _NOT_HIDDEN
            + """
            AND (p.id = %(project_id)s OR p.slug = %(slug)s)
            ORDER BY p.tenant_id = %(tenant_id)s DESC LIMIT 1
            """,
            {
                "tenant_id": tenant_id,
                "project_id": project_id,
                "slug": slug,
                "statuses": ["published", "unlisted", "archived"] if archived else ["published", "unlisted"],
            },
        )
        return await cursor.fetchone()


async def titles(conn: Conn, *, tenant_id: UUID, project_ids: Sequence[UUID]) -> dict[UUID, dict[str, str]]:
    """Return the titles of templates that the tenant may see, released or its own."""
    cursor = await conn.execute(
        "SELECT p.id, p.title" + _FROM + "WHERE p.id = ANY(%(ids)s) AND" + _VISIBLE,
        {"tenant_id": tenant_id, "ids": list(project_ids)},
    )
    return {row[0]: row[1] for row in await cursor.fetchall()}


async def owned(conn: Conn, *, tenant_id: UUID, before: UUID | None, limit: int) -> list[ProjectRow]:
    """Return the tenant's own templates of every status, newest first."""
    async with conn.cursor(row_factory=class_row(ProjectRow)) as cursor:
        await cursor.execute(
            "SELECT"
            + _COLUMNS
            + "FROM content.projects AS p WHERE p.tenant_id = %(tenant_id)s AND p.deleted_at IS NULL"
            " AND (%(before)s::uuid IS NULL OR p.id < %(before)s) ORDER BY p.id DESC LIMIT %(limit)s",
            {"tenant_id": tenant_id, "before": before, "limit": limit},
        )
        return await cursor.fetchall()


async def own(conn: Conn, *, tenant_id: UUID, project_id: UUID) -> ProjectRow | None:
    """Return one of the tenant's own templates."""
    async with conn.cursor(row_factory=class_row(ProjectRow)) as cursor:
        await cursor.execute(
            "SELECT" + _COLUMNS + "FROM content.projects AS p"
            " WHERE p.tenant_id = %(tenant_id)s AND p.id = %(project_id)s AND p.deleted_at IS NULL",
            {"tenant_id": tenant_id, "project_id": project_id},
        )
        return await cursor.fetchone()


async def lock(conn: Conn, *, tenant_id: UUID, project_id: UUID) -> int | None:
    """Lock one of the tenant's own templates until the transaction ends; return its row version."""
    cursor = await conn.execute(
        "SELECT row_version FROM content.projects WHERE tenant_id = %s AND id = %s AND deleted_at IS NULL FOR UPDATE",
        (tenant_id, project_id),
    )
    row = await cursor.fetchone()
    return None if row is None else int(row[0])


async def id_by_slug(conn: Conn, *, tenant_id: UUID, slug: str) -> UUID | None:
    """Return the tenant's own template of this slug."""
    cursor = await conn.execute(
        "SELECT id FROM content.projects WHERE tenant_id = %s AND slug = %s AND deleted_at IS NULL", (tenant_id, slug)
    )
    row = await cursor.fetchone()
    return None if row is None else row[0]


async def insert(
    conn: Conn,
    *,
    tenant_id: UUID,
    project_id: UUID,
    slug: str,
    engine: str,
    visibility: str,
    author_user_id: UUID | None,
    title: dict[str, str],
    description: dict[str, str],
    width: int,
    height: int,
    fps: float,
    duration_frames: int,
    sizes: list[dict[str, Any]],
    color_slots: list[dict[str, Any]],
) -> bool:
    """Add a draft; return False when the tenant has a template of this slug. `engine`: `aftereffects` for what comes from a project, else `lottie`."""
    inserted = await conn.execute(
        "INSERT INTO content.projects (id, tenant_id, slug, title, description, kind, engine, visibility, default_width, default_height,"
        " fps, duration_frames, sizes, color_slots, author_user_id)"
        " VALUES (%s, %s, %s, %s, %s, 'flexible', %s, %s, %s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (tenant_id, slug) WHERE deleted_at IS NULL DO NOTHING",
        (
            project_id,
            tenant_id,
            slug,
            Jsonb(title),
            Jsonb(description),
            engine,
            visibility,
            width,
            height,
            fps,
            duration_frames,
            Jsonb(sizes),
            Jsonb(color_slots),
            author_user_id,
        ),
    )
    return inserted.rowcount == 1


async def publish(
    conn: Conn,
    *,
    tenant_id: UUID,
    project_id: UUID,
    version_id: UUID,
    width: int,
    height: int,
    fps: float,
    duration_frames: int,
    sizes: list[dict[str, Any]],
    color_slots: list[dict[str, Any]],
) -> None:
    """Make a version the current one, and what lists show of it."""
    await conn.execute(
        "UPDATE content.projects SET status = 'published', current_version_id = %s, published_at = coalesce(published_at, now()),"
        " default_width = %s, default_height = %s, fps = %s, duration_frames = %s, sizes = %s, color_slots = %s"
        " WHERE tenant_id = %s AND id = %s",
        (
            version_id,
            width,
            height,
            fps,
            duration_frames,
            Jsonb(sizes),
            Jsonb(color_slots),
            tenant_id,
            project_id,
        ),
    )


async def archive(conn: Conn, *, tenant_id: UUID, project_id: UUID) -> None:
    """Take a template out of the lists; films that use it keep working."""
    await conn.execute(
        "UPDATE content.projects SET status = 'archived' WHERE tenant_id = %s AND id = %s", (tenant_id, project_id)
    )


async def describe(
    conn: Conn,
    *,
    tenant_id: UUID,
    project_id: UUID,
    title: dict[str, str] | None,
    description: dict[str, str] | None,
    visibility: str | None,
) -> None:
    """Change what is given of the title, the description and who may see the template."""
    await conn.execute(
        "UPDATE content.projects SET title = coalesce(%s, title), description = coalesce(%s, description),"
        " visibility = coalesce(%s, visibility) WHERE tenant_id = %s AND id = %s",
        (
            None if title is None else Jsonb(title),
            None if description is None else Jsonb(description),
            visibility,
            tenant_id,
            project_id,
        ),
    )


async def categories(conn: Conn, *, tenant_id: UUID) -> list[CategoryRow]:
    """Return the categories that the tenant sees, its own before the platform's of the same slug."""
    async with conn.cursor(row_factory=class_row(CategoryRow)) as cursor:
        await cursor.execute(
            "SELECT DISTINCT ON (slug) id, tenant_id, slug, name FROM content.categories"
            " WHERE tenant_id IN (%(tenant_id)s, ops.platform_tenant()) AND kind = 'project' AND is_active AND deleted_at IS NULL"
            " ORDER BY slug, tenant_id = %(tenant_id)s DESC",
            {"tenant_id": tenant_id},
        )
        return await cursor.fetchall()


async def add_category(conn: Conn, *, tenant_id: UUID, slug: str, name: dict[str, str]) -> UUID:
    """Return the tenant's own category of this slug, added when there is none."""
    cursor = await conn.execute(
        "INSERT INTO content.categories (tenant_id, kind, slug, name) VALUES (%s, 'project', %s, %s)"
        " ON CONFLICT (tenant_id, kind, slug) WHERE deleted_at IS NULL DO UPDATE SET slug = EXCLUDED.slug RETURNING id",
        (tenant_id, slug, Jsonb(name)),
    )
    row = await cursor.fetchone()
    if row is None:
        raise RuntimeError("INSERT … RETURNING gave no row")
    return UUID(str(row[0]))


async def clear_categories(conn: Conn, *, tenant_id: UUID, project_id: UUID) -> None:
    """Take a template out of its categories."""
    await conn.execute(
        "DELETE FROM content.project_categories WHERE tenant_id = %s AND project_id = %s", (tenant_id, project_id)
    )


async def put_into_category(conn: Conn, *, tenant_id: UUID, project_id: UUID, category_id: UUID) -> None:
    """Put a template into a category."""
    await conn.execute(
        "INSERT INTO content.project_categories (tenant_id, project_id, category_id) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
        (tenant_id, project_id, category_id),
    )

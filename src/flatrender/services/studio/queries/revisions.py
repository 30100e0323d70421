"""Frozen documents."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from flatrender.kit.db import Conn

_COLUMNS = " id, saved_project_id, revision_no, snapshot, content_hash, created_at "
_FROM = " FROM studio.saved_project_revisions "


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionRow:
    """One frozen document."""

    id: UUID
    saved_project_id: UUID
    revision_no: int
    snapshot: dict[str, Any]
    content_hash: bytes
    created_at: datetime


async def newest_for_render(conn: Conn, *, tenant_id: UUID, document_id: UUID) -> RevisionRow | None:
    """Return the document's newest revision that was frozen for a film."""
    async with conn.cursor(row_factory=class_row(RevisionRow)) as cursor:
        await cursor.execute(
            "SELECT" + _COLUMNS + _FROM + "WHERE tenant_id = %s AND saved_project_id = %s AND reason = 'render'"
            " ORDER BY revision_no DESC LIMIT 1",
            (tenant_id, document_id),
        )
        return await cursor.fetchone()


async def by_id(conn: Conn, *, tenant_id: UUID, revision_id: UUID) -> RevisionRow | None:
    """Return a revision."""
    async with conn.cursor(row_factory=class_row(RevisionRow)) as cursor:
        await cursor.execute("SELECT" + _COLUMNS + _FROM + "WHERE tenant_id = %s AND id = %s", (tenant_id, revision_id))
        return await cursor.fetchone()


async def insert(
    conn: Conn,
    *,
    tenant_id: UUID,
    revision_id: UUID,
    document_id: UUID,
    snapshot: dict[str, Any],
    content_hash: bytes,
    user_id: UUID,
) -> None:
    """Freeze a document for a film; the document's row is locked by the caller, which keeps the numbers apart."""
    await conn.execute(
        "INSERT INTO studio.saved_project_revisions (id, tenant_id, saved_project_id, revision_no, reason, snapshot, content_hash,"
        " created_by_user_id) SELECT %(id)s, %(tenant_id)s, %(document_id)s, coalesce(max(r.revision_no), 0) + 1, 'render', %(snapshot)s,"
        " %(content_hash)s, %(user_id)s FROM studio.saved_project_revisions AS r"
        " WHERE r.tenant_id = %(tenant_id)s AND r.saved_project_id = %(document_id)s",
        {
            "id": revision_id,
            "tenant_id": tenant_id,
            "document_id": document_id,
            "snapshot": Jsonb(snapshot),
            "content_hash": content_hash,
            "user_id": user_id,
        },
    )

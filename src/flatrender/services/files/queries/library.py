"""Files, their versions, and the bytes that they share."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from flatrender.kit.db import Conn


@dataclass(frozen=True, kw_only=True)
class FileRow:
    """A file that is ready, with where its bytes lie."""

    id: UUID
    owner_user_id: UUID | None
    name: str
    purpose: str
    kind: str
    content_type: str
    size_bytes: int
    sha256: bytes
    storage_key: str
    width: int | None
    height: int | None
    duration_ms: int | None
    permanent_url: str | None
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class NewFile:
    """What a file is to become."""

    owner_user_id: UUID | None
    name: str
    purpose: str
    kind: str
    content_type: str
    size_bytes: int
    width: int | None
    height: int | None
    duration_ms: int | None
    permanent_url: str | None
    dedupe_key: str | None


@dataclass(frozen=True, kw_only=True)
class BlobRow:
    """Bytes that are kept once a tenant."""

    id: UUID
    storage_key: str


@dataclass(frozen=True, kw_only=True)
class DerivativeRow:
    """A version of a file."""

    size_bytes: int
    sha256: bytes
    storage_key: str


@dataclass(frozen=True, kw_only=True)
class DeletedRow:
    """What must be given back when a file is deleted."""

    owner_user_id: UUID | None
    size_bytes: int


@dataclass(frozen=True, kw_only=True)
class GoneRow(DeletedRow):
    """The same of one among several."""

    id: UUID


async def files_by_id(conn: Conn, tenant_id: UUID, ids: Sequence[UUID]) -> list[FileRow]:
    """Return the ready files of this tenant among `ids`, whoever owns them."""
    async with conn.cursor(row_factory=class_row(FileRow)) as cursor:
        await cursor.execute(
            "SELECT f.id, f.owner_user_id, f.name, f.purpose, f.kind, f.content_type, f.bytes AS size_bytes, b.sha256, b.storage_key, f.width, f.height,"
            " f.duration_ms, f.permanent_url, f.created_at"
            " FROM file_mgr.files AS f JOIN file_mgr.blobs AS b ON b.tenant_id = f.tenant_id AND b.id = f.blob_id"
            " WHERE f.tenant_id = %s AND f.id = ANY(%s) AND f.status = 'ready' AND f.deleted_at IS NULL",
            (tenant_id, list(ids)),
        )
        return await cursor.fetchall()


async def files_by_permanent_url(conn: Conn, tenant_id: UUID, urls: Sequence[str]) -> list[FileRow]:
    """Return the ready public files of this tenant at these addresses."""
    async with conn.cursor(row_factory=class_row(FileRow)) as cursor:
        await cursor.execute(
            "SELECT f.id, f.owner_user_id, f.name, f.purpose, f.kind, f.content_type, f.bytes AS size_bytes, b.sha256, b.storage_key, f.width, f.height,"
            " f.duration_ms, f.permanent_url, f.created_at"
            " FROM file_mgr.files AS f JOIN file_mgr.blobs AS b ON b.tenant_id = f.tenant_id AND b.id = f.blob_id"
            " WHERE f.tenant_id = %s AND f.permanent_url = ANY(%s) AND f.status = 'ready' AND f.deleted_at IS NULL",
            (tenant_id, list(urls)),
        )
        return await cursor.fetchall()


async def file_by_dedupe_key(conn: Conn, tenant_id: UUID, dedupe_key: str) -> FileRow | None:
    """Return the file that was stored under this key before."""
    async with conn.cursor(row_factory=class_row(FileRow)) as cursor:
        await cursor.execute(
            "SELECT f.id, f.owner_user_id, f.name, f.purpose, f.kind, f.content_type, f.bytes AS size_bytes, b.sha256, b.storage_key, f.width, f.height,"
            " f.duration_ms, f.permanent_url, f.created_at"
            " FROM file_mgr.files AS f JOIN file_mgr.blobs AS b ON b.tenant_id = f.tenant_id AND b.id = f.blob_id"
            " WHERE f.tenant_id = %s AND f.dedupe_key = %s AND f.deleted_at IS NULL",
            (tenant_id, dedupe_key),
        )
        return await cursor.fetchone()


async def visible_file(conn: Conn, tenant_id: UUID, user_id: UUID, file_id: UUID) -> FileRow | None:
    """Return a ready file that this person may see: their own, or one shared with the tenant or with everyone."""
    async with conn.cursor(row_factory=class_row(FileRow)) as cursor:
        await cursor.execute(
            "SELECT f.id, f.owner_user_id, f.name, f.purpose, f.kind, f.content_type, f.bytes AS size_bytes, b.sha256, b.storage_key, f.width, f.height,"
            " f.duration_ms, f.permanent_url, f.created_at"
            " FROM file_mgr.files AS f JOIN file_mgr.blobs AS b ON b.tenant_id = f.tenant_id AND b.id = f.blob_id"
            " WHERE f.tenant_id = %s AND f.id = %s AND f.status = 'ready' AND f.deleted_at IS NULL"
            " AND (f.owner_user_id = %s OR f.visibility IN ('tenant', 'public'))",
            (tenant_id, file_id, user_id),
        )
        return await cursor.fetchone()


async def own_files(
    conn: Conn,
    tenant_id: UUID,
    user_id: UUID,
    *,
    purpose: str | None,
    kind: str | None,
    before: UUID | None,
    limit: int,
) -> list[FileRow]:
    """Return a person's files, newest first."""
    async with conn.cursor(row_factory=class_row(FileRow)) as cursor:
        await cursor.execute(
            "SELECT f.id, f.owner_user_id, f.name, f.purpose, f.kind, f.content_type, f.bytes AS size_bytes, b.sha256, b.storage_key, f.width, f.height,"
            " f.duration_ms, f.permanent_url, f.created_at"
            " FROM file_mgr.files AS f JOIN file_mgr.blobs AS b ON b.tenant_id = f.tenant_id AND b.id = f.blob_id"
            " WHERE f.tenant_id = %(tenant)s AND f.owner_user_id = %(user)s AND f.status = 'ready' AND f.deleted_at IS NULL"
            " AND (%(purpose)s::text IS NULL OR f.purpose = %(purpose)s) AND (%(kind)s::text IS NULL OR f.kind = %(kind)s)"
            " AND (%(before)s::uuid IS NULL OR f.id < %(before)s) ORDER BY f.id DESC LIMIT %(limit)s",
            {
                "tenant": tenant_id,
                "user": user_id,
                "purpose": purpose,
                "kind": kind,
                "before": before,
                "limit": limit,
            },
        )
        return await cursor.fetchall()


async def acquire_blob(
    conn: Conn, tenant_id: UUID, *, sha256: bytes, size_bytes: int, storage_key: str, content_type: str
) -> BlobRow:
    """Count one more use of these bytes; when the tenant has them already, the older object is kept and its key returned."""
    async with conn.cursor(row_factory=class_row(BlobRow)) as cursor:
        await cursor.execute(
            "INSERT INTO file_mgr.blobs AS b (tenant_id, sha256, bytes, storage_backend, storage_key, content_type, sniffed_type, ref_count, scan_status)"
            " VALUES (%s, %s, %s, 'objects', %s, %s, %s, 1, 'clean')"
            " ON CONFLICT (tenant_id, sha256, bytes) DO UPDATE SET ref_count = b.ref_count + 1, zero_ref_since = NULL RETURNING id, storage_key",
            (tenant_id, sha256, size_bytes, storage_key, content_type, content_type),
        )
        row = await cursor.fetchone()
    if row is None:
        raise RuntimeError("INSERT … RETURNING gave no row")
    return row


async def insert_file(conn: Conn, tenant_id: UUID, blob_id: UUID, new: NewFile) -> UUID | None:
    """Return the new file's id, or None when another call has just stored something under the same key."""
    visibility = "public" if new.permanent_url else "private"
    found = await (
        await conn.execute(
            "INSERT INTO file_mgr.files (tenant_id, owner_user_id, blob_id, name, purpose, kind, bytes, content_type, width, height, duration_ms,"
            " visibility, status, permanent_url, dedupe_key) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'ready', %s, %s)"
            " ON CONFLICT (tenant_id, dedupe_key) WHERE dedupe_key IS NOT NULL AND deleted_at IS NULL DO NOTHING RETURNING id",
            (
                tenant_id,
                new.owner_user_id,
                blob_id,
                new.name,
                new.purpose,
                new.kind,
                new.size_bytes,
                new.content_type,
                new.width,
                new.height,
                new.duration_ms,
                visibility,
                new.permanent_url,
                new.dedupe_key,
            ),
        )
    ).fetchone()
    return found[0] if found else None


async def delete_file(conn: Conn, tenant_id: UUID, user_id: UUID, file_id: UUID, *, keep_s: int) -> DeletedRow | None:
    """Hide a person's own file and let its bytes go after `keep_s` seconds."""
    async with conn.cursor(row_factory=class_row(DeletedRow)) as cursor:
        await cursor.execute(
            "UPDATE file_mgr.files SET deleted_at = now(), purge_after = now() + make_interval(secs => %s)"
            " WHERE tenant_id = %s AND id = %s AND owner_user_id = %s AND deleted_at IS NULL RETURNING owner_user_id, bytes AS size_bytes",
            (keep_s, tenant_id, file_id, user_id),
        )
        return await cursor.fetchone()


async def delete_files(conn: Conn, tenant_id: UUID, ids: Sequence[UUID], *, keep_s: int) -> list[GoneRow]:
    """Hide files of the tenant, whoever owns them, and let their bytes go after `keep_s` seconds; return those that were there."""
    async with conn.cursor(row_factory=class_row(GoneRow)) as cursor:
        await cursor.execute(
            "UPDATE file_mgr.files SET deleted_at = now(), purge_after = now() + make_interval(secs => %s)"
            " WHERE tenant_id = %s AND id = ANY(%s) AND deleted_at IS NULL RETURNING id, owner_user_id, bytes AS size_bytes",
            (keep_s, tenant_id, list(ids)),
        )
        return await cursor.fetchall()


async def derivative(conn: Conn, tenant_id: UUID, file_id: UUID, kind: str, params_key: str) -> DerivativeRow | None:
    """Return a version of a file that is ready."""
    async with conn.cursor(row_factory=class_row(DerivativeRow)) as cursor:
        await cursor.execute(
            "SELECT b.bytes AS size_bytes, b.sha256, b.storage_key FROM file_mgr.file_derivatives AS d"
            " JOIN file_mgr.blobs AS b ON b.tenant_id = d.tenant_id AND b.id = d.blob_id"
            " WHERE d.tenant_id = %s AND d.file_id = %s AND d.kind = %s AND d.params_key = %s AND d.status = 'ready'",
            (tenant_id, file_id, kind, params_key),
        )
        return await cursor.fetchone()


async def insert_derivative(
    conn: Conn, tenant_id: UUID, file_id: UUID, kind: str, params_key: str, blob_id: UUID
) -> bool:
    """Keep a version of a file; False when another request was faster or the file is gone."""
    done = await conn.execute(
        "INSERT INTO file_mgr.file_derivatives (tenant_id, file_id, kind, params_key, blob_id, status)"
        " SELECT f.tenant_id, f.id, %s, %s, %s, 'ready' FROM file_mgr.files AS f WHERE f.tenant_id = %s AND f.id = %s AND f.deleted_at IS NULL"
        " ON CONFLICT (file_id, kind, params_key) DO NOTHING",
        (kind, params_key, blob_id, tenant_id, file_id),
    )
    return done.rowcount == 1


async def release_blob(conn: Conn, tenant_id: UUID, blob_id: UUID) -> None:
    """Count one use less; bytes that nobody uses are removed later."""
    await conn.execute(
        "UPDATE file_mgr.blobs SET ref_count = ref_count - 1, zero_ref_since = CASE WHEN ref_count = 1 THEN now() END"
        " WHERE tenant_id = %s AND id = %s AND ref_count > 0",
        (tenant_id, blob_id),
    )


async def purge_due_files(conn: Conn, *, limit: int) -> int:
    """Remove files whose time after deletion has passed, with their versions, and release their bytes; over all tenants, for the worker."""
    done = await conn.execute(
        "WITH due AS (SELECT tenant_id, id, blob_id FROM file_mgr.files WHERE deleted_at IS NOT NULL AND purge_after < now()"
        " ORDER BY purge_after LIMIT %s FOR UPDATE SKIP LOCKED),"
        " uploads AS (DELETE FROM file_mgr.upload_sessions AS u USING due WHERE u.tenant_id = due.tenant_id AND u.file_id = due.id),"
        " versions AS (DELETE FROM file_mgr.file_derivatives AS d USING due WHERE d.tenant_id = due.tenant_id AND d.file_id = due.id"
        "  RETURNING d.tenant_id, d.blob_id),"
        " freed AS (SELECT tenant_id, blob_id, count(*) AS uses FROM"
        "  (SELECT tenant_id, blob_id FROM due UNION ALL SELECT tenant_id, blob_id FROM versions) AS u GROUP BY tenant_id, blob_id),"
        " released AS (UPDATE file_mgr.blobs AS b SET ref_count = greatest(b.ref_count - freed.uses, 0),"
        "  zero_ref_since = CASE WHEN b.ref_count <= freed.uses THEN now() END FROM freed WHERE b.tenant_id = freed.tenant_id AND b.id = freed.blob_id)"
        " DELETE FROM file_mgr.files AS f USING due WHERE f.tenant_id = due.tenant_id AND f.id = due.id",
        (limit,),
    )
    return done.rowcount


async def take_unused_blobs(conn: Conn, *, unused_s: int, limit: int) -> list[str]:
    """Remove the rows of bytes that nobody has used for `unused_s` seconds and return their keys; permanent public objects stay."""
    rows = await (
        await conn.execute(
            "DELETE FROM file_mgr.blobs WHERE id IN (SELECT id FROM file_mgr.blobs WHERE ref_count = 0 AND zero_ref_since < now() - make_interval(secs => %s)"
            " ORDER BY zero_ref_since LIMIT %s FOR UPDATE SKIP LOCKED) RETURNING storage_key",
            (unused_s, limit),
        )
    ).fetchall()
    return [row[0] for row in rows if not str(row[0]).startswith("public/")]

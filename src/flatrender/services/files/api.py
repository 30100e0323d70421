"""The contract of files, in this process: for services, which name the tenant and see every file of it."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta
from uuid import UUID

from flatrender.contracts.files import Link, LinkRequest, StoredFile, StoreRequest
from flatrender.kit.clock import Clock
from flatrender.kit.db import Database, emit
from flatrender.kit.errors import Refused
from flatrender.kit.objects import LinkSigner, ObjectStore
from flatrender.services.files.errors import FileTooLarge, NoRoom, TypeMismatch
from flatrender.services.files.queries import library, quotas
from flatrender.services.files.queries.library import FileRow, NewFile
from flatrender.services.files.service.keeping import drop_spare, private_key, public_key, public_kind, public_name
from flatrender.services.files.service.kinds import BY_CONTENT_TYPE, HEAD_BYTES, JSON, M4A, MP4, OTHER, Kind, sniff
from flatrender.services.files.service.links import LONGEST_LINK_S, SHORTEST_LINK_S, signed_download
from flatrender.services.files.service.names import cleaned_name
from flatrender.services.files.settings import FilesSettings

PURPOSES = frozenset(
    {
        "user_media",
        "template_package",
        "template_preview",
        "font",
        "audio",
        "export",
        "snapshot",
        "avatar",
        "branding",
        "data_export",
        "log",
    }
)


@dataclass(frozen=True, kw_only=True)
class _Kept:
    """Bytes that lie in the store under a key of ours."""

    key: str
    spare: bool
    """Whether the key is of no use when the tenant has the bytes under another one."""
    sha256: bytes
    size_bytes: int
    permanent_url: str | None


class LocalFiles:
    """Implements `FilesApi`."""

    def __init__(
        self, database: Database, objects: ObjectStore, links: LinkSigner, settings: FilesSettings, clock: Clock
    ) -> None:
        self._database = database
        self._objects = objects
        self._links = links
        self._clock = clock
        self._settings = settings

    async def files(self, *, tenant_id: UUID, ids: Sequence[UUID]) -> Mapping[UUID, StoredFile]:
        """Return the files that are ready."""
        return {row.id: stored_file(row) for row in await self._rows(tenant_id, ids)}

    async def by_permanent_url(self, *, tenant_id: UUID, urls: Sequence[str]) -> Mapping[str, StoredFile]:
        """Return the public files of these addresses."""
        if not urls:
            return {}
        async with self._database.tenant(tenant_id) as conn:
            rows = await library.files_by_permanent_url(conn, tenant_id, urls)
        return {row.permanent_url: stored_file(row) for row in rows if row.permanent_url is not None}

    async def read(self, *, tenant_id: UUID, ids: Sequence[UUID], limit_bytes: int) -> Mapping[UUID, bytes]:
        """Return whole files; raise TooLarge when they have more than `limit_bytes` together."""
        rows = await self._rows(tenant_id, ids)
        total = sum(row.size_bytes for row in rows)
        if total > limit_bytes:
            raise FileTooLarge(f"the files have {total} bytes together; at most {limit_bytes} are read at once")
        return {row.id: await self._objects.get(row.storage_key, limit_bytes=limit_bytes) for row in rows}

    async def store(self, *, tenant_id: UUID, requests: Sequence[StoreRequest]) -> list[StoredFile]:
        """Keep bytes; each request is a transaction of its own."""
        return [stored_file(await self._store(tenant_id, request)) for request in requests]

    async def links(self, *, tenant_id: UUID, requests: Sequence[LinkRequest]) -> Mapping[UUID, Link]:
        """Return signed links to files that are there; raise BadFileName for a name that is none."""
        there = {row.id for row in await self._rows(tenant_id, [request.file_id for request in requests])}
        return {
            request.file_id: Link(
                url=signed_download(
                    self._links,
                    tenant_id,
                    request.file_id,
                    life_s=min(max(request.life_s, SHORTEST_LINK_S), LONGEST_LINK_S),
                    name=cleaned_name(request.name) if request.name is not None else None,
                ),
                expires_at=(
                    self._clock() + timedelta(seconds=min(max(request.life_s, SHORTEST_LINK_S), LONGEST_LINK_S))
                ).astimezone(UTC),
            )
            for request in requests
            if request.file_id in there
        }

    async def delete(self, *, tenant_id: UUID, ids: Sequence[UUID]) -> None:
        """Delete files of the tenant and give their room back to their owners."""
        if not ids:
            return
        async with self._database.tenant(tenant_id) as conn:
            for gone in await library.delete_files(conn, tenant_id, ids, keep_s=self._settings.keep_deleted_s):
                if gone.owner_user_id is not None:
                    await quotas.free(conn, tenant_id, gone.owner_user_id, used=gone.size_bytes)
                await emit(
                    conn,
                    "file_mgr",
                    tenant_id=tenant_id,
                    type="file.deleted",
                    aggregate_type="file",
                    aggregate_id=gone.id,
                    payload={
                        "file_id": str(gone.id),
                        "user_id": str(gone.owner_user_id) if gone.owner_user_id else None,
                    },
                )

    async def _rows(self, tenant_id: UUID, ids: Sequence[UUID]) -> list[FileRow]:
        if not ids:
            return []
        async with self._database.tenant(tenant_id) as conn:
            return await library.files_by_id(conn, tenant_id, ids)

    async def _store(self, tenant_id: UUID, request: StoreRequest) -> FileRow:
        if request.purpose not in PURPOSES:
            raise Refused(f"there is no purpose {request.purpose}", code="files.unknown_purpose")
        if (request.data is None) == (request.object_key is None):
            raise Refused("give either data or object_key", code="files.no_data")
        before = await self._stored_before(tenant_id, request)
        if before is not None:
            return before
        kept = await self._keep(tenant_id, request)
        used = None
        try:
            row, used = await self._record(tenant_id, request, kept)
        finally:
            if kept.spare and used is None:
                await self._objects.delete(kept.key)
        if kept.spare and used is not None:
            await drop_spare(self._objects, ours=kept.key, kept=used)
        if row is None:
            row = await self._stored_before(tenant_id, request)
        if row is None:
            raise Refused("the file was deleted while it was being stored", code="files.not_found")
        return row

    async def _stored_before(self, tenant_id: UUID, request: StoreRequest) -> FileRow | None:
        if request.dedupe_key is None:
            return None
        async with self._database.tenant(tenant_id) as conn:
            return await library.file_by_dedupe_key(conn, tenant_id, request.dedupe_key)

    async def _keep(self, tenant_id: UUID, request: StoreRequest) -> _Kept:
        """Put the bytes under our own key, so that whoever made an object may remove theirs."""
        digest, size, head = await self._measure(request)
        if not request.public:
            key = private_key(tenant_id)
            await self._put(key, request)
            return _Kept(key=key, spare=True, sha256=digest, size_bytes=size, permanent_url=None)
        kind = public_kind(request.content_type)
        if kind is None:
            raise Refused(f"{request.content_type} is not published", code="files.public_type_not_allowed")
        if not _looks_like(kind, head):
            raise TypeMismatch(f"the bytes are not {request.content_type}")
        name = public_name(tenant_id, digest, kind)
        key, _ = public_key(name)
        if not await self._objects.exists(key):
            await self._put(key, request)
        return _Kept(key=key, spare=False, sha256=digest, size_bytes=size, permanent_url=f"/p/{name}")

    async def _measure(self, request: StoreRequest) -> tuple[bytes, int, bytes]:
        digest = hashlib.sha256()
        if request.data is not None:
            digest.update(request.data)
            return digest.digest(), len(request.data), request.data[:HEAD_BYTES]
        key = request.object_key or ""
        size = await self._objects.size(key)
        if size > self._settings.max_object_bytes:
            raise FileTooLarge(f"the object has {size} bytes; at most {self._settings.max_object_bytes} are kept")
        head = b""
        async for part in self._objects.stream(key, 0, size):
            head = head or part[:HEAD_BYTES]
            digest.update(part)
        return digest.digest(), size, head

    async def _put(self, key: str, request: StoreRequest) -> None:
        if request.data is not None:
            await self._objects.put(key, request.data)
        elif request.object_key is not None:
            await self._objects.copy(request.object_key, key)

    async def _record(self, tenant_id: UUID, request: StoreRequest, kept: _Kept) -> tuple[FileRow | None, str | None]:
        """Return the new file and the key that its bytes have; (None, None) when another call was faster under the same natural key."""
        owner = request.owner_user_id
        try:
            async with self._database.tenant(tenant_id) as conn:
                if owner is not None:
                    await quotas.ensure_quota(conn, tenant_id, owner, self._settings.user_quota_bytes)
                    if not await quotas.settle(conn, tenant_id, owner, reserved=0, used=kept.size_bytes):
                        raise NoRoom("there is no room left for this file: delete what you do not need")
                blob = await library.acquire_blob(
                    conn,
                    tenant_id,
                    sha256=kept.sha256,
                    size_bytes=kept.size_bytes,
                    storage_key=kept.key,
                    content_type=request.content_type,
                )
                kind = BY_CONTENT_TYPE.get(request.content_type, OTHER)
                new = NewFile(
                    owner_user_id=owner,
                    name=cleaned_name(request.name),
                    purpose=request.purpose,
                    kind="font" if request.purpose == "font" else kind.kind,
                    content_type=request.content_type,
                    size_bytes=kept.size_bytes,
                    width=request.width,
                    height=request.height,
                    duration_ms=request.duration_ms,
                    permanent_url=kept.permanent_url,
                    dedupe_key=request.dedupe_key,
                )
                file_id = await library.insert_file(conn, tenant_id, blob.id, new)
                if file_id is None:
                    raise _Faster  # noqa: TRY301 - leaving the block by an exception is what rolls it back
                await emit(
                    conn,
                    "file_mgr",
                    tenant_id=tenant_id,
                    type="file.ready",
                    aggregate_type="file",
                    aggregate_id=file_id,
                    payload={
                        "file_id": str(file_id),
                        "user_id": str(owner) if owner else None,
                        "purpose": request.purpose,
                        "bytes": kept.size_bytes,
                    },
                )
                return (await library.files_by_id(conn, tenant_id, [file_id]))[0], blob.storage_key
        except _Faster:
            return None, None


class _Faster(Exception):
    """Another call has stored something under the same natural key: this one's changes are rolled back."""


def stored_file(row: FileRow) -> StoredFile:
    """Return the row as other services see it."""
    return StoredFile(
        id=row.id,
        name=row.name,
        purpose=row.purpose,
        kind=row.kind,
        content_type=row.content_type,
        size_bytes=row.size_bytes,
        sha256=row.sha256,
        object_key=row.storage_key,
        width=row.width,
        height=row.height,
        duration_ms=row.duration_ms,
        owner_user_id=row.owner_user_id,
        permanent_url=row.permanent_url,
    )


def _looks_like(kind: Kind, head: bytes) -> bool:
    found = sniff(head)
    if kind is JSON:
        return found is JSON or head.lstrip().startswith(b"[")
    return found is kind or {found, kind} == {M4A, MP4}

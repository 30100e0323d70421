"""An upload: room is reserved before the first byte is read, bytes are counted and checked, and the answer waits for the store."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from flatrender.kit.db import Database, emit
from flatrender.kit.errors import AppError
from flatrender.kit.ids import new_id
from flatrender.kit.objects import ObjectStore
from flatrender.services.files.errors import (
    FileTooLarge,
    NoRoom,
    TypeMismatch,
    TypeNotAllowed,
    UnknownPurpose,
    UploadBroken,
)
from flatrender.services.files.queries import library, quotas
from flatrender.services.files.queries.library import FileRow, NewFile
from flatrender.services.files.service.films import Films
from flatrender.services.files.service.intake import Intake, OverLimit, Received, file_digest
from flatrender.services.files.service.keeping import drop_spare, private_key
from flatrender.services.files.service.kinds import NAMES, SVG, UPLOADS, Kind, agrees, sniff
from flatrender.services.files.service.pictures import Pictures
from flatrender.services.files.service.sounds import Sounds
from flatrender.services.files.settings import FilesSettings


@dataclass(frozen=True, kw_only=True)
class Announcement:
    """What an upload says of itself before its body."""

    name: str
    purpose: str
    content_type: str
    length: int | None
    """Bytes; None when the body comes in chunks."""


@dataclass(frozen=True, kw_only=True)
class _Reservation:
    upload_id: UUID
    storage_key: str
    size_bytes: int


@dataclass(frozen=True, kw_only=True)
class _Checked:
    path: Path
    kind: Kind
    size_bytes: int
    sha256: bytes
    width: int | None = None
    height: int | None = None
    duration_ms: int | None = None


class Uploads:
    """Takes files from people."""

    def __init__(
        self,
        database: Database,
        objects: ObjectStore,
        settings: FilesSettings,
        intake: Intake,
        pictures: Pictures,
        sounds: Sounds,
        films: Films,
    ) -> None:
        self._database = database
        self._objects = objects
        self._settings = settings
        self._intake = intake
        self._pictures = pictures
        self._sounds = sounds
        self._films = films

    async def upload(
        self, tenant_id: UUID, user_id: UUID, announced: Announcement, body: AsyncIterator[bytes]
    ) -> FileRow:
        """Return the stored file.

        Raises UnknownPurpose, FileTooLarge (by the claim before anything is read, or by the bytes), NoRoom, UploadBroken, and the
        refusals of the checks.
        """
        if announced.purpose not in UPLOADS:
            raise UnknownPurpose(f"X-File-Purpose must be one of {', '.join(UPLOADS)}")
        limit = self._settings.limit_of(announced.purpose)
        if announced.length is not None and announced.length > limit:
            raise self._too_large(limit)
        reserved = await self._reserve(tenant_id, user_id, announced, limit)
        try:
            async with self._intake.workspace() as folder:
                received = await self._receive(body, folder, announced, limit, reserved.size_bytes)
                checked = await self._check(received, folder, announced)
                await self._objects.put(reserved.storage_key, checked.path)
            return await self._settle(tenant_id, user_id, announced, reserved, checked)
        except BaseException as error:
            code = error.code if isinstance(error, AppError) else "internal"
            await self._abandon(tenant_id, user_id, reserved, code)
            raise

    async def _reserve(self, tenant_id: UUID, user_id: UUID, announced: Announcement, limit: int) -> _Reservation:
        wanted = limit if announced.length is None else announced.length
        upload_id, key = new_id(), private_key(tenant_id)
        async with self._database.tenant(tenant_id) as conn:
            await quotas.ensure_quota(conn, tenant_id, user_id, self._settings.user_quota_bytes)
            at_least = 1 if announced.length is None else wanted
            reserved = await quotas.reserve(conn, tenant_id, user_id, wanted, at_least=at_least)
            if reserved is not None:
                await quotas.open_upload(
                    conn,
                    tenant_id,
                    user_id,
                    upload_id=upload_id,
                    purpose=announced.purpose,
                    filename=announced.name,
                    declared_type=announced.content_type[:200],
                    length_bytes=announced.length,
                    storage_key=key,
                    reserved=reserved,
                    life_s=self._settings.abandoned_upload_s,
                )
        if reserved is None:
            raise _no_room()
        return _Reservation(upload_id=upload_id, storage_key=key, size_bytes=reserved)

    async def _receive(
        self, body: AsyncIterator[bytes], folder: Path, announced: Announcement, limit: int, reserved: int
    ) -> Received:
        try:
            received = await self._intake.receive(body, folder, limit=min(limit, reserved), declared=announced.length)
        except OverLimit as error:
            if announced.length is not None:
                raise UploadBroken(f"{announced.length} bytes were announced and more arrived") from error
            raise (_no_room() if reserved < limit else self._too_large(limit)) from error
        if received.size_bytes == 0:
            raise UploadBroken("the file is empty")
        return received

    async def _check(self, received: Received, folder: Path, announced: Announcement) -> _Checked:
        kind = sniff(received.head)
        if kind not in UPLOADS[announced.purpose]:
            found = "SVG pictures are" if kind is SVG else f"{kind.content_type} is"
            raise TypeNotAllowed(f"{found} not taken here: send {NAMES[announced.purpose]}")
        if not agrees(announced.content_type, kind):
            raise TypeMismatch(
                f"the file is declared as {announced.content_type[:100]} and looks like {kind.content_type}"
            )
        if kind.kind == "image":
            clean = folder / "clean"
            picture = await self._pictures.clean(received.path, clean, kind)
            sha256, size = file_digest(clean)
            return _Checked(
                path=clean, kind=kind, size_bytes=size, sha256=sha256, width=picture.width, height=picture.height
            )
        if kind.kind == "video":
            film = await self._films.probe(received.path)
            return _Checked(
                path=received.path,
                kind=kind,
                size_bytes=received.size_bytes,
                sha256=received.sha256,
                width=film.width,
                height=film.height,
                duration_ms=film.duration_ms,
            )
        sound = await self._sounds.probe(received.path, kind) if kind.kind == "audio" else None
        return _Checked(
            path=received.path,
            kind=kind,
            size_bytes=received.size_bytes,
            sha256=received.sha256,
            duration_ms=sound.duration_ms if sound else None,
        )

    async def _settle(
        self, tenant_id: UUID, user_id: UUID, announced: Announcement, reserved: _Reservation, checked: _Checked
    ) -> FileRow:
        async with self._database.tenant(tenant_id) as conn:
            blob = await library.acquire_blob(
                conn,
                tenant_id,
                sha256=checked.sha256,
                size_bytes=checked.size_bytes,
                storage_key=reserved.storage_key,
                content_type=checked.kind.content_type,
            )
            new = NewFile(
                owner_user_id=user_id,
                name=announced.name,
                purpose=announced.purpose,
                kind=checked.kind.kind,
                content_type=checked.kind.content_type,
                size_bytes=checked.size_bytes,
                width=checked.width,
                height=checked.height,
                duration_ms=checked.duration_ms,
                permanent_url=None,
                dedupe_key=None,
            )
            file_id = await library.insert_file(conn, tenant_id, blob.id, new)
            if file_id is None:
                raise RuntimeError("a file without a natural key cannot exist already")
            held = await quotas.finish_upload(
                conn, tenant_id, reserved.upload_id, status="completed", file_id=file_id, error_code=None
            )
            if held is None:
                raise UploadBroken("the upload took too long and was given up: send the file again")
            if not await quotas.settle(conn, tenant_id, user_id, reserved=held, used=checked.size_bytes):
                raise _no_room()
            await emit(
                conn,
                "file_mgr",
                tenant_id=tenant_id,
                type="file.ready",
                aggregate_type="file",
                aggregate_id=file_id,
                payload={
                    "file_id": str(file_id),
                    "user_id": str(user_id),
                    "purpose": announced.purpose,
                    "bytes": checked.size_bytes,
                },
            )
            row = (await library.files_by_id(conn, tenant_id, [file_id]))[0]
        await drop_spare(self._objects, ours=reserved.storage_key, kept=blob.storage_key)
        return row

    async def _abandon(self, tenant_id: UUID, user_id: UUID, reserved: _Reservation, code: str) -> None:
        """Give the reservation back and remove what was stored. Should we die before, the sweep does the same later."""
        async with self._database.tenant(tenant_id) as conn:
            held = await quotas.finish_upload(
                conn, tenant_id, reserved.upload_id, status="failed", file_id=None, error_code=code
            )
            if held is not None:
                await quotas.give_back(conn, tenant_id, user_id, reserved=held)
        if held is not None:
            await self._objects.delete(reserved.storage_key)

    @staticmethod
    def _too_large(limit: int) -> FileTooLarge:
        return FileTooLarge(f"a file of this purpose has at most {limit} bytes ({limit // (1024 * 1024)} MiB)")


def _no_room() -> NoRoom:
    return NoRoom("there is no room left for this file: delete what you do not need")

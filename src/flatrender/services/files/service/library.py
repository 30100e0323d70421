"""Files that are there: what a person sees, smaller versions of pictures, deletion, links, the quota."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from flatrender.kit.clock import Clock
from flatrender.kit.db import Database, emit
from flatrender.kit.objects import LinkSigner, ObjectStore
from flatrender.services.files.errors import FileNotFound, NoThumbnail, NoWaveform
from flatrender.services.files.queries import library, quotas
from flatrender.services.files.queries.library import FileRow
from flatrender.services.files.queries.quotas import QuotaRow
from flatrender.services.files.service.films import Films
from flatrender.services.files.service.intake import bytes_digest
from flatrender.services.files.service.keeping import drop_spare, private_key
from flatrender.services.files.service.links import check_download, signed_download
from flatrender.services.files.service.pictures import THUMBNAIL_WIDTHS, Pictures, thumbnail_width
from flatrender.services.files.service.waveforms import PER_SECOND, WAVEFORM_TYPE, Waveforms
from flatrender.services.files.settings import FilesSettings

THUMBNAIL_TYPE = "image/webp"


@dataclass(frozen=True, kw_only=True)
class Content:
    """Bytes to be sent."""

    name: str
    content_type: str
    size_bytes: int
    sha256: bytes
    storage_key: str

    @property
    def etag(self) -> str:
        """The entity tag: the digest itself."""
        return f'"{self.sha256.hex()}"'


class Library:
    """Reads and deletes files of one tenant, as one person."""

    def __init__(
        self,
        database: Database,
        objects: ObjectStore,
        links: LinkSigner,
        settings: FilesSettings,
        pictures: Pictures,
        films: Films,
        waveforms: Waveforms,
        clock: Clock,
    ) -> None:
        self._database = database
        self._objects = objects
        self._links = links
        self._settings = settings
        self._pictures = pictures
        self._films = films
        self._waveforms = waveforms
        self._clock = clock

    async def own(
        self, tenant_id: UUID, user_id: UUID, *, purpose: str | None, kind: str | None, before: UUID | None, limit: int
    ) -> list[FileRow]:
        """Return a person's files, newest first."""
        async with self._database.tenant(tenant_id) as conn:
            return await library.own_files(
                conn, tenant_id, user_id, purpose=purpose, kind=kind, before=before, limit=limit
            )

    async def one(self, tenant_id: UUID, user_id: UUID, file_id: UUID) -> FileRow:
        """Return a file that this person may see; raise FileNotFound."""
        async with self._database.tenant(tenant_id) as conn:
            row = await library.visible_file(conn, tenant_id, user_id, file_id)
        if row is None:
            raise FileNotFound("there is no such file")
        return row

    async def content(self, tenant_id: UUID, user_id: UUID, file_id: UUID, *, width: int | None) -> Content:
        """Return what to send for a file, or for a picture of about `width` pixels of a picture or film; raise FileNotFound or NoThumbnail."""
        row = await self.one(tenant_id, user_id, file_id)
        if width is None:
            return content_of(row)
        if row.kind not in ("image", "video") or row.width is None:
            raise NoThumbnail("only pictures and films have smaller pictures: leave `width` out")
        step = thumbnail_width(width)
        if row.kind == "image" and step >= row.width:
            return content_of(row)
        return await self._thumbnail(tenant_id, row, step)

    async def waveform(self, tenant_id: UUID, user_id: UUID, file_id: UUID) -> Content:
        """Return the outline of a sound or of a video's sound; raise FileNotFound, NoWaveform, or SoundBroken when there is none to hear."""
        row = await self.one(tenant_id, user_id, file_id)
        if row.kind not in ("audio", "video"):
            raise NoWaveform("only sounds and videos have a waveform")
        params_key = f"p{PER_SECOND}"
        found = await self._derived(tenant_id, row, "waveform", params_key, WAVEFORM_TYPE)
        if found is not None:
            return found
        data = await self._waveforms.of(row.storage_key)
        return await self._keep_derived(tenant_id, row, "waveform", params_key, WAVEFORM_TYPE, data)

    async def _thumbnail(self, tenant_id: UUID, row: FileRow, width: int) -> Content:
        params_key = f"w{width}"
        found = await self._derived(tenant_id, row, "thumb", params_key, THUMBNAIL_TYPE)
        if found is not None:
            return found
        if row.kind == "video":
            original = await self._films.still(row.storage_key, longest=THUMBNAIL_WIDTHS[-1])
        else:
            original = await self._objects.get(row.storage_key, limit_bytes=self._settings.max_upload_bytes)
        data = await self._pictures.thumbnail(original, width)
        return await self._keep_derived(tenant_id, row, "thumb", params_key, THUMBNAIL_TYPE, data)

    async def _derived(
        self, tenant_id: UUID, row: FileRow, kind: str, params_key: str, content_type: str
    ) -> Content | None:
        async with self._database.tenant(tenant_id) as conn:
            found = await library.derivative(conn, tenant_id, row.id, kind, params_key)
        if found is None:
            return None
        return Content(
            name=row.name,
            content_type=content_type,
            size_bytes=found.size_bytes,
            sha256=found.sha256,
            storage_key=found.storage_key,
        )

    async def _keep_derived(
        self, tenant_id: UUID, row: FileRow, kind: str, params_key: str, content_type: str, data: bytes
    ) -> Content:
        key, sha256 = private_key(tenant_id), bytes_digest(data)
        await self._objects.put(key, data)
        async with self._database.tenant(tenant_id) as conn:
            blob = await library.acquire_blob(
                conn, tenant_id, sha256=sha256, size_bytes=len(data), storage_key=key, content_type=content_type
            )
            kept = await library.insert_derivative(conn, tenant_id, row.id, kind, params_key, blob.id)
            if not kept:
                await library.release_blob(conn, tenant_id, blob.id)
        await drop_spare(self._objects, ours=key, kept=blob.storage_key)
        return Content(
            name=row.name,
            content_type=content_type,
            size_bytes=len(data),
            sha256=sha256,
            storage_key=blob.storage_key,
        )

    async def delete(self, tenant_id: UUID, user_id: UUID, file_id: UUID) -> None:
        """Delete a person's own file and give its room back; raise FileNotFound for another's."""
        async with self._database.tenant(tenant_id) as conn:
            gone = await library.delete_file(conn, tenant_id, user_id, file_id, keep_s=self._settings.keep_deleted_s)
            if gone is not None:
                await quotas.free(conn, tenant_id, user_id, used=gone.size_bytes)
                await emit(
                    conn,
                    "file_mgr",
                    tenant_id=tenant_id,
                    type="file.deleted",
                    aggregate_type="file",
                    aggregate_id=file_id,
                    payload={"file_id": str(file_id), "user_id": str(user_id)},
                )
        if gone is None:
            raise FileNotFound("there is no such file")

    async def download_link(self, tenant_id: UUID, user_id: UUID, file_id: UUID) -> tuple[str, datetime]:
        """Return a link that needs no sign-in, and when it ends; raise FileNotFound."""
        row = await self.one(tenant_id, user_id, file_id)
        life_s = self._settings.link_life_s
        ends = (self._clock() + timedelta(seconds=life_s)).astimezone(UTC)
        return signed_download(self._links, tenant_id, row.id, life_s=life_s), ends

    async def linked_content(
        self, tenant_id: UUID, file_id: UUID, expires: int, signature: str, *, name: str | None = None
    ) -> Content:
        """Return what a download link leads to; raise Forbidden for a link that is not ours or has ended, and FileNotFound."""
        check_download(self._links, tenant_id, file_id, expires, signature, name=name)
        async with self._database.tenant(tenant_id) as conn:
            rows = await library.files_by_id(conn, tenant_id, [file_id])
        if not rows:
            raise FileNotFound("there is no such file")
        return content_of(rows[0])

    async def quota(self, tenant_id: UUID, user_id: UUID) -> QuotaRow:
        """Return what a person may keep and what they do."""
        async with self._database.tenant(tenant_id) as conn:
            await quotas.ensure_quota(conn, tenant_id, user_id, self._settings.user_quota_bytes)
            found = await quotas.quota(conn, tenant_id, user_id)
        return found or QuotaRow(limit_bytes=self._settings.user_quota_bytes, used_bytes=0, reserved_bytes=0)


def content_of(row: FileRow) -> Content:
    """Return the file's own bytes."""
    return Content(
        name=row.name,
        content_type=row.content_type,
        size_bytes=row.size_bytes,
        sha256=row.sha256,
        storage_key=row.storage_key,
    )

"""Uploaded files: found for their owner, looked at without reading them whole, brought to a folder."""

import asyncio
import struct
from pathlib import Path, PurePosixPath
from uuid import UUID

from flatrender.contracts.files import FilesApi, StoredFile
from flatrender.kit.errors import Refused
from flatrender.kit.objects import ObjectStore
from flatrender.services.content.errors import file_not_found

MANIFEST = "template.json"
MIB = 1024 * 1024
DIRECTORY_BYTES = 2 * MIB
"""How much of an archive's end is looked at: a directory that is longer belongs to no project that we take."""
MAX_ENTRIES = 20_000
_END = b"PK\x05\x06"
_END_BYTES = 22
_ENTRY = b"PK\x01\x02"
_ENTRY_BYTES = 46


class UploadedFiles:
    """What people uploaded, for the service that imports it."""

    def __init__(self, *, files: FilesApi, objects: ObjectStore | None) -> None:
        self._files = files
        self._objects = objects

    async def find(self, *, tenant_id: UUID, user_id: UUID, file_id: UUID) -> StoredFile:
        """Return a file of the tenant that is this person's or a service's; raise NotFound `content.file_not_found`."""
        file = (await self._files.files(tenant_id=tenant_id, ids=[file_id])).get(file_id)
        if file is None or file.owner_user_id not in (None, user_id):
            raise file_not_found()
        return file

    async def is_project(self, tenant_id: UUID, file: StoredFile, *, limit_bytes: int) -> bool:
        """Return whether the file is an After Effects project, or an archive with one and without a template's manifest."""
        head = await self._part(tenant_id, file, 0, 16, limit_bytes)
        if head[:4] == b"RIFX" and head[8:12] == b"Egg!":
            return True
        if not head.startswith(b"PK\x03\x04"):
            return False
        length = min(file.size_bytes, DIRECTORY_BYTES)
        tail = await self._part(tenant_id, file, file.size_bytes - length, length, limit_bytes)
        return _holds_project(await asyncio.to_thread(entry_names, tail, file.size_bytes))

    async def fetch(self, tenant_id: UUID, file: StoredFile, path: Path, *, limit_bytes: int) -> None:
        """Write the file's bytes to `path`. Raises Refused when there are more than `limit_bytes`, NotFound when it is gone."""
        if file.size_bytes > limit_bytes:
            raise Refused(
                f"{file.name}: {file.size_bytes >> 20} MB; at most {limit_bytes >> 20} MB are imported",
                code="content.project_too_large",
            )
        if self._objects is None:
            data = (await self._files.read(tenant_id=tenant_id, ids=[file.id], limit_bytes=limit_bytes)).get(file.id)
            if data is None:
                raise file_not_found()
            await asyncio.to_thread(path.write_bytes, data)
            return
        with path.open("wb") as out:
            async for piece in self._objects.stream(file.object_key, 0, file.size_bytes):
                await asyncio.to_thread(out.write, piece)

    async def _part(self, tenant_id: UUID, file: StoredFile, start: int, length: int, limit_bytes: int) -> bytes:
        if self._objects is not None:
            return await self._objects.read_range(file.object_key, start, min(length, file.size_bytes - start))
        found = await self._files.read(tenant_id=tenant_id, ids=[file.id], limit_bytes=limit_bytes)
        return found.get(file.id, b"")[start : start + length]


def entry_names(tail: bytes, size: int) -> list[str]:
    """Return the names in the directory of a zip archive of `size` bytes that ends with `tail`; none when the directory is damaged or not in it.

    The layout is that of PKWARE's APPNOTE.TXT, 4.3.12 and 4.3.16.
    """
    at = tail.rfind(_END)
    if at < 0 or at + _END_BYTES > len(tail):
        return []
    _, _, _, entries, length, offset = struct.unpack_from("<4H2I", tail, at + 4)
    start = offset - (size - len(tail))
    if start < 0 or start + length > at or entries > MAX_ENTRIES:
        return []
    names: list[str] = []
    for _ in range(entries):
        if tail[start : start + 4] != _ENTRY or start + _ENTRY_BYTES > at:
            return []
        name, extra, comment = struct.unpack_from("<3H", tail, start + 28)
        names.append(tail[start + _ENTRY_BYTES : start + _ENTRY_BYTES + name].decode("utf-8", "replace"))
        start += _ENTRY_BYTES + name + extra + comment
    return names


def _holds_project(names: list[str]) -> bool:
    paths = [PurePosixPath(name.replace("\\", "/")) for name in names]
    if any(path.name == MANIFEST and len(path.parts) <= 2 for path in paths):
        return False
    return any(path.suffix.lower() in {".aep", ".aepx"} and not path.name.startswith(".") for path in paths)

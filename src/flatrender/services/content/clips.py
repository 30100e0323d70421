"""Films of the tenant's as files on this machine, for the time that their scenes are resolved."""

import asyncio
import contextlib
import hashlib
import shutil
import tempfile
from collections import OrderedDict
from pathlib import Path

import msgspec

from flatrender.contracts.files import StoredFile
from flatrender.kit.errors import Unavailable
from flatrender.kit.objects import ObjectStore


class FilmAsset(msgspec.Struct, frozen=True, kw_only=True):
    """A film as the engine takes it, and where its bytes lie for others."""

    path: Path
    sha256: str
    object_key: str


class ClipFolder:
    """Films fetched from a remote store, the least recently used removed above `limit_bytes`; those of a folder are used where they lie."""

    def __init__(self, objects: ObjectStore | None, *, limit_bytes: int) -> None:
        self._objects = objects
        self._limit_bytes = limit_bytes
        self._folder: Path | None = None
        self._kept: OrderedDict[str, int] = OrderedDict()
        self._fetching: dict[str, asyncio.Lock] = {}

    async def fetched(self, file: StoredFile) -> FilmAsset:
        """Return the film on this machine. Raises Unavailable when it does not have its hash, NotFound when it is gone."""
        if self._objects is None:
            raise Unavailable("films cannot be read here", code="content.films_unavailable")
        sha256 = file.sha256.hex()
        path = self._objects.local_path(file.object_key)
        if path is None:
            async with self._fetching.setdefault(sha256, asyncio.Lock()):
                path = await self._copied(self._objects, file, sha256)
        return FilmAsset(path=path, sha256=sha256, object_key=file.object_key)

    async def _copied(self, objects: ObjectStore, file: StoredFile, sha256: str) -> Path:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="flatrender-films-"))
        path = self._folder / sha256
        if sha256 in self._kept:
            self._kept.move_to_end(sha256)
            return path
        part = path.with_suffix(".part")
        digest = hashlib.sha256()
        with part.open("wb") as out:
            async for piece in objects.stream(file.object_key, 0, file.size_bytes):
                digest.update(piece)
                await asyncio.to_thread(out.write, piece)
        if digest.hexdigest() != sha256:
            part.unlink()
            raise Unavailable("a film does not have its hash", code="content.film_damaged")
        part.replace(path)
        self._kept[sha256] = file.size_bytes
        while sum(self._kept.values()) > self._limit_bytes and len(self._kept) > 1:
            gone, _ = self._kept.popitem(last=False)
            with contextlib.suppress(OSError):
                (self._folder / gone).unlink()
        return path

    def close(self) -> None:
        """Remove what was fetched."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None
            self._kept.clear()

"""Objects: bytes under keys, in a folder by default or in an S3-compatible store, and the links that we sign ourselves.

Keys are chosen by us and checked here; a name that a person gave is never part of one.
"""

import asyncio
import hashlib
import hmac
import os
import re
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import obstore
import structlog
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import LocalStore
from obstore.store import ObjectStore as _Store

from flatrender.kit.errors import Forbidden, NotFound, Unavailable
from flatrender.kit.metrics import count_store
from flatrender.kit.s3 import S3Options, open_s3, signed_url

log = structlog.get_logger(__name__)

KEY_PATTERN = re.compile(r"[a-z0-9][a-zA-Z0-9_.-]*(/[a-zA-Z0-9][a-zA-Z0-9_.-]*){0,9}")
MAX_KEY_CHARACTERS = 400
STREAM_PART_BYTES = 1024 * 1024
REMOTE_PART_BYTES = 4 * 1024 * 1024
"""What one request of a stream asks a remote store for."""
UPLOAD_PART_BYTES = 8 * 1024 * 1024
UPLOAD_PARTS_AT_ONCE = 4


def checked_key(key: str) -> str:
    """Return the key when it has our form (no `..`, no leading dot, no backslash); raise NotFound otherwise."""
    if len(key) > MAX_KEY_CHARACTERS or not KEY_PATTERN.fullmatch(key) or ".." in key:
        raise NotFound("there is no such object", code="files.not_found")
    return key


class ObjectStore:
    """The platform's store. A write is complete or absent: readers never see half an object.

    A remote store that does not answer in time, or refuses us, raises Unavailable: trying again later is right.
    """

    def __init__(self, place: str | S3Options, *, direct_links: bool = True) -> None:
        """Open `place`: an absolute folder, or an S3-compatible store. Nothing is asked of a remote one yet.

        `direct_links` lets nodes and downloads go to the bucket themselves; without it every byte passes through us.
        """
        self._folder: Path | None = None
        self._s3: S3Options | None = None
        self._direct = False
        self._store: _Store
        if isinstance(place, S3Options):
            self._s3 = place
            self._store = open_s3(place)
            self._direct = direct_links and place.can_sign
        else:
            self._folder = Path(place)
            self._store = LocalStore(place, mkdir=True)

    def local_path(self, key: str) -> Path | None:
        """Return where the object lies on this machine, or None for a remote store."""
        return self._folder / checked_key(key) if self._folder else None

    async def complaint(self) -> str | None:
        """Return why a remote store cannot be used, or None. Raises Unavailable when it does not answer."""
        if self._s3 is None:
            return None
        try:
            async for _ in obstore.list(self._store, chunk_size=1):
                break
        except BaseError as error:
            # The library has no types for what listing is answered with.
            said = _first_line(error)
            if "404 Not Found" in said:
                return f"there is no bucket {self._s3.bucket} at {self._s3.base}"
            if "403 Forbidden" in said or "401 Unauthorized" in said:
                return f"the object store refuses our keys for the bucket {self._s3.bucket}"
            raise Unavailable(f"the object store does not answer: {said}", code="files.store_unavailable") from error
        return None

    @count_store("put", absent=NotFound)
    async def put(self, key: str, data: bytes | Path | AsyncIterator[bytes]) -> None:
        """Store bytes, a file or a stream under `key`, replacing what was there. A remote store gets large ones in parts, a few at a time."""
        with _told():
            await obstore.put_async(
                self._store, checked_key(key), data, chunk_size=UPLOAD_PART_BYTES, max_concurrency=UPLOAD_PARTS_AT_ONCE
            )
        await self._flush(key)

    @count_store("copy", absent=NotFound)
    async def copy(self, source: str, target: str) -> None:
        """Store the object `source` under `target` as well, without moving its bytes through here; raise NotFound when absent."""
        with _told():
            await obstore.copy_async(self._store, checked_key(source), checked_key(target))
        await self._flush(target)

    async def stream(self, key: str, start: int, length: int) -> AsyncIterator[bytes]:
        """Yield `length` bytes from `start` in parts of at most 1 MiB (a remote store: 4 MiB); raise NotFound when the object is absent."""
        end = start + length
        part = STREAM_PART_BYTES if self._s3 is None else REMOTE_PART_BYTES
        for position in range(start, end, part):
            yield await self.read_range(key, position, min(part, end - position))

    async def fetch(self, key: str, path: Path, *, limit_bytes: int) -> None:
        """Write the object into the file `path`, a part at a time; raise NotFound when absent and Unavailable when larger than `limit_bytes`."""
        size = await self.size(key)
        if size > limit_bytes:
            raise Unavailable(f"the object is larger than {limit_bytes} bytes", code="files.object_too_large")
        with path.open("wb") as out:
            async for part in self.stream(key, 0, size):
                await asyncio.to_thread(out.write, part)

    @count_store("get", absent=NotFound)
    async def get(self, key: str, *, limit_bytes: int) -> bytes:
        """Return the object; raise NotFound when absent and Unavailable when it is larger than `limit_bytes`."""
        if await self.size(key) > limit_bytes:
            raise Unavailable(f"the object is larger than {limit_bytes} bytes", code="files.object_too_large")
        with _told():
            result = await obstore.get_async(self._store, checked_key(key))
            return bytes(await result.bytes_async())

    @count_store("read_range", absent=NotFound)
    async def read_range(self, key: str, start: int, length: int) -> bytes:
        """Return `length` bytes from `start`; raise NotFound when the object is absent."""
        with _told():
            return bytes(await obstore.get_range_async(self._store, checked_key(key), start=start, length=length))

    @count_store("size", absent=NotFound)
    async def size(self, key: str) -> int:
        """Return the object's bytes; raise NotFound when absent."""
        with _told():
            return int((await obstore.head_async(self._store, checked_key(key)))["size"])

    async def exists(self, key: str) -> bool:
        """Return whether the object is there."""
        try:
            await self.size(key)
        except NotFound:
            return False
        return True

    async def keys(self, folder: str) -> AsyncIterator[str]:
        """Yield the keys below `folder` (`films/…`, without a slash at its end), in no order."""
        with _told():
            async for batch in obstore.list(self._store, checked_key(folder) + "/"):
                for found in batch:
                    yield str(found["path"])

    @count_store("delete", absent=NotFound)
    async def delete(self, *keys: str) -> None:
        """Delete objects; an absent one is no error."""
        for key in keys:
            try:
                with _told():
                    await obstore.delete_async(self._store, checked_key(key))
            except NotFound:
                continue

    def direct_url(
        self, method: str, key: str, *, life_s: int, answer_headers: Mapping[str, str] | None = None
    ) -> str | None:
        """Return a link straight into the bucket, or None when bytes pass through us: for a folder, without keys of our own, or as the operator chose."""
        if self._s3 is None or not self._direct:
            return None
        return signed_url(self._s3, method, checked_key(key), life_s=life_s, answer_headers=answer_headers)

    async def _flush(self, key: str) -> None:
        """Wait until a folder's new object survives a power cut (the file and its directory entry); other stores promise it themselves."""
        path = self.local_path(key)
        if path is not None:
            await asyncio.to_thread(_fsync, path)


@contextmanager
def _told() -> Iterator[None]:
    """Say what the store says in our own words."""
    try:
        yield
    except FileNotFoundError as error:
        raise NotFound("there is no such object", code="files.not_found") from error
    except (PermissionDeniedError, UnauthenticatedError) as error:
        log.error("objects_refused", error=_first_line(error))  # noqa: TRY400 - the trace says nothing
        raise Unavailable("the object store refuses us", code="files.store_unavailable", retry_after_s=30) from error
    except (BaseError, OSError) as error:
        log.warning("objects_away", error=_first_line(error))
        raise Unavailable(
            "the object store does not answer; try again shortly", code="files.store_unavailable", retry_after_s=5
        ) from error


def _first_line(error: Exception) -> str:
    """Return what went wrong without the library's debug print, which is long."""
    return next(iter(str(error).splitlines()), type(error).__name__)[:300]


def _fsync(path: Path) -> None:
    for name in (path, path.parent):
        descriptor = os.open(name, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


class LinkSigner:
    """Signs and checks links to objects: HMAC-SHA256 over method, key and expiry (seconds since the epoch)."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def sign(self, method: str, key: str, *, life_s: int) -> str:
        """Return the path and query of a link that allows `method` on `key` for `life_s` seconds."""
        expires = int(time.time()) + life_s
        return f"/o/{checked_key(key)}?expires={expires}&signature={self._signature(method, key, expires)}"

    def check(self, method: str, key: str, expires: int, signature: str) -> None:
        """Raise Forbidden unless the signature is ours and its time has not passed."""
        if not hmac.compare_digest(self._signature(method, key, expires).encode(), signature.encode(errors="replace")):
            raise Forbidden("this link was not signed by us", code="files.link_invalid")
        if expires < time.time():
            raise Forbidden("this link has expired: ask for a new one", code="files.link_expired")

    def _signature(self, method: str, key: str, expires: int) -> str:
        text = f"{method}\n{key}\n{expires}".encode()
        return hmac.new(self._secret, text, hashlib.sha256).hexdigest()


class ObjectLinks(LinkSigner):
    """Links to objects as nodes get them: into the bucket where that is allowed, else to us."""

    def __init__(self, secret: bytes, objects: ObjectStore) -> None:
        super().__init__(secret)
        self._objects = objects

    def sign(self, method: str, key: str, *, life_s: int) -> str:
        """Return a link that allows `method` on `key` for `life_s` seconds: an address of its own, or the path and query of one of ours."""
        return self._objects.direct_url(method, key, life_s=life_s) or super().sign(method, key, life_s=life_s)

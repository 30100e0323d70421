"""Objects: bytes under keys, in a folder by default or in an S3-compatible store, and the links that we sign ourselves.

Keys are chosen by us and checked here; a name that a person gave is never part of one.
"""

import asyncio
import hashlib
import hmac
import os
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path

import obstore
from obstore.store import LocalStore, from_url
from obstore.store import ObjectStore as _Store

from flatrender.kit.errors import Forbidden, NotFound, Unavailable
from flatrender.kit.metrics import count_store

KEY_PATTERN = re.compile(r"[a-z0-9][a-zA-Z0-9_.-]*(/[a-zA-Z0-9][a-zA-Z0-9_.-]*){0,9}")
MAX_KEY_CHARACTERS = 400
STREAM_PART_BYTES = 1024 * 1024


def checked_key(key: str) -> str:
    """Return the key when it has our form (no `..`, no leading dot, no backslash); raise NotFound otherwise."""
    if len(key) > MAX_KEY_CHARACTERS or not KEY_PATTERN.fullmatch(key) or ".." in key:
        raise NotFound("there is no such object", code="files.not_found")
    return key


class ObjectStore:
    """The platform's store. A write is complete or absent: readers never see half an object."""

    def __init__(self, url: str) -> None:
        """Open `url`: an absolute folder, or `s3://bucket/prefix` and the like (credentials from the environment)."""
        self._folder: Path | None = None
        self._store: _Store
        if "://" in url:
            self._store = from_url(url)
        else:
            self._folder = Path(url)
            self._store = LocalStore(url, mkdir=True)

    def local_path(self, key: str) -> Path | None:
        """Return where the object lies on this machine, or None for a remote store."""
        return self._folder / checked_key(key) if self._folder else None

    @count_store("put", absent=NotFound)
    async def put(self, key: str, data: bytes | Path | AsyncIterator[bytes]) -> None:
        """Store bytes, a file or a stream under `key`, replacing what was there."""
        await obstore.put_async(self._store, checked_key(key), data)
        await self._flush(key)

    @count_store("copy", absent=NotFound)
    async def copy(self, source: str, target: str) -> None:
        """Store the object `source` under `target` as well, without moving its bytes through here; raise NotFound when absent."""
        try:
            await obstore.copy_async(self._store, checked_key(source), checked_key(target))
        except FileNotFoundError as error:
            raise NotFound("there is no such object", code="files.not_found") from error
        await self._flush(target)

    async def stream(self, key: str, start: int, length: int) -> AsyncIterator[bytes]:
        """Yield `length` bytes from `start` in parts of at most 1 MiB; raise NotFound when the object is absent."""
        end = start + length
        for position in range(start, end, STREAM_PART_BYTES):
            yield await self.read_range(key, position, min(STREAM_PART_BYTES, end - position))

    @count_store("get", absent=NotFound)
    async def get(self, key: str, *, limit_bytes: int) -> bytes:
        """Return the object; raise NotFound when absent and Unavailable when it is larger than `limit_bytes`."""
        if await self.size(key) > limit_bytes:
            raise Unavailable(f"the object is larger than {limit_bytes} bytes", code="files.object_too_large")
        try:
            result = await obstore.get_async(self._store, checked_key(key))
            return bytes(await result.bytes_async())
        except FileNotFoundError as error:
            raise NotFound("there is no such object", code="files.not_found") from error

    @count_store("read_range", absent=NotFound)
    async def read_range(self, key: str, start: int, length: int) -> bytes:
        """Return `length` bytes from `start`; raise NotFound when the object is absent."""
        try:
            return bytes(await obstore.get_range_async(self._store, checked_key(key), start=start, length=length))
        except FileNotFoundError as error:
            raise NotFound("there is no such object", code="files.not_found") from error

    @count_store("size", absent=NotFound)
    async def size(self, key: str) -> int:
        """Return the object's bytes; raise NotFound when absent."""
        try:
            return int((await obstore.head_async(self._store, checked_key(key)))["size"])
        except FileNotFoundError as error:
            raise NotFound("there is no such object", code="files.not_found") from error

    async def exists(self, key: str) -> bool:
        """Return whether the object is there."""
        try:
            await self.size(key)
        except NotFound:
            return False
        return True

    @count_store("delete", absent=NotFound)
    async def delete(self, *keys: str) -> None:
        """Delete objects; an absent one is no error."""
        for key in keys:
            try:
                await obstore.delete_async(self._store, checked_key(key))
            except FileNotFoundError:
                continue

    async def _flush(self, key: str) -> None:
        """Wait until a folder's new object survives a power cut (the file and its directory entry); other stores promise it themselves."""
        path = self.local_path(key)
        if path is not None:
            await asyncio.to_thread(_fsync, path)


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

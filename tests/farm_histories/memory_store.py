"""The objects of histories: bytes in memory, behind the store's own interface."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

from flatrender.kit.errors import NotFound
from flatrender.kit.objects import ObjectStore, checked_key


class MemoryStore(ObjectStore):
    """`ObjectStore` without a folder: nothing waits for a disk."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    def local_path(self, key: str) -> Path | None:
        return None

    async def put(self, key: str, data: bytes | Path | AsyncIterator[bytes]) -> None:
        assert isinstance(data, bytes), "histories store bytes"
        self.objects[checked_key(key)] = data

    async def copy(self, source: str, target: str) -> None:
        self.objects[checked_key(target)] = self._found(source)

    async def get(self, key: str, *, limit_bytes: int) -> bytes:
        return self._found(key)

    async def read_range(self, key: str, start: int, length: int) -> bytes:
        return self._found(key)[start : start + length]

    async def size(self, key: str) -> int:
        return len(self._found(key))

    async def delete(self, *keys: str) -> None:
        for key in keys:
            self.objects.pop(key, None)

    def _found(self, key: str) -> bytes:
        if checked_key(key) not in self.objects:
            raise NotFound("there is no such object", code="files.not_found")
        return self.objects[key]

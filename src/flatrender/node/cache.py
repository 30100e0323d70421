"""Resolved scenes on the node's disk: named by their hash, least recently used go first, a damaged one is fetched again."""

import hashlib
import os
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path

from flatrender.node.errors import WorkFailed


class SceneCache:
    """A folder of at most `limit_bytes`. May be used from several threads."""

    def __init__(self, folder: Path, *, limit_bytes: int = 1 << 30) -> None:
        self._folder = folder
        self._limit_bytes = limit_bytes
        self._locks: dict[str, threading.Lock] = defaultdict(threading.Lock)
        self._guard = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.glob("*.part"):
            left.unlink(missing_ok=True)

    def get(self, sha256: str, fetch: Callable[[], Iterable[bytes]]) -> bytes:
        """Return the scene with this hash, from the disk or by `fetch`. Raises WorkFailed `scene_damaged` when what is fetched has another hash."""
        with self._guard:
            lock = self._locks[sha256]
        with lock:
            path = self._folder / f"{sha256}.json"
            try:
                data = path.read_bytes()
            except FileNotFoundError:
                data = b""
            if data and hashlib.sha256(data).hexdigest() == sha256:
                os.utime(path)
                return data
            path.unlink(missing_ok=True)
            data = b"".join(fetch())
            if hashlib.sha256(data).hexdigest() != sha256:
                raise WorkFailed("scene_damaged", f"the scene {sha256[:12]}… arrived with another hash")
            part = path.with_suffix(".part")
            part.write_bytes(data)
            part.replace(path)
        self._shrink(keep=path)
        return data

    def purge(self) -> tuple[int, int]:
        """Remove every scene; return how many and their bytes. What is being drawn is in memory."""
        files, size = 0, 0
        with self._guard:
            for path in self._folder.glob("*.json"):
                size += path.stat().st_size
                files += 1
                path.unlink(missing_ok=True)
        return files, size

    def _shrink(self, keep: Path) -> None:
        with self._guard:
            entries = sorted(
                ((entry.stat().st_mtime, entry.stat().st_size, entry) for entry in self._folder.glob("*.json")),
                key=lambda entry: entry[0],
            )
            total = sum(size for _, size, _ in entries)
            for _, size, entry in entries:
                if total <= self._limit_bytes:
                    return
                if entry != keep:
                    entry.unlink(missing_ok=True)
                    total -= size

"""Files on the node's disk, named by their hash: the least recently used go first, but none that is in use; a damaged one is fetched again."""

import contextlib
import hashlib
import os
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from flatrender.node.errors import WorkFailed


class FileCache:
    """A folder of at most `limit_bytes`. May be used from several threads."""

    def __init__(self, folder: Path, *, limit_bytes: int, what: str, damaged_code: str, distrust: bool = False) -> None:
        """Open the folder. `what` names a file to people; with `distrust` a file is checked each time, else once in the life of this process."""
        self._folder = folder
        self._limit_bytes = limit_bytes
        self._what = what
        self._damaged_code = damaged_code
        self._distrust = distrust
        self._locks: dict[str, threading.Lock] = defaultdict(threading.Lock)
        self._held: Counter[str] = Counter()  # guarded by _guard
        self._guard = threading.Lock()
        self._whole: set[str] = set()  # whose hash this process has checked; guarded by _guard
        self._hits: Counter[str] = Counter()  # guarded by _guard
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.glob("*.part"):
            left.unlink(missing_ok=True)

    @contextlib.contextmanager
    def held(self, sha256: str, fetch: Callable[[], Iterable[bytes]]) -> Iterator[Path]:
        """Give the file, from the disk or by `fetch`; it stays until the block ends.

        Raises WorkFailed with the cache's code when what is fetched has another hash.
        """
        with self._guard:
            lock = self._locks[sha256]
            self._held[sha256] += 1
        try:
            with lock:
                path = self._ready(sha256, fetch)
            self._shrink()
            yield path
        finally:
            with self._guard:
                self._held[sha256] -= 1

    def entries(self) -> dict[str, tuple[int, int]]:
        """Return what is on the disk: hash → (bytes, uses without fetching)."""
        with self._guard:
            return {entry.name: (entry.stat().st_size, self._hits[entry.name]) for entry in self._files()}

    def purge(self) -> tuple[int, int]:
        """Remove every file that is not in use; return how many and their bytes."""
        files, size = 0, 0
        with self._guard:
            for entry in self._files():
                if not self._held[entry.name]:
                    size += entry.stat().st_size
                    files += 1
                    entry.unlink(missing_ok=True)
                    self._whole.discard(entry.name)
        return files, size

    def _files(self) -> list[Path]:
        return [entry for entry in self._folder.iterdir() if not entry.suffix]

    def _ready(self, sha256: str, fetch: Callable[[], Iterable[bytes]]) -> Path:
        path = self._folder / sha256
        trusted = sha256 in self._whole and not self._distrust
        if path.is_file() and (trusted or _digest(path) == sha256):
            os.utime(path)
            with self._guard:
                self._hits[sha256] += 1
        else:
            path.unlink(missing_ok=True)
            part = path.with_suffix(".part")
            digest = hashlib.sha256()
            with part.open("wb") as out:
                for piece in fetch():
                    digest.update(piece)
                    out.write(piece)
            if digest.hexdigest() != sha256:
                part.unlink()
                raise WorkFailed(self._damaged_code, f"the {self._what} {sha256[:12]}… arrived with another hash")
            part.replace(path)
        with self._guard:
            self._whole.add(sha256)
        return path

    def _shrink(self) -> None:
        with self._guard:
            entries = sorted(
                ((entry.stat().st_mtime, entry.stat().st_size, entry) for entry in self._files()),
                key=lambda entry: entry[0],
            )
            total = sum(size for _, size, _ in entries)
            for _, size, entry in entries:
                if total <= self._limit_bytes:
                    return
                if not self._held[entry.name]:
                    entry.unlink(missing_ok=True)
                    self._whole.discard(entry.name)
                    total -= size


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

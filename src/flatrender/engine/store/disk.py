"""The store on disk: files under the hash of what they were made of.

An entry is one file whose name says its key, its size and its checksum, so that one rename publishes all three and no index can disagree. No
lock is held: an entry never changes, a reader links it out before it looks at it, and two processes that keep the same thing keep it twice at
worst. What a kill or a power cut leaves half written has no entry's name, or does not match it.
"""

import contextlib
import hashlib
import logging
import os
import re
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

DEFAULT_LIMIT_BYTES = 5 << 30
_FORMAT = "1"
"""Of the folder; another way of keeping gets another."""
_NAMESPACE = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_KEY = re.compile(r"[0-9a-f]{64}")
_ENTRY = re.compile(r"([0-9a-f]{64})\.(\d{1,15})\.([0-9a-f]{32})(\.[a-z0-9]{1,8})")
_LEFT_BEHIND_S = 3600.0
"""A file in the making that is older belongs to a process that died."""
_BLOCK = 4096
"""What a small file takes on a disk."""
_PRUNE_TO = 0.9
_CHUNK = 1 << 20

log = logging.getLogger("flatrender.store")


class StoreInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What is in a store."""

    folder: str
    limit_bytes: int
    entries: int
    bytes: int
    namespaces: dict[str, int]
    """Bytes of each."""
    oldest_use: float | None
    """When the entry that would go first was last used, seconds since 1970."""


class StoreUse(msgspec.Struct, kw_only=True):
    """What one `Store` object was asked since it was made."""

    hits: int = 0
    misses: int = 0
    kept: int = 0
    damaged: int = 0
    """Entries that did not match their checksum and were removed."""
    removed: int = 0
    """Entries that went to make room."""


class _Entry(NamedTuple):
    used_ns: int
    bytes: int
    path: Path
    namespace: str


class Store:
    """A folder of results of at most `limit_bytes`; what was used longest ago goes first. Any thread may use it, and many processes at once.

    Each `namespace` (a tenant's, say) sees its own entries only; the limit is for all of them together. A store never makes its user fail: what cannot
    be read is absent, what cannot be kept is not kept, and `warn` is told once why.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        namespace: str = "local",
        limit_bytes: int = DEFAULT_LIMIT_BYTES,
        warn: Callable[[str], None] | None = None,
    ) -> None:
        """Raises ValueError for a namespace that is not 1 to 64 of a-z, 0-9, `.`, `_`, `-`, or a limit below zero."""
        if not _NAMESPACE.fullmatch(namespace):
            raise ValueError(f"namespace {namespace[:80]!r}: use 1 to 64 of a-z, 0-9, '.', '_', '-'")
        if limit_bytes < 0:
            raise ValueError(f"limit_bytes {limit_bytes}; give 0 or more")
        self.folder = (folder if folder is not None else default_folder()).absolute()
        self.namespace = namespace
        self.limit_bytes = limit_bytes
        self.use = StoreUse()
        self._root = self.folder / _FORMAT
        self._kept = self._root / "kept"
        self._making = self._root / "making"
        self._warn = warn or log.warning
        self._change = threading.Lock()
        self._warned = False  # guarded by _change
        self._writable = True  # guarded by _change
        self._unpruned = 0  # bytes kept since the last look at the limit; guarded by _change

    def has(self, key: str) -> bool:
        """Whether there is an entry, unchecked: it may turn out damaged or be gone when it is fetched."""
        return self._find(key) is not None

    def fetch(self, key: str, to: Path) -> bool:
        """Put the entry at `to` (which must not exist, and must not be written to: it may be the entry itself) when there is a sound one."""
        for _ in range(3):  # a damaged entry may hide another
            entry = self._find(key)
            if entry is None:
                break
            if self._fetch(entry, to):
                self._count(hits=1)
                return True
        self._count(misses=1)
        return False

    def read(self, key: str) -> bytes | None:
        """Return the entry's bytes when there is a sound one."""
        entry = self._find(key)
        data = None
        if entry is not None:
            try:
                data = entry.read_bytes()
            except OSError:
                data = None
            if data is not None and not _named_so(entry, len(data), hashlib.sha256(data).hexdigest()):
                self._remove_damaged(entry)
                data = None
        if entry is None or data is None:
            self._count(misses=1)
            return None
        _mark_used(entry)
        self._count(hits=1)
        return data

    def keep(self, key: str, source: Path) -> None:
        """Keep the file `source` under this key. It must not be written to afterwards: the entry may be the same file."""
        self._keep(key, source.suffix, lambda part: _place(source, part))

    def write(self, key: str, data: bytes, suffix: str = ".bin") -> None:
        """Keep these bytes under this key."""
        self._keep(key, suffix, lambda part: part.write_bytes(data))

    def info(self) -> StoreInfo:
        """Count what is there, of every namespace."""
        namespaces: dict[str, int] = {}
        entries = list(self._entries())
        for entry in entries:
            namespaces[entry.namespace] = namespaces.get(entry.namespace, 0) + entry.bytes
        return StoreInfo(
            folder=str(self.folder),
            limit_bytes=self.limit_bytes,
            entries=len(entries),
            bytes=sum(namespaces.values()),
            namespaces=dict(sorted(namespaces.items())),
            oldest_use=min((entry.used_ns for entry in entries), default=0) / 1e9 if entries else None,
        )

    def prune(self, limit_bytes: int | None = None) -> int:
        """Remove what was used longest ago until the store is within the limit, and what dead processes left; return how many bytes went.

        Nobody loses what they have fetched. Several processes may prune at once: they agree on what is oldest.
        """
        limit = self.limit_bytes if limit_bytes is None else limit_bytes
        with self._change:
            self._unpruned = 0
        self._sweep()
        entries = sorted(self._entries())
        total = sum(entry.bytes for entry in entries)
        if total <= limit:
            return 0
        # Some room at once, so that a full store is not walked through after every film.
        target = limit * _PRUNE_TO
        freed = removed = 0
        for entry in entries:
            if total - freed <= target:
                break
            with contextlib.suppress(OSError):  # open on Windows, or another process was first
                entry.path.unlink()
                removed += 1
            freed += entry.bytes
        self._count(removed=removed)
        return freed

    def clear(self) -> int:
        """Remove every entry of every namespace and return how many bytes went."""
        freed = sum(entry.bytes for entry in self._entries())
        shutil.rmtree(self._root, ignore_errors=True)
        return freed

    def settle(self) -> None:
        """Look at the limit when something was kept since the last look. To be called when a piece of work is done."""
        with self._change:
            due = self._unpruned > 0
        if due:
            self.prune()

    def _shard(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise ValueError(f"key {key[:80]!r}: 64 hexadecimal digits")
        return self._kept / self.namespace / key[:2]

    def _find(self, key: str) -> Path | None:
        shard = self._shard(key)
        try:
            names = os.listdir(shard)  # noqa: PTH208  # names only: a path object for each would cost more than the call
        except OSError:
            return None
        return next((shard / name for name in names if name.startswith(key) and _ENTRY.fullmatch(name)), None)

    def _fetch(self, entry: Path, to: Path) -> bool:
        try:
            _place(entry, to)
            size, digest = _measure(to)
        except OSError:
            to.unlink(missing_ok=True)
            return False
        if not _named_so(entry, size, digest):
            to.unlink(missing_ok=True)
            self._remove_damaged(entry)
            return False
        _mark_used(entry)
        return True

    def _remove_damaged(self, entry: Path) -> None:
        log.info("store_entry_damaged path=%s", entry)
        self._count(damaged=1)
        with contextlib.suppress(OSError):
            entry.unlink(missing_ok=True)

    def _keep(self, key: str, suffix: str, place: Callable[[Path], object]) -> None:
        shard = self._shard(key)
        with self._change:
            if not self._writable:
                return
        if self._find(key) is not None:
            return
        part = self._making / f"{secrets.token_hex(12)}{suffix}"
        try:
            self._making.mkdir(parents=True, exist_ok=True, mode=0o700)
            place(part)
            size, digest = _measure(part)
            if size > self.limit_bytes:
                part.unlink(missing_ok=True)
                return
            _mark_used(part)
            shard.mkdir(parents=True, exist_ok=True, mode=0o700)
            part.replace(shard / f"{key}.{size}.{digest[:32]}{suffix}")
        except OSError as error:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
            self._give_up(error)
            return
        self._count(kept=1)
        with self._change:
            self._unpruned += size
            due = self._unpruned > self.limit_bytes // 20
        if due:
            self.prune()

    def _give_up(self, error: OSError) -> None:
        with self._change:
            self._writable = False
            told, self._warned = self._warned, True
        if not told:
            reason = error.strerror or type(error).__name__
            self._warn(f"nothing more is kept for the next time: {self.folder}: {reason}")

    def _count(self, **more: int) -> None:
        with self._change:
            for name, number in more.items():
                setattr(self.use, name, getattr(self.use, name) + number)

    def _entries(self) -> Iterator[_Entry]:
        for namespace in _folders(self._kept):
            for shard in _folders(namespace):
                try:
                    found = list(os.scandir(shard))
                except OSError:
                    continue
                for entry in found:
                    if not _ENTRY.fullmatch(entry.name):
                        continue
                    with contextlib.suppress(OSError):
                        seen = entry.stat(follow_symlinks=False)
                        size = -(-seen.st_size // _BLOCK) * _BLOCK
                        yield _Entry(seen.st_mtime_ns, size, Path(entry.path), namespace.name)

    def _sweep(self) -> None:
        now = time.time()
        with contextlib.suppress(OSError):
            for part in self._making.iterdir():
                with contextlib.suppress(OSError):
                    seen = part.lstat()
                    if now - max(seen.st_mtime, seen.st_ctime) > _LEFT_BEHIND_S:
                        part.unlink()


def default_folder() -> Path:
    """Return the store of this user on this machine: in the platform's folder for caches."""
    import platformdirs  # noqa: PLC0415  # who names a folder does not wait for it

    return Path(platformdirs.user_cache_dir("flatrender", appauthor=False)) / "store"


def _folders(folder: Path) -> list[Path]:
    try:
        return [Path(entry.path) for entry in os.scandir(folder) if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []


def _place(source: Path, to: Path) -> None:
    try:
        to.hardlink_to(source)
    except FileNotFoundError:
        raise
    except OSError:  # another disk, or one without links
        shutil.copyfile(source, to, follow_symlinks=False)


def _measure(path: Path) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    with path.open("rb", buffering=0) as file:
        while block := file.read(_CHUNK):
            digest.update(block)
            size += len(block)
    return size, digest.hexdigest()


def _named_so(entry: Path, size: int, digest: str) -> bool:
    named = _ENTRY.fullmatch(entry.name)
    return named is not None and int(named[2]) == size and named[3] == digest[:32]


def _mark_used(entry: Path) -> None:
    with contextlib.suppress(OSError):
        os.utime(entry)

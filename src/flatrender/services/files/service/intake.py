"""Taking in a body: counted and hashed while it arrives, in a file of ours that goes away again."""

import asyncio
import hashlib
import io
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from flatrender.services.files.errors import UploadBroken
from flatrender.services.files.service.kinds import HEAD_BYTES

WRITE_BYTES = 1024 * 1024


class OverLimit(Exception):
    """More bytes came than the caller allows."""


@dataclass(frozen=True)
class Received:
    """A body on disk."""

    path: Path
    size_bytes: int
    sha256: bytes
    head: bytes


class Intake:
    """Receives bodies into a spool folder."""

    def __init__(self, folder: Path | None, *, stall_s: float) -> None:
        self._folder = folder
        self._stall_s = stall_s

    @asynccontextmanager
    async def workspace(self) -> AsyncIterator[Path]:
        """Give a folder that is removed with everything in it at the end."""
        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
        spool = tempfile.TemporaryDirectory(prefix="fr-upload-", dir=self._folder, ignore_cleanup_errors=True)
        try:
            yield Path(spool.name)
        finally:
            await asyncio.to_thread(spool.cleanup)

    async def receive(self, body: AsyncIterator[bytes], folder: Path, *, limit: int, declared: int | None) -> Received:
        """Write the body to a file; raise OverLimit as soon as one byte too many arrives, and UploadBroken when it ends early or stalls."""
        path = folder / uuid4().hex
        digest = hashlib.sha256()
        size = 0
        head = b""
        waiting: list[bytes] = []
        waiting_bytes = 0
        parts = body.__aiter__()
        with path.open("wb", buffering=0) as file:
            while True:
                try:
                    async with asyncio.timeout(self._stall_s):
                        part = await anext(parts)
                except StopAsyncIteration:
                    break
                except TimeoutError as error:
                    raise UploadBroken(f"nothing arrived for {self._stall_s:.0f} s: send the file again") from error
                size += len(part)
                if size > limit:
                    raise OverLimit
                if len(head) < HEAD_BYTES:
                    head += part[: HEAD_BYTES - len(head)]
                waiting.append(part)
                waiting_bytes += len(part)
                if waiting_bytes >= WRITE_BYTES:
                    await asyncio.to_thread(_write, file, digest, waiting)
                    waiting, waiting_bytes = [], 0
            if waiting:
                await asyncio.to_thread(_write, file, digest, waiting)
        if declared is not None and size != declared:
            raise UploadBroken(f"{declared} bytes were announced and {size} arrived: send the file again")
        return Received(path, size, digest.digest(), head)


def _write(file: io.FileIO, digest: "hashlib._Hash", parts: list[bytes]) -> None:
    data = memoryview(b"".join(parts))
    digest.update(data)
    while data:
        data = data[file.write(data) :]


def file_digest(path: Path) -> tuple[bytes, int]:
    """Return SHA-256 and bytes of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest(), file.tell()


def bytes_digest(data: bytes) -> bytes:
    """Return SHA-256 of bytes in memory."""
    return hashlib.sha256(data).digest()

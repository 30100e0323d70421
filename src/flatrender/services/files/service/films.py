"""Films: looked at in the engine's limited process."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from flatrender.engine.clips.probe import clip_source, clip_still
from flatrender.engine.errors import ValueRefused
from flatrender.kit.objects import ObjectStore
from flatrender.services.files.errors import CheckingBusy, FilmBroken

WAITING_PER_PROBE = 8


@dataclass(frozen=True)
class Film:
    """What a film file holds. Pixels are those of the upright picture."""

    width: int
    height: int
    duration_ms: int


class Films:
    """Looks at films and takes stills of them. At most `limit` at once and eight times as many waiting; further ones raise CheckingBusy."""

    def __init__(self, objects: ObjectStore, *, limit: int, max_bytes: int, folder: Path | None) -> None:
        self._objects = objects
        self._max_bytes = max_bytes
        self._folder = folder
        self._slots = asyncio.Semaphore(limit)
        self._limit = limit * (1 + WAITING_PER_PROBE)
        self._waiting = 0

    async def probe(self, path: Path) -> Film:
        """Return what the file holds; raise FilmBroken when it cannot be used as a clip."""
        async with self._slot():
            info = (await asyncio.to_thread(clip_source, path, where="")).info
        return Film(info.width, info.height, max(1, round(info.duration_s * 1000)))

    async def still(self, storage_key: str, *, longest: int) -> bytes:
        """Return a picture file of a stored film, at most `longest` pixels a side; raise FilmBroken."""
        async with self._slot():
            local = self._objects.local_path(storage_key)
            if local is not None:
                return await asyncio.to_thread(clip_still, local, longest=longest, where="")
            with tempfile.TemporaryDirectory(prefix="flatrender-film-", dir=self._folder) as name:
                path = Path(name) / "film"
                await self._objects.fetch(storage_key, path, limit_bytes=self._max_bytes)
                return await asyncio.to_thread(clip_still, path, longest=longest, where="")

    @asynccontextmanager
    async def _slot(self) -> AsyncIterator[None]:
        if self._waiting >= self._limit:
            raise CheckingBusy("many films are being checked just now; try again in a moment", retry_after_s=3)
        self._waiting += 1
        try:
            async with self._slots:
                yield
        except ValueRefused as error:
            raise FilmBroken(f"the film cannot be used: {error.detail}") from error
        finally:
            self._waiting -= 1

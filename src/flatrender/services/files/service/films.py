"""Films: looked at in the engine's limited process."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from flatrender.engine.clips.probe import clip_source
from flatrender.engine.errors import ValueRefused
from flatrender.services.files.errors import CheckingBusy, FilmBroken

WAITING_PER_PROBE = 8


@dataclass(frozen=True)
class Film:
    """What a film file holds. Pixels are those of the upright picture."""

    width: int
    height: int
    duration_ms: int


class Films:
    """Looks at films. At most `limit` at once and eight times as many waiting; further ones raise CheckingBusy."""

    def __init__(self, *, limit: int) -> None:
        self._slots = asyncio.Semaphore(limit)
        self._limit = limit * (1 + WAITING_PER_PROBE)
        self._waiting = 0

    async def probe(self, path: Path) -> Film:
        """Return what the file holds; raise FilmBroken when it cannot be used as a clip."""
        if self._waiting >= self._limit:
            raise CheckingBusy("many films are being checked just now; try again in a moment", retry_after_s=3)
        self._waiting += 1
        try:
            async with self._slots:
                info = (await asyncio.to_thread(clip_source, path, where="")).info
        except ValueRefused as error:
            raise FilmBroken(f"the film cannot be used: {error.detail}") from error
        finally:
            self._waiting -= 1
        return Film(info.width, info.height, max(1, round(info.duration_s * 1000)))

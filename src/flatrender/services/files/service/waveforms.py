"""Outlines of sounds: decoded in a process of their own, with limits and a deadline."""

import asyncio
import tempfile
import threading
from pathlib import Path

from flatrender.engine.errors import RenderError
from flatrender.engine.sound.peaks import peaks
from flatrender.kit.objects import ObjectStore
from flatrender.services.files.errors import CheckingBusy, SoundBroken

PER_SECOND = 50
"""Lowest and highest values a second: fine enough to see a word begin."""
WAVEFORM_TYPE = "application/json"
_WAITING_PER_SLOT = 8


class Waveforms:
    """Makes outlines. At most `limit` at once and eight times as many waiting; further ones raise CheckingBusy."""

    def __init__(
        self, objects: ObjectStore, *, limit: int, deadline_s: float, max_bytes: int, folder: Path | None
    ) -> None:
        self._objects = objects
        self._slots = asyncio.Semaphore(limit)
        self._limit = limit * (1 + _WAITING_PER_SLOT)
        self._deadline_s = deadline_s
        self._max_bytes = max_bytes
        self._folder = folder
        self._waiting = 0

    async def of(self, storage_key: str) -> bytes:
        """Return the outline of a stored sound as JSON; raise SoundBroken when it cannot be decoded within the deadline."""
        if self._waiting >= self._limit:
            raise CheckingBusy("many sounds are being drawn just now; try again in a moment", retry_after_s=3)
        self._waiting += 1
        try:
            async with self._slots:
                local = self._objects.local_path(storage_key)
                if local is not None:
                    return await self._drawn(local)
                with tempfile.TemporaryDirectory(prefix="flatrender-waveform-", dir=self._folder) as name:
                    path = Path(name) / "sound"
                    await self._objects.fetch(storage_key, path, limit_bytes=self._max_bytes)
                    return await self._drawn(path)
        finally:
            self._waiting -= 1

    async def _drawn(self, path: Path) -> bytes:
        cancel = threading.Event()
        try:
            found = await asyncio.to_thread(peaks, path, PER_SECOND, deadline_s=self._deadline_s, cancel=cancel)
        except RenderError as error:
            raise SoundBroken("the file has no sound that can be decoded") from error
        finally:
            cancel.set()
        return found.to_json()

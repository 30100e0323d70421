"""Sounds: probed in a process of their own, with a deadline."""

import asyncio
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

import msgspec

from flatrender.services.files.errors import CheckingBusy, SoundBroken
from flatrender.services.files.service.kinds import M4A, MP3, OGG, WAV, Kind

DEMUXERS = {WAV: "wav", MP3: "mp3", OGG: "ogg", M4A: "mov"}
WAITING_PER_PROBE = 8


@dataclass(frozen=True)
class Sound:
    """What a sound file holds."""

    duration_ms: int
    sample_rate: int
    channels: int
    codec: str


class _Answer(msgspec.Struct):
    duration_ms: int = 0
    sample_rate: int = 0
    channels: int = 0
    codec: str = ""
    error: str | None = None


class Sounds:
    """Probes sound files. At most `limit` at once and eight times as many waiting; further ones raise CheckingBusy."""

    def __init__(self, *, limit: int, deadline_s: float) -> None:
        self._slots = asyncio.Semaphore(limit)
        self._limit = limit * (1 + WAITING_PER_PROBE)
        self._deadline_s = deadline_s
        self._waiting = 0

    async def probe(self, path: Path, kind: Kind) -> Sound:
        """Return what the file holds; raise SoundBroken when it cannot be decoded within the deadline."""
        if self._waiting >= self._limit:
            raise CheckingBusy("many sounds are being checked just now; try again in a moment", retry_after_s=3)
        self._waiting += 1
        try:
            async with self._slots:
                output = await self._run(path, DEMUXERS[kind])
        finally:
            self._waiting -= 1
        try:
            answer = msgspec.json.decode(output, type=_Answer)
        except msgspec.MsgspecError as error:
            raise SoundBroken("the sound cannot be decoded: it is damaged or of another type") from error
        if answer.error is not None or answer.duration_ms <= 0:
            raise SoundBroken(f"the sound cannot be used: {answer.error or 'it is empty'}")
        return Sound(answer.duration_ms, answer.sample_rate, answer.channels, answer.codec)

    async def _run(self, path: Path, demuxer: str) -> bytes:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "flatrender.services.files.probe_audio",
            str(path),
            demuxer,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
            env={"PATH": os.environ.get("PATH", ""), "PYTHONPATH": os.environ.get("PYTHONPATH", ""), "LANG": "C.UTF-8"},
        )
        try:
            async with asyncio.timeout(self._deadline_s):
                output, _ = await process.communicate()
        except TimeoutError as error:
            raise SoundBroken(f"the sound could not be checked within {self._deadline_s:.0f} s") from error
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        return output[:4096]

"""The outline of a sound, for drawing it: the lowest and the highest sample of each stretch of time."""

import base64
import struct
import threading
from pathlib import Path
from typing import Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from flatrender.engine.errors import RenderError
from flatrender.engine.ffmpeg import SOUND_FORMATS, input_file
from flatrender.engine.sound.program import Program, Programs

MAX_BYTES = 512 << 20
MAX_SECONDS = 3 * 3600
MAX_PER_SECOND = 1000
_MAGIC = b"FRPK"
_HEAD = struct.Struct("<4sHHIIQ")
"""Magic, version, buckets a second, buckets, rate, samples; then the buckets, two signed bytes each."""
_AU_HEAD = struct.Struct(">4s5I")
"""Magic, where the samples begin, their bytes (unknown in a pipe), encoding, rate, channels (the file format of NeXT and Sun)."""
_MAX_RATE = 768_000
_MAX_CHANNELS = 64
_VERSION = 1
_BLOCK_S = 4


class Peaks(msgspec.Struct, frozen=True, kw_only=True):
    """A sound's outline, all its channels in one."""

    per_second: int
    """Buckets a second."""
    rate: int
    """Samples a second of the file itself."""
    samples: int
    """Of each channel; the last bucket may be shorter than the others."""
    buckets: bytes
    """Lowest and highest sample of each bucket in turn, two signed bytes a bucket: full scale is -127 to 127."""

    @property
    def duration_s(self) -> float:
        """How long the sound is."""
        return self.samples / self.rate

    @property
    def count(self) -> int:
        """How many buckets there are."""
        return len(self.buckets) // 2

    def to_bytes(self) -> bytes:
        """Return the compact form: a head of 24 bytes (`FRPK`, version, buckets a second, buckets, rate, samples; little-endian) and the buckets."""
        return _HEAD.pack(_MAGIC, _VERSION, self.per_second, self.count, self.rate, self.samples) + self.buckets

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read the compact form. Raises ValueError for anything else."""
        if len(data) < _HEAD.size:
            raise ValueError("these are no peaks: too short")
        magic, version, per_second, count, rate, samples = _HEAD.unpack_from(data)
        buckets = data[_HEAD.size :]
        if magic != _MAGIC or version != _VERSION or not rate or len(buckets) != 2 * count:
            raise ValueError("these are no peaks of version 1")
        return cls(per_second=per_second, rate=rate, samples=samples, buckets=buckets)

    def to_json(self) -> bytes:
        """Return `{"version", "per_second", "duration_s", "buckets"}`; `buckets` are the bytes as base64, a third of the length of a list."""
        return msgspec.json.encode(
            {
                "version": _VERSION,
                "per_second": self.per_second,
                "duration_s": round(self.duration_s, 6),
                "buckets": base64.b64encode(self.buckets).decode(),
            }
        )


def peaks(path: Path, per_second: int = 50, *, deadline_s: float = 60, cancel: threading.Event | None = None) -> Peaks:
    """Return the outline of a file's first sound stream in `per_second` (1 to 1000) buckets a second.

    The sound streams through a decoder process with limits: memory does not grow with its length (but for the outline itself, 2 bytes a bucket).
    Raises RenderError `sound_missing`, `sound_unreadable` (no sound, damaged, over the limits or `deadline_s`), `settings_invalid` or `cancelled`.
    """
    if not 1 <= per_second <= MAX_PER_SECOND:
        raise RenderError(f"{per_second} buckets a second; give 1 to {MAX_PER_SECOND}", code="settings_invalid")
    if not path.is_file():
        raise RenderError("the sound file does not exist", code="sound_missing", where=str(path))
    if path.stat().st_size > MAX_BYTES:
        raise RenderError(
            f"the sound file is larger than {MAX_BYTES >> 20} MB", code="sound_unreadable", where=str(path)
        )
    with Programs(what="reading the sound", code="sound_unreadable", deadline_s=deadline_s, cancel=cancel) as programs:
        decoder = programs.start(
            [
                *("-threads", "1", *input_file(path.absolute(), SOUND_FORMATS), "-map", "0:a:0"),
                *("-t", str(MAX_SECONDS + 1), "-c:a", "pcm_s16be", "-f", "au", "pipe:1"),
            ],
            what="decoding the sound",
            code="sound_unreadable",
            where=path,
            read=True,
        )
        found = _outline(decoder, per_second, path)
        programs.check()
        decoder.finish()
    if found is None:
        raise RenderError("the sound is empty", code="sound_unreadable", where=str(path))
    if found.duration_s > MAX_SECONDS:
        raise RenderError(
            f"the sound is longer than {MAX_SECONDS // 3600} hours", code="sound_unreadable", where=str(path)
        )
    return found


def _outline(decoder: Program, per_second: int, path: Path) -> Peaks | None:
    """Read to the end; whole seconds are cut into equal buckets as nearly as whole samples allow."""
    head = decoder.read_bytes(_AU_HEAD.size)
    if len(head) < _AU_HEAD.size:
        return None
    _, begins, _, _, rate, channels = _AU_HEAD.unpack(head)
    if not (0 < rate <= _MAX_RATE and 0 < channels <= _MAX_CHANNELS):
        raise RenderError(f"{channels} channels at {rate} Hz", code="sound_unreadable", where=str(path))
    decoder.read_bytes(begins - _AU_HEAD.size)
    edges = channels * np.array(
        [second * rate + bucket * rate // per_second for second in range(_BLOCK_S) for bucket in range(per_second)]
    )
    found: list[bytes] = []
    samples = 0
    while body := decoder.read_bytes(_BLOCK_S * rate * channels * 2):
        values = np.frombuffer(body[: len(body) // 2 * 2], ">i2").astype(
            np.int16
        )  # the channels in turn: one outline for all
        starts = edges[edges < len(values)]
        if not len(starts):
            break
        samples += len(values) // channels
        found.append(
            _bytes(np.stack([np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)], axis=1))
        )
    return Peaks(per_second=per_second, rate=rate, samples=samples, buckets=b"".join(found)) if samples else None


def _bytes(extremes: NDArray[np.int16]) -> bytes:
    # Rounded away from zero, so that what sounds is never drawn as silence.
    scaled = extremes.astype(np.float32) * (127 / 32768)
    rounded: NDArray[np.float32] = np.copysign(np.ceil(np.abs(scaled)), scaled)
    return rounded.astype(np.int8).tobytes()

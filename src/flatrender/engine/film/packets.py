"""What a segment's file consists of: its packets, what they sum to, which of its frames are still whole when some of them are not."""

import re
import struct
import threading
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import msgspec

from flatrender.engine.errors import RenderError
from flatrender.engine.ffmpeg import FILM_FORMATS, base_arguments, input_file
from flatrender.engine.film.settings import FilmSettings
from flatrender.engine.process import run

_CODE = "film_check_failed"


class Packet(msgspec.Struct, frozen=True):
    """One coded picture."""

    frame: int
    """The segment's frame that it shows, from 0."""
    is_key: bool
    """Whether decoding can begin here."""
    checksum: int
    """Adler-32 of its bytes (beginning with 0, as ffmpeg's `framecrc` has it)."""


class Group(msgspec.Struct, frozen=True):
    """From one key frame to the next: what decodes by itself."""

    first: int
    """The segment's frames that it shows, both ends included."""
    last: int
    packets: tuple[Packet, ...]


def read_segment(
    path: Path, settings: FilmSettings, *, deadline_s: float = 60, cancel: threading.Event | None = None
) -> list[Packet]:
    """Return a segment's packets in decoding order. Raises RenderError `film_check_failed` (no such file can be read) or `cancelled`."""
    listing = run(
        [*base_arguments(), *input_file(path, FILM_FORMATS), "-map", "0:v:0", "-c", "copy", "-f", "framecrc", "pipe:1"],
        what="reading the segment",
        code=_CODE,
        deadline_s=deadline_s,
        cancel=cancel,
    ).decode("ascii", "replace")
    base = re.search(r"^#tb 0: (\d+)/(\d+)$", listing, re.MULTILINE)
    if base is None:
        raise RenderError("the segment has no pictures", code=_CODE, where=str(path))
    frames_of_tick = Fraction(int(base[1]), int(base[2])) * settings.rate
    found = []
    for line in listing.splitlines():
        if not line.startswith("0,"):
            continue
        # Stream, decoding time, showing time, duration, size, checksum; what follows says that it is no key frame, or what lies beside it.
        fields = [field.strip() for field in line.split(",")]
        frame = round(int(fields[2]) * frames_of_tick)
        not_key = any(field.startswith("F=") and not int(field.partition("=")[2], 16) & 1 for field in fields[6:])
        found.append(Packet(frame, not not_key, int(fields[5], 16)))
    return found


def checksums(packets: Sequence[Packet]) -> list[int]:
    """Return what a node tells of a segment."""
    return [packet.checksum for packet in packets]


def pack_checksums(sums: Sequence[int]) -> bytes:
    """Return checksums as they are kept: 4 bytes each."""
    return struct.pack(f">{len(sums)}I", *sums)


def unpack_checksums(data: bytes) -> tuple[int, ...]:
    """Return kept checksums."""
    return struct.unpack(f">{len(data) // 4}I", data)


def groups(packets: Sequence[Packet], frames: int) -> list[Group]:
    """Return the segment's groups in order. Raises RenderError `film_check_failed` unless they show its frames 0 to `frames` - 1, each once."""
    cut: list[list[Packet]] = []
    for packet in packets:
        if packet.is_key or not cut:
            cut.append([])
        cut[-1].append(packet)
    found, begins = [], 0
    for held in cut:
        shown = sorted(packet.frame for packet in held)
        if shown != list(range(begins, begins + len(held))) or not held[0].is_key:
            raise RenderError(f"its frames from {begins} on are not shown in order", code=_CODE)
        found.append(Group(begins, begins + len(held) - 1, tuple(held)))
        begins += len(held)
    if begins != frames:
        raise RenderError(f"it has {begins} frames instead of {frames}", code=_CODE)
    return found


def broken_frames(packets: Sequence[Packet], sums: Sequence[int], frames: int) -> list[int]:
    """Return which of a segment's frames cannot be decoded right, given what its packets summed to when it was made.

    A frame stands on those before it, so after a packet that has changed, or that is missing, nothing of its group is whole. A file whose packets are
    no longer at their places has no whole frames.
    """
    everything = list(range(frames))
    if len(sums) != frames or len(packets) > frames:
        return everything
    try:
        whole = groups(packets, len(packets)) if packets else []
    except RenderError:
        return everything
    broken: set[int] = set()
    for group in whole:
        at = group.first
        damaged = False
        for number, packet in enumerate(group.packets):
            damaged = damaged or packet.checksum != sums[at + number]
            if damaged:
                broken.add(packet.frame)
    return sorted(broken | set(everything[len(packets) :]))

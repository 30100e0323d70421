"""One track's samples as the film takes them: decoded, cut, stretched, repeated."""

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import numpy as np

from flatrender.engine.errors import RenderError
from flatrender.engine.ffmpeg import SOUND_FORMATS, input_file
from flatrender.engine.media import SoundInfo
from flatrender.engine.sound.program import FRAME_BYTES, RATE, RAW, Program, Programs, Samples
from flatrender.engine.sound.track import TrackSpec

_SECOND = RATE
_SPLICE = RATE // 200
"""Samples over which the click at a beat-aligned seam is faded away."""
_BEATS_PER_BAR = 4
_STRETCH_DELAY = 1380
"""Samples, measured with clicks; right to 3 ms at speeds from 0.5 to 2."""


class Span:
    """Where a track sounds: from film sample `first`, `length` samples long, of a file of which `own` samples are used."""

    def __init__(self, track: TrackSpec, info: SoundInfo, film_samples: int) -> None:
        ends_s = info.duration_s if track.end_s is None else min(info.duration_s, track.end_s)
        own_s = (ends_s - track.offset_s) / track.speed
        if own_s <= 0 and not track.loop:
            raise RenderError(
                f"the sound lasts {info.duration_s:.2f} s, less than its offset of {track.offset_s:g} s",
                code="settings_invalid",
                where=str(track.path),
            )
        self.first = min(round(track.start_s * RATE), film_samples)
        room = film_samples - self.first
        self.own = max(0, round(own_s * RATE))
        self.repeats = track.loop and self.own < room
        self.length = room if track.loop else min(room, self.own)
        self.ends_s = ends_s


class Source:
    """Reads a track from its beginning on. `folder` takes the one pass of a track that repeats."""

    def __init__(self, programs: Programs, track: TrackSpec, info: SoundInfo, span: Span, folder: Path) -> None:
        self._read: Callable[[int], Samples]
        if span.repeats:
            self._loop = _Loop(programs, track, info, span, folder)
            self._read, self._close = self._loop.read, self._loop.close
        else:
            decoder = _Decoder(programs, track, info, start_s=track.offset_s, end_s=span.ends_s)
            self._read, self._close = decoder.read, decoder.close

    def read(self, count: int) -> Samples:
        """Return the next `count` samples; silence after the track's own end."""
        found = self._read(count)
        if len(found) == count:
            return found
        padded = np.zeros((count, 2), np.float32)
        padded[: len(found)] = found
        return padded

    def close(self) -> None:
        """Free what it holds."""
        self._close()


class _Decoder:
    """A file's samples between two times, stretched."""

    def __init__(self, programs: Programs, track: TrackSpec, info: SoundInfo, *, start_s: float, end_s: float) -> None:
        self._programs = programs
        # `async` fills holes in a damaged or late stream instead of letting everything after them come early.
        filters = [f"aresample={RATE}:async=1:first_pts=0"]
        if info.channels == 1:
            filters.append("pan=stereo|c0=c0|c1=c0")  # the converter's own way makes mono 3 dB softer
        filters.append("aformat=sample_fmts=flt:channel_layouts=stereo")
        filters.append(f"atrim=start_sample={round(start_s * RATE)}:end_sample={max(1, round(end_s * RATE))}")
        filters.append("asetpts=N/SR/TB")
        if track.speed != 1:
            filters += _stretched(track.speed, max(1, round((end_s - start_s) * RATE / track.speed)))
        self._program: Program | None = programs.start(
            [
                *("-threads", "1", *input_file(track.path.absolute(), SOUND_FORMATS)),
                *("-map", "0:a:0", "-af", ",".join(filters), *RAW, "pipe:1"),
            ],
            what="decoding the sound",
            code="sound_unreadable",
            where=track.path,
            read=True,
        )

    def read(self, count: int) -> Samples:
        if self._program is None:
            return np.zeros((0, 2), np.float32)
        found = self._program.read(count)
        if len(found) < count:
            self._programs.check()
            self._program.finish()
            self.close()
        return found

    def close(self) -> None:
        if self._program is not None:
            self._programs.end(self._program)
            self._program = None


class _Loop:
    """One pass of a track in a file, read again and again; the end of a pass and the beginning of the next overlap."""

    def __init__(self, programs: Programs, track: TrackSpec, info: SoundInfo, span: Span, folder: Path) -> None:
        self._path = folder / f"loop-{id(self):x}.f32"
        tail_s = track.loop_crossfade_s if track.bpm is None else _SPLICE / RATE
        decoder = _Decoder(
            programs, track, info, start_s=0, end_s=min(info.duration_s, span.ends_s + tail_s * track.speed)
        )
        total = 0
        with self._path.open("wb") as out:
            while len(part := decoder.read(_SECOND)):
                out.write(np.ascontiguousarray(part).data)
                total += len(part)
        self._file: BinaryIO = self._path.open("rb")
        if not total:
            raise RenderError("no part of the sound could be decoded", code="sound_unreadable", where=str(track.path))
        body = min(total, max(1, round(span.ends_s / track.speed * RATE)))
        self._overlap, self._period = _seam(track, body, total)
        self._at = min(round(track.offset_s / track.speed * RATE), self._period - 1)
        self._first_pass = True

    def read(self, count: int) -> Samples:
        """Return the next samples; they never end."""
        out = np.empty((count, 2), np.float32)
        filled = 0
        while filled < count:
            take = min(count - filled, self._period - self._at)
            part = self._stored(self._at, take)
            if self._overlap and self._at < self._overlap and not self._first_pass:
                part = self._over_the_seam(part)
            out[filled : filled + take] = part
            filled += take
            self._at += take
            if self._at == self._period:
                self._at, self._first_pass = 0, False
        return out

    def close(self) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)

    def _over_the_seam(self, part: Samples) -> Samples:
        """Lay what followed the last pass's end, fading away, over the beginning of this one, fading up (equal power)."""
        mixed = part.copy()
        count = min(len(part), self._overlap - self._at)
        share = (np.arange(self._at, self._at + count, dtype=np.float32) + 0.5) / self._overlap
        old = self._stored(self._period + self._at, count)
        angle = (np.pi / 2 * share)[:, None].astype(np.float32)
        mixed[:count] = mixed[:count] * np.sin(angle) + old * np.cos(angle)
        return mixed

    def _stored(self, first: int, count: int) -> Samples:
        self._file.seek(first * FRAME_BYTES)
        body = self._file.read(count * FRAME_BYTES)
        found = np.frombuffer(body, np.float32).reshape(-1, 2)
        if len(found) == count:
            return found
        padded = np.zeros((count, 2), np.float32)
        padded[: len(found)] = found
        return padded


def _stretched(speed: float, samples: int) -> list[str]:
    """Return the filters for another speed at the same pitch, `samples` long.

    Rubber Band takes the delay of its window out as if the speed were 1; the rest is made good here, or clicks would come up to 30 ms wrong.
    """
    filters = [f"rubberband=tempo={speed:.6f}"]
    late = round(_STRETCH_DELAY * (1 - 1 / speed))
    if late > 0:
        filters += [f"atrim=start_sample={late}", "asetpts=N/SR/TB"]
    elif late < 0:
        filters.append(f"adelay=delays={-late}S:all=1")
    return [*filters, f"apad=whole_len={samples}", f"atrim=end_sample={samples}"]


def _seam(track: TrackSpec, body: int, total: int) -> tuple[int, int]:
    """Return (samples that overlap at a seam, samples from one pass to the next) for a pass of `body` of `total` decoded samples."""
    if track.bpm is not None:
        beat = 60 / (track.bpm * track.speed) * RATE
        for unit in (beat * _BEATS_PER_BAR, beat):
            # a file that ends a moment before its last bar is over was meant to end with it
            whole = int((body + RATE / 50) / unit)
            if whole:
                return min(_SPLICE, round(unit)), round(whole * unit)
    overlap = min(round(track.loop_crossfade_s * RATE), body // 2)
    # What follows the end of the pass in the file can fade away under the next one; without it the passes move together.
    beyond = min(overlap, total - body)
    return overlap, max(1, body - (overlap - beyond))

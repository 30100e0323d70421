"""Tracks into one 48 kHz stereo sound as long as the film."""

import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from flatrender.engine.errors import RenderError
from flatrender.engine.ffmpeg import SOUND_FORMATS
from flatrender.engine.media import SoundInfo, sound_info
from flatrender.engine.sound.gain import HOP, TrackGain, VoiceLevels, ducking_curve, ducking_gains
from flatrender.engine.sound.master import encoding, master
from flatrender.engine.sound.program import RATE, Programs, Samples
from flatrender.engine.sound.source import Source, Span
from flatrender.engine.sound.track import FILM_DUCKING, FILM_LOUDNESS, Ducking, Loudness, MixReport, TrackSpec

MAX_TRACKS = 64
MAX_BYTES = 512 << 20
"""Of one sound file."""
MAX_SECONDS = 2 * 3600
"""Of one sound file."""
MAX_FILM_SECONDS = 4 * 3600
_BLOCK = 100 * HOP
"""Samples that are mixed at a time: one second."""


def mix_sound(
    tracks: Sequence[TrackSpec],
    duration_s: float,
    out: Path,
    *,
    loudness: Loudness | None = FILM_LOUDNESS,
    ducking: Ducking | None = FILM_DUCKING,
    deadline_s: float | None = None,
    cancel: threading.Event | None = None,
) -> MixReport:
    """Mix the tracks into `out`, `duration_s` seconds long to the sample.

    The suffix of `out` chooses how it is written: `.m4a` and `.mp4` AAC 192 kbit/s, `.opus`, `.ogg` and `.webm` Opus 160 kbit/s, `.mp3` MP3 192
    kbit/s, `.mov` PCM of 24 bits, `.wav` PCM of 16. The tracks keep their balance; `loudness` sets the whole (two passes or more, measured on
    the encoded file), None leaves it as it is and only holds down what is louder than full scale. `ducking` lowers music under a voice-over.

    Memory does not grow with the length: samples stream through and the mix lies in a file beside `out`. `deadline_s` (default: five minutes and
    the film's own length) is for everything. Raises RenderError `sound_missing`, `sound_unreadable`, `encoder_failed`, `settings_invalid` or
    `cancelled`; `out` does not exist then.
    """
    if not 0 < len(tracks) <= MAX_TRACKS:
        raise RenderError(f"{len(tracks)} sound tracks; give 1 to {MAX_TRACKS}", code="settings_invalid")
    if not 0 < duration_s <= MAX_FILM_SECONDS:
        raise RenderError(
            f"a sound of {duration_s:g} s; give more than 0 and at most {MAX_FILM_SECONDS} s", code="settings_invalid"
        )
    samples = max(1, round(duration_s * RATE))
    encode = encoding(out)
    infos = _checked(tracks, cancel)
    spans = [Span(track, info, samples) for track, info in zip(tracks, infos, strict=True)]
    seconds = 300 + duration_s if deadline_s is None else deadline_s
    try:
        with (
            tempfile.TemporaryDirectory(prefix=".flatrender-mix-", dir=out.absolute().parent) as name,
            Programs(what="mixing the sound", code="encoder_failed", deadline_s=seconds, cancel=cancel) as programs,
        ):
            mixer = _Mixer(programs, list(zip(tracks, infos, spans, strict=True)), samples, Path(name), ducking)
            raw = Path(name) / "mix.f32"
            with raw.open("wb") as file, mixer:
                for block in mixer.blocks():
                    programs.check()
                    file.write(np.ascontiguousarray(block).data)
            return master(programs, raw, samples, encode, loudness)
    except BaseException:
        out.unlink(missing_ok=True)
        raise


def check_sound(path: Path, *, cancel: threading.Event | None = None) -> SoundInfo:
    """Decode the file's first sound stream once and tell its length.

    Raises RenderError `sound_missing`, `sound_unreadable` (not a sound, damaged, larger or longer than the limits) or `cancelled`.
    """
    if not path.is_file():
        raise RenderError("the sound file does not exist", code="sound_missing", where=str(path))
    if path.stat().st_size > MAX_BYTES:
        raise RenderError(
            f"the sound file is larger than {MAX_BYTES >> 20} MB", code="sound_unreadable", where=str(path)
        )
    return sound_info(path, formats=SOUND_FORMATS, max_s=MAX_SECONDS, cancel=cancel)


def _checked(tracks: Sequence[TrackSpec], cancel: threading.Event | None) -> list[SoundInfo]:
    """Check every file once, however often it sounds."""
    infos: dict[Path, SoundInfo] = {}
    for track in tracks:
        if track.path not in infos:
            infos[track.path] = check_sound(track.path, cancel=cancel)
    return [infos[track.path] for track in tracks]


class _Voice:
    """A track while the film passes: its decoder runs from its first sample to its last and not longer."""

    def __init__(self, programs: Programs, track: TrackSpec, info: SoundInfo, span: Span, folder: Path) -> None:
        self.track = track
        self._programs, self._info, self._folder = programs, info, folder
        self._gain = TrackGain(track, span.length)
        self._span = span
        self._source: Source | None = None

    def add_to(self, block: Samples, first: int, gains: NDArray[np.float32] | None) -> None:
        """Add what sounds of it in the film's samples from `first` on."""
        begin = max(first, self._span.first)
        stop = min(first + len(block), self._span.first + self._span.length)
        if begin >= stop:
            return
        if self._source is None:
            self._source = Source(self._programs, self.track, self._info, self._span, self._folder)
        place = slice(begin - first, stop - first)
        sounding = self._gain.apply(self._source.read(stop - begin), begin - self._span.first)
        block[place] += sounding if gains is None else sounding * gains[place, None]
        if stop == self._span.first + self._span.length:
            self._source.close()

    def close(self) -> None:
        """Free what it holds, also before its end."""
        if self._source is not None:
            self._source.close()


class _Mixer:
    """Adds the tracks up, one block after the other."""

    def __init__(
        self,
        programs: Programs,
        tracks: Sequence[tuple[TrackSpec, SoundInfo, Span]],
        samples: int,
        folder: Path,
        ducking: Ducking | None,
    ) -> None:
        self._programs = programs
        self._tracks = tracks
        self._samples = samples
        self._folder = folder
        self._ducking = ducking
        self._opened: list[_Voice] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for voice in self._opened:
            voice.close()

    def blocks(self) -> Iterator[Samples]:
        """Yield the mix."""
        curve = self._curve()
        voices = self._open(None)
        for first, block in self._empty():
            gains = None if curve is None else ducking_gains(curve, first, len(block))
            for voice in voices:
                ducked = self._ducking is not None and voice.track.kind in self._ducking.ducks
                voice.add_to(block, first, gains if ducked else None)
            yield block

    def _curve(self) -> NDArray[np.float32] | None:
        """Hear the voices alone, beforehand."""
        ducking = self._ducking
        if ducking is None or ducking.amount_db == 0:
            return None
        voices = self._open(ducking.under)
        if not voices or not any(track.kind in ducking.ducks for track, _, _ in self._tracks):
            return None
        levels = VoiceLevels(self._samples)
        for first, block in self._empty():
            self._programs.check()
            for voice in voices:
                voice.add_to(block, first, None)
            levels.add(block, first)
        return ducking_curve(levels.speaking(ducking.threshold_dbfs), ducking)

    def _open(self, kinds: Sequence[str] | None) -> list[_Voice]:
        voices = [
            _Voice(self._programs, track, info, span, self._folder)
            for track, info, span in self._tracks
            if (kinds is None or track.kind in kinds) and span.length
        ]
        self._opened += voices
        return voices

    def _empty(self) -> Iterator[tuple[int, Samples]]:
        for first in range(0, self._samples, _BLOCK):
            yield first, np.zeros((min(_BLOCK, self._samples - first), 2), np.float32)

"""A finished mix to its loudness and into its file."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from flatrender.engine.errors import RenderError
from flatrender.engine.ffmpeg import AAC, input_file, output_file
from flatrender.engine.sound.loudness import Measured, measure_file, measure_raw
from flatrender.engine.sound.program import RATE, RAW, Programs
from flatrender.engine.sound.track import Loudness, MixReport

MAX_GAIN_DB = 30.0
"""A mix that is quieter than its target by more is a room's noise; it is raised by so much and no further."""
_PUSH_DB = 24.0
"""How far the limiter is driven beyond the plain gain to make up for the loudness that it takes."""
_TOLERANCE_LU = 0.2
_ATTEMPTS = 6
_FULL_SCALE_DB = -0.27
"""Where what is too loud is held when no loudness is asked for."""
_OVERSAMPLED = 4 * RATE


class Encoding(msgspec.Struct, frozen=True):
    """How a sound is written."""

    path: Path
    arguments: tuple[str, ...]
    headroom_db: float
    """By how much a limited sound stays below the asked-for peak at first, because the codec's own error can pass it."""


_AAC = ((*AAC, "-f", "mp4"), 0.8)
_OPUS = (("-c:a", "libopus", "-b:a", "160k"), 0.8)
_ENCODINGS: dict[str, tuple[tuple[str, ...], float]] = {
    ".m4a": _AAC,
    ".mp4": _AAC,
    ".opus": ((*_OPUS[0], "-f", "opus"), _OPUS[1]),
    ".ogg": ((*_OPUS[0], "-f", "ogg"), _OPUS[1]),
    ".webm": ((*_OPUS[0], "-f", "webm"), _OPUS[1]),
    ".mp3": (("-c:a", "libmp3lame", "-b:a", "192k", "-f", "mp3"), 0.8),
    ".mov": (("-c:a", "pcm_s24le", "-f", "mov"), 0.1),
    ".wav": (("-c:a", "pcm_s16le", "-f", "wav"), 0.1),
}


def encoding(out: Path) -> Encoding:
    """Return how the file of this name is written. Raises RenderError `settings_invalid` for a suffix that is no sound of ours."""
    found = _ENCODINGS.get(out.suffix.lower())
    if found is None:
        raise RenderError(
            f"{out.suffix or 'no suffix'} is not a sound file; give {', '.join(_ENCODINGS)}",
            code="settings_invalid",
            where=str(out),
        )
    return Encoding(out.absolute(), *found)


def master(programs: Programs, raw: Path, samples: int, encode: Encoding, loudness: Loudness | None) -> MixReport:
    """Write the mix (`samples` raw samples) as `encode` says, at this loudness and exactly `samples` long.

    What the codec does to loudness and peak is measured on the encoded file; where it passes the tolerance the sound is made again with the
    gain and the ceiling that make up for it. A true peak is kept at any cost, a loudness as far as the limiter can reach it.
    """
    before = measure_raw(programs, raw, samples)
    if loudness is None:
        return _as_it_is(programs, raw, samples, encode, before)
    wanted, top = loudness.target_lufs, loudness.peak_dbtp
    first = 0.0 if before.integrated_lufs is None else min(MAX_GAIN_DB, wanted - before.integrated_lufs)
    most = max(first, min(first + _PUSH_DB, MAX_GAIN_DB))
    gain, ceiling = first, top - encode.headroom_db
    last: tuple[float, float] | None = None
    limited = False
    for attempt in range(_ATTEMPTS):
        limited = limited or (before.true_peak_dbtp is not None and before.true_peak_dbtp + gain > ceiling)
        _write(programs, raw, samples, encode, gain, ceiling if limited else None)
        found = measure_file(programs, encode.path)
        excess = -1.0 if found.true_peak_dbtp is None else found.true_peak_dbtp - top
        lacking = 0.0 if found.integrated_lufs is None else wanted - found.integrated_lufs
        pushed = min(most, gain + lacking / _slope(last, gain, found))
        if excess <= 0 and (abs(lacking) <= _TOLERANCE_LU or abs(pushed - gain) < _TOLERANCE_LU):
            break
        if attempt == _ATTEMPTS - 1:
            if excess > 0:
                _write(programs, raw, samples, encode, gain - excess - 0.2, ceiling - excess - 0.2)
                found = measure_file(programs, encode.path)
            break
        if excess > 0:
            ceiling, limited = ceiling - excess - 0.1, True
        if found.integrated_lufs is not None:
            last = gain, found.integrated_lufs
        if abs(lacking) > _TOLERANCE_LU:
            gain = pushed
    return _report(samples, found, gain, limited=limited)


def _slope(last: tuple[float, float] | None, gain_db: float, found: Measured) -> float:
    """Return by how much the loudness grows with each decibel of gain: less than one where the limiter takes some of it."""
    if last is None or found.integrated_lufs is None or abs(gain_db - last[0]) < _TOLERANCE_LU:
        return 1.0
    return min(1.0, max(0.25, (found.integrated_lufs - last[1]) / (gain_db - last[0])))


def _as_it_is(programs: Programs, raw: Path, samples: int, encode: Encoding, before: Measured) -> MixReport:
    limited = before.true_peak_dbtp is not None and before.true_peak_dbtp > _FULL_SCALE_DB
    _write(programs, raw, samples, encode, 0.0, _FULL_SCALE_DB if limited else None)
    return _report(samples, measure_file(programs, encode.path), 0.0, limited=limited)


def _report(samples: int, found: Measured, gain_db: float, *, limited: bool) -> MixReport:
    return MixReport(
        samples=samples,
        integrated_lufs=found.integrated_lufs,
        true_peak_dbtp=found.true_peak_dbtp,
        gain_db=round(gain_db, 2),
        limited=limited,
    )


def _write(
    programs: Programs, raw: Path, samples: int, encode: Encoding, gain_db: float, ceiling_db: float | None
) -> None:
    filters: list[str] = [f"volume={gain_db:.4f}dB:precision=float"]
    if ceiling_db is not None:
        # Four times the rate: the limiter looks at samples, and between those of 48 kHz a wave rises higher than at them. `latency` takes
        # the delay of looking ahead out again; `level` off, or quiet sound would be raised.
        limit = 10 ** (ceiling_db / 20)
        filters += [
            f"aresample={_OVERSAMPLED}",
            f"alimiter=limit={limit:.6f}:attack=5:release=80:level=disabled:latency=1",
            f"aresample={RATE}",
        ]
    if encode.path.suffix.lower() == ".wav":
        filters.append("aresample=osf=s16:dither_method=triangular")
    filters += [f"apad=whole_len={samples}", f"atrim=end_sample={samples}"]
    _run(
        programs,
        [
            *(*RAW, *input_file(raw, "f32le"), "-af", ",".join(filters), "-map_metadata", "-1"),
            *("-ar", str(RATE), "-ac", "2", "-fflags", "+bitexact", "-flags:a", "+bitexact"),
            *(*encode.arguments, output_file(encode.path)),
        ],
    )


def _run(programs: Programs, arguments: Sequence[str]) -> None:
    encoder = programs.start(arguments, what="mixing the sound", code="encoder_failed")
    try:
        encoder.finish()
    finally:
        programs.end(encoder)

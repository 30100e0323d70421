"""How loud a sound is, measured by ffmpeg's `ebur128` (ITU-R BS.1770-4 with EBU R 128's gates; true peak at four times the rate)."""

import math
import re
from pathlib import Path

import msgspec

from flatrender.engine.errors import RenderError
from flatrender.engine.ffmpeg import FILM_FORMATS, SOUND_FORMATS, input_file
from flatrender.engine.sound.program import RATE, RAW, Programs

METER = "ebur128=peak=true:framelog=quiet"
_SILENCE_LUFS = -69.9
"""The meter's absolute gate is at -70 LUFS and that is what it says of silence."""
_SHORTEST_S = 0.4
"""One gating block of BS.1770; what is shorter has no loudness."""
_FORMATS = ",".join(sorted({*FILM_FORMATS.split(","), *SOUND_FORMATS.split(",")} - {"concat"}))


class Measured(msgspec.Struct, frozen=True):
    """A sound's loudness."""

    integrated_lufs: float | None
    true_peak_dbtp: float | None


def measured(log: str) -> Measured:
    """Read the summary that the meter wrote at its end."""
    integrated = re.findall(r"\bI:\s+(-?[\d.]+|-?inf|nan) LUFS", log)
    peak = re.findall(r"\bPeak:\s+(-?[\d.]+|-?inf|nan) dBFS", log)
    if not integrated or not peak:
        raise RenderError("the sound could not be measured", code="encoder_failed")
    loudness, top = float(integrated[-1]), float(peak[-1])
    return Measured(
        loudness if math.isfinite(loudness) and loudness > _SILENCE_LUFS else None, top if math.isfinite(top) else None
    )


def measure_raw(programs: Programs, path: Path, samples: int) -> Measured:
    """Measure samples of our own; a programme shorter than one gating block is heard as if it went on, repeated."""
    repeats = max(0, math.ceil(_SHORTEST_S * RATE / max(1, samples)))
    again = f"aloop=loop={repeats}:size={samples}," if repeats > 1 else ""
    return _measure(programs, [*RAW, *input_file(path, "f32le")], again)


def measure_file(programs: Programs, path: Path) -> Measured:
    """Measure a finished file as a player decodes it."""
    return _measure(programs, [*input_file(path, _FORMATS)], "")


def _measure(programs: Programs, source: list[str], before: str) -> Measured:
    meter = programs.start(
        [*source, "-map", "0:a:0", "-af", f"{before}{METER}", "-f", "null", "-"],
        what="measuring the sound",
        code="encoder_failed",
        talk=True,
    )
    try:
        return measured(meter.finish())
    finally:
        programs.end(meter)

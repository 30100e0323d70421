"""Sounds made here, and meters that the project did not write: ffmpeg's `loudnorm` (its own BS.1770 code) and its decoder."""

import json
import math
import re
import subprocess
import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from flatrender.engine.ffmpeg import ffmpeg

RATE = 48_000
Signal = NDArray[np.float64]


def sine(seconds: float, hertz: float = 440, level: float = 0.5, rate: int = RATE) -> Signal:
    return level * np.sin(2 * math.pi * hertz * np.arange(round(seconds * rate)) / rate)


def noise(seconds: float, level: float = 0.1, seed: int = 7) -> Signal:
    return np.random.default_rng(seed).normal(0, level, round(seconds * RATE)).clip(-1, 1)


def clicks(seconds: float, times: Sequence[float], rate: int = RATE) -> Signal:
    """A short ping at each time."""
    signal = np.zeros(round(seconds * rate))
    count = round(rate * 0.004)
    at = np.arange(count) / rate
    ping = 0.8 * np.exp(-at / 0.0008) * np.cos(2 * math.pi * 1500 * at)
    for time in times:
        first = round(time * rate)
        signal[first : first + count] += ping[: len(signal) - first]
    return signal


def write_wave(path: Path, signal: Signal, rate: int = RATE) -> Path:
    """Write one channel, or (two dimensions) several."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1 if signal.ndim == 1 else signal.shape[1], 2, rate, 0, "NONE", ""))
        file.writeframes((signal * 32767).round().clip(-32768, 32767).astype("<i2").tobytes())
    return path


def converted(path: Path, out: Path, *arguments: str) -> Path:
    subprocess.run([ffmpeg(), "-loglevel", "error", "-y", "-i", str(path), *arguments, str(out)], check=True)
    return out


def played(path: Path) -> Signal:
    """What a player hears (edit lists and padding applied): shape (samples, 2) at 48 kHz."""
    raw = subprocess.run(
        [
            ffmpeg(), "-loglevel", "error", "-i", str(path), "-map", "0:a:0",
            "-f", "f32le", "-ac", "2", "-ar", str(RATE), "-",
        ],
        stdout=subprocess.PIPE, check=True,
    ).stdout  # fmt: skip
    return np.frombuffer(raw, np.float32).reshape(-1, 2).astype(np.float64)


def meter(path: Path) -> tuple[float, float]:
    """Integrated loudness (LUFS) and true peak (dBTP) as ffmpeg's `loudnorm` measures them."""
    log = subprocess.run(
        [
            ffmpeg(), "-hide_banner", "-i", str(path), "-map", "0:a:0",
            "-af", "loudnorm=print_format=json", "-f", "null", "-",
        ],
        stderr=subprocess.PIPE, check=True,
    ).stderr.decode()  # fmt: skip
    found = json.loads(re.findall(r"\{[^{}]*\"input_i\"[^{}]*\}", log)[-1])
    return float(found["input_i"]), float(found["input_tp"])


def rms(signal: Signal, begin_s: float, end_s: float) -> float:
    side = signal[:, 0] if signal.ndim == 2 else signal
    part = side[round(begin_s * RATE) : round(end_s * RATE)]
    return float(np.sqrt(np.mean(np.square(part))))


def decibels(ratio: float) -> float:
    return 20 * math.log10(ratio)


def click_errors_ms(signal: Signal, times: Sequence[float]) -> list[float]:
    """How late the ping of each time is, in milliseconds."""
    at = np.arange(192) / RATE
    ping = np.exp(-at / 0.0008) * np.cos(2 * math.pi * 1500 * at)
    errors = []
    for time in times:
        first = max(0, round((time - 0.05) * RATE))
        match = np.correlate(signal[first : first + 4992, 0], ping, "valid")
        errors.append((int(np.argmax(np.abs(match))) + first - round(time * RATE)) * 1000 / RATE)
    return errors


@pytest.fixture(scope="session")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of "voice" (noise), two of silence, two of voice."""
    signal = np.concatenate([noise(2), np.zeros(2 * RATE), noise(2)])
    return write_wave(tmp_path_factory.mktemp("speech") / "voice.wav", signal)

"""Sound from arithmetic: oscillators, envelopes, filters and room, all on a loop of fixed length.

Everything is mixed into a ring buffer, so that tails run over the end into the beginning and the track loops without a seam.
Mono voices are arrays of samples (float64, about -1 to 1) at `RATE`; a mix has two rows, left and right.
"""

import math

import numpy as np
from numpy.typing import NDArray

RATE = 48_000
Samples = NDArray[np.float64]
_SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


def pitch(note: str) -> float:
    """Frequency in Hz of a note like `A4`, `F#3`, `Bb2` (equal temperament, A4 = 440)."""
    step = _SEMITONES[note[0]] + note.count("#") - note[1:].count("b")
    octave = int(note.strip("ABCDEFG#b"))
    return float(440 * 2 ** ((step - 9) / 12 + octave - 4))


def seconds(length: float) -> Samples:
    """Times in s of `length` seconds of samples."""
    return np.arange(int(length * RATE)) / RATE


def envelope(t: Samples, attack: float, release: float) -> Samples:
    """Rises in `attack` s and falls over the last `release` s, both as half a cosine."""
    end = t[-1] + 1 / RATE
    up = 0.5 - 0.5 * np.cos(np.pi * np.clip(t / attack, 0, 1))
    down = 0.5 - 0.5 * np.cos(np.pi * np.clip((end - t) / release, 0, 1))
    return np.asarray(up * down)


def lowpass(x: Samples, cutoff: float, *, slope: float = 4) -> Samples:
    """Takes off what lies above `cutoff` Hz, `slope` orders steep, without shifting phase."""
    spectrum = np.fft.rfft(x)
    f = np.fft.rfftfreq(x.shape[-1], 1 / RATE)
    return np.asarray(np.fft.irfft(spectrum / np.sqrt(1 + (f / cutoff) ** slope), n=x.shape[-1]))


def highpass(x: Samples, cutoff: float) -> Samples:
    """Takes off what lies below `cutoff` Hz."""
    return x - lowpass(x, cutoff)


def pad(freq: float, length: float, *, bright: float = 1400, attack: float = 0.5, release: float = 1.2) -> Samples:
    """A warm held tone: five filtered sawtooths a little out of tune, from a wave table without partials above 9 kHz."""
    t = seconds(length)
    turn = np.arange(2049) / 2048
    table = np.zeros_like(turn)
    for n in range(1, min(23, int(9000 / freq)) + 1):
        table += np.sin(2 * np.pi * n * turn) / n / math.sqrt(1 + (n * freq / bright) ** 4)
    out = np.zeros_like(t)
    for cents, phase in ((-11, 0.13), (-5, 0.71), (0, 0.37), (6, 0.92), (12, 0.55)):
        out += np.interp((freq * 2 ** (cents / 1200) * t + phase) % 1, turn, table)
    return np.asarray(out / 5 * envelope(t, attack, release))


def pluck(freq: float, length: float, *, bright: float = 5.0, decay: float = 0.35) -> Samples:
    """A struck tone between marimba and electric piano: two sines, one bending the other's phase."""
    t = seconds(length)
    bend = bright * np.exp(-t / (decay * 0.3))
    tone = np.sin(2 * np.pi * freq * t + bend * 0.35 * np.sin(2 * np.pi * freq * 4 * t)) + 0.35 * np.sin(
        4 * np.pi * freq * t
    ) * np.exp(-t / (decay * 0.5))
    return np.asarray(tone * np.exp(-t / decay) * envelope(t, 0.003, min(0.1, length / 4)))


def bell(freq: float, length: float, *, decay: float = 1.6) -> Samples:
    """A soft bell of inharmonic partials."""
    t = seconds(length)
    out = np.zeros_like(t)
    for ratio, level, short in ((1, 1, 1), (2.01, 0.45, 0.7), (3.02, 0.2, 0.45), (4.23, 0.12, 0.3)):
        out += level * np.sin(2 * np.pi * freq * ratio * t) * np.exp(-t / (decay * short))
    return np.asarray(out * envelope(t, 0.004, 0.2))


def bass(freq: float, length: float) -> Samples:
    """A round bass: a sine with a little of its overtones."""
    t = seconds(length)
    tone = np.tanh(1.6 * (np.sin(2 * np.pi * freq * t) + 0.3 * np.sin(4 * np.pi * freq * t)))
    return np.asarray(tone * envelope(t, 0.008, 0.06) * np.exp(-t / (length * 1.5)))


def kick() -> Samples:
    """A bass drum: a sine that falls from 140 to 46 Hz."""
    t = seconds(0.34)
    phase = 2 * np.pi * (46 * t + (140 - 46) * 0.045 * (1 - np.exp(-t / 0.045)))
    return np.asarray(np.sin(phase) * np.exp(-t / 0.12) * envelope(t, 0.002, 0.05))


def noise(length: float, seed: int) -> Samples:
    """White noise from a fixed seed."""
    return np.random.default_rng(seed).uniform(-1, 1, int(length * RATE))


def hat(seed: int, *, length: float = 0.08) -> Samples:
    """A closed hi-hat."""
    t = seconds(length)
    return highpass(noise(length, seed), 7000) * np.exp(-t / (length * 0.28)) * envelope(t, 0.001, length / 4)


def clap(seed: int) -> Samples:
    """A soft clap: three short bursts and a tail of band-limited noise."""
    t = seconds(0.28)
    level = sum(
        np.where(t >= d, np.exp(-np.maximum(t - d, 0) / s), 0.0) for d, s in ((0, 0.008), (0.011, 0.008), (0.023, 0.07))
    )
    return np.asarray(lowpass(highpass(noise(0.28, seed), 900), 5200) * level * envelope(t, 0.001, 0.06) * 0.6)


def shaker(seed: int) -> Samples:
    """A shaken egg."""
    t = seconds(0.11)
    return lowpass(highpass(noise(0.11, seed), 4500), 11000) * envelope(t, 0.035, 0.06)


class Loop:
    """A stereo ring of samples that sounds are laid into."""

    def __init__(self, length: float) -> None:
        self.mix: Samples = np.zeros((2, round(length * RATE)))

    def add(self, sound: Samples, at: float, *, gain: float = 1.0, pan: float = 0.0) -> None:
        """Lays `sound` at `at` s; `pan` from -1 (left) to 1 (right), equal power."""
        angle = (pan + 1) * np.pi / 4
        n = self.mix.shape[1]
        start = round(at * RATE) % n
        first = min(sound.shape[0], n - start)
        for row, level in enumerate((np.cos(angle), np.sin(angle))):
            self.mix[row, start : start + first] += sound[:first] * gain * level
            self.mix[row, : sound.shape[0] - first] += sound[first:] * gain * level

    def room(self, *, length: float, level: float, seed: int, dark: float = 4200) -> None:
        """Adds the answer of a room: each side convolved, around the ring, with decaying noise."""
        n = self.mix.shape[1]
        for row in range(2):
            t = seconds(length)
            answer = lowpass(noise(length, seed + row), dark) * np.exp(-t * 6.9 / length) * envelope(t, 0.012, 0.05)
            answer /= np.sqrt(np.sum(answer**2))
            ring = np.zeros(n)
            ring[: answer.shape[0]] = answer
            self.mix[row] += level * np.fft.irfft(np.fft.rfft(self.mix[row]) * np.fft.rfft(ring), n=n)

    def duck(self, beats: list[float], *, depth: float, length: float) -> None:
        """Pulls the level down by `depth` (0–1) at each beat and lets it come back over `length` s."""
        gain = np.ones(self.mix.shape[1])
        t = seconds(length)
        dip = 1 - depth * (1 - t / length) ** 2 * np.clip(t / 0.006, 0, 1)
        for beat in beats:
            where = (np.arange(dip.shape[0]) + round(beat * RATE)) % gain.shape[0]
            gain[where] *= dip
        self.mix *= gain

    def merge(self, other: "Loop", gain: float = 1.0) -> None:
        """Adds another loop of the same length."""
        self.mix += gain * other.mix

    def mastered(self, *, peak: float = 0.8) -> Samples:
        """The mix without rumble, gently saturated, its highest sample at `peak`."""
        mix = np.stack([highpass(row, 28) for row in self.mix])
        mix = np.tanh(mix / np.max(np.abs(mix)) * 1.4)
        return np.asarray(mix / np.max(np.abs(mix)) * peak)

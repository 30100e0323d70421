"""Three tracks of our own, free of rights (CC0): one a mood. Each is a whole number of bars and loops without a seam."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import imageio_ffmpeg
import numpy as np

from kit.synth import RATE, Loop, Samples, bass, bell, clap, hat, kick, pad, pitch, pluck, shaker


def drive() -> Samples:
    """Bright and moving, 116 beats a minute, 16 bars: plucks over four chords, a dancing bass, drums."""
    beat = 60 / 116
    bar = 4 * beat
    chords = [
        ("D2", ["D4", "F#4", "A4", "C#5"]),
        ("B1", ["B3", "D4", "F#4", "A4"]),
        ("G2", ["G3", "B3", "D4", "F#4"]),
        ("A1", ["A3", "C#4", "E4", "B4"]),
    ]
    tune = [(0, 3), (0.75, 2), (1.5, 3), (2, 1), (2.75, 2), (3.5, 0)]
    tonal, drums = Loop(16 * bar), Loop(16 * bar)
    kicks: list[float] = []
    for b in range(16):
        root, notes = chords[b % 4]
        start, full = b * bar, b >= 4
        for i, note in enumerate(notes):
            tonal.add(
                pad(pitch(note), bar + 0.5, bright=1200 + 60 * b, attack=0.12, release=0.6),
                start,
                gain=0.085,
                pan=(i - 1.5) * 0.4,
            )
        for at, index in tune:
            octave = 2 if b % 8 >= 4 or at in {0.75, 2.75} else 1
            tonal.add(
                pluck(pitch(notes[index]) * octave, 0.9, bright=4, decay=0.28),
                start + at * beat,
                gain=0.25,
                pan=0.35 * (-1) ** index,
            )
        for at, ratio in ((0, 1), (0.75, 1), (1.5, 1), (2.5, 2), (3.25, 1), (3.5, 1.5)):
            tonal.add(bass(pitch(root) * ratio, beat * 0.62), start + at * beat, gain=0.26)
        if b in {7, 15}:
            for i in range(6):
                tonal.add(
                    bell(pitch("D5") * 2 ** ([0, 4, 7, 11, 14, 16][i] / 12), 1.4, decay=0.6),
                    start + (2 + i / 3) * beat,
                    gain=0.06,
                    pan=-0.6 + i * 0.24,
                )
        for i in range(4):
            kicks.append(start + i * beat)
            drums.add(kick(), kicks[-1], gain=0.62 if full else 0.42)
            drums.add(hat(100 + i), start + (i + 0.5) * beat, gain=0.26, pan=0.2)
        for i in range(8 if full else 0):
            drums.add(shaker(200 + i), start + i * beat / 2 + 0.01, gain=0.1 + 0.05 * (i % 2), pan=-0.35)
        for at in (1, 3) if full else ():
            drums.add(clap(300 + at), start + at * beat, gain=0.3)
    tonal.room(length=1.5, level=0.3, seed=11)
    tonal.duck(kicks, depth=0.42, length=beat * 0.8)
    drums.room(length=0.5, level=0.1, seed=21)
    tonal.merge(drums)
    return tonal.mastered()


def calm() -> Samples:
    """Quiet and warm, 72 beats a minute, 8 bars: held chords, a slow bell tune, hardly any drums."""
    beat = 60 / 72
    bar = 4 * beat
    chords = [
        ("F2", ["F3", "A3", "C4", "E4"]),
        ("C2", ["E3", "G3", "C4", "D4"]),
        ("D2", ["F3", "A3", "C4", "E4"]),
        ("Bb1", ["F3", "Bb3", "D4", "A4"]),
        ("F2", ["F3", "A3", "C4", "G4"]),
        ("A1", ["E3", "G3", "C4", "E4"]),
        ("Bb1", ["D3", "F3", "A3", "C4"]),
        ("C2", ["E3", "G3", "Bb3", "D4"]),
    ]
    tune: list[list[tuple[float, str]]] = [
        [(0, "A5"), (1.5, "G5"), (2, "E5")],
        [(0.5, "D5"), (2, "E5"), (3, "G5")],
        [(0, "F5"), (1.5, "E5"), (2.5, "C5")],
        [(0.5, "D5"), (2, "F5")],
        [(0, "C6"), (1.5, "A5"), (2, "G5")],
        [(0.5, "E5"), (2, "G5"), (3, "A5")],
        [(0, "F5"), (1, "D5"), (2.5, "A5")],
        [(0, "G5"), (2, "E5")],
    ]
    loop, soft = Loop(8 * bar), Loop(8 * bar)
    for b, (root, notes) in enumerate(chords):
        start = b * bar
        for i, note in enumerate(notes):
            loop.add(
                pad(pitch(note), bar + 1.6, bright=900, attack=0.9, release=1.6), start, gain=0.13, pan=(i - 1.5) * 0.5
            )
            for k in range(2):
                loop.add(
                    pluck(pitch(note) * 2, 1.6, bright=2.6, decay=0.5),
                    start + (i + 4 * k) * beat / 2,
                    gain=0.065,
                    pan=(-1) ** i * 0.5,
                )
        loop.add(bass(pitch(root), beat * 2.6), start, gain=0.26)
        loop.add(bass(pitch(root), beat * 1.2), start + 2.5 * beat, gain=0.16)
        for at, note in tune[b]:
            loop.add(bell(pitch(note) / 2, 2.6, decay=1.3), start + at * beat, gain=0.14, pan=0.15)
        soft.add(kick(), start, gain=0.22)
        soft.add(kick(), start + 2.5 * beat, gain=0.14)
        for i in range(4):
            soft.add(shaker(400 + i), start + (i + 0.5) * beat, gain=0.035, pan=0.4)
    loop.room(length=2.8, level=0.5, seed=31, dark=3200)
    loop.merge(soft)
    return loop.mastered(peak=0.72)


def rise() -> Samples:
    """Wide and confident, 92 beats a minute, 10 bars: strings-like chords that open up, low drums, bells."""
    beat = 60 / 92
    bar = 4 * beat
    chords = [
        ("A1", ["A3", "C4", "E4", "B4"]),
        ("F1", ["A3", "C4", "F4", "G4"]),
        ("C2", ["G3", "C4", "E4", "D5"]),
        ("G1", ["G3", "B3", "D4", "A4"]),
        ("F1", ["F3", "A3", "C4", "E4"]),
    ]
    loop, drums = Loop(10 * bar), Loop(10 * bar)
    kicks: list[float] = []
    for b in range(10):
        root, notes = chords[b % 5]
        start = b * bar
        for i, note in enumerate(notes):
            loop.add(
                pad(pitch(note), bar + 0.9, bright=800 + 170 * b, attack=0.35, release=0.9),
                start,
                gain=0.13,
                pan=(i - 1.5) * 0.5,
            )
            loop.add(
                pad(pitch(note) * 2, bar + 0.9, bright=1500 + 150 * b, attack=0.6, release=0.9),
                start,
                gain=0.03,
                pan=(1.5 - i) * 0.5,
            )
        for i in range(8):
            loop.add(
                bass(pitch(root) * (2 if i in {3, 6} else 1), beat * 0.42),
                start + i * beat / 2,
                gain=0.26 if i % 4 == 0 else 0.18,
            )
        for i in range(16 if b >= 2 else 0):
            note = notes[(0, 2, 1, 3)[i % 4]]
            loop.add(
                pluck(pitch(note) * 2, 0.6, bright=3, decay=0.2),
                start + i * beat / 4,
                gain=0.055 + 0.02 * (i % 4 == 0),
                pan=0.6 * (-1) ** i,
            )
        loop.add(bell(pitch(notes[3]) * 2, 3.2, decay=1.4), start, gain=0.1, pan=-0.2)
        loop.add(bell(pitch(notes[2]) * 2, 2.6, decay=1.2), start + 2.5 * beat, gain=0.07, pan=0.3)
        for at in (0, 1.5, 2):
            kicks.append(start + at * beat)
            drums.add(kick(), kicks[-1], gain=0.6 if at == 0 else 0.4)
        drums.add(clap(500 + b), start + 3 * beat, gain=0.2)
        for i in range(8 if b >= 4 else 0):
            drums.add(hat(600 + i), start + (i + 0.5) * beat / 2, gain=0.07, pan=0.25)
    loop.room(length=2.4, level=0.45, seed=41, dark=3800)
    loop.duck(kicks, depth=0.25, length=beat * 0.7)
    drums.room(length=1.2, level=0.22, seed=51, dark=2600)
    loop.merge(drums)
    return loop.mastered()


class Track(NamedTuple):
    """A piece: how it is played, beats a minute, bars of four beats."""

    play: Callable[[], Samples]
    bpm: int
    bars: int

    @property
    def seconds(self) -> float:
        """How long it lasts until it begins again, s."""
        return round(self.bars * 240 / self.bpm, 3)


TRACKS = {"drive": Track(drive, 116, 16), "calm": Track(calm, 72, 8), "rise": Track(rise, 92, 10)}


def write(samples: Samples, file: Path) -> None:
    """Encodes to Ogg Vorbis; bit-exact flags keep the clock and random serial numbers out of the file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    pcm = np.round(samples.T * 32767).astype("<i2").tobytes()
    command = [
        imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-loglevel", "error", "-y",
        "-f", "s16le", "-ar", str(RATE), "-ac", "2", "-i", "pipe:0",
        "-c:a", "libvorbis", "-q:a", "3", "-map_metadata", "-1", "-fflags", "+bitexact", "-flags:a", "+bitexact", str(file),
    ]  # fmt: skip
    subprocess.run(command, input=pcm, check=True, timeout=120)

"""How loud a track is at each moment: envelopes, fades, pan, and the room that music makes for a voice."""

import numpy as np
from numpy.typing import NDArray

from flatrender.engine.sound.program import RATE, Samples
from flatrender.engine.sound.track import Ducking, FadeCurve, TrackSpec

Gains = NDArray[np.float32]
"""One factor for each sample."""

HOP = RATE // 100
"""Samples over which a voice's level is taken, and between the points of a ducking curve."""


class TrackGain:
    """The gain of one track that sounds for `length` samples."""

    def __init__(self, track: TrackSpec, length: int) -> None:
        self._track = track
        self._length = length
        self._fade_in = min(round(track.fade_in_s * RATE), length)
        self._fade_out = min(round(track.fade_out_s * RATE), length)
        self._times = np.array([time * RATE for time, _ in track.envelope])
        self._factors = np.array([factor for _, factor in track.envelope])
        # A quarter of a sine keeps the side that stays as it is and takes the other away evenly to the ear.
        self._sides = np.array(
            [np.cos(np.pi / 2 * max(0.0, track.pan)), np.cos(np.pi / 2 * max(0.0, -track.pan))], np.float32
        )

    def apply(self, samples: Samples, first: int) -> Samples:
        """Return these samples of the track, the first of which is its sample `first`, as they sound in the film."""
        at = np.arange(first, first + len(samples), dtype=np.float64)
        gain = np.full(len(samples), self._track.volume)
        if len(self._times):
            gain *= np.interp(at, self._times, self._factors)
        if self._fade_in and first < self._fade_in:
            gain *= fade(at / self._fade_in, self._track.fade_curve)
        if self._fade_out and first + len(samples) > self._length - self._fade_out:
            gain *= fade((self._length - at) / self._fade_out, self._track.fade_curve)
        sounding: Samples = samples * gain.astype(np.float32)[:, None]
        return sounding * self._sides if self._track.pan else sounding


def fade(share: NDArray[np.float64], curve: FadeCurve) -> NDArray[np.float64]:
    """Return the gain of a fade-in of which `share` has passed (clipped to 0…1)."""
    share = np.clip(share, 0.0, 1.0)
    match curve:
        case "linear":
            return share
        case "equal_power":
            return np.sin(np.pi / 2 * share)
        case "s_curve":
            return 0.5 - 0.5 * np.cos(np.pi * share)
        case "exponential":
            # 60 dB in a straight line of decibels, brought to silence at its end
            return (10 ** (3 * (share - 1)) - 1e-3) / (1 - 1e-3)


class VoiceLevels:
    """Collects the level of the voices: RMS of each 10 ms, the louder side."""

    def __init__(self, samples: int) -> None:
        self._squares = np.zeros(-(-samples // HOP), np.float32)

    def add(self, samples: Samples, first: int) -> None:
        """Take all voices together from sample `first` (a multiple of HOP) on."""
        whole = -(-len(samples) // HOP)
        padded = np.zeros((whole * HOP, 2), np.float32)
        padded[: len(samples)] = samples
        squares = np.square(padded).reshape(whole, HOP, 2).mean(axis=1).max(axis=1)
        self._squares[first // HOP : first // HOP + whole] = squares

    def speaking(self, threshold_dbfs: float) -> NDArray[np.bool_]:
        """Say for each 10 ms whether a voice is above the threshold (dB, RMS; full scale is 0)."""
        return self._squares > 10 ** (threshold_dbfs / 10)


def ducking_curve(speaking: NDArray[np.bool_], ducking: Ducking) -> Gains:
    """Return the gain of ducked tracks at each 10 ms boundary (one more point than `speaking` has entries).

    The voice is known beforehand, so the way down ends where it begins instead of beginning there. Both ways are a raised cosine in decibels.
    """
    hops = len(speaking)
    number = np.arange(hops + 1, dtype=np.float32)  # exact beyond two days
    far = np.float32(1e12)
    # seconds from each boundary to the next 10 ms with voice, and since the last one
    begins = np.append(np.where(speaking, number[:-1], far), far)
    ahead = (np.minimum.accumulate(begins[::-1])[::-1] - number) * np.float32(HOP / RATE)
    ends = np.insert(np.where(speaking, number[1:], -far), 0, -far)
    since = (number - np.maximum.accumulate(ends)) * np.float32(HOP / RATE)
    down = np.clip(1 - ahead / np.float32(ducking.attack_s), 0, 1)
    up = np.clip(1 - (since - np.float32(ducking.hold_s)) / np.float32(ducking.release_s), 0, 1)
    depth = 0.5 - 0.5 * np.cos(np.float32(np.pi) * np.maximum(down, up))
    gains: Gains = np.power(np.float32(10), -np.float32(ducking.amount_db / 20) * depth)
    return gains


def ducking_gains(curve: Gains, first: int, count: int) -> Gains:
    """Return the curve's gain for `count` samples from film sample `first` on."""
    near = curve[first // HOP : (first + count) // HOP + 2]
    at = np.arange(first % HOP, first % HOP + count, dtype=np.float64) / HOP
    return np.interp(at, np.arange(len(near)), near).astype(np.float32)

"""How a film is encoded."""

from fractions import Fraction
from typing import Literal

import msgspec

from flatrender.engine.errors import RenderError

Preset = Literal["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow"]
_NTSC = (24, 30, 48, 60, 120)


def exact_rate(fps: float) -> Fraction:
    """Return the rate that a decimal figure means: 29.97 (also 29.9700012 as programs write it) is 30000/1001."""
    for whole in _NTSC:
        if abs(fps - whole * 1000 / 1001) < 0.005:
            return Fraction(whole * 1000, 1001)
    return Fraction(fps).limit_denominator(1000)


class FilmSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Picture and encoder settings of a film: H.264, yuv420p, BT.709, limited range, in MP4.

    Raises RenderError `settings_invalid` for what cannot be encoded.
    """

    width: int
    """Pixels, even."""
    height: int
    """Pixels, even."""
    fps: float = 30.0
    """Frames a second, 1 to 120; 23.976, 29.97 and 59.94 mean 24000/1001 and so on."""
    preset: Preset = "veryfast"
    crf: int = 20
    """Constant rate factor, 0 (lossless) to 51."""
    background: tuple[int, int, int] = (255, 255, 255)
    """Red, green, blue behind scenes that are transparent or of another shape."""

    def __post_init__(self) -> None:
        for name, size in (("width", self.width), ("height", self.height)):
            if size % 2 or not 16 <= size <= 8192:
                raise RenderError(
                    f"{name} {size} cannot be encoded; give an even number from 16 to 8192", code="settings_invalid"
                )
        if not 1 <= self.fps <= 120:
            raise RenderError(f"{self.fps:g} frames a second; give 1 to 120", code="settings_invalid")
        if not 0 <= self.crf <= 51:
            raise RenderError(f"crf {self.crf}; give 0 (lossless) to 51", code="settings_invalid")

    @property
    def rate(self) -> Fraction:
        """Frames a second, exactly."""
        return exact_rate(self.fps)

    @property
    def timescale(self) -> int:
        """Ticks of a second in which every frame begins on a whole tick, as finely as players expect."""
        numerator = self.rate.numerator
        return numerator if numerator >= 10_000 else numerator * 1000

    @property
    def frame_ticks(self) -> int:
        """Ticks from one frame to the next."""
        return int(self.timescale / self.rate)

"""How a film is encoded."""

from fractions import Fraction
from typing import Literal

import msgspec

from flatrender.engine.errors import RenderError
from flatrender.engine.kinds import KINDS, Kind, OutputKind

Preset = Literal["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow"]
Dither = Literal["sierra2_4a", "floyd_steinberg", "bayer", "none"]
_NTSC = (24, 30, 48, 60, 120)
MAX_ANIMATION_PIXELS = 2_000_000_000
"""Of all pictures of a GIF, WebP or APNG together: 72 s of 640x360 at 120 pictures a second, 32 s of 1080p at 30."""


def exact_rate(fps: float) -> Fraction:
    """Return the rate that a decimal figure means: 29.97 (also 29.9700012 as programs write it) is 30000/1001."""
    for whole in _NTSC:
        if abs(fps - whole * 1000 / 1001) < 0.005:
            return Fraction(whole * 1000, 1001)
    return Fraction(fps).limit_denominator(1000)


class FilmSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Picture and encoder settings of a film; without more said H.264, yuv420p, BT.709, limited range, in MP4.

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
    """Constant rate factor on H.264's scale, 0 (lossless there) to 51; other codecs get the figure of theirs that looks alike. ProRes has none."""
    background: tuple[int, int, int] = (255, 255, 255)
    """Red, green, blue behind scenes that are transparent or of another shape; unused with `alpha`."""
    kind: OutputKind = "mp4_h264"
    alpha: bool = False
    """Keep the scenes' transparency (straight, not premultiplied); only kinds that have it."""
    max_kbps: int | None = None
    """The most thousand bits a second that the picture of a segment takes, give or take half a second's worth; 100 to 400000."""
    dither: Dither = "sierra2_4a"
    """How a GIF mixes colours that its palette lacks."""

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
        facts = self.facts
        if self.alpha and not facts.alpha_pixels:
            able = ", ".join(name for name, kind in KINDS.items() if kind.alpha_pixels)
            raise RenderError(f"{self.kind} has no transparency; choose one of {able}", code="settings_invalid")
        if self.fps > facts.max_fps:
            raise RenderError(
                f"{self.fps:g} frames a second; {self.kind} shows at most {facts.max_fps}", code="settings_invalid"
            )
        if self.max_kbps is not None and (not 100 <= self.max_kbps <= 400_000 or not facts.capped):
            raise RenderError(
                f"a cap of {self.max_kbps} kbit/s; give 100 to 400000, for H.264, H.265 or VP9",
                code="settings_invalid",
            )

    @property
    def facts(self) -> Kind:
        """What is fixed for this kind of output."""
        return KINDS[self.kind]

    @property
    def segment_suffix(self) -> str:
        """Ending of a segment's name, with the dot."""
        return self.facts.suffix if self.facts.joined else ".nut"

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


def check_animation_size(settings: FilmSettings, frames: int) -> None:
    """Raise RenderError `settings_invalid` for an animation that no viewer would open; its encoder holds all of it in memory too."""
    pixels = settings.width * settings.height * frames
    if settings.facts.container in ("gif", "webp", "apng") and pixels > MAX_ANIMATION_PIXELS:
        raise RenderError(
            f"{frames} frames of {settings.width}x{settings.height} are too much for {settings.kind}: "
            "make it smaller or shorter, lower its rate or choose a film",
            code="settings_invalid",
        )

"""What sounds in a film, and how loud the whole is."""

from itertools import pairwise
from pathlib import Path
from typing import Literal

import msgspec

from flatrender.engine.errors import RenderError

TrackKind = Literal["music", "voiceover", "sfx", "clip"]
FadeCurve = Literal["linear", "equal_power", "s_curve", "exponential"]
MAX_POINTS = 4096
"""Of one volume envelope."""


class TrackSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One sound file in a film. Times are seconds. Raises RenderError `settings_invalid` for figures out of range."""

    kind: TrackKind
    path: Path
    volume: float = 1.0
    """Factor, 0 (silent) to 4; 1 is the file's own loudness."""
    start_s: float = 0.0
    """When it begins in the film."""
    offset_s: float = 0.0
    """How much of the file's beginning is left out."""
    end_s: float | None = None
    """Where in the file it stops, counted like `offset_s` from the file's beginning and after it; None: at the file's end."""
    loop: bool = False
    """Begin again (without `offset_s`) at the file's end, or at `end_s`, until the film ends."""
    loop_crossfade_s: float = 0.05
    """How long the end of one pass and the beginning of the next sound together, 0 to 10; 0 splices them as they are. With `bpm` the passes
    keep whole bars and only the click at the seam is faded away."""
    bpm: float | None = None
    """Beats a minute (20 to 400, four to a bar) of a looped piece: a pass then ends on its last whole bar (or beat, when it has no bar)."""
    speed: float = 1.0
    """0.25 to 4; the pitch stays. Other times of this track that are the file's own (`offset_s`, `end_s`, `bpm`) are those before the change."""
    pan: float = 0.0
    """-1 (left alone) to 1 (right alone); 0 leaves both sides as they are."""
    envelope: tuple[tuple[float, float], ...] = ()
    """Volume keyframes: (seconds after `start_s`, factor 0 to 4), times ascending; straight lines between them, the first and last hold."""
    fade_in_s: float = 0.0
    fade_out_s: float = 0.0
    """Fades to silence at the end of the film or, when it ends before, at the end of the file or at `end_s`."""
    fade_curve: FadeCurve = "linear"

    def __post_init__(self) -> None:
        for name, low, high in (
            ("volume", 0, 4),
            ("start_s", 0, 36_000),
            ("offset_s", 0, 36_000),
            ("fade_in_s", 0, 36_000),
            ("fade_out_s", 0, 36_000),
            ("loop_crossfade_s", 0, 10),
            ("speed", 0.25, 4),
            ("pan", -1, 1),
        ):
            value = getattr(self, name)
            # written so that NaN fails
            if not low <= value <= high:
                raise self._wrong(
                    f"{name} {value:g}; give {low:g} to {high:g}{' seconds' if name[-2:] == '_s' else ''}"
                )
        if self.end_s is not None and not self.offset_s < self.end_s <= 36_000:
            raise self._wrong(
                f"end_s {self.end_s:g}; give more than offset_s ({self.offset_s:g}) and at most 36000 seconds"
            )
        if self.bpm is not None and not 20 <= self.bpm <= 400:
            raise self._wrong(f"bpm {self.bpm:g}; give 20 to 400")
        if len(self.envelope) > MAX_POINTS:
            raise self._wrong(f"{len(self.envelope)} volume keyframes; give at most {MAX_POINTS}")
        if any(not (0 <= time <= 36_000 and 0 <= factor <= 4) for time, factor in self.envelope):
            raise self._wrong("a volume keyframe is out of range; give (0 to 36000 seconds, 0 to 4)")
        if any(later[0] < earlier[0] for earlier, later in pairwise(self.envelope)):
            raise self._wrong("the volume keyframes are not in the order of time")

    def _wrong(self, detail: str) -> RenderError:
        return RenderError(detail, code="settings_invalid", where=str(self.path))


class Ducking(msgspec.Struct, frozen=True, kw_only=True):
    """How music makes room for a voice. Raises RenderError `settings_invalid` for figures out of range.

    The level of all voices together, after their volumes and fades, decides: music has come down by `amount_db` when a voice begins,
    stays there through pauses of up to `hold_s` and comes back within `release_s`.
    """

    threshold_dbfs: float = -40.0
    """A voice speaks where its RMS over 10 ms is above this, -90 to 0."""
    amount_db: float = 12.0
    """0 to 60."""
    attack_s: float = 0.2
    """0.01 to 5; it ends where the voice begins."""
    hold_s: float = 0.5
    """0 to 10."""
    release_s: float = 0.8
    """0.01 to 10."""
    under: tuple[TrackKind, ...] = ("voiceover",)
    ducks: tuple[TrackKind, ...] = ("music",)

    def __post_init__(self) -> None:
        for name, low, high in (
            ("threshold_dbfs", -90, 0),
            ("amount_db", 0, 60),
            ("attack_s", 0.01, 5),
            ("hold_s", 0, 10),
            ("release_s", 0.01, 10),
        ):
            if not low <= getattr(self, name) <= high:
                raise RenderError(
                    f"ducking: {name} {getattr(self, name):g}; give {low:g} to {high:g}", code="settings_invalid"
                )


class Loudness(msgspec.Struct, frozen=True, kw_only=True):
    """How loud the film is as a whole. Raises RenderError `settings_invalid` for figures out of range."""

    target_lufs: float = -14.0
    """Integrated loudness (ITU-R BS.1770-4, EBU R 128), -40 to -8."""
    peak_dbtp: float = -1.0
    """True peak that the finished, encoded sound does not pass, -12 to -0.5."""

    def __post_init__(self) -> None:
        if not -40 <= self.target_lufs <= -8:
            raise RenderError(f"loudness {self.target_lufs:g} LUFS; give -40 to -8", code="settings_invalid")
        if not -12 <= self.peak_dbtp <= -0.5:
            raise RenderError(f"true peak {self.peak_dbtp:g} dBTP; give -12 to -0.5", code="settings_invalid")


class MixReport(msgspec.Struct, frozen=True, kw_only=True):
    """A finished sound, as measured on the encoded file."""

    samples: int
    """At 48 kHz, of each side; the film's length exactly."""
    integrated_lufs: float | None
    """None: silent, or (below 0.4 s) too short to have a loudness."""
    true_peak_dbtp: float | None
    """None: digital silence."""
    gain_db: float
    """By which the whole mix was raised or (negative) lowered."""
    limited: bool
    """Peaks were held down to reach the loudness."""


FILM_LOUDNESS = Loudness()
FILM_DUCKING = Ducking()
MIX_OPTIONS: dict[str, object] = {"mixer": 2, "loudness": FILM_LOUDNESS, "ducking": FILM_DUCKING}
"""What a film's sound depends on besides its tracks; `mixer` grows when the same tracks come to sound different."""

"""What sounds in a film."""

from pathlib import Path
from typing import Literal

import msgspec

from flatrender.engine.errors import RenderError

TrackKind = Literal["music", "voiceover", "sfx"]


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
    fade_in_s: float = 0.0
    fade_out_s: float = 0.0
    """Fades to silence at the end of the film or, when it ends before, at the end of the file or at `end_s`."""

    def __post_init__(self) -> None:
        if not 0 <= self.volume <= 4:
            raise RenderError(f"volume {self.volume:g}; give 0 to 4", code="settings_invalid", where=str(self.path))
        for name in ("start_s", "offset_s", "fade_in_s", "fade_out_s"):
            if not 0 <= getattr(self, name) <= 36_000:
                raise RenderError(
                    f"{name} {getattr(self, name):g}; give 0 to 36000 seconds",
                    code="settings_invalid",
                    where=str(self.path),
                )
        if self.end_s is not None and not self.offset_s < self.end_s <= 36_000:
            raise RenderError(
                f"end_s {self.end_s:g}; give more than offset_s ({self.offset_s:g}) and at most 36000 seconds",
                code="settings_invalid",
                where=str(self.path),
            )

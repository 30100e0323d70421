"""Misbehaving on purpose, as After Effects does by itself."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import NoReturn

import msgspec

VARIABLE = "FLATRENDER_AERENDER_MISBEHAVE"
"""Environment variable: names separated by commas, with a value after `=` where one is taken (`slow=0.5,language=de`)."""

MISBEHAVIOURS = {
    "slow": "each frame takes this many seconds longer (0.5)",
    "hang_before_launch": "says nothing and never ends",
    "hang_in_project": "launches, then never opens the project",
    "hang_midway": "stops after this share of the frames (0.5)",
    "hang_at_end": "draws every frame, then never ends",
    "dialog": "waits for a click that nobody makes, with a window process beside it",
    "crash": "dies after this share of the frames (0.5)",
    "error_with_success": "prints an error and ends with 0, without a film",
    "error": "fails half way with After Effects' error and exit code",
    "truncated": "leaves this share of the film, or of a sequence's pictures, and ends with 0 (0.5)",
    "black": "leaves a black film and ends with 0",
    "missing_font": "warns of a font that is not installed",
    "missing_footage": "fails for a footage file that is not there",
    "disk_full": "fails because the disk is full",
    "licence": "fails because After Effects has no licence here",
    "language": "prints in this language and its code page (de)",
    "out_of_order": "finishes frames in another order",
    "no_progress": "prints no line for frames",
    "split_lines": "writes lines in pieces",
    "orphan": "leaves a process behind that outlives it",
}
_HANG_S = 24 * 3600.0


class Misbehaviour(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for: names with their values."""

    wanted: dict[str, str]

    def has(self, name: str) -> bool:
        """Whether this misbehaviour was asked for."""
        return name in self.wanted

    def number(self, name: str, default: float) -> float:
        """Return the value of a misbehaviour, or the default."""
        try:
            return float(self.wanted.get(name) or default)
        except ValueError:
            return default

    def share(self, name: str, frames: int) -> int | None:
        """Return the count of frames after which this happens; None when it was not asked for."""
        return max(1, round(frames * self.number(name, 0.5))) if self.has(name) else None


def read_misbehaviour(text: str) -> Misbehaviour:
    """Read the variable's text. Raises ValueError, which names what there is."""
    wanted: dict[str, str] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        name, _, value = part.partition("=")
        if name not in MISBEHAVIOURS:
            raise ValueError(f"{VARIABLE}: there is no {name!r}; there are {', '.join(MISBEHAVIOURS)}")
        wanted[name] = value
    return Misbehaviour(wanted=wanted)


def hang() -> NoReturn:
    """Never come back, and compute nothing."""
    while True:
        time.sleep(_HANG_S)


def leave_process(seconds: float = 600.0) -> None:
    """Start a process in the same group that goes on by itself."""
    subprocess.Popen([sys.executable, "-S", "-c", f"import time; time.sleep({seconds})"])


def crash() -> NoReturn:
    """Die as a program does that touched memory it has not."""
    if sys.platform == "win32":
        os._exit(0xC0000005)
    os.abort()

"""When a silent render is called hung: one limit for each stage, each with its own name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

Stage = Literal["launch", "project", "first_frame", "frame", "after_last_frame"]


class WatchdogLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds of silence allowed in each stage, and of the whole render."""

    launch_s: float = 180.0
    """Until After Effects says that it runs."""
    project_s: float = 300.0
    """Until the header of the composition."""
    first_frame_s: float = 300.0
    frame_s: float = 180.0
    """Between two frames; a template that is known is given its own."""
    after_last_frame_s: float = 300.0
    """From the last frame to the end of the process: writing a film takes time."""
    absolute_s: float = 6 * 3600.0
    busy_factor: float = 3.0
    """How much longer a silent render that still computes may take."""


_LEARNED_FACTOR = 6.0
_LEAST_FRAME_S = 30.0


def learned(limits: WatchdogLimits, longest_frame_s: Sequence[float]) -> WatchdogLimits:
    """Return the limits for a template of which these longest waits between two frames (seconds) are known from renders that ended well.

    A frame may take six times the longest of them, at least 30 s; never more than three times the usual limit, so that one slow machine does not
    make every hang last.
    """
    known = [seconds for seconds in longest_frame_s if seconds > 0]
    if not known:
        return limits
    frame_s = min(max(_LEAST_FRAME_S, max(known) * _LEARNED_FACTOR), limits.frame_s * 3)
    return msgspec.structs.replace(limits, frame_s=frame_s)


class Expiry(msgspec.Struct, frozen=True, kw_only=True):
    """A limit that was reached."""

    watchdog: str
    """`launch`, `project`, `first_frame`, `frame`, `after_last_frame` or `absolute`."""
    silent_s: float
    is_busy: bool


class Watchdogs:
    """Follows one render. Times are seconds of a monotonic clock, given by the caller."""

    def __init__(self, limits: WatchdogLimits, now: float) -> None:
        self._limits = limits
        self._began = self._heard = now
        self.stage: Stage = "launch"

    def heard(self, now: float, stage: Stage | None = None) -> None:
        """Note a sign of life; `stage` is the stage that it begins."""
        self._heard = now
        if stage is not None:
            self.stage = stage

    def check(self, now: float, *, busy: bool) -> Expiry | None:
        """Return the limit that was reached. `busy` says whether the process tree computes."""
        if now - self._began > self._limits.absolute_s:
            return Expiry(watchdog="absolute", silent_s=now - self._heard, is_busy=busy)
        silent = now - self._heard
        limit = {
            "launch": self._limits.launch_s,
            "project": self._limits.project_s,
            "first_frame": self._limits.first_frame_s,
            "frame": self._limits.frame_s,
            "after_last_frame": self._limits.after_last_frame_s,
        }[self.stage]
        if silent <= (limit * self._limits.busy_factor if busy else limit):
            return None
        return Expiry(watchdog=self.stage, silent_s=silent, is_busy=busy)

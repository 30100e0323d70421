"""Pauses between repeated calls: growing, with a lower bound and 20 % jitter."""

import random
import threading


class Backoff:
    """0.5 s, 1 s, 2 s … up to `most_s`, each ± 20 %."""

    def __init__(self, *, first_s: float = 0.5, most_s: float = 10.0) -> None:
        self._first_s = first_s
        self._most_s = most_s
        self._next_s = first_s

    def reset(self) -> None:
        """Begin again with the shortest pause."""
        self._next_s = self._first_s

    def pause(self, stop: threading.Event, at_least_s: float | None = None) -> bool:
        """Wait for the next pause; return True when `stop` was set meanwhile."""
        seconds = max(self._next_s, at_least_s or 0.0) * random.uniform(0.8, 1.2)  # noqa: S311 - jitter
        self._next_s = min(self._most_s, self._next_s * 2)
        return stop.wait(seconds)

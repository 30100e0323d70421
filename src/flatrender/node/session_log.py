"""What happened to one piece of work, line by line: the attempt's log that the node sends with its report."""

import gzip
import threading
import time

MAX_BYTES = 256 * 1024
"""Of the packed log."""
_MAX_CHARACTERS = 1 << 20
_LAST_SHARE = 0.75
"""Of what is too long so much of the end is kept: a failure is explained there."""


class SessionLog:
    """Lines with the seconds since the claim. May be written to from several threads."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._lock = threading.Lock()
        self._lines: list[str] = [time.strftime("%Y-%m-%dT%H:%M:%SZ claimed", time.gmtime())]

    def note(self, text: str) -> None:
        """Add a line, or several."""
        with self._lock:
            self._lines.append(f"{time.monotonic() - self._began:9.3f} {text.rstrip()}")

    def text(self) -> str:
        """Return everything, without the middle of what is too long."""
        with self._lock:
            whole = "\n".join(self._lines) + "\n"
        return shortened(whole, _MAX_CHARACTERS)

    def packed(self) -> bytes:
        """Return the log as it is sent, gzip, at most 256 KiB."""
        limit = _MAX_CHARACTERS
        while True:
            data = gzip.compress(shortened(self.text(), limit).encode("utf-8", "replace"), 6, mtime=0)
            if len(data) <= MAX_BYTES:
                return data
            limit //= 2


def shortened(text: str, limit: int) -> str:
    """Return a text of at most about `limit` characters: its beginning, and more of its end."""
    if len(text) <= limit:
        return text
    last = round(limit * _LAST_SHARE)
    return f"{text[: limit - last]}\n… {len(text) - limit} characters left out …\n{text[-last:]}"

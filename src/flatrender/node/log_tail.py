"""The end of the agent's log, kept in memory for people who ask for it from afar."""

import logging
from collections import deque
from typing import Self

KEPT_LINES = 2000
MAX_LINE = 500
MAX_BYTES = 60 * 1024
"""Of what is sent at once: a heartbeat has room for it."""


class LogTail(logging.Handler):
    """Keeps the newest lines of the logger `flatrender` while it is open."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
        self._kept: deque[str] = deque(maxlen=KEPT_LINES)
        self._logger = logging.getLogger("flatrender")

    def open(self) -> Self:
        """Begin to listen."""
        self._logger.addHandler(self)
        return self

    def close(self) -> None:
        """Listen no more."""
        self._logger.removeHandler(self)
        super().close()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one record's lines."""
        self._kept.extend(line[:MAX_LINE] for line in self.format(record).splitlines())

    def newest(self, lines: int) -> str:
        """Return the newest lines, oldest first, as many as fit into `MAX_BYTES`."""
        found: list[str] = []
        size = 0
        for line in reversed([*self._kept][-max(1, lines) :]):
            size += len(line.encode()) + 1
            if size > MAX_BYTES:
                break
            found.append(line)
        return "\n".join(reversed(found))

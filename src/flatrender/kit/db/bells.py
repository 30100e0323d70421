"""Waking up whoever waits for a row: `NOTIFY` in the transaction of the change, heard by every process once it commits.

A bell says "look again", never what there is to see: the truth is in the tables, and a lost ring costs one look's delay.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from flatrender.kit.db.listening import Listener
from flatrender.kit.db.pools import Conn, Database

MAX_KEY_BYTES = 200


class Bell:
    """One waiter's ear for some keys."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Wake the waiter; remembered when it is not waiting."""
        self._rung.set()

    async def wait(self, timeout_s: float) -> bool:
        """Wait for a ring since the last wait; return whether there was one."""
        try:
            await asyncio.wait_for(self._rung.wait(), timeout_s)
        except TimeoutError:
            return False
        self._rung.clear()
        return True


class Bells:
    """The bells of one channel, heard from the database by `run`."""

    def __init__(self, database: Database, channel: str) -> None:
        self._database = database
        self._channel = channel
        self._waiting: dict[str, set[Bell]] = defaultdict(set)
        self.closing = False
        """The host is stopping: whoever waits gives up instead of looking again."""

    @contextmanager
    def hear(self, *keys: str, bell: Bell | None = None) -> Iterator[Bell]:
        """Give a bell (or that one) for these keys. Look at the rows only after this, or a ring between looking and waiting is lost."""
        bell = bell or Bell()
        for key in keys:
            self._waiting[key].add(bell)
        try:
            yield bell
        finally:
            for key in keys:
                self._waiting[key].discard(bell)
                if not self._waiting[key]:
                    del self._waiting[key]

    async def ring(self, conn: Conn, key: str) -> None:
        """Ring `key` everywhere when the caller's transaction commits."""
        await conn.execute("SELECT pg_notify(%s, %s)", (self._channel, key[:MAX_KEY_BYTES]))

    async def run(self, stop: asyncio.Event) -> None:
        """Listen until `stop`; everybody is woken after each connection, and once more at the end (see `closing`)."""
        listener = Listener(self._database.worker_dsn, self._channel)
        # Beside the listener, which may be seconds from noticing: it looks at `stop` between its looks at the connection.
        farewell = asyncio.create_task(self._close_at(stop))
        try:
            await listener.run(stop, on_message=self._ring_here, on_connected=self._ring_all)
        finally:
            farewell.cancel()
            self._close()

    async def _close_at(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._close()

    def _close(self) -> None:
        self.closing = True
        self._ring_all()

    def _ring_here(self, key: str) -> None:
        for bell in self._waiting.get(key, ()):
            bell.ring()

    def _ring_all(self) -> None:
        for bells in list(self._waiting.values()):
            for bell in bells:
                bell.ring()

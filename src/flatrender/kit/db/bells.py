"""Waking up whoever waits for a row: `NOTIFY` in the transaction of the change, heard by every process once it commits.

A bell says "look again", never what there is to see: the truth is in the tables, and a lost ring costs one look's delay.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import structlog

from flatrender.kit.db.pools import Conn, Database
from flatrender.kit.errors import Unavailable

log = structlog.get_logger(__name__)

RECONNECT_S = 1.0
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
        self.connected = asyncio.Event()
        """Set while the database is listened to."""

    @contextmanager
    def hear(self, *keys: str) -> Iterator[Bell]:
        """Give a bell for these keys. Look at the rows only after this, or a ring between looking and waiting is lost."""
        bell = Bell()
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
        """Listen until `stop`; a lost connection is made again, and everybody is woken once after it."""
        stopped = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                listening = asyncio.create_task(self._listen())
                await asyncio.wait({listening, stopped}, return_when=asyncio.FIRST_COMPLETED)
                listening.cancel()
                (ended,) = await asyncio.gather(listening, return_exceptions=True)
                self.connected.clear()
                if isinstance(ended, (psycopg.Error, Unavailable, OSError)):
                    log.warning("bells_reconnect", channel=self._channel, error=type(ended).__name__)
                    await asyncio.wait({stopped}, timeout=RECONNECT_S)
                elif isinstance(ended, Exception):
                    raise ended
        finally:
            stopped.cancel()

    async def _listen(self) -> None:
        conn = await self._database.listening()
        try:
            await conn.execute(f'LISTEN "{self._channel}"'.encode())
            self.connected.set()
            for bells in list(self._waiting.values()):
                for bell in bells:
                    bell.ring()
            async for notification in conn.notifies():
                for bell in self._waiting.get(notification.payload, ()):
                    bell.ring()
        finally:
            await conn.close()

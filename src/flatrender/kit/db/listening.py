"""Hearing at once what another process did: PostgreSQL's NOTIFY, sent with a transaction, heard on a connection of its own.

Nothing is kept for a listener that is away, so whoever listens looks at the tables again after each (re)connection.
"""

import asyncio
from collections.abc import Callable

import psycopg
import structlog
from psycopg import AsyncConnection, sql

from flatrender.kit.db.pools import CONNECT_TIMEOUT_S, Conn

log = structlog.get_logger(__name__)

MAX_MESSAGE_BYTES = 7900
"""PostgreSQL refuses a payload of 8000 bytes or more."""
CHECK_S = 1.0
ALIVE_S = 30.0
FIRST_WAIT_S = 0.25
LONGEST_WAIT_S = 5.0


async def announce(conn: Conn, channel: str, message: str) -> None:
    """Send a message with the caller's transaction: listeners hear it when that commits. Raises ValueError above 7900 bytes."""
    if len(message.encode()) > MAX_MESSAGE_BYTES:
        raise ValueError(f"a message has at most {MAX_MESSAGE_BYTES} bytes")
    await conn.execute("SELECT pg_notify(%s, %s)", (channel, message))


class Listener:
    """Hears one channel until stopped; comes back by itself when the connection is lost."""

    def __init__(self, dsn: str, channel: str) -> None:
        self._dsn = dsn
        self._channel = channel

    async def run(
        self, stop: asyncio.Event, *, on_message: Callable[[str], None], on_connected: Callable[[], None]
    ) -> None:
        """Call `on_connected` after each connection and `on_message` for each message, until `stop` is set."""
        wait_s = FIRST_WAIT_S
        while not stop.is_set():
            try:
                async with await self._connect() as conn:
                    wait_s = FIRST_WAIT_S
                    on_connected()
                    await self._hear(conn, stop, on_message)
            except (psycopg.OperationalError, TimeoutError, OSError) as error:
                log.warning("listener_waits", channel=self._channel, wait_s=wait_s, error=type(error).__name__)
                try:
                    await asyncio.wait_for(stop.wait(), wait_s)
                except TimeoutError:
                    wait_s = min(wait_s * 2, LONGEST_WAIT_S)

    async def _connect(self) -> Conn:
        conn = await AsyncConnection.connect(
            self._dsn,
            autocommit=True,
            connect_timeout=CONNECT_TIMEOUT_S,
            application_name=f"flatrender-{self._channel}",
        )
        await conn.execute(sql.SQL("LISTEN {}").format(sql.Identifier(self._channel)))
        return conn

    @staticmethod
    async def _hear(conn: Conn, stop: asyncio.Event, on_message: Callable[[str], None]) -> None:
        loop = asyncio.get_running_loop()
        alive_at = loop.time()
        while not stop.is_set():
            async for notify in conn.notifies(timeout=CHECK_S):
                on_message(notify.payload)
                if stop.is_set():
                    break
            if loop.time() - alive_at > ALIVE_S:
                async with asyncio.timeout(CONNECT_TIMEOUT_S):
                    await conn.execute("SELECT 1")
                alive_at = loop.time()

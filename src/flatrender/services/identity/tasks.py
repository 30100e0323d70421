"""What identity does without being asked: partitions for the months to come, and old sessions away."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

from flatrender.kit.clock import Clock
from flatrender.kit.db import Database
from flatrender.kit.errors import AppError
from flatrender.services.identity.queries import people, sessions

EVERY_S = 6 * 3600.0
log = structlog.get_logger(__name__)


async def keep_partitions(database: Database, clock: Clock) -> None:
    """Make the partitions of this month and the two that follow."""
    async with database.worker() as conn:
        await people.ensure_partitions(conn, clock())


def housekeeping(database: Database, clock: Clock) -> Callable[[asyncio.Event], Coroutine[Any, Any, None]]:
    """Return the loop that keeps partitions ahead of the clock and deletes sessions that ended a month ago."""

    async def run(stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await keep_partitions(database, clock)
                async with database.worker() as conn:
                    await sessions.delete_old(conn)
            except AppError as error:
                log.warning("housekeeping_waits", service="identity", code=error.code)
            try:
                await asyncio.wait_for(stop.wait(), EVERY_S)
            except TimeoutError:
                continue

    return run

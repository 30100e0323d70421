"""Server-sent events (WHATWG HTML §9.2) for one person: what came while they were away, then what comes."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any
from uuid import UUID

import msgspec

from flatrender.kit.errors import AppError
from flatrender.services.notification.errors import TooManyStreams
from flatrender.services.notification.queries import NotificationRow
from flatrender.services.notification.service.hub import Hub, Subscription
from flatrender.services.notification.service.inbox import Inbox
from flatrender.services.notification.settings import NotificationSettings

COME_BACK_MS = 3000
CATCH_UP = 100
REMEMBERED = 500
OVERLAP_S = 30.0
"""A transaction may commit later than one with a newer id; looking this far back again misses neither."""


class Stream:
    """Makes the events of a stream."""

    def __init__(self, hub: Hub, inbox: Inbox, settings: NotificationSettings) -> None:
        self._hub = hub
        self._inbox = inbox
        self._settings = settings

    async def events(self, tenant_id: UUID, user_id: UUID, last_id: UUID | None) -> AsyncIterator[bytes]:
        """Yield frames until the stream's life ends, the client cannot follow, or the process stops."""
        try:
            with self._hub.subscription(tenant_id, user_id) as mine:
                async for frame in self._frames(mine, tenant_id, user_id, last_id):
                    yield frame
        except TooManyStreams:
            # the last free place went between the check and here: the client comes back
            return

    async def _frames(
        self, mine: Subscription, tenant_id: UUID, user_id: UUID, last_id: UUID | None
    ) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        looked_at = loop.time()
        ends_at = looked_at + self._settings.stream_life_s
        yield f"retry: {COME_BACK_MS}\n\n".encode()
        seen = _Seen()
        if last_id is not None:
            for frame in seen.new(await self._inbox.after(tenant_id, user_id, last_id, limit=CATCH_UP)):
                yield frame
        while not mine.ended and (left_s := ends_at - loop.time()) > 0:
            if not await mine.wait(min(self._settings.heartbeat_s, left_s)):
                yield b": heartbeat\n\n"
            again, now = mine.look_again, loop.time()
            rows = await self._rows(mine, tenant_id, user_id, now - looked_at + OVERLAP_S)
            if again and not mine.look_again:
                looked_at = now
            for frame in seen.new(rows):
                yield frame
            for job in _taken(mine):
                yield b"event: render_job\ndata: " + msgspec.json.encode(job) + b"\n\n"

    async def _rows(self, mine: Subscription, tenant_id: UUID, user_id: UUID, since_s: float) -> list[NotificationRow]:
        """Return the announced notifications, or all recent ones after a loss. While the database is away, they are looked for again later."""
        ids, again = list(mine.notifications), mine.look_again
        mine.notifications.clear()
        mine.look_again = False
        if not ids and not again:
            return []
        try:
            if again:
                return await self._inbox.since(tenant_id, user_id, seconds=since_s, limit=CATCH_UP)
            return await self._inbox.by_id(tenant_id, user_id, ids)
        except AppError:
            mine.look_again = True
            return []


class _Seen:
    """The ids that this stream has sent: each goes out once."""

    def __init__(self) -> None:
        self._ids: OrderedDict[UUID, None] = OrderedDict()

    def new(self, rows: Iterable[NotificationRow]) -> Iterator[bytes]:
        for row in rows:
            if row.id in self._ids:
                continue
            self._ids[row.id] = None
            if len(self._ids) > REMEMBERED:
                self._ids.popitem(last=False)
            yield b"id: " + str(row.id).encode() + b"\nevent: notification\ndata: " + msgspec.json.encode(row) + b"\n\n"


def _taken(mine: Subscription) -> list[dict[str, Any]]:
    jobs = list(mine.render_jobs.values())
    mine.render_jobs.clear()
    return jobs

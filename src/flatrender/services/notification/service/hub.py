"""Who is listening in this process.

Each listener's queue is bounded: progress keeps only the newest of each film, and a client that cannot follow is let go, to come back
with the last id that it has seen.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec
import structlog

from flatrender.services.notification.errors import TooManyStreams

log = structlog.get_logger(__name__)

CHANNEL = "flatrender_notification"


class Signal(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What processes tell each other: a notification's id, or a film's progress. Only ids and states; texts are read from the table."""

    tenant_id: UUID
    user_id: UUID
    notification_id: UUID | None = None
    render_job: dict[str, Any] | None = None


@dataclass
class Subscription:
    """One open stream."""

    queue_limit: int
    notifications: dict[UUID, None] = field(default_factory=dict)
    render_jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    look_again: bool = False
    """Something may have been missed: the tables say what."""
    ended: bool = False
    _woken: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, signal: Signal) -> None:
        """Take a signal; end when too many wait."""
        if signal.notification_id is not None:
            self.notifications[signal.notification_id] = None
        if signal.render_job is not None:
            self.render_jobs[str(signal.render_job.get("id"))] = signal.render_job
        if len(self.notifications) + len(self.render_jobs) > self.queue_limit:
            self.ended = True
        self._woken.set()

    def look(self) -> None:
        """Let the stream compare with the tables."""
        self.look_again = True
        self._woken.set()

    def end(self) -> None:
        """Let the stream end."""
        self.ended = True
        self._woken.set()

    async def wait(self, seconds: float) -> bool:
        """Return True as soon as there is something, False after `seconds`."""
        try:
            await asyncio.wait_for(self._woken.wait(), seconds)
        except TimeoutError:
            return False
        self._woken.clear()
        return True


class Hub:
    """Passes signals on to the streams of the person whom they concern."""

    def __init__(self, *, streams: int, streams_per_user: int, queue_limit: int) -> None:
        self._streams = streams
        self._streams_per_user = streams_per_user
        self._queue_limit = queue_limit
        self._listening: dict[tuple[UUID, UUID], list[Subscription]] = defaultdict(list)
        self._count = 0
        self._closed = False

    @contextmanager
    def subscription(self, tenant_id: UUID, user_id: UUID) -> Iterator[Subscription]:
        """Listen for one person; raise TooManyStreams when they, or this process, hold as many streams as may be."""
        key = (tenant_id, user_id)
        self.check_room(tenant_id, user_id)
        mine = Subscription(self._queue_limit, ended=self._closed)
        self._listening[key].append(mine)
        self._count += 1
        try:
            yield mine
        finally:
            self._count -= 1
            self._listening[key].remove(mine)
            if not self._listening[key]:
                del self._listening[key]

    def check_room(self, tenant_id: UUID, user_id: UUID) -> None:
        """Raise TooManyStreams when no further stream of this person may be opened."""
        held = len(self._listening.get((tenant_id, user_id), ()))
        if held >= self._streams_per_user or self._count >= self._streams:
            raise TooManyStreams("too many streams are open: close a page, or try again shortly", retry_after_s=10)

    @property
    def count(self) -> int:
        """How many streams are open."""
        return self._count

    def hear(self, message: str) -> None:
        """Take a message of the database's channel; one that is not understood (of a newer release) is left out."""
        try:
            signal = msgspec.json.decode(message, type=Signal)
        except msgspec.MsgspecError:
            log.warning("signal_not_understood", length=len(message))
            return
        for subscription in self._listening.get((signal.tenant_id, signal.user_id), ()):
            subscription.add(signal)

    def look_again(self) -> None:
        """Let every stream compare with the tables: signals may have been lost."""
        for subscriptions in self._listening.values():
            for subscription in subscriptions:
                subscription.look()

    def close(self) -> None:
        """End every stream, so that the process can stop."""
        self._closed = True
        for subscriptions in self._listening.values():
            for subscription in subscriptions:
                subscription.end()

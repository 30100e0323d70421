"""A person's notifications: told once, listed, read."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from flatrender.contracts.notification import Notice
from flatrender.kit.db import Conn, Database, announce, consume_once
from flatrender.services.notification import queries
from flatrender.services.notification.errors import UnknownNotification
from flatrender.services.notification.queries import NotificationRow
from flatrender.services.notification.service.hub import CHANNEL, Signal

CONSUMER = "notification"


class Inbox:
    """Writes and reads notifications. Whoever is listening hears of a new one when its transaction commits."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def tell(self, tenant_id: UUID, notices: Sequence[Notice]) -> list[UUID]:
        """Tell people; return the ids, of earlier notifications for keys that were told before."""
        async with self._database.tenant(tenant_id) as conn:
            return [await self._tell(conn, tenant_id, notice, None) for notice in notices]

    async def tell_of_event(self, tenant_id: UUID, event_id: UUID, notice: Notice) -> None:
        """Tell a person of an event, however often it is delivered."""
        async with self._database.tenant(tenant_id) as conn:
            if await consume_once(conn, "notification", tenant_id, CONSUMER, event_id):
                await self._tell(conn, tenant_id, notice, event_id)

    async def show_progress(self, tenant_id: UUID, user_id: UUID, render_job: dict[str, Any]) -> None:
        """Show a film's progress to whoever is looking; nothing is kept."""
        signal = Signal(tenant_id=tenant_id, user_id=user_id, render_job=render_job)
        async with self._database.tenant(tenant_id) as conn:
            await announce(conn, CHANNEL, msgspec.json.encode(signal).decode())

    async def newest(
        self, tenant_id: UUID, user_id: UUID, *, unread_only: bool, before: UUID | None, limit: int
    ) -> list[NotificationRow]:
        """Return a person's notifications, newest first."""
        async with self._database.tenant(tenant_id) as conn:
            return await queries.newest(conn, tenant_id, user_id, unread_only=unread_only, before=before, limit=limit)

    async def unread_count(self, tenant_id: UUID, user_id: UUID) -> int:
        """Return how many wait to be read."""
        async with self._database.tenant(tenant_id) as conn:
            return await queries.unread_count(conn, tenant_id, user_id)

    async def mark_read(self, tenant_id: UUID, user_id: UUID, notification_id: UUID) -> None:
        """Mark one read; raise UnknownNotification when it is not this person's."""
        async with self._database.tenant(tenant_id) as conn:
            found = await queries.mark_read(conn, tenant_id, user_id, notification_id)
        if not found:
            raise UnknownNotification("you have no such notification")

    async def mark_all_read(self, tenant_id: UUID, user_id: UUID) -> None:
        """Mark everything read."""
        async with self._database.tenant(tenant_id) as conn:
            await queries.mark_all_read(conn, tenant_id, user_id)

    async def after(self, tenant_id: UUID, user_id: UUID, last_id: UUID, *, limit: int) -> list[NotificationRow]:
        """Return what came after the notification that a client has seen last."""
        async with self._database.tenant(tenant_id) as conn:
            return await queries.after(conn, tenant_id, user_id, last_id, limit=limit)

    async def since(self, tenant_id: UUID, user_id: UUID, *, seconds: float, limit: int) -> list[NotificationRow]:
        """Return what came in the last seconds."""
        async with self._database.tenant(tenant_id) as conn:
            return await queries.since(conn, tenant_id, user_id, seconds=seconds, limit=limit)

    async def by_id(self, tenant_id: UUID, user_id: UUID, ids: Sequence[UUID]) -> list[NotificationRow]:
        """Return those of `ids` that are this person's."""
        async with self._database.tenant(tenant_id) as conn:
            return await queries.by_id(conn, tenant_id, user_id, ids)

    @staticmethod
    async def _tell(conn: Conn, tenant_id: UUID, notice: Notice, event_id: UUID | None) -> UUID:
        made = await queries.insert(
            conn,
            tenant_id,
            notice.user_id,
            type_key=notice.type_key,
            title=notice.title,
            body=notice.body,
            action_url=notice.action_url,
            image_url=notice.image_url,
            payload=notice.payload,
            dedupe_key=notice.dedupe_key,
            source_event_id=event_id,
        )
        if made is not None:
            signal = Signal(tenant_id=tenant_id, user_id=notice.user_id, notification_id=made)
            await announce(conn, CHANNEL, msgspec.json.encode(signal).decode())
            return made
        told = await queries.id_by_dedupe_key(conn, tenant_id, notice.user_id, notice.dedupe_key)
        if told is None:
            raise RuntimeError("the earlier notification is gone")
        return told

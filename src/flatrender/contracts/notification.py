"""What the notification service promises: people hear of what happened, once.

It acts on events (`render_job.completed`, `render_job.failed`, `render_job.progress`); others may also ask directly.
When notification is down, nothing else fails: events wait in the outbox.
"""

from collections.abc import Sequence
from typing import Any, Protocol
from uuid import UUID

import msgspec


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """Something to tell one user; the same `dedupe_key` is told once."""

    user_id: UUID
    type_key: str
    title: str
    body: str
    dedupe_key: str
    action_url: str | None = None
    image_url: str | None = None
    payload: dict[str, Any] = {}


class NotificationApi(Protocol):
    """The interface of notification."""

    async def notify(self, *, tenant_id: UUID, notices: Sequence[Notice]) -> list[UUID]:
        """Tell people; return the ids of the notifications (an existing one for a key told before)."""

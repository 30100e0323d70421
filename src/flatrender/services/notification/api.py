"""The contract of notification, in this process."""

from collections.abc import Sequence
from uuid import UUID

from flatrender.contracts.notification import Notice
from flatrender.services.notification.service.inbox import Inbox


class LocalNotification:
    """Implements `NotificationApi`."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    async def notify(self, *, tenant_id: UUID, notices: Sequence[Notice]) -> list[UUID]:
        """Tell people; return the ids."""
        return await self._inbox.tell(tenant_id, notices)

"""Notification, put together."""

from flatrender.contracts.identity import IdentityApi
from flatrender.contracts.notification import NotificationApi
from flatrender.kit.db import Database
from flatrender.kit.module import ServiceModule
from flatrender.services.notification.api import LocalNotification
from flatrender.services.notification.endpoints import router
from flatrender.services.notification.service.hub import Hub
from flatrender.services.notification.service.inbox import Inbox
from flatrender.services.notification.service.stream import Stream
from flatrender.services.notification.settings import NotificationSettings
from flatrender.services.notification.tasks import Exports, RenderJobs, cleaning, listening


def build(*, database: Database, identity: IdentityApi, settings: NotificationSettings | None = None) -> ServiceModule:
    """Return the service. `database` holds the pools of `svc_notification`."""
    chosen = settings or NotificationSettings()
    hub = Hub(streams=chosen.streams, streams_per_user=chosen.streams_per_user, queue_limit=chosen.queue_limit)
    inbox = Inbox(database)
    stream = Stream(hub, inbox, chosen)

    async def close() -> None:
        hub.close()

    return ServiceModule(
        name="notification",
        schema="notification",
        database=database,
        contract=NotificationApi,
        api=LocalNotification(inbox),
        routers=(router(inbox=inbox, stream=stream, hub=hub),),
        handlers={**RenderJobs(inbox, identity).handlers(), **Exports(inbox, identity).handlers()},
        background=(listening(database, hub), cleaning(database)),
        close=close,
    )

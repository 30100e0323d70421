"""Notifications over HTTP: the list, reading, and the stream."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header
from fastapi.responses import StreamingResponse

from flatrender.kit.errors import BadRequest
from flatrender.kit.http import CallerDep, Page, PageDep, responses
from flatrender.services.notification.queries import NotificationRow
from flatrender.services.notification.schemas import NotificationRead, UnreadCount
from flatrender.services.notification.service.hub import Hub
from flatrender.services.notification.service.inbox import Inbox
from flatrender.services.notification.service.stream import Stream

STREAM_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class EventStream(StreamingResponse):
    """An answer of server-sent events."""

    media_type = "text/event-stream"


def router(*, inbox: Inbox, stream: Stream, hub: Hub) -> APIRouter:
    """Return the routes."""
    routes = APIRouter()

    @routes.get("/v1/notifications", response_model=Page[NotificationRead], responses=responses(400))
    async def newest(who: CallerDep, page: PageDep, unread: bool = False) -> Page[NotificationRead]:
        """List one's notifications, newest first."""
        rows = await inbox.newest(who.tenant_id, who.user_id, unread_only=unread, before=page.before, limit=page.limit)
        return Page(items=[_read(row) for row in rows], next_cursor=page.cursor_after([row.id for row in rows]))

    @routes.get("/v1/notifications/unread-count", response_model=UnreadCount, responses=responses())
    async def unread_count(who: CallerDep) -> UnreadCount:
        """Say how many wait to be read."""
        return UnreadCount(unread_count=await inbox.unread_count(who.tenant_id, who.user_id))

    @routes.post("/v1/notifications/read-all", status_code=204, responses=responses())
    async def read_all(who: CallerDep) -> None:
        """Mark everything read."""
        await inbox.mark_all_read(who.tenant_id, who.user_id)

    @routes.post("/v1/notifications/{notification_id}/read", status_code=204, responses=responses())
    async def read(who: CallerDep, notification_id: UUID) -> None:
        """Mark one read; doing it twice is no error."""
        await inbox.mark_read(who.tenant_id, who.user_id, notification_id)

    @routes.get("/v1/notifications/stream", response_class=EventStream, responses=responses(400, 429))
    async def events(who: CallerDep, last_event_id: Annotated[str | None, Header(max_length=64)] = None) -> EventStream:
        """Follow one's notifications (`notification`) and the progress of one's films (`render_job`) as server-sent events."""
        hub.check_room(who.tenant_id, who.user_id)
        frames = stream.events(who.tenant_id, who.user_id, _last_id(last_event_id))
        return EventStream(frames, headers=STREAM_HEADERS)

    return routes


def _last_id(header: str | None) -> UUID | None:
    if not header:
        return None
    try:
        return UUID(header)
    except ValueError as error:
        raise BadRequest(
            "Last-Event-ID is not an id of ours: leave it out", code="notification.bad_event_id"
        ) from error


def _read(row: NotificationRow) -> NotificationRead:
    return NotificationRead(
        id=row.id,
        type_key=row.type_key,
        title=row.title,
        body=row.body,
        action_url=row.action_url,
        image_url=row.image_url,
        payload=row.payload,
        read_at=row.read_at,
        created_at=row.created_at,
    )

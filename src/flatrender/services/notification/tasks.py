"""What notification does when others publish, and without being asked."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any
from uuid import UUID

import msgspec
import structlog

from flatrender.contracts.identity import IdentityApi
from flatrender.contracts.notification import Notice
from flatrender.kit.db import Database, Event, EventHandler, Listener
from flatrender.kit.errors import AppError
from flatrender.services.notification import queries
from flatrender.services.notification.service import texts
from flatrender.services.notification.service.hub import CHANNEL, Hub
from flatrender.services.notification.service.inbox import Inbox
from flatrender.services.notification.service.texts import Text

log = structlog.get_logger(__name__)

KEPT_DAYS = 180
CLEAN_EVERY_S = 3600.0


class RenderJobEvent(msgspec.Struct, frozen=True, kw_only=True):
    """The payload of `render_job.*`, as far as it is of use here."""

    job_id: UUID
    user_id: UUID
    saved_project_id: UUID | None = None
    title: str = ""
    status: str = ""
    progress_pct: float = 0.0
    file_id: UUID | None = None
    error_code: str | None = None


class RenderJobs:
    """Tells people about their films."""

    def __init__(self, inbox: Inbox, identity: IdentityApi) -> None:
        self._inbox = inbox
        self._identity = identity

    def handlers(self) -> dict[str, EventHandler]:
        """Return what to do about each event."""
        return {
            "render_job.completed": self.completed,
            "render_job.repaired": self.repaired,
            "render_job.failed": self.failed,
            "render_job.progress": self.progress,
        }

    async def completed(self, event: Event) -> None:
        """Tell the owner that their film is ready."""
        await self._tell(event, "render.completed", texts.completed)

    async def repaired(self, event: Event) -> None:
        """Tell the owner that frames of their finished film were drawn again."""
        await self._tell(event, "render.repaired", texts.repaired, each_file=True)

    async def failed(self, event: Event) -> None:
        """Tell the owner that their film could not be made."""
        await self._tell(event, "render.failed", texts.failed)

    async def progress(self, event: Event) -> None:
        """Show how far a film is to its owner's open pages."""
        job = _read(event)
        if job is not None:
            await self._inbox.show_progress(event.tenant_id, job.user_id, _shown(job))

    async def _tell(
        self, event: Event, type_key: str, text: Callable[[str, str], Text], *, each_file: bool = False
    ) -> None:
        job = _read(event)
        if job is None:
            return
        # Unavailable goes up: the event waits in the outbox until identity answers
        account = (await self._identity.accounts(tenant_id=event.tenant_id, ids=[job.user_id])).get(job.user_id)
        if account is None:
            log.info("nobody_to_tell", event_id=str(event.id), event_type=event.type)
            return
        said = text(account.locale, job.title)
        payload: dict[str, Any] = {
            "job_id": str(job.job_id),
            "saved_project_id": str(job.saved_project_id) if job.saved_project_id else None,
            "title": job.title[: texts.LONGEST_TITLE],
        }
        if job.file_id is not None:
            payload["file_id"] = str(job.file_id)
        if job.error_code is not None:
            payload["error_code"] = job.error_code
        notice = Notice(
            user_id=job.user_id,
            type_key=type_key,
            title=said.title,
            body=said.body,
            dedupe_key=f"{type_key}:{job.job_id}" + (f":{job.file_id}" if each_file else ""),
            action_url=f"/films/{job.job_id}",
            payload=payload,
        )
        await self._inbox.tell_of_event(event.tenant_id, event.id, notice)
        await self._inbox.show_progress(event.tenant_id, job.user_id, _shown(job))


class ExportEvent(msgspec.Struct, frozen=True, kw_only=True):
    """The payload of `export.*`, as far as it is of use here."""

    user_id: UUID
    job_id: UUID | None = None
    title: str = ""
    target: str = ""
    target_id: UUID | None = None
    expires_at: str | None = None


class Exports:
    """Tells people of files that expire, and of deliveries that were given up."""

    def __init__(self, inbox: Inbox, identity: IdentityApi) -> None:
        self._inbox = inbox
        self._identity = identity

    def handlers(self) -> dict[str, EventHandler]:
        """Return what to do about each event."""
        return {"export.expiring": self.expiring, "export.delivery_dead": self.delivery_dead}

    async def expiring(self, event: Event) -> None:
        """Tell the owner that their film's file is removed soon."""
        found = _export(event)
        if found is not None:
            payload = {"job_id": str(found.job_id), "title": found.title, "expires_at": found.expires_at}
            await self._tell(event, found, "export.expiring", texts.expiring, found.title, "/exports", payload)

    async def delivery_dead(self, event: Event) -> None:
        """Tell whoever made a target that something could not be delivered to it."""
        found = _export(event)
        if found is not None:
            payload = {"target_id": str(found.target_id), "target": found.target}
            await self._tell(
                event, found, "export.delivery_dead", texts.delivery_dead, found.target, "/admin/delivery", payload
            )

    async def _tell(
        self,
        event: Event,
        found: ExportEvent,
        type_key: str,
        text: Callable[[str, str], Text],
        about: str,
        page: str,
        payload: dict[str, Any],
    ) -> None:
        account = (await self._identity.accounts(tenant_id=event.tenant_id, ids=[found.user_id])).get(found.user_id)
        if account is None:
            return
        said = text(account.locale, about)
        notice = Notice(
            user_id=found.user_id,
            type_key=type_key,
            title=said.title,
            body=said.body,
            dedupe_key=f"{type_key}:{event.id}",
            action_url=page,
            payload=payload,
        )
        await self._inbox.tell_of_event(event.tenant_id, event.id, notice)


def _export(event: Event) -> ExportEvent | None:
    try:
        return msgspec.convert(event.payload, ExportEvent, strict=False)
    except msgspec.ValidationError as error:
        log.warning("event_not_understood", event_id=str(event.id), event_type=event.type, error=str(error))
        return None


def _read(event: Event) -> RenderJobEvent | None:
    """Return the payload; an event that we cannot read would not become readable by being delivered again."""
    try:
        return msgspec.convert(event.payload, RenderJobEvent, strict=False)
    except msgspec.ValidationError as error:
        log.warning("event_not_understood", event_id=str(event.id), event_type=event.type, error=str(error))
        return None


def _shown(job: RenderJobEvent) -> dict[str, Any]:
    return {
        "id": str(job.job_id),
        "saved_project_id": str(job.saved_project_id) if job.saved_project_id else None,
        "title": job.title[: texts.LONGEST_TITLE],
        "status": job.status,
        "progress_pct": job.progress_pct,
        "error_code": job.error_code,
    }


def listening(database: Database, hub: Hub) -> Callable[[asyncio.Event], Coroutine[Any, Any, None]]:
    """Return the loop that hears what any process has written for the streams of this one, and ends them with the process."""

    async def run(stop: asyncio.Event) -> None:
        try:
            listener = Listener(database.worker_dsn, CHANNEL)
            await listener.run(stop, on_message=hub.hear, on_connected=hub.look_again)
        finally:
            hub.close()

    return run


def cleaning(database: Database) -> Callable[[asyncio.Event], Coroutine[Any, Any, None]]:
    """Return the loop that deletes notifications of half a year ago."""

    async def run(stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                async with database.worker() as conn:
                    await queries.delete_old(conn, days=KEPT_DAYS, limit=5000)
            except AppError as error:
                log.warning("cleaning_waits", service="notification", code=error.code)
            try:
                await asyncio.wait_for(stop.wait(), CLEAN_EVERY_S)
            except TimeoutError:
                continue

    return run

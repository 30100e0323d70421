"""Finished files as people handle them: listed, linked to, kept longer, made again, deleted; and what happens to them with time."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
import structlog

from flatrender.contracts.files import FilesApi, Link, LinkRequest
from flatrender.kit.clock import Clock
from flatrender.kit.db import Bells, Conn, Database, Event, IdempotencyKey, emit, run_once
from flatrender.kit.errors import AppError
from flatrender.kit.workflows import Json, Run
from flatrender.services.render import errors
from flatrender.services.render.queries import deliveries as delivery_rows
from flatrender.services.render.queries import exports as rows
from flatrender.services.render.queries import jobs as job_rows
from flatrender.services.render.queries.exports import DueExport, ExportRow
from flatrender.services.render.service.events import SCHEMA, tell
from flatrender.services.render.service.jobs import actor, start_planning
from flatrender.services.render.settings import RenderSettings

log = structlog.get_logger(__name__)

SWEEP_WORKFLOW = "sweep_exports"
SWEEP_CRON = "*/10 * * * *"
BATCH = 200
DELIVERED_DAYS = 30
DEAD_DAYS = 90
SHORTEST_LINK_S = 60
LONGEST_LINK_S = 7 * 24 * 3600


class ExportView(msgspec.Struct, frozen=True, kw_only=True):
    """An output with its film's poster."""

    export: ExportRow
    poster_file_id: UUID | None


class Exports:
    """The finished files of all tenants, each call for one."""

    def __init__(
        self, database: Database, bells: Bells, files: FilesApi, settings: RenderSettings, clock: Clock
    ) -> None:
        self._database = database
        self._bells = bells
        self._files = files
        self._settings = settings
        self._clock = clock

    async def page(self, tenant_id: UUID, *, user_id: UUID | None, before: UUID | None, limit: int) -> list[ExportView]:
        """Return outputs, newest first; of everybody in the tenant when `user_id` is None."""
        async with self._database.tenant(tenant_id) as conn:
            found = await rows.page(conn, tenant_id=tenant_id, user_id=user_id, before=before, limit=limit)
            return await self._views(conn, tenant_id, found)

    async def get(self, tenant_id: UUID, export_id: UUID, *, user_id: UUID | None) -> ExportView:
        """Return an output. Raises ExportNotFound."""
        async with self._database.tenant(tenant_id) as conn:
            return (await self._views(conn, tenant_id, [await self._own(conn, tenant_id, export_id, user_id)]))[0]

    async def link(
        self, tenant_id: UUID, export_id: UUID, *, user_id: UUID | None, life_s: int, name: str | None
    ) -> Link:
        """Return a link to the file that needs no sign-in, for `life_s` seconds but not beyond the file's own end.

        It ends with the file. Raises ExportNotFound, ExportNotReady, ExportExpired, and BadFileName from files for a name that is none.
        """
        async with self._database.tenant(tenant_id) as conn:
            export = await self._own(conn, tenant_id, export_id, user_id)
        if export.status in ("expired", "removed") or self._ended(export):
            raise errors.ExportExpired("this file has expired: renew it, then ask again")
        if export.status != "ready" or export.file_id is None:
            raise errors.ExportNotReady(f"there is no file: the output is {export.status}")
        if export.expires_at is not None:
            left = int((export.expires_at - self._clock()).total_seconds())
            life_s = max(SHORTEST_LINK_S, min(life_s, left))
        links = await self._files.links(
            tenant_id=tenant_id, requests=[LinkRequest(file_id=export.file_id, life_s=life_s, name=name)]
        )
        if export.file_id not in links:
            raise errors.ExportExpired("this file was deleted: renew it, then ask again")
        async with self._database.tenant(tenant_id) as conn:
            await rows.count_download(conn, tenant_id=tenant_id, export_id=export_id)
        return links[export.file_id]

    async def renew(
        self, tenant_id: UUID, export_id: UUID, *, user_id: UUID | None, key: IdempotencyKey | None = None
    ) -> ExportView:
        """Keep a file for its days again, from now on; when it is gone or could not be made, make it again, which costs little while its segments are there.

        Once for each key. Raises ExportNotFound, and FilmBusy while the film is being worked on.
        """
        async with self._database.tenant(tenant_id) as conn:
            export = await self._own(conn, tenant_id, export_id, user_id)
        there = export.file_id is not None and bool(await self._files.files(tenant_id=tenant_id, ids=[export.file_id]))
        if export.status == "removed" and export.file_id is not None:
            await self._files.delete(tenant_id=tenant_id, ids=[export.file_id])
            there = False
        async with self._database.tenant(tenant_id) as conn:

            async def effect() -> UUID:
                await self._renew(conn, tenant_id, export_id, user_id, there=there)
                return export_id

            if key is None:
                await effect()
            else:
                await run_once(conn, SCHEMA, tenant_id, f"renew:{user_id}", key, UUID, effect)
            return (await self._views(conn, tenant_id, [await self._own(conn, tenant_id, export_id, user_id)]))[0]

    async def _renew(self, conn: Conn, tenant_id: UUID, export_id: UUID, user_id: UUID | None, *, there: bool) -> None:
        export = await self._own(conn, tenant_id, export_id, user_id)
        # The film before its outputs, in the order in which everybody locks them.
        job = await job_rows.job(conn, tenant_id=tenant_id, job_id=export.render_job_id, lock=True)
        export = await self._own(conn, tenant_id, export_id, user_id, lock=True)
        if job is None:
            raise errors.ExportNotFound("there is no such output")
        if export.status in ("ready", "expired") and there:
            await rows.extend(conn, tenant_id=tenant_id, export_id=export_id, keep_days=self._settings.export_keep_days)
            return
        if job.status not in ("completed", "failed", "canceled"):
            raise errors.FilmBusy(f"the film is {job.status}; renew the file when it is done")
        await rows.want_again(conn, tenant_id=tenant_id, export_id=export_id)
        await job_rows.set_status(
            conn, tenant_id=tenant_id, job_id=job.id, expected=(job.status,), status="queued", actor=actor(user_id)
        )
        workflow_id = await start_planning(conn, tenant_id, job.id, attempt=job.attempt + 1)
        await job_rows.queue_again(conn, tenant_id=tenant_id, job_id=job.id, workflow_id=workflow_id)
        queued = await job_rows.job(conn, tenant_id=tenant_id, job_id=job.id)
        if queued is not None:
            await tell(conn, self._bells, queued, "queued")

    async def delete(self, tenant_id: UUID, export_id: UUID, *, user_id: UUID | None) -> None:
        """Delete an output and its file; links to it end. Raises ExportNotFound, and FilmBusy while it is being made."""
        async with self._database.tenant(tenant_id) as conn:
            export = await self._own(conn, tenant_id, export_id, user_id, lock=True)
            if export.status == "pending":
                raise errors.FilmBusy("the file is being made: cancel the film first")
            await rows.drop(conn, tenant_id=tenant_id, export_id=export_id)
        if export.file_id is not None:
            await self._files.delete(tenant_id=tenant_id, ids=[export.file_id])
            async with self._database.tenant(tenant_id) as conn:
                await rows.file_deleted(conn, tenant_id=tenant_id, export_ids=[export_id])

    async def file_deleted(self, event: Event) -> None:
        """Hear of `file.deleted`: an output whose file its owner deleted can be made again."""
        try:
            file_id = UUID(str(event.payload.get("file_id")))
        except ValueError:
            return
        async with self._database.tenant(event.tenant_id) as conn:
            await rows.lose_file(conn, tenant_id=event.tenant_id, file_id=file_id)

    async def sweep(self, run: Run, _arguments: dict[str, Json]) -> None:
        """Workflow `sweep_exports`: tell of what expires soon, expire what is due, remove what was kept long enough."""
        for name, step in (
            ("warn", self.warn),
            ("expire", self.expire),
            ("remove", self.remove),
            ("purge_deliveries", self.purge_deliveries),
        ):
            await run.step(name, step)

    async def warn(self) -> int:
        """Tell owners of outputs that expire soon, once for each; return how many outputs."""
        async with self._database.worker() as conn:
            due = await rows.take_expiring(conn, within_days=self._settings.export_warn_days, limit=BATCH)
            await self._tell(conn, "export.expiring", due)
        return len(due)

    async def expire(self) -> int:
        """Expire outputs whose time has passed; return how many."""
        async with self._database.worker() as conn:
            due = await rows.take_expired(conn, limit=BATCH)
            await self._tell(conn, "export.expired", due)
        return len(due)

    async def remove(self) -> int:
        """Delete the files of outputs that expired long enough ago; return how many. What a peer that is away leaves is taken up again."""
        async with self._database.worker() as conn:
            due = await rows.take_removable(conn, after_days=self._settings.export_grace_days, limit=BATCH)
        removed = 0
        for tenant_id in {export.tenant_id for export in due}:
            own = [export for export in due if export.tenant_id == tenant_id]
            try:
                await self._files.delete(
                    tenant_id=tenant_id, ids=[export.file_id for export in own if export.file_id is not None]
                )
            except AppError as error:
                log.warning("exports_wait", code=error.code)
                continue
            async with self._database.tenant(tenant_id) as conn:
                await rows.file_deleted(conn, tenant_id=tenant_id, export_ids=[export.id for export in own])
            removed += len(own)
        return removed

    async def purge_deliveries(self) -> int:
        """Forget deliveries of a month ago, dead ones after three; return how many."""
        async with self._database.worker() as conn:
            return await delivery_rows.purge(conn, delivered_days=DELIVERED_DAYS, dead_days=DEAD_DAYS, limit=BATCH)

    async def _tell(self, conn: Conn, what: str, due: Sequence[DueExport]) -> None:
        """Emit one event a film, not one an output."""
        for job_id in dict.fromkeys(export.render_job_id for export in due):
            own = [export for export in due if export.render_job_id == job_id]
            ends = min((export.expires_at for export in own if export.expires_at is not None), default=None)
            await emit(
                conn,
                SCHEMA,
                tenant_id=own[0].tenant_id,
                type=what,
                aggregate_type="export",
                aggregate_id=own[0].id,
                payload={
                    "job_id": str(job_id),
                    "user_id": str(own[0].user_id),
                    "title": own[0].title,
                    "export_ids": [str(export.id) for export in own],
                    "expires_at": ends.isoformat() if ends else None,
                },
            )

    async def _views(self, conn: Conn, tenant_id: UUID, found: Sequence[ExportRow]) -> list[ExportView]:
        posters = await rows.posters(conn, tenant_id=tenant_id, job_ids=[export.render_job_id for export in found])
        return [ExportView(export=export, poster_file_id=posters.get(export.render_job_id)) for export in found]

    async def _own(
        self, conn: Conn, tenant_id: UUID, export_id: UUID, user_id: UUID | None, *, lock: bool = False
    ) -> ExportRow:
        export = await rows.one(conn, tenant_id=tenant_id, export_id=export_id, user_id=user_id, lock=lock)
        if export is None:
            raise errors.ExportNotFound("there is no such output")
        return export

    def _ended(self, export: ExportRow) -> bool:
        return export.expires_at is not None and export.expires_at <= self._clock()

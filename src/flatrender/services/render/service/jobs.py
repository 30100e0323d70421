"""Films as people handle them: made once for a revision, listed, cancelled at every stage, tried again."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from flatrender import telemetry
from flatrender.contracts.render import RenderJobBrief, RenderRequest
from flatrender.kit.db import Bells, Conn, Database, IdempotencyKey, run_once
from flatrender.kit.errors import Refused
from flatrender.kit.ids import DEFAULT_TENANT_ID
from flatrender.kit.workflows import enqueue
from flatrender.services.render import errors
from flatrender.services.render.queries import chunks as chunk_rows
from flatrender.services.render.queries import exports as export_rows
from flatrender.services.render.queries import forecasts as forecast_rows
from flatrender.services.render.queries import jobs as rows
from flatrender.services.render.queries import repairs as repair_rows
from flatrender.services.render.queries import traces as trace_rows
from flatrender.services.render.queries.chunks import ChunkRow
from flatrender.services.render.queries.exports import ExportRow
from flatrender.services.render.queries.jobs import FINISHING, UNFINISHED, JobRow, ProfileRow
from flatrender.services.render.service.deliveries import check_targets
from flatrender.services.render.service.events import SCHEMA, tell
from flatrender.services.render.service.outputs import asked_for, output_of
from flatrender.services.render.service.planning import film_size
from flatrender.services.render.settings import RenderSettings

FORECAST = ("rendering", *FINISHING)
"""Statuses of films whose time left can be told."""
PLAN_WORKFLOW = "render_film"
FINISH_WORKFLOW = "finish_film"
DRAFT_PROFILE = "draft"
DRAFT_PRIORITY = 50
"""Where drafts begin: somebody looks at the screen and waits for them. A film begins at 0."""


class JobView(msgspec.Struct, frozen=True, kw_only=True):
    """A film with what belongs to it."""

    job: JobRow
    video: ExportRow | None
    poster: ExportRow | None
    outputs: list[ExportRow]
    """All that the film is made as, the first one is the film itself."""
    queue_position: int | None
    seconds_left: int | None
    """None before anything can be said, and when no node serves the film."""
    waits_for_after_effects: bool = False
    """Nothing of it that only After Effects draws goes on: there is no node for it."""


class Jobs:
    """The films of all tenants, each call for one."""

    def __init__(self, database: Database, bells: Bells, settings: RenderSettings) -> None:
        self._database = database
        self._bells = bells
        self._settings = settings

    async def create(self, tenant_id: UUID, requests: Sequence[RenderRequest]) -> list[RenderJobBrief]:
        """Queue films, once for each revision. Raises QueueFull and UnknownProfile."""
        async with self._database.tenant(tenant_id) as conn:
            sizes = {
                profile.key: profile.max_height
                for profile in reversed(await rows.profiles(conn, tenant_id=tenant_id, platform_id=DEFAULT_TENANT_ID))
            }
            return [brief(await self._create_one(conn, tenant_id, request, sizes)) for request in requests]

    async def _create_one(
        self, conn: Conn, tenant_id: UUID, request: RenderRequest, sizes: Mapping[str, int]
    ) -> JobRow:
        existing = await rows.job_by_revision(conn, tenant_id=tenant_id, revision_id=request.revision_id)
        if existing is not None:
            return existing
        film = request.input
        outputs = asked_for([film.profile, *film.outputs], sizes)
        await check_targets(conn, tenant_id, film.deliver_to or ())
        if not 1 <= len(film.scenes) <= self._settings.max_scenes:
            raise Refused(
                f"a film has 1 to {self._settings.max_scenes} scenes, not {len(film.scenes)}",
                code="render.too_many_scenes",
            )
        unfinished, limit = await rows.queue_room(conn, tenant_id=tenant_id)
        if unfinished >= limit:
            raise errors.QueueFull(f"{unfinished} films are waiting already; let some finish first", retry_after_s=60)
        width, height = film_size(film.width, film.height, sizes[film.profile])
        stored = {"title": request.title, "film": msgspec.to_builtins(film)}
        job_id = await rows.insert_job(
            conn,
            tenant_id=tenant_id,
            user_id=request.user_id,
            saved_project_id=request.saved_project_id,
            revision_id=request.revision_id,
            project_id=request.project_id,
            project_version_id=request.project_version_id,
            package_sha256=request.package_sha256,
            profile=film.profile,
            width=width,
            height=height,
            fps=film.fps,
            has_voiceover=request.has_voiceover,
            volumes=(request.music_volume, request.sfx_volume, request.voiceover_volume),
            input=stored,
            input_hash=hashlib.sha256(msgspec.json.encode(stored, order="sorted")).digest(),
            kind="preview" if film.profile == DRAFT_PROFILE else "final",
            priority=lane_priority(film.profile),
        )
        if job_id is not None:
            await export_rows.want(conn, tenant_id=tenant_id, job_id=job_id, user_id=request.user_id, profiles=outputs)
            await start_planning(conn, tenant_id, job_id, attempt=1)
        job = await rows.job_by_revision(conn, tenant_id=tenant_id, revision_id=request.revision_id)
        if job is None:
            raise errors.JobNotFound("the film of this revision is being made by somebody else; ask again")
        if job_id is not None:
            await tell(conn, self._bells, job, "queued")
        return job

    async def check_wanted(self, tenant_id: UUID, profiles: Sequence[str], deliver_to: Sequence[UUID]) -> None:
        """Raise UnknownProfile, UnknownTarget or Refused for outputs that films of the tenant cannot have."""
        async with self._database.tenant(tenant_id) as conn:
            known = await rows.profiles(conn, tenant_id=tenant_id, platform_id=DEFAULT_TENANT_ID)
            asked_for(profiles, {profile.key: profile for profile in known})
            await check_targets(conn, tenant_id, deliver_to)

    async def profiles(self, tenant_id: UUID) -> list[ProfileRow]:
        """Return the output profiles that a film of the tenant may have, small ones first; its own in place of the platform's of the same key."""
        async with self._database.tenant(tenant_id) as conn:
            found = await rows.profiles(conn, tenant_id=tenant_id, platform_id=DEFAULT_TENANT_ID)
        by_key = {profile.key: profile for profile in reversed(found)}
        return sorted(by_key.values(), key=lambda profile: (profile.max_height, profile.cost_multiplier, profile.key))

    async def latest(self, tenant_id: UUID, saved_project_ids: Sequence[UUID]) -> dict[UUID, RenderJobBrief]:
        """Return the newest film of each project that has one."""
        async with self._database.tenant(tenant_id) as conn:
            found = await rows.latest_jobs(conn, tenant_id=tenant_id, saved_project_ids=saved_project_ids)
        return {job.saved_project_id: brief(job) for job in found}

    async def page(
        self,
        tenant_id: UUID,
        *,
        user_id: UUID | None,
        before: UUID | None,
        limit: int,
        saved_project_id: UUID | None = None,
    ) -> list[JobView]:
        """Return films, newest first; of everybody in the tenant when `user_id` is None."""
        async with self._database.tenant(tenant_id) as conn:
            found = await rows.jobs(
                conn,
                tenant_id=tenant_id,
                user_id=user_id,
                before=before,
                limit=limit,
                saved_project_id=saved_project_id,
            )
            return await self._views(conn, tenant_id, found)

    async def get(self, tenant_id: UUID, job_id: UUID, *, user_id: UUID | None) -> JobView:
        """Return a film, of anybody in the tenant when `user_id` is None. Raises JobNotFound."""
        async with self._database.tenant(tenant_id) as conn:
            job = await self._own(conn, tenant_id, job_id, user_id)
            return (await self._views(conn, tenant_id, [job]))[0]

    async def cancel(self, tenant_id: UUID, job_id: UUID, *, user_id: UUID | None) -> JobView:
        """Stop a film wherever it is; asking again is harmless. Raises JobNotFound and NotCancellable (it is completed or failed).

        What waits is cancelled at once; a node hears of it with its next report, a running join within a second.
        """
        async with self._database.tenant(tenant_id) as conn:
            job = await self._own(conn, tenant_id, job_id, user_id, lock=True)
            if job.status in ("completed", "failed", "expired"):
                raise errors.NotCancellable(f"the film is {job.status} already")
            if job.status not in ("canceled", "canceling"):
                await rows.request_cancel(conn, tenant_id=tenant_id, job_id=job_id)
                await chunk_rows.cancel_queued(conn, tenant_id=tenant_id, job_id=job_id)
                _, running, _ = await chunk_rows.remaining(conn, tenant_id=tenant_id, job_id=job_id)
                await rows.set_status(
                    conn,
                    tenant_id=tenant_id,
                    job_id=job_id,
                    expected=UNFINISHED,
                    status="canceling",
                    actor=actor(user_id),
                )
                if running == 0 and job.status not in FINISHING:
                    await settle_cancel(conn, self._bells, tenant_id, job_id)
                else:
                    await self._bells.ring(conn, f"job:{job_id}")
            job = await self._own(conn, tenant_id, job_id, user_id)
            return (await self._views(conn, tenant_id, [job]))[0]

    async def retry(
        self, tenant_id: UUID, job_id: UUID, *, user_id: UUID | None, key: IdempotencyKey | None = None
    ) -> JobView:
        """Start a failed or cancelled film over, once for each key; segments that were finished are used again.

        Raises JobNotFound and NotRetryable.
        """
        async with self._database.tenant(tenant_id) as conn:

            async def start_over() -> UUID:
                await self._start_over(conn, tenant_id, job_id, user_id)
                return job_id

            if key is None:
                await start_over()
            else:
                await run_once(conn, SCHEMA, tenant_id, f"retry:{user_id}", key, UUID, start_over)
            job = await self._own(conn, tenant_id, job_id, user_id)
            return (await self._views(conn, tenant_id, [job]))[0]

    async def _start_over(self, conn: Conn, tenant_id: UUID, job_id: UUID, user_id: UUID | None) -> None:
        job = await self._own(conn, tenant_id, job_id, user_id, lock=True)
        if job.status not in ("failed", "canceled"):
            raise errors.NotRetryable(f"the film is {job.status}; only a failed or cancelled one can be tried again")
        await rows.set_status(
            conn, tenant_id=tenant_id, job_id=job_id, expected=(job.status,), status="queued", actor=actor(user_id)
        )
        workflow_id = await start_planning(conn, tenant_id, job_id, attempt=job.attempt + 1)
        await rows.queue_again(conn, tenant_id=tenant_id, job_id=job_id, workflow_id=workflow_id)
        await tell(conn, self._bells, await self._own(conn, tenant_id, job_id, user_id), "queued")

    async def _own(
        self, conn: Conn, tenant_id: UUID, job_id: UUID, user_id: UUID | None, *, lock: bool = False
    ) -> JobRow:
        job = await rows.job(conn, tenant_id=tenant_id, job_id=job_id, lock=lock)
        if job is None or (user_id is not None and job.user_id != user_id):
            raise errors.JobNotFound("there is no such film")
        return job

    async def _views(self, conn: Conn, tenant_id: UUID, found: Sequence[JobRow]) -> list[JobView]:
        exports = await export_rows.of_jobs(conn, tenant_id=tenant_id, job_ids=[job.id for job in found])
        waiting = any(job.status in ("queued", "preparing") for job in found)
        places = await rows.queue_positions(conn, tenant_id=tenant_id) if waiting else {}
        drawn = [job.id for job in found if job.status == "rendering"]
        stuck = await chunk_rows.without_node(conn, tenant_id=tenant_id, job_ids=drawn) if drawn else frozenset()
        left = await forecast_rows.seconds_left(
            conn,
            tenant_id=tenant_id,
            job_ids=[job.id for job in found if job.status in FORECAST],
            fresh_s=self._settings.forecast_fresh_s,
        )
        files = {(e.render_job_id, e.kind): e for e in exports if e.output_no == 0 and e.status == "ready"}
        return [
            JobView(
                job=job,
                video=files.get((job.id, "video")),
                poster=files.get((job.id, "poster")),
                outputs=[e for e in exports if e.render_job_id == job.id and e.kind == "video"],
                queue_position=places.get(job.id),
                seconds_left=shown_seconds(left.get(job.id)) if job.status in FORECAST else None,
                waits_for_after_effects=job.id in stuck,
            )
            for job in found
        ]


def lane_priority(profile: str) -> int:
    """Return the priority with which a film of an output profile begins: drafts go before films."""
    return DRAFT_PRIORITY if profile == DRAFT_PROFILE else 0


def brief(job: JobRow) -> RenderJobBrief:
    """Return what other services may know of a film."""
    return RenderJobBrief(
        id=job.id,
        saved_project_id=job.saved_project_id,
        status=job.status,
        progress_pct=float(job.progress_pct),
        queued_at=job.queued_at,
    )


def actor(user_id: UUID | None) -> str:
    """Return who did it, for the film's history."""
    return f"user:{user_id}" if user_id else "admin"


def shown_seconds(left_s: float | None) -> int | None:
    """Return whole seconds left; a film that is not ready is never said to be."""
    return None if left_s is None else max(1, round(left_s))


async def start_planning(conn: Conn, tenant_id: UUID, job_id: UUID, *, attempt: int) -> str:
    """Start the planning of an attempt with the caller's transaction; return the workflow's id. The film's trace is the caller's."""
    trace = telemetry.traceparent()
    if trace is not None:
        await trace_rows.keep(conn, tenant_id=tenant_id, job_id=job_id, traceparent=trace)
    workflow_id = f"{PLAN_WORKFLOW}:{job_id}:{attempt}"
    arguments: dict[str, Any] = {"tenant_id": str(tenant_id), "job_id": str(job_id), "attempt": attempt}
    await enqueue(conn, PLAN_WORKFLOW, workflow_id, arguments)
    return workflow_id


async def start_finish(conn: Conn, job: JobRow, *, epochs: int) -> str:
    """Start joining with the caller's transaction. `epochs` is the sum of the chunks' epochs: after a repair it is larger, so that starts another finish."""
    workflow_id = f"{FINISH_WORKFLOW}:{job.id}:{job.attempt}:{epochs}"
    arguments: dict[str, Any] = {"tenant_id": str(job.tenant_id), "job_id": str(job.id), "attempt": job.attempt}
    await enqueue(conn, FINISH_WORKFLOW, workflow_id, arguments)
    return workflow_id


async def settle_cancel(conn: Conn, bells: Bells, tenant_id: UUID, job_id: UUID) -> bool:
    """Make a film that is being cancelled cancelled; the caller knows that nothing of it runs any more. One that was finished before is so again."""
    await export_rows.give_up(
        conn, tenant_id=tenant_id, job_id=job_id, output_no=None, code="canceled", message="cancelled"
    )
    finished = await export_rows.has_film(conn, tenant_id=tenant_id, job_id=job_id)
    await give_up_repairs(conn, tenant_id, job_id, status="canceled", why="cancelled")
    moved = await rows.set_status(
        conn,
        tenant_id=tenant_id,
        job_id=job_id,
        expected=("canceling",),
        status="completed" if finished else "canceled",
        actor="render",
        progress_pct=100.0 if finished else None,
        ends=True,
    )
    if moved:
        job = await rows.job(conn, tenant_id=tenant_id, job_id=job_id)
        if job is not None:
            await rows.end_attempt(conn, tenant_id=tenant_id, job_id=job_id, attempt=job.attempt, outcome="canceled")
            await tell(conn, bells, job, "progress" if finished else "canceled")
    return moved


async def fail_job(conn: Conn, bells: Bells, tenant_id: UUID, job_id: UUID, *, code: str, message: str) -> bool:
    """Fail a film that is not finished; its waiting chunks leave the queue. A film that is being cancelled is cancelled instead.

    One that was finished before keeps what it has: only the outputs that were to be made again have failed.
    """
    job = await rows.job(conn, tenant_id=tenant_id, job_id=job_id, lock=True)
    if job is None or job.status not in UNFINISHED:
        return False
    await chunk_rows.cancel_queued(conn, tenant_id=tenant_id, job_id=job_id)
    if job.status == "canceling":
        _, running, _ = await chunk_rows.remaining(conn, tenant_id=tenant_id, job_id=job_id)
        return running == 0 and await settle_cancel(conn, bells, tenant_id, job_id)
    await export_rows.give_up(conn, tenant_id=tenant_id, job_id=job_id, output_no=None, code=code, message=message)
    finished = await export_rows.has_film(conn, tenant_id=tenant_id, job_id=job_id)
    await give_up_repairs(conn, tenant_id, job_id, status="failed", why=f"{code}: {message}")
    await rows.set_status(
        conn,
        tenant_id=tenant_id,
        job_id=job_id,
        expected=UNFINISHED,
        status="completed" if finished else "failed",
        actor="render",
        progress_pct=100.0 if finished else None,
        error_code=None if finished else code,
        error_message=None if finished else message,
        ends=True,
    )
    await rows.end_attempt(
        conn, tenant_id=tenant_id, job_id=job_id, attempt=job.attempt, outcome="failed", error_code=code
    )
    failed = await rows.job(conn, tenant_id=tenant_id, job_id=job_id)
    if failed is not None:
        await tell(conn, bells, failed, "progress" if finished else "failed", error_code=code)
    return True


async def give_up_chunk(conn: Conn, bells: Bells, chunk: ChunkRow, *, code: str, message: str) -> None:
    """Fail what a chunk that cannot be drawn belongs to: the film, or one of its further outputs alone."""
    number = output_of(chunk.chunk_no)
    if number == 0:
        await fail_job(conn, bells, chunk.tenant_id, chunk.render_job_id, code=code, message=message)
        return
    where = {"tenant_id": chunk.tenant_id, "job_id": chunk.render_job_id}
    await export_rows.give_up(conn, **where, output_no=number, code=code, message=message)
    await export_rows.cancel_chunks(conn, **where, output_no=number)


async def give_up_repairs(conn: Conn, tenant_id: UUID, job_id: UUID, *, status: str, why: str) -> None:
    """End a film's repairs without what they were for; the chunks of one that a person wanted repaired keep the segments that they had."""
    by_hand = await repair_rows.open_by_hand(conn, tenant_id=tenant_id, job_id=job_id)
    await repair_rows.end_repairs(conn, tenant_id=tenant_id, job_id=job_id, status=status, error=why)
    if by_hand:
        await repair_rows.leave_as_they_were(conn, tenant_id=tenant_id, job_id=job_id)

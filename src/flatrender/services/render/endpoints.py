"""Routes for people: their films and pictures; for admins thumbnails, the queue and nodes."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import StreamingResponse

from flatrender.contracts.identity import PERMISSION_NODES, PERMISSION_RENDER, PERMISSION_TEMPLATES
from flatrender.engine.errors import RenderError
from flatrender.engine.kinds import KINDS
from flatrender.kit.db import Bells
from flatrender.kit.errors import HALF_CHARACTER, AppError, TextInvalid
from flatrender.kit.http import Caller, CallerDep, IdempotencyDep, Page, PageDep, PageRequest, require, responses
from flatrender.services.render.queries.jobs import ProfileRow
from flatrender.services.render.queries.nodes import NodeRow, TokenRow
from flatrender.services.render.queries.snapshots import SceneJobRow, SnapshotRow
from flatrender.services.render.schemas import (
    ExportOut,
    JobOutputOut,
    NewNodeTokenOut,
    NodeHours,
    NodeOut,
    NodesOut,
    NodeTokenIn,
    NodeTokenOut,
    NodeTokensOut,
    OutputProfileOut,
    OutputProfilesOut,
    RenderJobOut,
    SceneSnapshotOut,
    SceneSnapshotsOut,
    SnapshotIn,
    SnapshotOut,
)
from flatrender.services.render.service.jobs import Jobs, JobView
from flatrender.services.render.service.nodes import Nodes
from flatrender.services.render.service.planning import output_kind
from flatrender.services.render.service.snapshots import Snapshots

TemplatesAdmin = Annotated[Caller, Depends(require(PERMISSION_TEMPLATES))]
RenderAdmin = Annotated[Caller, Depends(require(PERMISSION_RENDER))]
NodesAdmin = Annotated[Caller, Depends(require(PERMISSION_NODES))]

LEFT_OFF_S, LEFT_OFF_SHARE = 3.0, 0.1
"""A stream tells the time left anew when what the reader counts down is further off than this."""
FINISHED = ("completed", "failed", "canceled", "expired")
SSE_RECHECK_S = 5.0
SSE_PING_S = 15.0


def router(*, bells: Bells, jobs: Jobs, snapshots: Snapshots) -> APIRouter:
    """Return the public routes of the render service."""
    routes = APIRouter(tags=["render"])

    @routes.get("/v1/render-jobs", response_model=Page[RenderJobOut], responses=responses(400))
    async def list_jobs(
        who: CallerDep, page: PageDep, saved_project_id: Annotated[UUID | None, Query()] = None
    ) -> Page[RenderJobOut]:
        """List the caller's films, newest first."""
        found = await jobs.page(
            who.tenant_id, user_id=who.user_id, before=page.before, limit=page.limit, saved_project_id=saved_project_id
        )
        return _page(found, page)

    @routes.get("/v1/output-profiles", responses=responses())
    async def list_profiles(who: CallerDep) -> OutputProfilesOut:
        """List the kinds of film that can be asked for, each key once: the tenant's own wins over the platform's."""
        return OutputProfilesOut(items=profiles_out(await jobs.profiles(who.tenant_id)))

    @routes.get("/v1/render-jobs/{job_id}", response_model=RenderJobOut, responses=responses())
    async def get_job(job_id: UUID, who: CallerDep) -> RenderJobOut:
        """Return one film."""
        return job_out(await jobs.get(who.tenant_id, job_id, user_id=who.user_id))

    @routes.get("/v1/render-jobs/{job_id}/events", responses=responses())
    async def job_events(job_id: UUID, who: CallerDep) -> StreamingResponse:
        """Stream server-sent events `job`: the film whenever it changes; closes after the last change."""
        first = await jobs.get(who.tenant_id, job_id, user_id=who.user_id)
        return StreamingResponse(
            _stream(jobs, bells, first, who.tenant_id, who.user_id),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    @routes.post("/v1/render-jobs/{job_id}/cancel", response_model=RenderJobOut, responses=responses(409))
    async def cancel_job(job_id: UUID, who: CallerDep) -> RenderJobOut:
        """Stop a film wherever it is."""
        return job_out(await jobs.cancel(who.tenant_id, job_id, user_id=who.user_id))

    @routes.post("/v1/render-jobs/{job_id}/retry", response_model=RenderJobOut, responses=responses(409))
    async def retry_job(job_id: UUID, who: CallerDep, key: IdempotencyDep) -> RenderJobOut:
        """Start a failed or cancelled film over; finished parts are used again."""
        return job_out(await jobs.retry(who.tenant_id, job_id, user_id=who.user_id, key=key))

    @routes.post("/v1/snapshots", response_model=SnapshotOut, status_code=202, responses=responses(404))
    async def request_snapshot(body: SnapshotIn, who: CallerDep, response: Response) -> SnapshotOut:
        """Draw one frame of unsaved edits as a picture; the same edits again give the same picture."""
        edits = body.model_dump(exclude={"saved_project_id", "frame", "width"}, exclude_none=True)
        try:
            draft = msgspec.json.encode(edits)
        except UnicodeEncodeError as error:
            raise TextInvalid(HALF_CHARACTER) from error
        row = await snapshots.request_still(
            who.tenant_id,
            user_id=who.user_id,
            saved_project_id=body.saved_project_id,
            draft=draft,
            frame=body.frame,
            width=body.width,
        )
        if row.status == "ready":
            response.status_code = 200
        return snapshot_out(row)

    @routes.get("/v1/snapshots/{snapshot_id}", response_model=SnapshotOut, responses=responses())
    async def get_snapshot(snapshot_id: UUID, who: CallerDep) -> SnapshotOut:
        """Return a picture, or how far it is."""
        return snapshot_out(await snapshots.still(who.tenant_id, snapshot_id))

    return routes


def admin_router(*, jobs: Jobs, snapshots: Snapshots, nodes: Nodes) -> APIRouter:
    """Return the admin's routes of the render service."""
    routes = APIRouter(tags=["render admin"])

    @routes.post(
        "/v1/scene-snapshots/{project_id}", response_model=SceneSnapshotsOut, status_code=202, responses=responses(403)
    )
    async def enqueue_scene_snapshots(project_id: UUID, who: TemplatesAdmin) -> SceneSnapshotsOut:
        """Queue one single-frame picture for each scene; a second press adds nothing while one is open."""
        found = await snapshots.enqueue_scenes(who.tenant_id, project_id, user_id=who.user_id, locale=who.locale)
        return SceneSnapshotsOut(items=[scene_job_out(job) for job in found])

    @routes.get("/v1/scene-snapshots/{project_id}", response_model=SceneSnapshotsOut, responses=responses(403))
    async def list_scene_snapshots(project_id: UUID, who: TemplatesAdmin) -> SceneSnapshotsOut:
        """List the newest picture job of each scene."""
        found = await snapshots.scene_jobs(who.tenant_id, project_id)
        return SceneSnapshotsOut(items=[scene_job_out(job) for job in found])

    @routes.get("/v1/admin/render-jobs", response_model=Page[RenderJobOut], responses=responses(400, 403))
    async def list_all_jobs(who: RenderAdmin, page: PageDep) -> Page[RenderJobOut]:
        """List all films of the tenant, newest first."""
        return _page(await jobs.page(who.tenant_id, user_id=None, before=page.before, limit=page.limit), page)

    @routes.get("/v1/admin/render-jobs/{job_id}", response_model=RenderJobOut, responses=responses(403))
    async def get_any_job(job_id: UUID, who: RenderAdmin) -> RenderJobOut:
        """Return anybody's film."""
        return job_out(await jobs.get(who.tenant_id, job_id, user_id=None))

    @routes.post("/v1/admin/render-jobs/{job_id}/cancel", response_model=RenderJobOut, responses=responses(403, 409))
    async def cancel_any_job(job_id: UUID, who: RenderAdmin) -> RenderJobOut:
        """Stop anybody's film."""
        return job_out(await jobs.cancel(who.tenant_id, job_id, user_id=None))

    @routes.get("/v1/admin/nodes", response_model=NodesOut, responses=responses(403))
    async def list_nodes(who: NodesAdmin) -> NodesOut:
        """List the tenant's nodes; the platform's tenant sees the fleet."""
        return NodesOut(items=[node_out(node) for node in await nodes.page(who.tenant_id)])

    @routes.post("/v1/admin/nodes/{node_id}/drain", response_model=NodeOut, responses=responses(403))
    async def drain_node(node_id: UUID, who: NodesAdmin) -> NodeOut:
        """Let a node finish what it has and give it nothing more."""
        return node_out(await nodes.set_draining(who.tenant_id, node_id, draining=True, user_id=who.user_id))

    @routes.post("/v1/admin/nodes/{node_id}/resume", response_model=NodeOut, responses=responses(403))
    async def resume_node(node_id: UUID, who: NodesAdmin) -> NodeOut:
        """Let a drained or quarantined node work again."""
        return node_out(await nodes.set_draining(who.tenant_id, node_id, draining=False, user_id=who.user_id))

    @routes.get("/v1/admin/node-tokens", response_model=NodeTokensOut, responses=responses(403))
    async def list_node_tokens(who: NodesAdmin) -> NodeTokensOut:
        """List node tokens, newest first."""
        return NodeTokensOut(items=[token_out(token) for token in await nodes.tokens(who.tenant_id)])

    @routes.post(
        "/v1/admin/node-tokens", response_model=NewNodeTokenOut, status_code=201, responses=responses(403, 409)
    )
    async def make_node_token(body: NodeTokenIn, who: NodesAdmin, key: IdempotencyDep) -> NewNodeTokenOut:
        """Make a node token; its secret is in this answer and nowhere else."""
        row, secret = await nodes.make_token(who.tenant_id, body.name, fleet=body.fleet, key=key)
        return NewNodeTokenOut(**token_out(row).model_dump(), token=secret)

    @routes.delete("/v1/admin/node-tokens/{token_id}", status_code=204, responses=responses(403))
    async def revoke_node_token(token_id: UUID, who: NodesAdmin) -> Response:
        """Make a node token useless for registering."""
        await nodes.revoke_token(who.tenant_id, token_id)
        return Response(status_code=204)

    return routes


async def _stream(jobs: Jobs, bells: Bells, first: JobView, tenant_id: UUID, user_id: UUID) -> AsyncIterator[bytes]:
    job_id, view, sent, quiet_s = first.job.id, first, -1, 0.0
    told = LeftTold()
    with bells.hear(f"job:{job_id}") as bell:
        while True:
            if view.job.row_version != sent or told.is_off(view.seconds_left):
                sent, quiet_s = view.job.row_version, 0.0
                told = LeftTold(view.seconds_left)
                body = job_out(view).model_dump_json()
                yield f"event: job\nid: {sent}\ndata: {body}\n\n".encode()
            if view.job.status in FINISHED or bells.closing:
                return
            if not await bell.wait(SSE_RECHECK_S):
                quiet_s += SSE_RECHECK_S
            if quiet_s >= SSE_PING_S:
                quiet_s = 0.0
                yield b": still here\n\n"
            try:
                view = await jobs.get(tenant_id, job_id, user_id=user_id)
            except AppError as error:
                if error.status < 500:
                    return
                await asyncio.sleep(1)


class LeftTold:
    """The seconds left that a stream's reader counts down since they were told."""

    def __init__(self, seconds: int | None = None) -> None:
        self._seconds = seconds
        self._at = time.monotonic()

    def is_off(self, seconds: int | None) -> bool:
        """Return whether the reader's countdown is not near `seconds` any more."""
        if seconds is None or self._seconds is None:
            return seconds is not self._seconds
        counted = max(0.0, self._seconds - (time.monotonic() - self._at))
        return abs(counted - seconds) > max(LEFT_OFF_S, LEFT_OFF_SHARE * seconds)


def _page(found: Sequence[JobView], page: PageRequest) -> Page[RenderJobOut]:
    return Page(items=[job_out(view) for view in found], next_cursor=page.cursor_after([view.job.id for view in found]))


def job_out(view: JobView) -> RenderJobOut:
    """Shape a film."""
    job, video = view.job, view.video
    export = None
    if video is not None and video.bytes is not None and video.file_id is not None:
        content = f"/v1/files/{video.file_id}/content"
        export = ExportOut(
            id=video.id,
            file_id=video.file_id,
            bytes=video.bytes,
            duration_ms=video.duration_ms,
            width=video.width,
            height=video.height,
            container=video.container,
            play_url=content,
            download_url=f"{content}?download=1",
            poster_url=f"/v1/files/{view.poster.file_id}/content" if view.poster else None,
        )
    return RenderJobOut(
        id=job.id,
        saved_project_id=job.saved_project_id,
        title=job.title or "",
        profile=job.output_profile_key,
        status=job.status,
        progress_pct=float(job.progress_pct),
        seconds_left=view.seconds_left,
        queue_position=view.queue_position,
        waits_for="after_effects" if view.waits_for_after_effects else None,
        width=job.width,
        height=job.height,
        fps=float(job.fps) if job.fps is not None else None,
        total_frames=job.total_frames,
        priority=job.priority,
        error_code=job.error_code,
        error_message=job.error_message,
        queued_at=job.queued_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        export=export,
        outputs=[
            JobOutputOut(
                id=output.id,
                output=output.output_no,
                profile=output.profile_key,
                status=output.status,  # type: ignore[arg-type]  # the database's check knows the same words
                container=output.container,
                width=output.width,
                height=output.height,
                bytes=output.bytes,
                expires_at=output.expires_at,
                error_code=output.error_code,
                download_url=f"/v1/files/{output.file_id}/content?download=1" if output.status == "ready" else None,
            )
            for output in view.outputs
        ],
    )


def profiles_out(profiles: Sequence[ProfileRow]) -> list[OutputProfileOut]:
    """Shape output profiles; one whose codec and container do not go together cannot be made and is left out."""
    shaped = []
    for profile in profiles:
        try:
            kind, alpha = output_kind(profile)
        except RenderError:
            continue
        shaped.append(
            OutputProfileOut(
                key=profile.key,
                name=profile.name,
                container=profile.container,
                max_height=profile.max_height,
                is_transparent=alpha,
                has_sound=KINDS[kind].audio is not None,
                has_watermark=profile.watermark,
                cost_multiplier=profile.cost_multiplier,
            )
        )
    return shaped


def snapshot_out(row: SnapshotRow) -> SnapshotOut:
    """Shape a preview."""
    return SnapshotOut(
        id=row.id, status=row.status, image_url=row.image_url, error_code=row.error if row.status == "failed" else None
    )


def scene_job_out(job: SceneJobRow) -> SceneSnapshotOut:
    """Shape a thumbnail job."""
    return SceneSnapshotOut(
        scene_id=job.scene_id,
        scene_key=job.scene_key,
        status=job.status,
        image_url=job.image_url,
        error_message=job.error_message if job.status == "error" else None,
        attempt=job.attempt,
        started_at=job.started_at,
        finished_at=job.finished_at,
    )


def node_out(node: NodeRow) -> NodeOut:
    """Shape a node."""
    return NodeOut(
        id=node.id,
        name=node.name,
        pool=node.pool,
        dedicated=node.dedicated_tenant_id is not None,
        status=node.status,
        agent_version=node.agent_version,
        os=node.os,
        engines=node.engines,
        cpu_cores=node.cpu_cores,
        memory_bytes=node.memory_bytes,
        max_slots=node.max_slots,
        used_slots=node.used_slots,
        last_heartbeat_at=node.last_heartbeat_at,
        crash_count_24h=node.crash_count_24h,
        quarantine_reason=node.quarantine_reason,
        hours=hours_out(node.hours or node.own_hours),
        hours_set=node.hours is not None,
        asleep_until=node.asleep_until,
        understands=node.understands,
    )


def hours_out(hours: dict[str, Any] | None) -> NodeHours | None:
    """Shape a node's hours."""
    return None if hours is None else NodeHours(**hours)


def token_out(token: TokenRow) -> NodeTokenOut:
    """Shape a node token."""
    return NodeTokenOut(
        id=token.id,
        name=token.name,
        fleet=token.tenant_id is None,
        revoked_at=token.revoked_at,
        created_at=token.created_at,
    )

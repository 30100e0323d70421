"""Routes for admins: what stopped on nodes and why, the logs of attempts, frames that are drawn again."""

import zlib
from collections.abc import Sequence
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from flatrender.contracts.identity import PERMISSION_NODES, PERMISSION_RENDER, PERMISSION_TEMPLATES
from flatrender.engine.film.splice import ranges
from flatrender.kit.http import Caller, IdempotencyDep, Page, PageDep, PageRequest, require, responses
from flatrender.services.render.queries.crashes import AttemptRow, CrashRow, FlagRow
from flatrender.services.render.queries.repairs import RepairRow
from flatrender.services.render.repair_schemas import (
    AttemptOut,
    AttemptsOut,
    CrashOut,
    RepairIn,
    RepairOut,
    RepairsOut,
    TemplateFlagOut,
    TemplateFlagsOut,
)
from flatrender.services.render.service.crashes import Crashes
from flatrender.services.render.service.repairs import Repairs

TemplatesAdmin = Annotated[Caller, Depends(require(PERMISSION_TEMPLATES))]
RenderAdmin = Annotated[Caller, Depends(require(PERMISSION_RENDER))]
NodesAdmin = Annotated[Caller, Depends(require(PERMISSION_NODES))]
CrashKind = Literal["engine_crash", "engine_hang", "oom", "agent_crash", "node_lost", "disk_full", "license"]
MAX_LOG_CHARACTERS = 4 << 20
"""Of a log that is shown; its gzip has at most 256 KiB, and whoever packed it is not to be trusted."""


def router(*, crashes: Crashes, repairs: Repairs) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["render admin"])

    @routes.get("/v1/admin/crashes", response_model=Page[CrashOut], responses=responses(400, 403))
    async def list_crashes(
        who: NodesAdmin,
        page: PageDep,
        kind: Annotated[CrashKind | None, Query()] = None,
        project_version_id: Annotated[UUID | None, Query()] = None,
        render_job_id: Annotated[UUID | None, Query()] = None,
    ) -> Page[CrashOut]:
        """List what went wrong on nodes, newest first; the platform's tenant sees the whole fleet's."""
        found = await crashes.page(
            who.tenant_id,
            kind=kind,
            project_version_id=project_version_id,
            render_job_id=render_job_id,
            before=page.before,
            limit=page.limit,
        )
        return _crashes(found, page)

    @routes.get("/v1/admin/nodes/{node_id}/crashes", response_model=Page[CrashOut], responses=responses(400, 403, 404))
    async def list_node_crashes(node_id: UUID, who: NodesAdmin, page: PageDep) -> Page[CrashOut]:
        """List what went wrong on one node, newest first."""
        found = await crashes.page(who.tenant_id, node_id=node_id, before=page.before, limit=page.limit)
        return _crashes(found, page)

    @routes.get("/v1/admin/nodes/{node_id}/attempts", responses=responses(403, 404))
    async def list_node_attempts(node_id: UUID, who: NodesAdmin) -> AttemptsOut:
        """List the newest attempts of a node at chunks of films."""
        return AttemptsOut(items=[attempt_out(one) for one in await crashes.attempts_of_node(who.tenant_id, node_id)])

    @routes.get("/v1/admin/render-jobs/{job_id}/attempts", responses=responses(403, 404))
    async def list_film_attempts(job_id: UUID, who: RenderAdmin) -> AttemptsOut:
        """List the newest attempts at a film's chunks."""
        return AttemptsOut(items=[attempt_out(one) for one in await crashes.attempts_of_film(who.tenant_id, job_id)])

    @routes.get("/v1/admin/frame-attempts/{frame_job_id}/{epoch}/log", responses=responses(403, 404))
    async def read_log(frame_job_id: UUID, epoch: int, who: RenderAdmin) -> Response:
        """Return the log of an attempt as plain text."""
        packed = await crashes.log(who.tenant_id, frame_job_id, max(0, min(epoch, (1 << 62))))
        try:
            text = zlib.decompressobj(31).decompress(packed, MAX_LOG_CHARACTERS)
        except zlib.error:
            text = b"the log is damaged\n"
        return Response(text, media_type="text/plain; charset=utf-8", headers={"X-Content-Type-Options": "nosniff"})

    @routes.get("/v1/admin/template-flags", responses=responses(403))
    async def list_flags(who: TemplatesAdmin, project_id: Annotated[UUID | None, Query()] = None) -> TemplateFlagsOut:
        """List the scenes that stopped engines on several nodes, newest first: of one template, or of all."""
        found = await crashes.flags(who.tenant_id, project_id=project_id)
        return TemplateFlagsOut(items=[flag_out(flag) for flag in found])

    @routes.post("/v1/admin/template-flags/{flag_id}/clear", status_code=204, responses=responses(403, 404))
    async def clear_flag(flag_id: UUID, who: TemplatesAdmin) -> None:
        """Let a scene be tried as often as others again."""
        await crashes.clear_flag(who.tenant_id, flag_id, user_id=who.user_id)

    @routes.post("/v1/admin/render-jobs/{job_id}/repair", status_code=202, responses=responses(400, 403, 404, 409))
    async def repair_film(job_id: UUID, body: RepairIn, who: RenderAdmin, key: IdempotencyDep) -> RepairsOut:
        """Draw frames of a finished film again and join it anew; its file stays until the new one is there."""
        found = await repairs.by_hand(
            who.tenant_id, job_id, body.first_frame, body.last_frame, user_id=who.user_id, key=key
        )
        return RepairsOut(items=[repair_out(repair) for repair in found])

    @routes.get("/v1/admin/render-jobs/{job_id}/repairs", responses=responses(403, 404))
    async def list_repairs(job_id: UUID, who: RenderAdmin) -> RepairsOut:
        """List a film's repairs, by hand and by itself, newest first."""
        return RepairsOut(items=[repair_out(repair) for repair in await repairs.page(who.tenant_id, job_id)])

    @routes.get("/v1/admin/render-jobs/{job_id}/frames/{frame}", responses=responses(403, 404))
    async def frame_picture(job_id: UUID, frame: int, who: RenderAdmin) -> Response:
        """Return one frame of a film as a PNG at most 480 pixels wide."""
        made = await repairs.picture(who.tenant_id, job_id, frame)
        return Response(made, media_type="image/png", headers={"Cache-Control": "private, no-cache"})

    return routes


def _crashes(found: Sequence[CrashRow], page: PageRequest) -> Page[CrashOut]:
    return Page(items=[crash_out(crash) for crash in found], next_cursor=page.cursor_after([one.id for one in found]))


def crash_out(crash: CrashRow) -> CrashOut:
    """Shape a crash."""
    return CrashOut(
        id=crash.id,
        node_id=crash.node_id,
        node_name=crash.node_name,
        render_job_id=crash.render_job_id,
        kind=crash.kind,
        engine=crash.engine,
        code=crash.code,
        exit_code=crash.exit_code,
        signal=crash.signal,
        frame=crash.frame_no,
        scene_key=crash.scene_key,
        project_version_id=crash.project_version_id,
        log=crash.log_excerpt or None,
        recovery=crash.recovery,
        recovered_at=crash.recovered_at,
        occurred_at=crash.occurred_at,
    )


def flag_out(flag: FlagRow) -> TemplateFlagOut:
    """Shape a flag."""
    return TemplateFlagOut(
        id=flag.id,
        project_id=flag.project_id,
        project_version_id=flag.project_version_id,
        scene_key=flag.scene_key,
        engines_stopped=flag.engines_stopped,
        kind=flag.last_kind,
        code=flag.last_code,
        render_job_id=flag.last_render_job_id,
        flagged_at=flag.flagged_at,
    )


def attempt_out(attempt: AttemptRow) -> AttemptOut:
    """Shape an attempt."""
    url = f"/v1/admin/frame-attempts/{attempt.frame_job_id}/{attempt.epoch}/log"
    return AttemptOut(
        frame_job_id=attempt.frame_job_id,
        render_job_id=attempt.render_job_id,
        epoch=attempt.epoch,
        chunk_no=attempt.chunk_no,
        scene_key=attempt.scene_key,
        first_frame=attempt.frame_start,
        last_frame=attempt.frame_end,
        engine=attempt.engine,
        is_repair=attempt.is_repair,
        node_id=attempt.node_id,
        node_name=attempt.node_name,
        outcome=attempt.outcome,
        error_code=attempt.error_code,
        detail=attempt.detail,
        seconds=attempt.seconds,
        started_at=attempt.started_at,
        finished_at=attempt.finished_at,
        log_url=url if attempt.log_key is not None else None,
    )


def repair_out(repair: RepairRow) -> RepairOut:
    """Shape a repair."""
    return RepairOut(
        id=repair.id,
        frames=ranges(repair.frames),
        frame_count=len(repair.frames),
        reason=repair.reason,
        detected_by=repair.detected_by,
        status=repair.status,
        error=repair.error,
        node_name=repair.node_name,
        created_at=repair.created_at,
        finished_at=repair.finished_at,
    )

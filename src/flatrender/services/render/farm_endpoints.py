"""Routes of the farm's dashboards."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal, cast
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from flatrender.contracts.identity import PERMISSION_NODES
from flatrender.kit.http import Caller, require, responses
from flatrender.services.render.farm_schemas import (
    BudgetOut,
    FailureClass,
    FailuresOut,
    FarmNodeOut,
    FarmNodesOut,
    FarmOut,
    HealthPointOut,
    Lane,
    NodeHealthOut,
    QueueOut,
    SlowTemplateOut,
    SparkOut,
    ThroughputOut,
    WorkOut,
)
from flatrender.services.render.queries.farm import FilmsRow, HealthRow, WorkRow
from flatrender.services.render.service.farm import (
    BUDGET_DAYS,
    CONTENT_CODES,
    TARGET_PCT,
    FarmHealth,
    FarmView,
    NodeNow,
)

NodesAdmin = Annotated[Caller, Depends(require(PERMISSION_NODES))]


def router(*, farm: FarmHealth) -> APIRouter:
    """Return the dashboards' routes."""
    routes = APIRouter(tags=["render admin"])

    @routes.get("/v1/admin/farm", response_model=FarmOut, responses=responses(403))
    async def farm_overview(who: NodesAdmin, hours: Annotated[int, Query(ge=1, le=744)] = 24) -> FarmOut:
        """Return the queue by lane and tenant, throughput, failures, slow templates and the error budget of the tenant's farm."""
        return farm_out(await farm.farm(who.tenant_id, hours=hours))

    @routes.get("/v1/admin/farm/nodes", response_model=FarmNodesOut, responses=responses(403))
    async def farm_nodes(who: NodesAdmin) -> FarmNodesOut:
        """Return what each node does now and how it was in the last hour."""
        return FarmNodesOut(items=[node_out(one) for one in await farm.nodes(who.tenant_id)])

    @routes.get("/v1/admin/nodes/{node_id}/health", response_model=NodeHealthOut, responses=responses(403, 404, 422))
    async def node_health(
        node_id: UUID,
        who: NodesAdmin,
        since: Annotated[datetime | None, Query(alias="from")] = None,
        until: Annotated[datetime | None, Query(alias="to")] = None,
        step: Annotated[int | None, Query(ge=1, le=86400)] = None,
    ) -> NodeHealthOut:
        """Return a node's health in bins of `step` seconds, at most 500."""
        begin, end, bins, found = await farm.node_series(who.tenant_id, node_id, since=since, until=until, step_s=step)
        return NodeHealthOut(
            since=begin, until=end, step_s=round(bins.total_seconds()), points=[point_out(row) for row in found]
        )

    @routes.get(
        "/v1/admin/nodes/{node_id}/picture",
        responses={**responses(403, 404), 200: {"content": {"image/jpeg": {}}}},
        response_class=Response,
    )
    async def node_picture(node_id: UUID, who: NodesAdmin) -> Response:
        """Return the last picture that a node drew, small."""
        picture = await farm.picture(who.tenant_id, node_id)
        return Response(picture, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=300"})

    return routes


def whole(value: float | None) -> int | None:
    """Return a rounded figure."""
    return None if value is None else round(value)


def point_out(row: HealthRow) -> HealthPointOut:
    """Shape a bin of health."""
    return HealthPointOut(
        at=row.bin,
        samples=row.samples,
        cpu_pct=row.cpu_pct,
        cpu_pct_max=row.cpu_pct_max,
        mem_used_bytes=whole(row.mem_used_bytes),
        load1=row.load1,
        disk_free_bytes=row.disk_free_bytes,
        disk_write_bps=whole(row.disk_write_bps),
        engine_rss_bytes=whole(row.engine_rss_bytes),
        active_jobs=row.active_jobs,
        net_rx_bps=whole(row.net_rx_bps),
        net_tx_bps=whole(row.net_tx_bps),
        clock_skew_ms=whole(row.clock_skew_ms),
    )


def work_out(row: WorkRow) -> WorkOut:
    """Shape what a node draws."""
    return WorkOut(
        kind=cast("Literal['frame', 'snapshot']", row.kind),
        render_job_id=row.render_job_id,
        title=row.title,
        scene_key=row.scene_key,
        frames=row.frames,
        frames_done=row.frames_done,
        progress_pct=round(100.0 * row.frames_done / row.frames, 1) if row.frames else 0.0,
        started_at=row.started_at,
    )


def node_out(now: NodeNow) -> FarmNodeOut:
    """Shape a node on the dashboard."""
    memory, cache, shown = now.node.memory_bytes, now.cache, now.picture_at
    version = round(shown.timestamp() * 1000) if shown else 0
    return FarmNodeOut(
        id=now.node.id,
        working_on=[work_out(row) for row in now.work],
        recent=[
            SparkOut(
                at=row.bin,
                cpu_pct=row.cpu_pct,
                mem_pct=100.0 * row.mem_used_bytes / memory if memory and row.mem_used_bytes is not None else None,
                load1=row.load1,
                active_jobs=row.active_jobs,
            )
            for row in now.recent
        ],
        picture_url=f"/v1/admin/nodes/{now.node.id}/picture?v={version}" if shown else None,
        picture_at=shown,
        cache_entries=cache.entries if cache else 0,
        cache_bytes=cache.bytes if cache else 0,
        cache_hits=cache.hits if cache else 0,
    )


def farm_out(view: FarmView) -> FarmOut:
    """Shape the farm."""
    step_s = view.step.total_seconds()
    bins: dict[datetime, dict[FailureClass, int]] = {}
    for row in view.failures:
        bins.setdefault(row.bin, {})[cast("FailureClass", row.class_)] = row.failures
    return FarmOut(
        since=view.since,
        step_s=round(step_s),
        queue=[
            QueueOut(
                lane=cast("Lane", row.lane),
                pool=row.pool,
                tenant_id=row.tenant_id,
                tenant_name=view.tenant_names.get(row.tenant_id),
                waiting=row.waiting,
                running=row.running,
                oldest_s=row.oldest_s,
            )
            for row in view.queue
        ],
        throughput=[
            ThroughputOut(
                at=row.bin,
                frames=row.frames,
                frames_per_s=row.frames / step_s,
                chunks=row.chunks,
                node_seconds=row.node_seconds,
            )
            for row in view.throughput
        ],
        failures=[FailuresOut(at=at, classes=classes) for at, classes in sorted(bins.items())],
        slow_templates=[
            SlowTemplateOut(
                project_id=row.project_id,
                title=dict(view.titles[row.project_id]) if row.project_id in view.titles else None,
                engine=row.engine,
                height=row.height,
                frames=row.frames,
                seconds_per_frame=row.node_seconds / row.frames,
            )
            for row in view.templates
            if row.frames
        ],
        budget=budget_out(view.films),
    )


def budget_out(films: Sequence[FilmsRow]) -> BudgetOut:
    """Return how much of the error budget is used."""
    completed = sum(row.films for row in films if row.status == "completed")
    failed = sum(row.films for row in films if row.status == "failed")
    by_content = sum(row.films for row in films if row.status == "failed" and row.error_code in CONTENT_CODES)
    ours, counted = failed - by_content, completed + failed - by_content
    medians = [row.median_s for row in films if row.status == "completed" and row.median_s is not None]
    return BudgetOut(
        window_days=BUDGET_DAYS,
        target_pct=TARGET_PCT,
        completed=completed,
        failed=failed,
        failed_by_content=by_content,
        canceled=sum(row.films for row in films if row.status == "canceled"),
        success_pct=100.0 * completed / counted if counted else None,
        used_pct=100.0 * ours / counted / (1 - TARGET_PCT / 100) if counted else None,
        median_film_s=medians[0] if medians else None,
    )

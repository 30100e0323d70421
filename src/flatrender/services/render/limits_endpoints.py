"""Routes with which admins say who gets how much of the farm."""

from uuid import UUID

import msgspec
from fastapi import APIRouter

from flatrender.kit.http import responses
from flatrender.services.render.endpoints import RenderAdmin, job_out
from flatrender.services.render.queries.limits import LimitsRow
from flatrender.services.render.schemas import PriorityIn, RenderJobOut, RenderLimits
from flatrender.services.render.service.jobs import Jobs
from flatrender.services.render.service.limits import Limits


def router(*, jobs: Jobs, limits: Limits) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["render admin"], prefix="/v1/admin")

    @routes.get("/tenants/{tenant_id}/render-limits", response_model=RenderLimits, responses=responses(403))
    async def get_limits(tenant_id: UUID, who: RenderAdmin) -> RenderLimits:
        """Return what a tenant may have of the farm; of other tenants the platform's only."""
        return limits_out(await limits.get(who.tenant_id, tenant_id))

    @routes.put("/tenants/{tenant_id}/render-limits", response_model=RenderLimits, responses=responses(403))
    async def set_limits(tenant_id: UUID, body: RenderLimits, who: RenderAdmin) -> RenderLimits:
        """Set what a tenant may have of the farm (the platform's tenant only)."""
        wanted = LimitsRow(
            max_concurrent_jobs=body.max_concurrent_jobs,
            max_queued_jobs=body.max_queued_jobs,
            weight=body.weight,
            paused=body.paused,
        )
        return limits_out(await limits.set(who.tenant_id, tenant_id, wanted))

    @routes.put("/render-jobs/{job_id}/priority", response_model=RenderJobOut, responses=responses(403, 409))
    async def set_priority(job_id: UUID, body: PriorityIn, who: RenderAdmin) -> RenderJobOut:
        """Move a film before or behind others; it is between those of its tenant and of all others."""
        await limits.set_priority(who.tenant_id, job_id, body.priority)
        return job_out(await jobs.get(who.tenant_id, job_id, user_id=None))

    return routes


def limits_out(row: LimitsRow) -> RenderLimits:
    """Shape a tenant's limits."""
    return RenderLimits(**msgspec.structs.asdict(row))

"""The contract of the render service, in this process."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from flatrender.contracts.render import RenderJobBrief, RenderRequest
from flatrender.services.render.service.jobs import Jobs


class LocalRenderApi:
    """Implements `contracts.render.RenderApi`."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs

    async def create_jobs(self, *, tenant_id: UUID, requests: Sequence[RenderRequest]) -> list[RenderJobBrief]:
        """Queue films, once for each revision."""
        return await self._jobs.create(tenant_id, requests)

    async def latest_jobs(self, *, tenant_id: UUID, saved_project_ids: Sequence[UUID]) -> Mapping[UUID, RenderJobBrief]:
        """Return each project's newest film."""
        return await self._jobs.latest(tenant_id, saved_project_ids)

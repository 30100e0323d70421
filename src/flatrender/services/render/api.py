"""The contract of the render service, in this process."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from flatrender.contracts.render import RenderJobBrief, RenderRequest
from flatrender.services.render.errors import TemplateNotFound
from flatrender.services.render.service.jobs import Jobs
from flatrender.services.render.service.snapshots import Snapshots


class LocalRenderApi:
    """Implements `contracts.render.RenderApi`."""

    def __init__(self, jobs: Jobs, snapshots: Snapshots) -> None:
        self._jobs = jobs
        self._snapshots = snapshots

    async def create_jobs(self, *, tenant_id: UUID, requests: Sequence[RenderRequest]) -> list[RenderJobBrief]:
        """Queue films, once for each revision."""
        return await self._jobs.create(tenant_id, requests)

    async def latest_jobs(self, *, tenant_id: UUID, saved_project_ids: Sequence[UUID]) -> Mapping[UUID, RenderJobBrief]:
        """Return each project's newest film."""
        return await self._jobs.latest(tenant_id, saved_project_ids)

    async def check_wanted(self, *, tenant_id: UUID, profiles: Sequence[str], deliver_to: Sequence[UUID]) -> None:
        """Raise Refused for what `create_jobs` would refuse of it."""
        await self._jobs.check_wanted(tenant_id, profiles, deliver_to)

    async def enqueue_scene_previews(self, *, tenant_id: UUID, project_ids: Sequence[UUID], locale: str) -> int:
        """Queue a picture of each scene."""
        still_open = 0
        for project_id in project_ids:
            try:
                found = await self._snapshots.enqueue_scenes(tenant_id, project_id, user_id=None, locale=locale)
            except TemplateNotFound:
                continue
            still_open += sum(job.status in ("queued", "running") for job in found)
        return still_open

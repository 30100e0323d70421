"""The contract of studio, served in this process."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from flatrender.contracts.content import SceneRequest
from flatrender.contracts.studio import SavedProjectBrief
from flatrender.kit.db import Database
from flatrender.services.studio.previews import Previews
from flatrender.services.studio.queries import documents


class LocalStudio:
    """`contracts.studio.StudioApi` on our own tables."""

    def __init__(self, *, database: Database, previews: Previews) -> None:
        self._database = database
        self._previews = previews

    async def saved_projects(self, *, tenant_id: UUID, ids: Sequence[UUID]) -> Mapping[UUID, SavedProjectBrief]:
        """Return the saved projects that exist; a missing id is absent."""
        async with self._database.tenant(tenant_id) as conn:
            rows = await documents.briefs(conn, tenant_id=tenant_id, ids=ids)
        return {
            row.id: SavedProjectBrief(id=row.id, user_id=row.user_id, project_id=row.project_id, title=row.title)
            for row in rows
        }

    async def scene_request(
        self, *, tenant_id: UUID, user_id: UUID, saved_project_id: UUID, draft: bytes
    ) -> SceneRequest | None:
        """Return what must be resolved to see unsaved edits; None when the project is not this person's."""
        return await self._previews.scene_request(
            tenant_id=tenant_id, user_id=user_id, document_id=saved_project_id, draft=draft
        )

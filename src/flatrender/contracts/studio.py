"""What the studio service promises: titles of people's own projects for other services' lists.

Events: `saved_project.created`, `saved_project.deleted`, `render.requested`.
When studio is down, lists leave titles out (`None`).
"""

from collections.abc import Mapping, Sequence
from typing import Protocol
from uuid import UUID

import msgspec

from flatrender.contracts.content import SceneRequest


class SavedProjectBrief(msgspec.Struct, frozen=True, kw_only=True):
    """The part of a saved project that other services may see."""

    id: UUID
    user_id: UUID
    project_id: UUID
    title: str


class StudioApi(Protocol):
    """The interface of studio."""

    async def saved_projects(self, *, tenant_id: UUID, ids: Sequence[UUID]) -> Mapping[UUID, SavedProjectBrief]:
        """Return the saved projects that exist; a missing id is absent."""

    async def scene_request(
        self, *, tenant_id: UUID, user_id: UUID, saved_project_id: UUID, draft: bytes
    ) -> SceneRequest | None:
        """Return what must be resolved to see unsaved edits (`draft`: the JSON body of a preview) of a project of this user; None when it is not theirs."""

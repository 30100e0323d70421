"""The contract of content, served in this process."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from flatrender.contracts.content import (
    LocaleText,
    ResolvedSceneData,
    SceneReference,
    SceneRequest,
    TemplateDetails,
)
from flatrender.kit.db import Database
from flatrender.services.content.details import load_details, manifest_of
from flatrender.services.content.errors import not_found
from flatrender.services.content.queries import projects, scenes, versions
from flatrender.services.content.resolving import Resolver


class LocalContent:
    """`contracts.content.ContentApi` on our own tables."""

    def __init__(self, *, database: Database, resolver: Resolver) -> None:
        self._database = database
        self._resolver = resolver

    async def template_details(
        self, *, tenant_id: UUID, version_ids: Sequence[UUID] = (), project_ids: Sequence[UUID] = ()
    ) -> list[TemplateDetails]:
        """Return the named versions, and the current versions of the named released templates."""
        async with self._database.tenant(tenant_id) as conn:
            found = []
            if version_ids:
                found += await versions.by_ids(conn, tenant_id=tenant_id, version_ids=version_ids)
            if project_ids:
                found += await versions.current(conn, tenant_id=tenant_id, project_ids=project_ids)
            return [details.template() for details in await load_details(conn, found)]

    async def template_titles(self, *, tenant_id: UUID, project_ids: Sequence[UUID]) -> Mapping[UUID, LocaleText]:
        """Return titles; a missing id is absent."""
        async with self._database.tenant(tenant_id) as conn:
            return await projects.titles(conn, tenant_id=tenant_id, project_ids=project_ids)

    async def scenes(self, *, tenant_id: UUID, project_id: UUID) -> list[SceneReference]:
        """Return the active scenes of the newest version of one of the tenant's own templates."""
        async with self._database.tenant(tenant_id) as conn:
            newest = await versions.newest(conn, tenant_id=tenant_id, project_id=project_id)
            if newest is None:
                return []
            rows = await scenes.by_ids(conn, tenant_ids=[tenant_id], scene_ids=manifest_of(newest).scene_ids)
        return [
            SceneReference(
                scene_id=row.id,
                project_id=project_id,
                version_id=newest.id,
                scene_key=row.scene_key,
                snapshot_frame=row.snapshot_frame,
            )
            for row in rows
            if row.is_active
        ]

    async def resolve_scenes(self, *, tenant_id: UUID, requests: Sequence[SceneRequest]) -> list[ResolvedSceneData]:
        """Return the scenes resolved, in the order of the requests; an administrator's snapshot frame replaces the package's."""
        if not requests:
            return []
        ids = list({request.version_id for request in requests})
        async with self._database.tenant(tenant_id) as conn:
            found = {row.id: row for row in await versions.by_ids(conn, tenant_id=tenant_id, version_ids=ids)}
            if len(found) < len(ids):
                raise not_found("template version")
            rows = await scenes.by_ids(
                conn,
                tenant_ids=list({row.tenant_id for row in found.values()}),
                scene_ids=[scene_id for row in found.values() for scene_id in manifest_of(row).scene_ids],
            )
        frames = {(row.project_id, row.scene_key): row.snapshot_frame for row in rows}
        resolved = await self._resolver.resolve(
            tenant_id=tenant_id, requests=[(found[request.version_id], request) for request in requests]
        )
        return [
            _with_snapshot_frame(scene, frames.get((found[request.version_id].project_id, request.scene_key)))
            for scene, request in zip(resolved, requests, strict=True)
        ]


def _with_snapshot_frame(scene: ResolvedSceneData, frame: int | None) -> ResolvedSceneData:
    """Return the scene with the frame that stands for it, kept inside a scene that somebody made shorter."""
    if frame is None:
        return scene
    return msgspec.structs.replace(scene, snapshot_frame=min(frame, scene.frames - 1))

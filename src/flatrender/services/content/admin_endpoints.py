"""Routes of the catalogue's administration."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from flatrender.contracts.identity import PERMISSION_TEMPLATES
from flatrender.kit.http import Caller, IfMatchDep, Page, PageDep, etag, require, responses
from flatrender.services.content.bodies import administered, listed, project_detail, scene_body
from flatrender.services.content.details import VersionDetails
from flatrender.services.content.queries.projects import ProjectRow
from flatrender.services.content.schemas import (
    AdminProject,
    AdminProjectDetail,
    ProjectPatch,
    PublishIn,
    SceneOut,
    ScenePatch,
)
from flatrender.services.content.service import Catalogue

AdminDep = Annotated[Caller, Depends(require(PERMISSION_TEMPLATES))]


def router(catalogue: Catalogue) -> APIRouter:
    """Return the routes for administrators."""
    routes = APIRouter(prefix="/v1", tags=["content"])

    @routes.get("/admin/projects", responses=responses(400, 403))
    async def list_own_projects(who: AdminDep, page: PageDep) -> Page[AdminProject]:
        """List the tenant's own templates of every status, newest first."""
        rows = await catalogue.owned(tenant_id=who.tenant_id, before=page.before, limit=page.limit)
        return Page(
            items=[AdminProject(**listed(row), **administered(row)) for row in rows],
            next_cursor=page.cursor_after([row.id for row in rows]),
        )

    @routes.get("/admin/projects/{project_id}", responses=responses(403))
    async def get_own_project(who: AdminDep, project_id: UUID, response: Response) -> AdminProjectDetail:
        """Return one of the tenant's own templates with its newest version."""
        return _answer(response, *await catalogue.own_detail(tenant_id=who.tenant_id, project_id=project_id))

    @routes.post("/admin/projects/{project_id}/publish", responses=responses(403, 409))
    async def publish(
        who: AdminDep, project_id: UUID, response: Response, body: PublishIn | None = None
    ) -> AdminProjectDetail:
        """Make the newest version the one that people get; one with scenes that only After Effects draws is refused unless the body accepts that."""
        accepted = body is not None and body.accept_after_effects
        return _answer(
            response,
            *await catalogue.publish(tenant_id=who.tenant_id, project_id=project_id, accept_after_effects=accepted),
        )

    @routes.post("/admin/projects/{project_id}/archive", responses=responses(403, 409))
    async def archive(who: AdminDep, project_id: UUID, response: Response) -> AdminProjectDetail:
        """Take the template out of the lists."""
        return _answer(response, *await catalogue.archive(tenant_id=who.tenant_id, project_id=project_id))

    @routes.patch("/admin/projects/{project_id}", responses=responses(400, 403, 409, 412, 428))
    async def change_project(
        who: AdminDep, project_id: UUID, body: ProjectPatch, expected: IfMatchDep, response: Response
    ) -> AdminProjectDetail:
        """Change the title, the description, the category or who may see the template."""
        return _answer(
            response,
            *await catalogue.change(tenant_id=who.tenant_id, project_id=project_id, expected=expected, patch=body),
        )

    @routes.patch("/admin/scenes/{scene_id}", responses=responses(403, 409))
    async def change_scene(who: AdminDep, scene_id: UUID, body: ScenePatch) -> SceneOut:
        """Change a scene's title, its snapshot frame, or whether it is offered."""
        details = await catalogue.change_scene(tenant_id=who.tenant_id, scene_id=scene_id, patch=body)
        return next(scene_body(scene) for scene in details.scenes if scene.row.id == scene_id)

    return routes


def _answer(response: Response, row: ProjectRow, details: VersionDetails) -> AdminProjectDetail:
    response.headers["ETag"] = etag(row.row_version)
    return project_detail(row, details)

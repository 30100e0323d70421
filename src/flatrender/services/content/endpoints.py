"""Routes of the catalogue."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query

from flatrender.kit.http import CallerDep, Page, PageDep, responses
from flatrender.services.content.bodies import listed, made_of, scene_body
from flatrender.services.content.schemas import Category, ProjectDetail, ProjectOut
from flatrender.services.content.service import Catalogue


def router(catalogue: Catalogue) -> APIRouter:
    """Return the routes of content."""
    routes = APIRouter(prefix="/v1", tags=["content"])

    @routes.get("/projects", responses=responses(400))
    async def list_projects(
        who: CallerDep,
        page: PageDep,
        q: Annotated[str | None, Query(max_length=200, description="words of the title or description")] = None,
        category: Annotated[str | None, Query(max_length=80)] = None,
    ) -> Page[ProjectOut]:
        """List published templates, newest first."""
        rows = await catalogue.published(
            tenant_id=who.tenant_id, words=q, category=category, before=page.before, limit=page.limit
        )
        return Page(
            items=[ProjectOut(**listed(row)) for row in rows], next_cursor=page.cursor_after([row.id for row in rows])
        )

    @routes.get("/projects/{reference}", responses=responses())
    async def get_project(
        who: CallerDep,
        reference: Annotated[str, Path(max_length=120, description="slug or id")],
        version_id: Annotated[UUID | None, Query(description="a version that a document was made with")] = None,
    ) -> ProjectDetail:
        """Return a published template with its scenes and fields, or the version of it that a document was made with."""
        row, details = await catalogue.detail(tenant_id=who.tenant_id, reference=reference, version_id=version_id)
        return ProjectDetail(
            **{**listed(row), "duration_frames": details.manifest.duration_frames},
            version_id=details.version.id,
            **made_of(details),
            scenes=[scene_body(scene) for scene in details.scenes if scene.row.is_active],
        )

    @routes.get("/categories", responses=responses())
    async def list_categories(who: CallerDep) -> Page[Category]:
        """List the categories."""
        rows = await catalogue.categories(tenant_id=who.tenant_id)
        return Page(items=[Category(slug=row.slug, name=row.name) for row in rows])

    return routes

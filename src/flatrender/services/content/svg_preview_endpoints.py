"""Routes of the traced previews: read by everybody who sees the template, made by its administrators."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query

from flatrender.contracts.identity import PERMISSION_TEMPLATES
from flatrender.kit.http import Caller, CallerDep, Page, require, responses
from flatrender.services.content.svg_preview_schemas import (
    SvgPreviewDetail,
    SvgPreviewOut,
    SvgPreviewPatch,
    TraceBody,
)
from flatrender.services.content.svg_previews import GroupChoice, Preview, SvgPreviews, TraceRequest, described

AdminDep = Annotated[Caller, Depends(require(PERMISSION_TEMPLATES))]
Reference = Annotated[str, Path(max_length=120, description="slug or id")]


def router(previews: SvgPreviews) -> APIRouter:
    """Return the routes of traced previews."""
    routes = APIRouter(prefix="/v1", tags=["content"])

    @routes.get("/projects/{reference}/svg-previews", responses=responses())
    async def list_svg_previews(
        who: CallerDep,
        reference: Reference,
        version_id: Annotated[UUID | None, Query(description="a version that a document was made with")] = None,
    ) -> Page[SvgPreviewOut]:
        """List a template's traced previews, at most one a scene and one of the whole, without their drawings."""
        found = await previews.released(tenant_id=who.tenant_id, reference=reference, version_id=version_id)
        return Page(items=[SvgPreviewOut(**described(preview)) for preview in found])

    @routes.get("/projects/{reference}/svg-previews/{preview_id}", responses=responses())
    async def get_svg_preview(who: CallerDep, reference: Reference, preview_id: UUID) -> SvgPreviewDetail:
        """Return a traced preview with its drawing."""
        return _detail(await previews.released_one(tenant_id=who.tenant_id, reference=reference, preview_id=preview_id))

    @routes.get("/admin/projects/{project_id}/svg-previews", responses=responses(403))
    async def list_own_svg_previews(who: AdminDep, project_id: UUID) -> Page[SvgPreviewOut]:
        """List the traced previews of the newest version of one of the tenant's own templates."""
        found = await previews.own(tenant_id=who.tenant_id, project_id=project_id)
        return Page(items=[SvgPreviewOut(**described(preview)) for preview in found])

    @routes.post("/admin/projects/{project_id}/svg-previews", status_code=201, responses=responses(403, 413))
    async def trace_picture(who: AdminDep, project_id: UUID, body: TraceBody) -> SvgPreviewDetail:
        """Trace a picture as the preview of a scene or of the whole template, in the place of the one before."""
        request = TraceRequest(
            scene_id=body.scene_id,
            file_id=body.file_id,
            svg=body.svg,
            colors=body.colors,
            detail=body.detail,
            palette=body.palette,
        )
        return _detail(
            await previews.create(tenant_id=who.tenant_id, user_id=who.user_id, project_id=project_id, request=request)
        )

    @routes.get("/admin/svg-previews/{preview_id}", responses=responses(403))
    async def get_own_svg_preview(who: AdminDep, preview_id: UUID) -> SvgPreviewDetail:
        """Return a traced preview of one of the tenant's own templates with its drawing."""
        return _detail(await previews.own_one(tenant_id=who.tenant_id, preview_id=preview_id))

    @routes.patch("/admin/svg-previews/{preview_id}", responses=responses(403))
    async def change_svg_preview(who: AdminDep, preview_id: UUID, body: SvgPreviewPatch) -> SvgPreviewDetail:
        """Change which colour slots groups of shapes follow; their shading stays."""
        choices = [
            GroupChoice(number=group.number, slot=group.slot, automatic=group.automatic) for group in body.groups
        ]
        return _detail(await previews.change(tenant_id=who.tenant_id, preview_id=preview_id, choices=choices))

    @routes.delete("/admin/svg-previews/{preview_id}", status_code=204, responses=responses(403))
    async def delete_svg_preview(who: AdminDep, preview_id: UUID) -> None:
        """Delete a traced preview."""
        await previews.delete(tenant_id=who.tenant_id, preview_id=preview_id)

    return routes


def _detail(preview: Preview) -> SvgPreviewDetail:
    return SvgPreviewDetail(**described(preview), svg=preview.svg)

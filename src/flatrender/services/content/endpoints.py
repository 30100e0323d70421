"""Routes of the catalogue and of its administration."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Path, Query, Response

from flatrender.contracts.identity import PERMISSION_TEMPLATES
from flatrender.kit.http import Caller, CallerDep, IdempotencyDep, IfMatchDep, Page, PageDep, etag, require, responses
from flatrender.services.content.details import SceneDetails, VersionDetails
from flatrender.services.content.importing import Importer
from flatrender.services.content.queries.projects import ProjectRow
from flatrender.services.content.schemas import (
    AdminProject,
    AdminProjectDetail,
    Category,
    ColorSlotOut,
    FieldOut,
    ImportBody,
    ImportNotice,
    MusicOut,
    PresetOut,
    ProjectDetail,
    ProjectOut,
    ProjectPatch,
    SceneOut,
    ScenePatch,
    Size,
)
from flatrender.services.content.service import Catalogue

AdminDep = Annotated[Caller, Depends(require(PERMISSION_TEMPLATES))]


def router(catalogue: Catalogue, importer: Importer) -> APIRouter:
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
            items=[ProjectOut(**_listed(row)) for row in rows], next_cursor=page.cursor_after([row.id for row in rows])
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
            **{**_listed(row), "duration_frames": details.manifest.duration_frames},
            version_id=details.version.id,
            **_made_of(details),
            scenes=[_scene(scene) for scene in details.scenes if scene.row.is_active],
        )

    @routes.get("/categories", responses=responses())
    async def list_categories(who: CallerDep) -> Page[Category]:
        """List the categories."""
        rows = await catalogue.categories(tenant_id=who.tenant_id)
        return Page(items=[Category(slug=row.slug, name=row.name) for row in rows])

    @routes.get("/admin/projects", responses=responses(400, 403))
    async def list_own_projects(who: AdminDep, page: PageDep) -> Page[AdminProject]:
        """List the tenant's own templates of every status, newest first."""
        rows = await catalogue.owned(tenant_id=who.tenant_id, before=page.before, limit=page.limit)
        return Page(
            items=[AdminProject(**_listed(row), **_administered(row)) for row in rows],
            next_cursor=page.cursor_after([row.id for row in rows]),
        )

    @routes.post("/admin/projects", status_code=201, responses=responses(402, 403))
    async def import_project(
        who: AdminDep, body: ImportBody, key: IdempotencyDep, response: Response
    ) -> AdminProjectDetail:
        """Import an uploaded package as a draft."""
        imported = await importer.add_project(
            tenant_id=who.tenant_id, user_id=who.user_id, file_id=body.file_id, key=key
        )
        return _answer(response, *await catalogue.own_detail(tenant_id=who.tenant_id, project_id=imported.project_id))

    @routes.get("/admin/projects/{project_id}", responses=responses(403))
    async def get_own_project(who: AdminDep, project_id: UUID, response: Response) -> AdminProjectDetail:
        """Return one of the tenant's own templates with its newest version."""
        return _answer(response, *await catalogue.own_detail(tenant_id=who.tenant_id, project_id=project_id))

    @routes.post("/admin/projects/{project_id}/versions", status_code=201, responses=responses(402, 403, 409))
    async def import_version(
        who: AdminDep, project_id: UUID, body: ImportBody, key: IdempotencyDep, response: Response
    ) -> AdminProjectDetail:
        """Import an uploaded package as the next version; people get it when it is published."""
        await importer.add_version(
            tenant_id=who.tenant_id, user_id=who.user_id, project_id=project_id, file_id=body.file_id, key=key
        )
        return _answer(response, *await catalogue.own_detail(tenant_id=who.tenant_id, project_id=project_id))

    @routes.post("/admin/projects/{project_id}/publish", responses=responses(403, 409))
    async def publish(who: AdminDep, project_id: UUID, response: Response) -> AdminProjectDetail:
        """Make the newest version the one that people get."""
        return _answer(response, *await catalogue.publish(tenant_id=who.tenant_id, project_id=project_id))

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
        return next(_scene(scene) for scene in details.scenes if scene.row.id == scene_id)

    return routes


def _answer(response: Response, row: ProjectRow, details: VersionDetails) -> AdminProjectDetail:
    response.headers["ETag"] = etag(row.row_version)
    report = details.version.validation_report or {}
    return AdminProjectDetail(
        **_listed(row),
        **_administered(row),
        version_id=details.version.id,
        version_no=details.version.version_no,
        published_version_id=row.current_version_id,
        **_made_of(details),
        scenes=[_scene(scene) for scene in details.scenes],
        warnings=[_notice(warning) for warning in report.get("warnings", [])],
    )


def _notice(warning: dict[str, Any]) -> ImportNotice:
    parts = (warning.get(member) for member in ("scene", "size", "layer", "field"))
    return ImportNotice(**warning, where=" · ".join(part for part in parts if part))


def _listed(row: ProjectRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "slug": row.slug,
        "title": row.title,
        "description": row.description,
        "category": row.category,
        "cover_url": row.cover_url,
        "fps": row.fps,
        "duration_frames": row.duration_frames,
        "sizes": [Size(**size) for size in row.sizes],
        "scene_count": row.scene_count,
        "published_at": row.published_at,
    }


def _administered(row: ProjectRow) -> dict[str, Any]:
    return {
        "status": row.status,
        "visibility": row.visibility,
        "row_version": row.row_version,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


def _made_of(details: VersionDetails) -> dict[str, Any]:
    manifest = details.manifest
    return {
        "color_slots": [ColorSlotOut(**slot) for slot in manifest.color_slots],
        "presets": [PresetOut(**preset) for preset in details.presets],
        "fields": [FieldOut(**msgspec.structs.asdict(field)) for field in details.fields],
        "fonts": manifest.fonts,
        "music": [
            MusicOut(
                key=piece.key,
                title=piece.title,
                track_id=piece.file_id,
                url=piece.url,
                duration_ms=piece.duration_ms,
                license=piece.license,
            )
            for piece in manifest.music
        ],
    }


def _scene(scene: SceneDetails) -> SceneOut:
    row = scene.row
    return SceneOut(
        id=row.id,
        key=row.scene_key,
        title=row.title,
        scene_type=row.scene_type,
        duration_frames=row.default_duration_frames,
        snapshot_frame=row.snapshot_frame,
        snapshot_url=row.snapshot_url,
        image=row.image,
        can_repeat=row.can_repeat,
        is_required=row.is_required,
        is_active=row.is_active,
        color_slots=row.color_slots,
        duration=scene.duration,
        fields=[FieldOut(**msgspec.structs.asdict(field)) for field in scene.fields],
    )

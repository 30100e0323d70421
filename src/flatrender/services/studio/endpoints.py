"""Routes of the studio."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from fastapi import APIRouter, Query, Response

from flatrender.contracts.content import ResolvedSceneData
from flatrender.kit.http import CallerDep, IdempotencyDep, IfMatchDep, Page, PageDep, etag, responses
from flatrender.services.studio.audio import AudioLibrary
from flatrender.services.studio.documents import Documents
from flatrender.services.studio.forms import Saved, audio_of
from flatrender.services.studio.previews import Previews
from flatrender.services.studio.queries.documents import DocumentRow
from flatrender.services.studio.rendering import Renders, Wanted
from flatrender.services.studio.schemas import (
    CreateBody,
    Document,
    DocumentBody,
    LibraryTrack,
    PressedRender,
    PreviewBody,
    PreviewOut,
    RenderBody,
    SavedProject,
    SceneOut,
    Transition,
)


def router(documents: Documents, previews: Previews, renders: Renders, library: AudioLibrary) -> APIRouter:
    """Return the routes of studio."""
    routes = APIRouter(prefix="/v1", tags=["studio"])

    @routes.get("/saved-projects", responses=responses(400))
    async def list_documents(who: CallerDep, page: PageDep) -> Page[SavedProject]:
        """List the caller's saved projects, newest first."""
        rows = await documents.list_own(
            tenant_id=who.tenant_id, user_id=who.user_id, before=page.before, limit=page.limit
        )
        return Page(items=[_listed(row) for row in rows], next_cursor=page.cursor_after([row.id for row in rows]))

    @routes.post("/saved-projects", status_code=201, responses=responses())
    async def create_document(who: CallerDep, body: CreateBody, key: IdempotencyDep, response: Response) -> Document:
        """Make a document of a template: all of its scenes, a preset's colours, the defaults of every field."""
        saved = await documents.create(
            tenant_id=who.tenant_id, user_id=who.user_id, locale=who.locale, body=body, key=key
        )
        return _document(saved, response)

    @routes.get("/saved-projects/{document_id}", responses=responses())
    async def get_document(who: CallerDep, document_id: UUID, response: Response) -> Document:
        """Return a document."""
        saved = await documents.load(tenant_id=who.tenant_id, user_id=who.user_id, document_id=document_id)
        return _document(saved, response)

    @routes.put("/saved-projects/{document_id}", responses=responses(400, 409, 412, 428))
    async def save_document(
        who: CallerDep, document_id: UUID, body: DocumentBody, expected: IfMatchDep, response: Response
    ) -> Document:
        """Write the whole document."""
        saved = await documents.save(
            tenant_id=who.tenant_id, user_id=who.user_id, document_id=document_id, expected=expected, body=body
        )
        return _document(saved, response)

    @routes.delete("/saved-projects/{document_id}", status_code=204, responses=responses())
    async def delete_document(who: CallerDep, document_id: UUID) -> None:
        """Move a document to the trash."""
        await documents.delete(tenant_id=who.tenant_id, user_id=who.user_id, document_id=document_id)

    @routes.post("/saved-projects/{document_id}/duplicate", status_code=201, responses=responses())
    async def duplicate_document(
        who: CallerDep, document_id: UUID, key: IdempotencyDep, response: Response
    ) -> Document:
        """Copy a document."""
        saved = await documents.duplicate(
            tenant_id=who.tenant_id, user_id=who.user_id, document_id=document_id, key=key
        )
        return _document(saved, response)

    @routes.post("/saved-projects/{document_id}/preview", response_model=PreviewOut, responses=responses(409))
    async def preview(who: CallerDep, document_id: UUID, body: PreviewBody) -> Response:
        """Resolve unsaved edits of one scene for the player."""
        scene = await previews.preview(tenant_id=who.tenant_id, user_id=who.user_id, document_id=document_id, body=body)
        return Response(_preview(scene), media_type="application/json", headers={"Cache-Control": "no-store"})

    @routes.post("/saved-projects/{document_id}/render", status_code=202, responses=responses(402, 409, 429))
    async def press_render(who: CallerDep, document_id: UUID, body: RenderBody, key: IdempotencyDep) -> PressedRender:
        """Freeze the document and have it rendered."""
        pressed = await renders.press(
            tenant_id=who.tenant_id,
            user_id=who.user_id,
            document_id=document_id,
            wanted=Wanted(profile=body.profile, outputs=body.outputs, deliver_to=body.deliver_to),
            key=key,
        )
        return PressedRender(
            id=pressed.job.id,
            saved_project_id=document_id,
            title=pressed.title,
            profile=pressed.profile,
            status=pressed.job.status,
            progress_pct=pressed.job.progress_pct,
            queued_at=pressed.job.queued_at,
        )

    @routes.get("/audio/library", responses=responses(400))
    async def list_tracks(
        who: CallerDep,
        page: PageDep,
        kind: Annotated[Literal["music", "sfx", "voiceover"] | None, Query()] = None,
    ) -> Page[LibraryTrack]:
        """List the library's tracks and the caller's own."""
        found = await library.tracks(
            tenant_id=who.tenant_id, user_id=who.user_id, kind=kind, before=page.before, limit=page.limit
        )
        return Page(
            items=[
                LibraryTrack(
                    id=track.row.id,
                    title=track.row.title,
                    kind=track.row.kind,
                    duration_ms=track.row.duration_ms,
                    url=track.url,
                    license=track.row.license,
                )
                for track in found
            ],
            next_cursor=page.cursor_after([track.row.id for track in found]),
        )

    return routes


def _listed(row: DocumentRow) -> SavedProject:
    return SavedProject(
        id=row.id,
        title=row.title,
        status=row.status,
        project_id=row.project_id,
        project_version_id=row.project_version_id,
        size=row.size,
        locale=row.locale,
        duration_frames=row.duration_frames,
        thumbnail_url=row.thumbnail_url,
        row_version=row.row_version,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _document(saved: Saved, response: Response) -> Document:
    row = saved.row
    response.headers["ETag"] = etag(row.row_version)
    return Document(
        **_listed(row).model_dump(),
        palette=row.palette,
        global_values=row.global_values,
        audio=audio_of(saved),
        scenes=[
            SceneOut(
                id=scene.id,
                scene_key=scene.scene_key,
                values=scene.field_values,
                colors=scene.color_overrides,
                duration_frames=scene.duration_frames,
                transition=None if scene.transition is None else Transition.model_validate(scene.transition),
            )
            for scene in saved.scenes
        ],
    )


def _preview(scene: ResolvedSceneData) -> bytes:
    """Return the answer's JSON with the animation as it is: it is JSON already, up to megabytes of it."""
    return msgspec.json.encode(
        {
            "lottie": msgspec.Raw(scene.lottie),
            "sha256": scene.sha256,
            "width": scene.width,
            "height": scene.height,
            "fps": scene.fps,
            "first_frame": scene.first_frame,
            "frames": scene.frames,
            "snapshot_frame": scene.snapshot_frame,
            "warnings": scene.warnings,
        }
    )

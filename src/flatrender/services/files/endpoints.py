"""Files over HTTP, for the person who is signed in."""

from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request, Response
from starlette.requests import ClientDisconnect

from flatrender.kit.errors import BadRequest
from flatrender.kit.http import CallerDep, Page, PageDep, responses
from flatrender.kit.objects import ObjectStore
from flatrender.services.files.errors import UploadBroken
from flatrender.services.files.queries.library import FileRow
from flatrender.services.files.schemas import FileRead, LinkRead, QuotaRead, WaveformRead
from flatrender.services.files.sending import CHECKED, send
from flatrender.services.files.service.library import Library
from flatrender.services.files.service.names import name_from_header
from flatrender.services.files.service.uploads import Announcement, Uploads

ANY_BYTES = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


def router(*, uploads: Uploads, library: Library, objects: ObjectStore) -> APIRouter:
    """Return the routes."""
    routes = APIRouter()

    @routes.post(
        "/v1/files",
        status_code=201,
        response_model=FileRead,
        responses=responses(400, 402, 413),
        openapi_extra=ANY_BYTES,
    )
    async def upload(
        request: Request,
        who: CallerDep,
        x_file_purpose: Annotated[str, Header(max_length=40)],
        x_file_name: Annotated[str | None, Header(description="percent-encoded UTF-8")] = None,
    ) -> FileRead:
        """Upload a file: the body is the file itself."""
        announced = Announcement(
            name=name_from_header(x_file_name),
            purpose=x_file_purpose,
            content_type=request.headers.get("content-type", ""),
            length=declared_length(request),
        )
        return _read(await uploads.upload(who.tenant_id, who.user_id, announced, body_of(request)))

    @routes.get("/v1/files", response_model=Page[FileRead], responses=responses(400))
    async def own(
        who: CallerDep,
        page: PageDep,
        purpose: Annotated[str | None, Query(max_length=40)] = None,
        kind: Annotated[str | None, Query(max_length=40)] = None,
    ) -> Page[FileRead]:
        """One's own files, newest first."""
        rows = await library.own(
            who.tenant_id, who.user_id, purpose=purpose, kind=kind, before=page.before, limit=page.limit
        )
        return Page(items=[_read(row) for row in rows], next_cursor=page.cursor_after([row.id for row in rows]))

    @routes.get("/v1/files/{file_id}", response_model=FileRead, responses=responses())
    async def one(who: CallerDep, file_id: UUID) -> FileRead:
        """Describe a file."""
        return _read(await library.one(who.tenant_id, who.user_id, file_id))

    @routes.delete("/v1/files/{file_id}", status_code=204, responses=responses())
    async def delete(who: CallerDep, file_id: UUID) -> None:
        """Delete one's own file."""
        await library.delete(who.tenant_id, who.user_id, file_id)

    @routes.head("/v1/files/{file_id}/content", include_in_schema=False)
    @routes.get("/v1/files/{file_id}/content", response_class=Response, responses=responses(416))
    async def content(
        request: Request,
        who: CallerDep,
        file_id: UUID,
        download: bool = False,
        width: Annotated[
            int | None, Query(ge=1, le=4096, description="a smaller version of a picture, in pixels")
        ] = None,
    ) -> Response:
        """Send a file's bytes, or a range of them."""
        found = await library.content(who.tenant_id, who.user_id, file_id, width=width)
        return await send(
            request,
            objects,
            key=found.storage_key,
            size=found.size_bytes,
            etag=found.etag,
            content_type=found.content_type,
            name=found.name,
            attachment=download,
            cache=CHECKED,
        )

    @routes.get("/v1/files/{file_id}/waveform", response_model=WaveformRead, responses=responses(416, 503))
    async def waveform(request: Request, who: CallerDep, file_id: UUID) -> Response:
        """Return the outline of a sound, or of a video's sound. It is made when first asked for."""
        found = await library.waveform(who.tenant_id, who.user_id, file_id)
        return await send(
            request,
            objects,
            key=found.storage_key,
            size=found.size_bytes,
            etag=found.etag,
            content_type=found.content_type,
            name="waveform.json",
            attachment=False,
            cache=CHECKED,
        )

    @routes.post("/v1/files/{file_id}/download-url", response_model=LinkRead, responses=responses())
    async def download_url(who: CallerDep, file_id: UUID) -> LinkRead:
        """Make a link for 15 minutes that needs no sign-in."""
        url, ends = await library.download_link(who.tenant_id, who.user_id, file_id)
        return LinkRead(url=url, expires_at=ends)

    @routes.get("/v1/quota", response_model=QuotaRead, responses=responses())
    async def quota(who: CallerDep) -> QuotaRead:
        """Say what one may keep and does."""
        found = await library.quota(who.tenant_id, who.user_id)
        return QuotaRead(
            limit_bytes=found.limit_bytes, used_bytes=found.used_bytes, reserved_bytes=found.reserved_bytes
        )

    return routes


def declared_length(request: Request) -> int | None:
    """Return the body's announced bytes, None for a chunked one; raise BadRequest for a claim that is no number."""
    claimed = request.headers.get("content-length")
    if claimed is None:
        return None
    if not claimed.isascii() or not claimed.isdigit() or len(claimed) > 18:
        raise BadRequest("Content-Length is not a number of bytes", code="files.bad_length")
    return int(claimed)


async def body_of(request: Request) -> AsyncIterator[bytes]:
    """Yield the body as it arrives; raise UploadBroken when the client leaves."""
    try:
        async for part in request.stream():
            yield part
    except ClientDisconnect as error:
        raise UploadBroken("the upload broke off: send the file again") from error


def _read(row: FileRow) -> FileRead:
    return FileRead(
        id=row.id,
        name=row.name,
        kind=row.kind,
        purpose=row.purpose,
        bytes=row.size_bytes,
        sha256=row.sha256.hex(),
        content_type=row.content_type,
        width=row.width,
        height=row.height,
        duration_ms=row.duration_ms,
        content_url=f"/v1/files/{row.id}/content",
        created_at=row.created_at,
    )

"""What is reached without signing in: permanent public files, signed links to files, and signed links to objects for nodes."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import RedirectResponse

from flatrender.kit.errors import NotFound
from flatrender.kit.http import responses
from flatrender.kit.objects import LinkSigner, ObjectStore, checked_key
from flatrender.services.files.endpoints import body_of, declared_length
from flatrender.services.files.errors import DigestMismatch, FileTooLarge
from flatrender.services.files.schemas import ObjectStored
from flatrender.services.files.sending import FOREVER, send
from flatrender.services.files.service.intake import Intake, OverLimit
from flatrender.services.files.service.keeping import public_key
from flatrender.services.files.service.kinds import OTHER
from flatrender.services.files.service.library import Library
from flatrender.services.files.service.links import DOWNLOAD_PREFIX
from flatrender.services.files.service.names import disposition

NOT_KEPT = "private, no-store"
DIRECT_LIFE_S = 3600
"""How long the bucket's own link holds: a slow download may take it up again in between."""
Expires = Annotated[int, Query(ge=0, le=10**12)]
Signature = Annotated[str, Query(max_length=128)]


def link_router(
    *, library: Library, objects: ObjectStore, links: LinkSigner, intake: Intake, max_object_bytes: int
) -> APIRouter:
    """Return the routes."""
    routes = APIRouter()

    @routes.head("/p/{name}", include_in_schema=False)
    @routes.get("/p/{name}", response_class=Response, responses=responses(416))
    async def public(request: Request, name: str) -> Response:
        """Send a permanent public file; its address is derived from its bytes, so it never changes."""
        key, kind = public_key(name)
        return await send(
            request,
            objects,
            key=key,
            size=await objects.size(key),
            etag=f'"{name[:64]}"',
            content_type=kind.content_type,
            name=None,
            attachment=False,
            cache=FOREVER,
        )

    @routes.head("/d/{tenant_id}/{file_id}", include_in_schema=False)
    @routes.get("/d/{tenant_id}/{file_id}", response_class=Response, responses=responses(403, 416))
    async def download(
        request: Request,
        tenant_id: UUID,
        file_id: UUID,
        expires: Expires,
        signature: Signature,
        name: Annotated[str | None, Query(max_length=255)] = None,
    ) -> Response:
        """Send a file behind a signed link, as an attachment; ranges of it too, so that a broken download goes on. From a bucket it is fetched directly."""
        found = await library.linked_content(tenant_id, file_id, expires, signature, name=name)
        if request.method == "GET":
            elsewhere = objects.direct_url(
                "GET",
                found.storage_key,
                life_s=DIRECT_LIFE_S,
                answer_headers={
                    "content-disposition": disposition(name or found.name, attachment=True),
                    "content-type": found.content_type,
                    "cache-control": NOT_KEPT,
                },
            )
            if elsewhere is not None:
                return RedirectResponse(elsewhere, status_code=307, headers={"Cache-Control": "no-store"})
        return await send(
            request,
            objects,
            key=found.storage_key,
            size=found.size_bytes,
            etag=found.etag,
            content_type=found.content_type,
            name=name or found.name,
            attachment=True,
            cache=NOT_KEPT,
        )

    @routes.head("/o/{key:path}", include_in_schema=False)
    @routes.get("/o/{key:path}", response_class=Response, include_in_schema=False)
    async def read_object(request: Request, key: str, expires: Expires, signature: Signature) -> Response:
        """Send an object behind a signed link."""
        links.check("GET", _object_key(key), expires, signature)
        size = await objects.size(key)
        return await send(
            request,
            objects,
            key=key,
            size=size,
            etag=f'"{signature[:32]}-{size}"',
            content_type=OTHER.content_type,
            name=None,
            attachment=True,
            cache=NOT_KEPT,
        )

    @routes.put("/o/{key:path}", status_code=201, response_model=ObjectStored, include_in_schema=False)
    async def write_object(
        request: Request,
        key: str,
        expires: Expires,
        signature: Signature,
        x_content_sha256: Annotated[str | None, Header(pattern="^[0-9a-f]{64}$")] = None,
    ) -> ObjectStored:
        """Store an object; the answer comes when it is durable, and nobody sees half of it. The digest, when sent, must be right."""
        links.check("PUT", _object_key(key), expires, signature)
        declared = declared_length(request)
        too_large = FileTooLarge(f"an object has at most {max_object_bytes} bytes")
        if declared is not None and declared > max_object_bytes:
            raise too_large
        async with intake.workspace() as folder:
            try:
                received = await intake.receive(body_of(request), folder, limit=max_object_bytes, declared=declared)
            except OverLimit as error:
                raise too_large from error
            if x_content_sha256 is not None and received.sha256.hex() != x_content_sha256:
                raise DigestMismatch("the bytes that arrived are not the announced ones: send them again")
            await objects.put(key, received.path)
        return ObjectStored(bytes=received.size_bytes, sha256=received.sha256.hex())

    return routes


def _object_key(key: str) -> str:
    """Return a key that an object may have; download links share the signer and are no objects."""
    if key.partition("/")[0] == DOWNLOAD_PREFIX:
        raise NotFound("there is no such object", code="files.not_found")
    return checked_key(key)

"""Sending bytes over HTTP: ranges, entity tags, and the headers that keep a foreign file from acting as a page of ours."""

from collections.abc import Mapping

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from flatrender.kit.http import problem_response
from flatrender.kit.objects import ObjectStore
from flatrender.services.files.errors import RangeNotSatisfiable
from flatrender.services.files.ranges import Part, Unsatisfiable, wanted_part
from flatrender.services.files.service.kinds import INLINE
from flatrender.services.files.service.names import disposition

SAFE: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-site",
    "Referrer-Policy": "no-referrer",
}
"""A file is data: no script of it runs, and no other site embeds it."""
FOREVER = "public, max-age=31536000, immutable"
CHECKED = "private, no-cache"
"""A browser may keep it and asks each time whether it still may show it."""


async def send(
    request: Request,
    objects: ObjectStore,
    *,
    key: str,
    size: int,
    etag: str,
    content_type: str,
    name: str | None,
    attachment: bool,
    cache: str,
) -> Response:
    """Return the object, the asked part of it, or 304 when the client has it; raise NotFound when the store has lost it."""
    attachment = attachment or content_type not in INLINE
    headers = {
        **SAFE,
        "ETag": etag,
        "Cache-Control": cache,
        "Accept-Ranges": "bytes",
        "Content-Type": content_type,
        "Content-Disposition": disposition(name, attachment=attachment)
        if name
        else ("attachment" if attachment else "inline"),
    }
    if _knows(request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers={k: v for k, v in headers.items() if k != "Content-Type"})
    try:
        # A range is a matter of GET alone (RFC 9110 §14.2): HEAD tells of the whole.
        asked = request.headers.get("range") if request.method == "GET" else None
        part = wanted_part(asked, request.headers.get("if-range"), size=size, etag=etag)
    except Unsatisfiable:
        response = problem_response(
            RangeNotSatisfiable.status,
            RangeNotSatisfiable.code,
            f"the file has {size} bytes",
            request_id=getattr(request.state, "request_id", None),
        )
        response.headers["Content-Range"] = f"bytes */{size}"
        return response
    sent = part or Part(0, size)
    headers["Content-Length"] = str(sent.length)
    if part is not None:
        headers["Content-Range"] = f"bytes {part.start}-{part.start + part.length - 1}/{size}"
    status = 200 if part is None else 206
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers)
    await objects.size(key)
    return StreamingResponse(objects.stream(key, sent.start, sent.length), status_code=status, headers=headers)


def _knows(if_none_match: str | None, etag: str) -> bool:
    if if_none_match is None:
        return False
    named = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return etag in named or "*" in named

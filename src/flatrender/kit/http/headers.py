"""Conditional and idempotent requests: `If-Match`/`ETag` on the row version, `Idempotency-Key`."""

from typing import Annotated

from fastapi import Depends, Header, Request

from flatrender.kit.db import IdempotencyKey
from flatrender.kit.errors import BadRequest, PreconditionRequired


def etag(row_version: int) -> str:
    """Return the entity tag of a row version."""
    return f'"{row_version}"'


async def if_match(
    if_match: Annotated[str | None, Header(description="the version that you have, from `ETag`")] = None,
) -> int:
    """Return the row version that the caller knows; raise PreconditionRequired without one."""
    if if_match is None:
        raise PreconditionRequired("send If-Match with the version that you have (its ETag)", code="if_match_required")
    text = if_match.strip().removeprefix("W/").strip('"')
    if not text.isdigit() or len(text) > 9:
        raise BadRequest('If-Match must be the ETag of a row, such as "3"', code="if_match_invalid")
    return int(text)


IfMatchDep = Annotated[int, Depends(if_match)]


async def idempotency(
    request: Request,
    idempotency_key: Annotated[
        str | None, Header(max_length=257, description="the same key and body again gives the first answer")
    ] = None,
) -> IdempotencyKey | None:
    """Return the caller's key with the fingerprint of the request, or None without a key."""
    if idempotency_key is None:
        return None
    return IdempotencyKey.of(idempotency_key, request.method.encode(), request.url.path.encode(), await request.body())


IdempotencyDep = Annotated[IdempotencyKey | None, Depends(idempotency)]

"""Routes for nodes, below `/internal`: the node protocol (`docs/node-protocol.md`). Bodies are JSON, described by `flatrender.protocol`."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Annotated, TypeVar
from uuid import UUID

import msgspec
from fastapi import APIRouter, Header, Request, Response

from flatrender.kit.errors import BadRequest, NotSignedIn, TooLarge
from flatrender.protocol.heartbeat import Heartbeat
from flatrender.protocol.outcome import Accepted, Fail, Result
from flatrender.protocol.register import Register
from flatrender.protocol.work import Claim, Kind
from flatrender.services.render import metrics
from flatrender.services.render.service.claims import Gone
from flatrender.services.render.service.farm import FarmHealth
from flatrender.services.render.service.leases import Leases
from flatrender.services.render.service.nodes import Nodes
from flatrender.services.render.service.snapshots import Snapshots

Message = TypeVar("Message")

MAX_BODY_BYTES = 256 * 1024
Authorization = Annotated[str | None, Header()]


def router(*, nodes: Nodes, leases: Leases, snapshots: Snapshots, farm: FarmHealth) -> APIRouter:
    """Return the node protocol's routes."""
    routes = APIRouter(tags=["nodes"], include_in_schema=False)

    async def took(kind: Kind, secret: str, result: Result, taking: Awaitable[Accepted]) -> Response:
        accepted = await metrics.counted_result(kind, result, taking)
        if result.picture is not None and not accepted.replayed:
            await farm.keep_picture(secret, result)
        return answer(accepted)

    @routes.post("/internal/nodes/register")
    async def register(request: Request, authorization: Authorization = None) -> Response:
        """Become a node of the farm."""
        return answer(await nodes.register(bearer(authorization), await message(request, Register)))

    @routes.post("/internal/nodes/heartbeat")
    async def heartbeat(request: Request, authorization: Authorization = None) -> Response:
        """Report that the node lives and how far its work is."""
        return answer(await leases.heartbeat(bearer(authorization), await message(request, Heartbeat)))

    @routes.post("/internal/frame-jobs/claim")
    async def claim_frames(request: Request, authorization: Authorization = None) -> Response:
        """Wait for a chunk of a film."""
        secret, claim = bearer(authorization), await message(request, Claim)
        async with departure(request) as gone:
            return answer(await leases.claim(secret, claim, gone))

    @routes.post("/internal/frame-jobs/{id}/result")
    async def frames_result(id: UUID, request: Request, authorization: Authorization = None) -> Response:
        """Deliver a segment."""
        secret, result = bearer(authorization), await message(request, Result)
        return await took("frame", secret, result, leases.result(secret, id, result))

    @routes.post("/internal/frame-jobs/{id}/fail")
    async def frames_fail(id: UUID, request: Request, authorization: Authorization = None) -> Response:
        """Say that a chunk could not be drawn."""
        secret, fail = bearer(authorization), await message(request, Fail)
        return answer(await metrics.counted_failure("frame", fail, leases.fail(secret, id, fail)))

    @routes.post("/internal/snapshot-jobs/claim")
    async def claim_picture(request: Request, authorization: Authorization = None) -> Response:
        """Wait for a single picture: a studio preview or a scene's thumbnail."""
        secret, claim = bearer(authorization), await message(request, Claim)
        async with departure(request) as gone:
            return answer(await snapshots.claim(secret, claim, gone))

    @routes.post("/internal/snapshot-jobs/{id}/result")
    async def scene_result(id: UUID, request: Request, authorization: Authorization = None) -> Response:
        """Deliver a scene's thumbnail."""
        secret, result = bearer(authorization), await message(request, Result)
        return await took("snapshot_job", secret, result, snapshots.scene_job_result(secret, id, result))

    @routes.post("/internal/snapshot-jobs/{id}/fail")
    async def scene_fail(id: UUID, request: Request, authorization: Authorization = None) -> Response:
        """Say that a scene's thumbnail could not be drawn."""
        secret, fail = bearer(authorization), await message(request, Fail)
        return answer(await metrics.counted_failure("snapshot_job", fail, snapshots.scene_job_fail(secret, id, fail)))

    @routes.post("/internal/snapshots/{id}/result")
    async def preview_result(id: UUID, request: Request, authorization: Authorization = None) -> Response:
        """Deliver a studio preview."""
        secret, result = bearer(authorization), await message(request, Result)
        return await took("snapshot", secret, result, snapshots.still_result(secret, id, result))

    @routes.post("/internal/snapshots/{id}/fail")
    async def preview_fail(id: UUID, request: Request, authorization: Authorization = None) -> Response:
        """Say that a studio preview could not be drawn."""
        secret, fail = bearer(authorization), await message(request, Fail)
        return answer(await metrics.counted_failure("snapshot", fail, snapshots.still_fail(secret, id, fail)))

    return routes


@asynccontextmanager
async def departure(request: Request) -> AsyncIterator[Gone]:
    """Give a question: has the caller closed its connection? Only after the body was read."""
    # Not `request.is_disconnected`: it looks for a moment only, which is too short behind middleware.
    left = False

    async def watch() -> None:
        nonlocal left
        while (await request.receive())["type"] != "http.disconnect":
            pass
        left = True

    watching = asyncio.create_task(watch())
    try:
        yield lambda: left
    finally:
        watching.cancel()
        await asyncio.wait([watching])


def bearer(authorization: str | None) -> str:
    """Return the bearer token; raise NotSignedIn without one."""
    kind, _, token = (authorization or "").partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise NotSignedIn("send the node's secret as a bearer token", code="render.node_unknown")
    return token.strip()


async def message(request: Request, kind: type[Message]) -> Message:
    """Return the body as a protocol message; raise BadRequest or TooLarge."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY_BYTES:
            raise TooLarge(f"a message has at most {MAX_BODY_BYTES} bytes")
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.MsgspecError as error:
        raise BadRequest(f"this is not a {kind.__name__} message: {error}", code="render.message_invalid") from error


def answer(value: object | None) -> Response:
    """Return a message, or 204 for nothing."""
    if value is None:
        return Response(status_code=204)
    return Response(msgspec.json.encode(value), media_type="application/json")

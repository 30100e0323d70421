"""The gateway when services are apart: each route goes to the service that owns it, with the caller vouched for by a signed token."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
import msgspec
import structlog
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from flatrender import telemetry
from flatrender.host.gateway import client_address, is_secure
from flatrender.kit.errors import NotFound, NotSignedIn, Unavailable
from flatrender.kit.http import Caller
from flatrender.kit.rpc import ServiceKeys

CALLER_HEADER = "x-flatrender-caller"
REQUEST_ID_HEADER = "x-flatrender-request-id"
HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "content-length",
        "content-encoding",
        "date",
        "server",
    }
)
ROUTES: tuple[tuple[str, str], ...] = (
    ("/v1/auth", "identity"),
    ("/v1/me", "identity"),
    ("/v1/tenant", "identity"),
    ("/v1/projects", "content"),
    ("/v1/categories", "content"),
    ("/v1/admin/projects", "content"),
    ("/v1/admin/scenes", "content"),
    ("/v1/saved-projects", "studio"),
    ("/v1/audio", "studio"),
    ("/v1/render-jobs", "render"),
    ("/v1/snapshots", "render"),
    ("/v1/scene-snapshots", "render"),
    ("/v1/admin/render-jobs", "render"),
    ("/v1/admin/nodes", "render"),
    ("/v1/admin/farm", "render"),
    ("/v1/admin/node-tokens", "render"),
    ("/v1/output-profiles", "render"),
    ("/internal", "render"),
    ("/v1/files", "files"),
    ("/v1/quota", "files"),
    ("/o", "files"),
    ("/p", "files"),
    ("/d", "files"),
    ("/d", "files"),
    ("/v1/notifications", "notification"),
)
CONNECT_S = 2
IDLE_S = 60
READY_S = 2


def owner_of(path: str) -> str | None:
    """Return the service that owns the path, or None."""
    found = [(prefix, service) for prefix, service in ROUTES if path == prefix or path.startswith(prefix + "/")]
    return max(found, key=lambda pair: len(pair[0]))[1] if found else None


class Forwarder:
    """An ASGI application that passes each request on and streams the answer back."""

    def __init__(self, peers: Mapping[str, str], keys: ServiceKeys) -> None:
        self._peers = peers
        self._keys = keys
        self._http: aiohttp.ClientSession | None = None
        self._streams: set[aiohttp.ClientResponse] = set()

    def stop_soon(self) -> None:
        """End the event streams that pass through here; other answers may finish."""
        for answer in list(self._streams):
            answer.close()

    async def open(self) -> None:
        """Open the connections to the services."""
        self._http = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=None, connect=CONNECT_S, sock_read=IDLE_S),
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def close(self) -> None:
        """Close them."""
        if self._http is not None:
            await self._http.close()

    async def forward(self, request: Request) -> Response:
        """Pass one request to its owner; raise NotFound for a path that nobody owns and Unavailable when the owner is down."""
        service = owner_of(request.url.path)
        if service is None or service not in self._peers or self._http is None:
            raise NotFound(f"there is no route {request.url.path}")
        headers = {
            name: value
            for name, value in request.headers.items()
            if name not in HOP_BY_HOP and not name.startswith("x-flatrender-caller")
        }
        headers[REQUEST_ID_HEADER] = str(request.state.request_id)
        trace = telemetry.traceparent()
        if trace is not None:
            headers["traceparent"] = trace
        found = getattr(request.state, "caller", None)
        reason = getattr(request.state, "caller_error", None)
        claims: dict[str, Any] = {
            "client": [client_address(request), is_secure(request.scope, request.headers)],
        }
        if isinstance(found, Caller):
            claims["caller"] = msgspec.to_builtins(found)
        elif isinstance(reason, NotSignedIn):
            claims["refusal"] = [reason.code, reason.detail]
        headers[CALLER_HEADER] = self._keys.token(service, claims)
        if "content-length" in request.headers:
            headers["content-length"] = request.headers["content-length"]
        has_body = request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers
        url = self._peers[service] + request.url.path + (f"?{request.url.query}" if request.url.query else "")
        try:
            answer = await self._http.request(
                request.method, url, headers=headers, data=request.stream() if has_body else None, allow_redirects=False
            )
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Unavailable(
                f"the {service} service does not answer; try again shortly", code="peer_unavailable", retry_after_s=2
            ) from error
        kept = {
            name: value
            for name, value in answer.headers.items()
            if name.lower() not in HOP_BY_HOP and name.lower() != "set-cookie"
        }
        if "content-length" in answer.headers:
            kept["content-length"] = answer.headers["content-length"]
        if request.method == "HEAD":
            answer.release()
            return Response(status_code=answer.status, headers=kept)
        response = StreamingResponse(self._chunks(answer), status_code=answer.status, headers=kept)
        for cookie in answer.headers.getall("set-cookie", []):
            response.headers.append("set-cookie", cookie)
        return response

    async def ready(self) -> dict[str, str]:
        """Return of each service `ready`, or why it is not."""

        async def one(url: str) -> str:
            try:
                async with self._open().get(f"{url}/readyz", timeout=aiohttp.ClientTimeout(total=READY_S)) as answer:
                    return "ready" if answer.status == 200 else "not_ready"
            except (aiohttp.ClientError, TimeoutError):
                return "peer_unavailable"

        names = list(self._peers)
        return dict(zip(names, await asyncio.gather(*(one(self._peers[name]) for name in names)), strict=True))

    def _open(self) -> aiohttp.ClientSession:
        if self._http is None:
            raise Unavailable("the gateway is not open yet")
        return self._http

    async def _chunks(self, answer: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
        stream = answer.content_type == "text/event-stream"
        if stream:
            self._streams.add(answer)
        try:
            async for chunk in answer.content.iter_any():
                yield chunk
        except aiohttp.ClientError:
            # an event stream that we end ourselves is no failure: the client comes back
            if not (stream and answer.closed):
                raise
        finally:
            self._streams.discard(answer)
            answer.release()

    async def openapi(self) -> JSONResponse:
        """Return the services' documents as one."""
        session = self._open()

        async def one(url: str) -> dict[str, Any]:
            async with session.get(f"{url}/openapi.json") as answer:
                return dict(await answer.json())

        try:
            documents = await asyncio.gather(*(one(url) for url in self._peers.values()))
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Unavailable(
                "a service does not answer; try again shortly", code="peer_unavailable", retry_after_s=2
            ) from error
        merged: dict[str, Any] = {**documents[0], "paths": {}, "components": {"schemas": {}}}
        for document in documents:
            merged["paths"].update(document.get("paths", {}))
            merged["components"]["schemas"].update(document.get("components", {}).get("schemas", {}))
        return JSONResponse(merged)


class VouchedCaller:
    """The middleware of a service behind a gateway: takes the caller and their address from the gateway's signed token, and believes no other header."""

    def __init__(self, app: ASGIApp, *, service: str, keys: ServiceKeys) -> None:
        self._app = app
        self._service = service
        self._keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            state = scope.setdefault("state", {})
            state["request_id"] = headers.get(REQUEST_ID_HEADER)
            structlog.contextvars.bind_contextvars(request_id=state["request_id"])
            token = headers.get(CALLER_HEADER)
            if token:
                try:
                    claims = self._keys.verify(token, self._service)
                    if "client" in claims:
                        # the person's address, which sign-in counts attempts by, not the gateway's
                        address, secure = claims["client"]
                        scope["client"] = (str(address), 0)
                        scope["scheme"] = "https" if secure else "http"
                    if "caller" in claims:
                        state["caller"] = msgspec.convert(claims["caller"], Caller)
                    elif "refusal" in claims:
                        code, detail = claims["refusal"]
                        state["caller_error"] = NotSignedIn(str(detail), code=str(code))
                except NotSignedIn as reason:
                    state["caller_error"] = reason
        await self._app(scope, receive, send)

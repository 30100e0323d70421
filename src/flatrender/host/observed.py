"""Counts, times and traces every request of this process; the outermost layer, so that it sees what the gateway refuses too."""

import time
from collections.abc import Mapping
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from flatrender import telemetry
from flatrender.kit import metrics

PROBES = ("/healthz", "/readyz")
WITHOUT_TRACE = (*PROBES, "/internal/nodes/heartbeat")
"""Asked all the time: traced only when the caller's trace asks for it. Claims too: what they grant is a span of its own."""
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Observed:
    """An ASGI application around another one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if not telemetry.is_on():
            await self._timed(scope, receive, send)
            return
        parent = Headers(scope=scope).get("traceparent")
        path: str = scope["path"]
        if parent is None and (path.startswith(WITHOUT_TRACE) or path.endswith("/claim")):
            await self._timed(scope, receive, send)
            return
        with telemetry.span(f"{scope['method']}", parent=parent, kind="server") as span:
            status = await self._timed(scope, receive, send)
            if span is not None:
                route = route_of(scope)
                span.update_name(f"{scope['method']} {route}")
                span.set_attributes(attributes_of(scope, route, status))

    async def _timed(self, scope: Scope, receive: Receive, send: Send) -> int:
        """Serve and measure; return the status, 499 when the client left before there was one."""
        began = time.perf_counter()
        status, streams = 499, False

        async def watched(message: Message) -> None:
            nonlocal status, streams
            if message["type"] == "http.response.start":
                status = message["status"]
                if is_stream(message):
                    streams = True
                    metrics.SSE_CLIENTS.inc()
                    observe(scope, status, time.perf_counter() - began)
            await send(message)

        metrics.REQUESTS_OPEN.inc()
        try:
            await self._app(scope, receive, watched)
        finally:
            metrics.REQUESTS_OPEN.dec()
            if streams:
                metrics.SSE_CLIENTS.dec()
            elif scope["path"] not in PROBES:
                observe(scope, status, time.perf_counter() - began)
        return status


def observe(scope: Scope, status: int, seconds: float) -> None:
    """Note how long an answer took."""
    method = scope["method"] if scope["method"] in METHODS else "other"
    metrics.REQUEST_SECONDS.labels(method, route_of(scope), str(status)).observe(seconds)


def route_of(scope: Scope) -> str:
    """Return the template of the route that served a request: `/v1/render-jobs/{job_id}`, `page` for the front end's files, `none` for an unknown path."""
    path = getattr(scope.get("route"), "path", None)
    if isinstance(path, str) and path:
        return path
    return "none" if scope["path"].startswith(("/v1/", "/internal/", "/rpc/", "/o/", "/p/", "/d/")) else "page"


def is_stream(message: Message) -> bool:
    """Return whether an answer that begins is an event stream."""
    return any(
        name.lower() == b"content-type" and value.startswith(b"text/event-stream") for name, value in message["headers"]
    )


def attributes_of(scope: Scope, route: str, status: int) -> Mapping[str, Any]:
    """Return what a request's span says, by OpenTelemetry's conventions."""
    found: dict[str, Any] = {
        "http.request.method": scope["method"],
        "http.route": route,
        "http.response.status_code": status,
    }
    request_id = scope.get("state", {}).get("request_id")
    if request_id:
        found["flatrender.request_id"] = request_id
    return found

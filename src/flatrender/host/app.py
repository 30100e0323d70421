"""The HTTP application of this process: routers, the answers to peers and probes, the built front end."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from flatrender import __version__
from flatrender.contracts.identity import IdentityApi
from flatrender.host.events import EventBus
from flatrender.host.gateway import Gateway
from flatrender.kit.db import Event
from flatrender.kit.errors import AppError, NotFound
from flatrender.kit.http import Problem, install_problem_handlers
from flatrender.kit.module import ServiceModule
from flatrender.kit.rpc import CONTENT_TYPE, MAX_BODY_BYTES, RpcServer, ServiceKeys

STATIC = Path(__file__).parent / "static"
NO_PAGES = ("/v1/", "/internal/", "/rpc/", "/o/", "/p/", "/d/")
Health = Callable[[], Awaitable[dict[str, Any]]]


def make_app(
    modules: Sequence[ServiceModule],
    *,
    lifespan: Callable[[], AsyncIterator[None]],
    health: Health,
    keys: ServiceKeys,
    bus: EventBus,
    serve_peers: bool,
    serve_pages: bool,
) -> FastAPI:
    """Return the application with the services' routes; with `serve_peers` also `/rpc`, with `serve_pages` the front end."""

    @asynccontextmanager
    async def open_and_close(_: FastAPI) -> AsyncIterator[None]:
        async with asynccontextmanager(lifespan)():
            yield

    app = FastAPI(
        title="FlatRender",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        lifespan=open_and_close,
        separate_input_output_schemas=False,
    )
    install_problem_handlers(app)
    for module in modules:
        for router in module.routers:
            app.include_router(router, tags=[module.name])
        for router in module.internal_routers:
            app.include_router(router, include_in_schema=False)
    add_probes(app, health)
    if serve_peers:
        _add_peer_routes(app, modules, keys, bus)
    if serve_pages:
        add_pages(app)
    describe_problems(app)
    return app


def behind_gateway(app: FastAPI, identity: IdentityApi) -> ASGIApp:
    """Return the application as people reach it."""
    return Gateway(app, identity=identity)


def describe_problems(app: FastAPI) -> None:
    """Let the OpenAPI document hold the problem schema that the routes' answers name."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        document = plain()
        document.setdefault("components", {}).setdefault("schemas", {}).setdefault(
            "Problem", Problem.model_json_schema()
        )
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to extend the document


def add_probes(app: FastAPI, health: Health) -> None:
    """Answer balancers: `/healthz` while the process lives, `/readyz` with 200 only while it can work and is not about to stop."""

    @app.get("/healthz", include_in_schema=False)
    async def healthz() -> dict[str, str]:
        return {"status": "alive"}

    @app.get("/readyz", include_in_schema=False)
    async def readyz(response: Response) -> dict[str, Any]:
        found = await health()
        response.status_code = 200 if found["ready"] else 503
        return found


def _add_peer_routes(app: FastAPI, modules: Sequence[ServiceModule], keys: ServiceKeys, bus: EventBus) -> None:
    servers = {module.name: RpcServer(module.name, module.contract, module.api, keys) for module in modules}

    @app.post("/rpc/{service}/events", include_in_schema=False)
    async def events(service: str, request: Request) -> Response:
        body = await _whole_body(request)
        keys.verify_body(_bearer(request), service, "events", body)
        await bus.deliver_here(msgspec.msgpack.decode(body, type=Event))
        return Response(status_code=200)

    @app.post("/rpc/{service}/{method}", include_in_schema=False)
    async def rpc(service: str, method: str, request: Request) -> Response:
        server = servers.get(service)
        if server is None:
            raise NotFound(f"the service {service} does not run here", code="rpc_unknown_service")
        status, answer = await server.answer(method, _bearer(request), await _whole_body(request))
        return Response(answer, status_code=status, media_type=CONTENT_TYPE)


def _bearer(request: Request) -> str:
    return request.headers.get("authorization", "").removeprefix("Bearer ").strip()


async def _whole_body(request: Request) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_BODY_BYTES:
            raise AppError(f"the call is larger than {MAX_BODY_BYTES} bytes", code="too_large")
        parts.append(part)
    return b"".join(parts)


def add_pages(app: FastAPI) -> None:
    """Serve the built front end: files as they are, any other address of a page as `index.html`."""
    if not (STATIC / "index.html").exists():
        return
    app.mount("/assets", StaticFiles(directory=STATIC / "assets", check_dir=False), name="assets")
    index = (STATIC / "index.html").read_bytes()
    root = STATIC.resolve()

    async def page(scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        if scope["method"] not in ("GET", "HEAD") or path.startswith(NO_PAGES):
            raise HTTPException(404)
        wanted = (root / path.lstrip("/")).resolve() if "\0" not in path else root
        if wanted.is_relative_to(root) and wanted.is_file():
            answer = _file(wanted)
        else:
            answer = Response(index, media_type="text/html; charset=utf-8", headers={"Cache-Control": "no-cache"})
        await answer(scope, receive, send)

    # not a route: one that matches every path would hide which methods the routes themselves take
    app.router.default = page


def _file(path: Path) -> Response:
    from starlette.responses import FileResponse

    return FileResponse(path, headers={"Cache-Control": "no-cache"})

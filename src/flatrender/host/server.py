"""One process of the platform: all services behind the gateway, one service alone, or the gateway alone."""

import asyncio
import gc
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import msgspec
import structlog
import uvicorn
from fastapi import FastAPI, Request, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from flatrender import __version__, telemetry
from flatrender.host.app import Health, add_pages, add_probes, behind_gateway, make_app
from flatrender.host.database import external_addresses
from flatrender.host.forwarding import Forwarder, VouchedCaller
from flatrender.host.metrics_endpoint import MetricsEndpoint
from flatrender.host.observed import Observed
from flatrender.host.secrets import PlatformSecrets, load_or_make
from flatrender.host.settings import SERVICES, ServiceName, Settings
from flatrender.host.wiring import BadConfiguration, Dsn, Platform, RemotePeers
from flatrender.kit.database_roles import LOGIN_ROLES
from flatrender.kit.http import install_problem_handlers

log = structlog.get_logger(__name__)

SHUTDOWN_S = 10
"""How long open requests may take to finish when we stop."""


def role_addresses(settings: Settings, secrets: PlatformSecrets) -> Dsn:
    """Return role → connection string: of the external database, else what the supervisor of the embedded one wrote beside the secrets."""
    if settings.database_url:
        missing = [role for role in LOGIN_ROLES if role not in secrets.role_passwords]
        if missing:
            raise BadConfiguration(
                f"{settings.secrets_path} has no password for the database role {missing[0]}: run `flatrender migrate` with this file first"
            )
        try:
            addresses = external_addresses(settings.database_url, secrets)
        except ValueError as error:
            raise BadConfiguration(f"DATABASE_URL: {error}") from error
    else:
        path = settings.data_dir / "database.json"
        if not path.exists():
            raise BadConfiguration(
                f"{path} is missing: start the platform with `flatrender up`, or set DATABASE_URL and run `flatrender migrate` first"
            )
        addresses = msgspec.json.decode(path.read_bytes(), type=dict[str, str])

    def dsn(role: str) -> str:
        if role not in addresses:
            raise BadConfiguration(
                f"there is no address for the database role {role}: start the platform with `flatrender up` again"
            )
        return addresses[role]

    return dsn


class Application:
    """What the server serves: requests go to `wrapped`, the server's start and stop to the application inside it."""

    def __init__(
        self,
        wrapped: ASGIApp,
        app: FastAPI,
        *,
        stop_soon: Callable[[], None],
        drain: Callable[[], None],
        health: Health,
        measure: Callable[[], Awaitable[None]],
    ) -> None:
        self._wrapped = Observed(wrapped)
        self._app = app
        self.stop_soon = stop_soon
        """Lets loops and open streams end; called before the server waits for open requests."""
        self.drain = drain
        """Makes `/readyz` say that this process is about to stop."""
        self.health = health
        self.measure = measure
        """Brings the figures up to date that are read from the database."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the server's start and stop."""
        await (self._app if scope["type"] == "lifespan" else self._wrapped)(scope, receive, send)


class _Server(uvicorn.Server):
    """Tells the application that it stops before it waits for open requests: a stream would last until the wait is over."""

    def __init__(self, config: uvicorn.Config, app: Application, drain_s: float) -> None:
        super().__init__(config)
        self._app = app
        self._drain_s = drain_s

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Go on serving for a while as one that is not ready, then stop; a second signal stops at once."""
        self._app.drain()
        until = asyncio.get_running_loop().time() + self._drain_s
        while not self.force_exit and asyncio.get_running_loop().time() < until:  # noqa: ASYNC110 - uvicorn offers no event for it
            await asyncio.sleep(0.05)
        self._app.stop_soon()
        await super().shutdown(sockets)


def all_in_one(settings: Settings, secrets: PlatformSecrets, dsn: Dsn) -> Application:
    """Return the whole platform as one application."""
    platform = Platform(settings, secrets, dsn, SERVICES)
    app = make_app(
        platform.modules,
        lifespan=platform.lifespan,
        health=platform.health,
        keys=platform.keys,
        bus=platform.bus,
        serve_peers=False,
        serve_pages=True,
    )
    return _application(behind_gateway(app, platform.peers.identity), app, platform)


def executor_alone(settings: Settings, secrets: PlatformSecrets, dsn: Dsn) -> Application:
    """Return a process that runs workflows, with every service inside and none of their routes: it answers probes alone."""
    platform = Platform(settings, secrets, dsn, SERVICES, only_workflows=True)
    app = make_app(
        (),
        lifespan=platform.lifespan,
        health=platform.health,
        keys=platform.keys,
        bus=platform.bus,
        serve_peers=False,
        serve_pages=False,
    )
    return _application(app, app, platform)


def one_service(settings: Settings, secrets: PlatformSecrets, dsn: Dsn, service: ServiceName) -> Application:
    """Return one service as it stands behind a gateway. Every other service must be named in `settings.peers`."""
    missing = [name for name in SERVICES if name != service and name not in settings.peers]
    if missing:
        raise BadConfiguration(f"say where {', '.join(missing)} run: FLATRENDER_PEERS={missing[0]}=http://host:port,…")
    platform = Platform(settings, secrets, dsn, (service,))
    app = make_app(
        platform.modules,
        lifespan=platform.lifespan,
        health=platform.health,
        keys=platform.keys,
        bus=platform.bus,
        serve_peers=True,
        serve_pages=False,
    )
    return _application(VouchedCaller(app, service=service, keys=platform.keys), app, platform)


def _application(wrapped: ASGIApp, app: FastAPI, platform: Platform) -> Application:
    return Application(
        wrapped,
        app,
        stop_soon=platform.stop_soon,
        drain=platform.drain,
        health=platform.health,
        measure=platform.measure,
    )


def gateway_alone(settings: Settings, secrets: PlatformSecrets) -> Application:
    """Return the front door of services that run elsewhere."""
    missing = [name for name in SERVICES if name not in settings.peers]
    if missing:
        raise BadConfiguration(f"say where {', '.join(missing)} run: FLATRENDER_PEERS={missing[0]}=http://host:port,…")
    remote = RemotePeers(settings.peers, secrets)
    forwarder = Forwarder(settings.peers, remote.keys)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await remote.open()
        await forwarder.open()
        try:
            yield
        finally:
            await forwarder.close()
            await remote.close()

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    install_problem_handlers(app)

    draining = False

    def drain() -> None:
        nonlocal draining
        draining = True

    async def health() -> dict[str, Any]:
        services = await forwarder.ready()
        # without identity nobody is recognised; other services that are away are away by themselves
        ready = not draining and services["identity"] == "ready"
        return {"ready": ready, "draining": draining, "services": services}

    async def measure() -> None:
        """Nothing: a gateway keeps no figures that must be read."""

    add_probes(app, health)

    @app.get("/openapi.json")
    async def openapi() -> Response:
        return await forwarder.openapi()

    methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    for prefix in ("/v1", "/internal", "/o", "/p", "/d"):

        @app.api_route(prefix + "/{path:path}", methods=methods)
        async def forward(request: Request) -> Response:
            return await forwarder.forward(request)

    add_pages(app)
    return Application(
        behind_gateway(app, remote.peers.identity),
        app,
        stop_soon=forwarder.stop_soon,
        drain=drain,
        health=health,
        measure=measure,
    )


def serve(
    what: str, settings: Settings, *, sockets: Sequence[socket.socket] = (), ready: Callable[[], None] | None = None
) -> int:
    """Run `all`, `gateway`, `executor` or one service until SIGTERM or SIGINT; return the exit code. Raises BadConfiguration."""
    if settings.secrets_file is not None and not settings.secrets_file.exists():
        # Made here, it would be another one on each machine.
        raise BadConfiguration(
            f"{settings.secrets_file} is missing: `flatrender migrate` makes it; all machines need the same"
        )
    secrets = load_or_make(settings.secrets_path)
    if what == "gateway":
        app = gateway_alone(settings, secrets)
    elif what == "all":
        app = all_in_one(settings, secrets, role_addresses(settings, secrets))
    elif what == "executor":
        app = executor_alone(settings, secrets, role_addresses(settings, secrets))
    else:
        service = next(name for name in SERVICES if name == what)
        app = one_service(settings, secrets, role_addresses(settings, secrets), service)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        lifespan="on",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=SHUTDOWN_S,
        server_header=False,
        h11_max_incomplete_event_size=64 * 1024,
        # Longer than the pauses of nodes and programs that keep a connection: a request must not meet one that is just being closed.
        timeout_keep_alive=75,
    )
    server = _Server(config, app, settings.drain_s)
    end_traces = telemetry.set_up(f"flatrender-{what}", __version__)

    async def run() -> None:
        async with AsyncExitStack() as stack:
            if settings.metrics_port is not None:
                await stack.enter_async_context(_metrics_endpoint(settings, settings.metrics_port, app).serving())
            await listen()

    async def listen() -> None:
        task = asyncio.create_task(server.serve(sockets=list(sockets) or None))
        while not server.started and not task.done():  # noqa: ASYNC110 - uvicorn offers no event for it
            await asyncio.sleep(0.02)
        if server.started:
            settle_garbage_collector()
            log.info("listening", what=what, host=settings.host, port=settings.port)
            if ready is not None:
                ready()
        await task

    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(run())
    except OSError as error:
        if settings.metrics_port is None or server.started:
            raise
        raise BadConfiguration(f"metrics cannot be served on port {settings.metrics_port}: {error.strerror}") from error
    finally:
        end_traces()
    return 0 if server.started else 1


def _metrics_endpoint(settings: Settings, port: int, app: Application) -> MetricsEndpoint:
    return MetricsEndpoint(
        host=settings.metrics_host,
        port=port,
        token=settings.metrics_token,
        measure=app.measure,
        health=app.health,
    )


def settle_garbage_collector() -> None:
    """Keep collections from interrupting requests: what start-up made is frozen, young collections are rarer."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop

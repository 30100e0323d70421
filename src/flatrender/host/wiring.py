"""Puts the services together: which run in this process, which are elsewhere, and what each is given.

The only place that knows both a contract and who fulfils it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, LiteralString

import aiohttp
import structlog

from flatrender.contracts.content import ContentApi
from flatrender.contracts.files import FilesApi
from flatrender.contracts.identity import IdentityApi
from flatrender.contracts.notification import NotificationApi
from flatrender.contracts.render import RenderApi
from flatrender.contracts.studio import StudioApi
from flatrender.host.events import EventBus
from flatrender.host.peers import fill, place
from flatrender.host.secrets import PlatformSecrets
from flatrender.host.seeding import seed
from flatrender.host.settings import DATABASE_ROLES, SERVICES, ServiceName, Settings
from flatrender.kit import metrics
from flatrender.kit.database_roles import WORKFLOW_ROLE
from flatrender.kit.db import Database, OutboxRelay, measure_outbox
from flatrender.kit.errors import AppError, Unavailable
from flatrender.kit.migrate import load
from flatrender.kit.module import ServiceModule
from flatrender.kit.objects import LinkSigner, ObjectLinks, ObjectStore
from flatrender.kit.rpc import ServiceKeys, remote

SCHEMAS: dict[ServiceName, LiteralString] = {
    "identity": "identity",
    "content": "content",
    "studio": "studio",
    "render": "render",
    "files": "file_mgr",
    "notification": "notification",
}
CONTRACTS: dict[ServiceName, type] = {
    "identity": IdentityApi,
    "content": ContentApi,
    "studio": StudioApi,
    "render": RenderApi,
    "files": FilesApi,
    "notification": NotificationApi,
}
if TYPE_CHECKING:
    from flatrender.kit.workflows import Workflows

log = structlog.get_logger(__name__)

PEER_START_S = 60.0
Dsn = Callable[[str], str]
"""Role → connection string."""


class BadConfiguration(AppError):
    """The settings do not fit together."""

    code = "configuration"


@dataclass
class Peers:
    """A place for each contract."""

    identity: IdentityApi = field(default_factory=lambda: place("identity", IdentityApi))  # type: ignore[type-abstract]
    content: ContentApi = field(default_factory=lambda: place("content", ContentApi))  # type: ignore[type-abstract]
    studio: StudioApi = field(default_factory=lambda: place("studio", StudioApi))  # type: ignore[type-abstract]
    render: RenderApi = field(default_factory=lambda: place("render", RenderApi))  # type: ignore[type-abstract]
    files: FilesApi = field(default_factory=lambda: place("files", FilesApi))  # type: ignore[type-abstract]
    notification: NotificationApi = field(default_factory=lambda: place("notification", NotificationApi))  # type: ignore[type-abstract]

    def of(self, service: ServiceName) -> object:
        """Return the place of a service."""
        return getattr(self, service)


class RemotePeers:
    """Every contract, served by processes elsewhere: what the gateway stands on when services are apart."""

    def __init__(self, urls: Mapping[str, str], secrets: PlatformSecrets) -> None:
        self.keys = ServiceKeys(secrets.service_jwk, "flatrender")
        self.peers = Peers()
        self._urls = urls
        self._http: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Open the connections and fill the places."""
        self._http = aiohttp.ClientSession()
        fill_remote(self.peers, self._urls, self.keys, self._http)

    async def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.close()


def fill_remote(peers: Peers, urls: Mapping[str, str], keys: ServiceKeys, http: aiohttp.ClientSession) -> None:
    """Put a remote implementation into the place of each service that `urls` names."""
    for service in SERVICES:
        if service in urls:
            fill(peers.of(service), remote(service, CONTRACTS[service], urls[service], keys, http))


class Platform:
    """The services of this process with their pools, relays and loops."""

    def __init__(
        self,
        settings: Settings,
        secrets: PlatformSecrets,
        dsn: Dsn,
        services: Sequence[ServiceName],
        *,
        only_workflows: bool = False,
    ) -> None:
        """Build the services.

        With `only_workflows` they serve the workflows of this process alone and no loop of theirs runs: what the loops look after, leases above
        all, is judged by those whom nodes can reach.
        """
        self.settings = settings
        self._only_workflows = only_workflows
        self.secrets = secrets
        self.keys = ServiceKeys(secrets.service_jwk, "flatrender")
        self.objects = ObjectStore(settings.objects, direct_links=settings.objects_links == "direct")
        self.links = LinkSigner(secrets.link_secret)
        self.peers = Peers()
        self.workflows: Workflows | None = None
        self._newest_migration = max(migration.version for migration in load())
        self._dsn = dsn
        self._remote_urls: Mapping[str, str] = {
            name: url for name, url in settings.peers.items() if name in SERVICES and name not in services
        }
        self._stop = asyncio.Event()
        self._draining = False
        self.modules: list[ServiceModule] = [self._build(name) for name in services]
        for module in self.modules:
            fill(getattr(self.peers, module.name), module.api)
        self.bus = EventBus(self._remote_urls, self.keys)
        self.bus.subscribe(self.modules)

    async def lifespan(self) -> AsyncIterator[None]:
        """Open everything in order, run until the host stops, close in reverse."""
        await self._check_objects()
        async with AsyncExitStack() as stack:
            http = await stack.enter_async_context(aiohttp.ClientSession())
            self.bus.open(http)
            fill_remote(self.peers, self._remote_urls, self.keys, http)
            for module in self.modules:
                await module.database.open()
                stack.push_async_callback(module.database.close)
            if self.workflows is not None and (self.settings.workflows or self._only_workflows):
                await self.workflows.open()
                stack.push_async_callback(self.workflows.close)
            for module in self.modules:
                if module.open is not None:
                    await module.open()
                if module.close is not None:
                    stack.push_async_callback(module.close)
            tasks = [
                asyncio.create_task(loop(self._stop), name=f"{m.name}-loop")
                for m in self.modules
                for loop in m.background
                if not self._only_workflows
            ]
            for module in () if self._only_workflows else self.modules:
                schema = next(SCHEMAS[service] for service in SERVICES if service == module.name)
                relay = OutboxRelay(module.database, schema, self.bus.deliver)
                tasks.append(asyncio.create_task(relay.run(self._stop), name=f"{module.name}-outbox"))

            async def end() -> None:
                self._stop.set()
                if tasks:
                    await asyncio.wait(tasks, timeout=10.0)
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

            stack.push_async_callback(end)
            if self.settings.seed:
                await self._wait_for("files", http)
                modules = {module.name: module for module in self.modules}
                await seed(modules, self.peers.files, self.peers.render, self.settings.data_dir)
            yield

    async def _check_objects(self) -> None:
        """Raise BadConfiguration when the store refuses us for good; one that is away for the moment stops nobody."""
        try:
            complaint = await self.objects.complaint()
        except Unavailable as error:
            log.warning("objects_away_at_start", error=error.detail)
            return
        if complaint is not None:
            raise BadConfiguration(complaint)

    def stop_soon(self) -> None:
        """Let every loop end, and with notification's the streams that pages hold open."""
        self._stop.set()

    def drain(self) -> None:
        """Say by `/readyz` that this process is about to stop; it goes on serving."""
        self._draining = True

    async def measure(self) -> None:
        """Bring the figures up to date that are read rather than counted: pools, outboxes, what a service says of itself."""
        await asyncio.gather(*(self._measure(module) for module in self.modules))

    async def _measure(self, module: ServiceModule) -> None:
        for pool, stats in module.database.pool_stats().items():
            metrics.show_pool(module.name, pool, stats)
        try:
            await measure_outbox(module.database, next(SCHEMAS[name] for name in SERVICES if name == module.name))
            if module.measure is not None:
                await module.measure()
        except AppError:
            metrics.MEASURE_FAILURES.labels(module.name).inc()

    async def _wait_for(self, service: ServiceName, http: aiohttp.ClientSession) -> None:
        """Wait, at most 60 s, until a peer in another process answers: machines that start together need not start in order."""
        url = self._remote_urls.get(service)
        deadline = asyncio.get_running_loop().time() + PEER_START_S
        while url is not None and asyncio.get_running_loop().time() < deadline:
            try:
                async with http.get(f"{url}/healthz", timeout=aiohttp.ClientTimeout(total=2)) as answer:
                    if answer.status == 200:
                        return
            except (aiohttp.ClientError, TimeoutError):
                await asyncio.sleep(0.2)

    async def health(self) -> dict[str, Any]:
        """Return whether every service can work, and of those that cannot, why."""
        complaints = await asyncio.gather(
            *(module.database.complaint(self._newest_migration) for module in self.modules)
        )
        return {
            "ready": not any(complaints) and not self._draining,
            "draining": self._draining,
            "services": {
                module.name: complaint or "ready" for module, complaint in zip(self.modules, complaints, strict=True)
            },
        }

    def _database(self, service: ServiceName) -> Database:
        role = DATABASE_ROLES[service]
        return Database(
            service,
            self._dsn(role),
            self._dsn(f"{role}_worker"),
            max_size=self.settings.database_pool,
            worker_max_size=self.settings.database_worker_pool,
        )

    def _build(self, service: ServiceName) -> ServiceModule:
        """Build one service; its package is imported only where it runs."""
        builders: dict[ServiceName, Callable[[], ServiceModule]] = {
            "identity": self._identity,
            "content": self._content,
            "studio": self._studio,
            "render": self._render,
            "files": self._files,
            "notification": self._notification,
        }
        return builders[service]()

    def _identity(self) -> ServiceModule:
        from flatrender.services.identity.module import build

        return build(database=self._database("identity"))

    def _content(self) -> ServiceModule:
        from flatrender.services.content.module import build
        from flatrender.services.content.settings import ContentSettings

        settings = ContentSettings(resolve_threads=self.settings.resolve_threads)
        return build(
            database=self._database("content"), files=self.peers.files, settings=settings, objects=self.objects
        )

    def _studio(self) -> ServiceModule:
        from flatrender.services.studio.module import build

        return build(
            database=self._database("studio"),
            content=self.peers.content,
            files=self.peers.files,
            render=self.peers.render,
        )

    def _files(self) -> ServiceModule:
        from flatrender.services.files.module import build
        from flatrender.services.files.settings import FilesSettings

        spool = self.settings.data_dir / "spool"
        spool.mkdir(parents=True, exist_ok=True)
        settings = FilesSettings(
            max_upload_bytes=self.settings.max_upload_bytes,
            user_quota_bytes=self.settings.user_quota_bytes,
            spool_folder=spool,
        )
        return build(database=self._database("files"), objects=self.objects, links=self.links, settings=settings)

    def _notification(self) -> ServiceModule:
        from flatrender.services.notification.module import build

        return build(database=self._database("notification"), identity=self.peers.identity)

    def _render(self) -> ServiceModule:
        from flatrender.kit.outgoing import Outgoing
        from flatrender.kit.secret_box import SecretBox
        from flatrender.kit.workflows import Workflows
        from flatrender.services.render.module import build
        from flatrender.services.render.settings import RenderSettings

        settings = RenderSettings(
            lease_s=self.settings.lease_s,
            heartbeat_s=self.settings.heartbeat_s,
            grace_s=self.settings.lease_s,
            dev_snapshots=self.settings.dev_snapshots,
            export_keep_days=self.settings.export_days or None,
            public_url=self.settings.address,
        )
        self.workflows = Workflows(
            self._dsn(WORKFLOW_ROLE),
            executor_id=self.settings.executor_id,
            concurrency=self.settings.workflow_concurrency,
            heartbeat_s=self.settings.executor_dead_after_s / 4,
            dead_after_s=self.settings.executor_dead_after_s,
        )
        return build(
            database=self._database("render"),
            content=self.peers.content,
            identity=self.peers.identity,
            files=self.peers.files,
            studio=self.peers.studio,
            objects=self.objects,
            links=ObjectLinks(self.secrets.link_secret, self.objects),
            workflows=self.workflows,
            box=SecretBox(self.secrets.box_keys),
            outgoing=Outgoing(allowed=self.settings.outgoing_allow),
            settings=settings,
            node_token=self.secrets.node_token,
        )

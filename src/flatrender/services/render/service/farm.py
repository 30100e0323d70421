"""The farm at a glance: what waits, what fails, what is slow, how each node is. Reads only; every answer is bounded in rows."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec
import structlog

from flatrender.contracts.content import ContentApi, LocaleText
from flatrender.contracts.identity import IdentityApi
from flatrender.kit.clock import Clock
from flatrender.kit.db import Conn, Database
from flatrender.kit.errors import AppError, Refused
from flatrender.kit.ids import DEFAULT_TENANT_ID
from flatrender.protocol.outcome import Result
from flatrender.services.render import errors, metrics
from flatrender.services.render.queries import farm as rows
from flatrender.services.render.queries import nodes as node_rows
from flatrender.services.render.queries.nodes import NodeRow
from flatrender.services.render.service.nodes import Nodes, fleet_too

log = structlog.get_logger(__name__)

MAX_PICTURE_BYTES = 24 * 1024
JPEG = b"\xff\xd8\xff"
MAX_POINTS = 500
"""Of one series."""
SHORTEST_STEP_S = 5
KEPT_DAYS = 62
"""How long health is kept at the least: this month's partition and two more."""
RECENT = timedelta(hours=1)
RECENT_STEP = timedelta(minutes=1)
SLOW_TEMPLATES = 10
NAMED_TENANTS = 30
NAMES_DEADLINE_S = 2.0
BUDGET_DAYS = 7
TARGET_PCT = 99.5
CONTENT_CODES = frozenset(
    {
        "engine_refused", "engine_crashed", "engine_timeout", "settings_invalid", "clip_invalid", "aerender_template", "aerender_asset", "aerender_font",
        "unknown_field", "unknown_scene", "canceled",
    }
)  # fmt: skip
"""Codes of films that could not be made because of what is in them."""


class NodeNow(msgspec.Struct, frozen=True, kw_only=True):
    """A node with what it does."""

    node: NodeRow
    work: Sequence[rows.WorkRow]
    recent: Sequence[rows.SparkRow]
    picture_at: datetime | None
    cache: rows.CacheRow | None


class FarmView(msgspec.Struct, frozen=True, kw_only=True):
    """The farm over a time."""

    since: datetime
    step: timedelta
    queue: Sequence[rows.QueueRow]
    throughput: Sequence[rows.ThroughputRow]
    failures: Sequence[rows.FailureRow]
    templates: Sequence[rows.TemplateRow]
    films: Sequence[rows.FilmsRow]
    tenant_names: Mapping[UUID, str]
    titles: Mapping[UUID, LocaleText]


class FarmHealth:
    """What dashboards show. The platform's tenant sees the whole farm, every other one what is its own."""

    def __init__(
        self, database: Database, content: ContentApi, identity: IdentityApi, nodes: Nodes, clock: Clock
    ) -> None:
        self._database = database
        self._nodes = nodes
        self._content = content
        self._identity = identity
        self._clock = clock

    async def node_series(
        self, tenant_id: UUID, node_id: UUID, *, since: datetime | None, until: datetime | None, step_s: int | None
    ) -> tuple[datetime, datetime, timedelta, list[rows.HealthRow]]:
        """Return a node's health between two moments (default: the last hour) in at most 500 bins.

        The step is made longer when it would give more. Raises NodeNotFound, and Refused `render.range_invalid`.
        """
        until = until or self._clock()
        since = since or until - RECENT
        if since.tzinfo is None or until.tzinfo is None:
            raise Refused("`from` and `to` need a time zone: 2026-11-23T10:00:00Z", code="render.range_invalid")
        span = (until - since).total_seconds()
        if not 0 < span <= KEPT_DAYS * 86400:
            raise Refused(
                f"`from` must lie before `to`, at most {KEPT_DAYS} days: health is not kept longer",
                code="render.range_invalid",
            )
        step = timedelta(seconds=bin_s(span, step_s))
        async with self._database.tenant(tenant_id) as conn:
            await self._own(conn, tenant_id, node_id)
            found = await rows.health(conn, node_id=node_id, since=since, until=until, step=step, limit=MAX_POINTS + 1)
        return since, until, step, found

    async def picture(self, tenant_id: UUID, node_id: UUID) -> bytes:
        """Return the last picture that a node drew (JPEG). Raises NodeNotFound, also when it has drawn none."""
        async with self._database.tenant(tenant_id) as conn:
            await self._own(conn, tenant_id, node_id)
            found = await rows.picture(conn, node_id=node_id)
        if found is None:
            raise errors.NodeNotFound("this node has not drawn a picture yet")
        return found

    async def keep_picture(self, secret: str, result: Result) -> None:
        """Keep the picture that came with an accepted result; one that is too large or no JPEG is dropped. Never fails: the result has been taken."""
        picture = result.picture or b""
        if len(picture) > MAX_PICTURE_BYTES or not picture.startswith(JPEG):
            return
        try:
            async with self._database.worker() as conn:
                node = await self._nodes.recognise(conn, secret, result.boot_id)
                await rows.keep_picture(conn, node_id=node.id, picture=picture)
        except AppError as error:
            log.info("picture_not_kept", code=error.code)

    async def measure(self) -> None:
        """Bring the farm's gauges up to date. Raises Unavailable."""
        async with self._database.tenant(DEFAULT_TENANT_ID) as conn:
            queue = await rows.queue(conn)
            nodes = await rows.node_counts(conn)
            workflows = await rows.workflows(conn)
        lanes: dict[tuple[str, str], tuple[int, int, float]] = {}
        for row in queue:
            waiting, running, oldest = lanes.get((row.lane, row.pool), (0, 0, 0.0))
            lanes[row.lane, row.pool] = waiting + row.waiting, running + row.running, max(oldest, row.oldest_s or 0.0)
        for gauge in (metrics.QUEUE_WAITING, metrics.QUEUE_RUNNING, metrics.QUEUE_OLDEST):
            gauge.clear()
        for (lane, pool), (waiting, running, oldest) in lanes.items():
            metrics.QUEUE_WAITING.labels(lane, pool).set(waiting)
            metrics.QUEUE_RUNNING.labels(lane, pool).set(running)
            metrics.QUEUE_OLDEST.labels(lane, pool).set(oldest)
        for status in metrics.STATUSES:
            metrics.NODES.labels(status).set(nodes.by_status.get(status, 0))
        metrics.NODE_SLOTS.labels("used").set(nodes.used_slots)
        metrics.NODE_SLOTS.labels("free").set(nodes.free_slots)
        metrics.WORKFLOWS_WAITING.set(workflows.waiting)
        metrics.WORKFLOWS_RUNNING.set(workflows.running)
        metrics.WORKFLOW_LAG.set(workflows.lag_s)
        metrics.EXECUTORS.set(workflows.executors)

    async def nodes(self, tenant_id: UUID) -> list[NodeNow]:
        """Return the tenant's nodes with what they do now."""
        since = self._clock() - RECENT
        async with self._database.tenant(tenant_id) as conn:
            found = await node_rows.nodes(conn, tenant_id=tenant_id, fleet_too=fleet_too(tenant_id))
            ids = [node.id for node in found]
            work = await rows.work(conn)
            recent = await rows.sparks(conn, node_ids=ids, since=since, step=RECENT_STEP)
            caches = {row.node_id: row for row in await rows.caches(conn, node_ids=ids)}
            pictures = {row.node_id: row.taken_at for row in await rows.pictures(conn, node_ids=ids)}
        return [
            NodeNow(
                node=node,
                work=[row for row in work if row.node_id == node.id],
                recent=[row for row in recent if row.node_id == node.id],
                picture_at=pictures.get(node.id),
                cache=caches.get(node.id),
            )
            for node in found
        ]

    async def farm(self, tenant_id: UUID, *, hours: int) -> FarmView:
        """Return the farm over the last hours (1 to 744)."""
        now = self._clock()
        span = timedelta(hours=hours)
        step = timedelta(seconds=_round_step(span.total_seconds() / 96))
        since = now - span
        async with self._database.tenant(tenant_id) as conn:
            queue = await rows.queue(conn)
            throughput = await rows.throughput(conn, since=since, step=step)
            failures = await rows.failures(conn, since=since, step=step)
            templates = await rows.templates(conn, since=since, limit=SLOW_TEMPLATES)
            films = await rows.films(conn, since=now - timedelta(days=BUDGET_DAYS))
        names, titles = await asyncio.gather(
            self._names({row.tenant_id for row in queue}),
            self._titles(tenant_id, [row.project_id for row in templates]),
        )
        return FarmView(
            since=since,
            step=step,
            queue=queue,
            throughput=throughput,
            failures=failures,
            templates=templates,
            films=films,
            tenant_names=names,
            titles=titles,
        )

    async def _own(self, conn: Conn, tenant_id: UUID, node_id: UUID) -> None:
        node = await node_rows.by_id(conn, node_id=node_id)
        own = node is not None and (
            node.dedicated_tenant_id == tenant_id or (fleet_too(tenant_id) and node.dedicated_tenant_id is None)
        )
        if not own:
            raise errors.NodeNotFound("there is no such node")

    async def _names(self, tenants: set[UUID]) -> dict[UUID, str]:
        """Return what the tenants are called; one that identity cannot name now is absent."""
        names: dict[UUID, str] = {}

        async def name(tenant_id: UUID) -> None:
            branding = await self._identity.branding(tenant_id=tenant_id)
            if branding is not None:
                names[tenant_id] = branding.product_name

        try:
            async with asyncio.timeout(NAMES_DEADLINE_S), asyncio.TaskGroup() as group:
                for tenant_id in sorted(tenants)[:NAMED_TENANTS]:
                    group.create_task(name(tenant_id))
        except (TimeoutError, ExceptionGroup) as error:
            log.info("tenants_unnamed", error=repr(error)[:200])
        return names

    async def _titles(self, tenant_id: UUID, project_ids: Sequence[UUID]) -> Mapping[UUID, LocaleText]:
        try:
            return await self._content.template_titles(
                tenant_id=tenant_id, project_ids=list(dict.fromkeys(project_ids))
            )
        except AppError:
            return {}

    async def keep_partitions(self) -> None:
        """Make health's partitions of this month and the two that follow."""
        async with self._database.worker() as conn:
            await rows.make_partitions(conn, self._clock())

    async def drop_old(self) -> int:
        """Drop the health of months that ended two months ago or earlier; return how many."""
        async with self._database.worker() as conn:
            return await rows.drop_partitions(conn, keep_from(self._clock()))


def bin_s(span_s: float, wished_s: int | None) -> int:
    """Return the seconds of a bin: what is wished, but no less than gives 500 bins and 5 seconds."""
    least = max(SHORTEST_STEP_S, -(-round(span_s) // MAX_POINTS))
    return max(least, wished_s) if wished_s is not None else _round_step(max(least, span_s / 180))


def _round_step(seconds: float) -> int:
    """Return a length that people read easily, no shorter than the given one."""
    for step in (5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200):
        if step >= seconds:
            return step
    return 86400


def keep_from(now: datetime) -> date:
    """Return the first day whose health is kept: of the month two months before."""
    month = now.year * 12 + now.month - 1 - 2
    return date(month // 12, month % 12 + 1, 1)

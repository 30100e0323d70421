"""What runs besides requests: the workflows' names, the sweep of leases, the development worker."""

import asyncio
import time

import structlog

from flatrender.kit.db import Database
from flatrender.kit.errors import AppError
from flatrender.kit.workflows import Workflows
from flatrender.services.render import metrics
from flatrender.services.render.queries import fleet as fleet_rows
from flatrender.services.render.queries import nodes as node_rows
from flatrender.services.render.service.crashes import Crashes
from flatrender.services.render.service.exports import SWEEP_CRON, SWEEP_WORKFLOW, Exports
from flatrender.services.render.service.farm import FarmHealth
from flatrender.services.render.service.films import Films
from flatrender.services.render.service.jobs import FINISH_WORKFLOW, PLAN_WORKFLOW
from flatrender.services.render.service.leases import Leases
from flatrender.services.render.service.snapshots import PREPARE_WORKFLOW, Snapshots
from flatrender.services.render.settings import RenderSettings

log = structlog.get_logger(__name__)

STRANDED_EVERY_S = 15.0
HEALTH_EVERY_S = 6 * 3600.0
HEALTH_AGAIN_S = 60.0


def register_workflows(workflows: Workflows, films: Films, snapshots: Snapshots, exports: Exports) -> None:
    """Make the render service's workflows known to the executor, before it opens."""
    workflows.register(PLAN_WORKFLOW, films.plan_film)
    workflows.register(FINISH_WORKFLOW, films.finish_film)
    workflows.register(PREPARE_WORKFLOW, snapshots.prepare)
    workflows.register(SWEEP_WORKFLOW, exports.sweep)
    workflows.schedule(SWEEP_WORKFLOW, SWEEP_CRON)


class Sweep:
    """Takes back leases that ran out, marks silent nodes offline.

    After this process started or could not reach the database for a moment, no lease expires for `grace_s`: nodes could not report to us either.
    """

    def __init__(
        self, database: Database, leases: Leases, snapshots: Snapshots, settings: RenderSettings, crashes: Crashes
    ) -> None:
        self._database = database
        self._leases = leases
        self._snapshots = snapshots
        self._crashes = crashes
        self._settings = settings
        self._last = time.monotonic()
        self._grace_until = self._last + settings.grace_s

    async def run(self, stop: asyncio.Event) -> None:
        """Sweep until `stop`."""
        stranded_at = time.monotonic() + STRANDED_EVERY_S
        while not stop.is_set():
            try:
                await self.once()
                if time.monotonic() >= stranded_at:
                    stranded_at = time.monotonic() + STRANDED_EVERY_S
                    await self._leases.finish_stranded()
                    await self._crashes.free_stranded()
                    await self._crashes.tidy()
            except AppError as error:
                log.warning("sweep_waits", code=error.code)
            try:
                await asyncio.wait_for(stop.wait(), self._settings.sweep_s)
            except TimeoutError:
                continue

    async def once(self) -> int:
        """Do one round; return how many leases were taken back."""
        async with self._database.worker() as conn:
            await conn.execute("SELECT 1")
        now = time.monotonic()
        if now - self._last > max(5.0, 5 * self._settings.sweep_s):
            self._grace_until = now + self._settings.grace_s
        self._last = now
        if now < self._grace_until:
            return 0
        taken = await self._leases.expire() + await self._snapshots.expire()
        metrics.LEASES_EXPIRED.inc(taken)
        async with self._database.worker() as conn:
            await node_rows.mark_offline(conn)
            await fleet_rows.expire_commands(conn)
        return taken


class HealthKeeping:
    """Keeps the partitions of nodes' health ahead of the clock and drops those that are too old."""

    def __init__(self, farm: FarmHealth) -> None:
        self._farm = farm

    async def run(self, stop: asyncio.Event) -> None:
        """Keep until `stop`, every six hours; sooner again after a failure."""
        while not stop.is_set():
            pause_s = HEALTH_EVERY_S
            try:
                await self.once()
            except AppError as error:
                log.warning("health_keeping_waits", code=error.code)
                pause_s = HEALTH_AGAIN_S
            try:
                await asyncio.wait_for(stop.wait(), pause_s)
            except TimeoutError:
                continue

    async def once(self) -> int:
        """Make what is missing and drop what is old; return how many months were dropped."""
        await self._farm.keep_partitions()
        dropped = await self._farm.drop_old()
        if dropped:
            log.info("health_dropped", months=dropped)
        return dropped

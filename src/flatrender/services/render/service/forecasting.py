"""What is learned from results and what people are told of the time left, kept up in the background: no call waits for either."""

import asyncio
import collections
import time
from collections.abc import Collection, Sequence
from uuid import UUID

import msgspec
import structlog

from flatrender.kit.db import Bells, Conn, Database
from flatrender.kit.errors import AppError
from flatrender.services.render.queries import forecasts as rows
from flatrender.services.render.queries import speeds as speed_rows
from flatrender.services.render.queries.forecasts import Film, Server
from flatrender.services.render.service.forecast import Farm, forecast, smoothed
from flatrender.services.render.service.pools import work_pool
from flatrender.services.render.service.speeds import FrameResult, Speeds
from flatrender.services.render.settings import RenderSettings

log = structlog.get_logger(__name__)

MOST_RESULTS = 10_000
"""Results that wait to be learned from; older ones are forgotten, which costs nothing but a little knowledge."""
MOST_FILMS = 3000
"""Films that get a forecast; those further back in the queue have none yet."""
MOST_SHARE = 0.05
"""Of a processor that calculating forecasts may take."""
FORGET_EVERY_S = 3600.0


async def known_speeds(conn: Conn, versions: Collection[tuple[UUID, UUID]]) -> Speeds:
    """Return what has been learned that matters for templates given as (tenant, version)."""
    return Speeds(
        await speed_rows.scene_speeds(conn, versions=versions),
        await speed_rows.engine_speeds(conn),
        await speed_rows.paces(conn),
    )


async def serving(conn: Conn) -> list[Server]:
    """Return which living nodes take work of which pool, with how many slots."""
    found = []
    for node_id, pool, tenant_id, slots, thorvg, after_effects in await rows.servers(conn):
        if thorvg:
            found.append(
                Server(
                    node_id=node_id, pool=work_pool("thorvg", pool), engine="thorvg", slots=slots,
                    dedicated_tenant_id=tenant_id,
                )
            )  # fmt: skip
        if after_effects:
            # One launch at a time, however many slots the node has.
            found.append(
                Server(
                    node_id=node_id, pool=work_pool("aerender", pool), engine="aerender", slots=1,
                    dedicated_tenant_id=tenant_id,
                )
            )  # fmt: skip
    return found


class Learner:
    """Takes in results without making those who bring them wait."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: collections.deque[FrameResult] = collections.deque(maxlen=MOST_RESULTS)

    def note(self, result: FrameResult) -> None:
        """Keep a result until the next `learn`."""
        self._waiting.append(result)

    async def learn(self) -> int:
        """Learn from the results that wait, in one transaction; return how many."""
        results = [self._waiting.popleft() for _ in range(len(self._waiting))]
        if not results:
            return 0
        try:
            async with self._database.worker() as conn:
                await self._learn(conn, results)
        except AppError:
            self._waiting.extend(results)
            raise
        return len(results)

    async def _learn(self, conn: Conn, results: Sequence[FrameResult]) -> None:
        await speed_rows.take_turn(conn)
        known = await known_speeds(conn, {(one.tenant_id, one.project_version_id) for one in results})
        before = dict(known.scenes), dict(known.engines), dict(known.paces)
        for result in results:
            known.learn(result)
        await speed_rows.save_scenes(conn, known.scenes.items() - before[0].items())
        await speed_rows.save_engines(conn, known.engines.items() - before[1].items())
        await speed_rows.save_paces(conn, known.paces.items() - before[2].items())


class Forecaster:
    """Writes the seconds left of all unfinished films, about every `progress_s`."""

    def __init__(self, database: Database, bells: Bells, learner: Learner, settings: RenderSettings) -> None:
        self._database = database
        self._bells = bells
        self._learner = learner
        self._settings = settings
        self._versions: dict[UUID, int] = {}
        """Film → its row's version when what waits of it was last counted."""
        self._held: frozenset[UUID] = frozenset()
        self._spent_s = 0.0
        """Processor time of the last calculation."""

    async def run(self, stop: asyncio.Event) -> None:
        """Learn and forecast until `stop`."""
        forget_at = time.monotonic() + FORGET_EVERY_S
        while not stop.is_set():
            began = time.monotonic()
            try:
                await self._learner.learn()
                await self.once()
                if began >= forget_at:
                    forget_at = began + FORGET_EVERY_S
                    async with self._database.worker() as conn:
                        await speed_rows.forget(conn, after_days=self._settings.speeds_kept_days)
            except AppError as error:
                log.warning("forecast_waits", code=error.code)
            pause = max(self._settings.progress_s, self._spent_s / MOST_SHARE)
            try:
                await asyncio.wait_for(stop.wait(), min(pause, 60.0))
            except TimeoutError:
                continue

    async def once(self) -> int:
        """Make the forecasts once; return of how many films."""
        async with self._database.worker() as conn:
            if not await rows.my_turn(conn):
                return 0
            await rows.drop_finished(conn)
            films = await rows.films(conn, limit=MOST_FILMS)
            if not films:
                self._versions, self._held = {}, frozenset()
                return 0
            running = await rows.running(conn)
            films = await self._counted(conn, films, frozenset(one.render_job_id for one in running))
            weights, paused = await rows.shares(conn, tenant_ids={film.tenant_id for film in films})
            farm = Farm(
                films=films,
                running=running,
                servers=await serving(conn),
                speeds=await known_speeds(conn, {(film.tenant_id, film.project_version_id) for film in films}),
                finishes=await speed_rows.finishes(conn),
                weights=weights,
                paused=paused,
            )
            # The transaction stays open meanwhile, so that no other process writes older forecasts over these.
            fresh = self._forecast(farm) if len(films) < 100 else await asyncio.to_thread(self._forecast, farm)
            left = {film.id: smoothed(film.shown_s, film.shown_for_s, fresh[film.id]) for film in films}
            await rows.save(conn, films=films, left_s=left)
            for film in films:
                if film.shown_s is None and left[film.id] is not None:
                    await self._bells.ring(conn, f"job:{film.id}")
        return len(films)

    def _forecast(self, farm: Farm) -> dict[UUID, float | None]:
        began = time.thread_time()
        try:
            return forecast(farm)
        finally:
            self._spent_s = time.thread_time() - began

    async def _counted(self, conn: Conn, films: Sequence[Film], held: frozenset[UUID]) -> list[Film]:
        """Return the films with what waits of them now, counted anew where it may have changed since the last time."""
        changed = {
            (film.tenant_id, film.id)
            for film in films
            if film.finishing_for_s is None
            and (film.id in held or film.id in self._held or self._versions.get(film.id) != film.row_version)
        }
        waiting = await rows.undrawn(conn, jobs=changed) if changed else {}
        self._versions = {film.id: film.row_version for film in films}
        self._held = held
        return [
            msgspec.structs.replace(film, undrawn=waiting.get(film.id, []))
            if (film.tenant_id, film.id) in changed or film.finishing_for_s is not None
            else film
            for film in films
        ]

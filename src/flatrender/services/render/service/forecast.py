"""When films will be ready: what is left to draw, by learned speeds, on the nodes that are there, in the order in which the fair rule serves it. Pure."""

import heapq
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

import msgspec

from flatrender.engine.kinds import KINDS
from flatrender.protocol.work import Engine
from flatrender.services.render.queries.forecasts import Film, Running, Server
from flatrender.services.render.queries.speeds import FinishSums, SceneKey
from flatrender.services.render.service.speeds import Speeds, chunk_s

DEFAULT_WEIGHT = 100
FINISH_BASE_S = 1.5
"""What finishing takes before anything was learned: so long, and this for each second of film."""
FINISH_SLOPE = 0.03
FINISH_SLOPE_ENCODED = 0.5
"""For kinds that are encoded when their segments are together."""
FINISH_PRIOR = (0.5, 200.0)
"""How much those count: as half a film, of 20 seconds."""
FINISH_DECAY = 0.95
LEAST_OF_FINISH = 0.1
"""Share of the expected finish that is left however long it has taken."""
LEAST_DRAWING_SHARE, MOST_DRAWING_SHARE = 20.0, 97.0
SMOOTH_S = 4.0
"""How fast what people see follows what is calculated."""


class _Tenant:
    """A tenant's films in one pool, in the order in which they are served."""

    def __init__(self, weight: int, own_rate: float) -> None:
        self.weight = weight
        self.own_rate = own_rate
        self.films: list[tuple[int, UUID, float]] = []
        """(priority, film, work), the next one last."""


class Farm(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a forecast goes by."""

    films: Sequence[Film]
    running: Sequence[Running]
    servers: Sequence[Server]
    speeds: Speeds
    finishes: Mapping[tuple[str, int], FinishSums] = {}
    weights: Mapping[UUID, int] = {}
    paused: frozenset[UUID] = frozenset()

    def finish_s(self, film: Film) -> float:
        """Return how long joining, sound and check of a film take."""
        return finish_s(self.finishes.get((film.kind, film.height), FinishSums()), film.kind, film.film_s)

    def key(self, film: Film, engine: Engine, scene: str) -> SceneKey:
        """Return what the speed of a scene of a film is kept under."""
        return SceneKey(
            tenant_id=film.tenant_id,
            project_version_id=film.project_version_id,
            scene_key=scene,
            engine=engine,
            kind=film.kind,
            height=film.height,
        )


def forecast(farm: Farm) -> dict[UUID, float | None]:
    """Return for each film the seconds until it is ready; None when no node serves what it needs, or its tenant is paused."""
    found: dict[UUID, float | None] = {}
    drawing: list[Film] = []
    for film in farm.films:
        if film.finishing_for_s is None:
            drawing.append(film)
        else:
            found[film.id] = finish_left(farm.finish_s(film), film.finishing_for_s)
    held: defaultdict[UUID, list[Running]] = defaultdict(list)
    for one in farm.running:
        held[one.render_job_id].append(one)
    drawn_in: dict[UUID, float | None] = {film.id: 0.0 for film in drawing}
    pools = {group.pool for film in drawing for group in film.undrawn} | {
        one.pool for film in drawing for one in held[film.id]
    }
    for pool in pools:
        for film_id, seconds in _pool_forecast(farm, pool, drawing, held).items():
            known = drawn_in[film_id]
            drawn_in[film_id] = None if seconds is None or known is None else max(known, seconds)
    for film in drawing:
        seconds = drawn_in[film.id]
        found[film.id] = None if seconds is None else seconds + farm.finish_s(film)
    return found


def finish_s(sums: FinishSums, kind: str, film_s: float) -> float:
    """Return how long the finish of a film of `film_s` seconds takes, in seconds."""
    facts = next((facts for name, facts in KINDS.items() if name == kind), None)
    slope = FINISH_SLOPE if facts is None or facts.joined else FINISH_SLOPE_ENCODED
    one, two = FINISH_PRIOR
    n, x, y = sums.results + one, sums.films_s, sums.finishes_s + one * FINISH_BASE_S
    xx, xy = sums.films_s2 + two, sums.products_s2 + two * slope
    base = max(0.0, (y * xx - x * xy) / (n * xx - x * x))
    return max(0.2, base + max(0.0, (xy - base * x) / xx) * film_s)


def finish_left(expected_s: float, elapsed_s: float) -> float:
    """Return what is left of a finish; never nothing while it goes on."""
    return max(expected_s - elapsed_s, LEAST_OF_FINISH * max(expected_s, elapsed_s))


def smoothed(shown_s: float | None, elapsed_s: float, fresh_s: float | None) -> float | None:
    """Return what to show now in the place of what was shown `elapsed_s` seconds ago.

    It counts down, follows what is calculated anew gently, and never rises faster than time passes.
    """
    if shown_s is None or fresh_s is None:
        return fresh_s
    counted = max(0.0, shown_s - elapsed_s)
    moved = counted + (fresh_s - counted) * (1 - math.exp(-elapsed_s / SMOOTH_S))
    return min(moved, shown_s + elapsed_s)


def drawing_share(draw_s: float, finish_s: float) -> float:
    """Return the per cent of a film's progress that drawing makes up, so that the bar moves evenly."""
    share = 100 * draw_s / max(draw_s + finish_s, 1e-6)
    return min(max(share, LEAST_DRAWING_SHARE), MOST_DRAWING_SHARE)


def alone_s(works: Iterable[float], rates: Sequence[float], busy: Sequence[float] = ()) -> float:
    """Return how long chunks of these ordinary-node seconds take slots of these paces, each taking the next as it gets free.

    `busy` says for each of the first slots how long it is taken already, with the film's own work.
    """
    # Of several that are free any may ask first, the quick ones no sooner than the slow ones: places say which, not paces.
    free = [(busy[slot] if slot < len(busy) else 0.0, slot) for slot in range(len(rates))]
    latest = max((until for until, _ in free), default=0.0)
    heapq.heapify(free)
    for work in works:
        until, slot = free[0]
        until += work * rates[slot]
        latest = max(latest, until)
        heapq.heapreplace(free, (until, slot))
    return latest


def _pool_forecast(
    farm: Farm, pool: str, films: Sequence[Film], held: Mapping[UUID, Sequence[Running]]
) -> dict[UUID, float | None]:
    """Return when the films' work in one pool is drawn, in seconds."""
    shared: list[tuple[UUID, float]] = []
    dedicated: defaultdict[UUID, list[tuple[UUID, float]]] = defaultdict(list)
    for server in farm.servers:
        if server.pool == pool:
            slots = [(server.node_id, farm.speeds.pace(server.node_id, server.engine).pace)] * server.slots
            (shared if server.dedicated_tenant_id is None else dedicated[server.dedicated_tenant_id]).extend(slots)
    shared_rate = sum(1 / pace for _, pace in shared)
    tenants: dict[UUID, _Tenant] = {}
    tails: dict[UUID, float] = {}
    found: dict[UUID, float | None] = {}
    for film in sorted(films, key=lambda film: (-film.priority, film.queued_at, film.id), reverse=True):
        own = [one for one in held.get(film.id, ()) if one.pool == pool]
        waiting = [
            work
            for group in film.undrawn
            if group.pool == pool
            for work in [
                chunk_s(group.engine, group.frames, farm.speeds.frame_s(farm.key(film, group.engine, group.scene)))
            ]
            * group.chunks
        ]
        if not own and not waiting:
            continue
        slots = shared + dedicated.get(film.tenant_id, [])
        rate = sum(1 / pace for _, pace in slots)
        if rate == 0 or film.tenant_id in farm.paused:
            found[film.id] = None
            continue
        busy = [(one, _remaining_s(farm, film, one)) for one in own]
        in_work = sum(left_s / farm.speeds.pace(one.node_id, one.engine).pace for one, left_s in busy)
        work = sum(waiting) + in_work
        # The slots that hold its chunks come first; the rest of the pool's are free to it.
        ordered, taken = _slots_first(slots, busy)
        tails[film.id] = max(0.0, alone_s(waiting, ordered, taken) - work / rate)
        own_rate = sum(1 / pace for _, pace in dedicated.get(film.tenant_id, []))
        weight = farm.weights.get(film.tenant_id, DEFAULT_WEIGHT)
        tenants.setdefault(film.tenant_id, _Tenant(weight, own_rate)).films.append((film.priority, film.id, work))
    for film_id, seconds in _served(tenants, shared_rate).items():
        found[film_id] = seconds + tails[film_id]
    return found


def _slots_first(
    slots: Sequence[tuple[UUID, float]], busy: Sequence[tuple[Running, float]]
) -> tuple[list[float], list[float]]:
    """Return the paces of the slots, those that are taken first, and for how long those are."""
    free: defaultdict[UUID, list[float]] = defaultdict(list)
    for node_id, pace in slots:
        free[node_id].append(pace)
    ordered, taken = [], []
    for one, left_s in busy:
        ordered.append(free[one.node_id].pop() if free[one.node_id] else 1.0)
        taken.append(left_s)
    rest = [pace for paces in free.values() for pace in paces]
    return ordered + rest, taken


def _remaining_s(farm: Farm, film: Film, one: Running) -> float:
    """Return how long a running chunk still takes: by what was learned at first, by its own frames the more of them there are."""
    pace = farm.speeds.pace(one.node_id, one.engine).pace
    learned = pace * chunk_s(one.engine, one.frames, farm.speeds.frame_s(farm.key(film, one.engine, one.scene)))
    share = min(1.0, max(0.0, one.frames_done / one.frames))
    whole = learned if share == 0 else (1 - share) * learned + one.elapsed_s
    # A chunk is never quite done: the last frames are still checked and stored.
    return max(whole - one.elapsed_s if share == 0 else whole * (1 - share), 0.05 * whole)


def _served(tenants: Mapping[UUID, _Tenant], rate: float) -> dict[UUID, float]:
    """Return when each film's work is done when tenants of the highest priority share the pool by weight, each serving its films in order."""
    found: dict[UUID, float] = {}
    now = 0.0
    waiting = {tenant_id: tenant for tenant_id, tenant in tenants.items() if tenant.films}
    left = {tenant_id: tenant.films[-1][2] for tenant_id, tenant in waiting.items()}
    while waiting:
        top = max(tenant.films[-1][0] for tenant in waiting.values())
        sharing = sum(tenant.weight for tenant in waiting.values() if tenant.films[-1][0] == top)
        rates = {
            tenant_id: tenant.own_rate + (rate * tenant.weight / sharing if tenant.films[-1][0] == top else 0.0)
            for tenant_id, tenant in waiting.items()
        }
        moving = {tenant_id: left[tenant_id] / speed for tenant_id, speed in rates.items() if speed > 0}
        step = min(moving.values())
        now += step
        for tenant_id, tenant in list(waiting.items()):
            left[tenant_id] -= step * rates[tenant_id]
            if tenant_id in moving and moving[tenant_id] <= step * (1 + 1e-9):
                found[tenant.films.pop()[1]] = now
                if tenant.films:
                    left[tenant_id] = tenant.films[-1][2]
                else:
                    del waiting[tenant_id]
    return found

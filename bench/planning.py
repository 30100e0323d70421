"""How far off the time left is that people are told: by a simulated farm of mixed nodes, and with `--real` by two real ones.

The simulation is of the service's own learning, planning of chunk lengths, forecast and smoothing, with a clock of its own; what frames take, how nodes
differ, when films come and how tenants share is drawn by lot from a seed. The error is |told - true| / true of the seconds left, when a film is first
told a time and when its bar is at 10, 50 and 90 %. Beside it stands what the bar alone would say (elapsed / done · left).
"""

import argparse
import heapq
import math
import random
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import msgspec
from rich.console import Console
from rich.table import Table

from flatrender.services.render.queries.forecasts import Film, Running, Server, Undrawn
from flatrender.services.render.queries.speeds import FinishSums, SceneKey
from flatrender.services.render.service.forecast import FINISH_DECAY, Farm, drawing_share, finish_s, forecast, smoothed
from flatrender.services.render.service.planning import chunk_length
from flatrender.services.render.service.speeds import START_S, FrameResult, Speeds, typical_pace
from flatrender.services.render.settings import RenderSettings

KIND, TICK_S = "mp4_h264", 1.0
MARKS = (10.0, 50.0, 90.0)
START = datetime(2026, 1, 1, tzinfo=UTC)
SETTINGS = RenderSettings()


class Chunk(msgspec.Struct):
    """A piece of a simulated film."""

    film: "SimulatedFilm"
    scene: str
    frames: int
    true_s: float
    """On an ordinary node."""
    number: int
    node: "SimulatedNode | None" = None
    began: float = 0.0
    ends: float = 0.0
    done: bool = False


class SimulatedNode(msgspec.Struct):
    """A machine."""

    id: UUID
    pace: float
    slots: int


class SimulatedFilm(msgspec.Struct):
    """A film on its way."""

    id: UUID
    tenant: UUID
    version: UUID
    height: int
    scenes: list[tuple[str, int]]
    arrives: float
    finish_true_s: float
    chunks: list[Chunk] = []
    share: float = 92.0
    started: float | None = None
    drawn: float | None = None
    ready: float | None = None
    shown: float | None = None
    told: list[tuple[float, float, float]] = []
    """(moment, per cent, seconds told)."""

    @property
    def film_s(self) -> float:
        """Its length."""
        return sum(frames for _, frames in self.scenes) / 30

    def percent(self, now: float) -> float:
        """Return how far the bar is."""
        whole = sum(chunk.frames for chunk in self.chunks)
        done = sum(_frames_done(chunk, now) for chunk in self.chunks)
        if self.drawn is None:
            return self.share * done / whole
        return self.share + (100 - self.share) * min(1.0, (now - self.drawn) / self.finish_true_s)


def _frames_done(chunk: Chunk, now: float) -> int:
    if chunk.done:
        return chunk.frames
    if chunk.node is None:
        return 0
    return int(chunk.frames * min(1.0, (now - chunk.began) / (chunk.ends - chunk.began)) * 0.98)


class Simulation:
    """A farm with a clock of its own."""

    def __init__(self, seed: int, films: int, load: float) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
        self.speeds = Speeds()
        self.finishes: dict[tuple[str, int], FinishSums] = {}
        self.nodes = [
            SimulatedNode(id=UUID(int=1 + n), pace=math.exp(self.chance.gauss(0, 0.45)), slots=self.chance.choice((1, 2, 2, 4)))
            for n in range(6)
        ]  # fmt: skip
        self.servers = [
            Server(node_id=node.id, pool="default", engine="thorvg", slots=node.slots) for node in self.nodes
        ]
        self.scene_s: dict[tuple[UUID, str], float] = {}
        self.load = load
        """Share of the farm's time that the films take; the fuller it is, the more films that come later get in the way."""
        self.films = list(self._films(films))
        self.now = 0.0

    def _films(self, count: int) -> Iterator[SimulatedFilm]:
        chance, templates = self.chance, [UUID(int=100 + n) for n in range(14)]
        tenants = [UUID(int=1000 + n) for n in range(5)]
        for version in templates:
            ordinary = math.log(0.15) + chance.gauss(0, 0.6)
            for scene in range(8):
                self.scene_s[version, f"s{scene}"] = math.exp(ordinary + chance.gauss(0, 0.6))
        rate = sum(node.slots / node.pace for node in self.nodes)
        moment = 0.0
        for number in range(count):
            version = chance.choice(templates[: 6 + 8 * number // count])
            scenes = [(f"s{chance.randrange(8)}", chance.randrange(60, 360, 30)) for _ in range(chance.randint(3, 12))]
            height = chance.choice((720, 1080, 1080))
            film = SimulatedFilm(
                id=UUID(int=10_000 + number), tenant=chance.choice(tenants), version=version, height=height, scenes=scenes,
                arrives=moment, finish_true_s=(1.0 + 0.04 * sum(frames for _, frames in scenes) / 30) * math.exp(chance.gauss(0, 0.2)),
                chunks=[], told=[],
            )  # fmt: skip
            work = sum(frames * self._true_frame_s(film, scene) for scene, frames in scenes)
            yield film
            moment += chance.expovariate(self.load * rate / work)

    def _true_frame_s(self, film: SimulatedFilm, scene: str) -> float:
        return self.scene_s[film.version, scene] * math.pow(film.height / 1080, 1.7)

    def _key(self, film: SimulatedFilm, scene: str) -> SceneKey:
        return SceneKey(
            tenant_id=film.tenant,
            project_version_id=film.version,
            scene_key=scene,
            engine="thorvg",
            kind=KIND,
            height=film.height,
        )

    def _plan(self, film: SimulatedFilm) -> None:
        pace = typical_pace(self.speeds.pace(server.node_id, "thorvg").pace for server in self.servers)
        for scene, frames in film.scenes:
            key = self._key(film, scene)
            known = self.speeds.frame_s(key) * pace if self.speeds.is_known(key) else None
            length = chunk_length(SETTINGS, known)
            for first in range(0, frames, length):
                size = min(length, frames - first)
                # Frames of one scene differ, and so do the minutes of a machine.
                drawing = size * self._true_frame_s(film, scene) * math.exp(self.chance.gauss(0, 0.2))
                film.chunks.append(
                    Chunk(film=film, scene=scene, frames=size, true_s=START_S["thorvg"] * self.chance.uniform(0.5, 3) + drawing,
                          number=len(film.chunks))
                )  # fmt: skip
        expected = sum(self.speeds.frame_s(self._key(film, scene)) * frames for scene, frames in film.scenes)
        rate = sum(server.slots / self.speeds.pace(server.node_id, "thorvg").pace for server in self.servers)
        line = self.finishes.get((KIND, film.height), FinishSums())
        film.share = drawing_share(expected / rate, finish_s(line, KIND, film.film_s))

    def run(self) -> None:
        """Let all films be made."""
        events: list[tuple[float, int, object]] = []
        order = iter(range(10**9))
        for film in self.films:
            heapq.heappush(events, (film.arrives, next(order), film))
        active: list[SimulatedFilm] = []
        free = {node.id: node.slots for node in self.nodes}
        tick = 0.0
        while events or active:
            until = events[0][0] if events else math.inf
            if active and tick < until:
                self.now = tick
                self._tell(active)
                tick += TICK_S
                continue
            self.now, _, what = heapq.heappop(events)
            tick = max(tick, self.now)
            if isinstance(what, Chunk):
                self._result(what)
                assert what.node is not None
                free[what.node.id] += 1
                film = what.film
                if all(chunk.done for chunk in film.chunks):
                    film.drawn = self.now
                    heapq.heappush(events, (self.now + film.finish_true_s, next(order), film))
            elif isinstance(what, SimulatedFilm) and what.drawn is None:
                self._plan(what)
                active.append(what)
            elif isinstance(what, SimulatedFilm):
                what.ready = self.now
                active.remove(what)
                sums = self.finishes.get((KIND, what.height), FinishSums())
                x, y = what.film_s, what.finish_true_s
                self.finishes[KIND, what.height] = FinishSums(
                    results=sums.results * FINISH_DECAY + 1,
                    films_s=sums.films_s * FINISH_DECAY + x,
                    finishes_s=sums.finishes_s * FINISH_DECAY + y,
                    films_s2=sums.films_s2 * FINISH_DECAY + x * x,
                    products_s2=sums.products_s2 * FINISH_DECAY + x * y,
                )
            for chunk in self._claims(active, free):
                heapq.heappush(events, (chunk.ends, next(order), chunk))

    def _claims(self, active: Sequence[SimulatedFilm], free: dict[UUID, int]) -> Iterator[Chunk]:
        """Give free slots chunks: of the tenant that has least running the oldest one."""
        while idle := [node for node in self.nodes if free[node.id] > 0]:
            waiting: dict[UUID, Chunk] = {}
            held: dict[UUID, int] = {}
            for film in active:
                for chunk in film.chunks:
                    if chunk.node is None:
                        waiting.setdefault(film.tenant, chunk)
                    elif not chunk.done:
                        held[film.tenant] = held.get(film.tenant, 0) + 1
            if not waiting:
                return
            tenant = min(waiting, key=lambda one: (held.get(one, 0), waiting[one].film.arrives))
            chunk, node = waiting[tenant], self.chance.choice(idle)
            chunk.node, chunk.began = node, self.now
            chunk.ends = self.now + chunk.true_s * node.pace * math.exp(self.chance.gauss(0, 0.08))
            chunk.film.started = chunk.film.started if chunk.film.started is not None else self.now
            free[node.id] -= 1
            yield chunk

    def _result(self, chunk: Chunk) -> None:
        chunk.done = True
        assert chunk.node is not None
        self.speeds.learn(
            FrameResult(
                tenant_id=chunk.film.tenant,
                project_version_id=chunk.film.version,
                scene_key=chunk.scene,
                engine="thorvg",
                kind=KIND,
                height=chunk.film.height,
                node_id=chunk.node.id,
                frames=chunk.frames,
                seconds=chunk.ends - chunk.began,
            )
        )

    def _tell(self, active: Sequence[SimulatedFilm]) -> None:
        films, running = [], []
        for film in active:
            waiting: dict[str, list[int]] = {}
            for chunk in film.chunks:
                if chunk.node is None:
                    waiting.setdefault(chunk.scene, []).append(chunk.frames)
                elif not chunk.done:
                    running.append(
                        Running(
                            tenant_id=film.tenant, render_job_id=film.id, node_id=chunk.node.id, pool="default", engine="thorvg",
                            scene=chunk.scene, frames=chunk.frames, frames_done=_frames_done(chunk, self.now),
                            elapsed_s=self.now - chunk.began,
                        )
                    )  # fmt: skip
            undrawn = [
                Undrawn(pool="default", engine="thorvg", scene=scene, frames=round(statistics.fmean(frames)), chunks=len(frames))
                for scene, frames in waiting.items()
            ]  # fmt: skip
            films.append(
                Film(
                    tenant_id=film.tenant, id=film.id, project_version_id=film.version, height=film.height, kind=KIND,
                    film_s=film.film_s, priority=0, queued_at=START + timedelta(seconds=film.arrives), undrawn=undrawn,
                    finishing_for_s=None if film.drawn is None else self.now - film.drawn,
                )
            )  # fmt: skip
        fresh = forecast(
            Farm(films=films, running=running, servers=self.servers, speeds=self.speeds, finishes=self.finishes)
        )
        for film in active:
            film.shown = smoothed(film.shown, TICK_S, fresh[film.id])
            if film.shown is not None:
                film.told.append((self.now, film.percent(self.now), film.shown))


def _errors(films: Sequence[SimulatedFilm]) -> dict[str, tuple[list[float], list[float]]]:
    """Return for each moment the errors of what was told, and of what the bar alone would say."""
    found: dict[str, tuple[list[float], list[float]]] = {
        moment: ([], []) for moment in ("first", *(f"{mark:.0f} %" for mark in MARKS))
    }
    for film in films:
        assert film.ready is not None
        moments = {"first": film.told[0]}
        for mark in MARKS:
            passed = next((one for one in film.told if one[1] >= mark), None)
            if passed is not None:
                moments[f"{mark:.0f} %"] = passed
        for name, (moment, percent, shown) in moments.items():
            left = film.ready - moment
            if left < 2.0:
                continue
            found[name][0].append(abs(shown - left) / left)
            if percent >= 3:
                bar = (moment - film.arrives) * (100 - percent) / percent
                found[name][1].append(abs(bar - left) / left)
    return found


def _row(values: Sequence[float]) -> tuple[str, str]:
    if not values:
        return "—", "—"
    ordered = sorted(values)
    return f"{statistics.median(ordered):.0%}", f"{ordered[int(0.9 * (len(ordered) - 1))]:.0%}"


def main(arguments: list[str] | None = None) -> None:
    """Simulate, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m bench planning", description=__doc__)
    parser.add_argument("--films", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--load", type=float, default=0.5, help="share of the farm's time that the films take")
    parser.add_argument("--real", action="store_true", help="also render demo templates with two real nodes")
    options = parser.parse_args(arguments)
    simulation = Simulation(options.seed, options.films, options.load)
    simulation.run()
    made = simulation.films
    table = Table("films", "told at", "error, median", "p90", "bar alone, median", "p90", "films told")
    quarter = len(made) // 4
    for name, films in (("first quarter", made[:quarter]), ("the rest", made[quarter:])):
        for moment, (told, bar) in _errors(films).items():
            table.add_row(name, moment, *_row(told), *_row(bar), str(len(told)))
    Console().print(table)
    if options.real:
        from bench.planning_real import measure  # noqa: PLC0415 - starts a platform

        with tempfile.TemporaryDirectory(prefix="flatrender-bench-") as folder:
            measure(Path(folder))


if __name__ == "__main__":
    main()

"""What goes wrong when: a list of faults from a seed."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

import psutil
import psycopg

from tests.farm_faults.parts import FaultyFarm


class Fault(NamedTuple):
    """One fault: when, counted in chunks that were accepted so far; what; which of the things it may hit; how long it lasts."""

    after_chunks: int
    what: str
    which: int
    lasts_s: float


TICK_S = 0.15
KINDS = (
    "kill_node", "stop_node", "kill_engine", "stop_engine", "kill_server", "stop_server", "kill_backend", "stop_backend", "kill_postmaster",
    "cut_database", "slow_database", "stopped_database", "spoilt_requests", "spoilt_requests", "full_scratch", "full_store", "restart_node",
)  # fmt: skip


def schedule(seed: int, *, chunks: int, every: int = 14) -> list[Fault]:
    """Return the faults of a run of so many chunks, about one for each `every` accepted chunks, every kind about equally often over many seeds."""
    rng = random.Random(seed)
    faults: list[Fault] = []
    kinds: list[str] = []
    at = rng.randint(2, every)
    while at < chunks * 0.95:
        if not kinds:
            kinds = rng.sample(KINDS, len(KINDS))
        faults.append(Fault(at, kinds.pop(), rng.randrange(1000), round(rng.uniform(0.3, 7.0), 1)))
        at += rng.randint(every // 2, every * 3 // 2)
    return faults


def inject(farm: FaultyFarm, fault: Fault) -> Callable[[], None] | None:
    """Do it; return what ends it, if it lasts."""
    return _FAULTS[fault.what](farm, fault.which)


def _kill_node(farm: FaultyFarm, which: int) -> None:
    farm.nodes[which % len(farm.nodes)].signal(signal.SIGKILL)


def _restart_node(farm: FaultyFarm, which: int) -> None:
    farm.nodes[which % len(farm.nodes)].signal(signal.SIGTERM)


def _stop_node(farm: FaultyFarm, which: int) -> Callable[[], None]:
    node = farm.nodes[which % len(farm.nodes)]
    node.signal(signal.SIGSTOP)
    return lambda: node.signal(signal.SIGCONT)


def _engine(farm: FaultyFarm, which: int) -> psutil.Process | None:
    engines = farm.nodes[which % len(farm.nodes)].children()
    return engines[which // 7 % len(engines)] if engines else None


def _kill_engine(farm: FaultyFarm, which: int) -> None:
    engine = _engine(farm, which)
    if engine is not None:
        with suppress(psutil.NoSuchProcess):
            engine.kill()


def _stop_engine(farm: FaultyFarm, which: int) -> Callable[[], None] | None:
    return _stopped(_engine(farm, which))


def _stopped(process: psutil.Process | None) -> Callable[[], None] | None:
    if process is None:
        return None
    with suppress(psutil.NoSuchProcess):
        process.suspend()

    def go_on() -> None:
        with suppress(psutil.NoSuchProcess):
            process.resume()

    return go_on


def _kill_server(farm: FaultyFarm, which: int) -> None:
    farm.servers[which % len(farm.servers)].signal(signal.SIGKILL)


def _stop_server(farm: FaultyFarm, which: int) -> Callable[[], None]:
    server = farm.servers[which % len(farm.servers)]
    server.signal(signal.SIGSTOP)
    return lambda: server.signal(signal.SIGCONT)


def _backend(farm: FaultyFarm, which: int) -> psutil.Process | None:
    backends = farm.backends()
    return backends[which % len(backends)] if backends else None


def _kill_backend(farm: FaultyFarm, which: int) -> None:
    backend = _backend(farm, which)
    if backend is not None:
        with suppress(psutil.NoSuchProcess):
            backend.kill()


def _stop_backend(farm: FaultyFarm, which: int) -> Callable[[], None] | None:
    return _stopped(_backend(farm, which))


def _kill_postmaster(farm: FaultyFarm, which: int) -> None:
    for process in farm.backends(everything=True)[:1]:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def _cut_database(farm: FaultyFarm, which: int) -> None:
    farm.wire.cut()


def _slow_database(farm: FaultyFarm, which: int) -> Callable[[], None]:
    farm.wire.latency_s = 0.02

    def end() -> None:
        farm.wire.latency_s = 0.0

    return end


def _stopped_database(farm: FaultyFarm, which: int) -> Callable[[], None]:
    farm.wire.stopped = True

    def end() -> None:
        farm.wire.stopped = False

    return end


def _spoilt_requests(farm: FaultyFarm, which: int) -> Callable[[], None]:
    farm.door.share = 0.3

    def end() -> None:
        farm.door.share = QUIET_SHARE

    return end


QUIET_SHARE = 0.02
"""Of the requests that are spoilt between the faults."""


def _full_scratch(farm: FaultyFarm, which: int) -> Callable[[], None]:
    room = farm.scratch[which % len(farm.scratch)]
    room.fill()
    return room.clear


def _full_store(farm: FaultyFarm, which: int) -> Callable[[], None]:
    farm.store.fill()
    return farm.store.clear


_FAULTS: dict[str, Callable[[FaultyFarm, int], Callable[[], None] | None]] = {
    "kill_node": _kill_node,
    "restart_node": _restart_node,
    "stop_node": _stop_node,
    "kill_engine": _kill_engine,
    "stop_engine": _stop_engine,
    "kill_server": _kill_server,
    "stop_server": _stop_server,
    "kill_backend": _kill_backend,
    "stop_backend": _stop_backend,
    "kill_postmaster": _kill_postmaster,
    "cut_database": _cut_database,
    "slow_database": _slow_database,
    "stopped_database": _stopped_database,
    "spoilt_requests": _spoilt_requests,
    "full_scratch": _full_scratch,
    "full_store": _full_store,
}


class Injector:
    """Plays a schedule on a thread of its own, while films run and people wait for answers."""

    def __init__(self, farm: FaultyFarm, faults: list[Fault], accepted: Callable[[], int]) -> None:
        self._farm = farm
        self._waiting = list(faults)
        self._accepted = accepted
        self._lasting: list[tuple[threading.Timer, Callable[[], None]]] = []
        self.told: list[str] = []
        """What was done, with the seconds since the start."""
        self._began = time.monotonic()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._play, name="injector", daemon=True)
        self._thread.start()

    def _play(self) -> None:
        seen = 0
        while not self._over.wait(TICK_S):
            with suppress(psycopg.OperationalError):
                seen = self._accepted()
            while self._waiting and seen >= self._waiting[0].after_chunks:
                fault = self._waiting.pop(0)
                self.told.append(
                    f"{time.monotonic() - self._began:7.2f} s after {seen:3d} chunks: {fault.what} {fault.which} for {fault.lasts_s} s"
                )
                end_of_it = inject(self._farm, fault)
                if end_of_it is not None:
                    # A clock of its own: the database, which is asked for what was accepted, may be what has stopped.
                    timer = threading.Timer(fault.lasts_s, end_of_it)
                    timer.daemon = True
                    timer.start()
                    self._lasting.append((timer, end_of_it))

    def end(self) -> None:
        """Begin nothing more and end everything that lasts."""
        self._over.set()
        self._calm()
        self._thread.join(60)
        self._calm()

    def _calm(self) -> None:
        for timer, end in list(self._lasting):
            timer.cancel()
            end()
        self._farm.calm()

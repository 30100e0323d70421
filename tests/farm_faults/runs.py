"""One run: films, faults from a seed, people who interfere; then quiet, the audit, and every film looked at."""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from tests.farm_audit import stored_in, violations
from tests.farm_faults.parts import FaultyFarm
from tests.farm_faults.people import FRAMES, Person
from tests.farm_faults.schedule import QUIET_SHARE, Injector, schedule
from tests.farm_faults.server_main import CHUNK_FRAMES

FILMS = 5
CHUNKS = 300
"""That a run accepts at least."""
CHUNKS_OF_A_FILM = FRAMES // CHUNK_FRAMES
FINISHED = ("completed", "failed", "canceled")
LOOK_S = 0.15


@dataclass
class Report:
    """What a run did and what was wrong after it."""

    seed: int
    chunks: int = 0
    granted: int = 0
    seconds: float = 0.0
    faults: list[str] = field(default_factory=list)
    spoilt: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    refused_500: list[str] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        verdict = "; ".join(self.wrong) if self.wrong else "all invariants hold"
        return (
            f"seed {self.seed}: {self.chunks} chunks accepted of {self.granted} granted, {len(self.faults)} faults,"
            f" {sum(self.spoilt.values())} requests spoilt, films {dict(self.outcomes)}, {self.seconds:.0f} s: {verdict}"
        )


class Runs:
    """Runs on one farm, one after the other. `begin` first."""

    def __init__(self, farm: FaultyFarm, folder: Path) -> None:
        self._farm = farm
        self.folder = folder
        self._accounts = farm.data / "accounts.json"
        self._project = ""
        self._color = 0

    def begin(self) -> None:
        """Make the template."""
        admin = Person(self._farm.address, self._accounts, "admin")
        self._project = admin.template()["id"]
        admin.close()

    def run(
        self, seed: int, *, films: int = FILMS, at_least: int = CHUNKS, every: int = 14, stuck_after_s: float = 150.0
    ) -> Report:
        """Live through one seed's faults: at first so many films, more until `at_least` chunks were accepted; a fault for each `every` chunks."""
        rng = random.Random(seed)
        report = Report(seed)
        began = time.monotonic()
        start = self._farm.count("SELECT coalesce(max(seq), 0) FROM farm_audit.seen")
        self._farm.door.rng.seed(seed)
        self._farm.door.spoilt.clear()
        self._farm.door.failed.clear()
        self._farm.door.share = QUIET_SHARE
        person = Person(self._farm.address, self._accounts, "user")
        asked = [person.film(self._project, self._next_color()) for _ in range(films)]
        faults = schedule(seed, chunks=(films - 1) * CHUNKS_OF_A_FILM, every=every)
        injector = Injector(self._farm, faults, lambda: self._accepted(start))
        try:
            self._live(person, asked, self._minds(rng, asked), start, at_least=at_least, stuck_after_s=stuck_after_s)
        except AssertionError as error:
            report.wrong.append(str(error))
        injector.end()
        report.faults, report.spoilt = injector.told, Counter(self._farm.door.spoilt)
        if not report.wrong:
            self._until_quiet(report)
        report.chunks, _ = self._look(start, asked)
        report.granted = self._farm.count(
            "SELECT count(*) FROM farm_audit.seen WHERE what = 'granted' AND seq > %s", start
        )
        self._judge(report, person, asked)
        report.refused_500 = list(self._farm.door.failed)
        report.seconds = time.monotonic() - began
        person.close()
        return report

    def _live(
        self,
        person: Person,
        films: list[str],
        minds: list[tuple[int, str, str]],
        start: int,
        *,
        at_least: int,
        stuck_after_s: float,
    ) -> None:
        """Do what people do until every film has ended and so many chunks were accepted. Raises AssertionError when nothing moves any more."""
        before: tuple[int, dict[str, str]] | None = None
        moved = time.monotonic()
        while True:
            accepted, states = self._look(start, films)
            over = all(state in FINISHED for state in states.values())
            if minds and (over or accepted >= minds[0][0]):
                _, what, film = minds.pop(0)
                getattr(person, what)(film)
            elif over and accepted < at_least:
                films.append(person.film(self._project, self._next_color()))
            elif over:
                return
            if before != (accepted, states):
                before, moved = (accepted, states), time.monotonic()
            assert time.monotonic() - moved < stuck_after_s, f"nothing has moved for {stuck_after_s:.0f} s: {states}"
            time.sleep(LOOK_S)

    def _accepted(self, start: int) -> int:
        return self._farm.count("SELECT count(*) FROM farm_audit.seen WHERE what = 'accepted' AND seq > %s", start)

    def _next_color(self) -> str:
        self._color += 1
        return f"#{self._color % 40:02x}{self._color // 40 % 40:02x}{self._color // 1600 % 40:02x}"

    def _minds(self, rng: random.Random, films: list[str]) -> list[tuple[int, str, str]]:
        """What people do after how many chunks: one film is cancelled and tried again, one cancelled for good, sometimes one right after it was asked for."""
        first, second = rng.sample(films, 2)
        total = len(films) * CHUNKS_OF_A_FILM
        at = rng.randint(5, total // 3)
        minds = [
            (at, "cancel", first),
            (at + rng.randint(1, 60), "retry", first),
            (rng.randint(5, total // 2), "cancel", second),
        ]
        if rng.random() < 0.5:
            minds.append((rng.randint(5, total // 2), "cancel", first))
            minds.append((total, "retry", first))
        return sorted(minds)

    def _look(self, start: int, films: list[str]) -> tuple[int, dict[str, str]]:
        (found,) = self._farm.rows(
            "SELECT (SELECT count(*) FROM farm_audit.seen WHERE what = 'accepted' AND seq > %s),"
            " (SELECT jsonb_object_agg(id, status) FROM render.render_jobs WHERE id = ANY(%s::uuid[]))",
            start,
            films,
        )
        return int(found[0]), dict(found[1] or {})

    def _until_quiet(self, report: Report, within_s: float = 60.0) -> None:
        """Wait until nothing goes on any more; what still does is found by the audit."""
        until = time.monotonic() + within_s
        while time.monotonic() < until:
            going_on = self._farm.count(
                "SELECT (SELECT count(*) FROM dbos.workflow_status WHERE status IN ('ENQUEUED', 'PENDING', 'DELAYED') AND name NOT LIKE 'timer%%')"
                " + (SELECT count(*) FROM render.outbox_events WHERE published_at IS NULL)"
                " + (SELECT count(*) FROM render.frame_jobs WHERE status = 'running')"
                " + (SELECT coalesce(sum(used_slots), 0) FROM render.nodes WHERE status <> 'offline') + %s",
                0,
            )
            if going_on == 0:
                return
            time.sleep(0.2)

    def _judge(self, report: Report, person: Person, films: list[str]) -> None:
        with psycopg.connect(self._farm.database.admin_dsn(), autocommit=True) as conn:
            report.wrong += violations(conn, stored_in(self._farm.objects))
        for film in films:
            state = person.state(film)
            report.outcomes[state["status"]] += 1
            if state["status"] == "failed":
                report.wrong.append(f"film {film} failed: {state['error_code']}: {state['error_message']}")
            if state["status"] == "completed":
                numbers = person.numbers(film, self.folder)
                if numbers != list(range(FRAMES)):
                    report.wrong.append(f"film {film} shows other frames: {len(numbers)} of them, {numbers[:10]} …")

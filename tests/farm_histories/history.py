"""One history: a list of steps played on a farm, everything that was answered remembered, the invariants looked at on the way and at the end."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from flatrender.services.render.errors import NotCancellable
from tests.farm_histories.world import LEASE_S, SETTINGS, TENANTS, FarmWorld, Holding, Node

NODES = 3
CONCURRENT_FILMS = 2
"""Of a tenant without limits of its own."""
SUPERSEDED = {"render.lease_superseded", "render.node_unknown", "render.boot_superseded"}
FAILURES = (
    ("content", "engine_crashed"),
    ("content", "engine_refused"),
    ("node", "disk_full"),
    ("licence", "licence"),
    ("lost", "node_stopping"),
    ("canceled", "canceled"),
)


class Step(NamedTuple):
    """What happens next. `one` and `other` choose among what there is, whatever their size."""

    what: str
    one: int = 0
    other: int = 0


STEPS = (
    "film", "claim", "claim", "claim", "deliver", "deliver", "deliver_again", "deliver_nothing", "fail", "beat", "wait", "sweep", "restart",
    "cancel", "retry", "drain", "copy",
)  # fmt: skip
"""What a history is made of; what comes twice is likelier."""


class History:
    """Plays steps. Raises AssertionError as soon as the farm breaks a promise."""

    def __init__(self, world: FarmWorld) -> None:
        self.world = world
        self.films: list[tuple[UUID, UUID]] = []
        self.nodes = [Node(name=f"n{number}", node_id=uuid4()) for number in range(NODES)]
        self.held: list[Holding] = []
        self.epochs: dict[UUID, int] = defaultdict(int)
        self.accepted: dict[UUID, list[Holding]] = defaultdict(list)

    async def begin(self) -> None:
        """Register the nodes."""
        for node in self.nodes:
            await self.world.register(node)

    async def play(self, step: Step) -> None:
        """Do one step and look at what must hold at every moment."""
        await getattr(self, f"_{step.what}")(step.one, step.other)
        self._look()

    async def _film(self, one: int, other: int) -> None:
        if len(self.films) < 5:
            tenant = TENANTS[one % 2]
            lengths = tuple(1 + (other >> shift) % 3 for shift in range(1 + other % 3))
            self.films.append((tenant, await self.world.add_film(tenant, lengths, priority=(one // 2) % 3)))

    async def _claim(self, one: int, other: int) -> None:
        node = self.nodes[one % NODES]
        refused = node.draining or self._quarantined(node)
        work = await self.world.claim(node)
        if work is None:
            return
        assert not refused, "a draining or quarantined node was given work"
        chunk = work.lease.id
        assert work.lease.epoch > self.epochs[chunk], "an epoch was given twice"
        self.epochs[chunk] = work.lease.epoch
        self.held.append(Holding(node, node.boot_id, node.secret, work))

    def _quarantined(self, node: Node) -> bool:
        return bool(
            self.world.rows("SELECT 1 FROM render.nodes WHERE id = %s AND quarantined_until > now()", node.node_id)
        )

    def _chosen(self, one: int) -> Holding | None:
        return self.held[-1 - one % len(self.held)] if self.held else None

    async def _deliver(self, one: int, other: int) -> None:
        held = self._chosen(one)
        if held is None:
            return
        data = await self.world.put(held)
        self._answered(held, await self.world.deliver(held, data))

    def _answered(self, held: Holding, answer: str) -> None:
        chunk = held.work.lease.id
        if answer == "accepted":
            assert held.work.lease.epoch == self.epochs[chunk], "the result of an older epoch was accepted"
            self.accepted[chunk].append(held)
        elif answer == "replayed":
            assert self.accepted[chunk], "a replay of what was never accepted"
            assert self.accepted[chunk][-1].work.lease == held.work.lease, "another lease's result passed for a replay"
        else:
            assert answer in SUPERSEDED, answer

    async def _deliver_again(self, one: int, other: int) -> None:
        delivered = [held for leases in self.accepted.values() for held in leases]
        if delivered:
            held = delivered[one % len(delivered)]
            answer = await self.world.deliver(held, str(held.work.lease.lease_id).encode())
            assert answer != "accepted", "a result was accepted a second time"
            self._answered(held, answer)

    async def _deliver_nothing(self, one: int, other: int) -> None:
        held = self._chosen(one)
        if held is not None and held not in self.accepted[held.work.lease.id]:
            answer = await self.world.deliver(held, b"not there, and of another length")
            assert answer in SUPERSEDED | {"render.output_missing", "replayed"}, answer

    async def _fail(self, one: int, other: int) -> None:
        held = self._chosen(one)
        if held is not None:
            answer = await self.world.fail(held, *FAILURES[other % len(FAILURES)])
            assert answer == "accepted" or answer in SUPERSEDED, answer

    async def _beat(self, one: int, other: int) -> None:
        node = self.nodes[one % NODES]
        mine = [held for held in self.held if held.node is node][-4:]
        verdicts = await self.world.beat(node, mine)
        assert not isinstance(verdicts, str), verdicts
        for held in mine:
            verdict = verdicts[held.work.lease.lease_id]
            alive = self._alive(held)
            assert (verdict == "lost") == (not alive), f"{verdict} for a lease that is {'alive' if alive else 'over'}"

    def _alive(self, held: Holding) -> bool:
        lease = held.work.lease
        return bool(
            self.world.rows(
                "SELECT 1 FROM render.frame_jobs WHERE id = %s AND lease_id = %s AND epoch = %s AND status = 'running'",
                lease.id, lease.lease_id, lease.epoch,
            )
        )  # fmt: skip

    async def _wait(self, one: int, other: int) -> None:
        self.world.turn_clock((1.0, LEASE_S * 0.6, LEASE_S * 1.5, SETTINGS.quarantine_s + 1, 3700.0)[one % 5])

    async def _sweep(self, one: int, other: int) -> None:
        await self.world.leases.expire()

    async def _restart(self, one: int, other: int) -> None:
        node = self.nodes[one % NODES]
        node.boot_id = uuid4()
        await self.world.register(node)
        for held in self.held:
            if held.node is node:
                assert not self._alive(held), "a lease outlived the start of its node"

    async def _copy(self, one: int, other: int) -> None:
        """The old start of a node, which does not know that it is over, goes on talking."""
        held = self._chosen(one)
        if held is not None and held.boot_id != held.node.boot_id:
            answer = await self.world.deliver(held, await self.world.put(held))
            assert answer in SUPERSEDED, answer

    async def _cancel(self, one: int, other: int) -> None:
        if self.films:
            tenant, film = self.films[one % len(self.films)]
            with contextlib.suppress(NotCancellable):
                await self.world.jobs.cancel(tenant, film, user_id=None)

    async def _retry(self, one: int, other: int) -> None:
        """A failed or cancelled film is started over: its planning puts new chunks into the place of the old ones."""
        if self.films:
            tenant, film = self.films[one % len(self.films)]
            await self.world.start_over(tenant, film, lengths=(1 + other % 3, 2))

    async def _drain(self, one: int, other: int) -> None:
        node = self.nodes[one % NODES]
        node.draining = not node.draining
        await self.world.nodes.set_draining(TENANTS[0], node.node_id, draining=node.draining)

    def _look(self) -> None:
        """What holds at every moment."""
        for tenant, running in self.world.rows(
            "SELECT tenant_id, count(DISTINCT render_job_id) FROM render.frame_jobs WHERE status = 'running' GROUP BY tenant_id"
        ):
            assert running <= CONCURRENT_FILMS, f"{running} films of {tenant} run at once"
        for status, chunks, undone, finishes in self.world.rows(
            "SELECT j.status, count(f.id), count(f.id) FILTER (WHERE f.status <> 'done'),"
            " (SELECT count(*) FROM dbos.workflow_status AS w WHERE w.workflow_uuid LIKE 'finish_film:' || j.id || ':' || j.attempt || ':%%')"
            " FROM render.render_jobs AS j LEFT JOIN render.frame_jobs AS f ON f.render_job_id = j.id GROUP BY j.id"
        ):
            joined = status == "stitching"
            assert (undone == 0) == joined or status in ("canceling", "canceled", "failed"), (status, chunks, undone)
            assert finishes == (1 if joined else 0) or status in ("canceling", "canceled", "failed"), (status, finishes)
            assert finishes <= 1, f"{finishes} finishes of one film"
        odd = self.world.rows(
            "SELECT status, epoch, lease_id, node_id FROM render.frame_jobs WHERE (status = 'running') <> (lease_expires_at IS NOT NULL)"
            " OR (status = 'done') <> (segment_key IS NOT NULL) OR (status = 'running' AND (lease_id IS NULL OR node_id IS NULL))"
        )
        assert not odd, odd

    async def end(self) -> None:
        """Let a healthy farm finish what is there: nothing may be stuck, lost or made twice."""
        await self._everything_drawn()
        for status, unfinished in self.world.rows(
            "SELECT j.status, count(f.id) FILTER (WHERE f.status IN ('queued', 'running')) FROM render.render_jobs AS j"
            " LEFT JOIN render.frame_jobs AS f ON f.render_job_id = j.id WHERE NOT (j.status = 'canceling' AND EXISTS (SELECT FROM"
            " dbos.workflow_status AS w WHERE w.workflow_uuid LIKE 'finish_film:' || j.id || ':' || j.attempt || ':%%')) GROUP BY j.id"
        ):
            # A film that was cancelled while it is joined waits for its finish, which nobody runs here.
            assert status in ("stitching", "canceled", "failed"), f"a film is stuck {status}"
            assert unfinished == 0, f"{unfinished} chunks of a film that is {status} are still about"
        for chunk, epoch, lease_id, key in self.world.rows(
            "SELECT id, epoch, lease_id, segment_key FROM render.frame_jobs WHERE status = 'done'"
        ):
            (held,) = self.accepted[chunk]
            assert (held.work.lease.epoch, held.work.lease.lease_id) == (epoch, lease_id), (
                "not the lease that was accepted"
            )
            assert held.work.output_key == key
            assert await self.world.objects.get(key, limit_bytes=100) == str(lease_id).encode()
        for status, outcome in self.world.rows(
            "SELECT j.status, a.outcome FROM render.render_jobs AS j JOIN render.render_job_attempts AS a ON a.render_job_id = j.id"
            " AND a.attempt_no = j.attempt"
        ):
            assert (outcome in (None, "running")) if status in ("stitching", "canceling") else outcome == status, (
                status,
                outcome,
            )
        crashes = self.world.rows("SELECT count(*) FROM render.node_crashes WHERE recovery IS NULL")
        assert crashes == [(0,)]

    async def _everything_drawn(self) -> None:
        worker: Any = Node(name="healthy", node_id=uuid4())
        await self.world.register(worker)
        for _ in range(200):
            work = await self.world.claim(worker)
            if work is not None:
                assert work.lease.epoch > self.epochs[work.lease.id]
                self.epochs[work.lease.id] = work.lease.epoch
                held = Holding(worker, worker.boot_id, worker.secret, work)
                self._answered(held, await self.world.deliver(held, await self.world.put(held)))
                self._look()
                continue
            if not self.world.rows("SELECT 1 FROM render.frame_jobs WHERE status IN ('queued', 'running') LIMIT 1"):
                return
            self.world.turn_clock(LEASE_S * 1.5)
            await self.world.leases.expire()
            await self.world.beat(worker, [])
        waiting = self.world.rows(
            "SELECT status, exclude_node_ids, node_id FROM render.frame_jobs WHERE status IN ('queued', 'running')"
        )
        raise AssertionError(f"nobody can draw {waiting}")

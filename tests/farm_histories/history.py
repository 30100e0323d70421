"""One history: a list of steps played on a farm, everything that was answered remembered, the invariants looked at on the way and at the end."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from typing import NamedTuple
from uuid import UUID, uuid4

from flatrender.services.render.errors import NotCancellable
from tests.farm_histories.world import GRACE_S, LEASE_S, SETTINGS, TENANTS, FarmWorld, Holding, Node

NODES = 3
FILMS = 5
LOOK_EVERY = 10
"""Steps between two looks at what must hold at every moment; what happens to chunks the database itself notes meanwhile."""
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
    "cancel", "retry", "drain", "copy", "limit", "outage", "repair", "preview", "thumbnail", "draw_still", "draw_still", "fail_still",
    "isolate", "rotate",
)  # fmt: skip
"""What a history is made of; what comes twice is likelier."""
MOST = 60
"""The largest `one` and `other` of a step."""
CODES = len(STEPS) * (MOST + 1) ** 2
"""How many different steps there are."""


def step_of(code: int) -> Step:
    """Return the step of a number from 0 to below `CODES`; small numbers are simple steps."""
    code, what = divmod(code, len(STEPS))
    other, one = divmod(code, MOST + 1)
    return Step(STEPS[what], one, other)


class History:
    """Plays steps. Raises AssertionError as soon as the farm breaks a promise."""

    def __init__(self, world: FarmWorld) -> None:
        self.world = world
        self.films: list[tuple[UUID, UUID]] = []
        self.nodes = [Node(name=f"n{number}", node_id=uuid4()) for number in range(NODES)]
        self.held: list[Holding] = []
        self.epochs: dict[UUID, int] = defaultdict(int)
        self.accepted: dict[UUID, list[Holding]] = defaultdict(list)
        self.stills: list[Holding] = []
        self.still_epochs: dict[UUID, int] = defaultdict(int)
        self._played = 0

    async def begin(self) -> None:
        """Register the nodes."""
        for node in self.nodes:
            await self.world.register(node)

    async def play(self, step: Step) -> None:
        """Do one step, and after some of them look at what must hold at every moment."""
        await getattr(self, f"_{step.what}")(step.one, step.other)
        self._played += 1
        if self._played % LOOK_EVERY == 0:
            self._look()

    async def _film(self, one: int, other: int) -> None:
        if len(self.films) < FILMS:
            tenant = TENANTS[one % 2]
            lengths = tuple(1 + (other >> shift) % 3 for shift in range(1 + other % 3))
            self.films.append((tenant, await self.world.add_film(tenant, lengths, priority=(one // 2) % 3)))

    async def _claim(self, one: int, other: int) -> None:
        node = self.nodes[one % NODES]
        work = await self.world.claim(node)
        if work is None:
            return
        chunk = work.lease.id
        assert work.lease.epoch > self.epochs[chunk], "an epoch was given twice"
        self.epochs[chunk] = work.lease.epoch
        self.held.append(Holding(node, node.boot_id, node.secret, work))
        self._may_work(node)
        ((films, chunks, most, paused),) = self.world.rows(
            "SELECT count(DISTINCT r.render_job_id), count(*) FILTER (WHERE r.render_job_id = f.render_job_id), coalesce(l.max_concurrent_jobs, 2),"
            " coalesce(l.paused, false) FROM render.frame_jobs AS f JOIN render.frame_jobs AS r ON r.tenant_id = f.tenant_id AND r.status = 'running'"
            " LEFT JOIN render.tenant_render_limits AS l ON l.tenant_id = f.tenant_id WHERE f.id = %s GROUP BY l.max_concurrent_jobs, l.paused",
            chunk,
        )
        assert not paused, "a paused tenant was given a node"
        assert films <= most or chunks > 1, f"a film was begun as the {films}th of a tenant that may have {most}"

    def _may_work(self, node: Node) -> None:
        """The node was given something just now: it was allowed to have it."""
        assert not node.draining, "a drained node was given work"
        ((quarantined, probing, holding),) = self.world.rows(
            "SELECT coalesce(n.quarantined_until > now(), false), n.probing, (SELECT count(*) FROM render.frame_jobs AS f WHERE f.node_id = n.id"
            " AND f.status = 'running') + (SELECT count(*) FROM render.snapshots AS s WHERE s.node_id = n.id AND s.status = 'running')"
            " + (SELECT count(*) FROM render.snapshot_jobs AS s WHERE s.node_id = n.id AND s.status = 'running') FROM render.nodes AS n WHERE n.id = %s",
            node.node_id,
        )
        assert not quarantined, "a node in quarantine was given work"
        assert holding == 1 or not probing, f"a node on probation was given a {holding}th piece of work"

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
        alive = self._alive(mine)
        for held in mine:
            verdict, lease = verdicts[held.work.lease.lease_id], held.work.lease.lease_id
            assert (verdict == "lost") == (lease not in alive), (
                f"{verdict} for a lease that is {'alive' if lease in alive else 'over'}"
            )

    def _alive(self, held: list[Holding]) -> set[UUID]:
        """Return the leases that are alive."""
        if not held:
            return set()
        return {
            lease_id
            for (lease_id,) in self.world.rows(
                "SELECT f.lease_id FROM render.frame_jobs AS f JOIN unnest(%s::uuid[], %s::uuid[], %s::bigint[]) AS h (id, lease_id, epoch)"
                " ON f.id = h.id AND f.lease_id = h.lease_id AND f.epoch = h.epoch WHERE f.status = 'running'",
                [one.work.lease.id for one in held],
                [one.work.lease.lease_id for one in held],
                [one.work.lease.epoch for one in held],
            )
        }

    async def _wait(self, one: int, other: int) -> None:
        self.world.let_pass((1.0, LEASE_S * 0.6, LEASE_S * 1.5, SETTINGS.quarantine_s + 1, 3700.0)[one % 5])

    async def _sweep(self, one: int, other: int) -> None:
        await self.world.sweep(one)

    async def _outage(self, one: int, other: int) -> None:
        """The servers are away, so that no node could report: nothing may be taken from them at once when they are back."""
        self.world.let_pass(LEASE_S * (1 + one % 3), servers_away=True)
        for server in range(2):
            assert await self.world.sweep(server) == 0, "a lease was taken back right after the servers were away"
        if other % 2:
            self.world.let_pass(GRACE_S + 1)

    async def _restart(self, one: int, other: int) -> None:
        node = self.nodes[one % NODES]
        node.boot_id = uuid4()
        await self.world.register(node)
        assert not self._alive([held for held in self.held if held.node is node]), (
            "a lease outlived the start of its node"
        )

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

    async def _isolate(self, one: int, other: int) -> None:
        """People take a node out of work, for a while or until they say otherwise, and let it back."""
        node = self.nodes[one % NODES]
        if other % 3 == 2:
            await self.world.fleet.release(TENANTS[0], node.node_id)
        else:
            for_s = None if other % 3 else SETTINGS.quarantine_s
            await self.world.fleet.quarantine(TENANTS[0], node.node_id, reason="a history", for_s=for_s)

    async def _rotate(self, one: int, other: int) -> None:
        """A node's secret is changed: it registers again under the same start and keeps what it has."""
        node = self.nodes[one % NODES]
        await self.world.fleet.rotate_secret(TENANTS[0], node.node_id)
        mine = [held for held in self.held if held.node is node and held.boot_id == node.boot_id]
        before = self._alive(mine)
        await self.world.register(node)
        assert self._alive(mine) == before, "a node lost its work with its secret"
        if other % 2:
            for held in (*mine, *(held for held in self.stills if held.node is node and held.boot_id == node.boot_id)):
                held.secret = node.secret

    async def _limit(self, one: int, other: int) -> None:
        """The platform's people change what a tenant may."""
        self.world.limit(TENANTS[one % 2], films=1 + other % 3, paused=other % 5 == 4)

    async def _repair(self, one: int, other: int) -> None:
        """The finish of a film finds a segment that is missing."""
        if self.films:
            tenant, film = self.films[one % len(self.films)]
            await self.world.repair(tenant, film, chunk_no=other % 2)

    async def _preview(self, one: int, other: int) -> None:
        await self.world.add_preview(TENANTS[one % 2], other % 4)

    async def _thumbnail(self, one: int, other: int) -> None:
        await self.world.add_thumbnail(TENANTS[one % 2], other % 3)

    async def _draw_still(self, one: int, other: int) -> None:
        """A node asks for a picture, or delivers one that it was given, however long ago."""
        if other % 2 and self.stills:
            held = self.stills[-1 - one % len(self.stills)]
            answer = await self.world.deliver_still(held)
            assert answer in SUPERSEDED | {"accepted", "replayed"}, answer
            if answer == "accepted":
                assert held.work.lease.epoch == self.still_epochs[held.work.lease.id], (
                    "a picture of an older epoch was accepted"
                )
            return
        node = self.nodes[one % NODES]
        work = await self.world.claim_still(node)
        if work is not None:
            self._may_work(node)
            assert work.lease.epoch > self.still_epochs[work.lease.id], "a picture's epoch was given twice"
            self.still_epochs[work.lease.id] = work.lease.epoch
            self.stills.append(Holding(node, node.boot_id, node.secret, work))

    async def _fail_still(self, one: int, other: int) -> None:
        if self.stills:
            held = self.stills[-1 - one % len(self.stills)]
            answer = await self.world.fail_still(held, *FAILURES[other % len(FAILURES)])
            assert answer == "accepted" or answer in SUPERSEDED, answer

    def _look(self) -> None:
        """What holds at every moment: of a film whose chunks are all done, and of no other, the one finish was started."""
        for status, chunks, undone, finishes in self.world.rows(
            "SELECT j.status, c.chunks, c.undone, (SELECT count(*) FROM dbos.workflow_status AS w WHERE w.workflow_uuid LIKE"
            " 'finish_film:' || j.id || ':' || j.attempt || ':' || c.epochs) FROM render.render_jobs AS j, LATERAL (SELECT count(*) AS chunks,"
            " count(*) FILTER (WHERE f.status <> 'done') AS undone, coalesce(sum(f.epoch), 0) AS epochs FROM render.frame_jobs AS f"
            " WHERE f.render_job_id = j.id) AS c WHERE j.status NOT IN ('canceling', 'canceled', 'failed')"
        ):
            joined = status == "stitching"
            assert (undone == 0) == joined, (status, chunks, undone)
            assert finishes == 1 or not joined, (status, finishes)

    async def end(self) -> None:
        """Let a healthy farm finish what is there: nothing may be stuck, lost or made twice, and the eight invariants hold."""
        for tenant in TENANTS:
            self.world.limit(tenant, films=100, paused=False)
        await self._everything_drawn()
        self._look()
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
            held = self.accepted[chunk][-1]
            lease = held.work.lease
            assert (lease.epoch, lease.lease_id) == (epoch, lease_id), "not the lease that was accepted"
            assert held.work.output_key == key
        assert self.world.rows("SELECT count(*) FROM render.node_crashes WHERE recovery IS NULL") == [(0,)]
        wrong = self.world.audit()
        assert not wrong, "\n".join(wrong)

    async def _everything_drawn(self) -> None:
        worker = Node(name="healthy", node_id=uuid4())
        await self.world.register(worker)
        for _ in range(100):
            while (work := await self.world.claim(worker)) is not None:
                assert work.lease.epoch > self.epochs[work.lease.id]
                self.epochs[work.lease.id] = work.lease.epoch
                held = Holding(worker, worker.boot_id, worker.secret, work)
                self._answered(held, await self.world.deliver(held, await self.world.put(held)))
            while (work := await self.world.claim_still(worker)) is not None:
                assert (
                    await self.world.deliver_still(Holding(worker, worker.boot_id, worker.secret, work)) == "accepted"
                )
            if self.world.nothing_open():
                return
            self.world.let_pass(LEASE_S * 1.5)
            await self.world.sweep(0)
            await self.world.beat(worker, [])
        waiting = self.world.rows(
            "SELECT id, status, exclude_node_ids, node_id FROM render.frame_jobs WHERE status IN ('queued', 'running')"
            " UNION ALL SELECT id, status, NULL, node_id FROM render.snapshots WHERE status IN ('queued', 'running')"
            " UNION ALL SELECT id, status, exclude_node_ids, node_id FROM render.snapshot_jobs WHERE status IN ('queued', 'running')"
        )
        raise AssertionError(f"nobody can draw {waiting}")

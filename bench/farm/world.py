"""A PostgreSQL with the render service's schema, filled queues, and the service's rules without its workflows."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID, uuid4

import msgspec
import psycopg

from flatrender.kit.db import Bells, Database
from flatrender.kit.embedded_postgres import EmbeddedPostgres
from flatrender.kit.ids import secret_hash
from flatrender.kit.objects import LinkSigner, ObjectStore
from flatrender.kit.workflows import Workflows
from flatrender.protocol.outcome import Result
from flatrender.protocol.register import Register
from flatrender.protocol.work import Assignment, Claim, SceneFigures, SegmentTask
from flatrender.services.render.service.events import CHANNEL
from flatrender.services.render.service.forecasting import Learner
from flatrender.services.render.service.leases import Leases
from flatrender.services.render.service.nodes import Nodes
from flatrender.services.render.settings import RenderSettings

TOKEN = "frn_of-the-benchmark"  # noqa: S105 - a database that lives for a minute
CHUNKS = 10
"""Of each film."""
LINKS = b"links of the benchmark"
SEGMENT = b"a segment"
SHA256 = "5c" * 32


@dataclass(frozen=True)
class Place:
    """Where the benchmark's processes find everything."""

    folder: str
    admin: str
    service: str
    worker: str
    workflow: str
    postgres: int
    """The server's process."""

    @property
    def objects(self) -> Path:
        """Where segments are put."""
        return Path(self.folder) / "objects"


@contextmanager
def running() -> Iterator[Place]:
    """Start a PostgreSQL that keeps its promises (`fsync` on) below a folder of its own, and remove both at the end."""
    with TemporaryDirectory(prefix="flatrender-bench-farm-") as name:
        folder = Path(name)
        with EmbeddedPostgres(folder / "postgres") as server:
            place = Place(
                folder=str(folder),
                admin=server.admin_dsn(),
                service=server.dsn("svc_render"),
                worker=server.dsn("svc_render_worker"),
                workflow=server.dsn("svc_workflow"),
                postgres=server.pid or 0,
            )
            place.objects.mkdir()
            (place.objects / "segment").write_bytes(SEGMENT)
            yield place


async def prepare(place: Place) -> None:
    """Make the workflows' tables, into which a film's last chunk writes; nobody runs the workflows here."""
    workflows = Workflows(place.workflow)
    await workflows.open()
    await workflows.close()
    with psycopg.connect(place.admin) as conn:
        conn.execute(
            "INSERT INTO render.node_tokens (name, token_hash) VALUES ('benchmark', %s) ON CONFLICT DO NOTHING",
            (secret_hash(TOKEN),),
        )


def fill(
    place: Place, *, chunks: int, tenants: int = 20, chunks_per_film: int = CHUNKS, films_at_once: int | None = None
) -> list[UUID]:
    """Empty the tables, then queue so many chunks of films of `tenants`; return the tenants."""
    ids = [uuid4() for _ in range(tenants)]
    films = chunks // chunks_per_film
    scene = SceneFigures(
        scene_key="a", sha256="00" * 32, width=1920, height=1080, fps=30, first_frame=0, frames=120 * chunks_per_film
    )
    task = SegmentTask(scene=scene, first=0, last=119, width=1920, height=1080, fps=30, preset="veryfast", crf=18)
    with psycopg.connect(place.admin, autocommit=True) as conn:
        conn.execute(
            "TRUNCATE render.render_jobs, render.frame_jobs, render.frame_attempts, render.nodes, render.render_job_attempts, render.render_job_events,"
            " render.outbox_events, render.tenant_render_limits CASCADE; DELETE FROM dbos.workflow_status"
        )
        if films_at_once is not None:
            conn.execute(
                "INSERT INTO render.tenant_render_limits (tenant_id, max_concurrent_jobs) SELECT unnest(%s::uuid[]), %s",
                (ids, films_at_once),
            )
        conn.execute(
            "INSERT INTO render.render_jobs (tenant_id, user_id, saved_project_id, revision_id, project_id, project_version_id, package_sha256,"
            " output_profile_key, status, width, height, fps, total_frames, input, input_hash, attempt, started_at, queued_at)"
            " SELECT (%(tenants)s::uuid[])[1 + n %% %(count)s], gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), gen_random_uuid(),"
            " gen_random_uuid(), decode(repeat('00', 32), 'hex'), '1080p', 'rendering', 1920, 1080, 30, %(frames)s,"
            " '{\"title\": \"benchmark\"}', decode(repeat('00', 32), 'hex'), 1, now(), now() + n * interval '1 millisecond'"
            " FROM generate_series(1, %(films)s) AS n",
            {"tenants": ids, "count": tenants, "films": films, "frames": 120 * chunks_per_film},
        )
        conn.execute(
            "INSERT INTO render.frame_jobs (tenant_id, render_job_id, chunk_no, frame_start, frame_end, comp_name, scene_key, scene_object_key,"
            " scene_sha256, task, cache_key, created_at)"
            " SELECT j.tenant_id, j.id, n, n * 120, n * 120 + 119, 'a', 'a', 'scenes/' || j.id, decode(repeat('00', 32), 'hex'), %s::jsonb,"
            " decode(md5(j.id::text) || md5(n::text), 'hex'), j.queued_at FROM render.render_jobs AS j CROSS JOIN generate_series(0, %s) AS n",
            (msgspec.json.encode(task).decode(), chunks_per_film - 1),
        )
        conn.execute("VACUUM ANALYZE render.frame_jobs")
        conn.execute("VACUUM ANALYZE render.render_jobs")
        conn.execute("CHECKPOINT")
    return ids


@dataclass
class Farm:
    """The rules, in this process."""

    place: Place
    leases: Leases
    nodes: Nodes
    bells: Bells
    objects: ObjectStore
    database: Database


@asynccontextmanager
async def opened(place: Place, *, connections: int = 8, **settings: Any) -> AsyncIterator[Farm]:
    """Open the render service's rules on the benchmark's database."""
    database = Database("render", place.service, place.worker, max_size=connections, worker_max_size=connections)
    chosen = RenderSettings(**settings)
    bells = Bells(database, CHANNEL)
    nodes = Nodes(database, bells, chosen)
    objects = ObjectStore(str(place.objects))
    leases = Leases(database, bells, nodes, objects, LinkSigner(LINKS), chosen, Learner(database))
    await database.open()
    try:
        yield Farm(place, leases, nodes, bells, objects, database)
    finally:
        await database.close()


@dataclass
class Simulated:
    """A node that draws nothing."""

    farm: Farm
    boot_id: UUID
    secret: str

    async def claim(self, wait_s: float = 0.0) -> Assignment | None:
        """Ask for a chunk."""
        return await self.farm.leases.claim(self.secret, Claim(boot_id=self.boot_id, wait_s=wait_s))

    def put(self, work: Assignment) -> None:
        """Put a segment where the lease says; that is not the service's work and takes as little as it can."""
        path = self.farm.place.objects / work.output_key
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.symlink_to(self.farm.place.objects / "segment")

    async def deliver(self, work: Assignment) -> None:
        """Report the segment."""
        result = Result(
            boot_id=self.boot_id,
            lease_id=work.lease.lease_id,
            epoch=work.lease.epoch,
            sha256=SHA256,
            bytes=len(SEGMENT),
            seconds=1.0,
        )
        answer = await self.farm.leases.result(self.secret, work.lease.id, result)
        assert not answer.replayed


async def node(farm: Farm, name: str) -> Simulated:
    """Register a node."""
    boot_id = uuid4()
    registered = await farm.nodes.register(TOKEN, registration(name, boot_id))
    return Simulated(farm, boot_id, registered.node_secret)


def registration(name: str, boot_id: UUID) -> Register:
    """Return what a node says of itself."""
    return Register(
        node_id=None,
        name=name,
        boot_id=boot_id,
        agent_version="0",
        os="none",
        engines={"thorvg": "1"},
        max_slots=4,
        cpu_cores=2,
        memory_bytes=1,
        scratch_bytes_total=1,
        scratch_bytes_free=1,
    )

"""The queue of a pool on a real database, filled and emptied by hand, with nodes that draw nothing."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb

from flatrender.kit.db import Database
from flatrender.services.render.queries import chunks as rows
from flatrender.services.render.queries.chunks import ClaimedChunk
from tests.database_server import DatabaseCopy

HASH = bytes(32)


@dataclass
class Queue:
    """The queue of a pool, filled by hand."""

    copy: DatabaseCopy
    database: Database
    node: UUID
    boot: UUID

    def empty(self) -> None:
        """Leave one node and nothing else."""
        self.do(
            "TRUNCATE render.frame_jobs, render.render_jobs, render.nodes, render.tenant_render_limits, render.tenant_shares CASCADE"
        )
        self.do(
            "INSERT INTO render.nodes (id, name, token_hash, boot_id) VALUES (%s, 'n', %s, %s)",
            self.node,
            HASH,
            self.boot,
        )

    def do(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        with self.copy.connect() as conn:
            found = conn.execute(statement, values)
            return found.fetchall() if found.description else []

    def film(
        self, tenant: UUID, *, chunks: int = 1, priority: int = 0, age_s: float = 0, pool: str = "default"
    ) -> UUID:
        """Put a film into the queue, as its planning leaves it, `age_s` seconds ago."""
        ((job,),) = self.do(
            "INSERT INTO render.render_jobs (tenant_id, user_id, saved_project_id, revision_id, project_id, project_version_id, package_sha256,"
            " output_profile_key, status, input, input_hash, priority) VALUES (%s, %s, %s, %s, %s, %s, %s, 'x', 'rendering', '{}', %s, %s) RETURNING id",
            tenant, uuid4(), uuid4(), uuid4(), uuid4(), uuid4(), HASH, HASH, priority,
        )  # fmt: skip
        self.do(
            "INSERT INTO render.frame_jobs (tenant_id, render_job_id, chunk_no, frame_start, frame_end, comp_name, scene_object_key, task, cache_key, pool,"
            " priority, created_at) SELECT %s, %s, n, n, n, 'a', 'a', %s, %s, %s, %s, now() - make_interval(secs => %s)"
            " FROM generate_series(0, %s) AS n",
            tenant, job, Jsonb({}), HASH, pool, priority, age_s, chunks - 1,
        )  # fmt: skip
        return UUID(str(job))

    def films(self, tenant: UUID, number: int, *, age_s: float = 0) -> None:
        """Put so many films of one chunk into the queue."""
        self.do(
            "WITH films AS (INSERT INTO render.render_jobs (tenant_id, user_id, saved_project_id, revision_id, project_id, project_version_id,"
            " package_sha256, output_profile_key, status, input, input_hash) SELECT %s, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(),"
            " gen_random_uuid(), gen_random_uuid(), %s, 'x', 'rendering', '{}', %s FROM generate_series(1, %s) RETURNING id, tenant_id)"
            " INSERT INTO render.frame_jobs (tenant_id, render_job_id, chunk_no, frame_start, frame_end, comp_name, scene_object_key, task, cache_key,"
            " created_at) SELECT tenant_id, id, 0, 0, 0, 'a', 'a', '{}', %s, now() - make_interval(secs => %s) FROM films",
            tenant, HASH, HASH, number, HASH, age_s,
        )  # fmt: skip

    def limit(self, tenant: UUID, *, films: int = 2, weight: int = 100, paused: bool = False) -> None:
        self.do(
            "INSERT INTO render.tenant_render_limits (tenant_id, max_concurrent_jobs, weight, paused) VALUES (%s, %s, %s, %s)",
            tenant, films, weight, paused,
        )  # fmt: skip

    async def claim(self, *, dedicated: UUID | None = None, pool: str = "default") -> ClaimedChunk | None:
        return (await self.look(dedicated=dedicated, pool=pool)).chunk

    async def look(self, *, dedicated: UUID | None = None, pool: str = "default") -> rows.Claimed:
        async with self.database.worker_statements() as conn:
            return await rows.claim(
                conn, pool=pool, node_id=self.node, boot_id=self.boot, dedicated_tenant_id=dedicated, lease_s=60
            )

    async def claims(self, number: int) -> list[ClaimedChunk]:
        found = [await self.claim() for _ in range(number)]
        return [one for one in found if one is not None]

    def done(self, *chunks: ClaimedChunk) -> None:
        """Accept results of these."""
        self.do(
            "UPDATE render.frame_jobs SET status = 'done', lease_expires_at = NULL, segment_key = 'k', output_sha256 = %s WHERE id = ANY(%s)",
            HASH, [chunk.id for chunk in chunks],
        )  # fmt: skip

    def running_films(self, tenant: UUID) -> int:
        ((films,),) = self.do(
            "SELECT count(DISTINCT render_job_id) FROM render.frame_jobs WHERE status = 'running' AND tenant_id = %s", tenant
        )  # fmt: skip
        return int(str(films))

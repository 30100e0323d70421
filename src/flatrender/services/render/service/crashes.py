"""Who is to blame when an engine stops: the scene or the machine. Notes what happened, and flags templates that stop engines.

A renderer is a process of its own, so a scene that kills it takes nothing else with it: films of a flagged scene run beside others. What the flag changes
is how often the farm tries: the first crash of a flagged scene ends its film.
"""

from uuid import UUID

import msgspec
import structlog

from flatrender.kit.db import Conn, Database, emit
from flatrender.kit.errors import NotFound
from flatrender.kit.objects import ObjectStore
from flatrender.protocol.outcome import Fail
from flatrender.services.render import errors
from flatrender.services.render.queries import crashes as rows
from flatrender.services.render.queries import jobs as job_rows
from flatrender.services.render.queries import nodes as node_rows
from flatrender.services.render.queries.chunks import ChunkRow
from flatrender.services.render.queries.crashes import ENGINE_STOPS, AttemptRow, CrashRow, FlagRow
from flatrender.services.render.queries.nodes import NodeRow
from flatrender.services.render.service.events import SCHEMA
from flatrender.services.render.service.nodes import fleet_too
from flatrender.services.render.settings import RenderSettings

log = structlog.get_logger(__name__)

MAX_LOG_BYTES = 256 * 1024
SHOWN_ATTEMPTS = 500


class Blame(msgspec.Struct, frozen=True, kw_only=True):
    """What a crash says about its scene."""

    final: bool = False
    """The scene is not to be tried again."""
    nodes: int = 0
    """On how many nodes it has stopped an engine."""
    flags: bool = False
    """Its template is to be flagged."""


def crash_kind(fail: Fail) -> str | None:
    """Return what kind of crash a failure is; None for one that is none."""
    if fail.failure == "licence":
        return "license"
    if fail.crash is not None:
        return fail.crash
    return "agent_crash" if fail.failure == "node" else None


def log_key(tenant_id: UUID, job_id: UUID, chunk_id: UUID, epoch: int) -> str:
    """Return where the log of an attempt lies."""
    return f"logs/{tenant_id}/{job_id}/{chunk_id.hex}-{epoch}.log.gz"


async def note_crash(conn: Conn, node: NodeRow, chunk: ChunkRow, fail: Fail, fingerprint: str) -> str | None:
    """Keep a crash that a node reports; return its kind, None when the failure is none."""
    kind = crash_kind(fail)
    if kind is None:
        return None
    await rows.insert_crash(
        conn,
        node_id=node.id,
        tenant_id=chunk.tenant_id,
        render_job_id=chunk.render_job_id,
        frame_job_id=chunk.id,
        kind=kind,
        fingerprint=fingerprint,
        log_excerpt="\n".join(filter(None, (fail.detail[:2000], fail.log_tail[-14000:]))),
        engine=chunk.engine,
        code=fail.code,
        epoch=chunk.epoch,
        scene_key=chunk.scene_key,
        exit_code=fail.exit_code,
        signal=fail.signal,
        frame_no=fail.frame,
    )
    return kind


async def blame(conn: Conn, node: NodeRow, chunk: ChunkRow, kind: str | None, settings: RenderSettings) -> Blame:
    """Return what the crashes of a chunk so far, with the one just noted, say about its scene."""
    if kind not in ENGINE_STOPS or chunk.scene_key is None:
        return Blame()
    stopped = await rows.nodes_stopped(conn, frame_job_id=chunk.id)
    living = await rows.living_nodes(conn, pools=[node.pool], engine=chunk.engine, tenant_id=chunk.tenant_id)
    enough = len(stopped) >= min(settings.blame_nodes, len({*living, node.id}))
    flagged = await rows.is_flagged(
        conn, tenant_id=chunk.tenant_id, job_id=chunk.render_job_id, scene_key=chunk.scene_key
    )
    return Blame(final=flagged or len(stopped) >= settings.blame_nodes, nodes=len(stopped), flags=enough or flagged)


async def flag_template(conn: Conn, chunk: ChunkRow, fail: Fail, kind: str) -> None:
    """Flag the template of a scene that is given up because it stops engines, and say so once."""
    if chunk.scene_key is None:
        return
    found = await rows.flag(
        conn,
        tenant_id=chunk.tenant_id,
        job_id=chunk.render_job_id,
        scene_key=chunk.scene_key,
        kind=kind,
        code=fail.code,
    )
    await rows.set_recovery(conn, frame_job_id=chunk.id, epoch=chunk.epoch, recovery="quarantined_template")
    if found is None:
        return
    flag, is_new = found
    log.warning("template_flagged", project_id=str(flag.project_id), scene=flag.scene_key, engines=flag.engines_stopped)
    if is_new:
        await emit(
            conn,
            SCHEMA,
            tenant_id=flag.tenant_id,
            type="template.flagged",
            aggregate_type="template",
            aggregate_id=flag.project_version_id,
            payload={
                "flag_id": str(flag.id),
                "project_id": str(flag.project_id),
                "project_version_id": str(flag.project_version_id),
                "scene_key": flag.scene_key,
                "engines_stopped": flag.engines_stopped,
                "kind": flag.last_kind,
            },
        )


class Crashes:
    """What admins see of crashes, flags and attempts."""

    def __init__(self, database: Database, objects: ObjectStore, settings: RenderSettings) -> None:
        self._database = database
        self._objects = objects
        self._settings = settings

    async def page(
        self,
        tenant_id: UUID,
        *,
        node_id: UUID | None = None,
        kind: str | None = None,
        project_version_id: UUID | None = None,
        render_job_id: UUID | None = None,
        before: UUID | None = None,
        limit: int = 50,
    ) -> list[CrashRow]:
        """Return crashes of the tenant's work and nodes, newest first; the platform's tenant sees all. Raises NodeNotFound for a node of somebody else."""
        every = fleet_too(tenant_id)
        async with self._database.worker() as conn:
            if node_id is not None:
                await self._node(conn, tenant_id, node_id)
            return await rows.crashes(
                conn,
                tenant_id=tenant_id,
                every_tenant=every,
                node_id=node_id,
                kind=kind,
                project_version_id=project_version_id,
                render_job_id=render_job_id,
                before=before,
                limit=limit,
            )

    async def _node(self, conn: Conn, tenant_id: UUID, node_id: UUID) -> NodeRow:
        node = await node_rows.by_id(conn, node_id=node_id)
        if node is None or not (fleet_too(tenant_id) or node.dedicated_tenant_id == tenant_id):
            raise errors.NodeNotFound("there is no such node")
        return node

    async def flags(self, tenant_id: UUID, *, project_id: UUID | None = None) -> list[FlagRow]:
        """Return the scenes that stop engines, of one template or of all; the platform's tenant sees every tenant's."""
        async with self._database.worker() as conn:
            return await rows.flags(conn, tenant_id=tenant_id, project_id=project_id, every_tenant=fleet_too(tenant_id))

    async def clear_flag(self, tenant_id: UUID, flag_id: UUID, *, user_id: UUID) -> None:
        """Let a scene be tried as often as others again. Raises FlagNotFound."""
        async with self._database.worker() as conn:
            if not await rows.clear_flag(
                conn, tenant_id=tenant_id, flag_id=flag_id, every_tenant=fleet_too(tenant_id), user_id=user_id
            ):
                raise errors.FlagNotFound("there is no such flag")

    async def attempts_of_film(self, tenant_id: UUID, job_id: UUID) -> list[AttemptRow]:
        """Return the newest 500 attempts at a film's chunks. Raises JobNotFound."""
        async with self._database.tenant(tenant_id) as conn:
            if await job_rows.job(conn, tenant_id=tenant_id, job_id=job_id) is None:
                raise errors.JobNotFound("there is no such film")
            return await rows.attempts_of_film(conn, tenant_id=tenant_id, job_id=job_id, limit=SHOWN_ATTEMPTS)

    async def attempts_of_node(self, tenant_id: UUID, node_id: UUID) -> list[AttemptRow]:
        """Return the newest 500 attempts of a node. Raises NodeNotFound."""
        async with self._database.worker() as conn:
            await self._node(conn, tenant_id, node_id)
            return await rows.attempts_of_node(
                conn, tenant_id=tenant_id, every_tenant=fleet_too(tenant_id), node_id=node_id, limit=SHOWN_ATTEMPTS
            )

    async def log(self, tenant_id: UUID, frame_job_id: UUID, epoch: int) -> bytes:
        """Return an attempt's log, gzip. Raises LogNotFound when there is none (any more)."""
        async with self._database.worker() as conn:
            found = await rows.attempt(
                conn,
                tenant_id=tenant_id,
                every_tenant=fleet_too(tenant_id),
                frame_job_id=frame_job_id,
                epoch=epoch,
            )
        if found is None or found.log_key is None:
            raise errors.LogNotFound("this attempt has no log, or none any more")
        try:
            return await self._objects.get(found.log_key, limit_bytes=MAX_LOG_BYTES)
        except NotFound as error:
            raise errors.LogNotFound("the log is not in the store any more") from error

    async def tidy(self) -> int:
        """Delete logs that have been kept long enough; return how many."""
        async with self._database.worker() as conn:
            keys = await rows.expire_logs(conn, days=self._settings.log_days, limit=500)
        await self._objects.delete(*keys)
        return len(keys)

    async def free_stranded(self) -> int:
        """Let chunks that are kept from every node that lives go to any of them."""
        async with self._database.worker() as conn:
            return await rows.free_stranded(conn)

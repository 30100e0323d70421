"""Nodes: tokens, registration, who a node secret belongs to, health, quarantine."""

from uuid import UUID

import msgspec

from flatrender import protocol
from flatrender.kit.db import Bells, Conn, Database, IdempotencyKey, run_once
from flatrender.kit.errors import Conflict
from flatrender.kit.ids import DEFAULT_TENANT_ID, new_id, new_secret, secret_hash
from flatrender.protocol.register import Register, Registered
from flatrender.services.render import errors
from flatrender.services.render.queries import chunks as chunk_rows
from flatrender.services.render.queries import crashes as crash_rows
from flatrender.services.render.queries import fleet as fleet_rows
from flatrender.services.render.queries import nodes as rows
from flatrender.services.render.queries import snapshots as still_rows
from flatrender.services.render.queries.nodes import NodeRow, TokenRow
from flatrender.services.render.service.events import SCHEMA, frames_bell, stills_bell
from flatrender.services.render.service.hours import checked_hours
from flatrender.services.render.service.pools import ENGINES, work_pool
from flatrender.services.render.service.recovery import take_back
from flatrender.services.render.settings import RenderSettings

TOKEN_PREFIX = "frn_"  # noqa: S105 - shows what kind of secret it is, and is none
SECRET_PREFIX = "frs_"  # noqa: S105 - likewise
MAX_PLUGINS = 500


class Nodes:
    """The fleet."""

    def __init__(self, database: Database, bells: Bells, settings: RenderSettings) -> None:
        self._database = database
        self._bells = bells
        self._settings = settings

    async def register(self, token: str, request: Register) -> Registered:
        """Let a node in and end what its earlier start held.

        Raises NodeTokenInvalid, ProtocolUnsupported, NodeNotFound (another tenant's node id) and Refused `render.hours_invalid`.
        """
        if not protocol.OLDEST <= request.protocol <= protocol.VERSION:
            raise errors.ProtocolUnsupported(
                f"the agent speaks version {request.protocol} of the node protocol, this server {protocol.OLDEST} to {protocol.VERSION}:"
                " install the same release on both"
            )
        own_hours = None if request.hours is None else dict(msgspec.to_builtins(checked_hours(request.hours)))
        secret = new_secret(SECRET_PREFIX)
        async with self._database.worker() as conn:
            scope = await rows.token_scope(conn, token_hash=secret_hash(token))
            if scope is None or scope.revoked_at is not None:
                raise errors.NodeTokenInvalid("this node token is unknown or revoked: make a new one in the admin")
            node_id = request.node_id or new_id()
            known = await rows.by_id(conn, node_id=node_id, lock=True)
            if known is not None and known.dedicated_tenant_id != scope.tenant_id:
                raise errors.NodeNotFound(
                    "this node id belongs to another token's nodes: start with an empty data folder"
                )
            if known is not None and known.boot_id != request.boot_id:
                await self.end_boot(conn, known)
                await fleet_rows.restarted(conn, node_id=known.id)
            name = request.name[:80]
            if await rows.name_taken(conn, name=name, by_other_than=node_id):
                name = f"{name}-{node_id.hex[-6:]}"
            await rows.save_registration(
                conn,
                node_id=node_id,
                name=name,
                pool=request.pool[:40],
                dedicated_tenant_id=scope.tenant_id,
                secret_hash=secret_hash(secret),
                boot_id=request.boot_id,
                agent_version=request.agent_version[:40],
                os=request.os[:120],
                engines=dict(list(request.engines.items())[:20]),
                cpu_cores=max(1, min(request.cpu_cores, 32767)),
                memory_bytes=max(0, request.memory_bytes),
                scratch_bytes_total=max(0, request.scratch_bytes_total),
                scratch_bytes_free=max(0, request.scratch_bytes_free),
                max_slots=max(1, min(request.max_slots, 64)),
                fonts_hash=_hash_or_none(request.fonts_sha256),
                alive_s=self.alive_s,
                plugins=[name[:120] for name in request.plugins[:MAX_PLUGINS]],
                own_hours=own_hours,
                understands=sorted(set(request.understands)),
                protocol=request.protocol,
            )
        settings = self._settings
        return Registered(
            node_id=node_id,
            name=name,
            node_secret=secret,
            lease_s=settings.lease_s,
            heartbeat_s=settings.heartbeat_s,
            progress_s=settings.progress_s,
            claim_wait_s=settings.claim_wait_s,
        )

    @property
    def alive_s(self) -> float:
        """How long after its last report a node counts as living."""
        return self._settings.lease_s

    async def end_boot(self, conn: Conn, node: NodeRow) -> None:
        """Give back everything that an earlier start of the node holds: it is not running any more."""
        held = await chunk_rows.held_by(conn, node_id=node.id)
        for chunk in held:
            await take_back(conn, self._bells, chunk, error_code="boot_ended", exclude=None)
        stills = await still_rows.give_back(conn, node_id=node.id)
        if held or stills:
            first = held[0] if held else None
            await crash_rows.insert_crash(
                conn,
                node_id=node.id,
                tenant_id=first.tenant_id if first else None,
                render_job_id=first.render_job_id if first else None,
                frame_job_id=first.id if first else None,
                kind="agent_crash",
                fingerprint="agent_crash",
                log_excerpt=f"boot {node.boot_id} ended with {len(held)} chunks and {stills} pictures unfinished",
                recovery="pending" if first else "retried_other",
                code="boot_ended",
                epoch=first.epoch if first else None,
                scene_key=first.scene_key if first else None,
            )
            await self.ring_all(conn, node.pool)

    async def ring_all(self, conn: Conn, pool: str) -> None:
        """Wake whoever waits for work in a pool of nodes, of any engine."""
        for engine in ENGINES:
            await self._bells.ring(conn, frames_bell(work_pool(engine, pool)))
            await self._bells.ring(conn, stills_bell(work_pool(engine, pool)))

    async def recognise(self, conn: Conn, secret: str, boot_id: UUID) -> NodeRow:
        """Return the node that calls. Raises NodeUnknown and BootSuperseded."""
        node = await rows.by_secret(conn, secret_hash=secret_hash(secret))
        if node is None:
            raise errors.NodeUnknown("this node secret is not valid any more: register again")
        if node.boot_id != boot_id:
            raise errors.BootSuperseded("a newer start of this node has registered")
        return node

    async def may_take(self, conn: Conn, node: NodeRow) -> bool:
        """Return whether a node that may work gets more now: after a quarantine one piece of work at a time, until one succeeds."""
        return not node.probing or await rows.has_nothing(conn, node_id=node.id)

    async def still_there(self, conn: Conn, node: NodeRow) -> None:
        """Hold the node's start until the transaction ends, so that what is granted in it is seen by the start that ends this one. Raises BootSuperseded."""
        if not await rows.hold_boot(conn, node_id=node.id, boot_id=node.boot_id):
            raise errors.BootSuperseded("a newer start of this node has registered")

    async def page(self, tenant_id: UUID) -> list[NodeRow]:
        """Return a tenant's own nodes; the platform's tenant sees the fleet."""
        async with self._database.tenant(tenant_id) as conn:
            return await rows.nodes(conn, tenant_id=tenant_id, fleet_too=fleet_too(tenant_id))

    async def set_draining(
        self, tenant_id: UUID, node_id: UUID, *, draining: bool, user_id: UUID | None = None
    ) -> NodeRow:
        """Drain a node (it finishes what it has and takes nothing) or let it work again. Raises NodeNotFound."""
        async with self._database.tenant(tenant_id) as conn:
            found = await rows.set_draining(
                conn, node_id=node_id, tenant_id=tenant_id, fleet_too=fleet_too(tenant_id), draining=draining
            )
            node = await rows.by_id(conn, node_id=node_id) if found else None
            if node is None:
                raise errors.NodeNotFound("there is no such node")
            # Kept for the node's history; the node hears of it as an order, for as long as it holds.
            await fleet_rows.insert_command(
                conn, node_id=node_id, command="drain" if draining else "resume", args={}, user_id=user_id, done=True
            )
            await self.ring_all(conn, node.pool)
            return node

    async def tokens(self, tenant_id: UUID) -> list[TokenRow]:
        """Return the tenant's node tokens; the platform's tenant sees the fleet's too."""
        async with self._database.tenant(tenant_id) as conn:
            return await rows.tokens(conn, tenant_id=tenant_id, fleet_too=fleet_too(tenant_id))

    async def make_token(
        self, tenant_id: UUID, name: str, *, fleet: bool, key: IdempotencyKey | None = None
    ) -> tuple[TokenRow, str]:
        """Make a node token and return it with its secret, which is shown this once.

        Raises FleetForbidden for a fleet token outside the platform's tenant, and TokenShown when the key made one before.
        """
        if fleet and not fleet_too(tenant_id):
            raise errors.FleetForbidden("only the platform may make tokens for the whole fleet")
        secret = new_secret(TOKEN_PREFIX)
        made: list[TokenRow] = []
        async with self._database.tenant(tenant_id) as conn:

            async def make() -> UUID:
                row = await rows.insert_token(
                    conn, tenant_id=None if fleet else tenant_id, name=name, token_hash=secret_hash(secret)
                )
                if row is None:
                    raise Conflict("this token exists already")
                made.append(row)
                return row.id

            if key is None:
                await make()
            else:
                await run_once(conn, SCHEMA, tenant_id, "node_token", key, UUID, make)
        if not made:
            raise errors.TokenShown("this key has made a token already, and a token is shown only once: use a new key")
        return made[0], secret

    async def revoke_token(self, tenant_id: UUID, token_id: UUID) -> None:
        """Make a token useless for registering; nodes that are registered go on until they start again. Raises NodeNotFound."""
        async with self._database.tenant(tenant_id) as conn:
            if not await rows.revoke_token(
                conn, tenant_id=tenant_id, token_id=token_id, fleet_too=fleet_too(tenant_id)
            ):
                raise errors.NodeNotFound("there is no such token")

    async def keep_token(self, name: str, token: str) -> None:
        """Make sure that a fleet token given by the operator is known; harmless when it is already."""
        async with self._database.worker() as conn:
            await rows.insert_token(conn, tenant_id=None, name=name, token_hash=secret_hash(token))


def _hash_or_none(text: str | None) -> bytes | None:
    """Return the 32 bytes of a hexadecimal hash; None for anything else: it is only shown."""
    try:
        value = bytes.fromhex(text or "")
    except ValueError:
        return None
    return value if len(value) == 32 else None


def fleet_too(tenant_id: UUID) -> bool:
    """Return whether a tenant looks after the whole fleet."""
    return tenant_id == DEFAULT_TENANT_ID

"""What people tell nodes. What a node should be is kept and repeated with each heartbeat (drain, sleep, quarantine); what it should do once is a command."""

from typing import Any, Literal
from uuid import UUID

import msgspec

from flatrender.kit.db import Bells, Conn, Database
from flatrender.kit.ids import new_secret, secret_hash
from flatrender.protocol.heartbeat import Command, CommandAnswer, Heartbeat, Order
from flatrender.protocol.register import CommandName, Hours
from flatrender.services.render import errors
from flatrender.services.render.queries import fleet as rows
from flatrender.services.render.queries import nodes as node_rows
from flatrender.services.render.queries.fleet import CommandRow
from flatrender.services.render.queries.nodes import NodeRow
from flatrender.services.render.service.hours import asleep_s, checked_hours
from flatrender.services.render.service.nodes import SECRET_PREFIX, Nodes, fleet_too

COMMANDS_A_BEAT = 20
MAX_DETAIL = 64 * 1024
HISTORY = 50
Change = Literal["quarantine", "release"]


class Fleet:
    """Orders and commands to nodes."""

    def __init__(self, database: Database, bells: Bells, nodes: Nodes) -> None:
        self._database = database
        self._bells = bells
        self._nodes = nodes

    async def set_hours(self, tenant_id: UUID, node_id: UUID, hours: Hours | None) -> NodeRow:
        """Set when a node works; None: as it said itself at its start. Raises NodeNotFound and Refused `render.hours_invalid`."""
        wanted = None if hours is None else dict(msgspec.to_builtins(checked_hours(hours)))
        async with self._database.tenant(tenant_id) as conn:
            found = await rows.set_hours(
                conn, node_id=node_id, tenant_id=tenant_id, fleet_too=fleet_too(tenant_id), hours=wanted
            )
            node = await self._changed(conn, node_id, found)
            await rows.note_asleep(conn, node_id=node_id, asleep_s=asleep_s(node))
            await self._nodes.ring_all(conn, node.pool)
            return await self._changed(conn, node_id, found)

    async def quarantine(self, tenant_id: UUID, node_id: UUID, *, reason: str, for_s: float | None) -> NodeRow:
        """Take a node out of work, for seconds or (None) until it is released; it finishes what it has. Raises NodeNotFound."""
        async with self._database.tenant(tenant_id) as conn:
            found = await rows.quarantine(
                conn,
                node_id=node_id,
                tenant_id=tenant_id,
                fleet_too=fleet_too(tenant_id),
                reason=reason,
                for_s=for_s,
            )
            return await self._changed(conn, node_id, found)

    async def release(self, tenant_id: UUID, node_id: UUID) -> NodeRow:
        """End a quarantine: the node gets one piece of work to show that it is well again. Raises NodeNotFound."""
        async with self._database.tenant(tenant_id) as conn:
            found = await rows.release(conn, node_id=node_id, tenant_id=tenant_id, fleet_too=fleet_too(tenant_id))
            node = await self._changed(conn, node_id, found)
            await self._nodes.ring_all(conn, node.pool)
            return node

    async def rotate_secret(self, tenant_id: UUID, node_id: UUID) -> NodeRow:
        """Make the node's secret useless: its next call is refused, and it registers again with its node token, its work in hand.

        With a token that was revoked before, it is out at once. Raises NodeNotFound.
        """
        async with self._database.tenant(tenant_id) as conn:
            found = await rows.set_secret(
                conn,
                node_id=node_id,
                tenant_id=tenant_id,
                fleet_too=fleet_too(tenant_id),
                secret_hash=secret_hash(new_secret(SECRET_PREFIX)),
            )
            return await self._changed(conn, node_id, found)

    async def command(
        self, tenant_id: UUID, node_id: UUID, command: CommandName, args: dict[str, Any], *, user_id: UUID | None
    ) -> CommandRow:
        """Tell a node to do something once; the same command that is still open is returned instead of a second one.

        Raises NodeNotFound, and CommandUnsupported when the node did not register the command.
        """
        async with self._database.tenant(tenant_id) as conn:
            node = await self._mine(conn, tenant_id, node_id)
            if command not in node.understands:
                raise errors.CommandUnsupported(f"the node {node.name} does not carry out {command}: update its agent")
            made = await rows.insert_command(conn, node_id=node_id, command=command, args=args, user_id=user_id)
            made = made or await rows.open_command(conn, node_id=node_id, command=command, args=args)
            if made is None:
                raise errors.NodeNotFound("there is no such node")
            return made

    async def commands(self, tenant_id: UUID, node_id: UUID) -> list[CommandRow]:
        """Return the newest commands of a node and what came of them, newest first. Raises NodeNotFound."""
        async with self._database.tenant(tenant_id) as conn:
            await self._mine(conn, tenant_id, node_id)
            return await rows.commands(conn, node_id=node_id, limit=HISTORY)

    async def _mine(self, conn: Conn, tenant_id: UUID, node_id: UUID) -> NodeRow:
        node = await node_rows.by_id(conn, node_id=node_id)
        mine = node is not None and (
            node.dedicated_tenant_id == tenant_id or (node.dedicated_tenant_id is None and fleet_too(tenant_id))
        )
        if node is None or not mine or node.status == "retired":
            raise errors.NodeNotFound("there is no such node")
        return node

    async def _changed(self, conn: Conn, node_id: UUID, found: bool) -> NodeRow:
        node = await node_rows.by_id(conn, node_id=node_id) if found else None
        if node is None:
            raise errors.NodeNotFound("there is no such node")
        return node


def order_of(node: NodeRow) -> tuple[Order, float | None]:
    """Return what a node should be now, and for how long it sleeps when that is why."""
    asleep = asleep_s(node)
    if node.status in ("draining", "retired") or node.quarantined:
        return "drain", None
    return ("work", None) if asleep is None else ("drain", asleep)


async def heard(conn: Conn, node: NodeRow, beat: Heartbeat) -> list[Command]:
    """Take a heartbeat's answers to commands and return those that the node should carry out; also note whether it sleeps."""
    for said in beat.answers[:COMMANDS_A_BEAT]:
        await rows.answer(
            conn, node_id=node.id, command_id=said.id, done=said.done, detail=_storable(said.detail)[:MAX_DETAIL]
        )
    asleep = asleep_s(node)
    known = None if node.asleep_until is None else (node.asleep_until - node.read_at).total_seconds()
    if (asleep is None) != (known is None) or (asleep is not None and known is not None and abs(asleep - known) > 5):
        await rows.note_asleep(conn, node_id=node.id, asleep_s=asleep)
    if not node.understands:
        return []
    told = await rows.deliver(conn, node_id=node.id, understood=node.understands, limit=COMMANDS_A_BEAT)
    return [await _command(conn, node, row) for row in told]


async def _command(conn: Conn, node: NodeRow, row: CommandRow) -> Command:
    leases: list[UUID] = []
    if row.command == "kill_job":
        leases = await rows.leases_of_job(conn, node_id=node.id, job_id=UUID(row.args["render_job_id"]))
    return Command(
        id=row.id,
        command=row.command,  # type: ignore[arg-type]  # the table also knows orders, which no node registers as understood
        now=bool(row.args.get("now", False)),
        lease_ids=leases,
        lines=int(row.args.get("lines", 500)),
    )


def _storable(text: str) -> str:
    return text.replace("\0", "")


__all__ = ["CommandAnswer", "Fleet", "heard", "order_of"]

"""Routes with which admins tell nodes what to be and what to do."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body

from flatrender.kit.http import responses
from flatrender.protocol.register import CommandName, Hours
from flatrender.services.render.endpoints import NodesAdmin, node_out
from flatrender.services.render.queries.fleet import CommandRow
from flatrender.services.render.schemas import (
    CollectLogsIn,
    KillJobIn,
    NodeCommandOut,
    NodeCommandsOut,
    NodeHours,
    NodeOut,
    QuarantineIn,
    RestartIn,
)
from flatrender.services.render.service.fleet import Fleet


def router(*, fleet: Fleet) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["render admin"], prefix="/v1/admin/nodes/{node_id}")

    async def told(who: NodesAdmin, node_id: UUID, command: CommandName, args: dict[str, Any]) -> NodeCommandOut:
        return command_out(await fleet.command(who.tenant_id, node_id, command, args, user_id=who.user_id))

    @routes.put("/hours", response_model=NodeOut, responses=responses(403))
    async def set_hours(node_id: UUID, body: NodeHours, who: NodesAdmin) -> NodeOut:
        """Set when a node works."""
        hours = Hours(begin=body.begin, end=body.end, days=tuple(body.days), time_zone=body.time_zone)
        return node_out(await fleet.set_hours(who.tenant_id, node_id, hours))

    @routes.delete("/hours", response_model=NodeOut, responses=responses(403))
    async def clear_hours(node_id: UUID, who: NodesAdmin) -> NodeOut:
        """Let a node work when it says so itself: always, unless it was started with hours."""
        return node_out(await fleet.set_hours(who.tenant_id, node_id, None))

    @routes.post("/quarantine", response_model=NodeOut, responses=responses(403))
    async def quarantine_node(
        node_id: UUID, who: NodesAdmin, body: Annotated[QuarantineIn | None, Body()] = None
    ) -> NodeOut:
        """Take a node out of work; it finishes what it has."""
        wanted = body or QuarantineIn()
        for_s = None if wanted.minutes is None else wanted.minutes * 60.0
        return node_out(await fleet.quarantine(who.tenant_id, node_id, reason=wanted.reason, for_s=for_s))

    @routes.post("/release", response_model=NodeOut, responses=responses(403))
    async def release_node(node_id: UUID, who: NodesAdmin) -> NodeOut:
        """End a node's quarantine: it gets one piece of work at a time until one succeeds."""
        return node_out(await fleet.release(who.tenant_id, node_id))

    @routes.post("/rotate-token", response_model=NodeOut, responses=responses(403))
    async def rotate_token(node_id: UUID, who: NodesAdmin) -> NodeOut:
        """Make the node's secret useless: it registers again with its node token, or is out when that was revoked."""
        return node_out(await fleet.rotate_secret(who.tenant_id, node_id))

    @routes.post("/restart", response_model=NodeCommandOut, status_code=202, responses=responses(403, 409))
    async def restart_node(
        node_id: UUID, who: NodesAdmin, body: Annotated[RestartIn | None, Body()] = None
    ) -> NodeCommandOut:
        """Let the agent end, after its work unless `now`, and start again."""
        return await told(who, node_id, "restart_agent", {"now": (body or RestartIn()).now})

    @routes.post("/purge-cache", response_model=NodeCommandOut, status_code=202, responses=responses(403, 409))
    async def purge_cache(node_id: UUID, who: NodesAdmin) -> NodeCommandOut:
        """Empty the node's caches of what is not in use."""
        return await told(who, node_id, "purge_cache", {})

    @routes.post("/kill-job", response_model=NodeCommandOut, status_code=202, responses=responses(403, 409))
    async def kill_job(node_id: UUID, body: KillJobIn, who: NodesAdmin) -> NodeCommandOut:
        """Take a film's parts from the node; another one draws them."""
        return await told(who, node_id, "kill_job", {"render_job_id": str(body.render_job_id)})

    @routes.post("/collect-logs", response_model=NodeCommandOut, status_code=202, responses=responses(403, 409))
    async def collect_logs(
        node_id: UUID, who: NodesAdmin, body: Annotated[CollectLogsIn | None, Body()] = None
    ) -> NodeCommandOut:
        """Ask for the end of the agent's log; it is the command's `detail` when the node has answered."""
        return await told(who, node_id, "collect_logs", {"lines": (body or CollectLogsIn()).lines})

    @routes.get("/commands", response_model=NodeCommandsOut, responses=responses(403))
    async def list_commands(node_id: UUID, who: NodesAdmin) -> NodeCommandsOut:
        """List what the node was told and what came of it, newest first."""
        return NodeCommandsOut(items=[command_out(row) for row in await fleet.commands(who.tenant_id, node_id)])

    return routes


def command_out(row: CommandRow) -> NodeCommandOut:
    """Shape a command."""
    return NodeCommandOut(
        id=row.id,
        command=row.command,
        status=row.status,
        detail=row.detail,
        issued_by_user_id=row.issued_by_user_id,
        created_at=row.created_at,
        delivered_at=row.delivered_at,
        completed_at=row.completed_at,
        expires_at=row.expires_at,
    )

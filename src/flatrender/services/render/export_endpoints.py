"""Routes of finished files, of where they are delivered, and of the profiles that they are made in."""

from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Path, Response

from flatrender.contracts.identity import PERMISSION_RENDER
from flatrender.kit.http import Caller, CallerDep, IdempotencyDep, IfMatchDep, Page, PageDep, etag, require, responses
from flatrender.services.render.export_schemas import (
    AttemptOut,
    DeliverIn,
    DeliveryDetail,
    DeliveryOut,
    ExportDetail,
    LinkIn,
    LinkOut,
    NewTargetOut,
    OutputOut,
    ProfileBody,
    ProfileIn,
    ProfileOut,
    ProfilesOut,
    TargetBrief,
    TargetBriefs,
    TargetIn,
    TargetOut,
    TargetPatch,
    TargetsOut,
)
from flatrender.services.render.queries.deliveries import AttemptRow, DeliveryRow, TargetRow
from flatrender.services.render.queries.exports import ExportRow
from flatrender.services.render.queries.profiles import OwnProfile, ProfileValues
from flatrender.services.render.service.delivery_targets import DeliveryTargets, TargetView
from flatrender.services.render.service.exports import Exports, ExportView
from flatrender.services.render.service.profiles import Profiles

RenderAdmin = Annotated[Caller, Depends(require(PERMISSION_RENDER))]
Key = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9._-]{0,39}$")]


def export_router(*, exports: Exports, targets: DeliveryTargets) -> APIRouter:
    """Return the routes for people."""
    routes = APIRouter(tags=["exports"])

    @routes.get("/v1/exports", responses=responses(400))
    async def list_exports(who: CallerDep, page: PageDep) -> Page[ExportDetail]:
        """List the caller's finished files, newest first, also those that expired and can be made again."""
        found = await exports.page(who.tenant_id, user_id=who.user_id, before=page.before, limit=page.limit)
        return Page(
            items=[export_out(view) for view in found],
            next_cursor=page.cursor_after([view.export.id for view in found]),
        )

    @routes.get("/v1/exports/{export_id}", responses=responses())
    async def get_export(export_id: UUID, who: CallerDep) -> ExportDetail:
        """Return one finished file."""
        return export_out(await exports.get(who.tenant_id, export_id, user_id=who.user_id))

    @routes.delete("/v1/exports/{export_id}", status_code=204, responses=responses(409))
    async def delete_export(export_id: UUID, who: CallerDep) -> Response:
        """Delete a finished file; links to it end."""
        await exports.delete(who.tenant_id, export_id, user_id=who.user_id)
        return Response(status_code=204)

    @routes.post("/v1/exports/{export_id}/download-url", responses=responses(409, 410))
    async def export_link(export_id: UUID, who: CallerDep, body: LinkIn) -> LinkOut:
        """Make a link that needs no sign-in, takes ranges and ends with the file."""
        link = await exports.link(who.tenant_id, export_id, user_id=who.user_id, life_s=body.life_s, name=body.filename)
        return LinkOut(url=link.url, expires_at=link.expires_at)

    @routes.post("/v1/exports/{export_id}/renew", responses=responses(409))
    async def renew_export(export_id: UUID, who: CallerDep, key: IdempotencyDep) -> ExportDetail:
        """Keep a file for its days again; one that is gone is made again."""
        return export_out(await exports.renew(who.tenant_id, export_id, user_id=who.user_id, key=key))

    @routes.post("/v1/exports/{export_id}/deliver", status_code=202, responses=responses(409))
    async def deliver_export(export_id: UUID, who: CallerDep, body: DeliverIn) -> DeliveryOut:
        """Deliver a finished file to one of the tenant's targets."""
        made = await targets.send_export(who.tenant_id, export_id, body.target_id, user_id=who.user_id)
        return delivery_out(made)

    @routes.get("/v1/delivery-targets", responses=responses())
    async def list_target_names(who: CallerDep) -> TargetBriefs:
        """List where films can be delivered."""
        return TargetBriefs(items=[_brief(row) for row in await targets.all(who.tenant_id)])

    return routes


def target_admin_router(*, targets: DeliveryTargets) -> APIRouter:
    """Return the admin's routes of delivery targets."""
    routes = APIRouter(tags=["exports admin"])

    @routes.get("/v1/admin/delivery-targets", responses=responses(403))
    async def list_targets(who: RenderAdmin) -> TargetsOut:
        """List the tenant's delivery targets."""
        return TargetsOut(items=[target_out(row) for row in await targets.all(who.tenant_id)])

    @routes.post("/v1/admin/delivery-targets", status_code=201, responses=responses(403, 409))
    async def make_target(body: TargetIn, who: RenderAdmin, key: IdempotencyDep) -> NewTargetOut:
        """Make a delivery target; a webhook's signing secret is in this answer and nowhere else."""
        made = await targets.make(
            who.tenant_id,
            user_id=who.user_id,
            name=body.name,
            kind=body.kind,
            config=body.config,
            secret_access_key=body.secret_access_key,
            is_default=body.is_default,
            key=key,
        )
        return _new_target(made)

    @routes.get("/v1/admin/delivery-targets/{target_id}", responses=responses(403))
    async def get_target(target_id: UUID, who: RenderAdmin, response: Response) -> TargetOut:
        """Return a delivery target."""
        row = await targets.one(who.tenant_id, target_id)
        response.headers["ETag"] = etag(row.row_version)
        return target_out(row)

    @routes.patch("/v1/admin/delivery-targets/{target_id}", responses=responses(400, 403, 409, 412, 428))
    async def change_target(
        target_id: UUID, body: TargetPatch, who: RenderAdmin, version: IfMatchDep, response: Response
    ) -> TargetOut:
        """Change a delivery target."""
        row = await targets.change(who.tenant_id, target_id, version=version, **body.model_dump())
        response.headers["ETag"] = etag(row.row_version)
        return target_out(row)

    @routes.delete("/v1/admin/delivery-targets/{target_id}", status_code=204, responses=responses(403))
    async def delete_target(target_id: UUID, who: RenderAdmin) -> Response:
        """Remove a delivery target; what waits for it is cancelled."""
        await targets.delete(who.tenant_id, target_id)
        return Response(status_code=204)

    @routes.post("/v1/admin/delivery-targets/{target_id}/test", status_code=202, responses=responses(403))
    async def test_target(target_id: UUID, who: RenderAdmin) -> DeliveryOut:
        """Send a test message, or put a small file into the bucket and remove it; the answer is the delivery, which says how it went."""
        return delivery_out(await targets.test(who.tenant_id, target_id))

    @routes.post("/v1/admin/delivery-targets/{target_id}/rotate-secret", responses=responses(403))
    async def rotate_target_secret(target_id: UUID, who: RenderAdmin) -> NewTargetOut:
        """Give a webhook a new signing secret; for a day messages carry both signatures."""
        return _new_target(await targets.rotate(who.tenant_id, target_id))

    @routes.get("/v1/admin/delivery-targets/{target_id}/deliveries", responses=responses(400, 403))
    async def list_deliveries(target_id: UUID, who: RenderAdmin, page: PageDep) -> Page[DeliveryOut]:
        """List what was delivered to a target, newest first."""
        found = await targets.deliveries(who.tenant_id, target_id, before=page.before, limit=page.limit)
        return Page(
            items=[delivery_out(row) for row in found], next_cursor=page.cursor_after([row.id for row in found])
        )

    @routes.get("/v1/admin/deliveries/{delivery_id}", responses=responses(403))
    async def get_delivery(delivery_id: UUID, who: RenderAdmin) -> DeliveryDetail:
        """Return a delivery with its attempts."""
        row, attempts = await targets.delivery(who.tenant_id, delivery_id)
        return DeliveryDetail(**delivery_out(row).model_dump(), attempts=[_attempt(attempt) for attempt in attempts])

    @routes.post("/v1/admin/deliveries/{delivery_id}/replay", status_code=202, responses=responses(403, 409))
    async def replay_delivery(delivery_id: UUID, who: RenderAdmin, key: IdempotencyDep) -> DeliveryOut:
        """Send something again that was delivered or given up: the same message under the same id."""
        return delivery_out(await targets.replay(who.tenant_id, delivery_id, key=key))

    return routes


def profile_admin_router(*, profiles: Profiles) -> APIRouter:
    """Return the admin's routes of output profiles."""
    routes = APIRouter(tags=["exports admin"])

    @routes.get("/v1/admin/output-profiles", responses=responses(403))
    async def list_own_profiles(who: RenderAdmin) -> ProfilesOut:
        """List the tenant's own output profiles, also those that are switched off."""
        return ProfilesOut(items=[profile_out(row) for row in await profiles.own(who.tenant_id)])

    @routes.post("/v1/admin/output-profiles", status_code=201, responses=responses(403, 409))
    async def make_profile(body: ProfileIn, who: RenderAdmin) -> ProfileOut:
        """Make an output profile; one with a key of the platform's takes its place for the tenant."""
        return profile_out(await profiles.make(who.tenant_id, body.key, _values(body)))

    @routes.put("/v1/admin/output-profiles/{key}", responses=responses(400, 403, 412, 428))
    async def change_profile(
        key: Key, body: ProfileBody, who: RenderAdmin, version: IfMatchDep, response: Response
    ) -> ProfileOut:
        """Change an output profile; films that are planned already stay as they are."""
        row = await profiles.change(who.tenant_id, key, version=version, values=_values(body))
        response.headers["ETag"] = etag(row.row_version)
        return profile_out(row)

    @routes.delete("/v1/admin/output-profiles/{key}", status_code=204, responses=responses(403))
    async def delete_profile(key: Key, who: RenderAdmin) -> Response:
        """Remove an output profile of the tenant's own."""
        await profiles.delete(who.tenant_id, key)
        return Response(status_code=204)

    return routes


def output_out(export: ExportRow) -> OutputOut:
    """Shape an output."""
    content = f"/v1/files/{export.file_id}/content" if export.status == "ready" and export.file_id else None
    return OutputOut(
        id=export.id,
        output=export.output_no,
        profile=export.profile_key,
        status=export.status,  # type: ignore[arg-type]  # the database's check knows the same words
        container=export.container,
        codecs=export.codecs,
        width=export.width,
        height=export.height,
        duration_ms=export.duration_ms,
        bytes=export.bytes,
        sha256=export.sha256.hex() if export.sha256 else None,
        error_code=export.error_code,
        error_message=export.error_message,
        expires_at=export.expires_at,
        file_id=export.file_id if content else None,
        play_url=content,
        download_url=f"{content}?download=1" if content else None,
    )


def export_out(view: ExportView) -> ExportDetail:
    """Shape a finished file."""
    export = view.export
    return ExportDetail(
        **output_out(export).model_dump(),
        render_job_id=export.render_job_id,
        saved_project_id=export.saved_project_id,
        title=export.title,
        poster_url=f"/v1/files/{view.poster_file_id}/content" if view.poster_file_id else None,
        download_count=export.download_count,
        created_at=export.created_at,
    )


def _brief(row: TargetRow) -> TargetBrief:
    return TargetBrief(id=row.id, name=row.name, kind=row.kind, is_default=row.is_default, status=row.status)  # type: ignore[arg-type]


def target_out(row: TargetRow) -> TargetOut:
    """Shape a delivery target."""
    return TargetOut(
        **_brief(row).model_dump(),
        config=row.config,
        consecutive_failures=row.consecutive_failures,
        last_success_at=row.last_success_at,
        last_error=row.last_error,
        row_version=row.row_version,
        created_at=row.created_at,
    )


def _new_target(view: TargetView) -> NewTargetOut:
    return NewTargetOut(**target_out(view.row).model_dump(), secret=view.secret)


def delivery_out(row: DeliveryRow) -> DeliveryOut:
    """Shape a delivery."""
    return DeliveryOut(
        id=row.id,
        target_id=row.target_id,
        export_id=row.export_id,
        event_type=row.event_type,
        message_id=row.message_id,
        status=row.status,  # type: ignore[arg-type]  # the database's check knows the same words
        attempt=row.attempt,
        next_attempt_at=row.next_attempt_at if row.status == "pending" else None,
        last_status_code=row.last_status_code,
        last_error=row.last_error,
        location=row.location,
        replay_of_id=row.replay_of_id,
        delivered_at=row.delivered_at,
        created_at=row.created_at,
    )


def _attempt(row: AttemptRow) -> AttemptOut:
    return AttemptOut(
        attempt=row.attempt_no,
        outcome=row.outcome,  # type: ignore[arg-type]  # the database's check knows the same words
        status_code=row.status_code,
        error=row.error,
        response=row.response_snippet,
        address=row.resolved_ip,
        duration_ms=row.duration_ms,
        created_at=row.created_at,
    )


def profile_out(row: OwnProfile) -> ProfileOut:
    """Shape an output profile."""
    return ProfileOut(**msgspec.structs.asdict(row))


def _values(body: ProfileBody) -> ProfileValues:
    return ProfileValues(**body.model_dump(exclude={"key"}))

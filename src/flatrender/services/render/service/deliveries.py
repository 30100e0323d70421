"""What is put on its way when a film's file is ready: an event, and one delivery to each target that wants it. Sending is `delivering`."""

from collections.abc import Sequence
from uuid import UUID

from flatrender.kit.db import Bells, Conn, emit
from flatrender.kit.webhook_signature import new_message_id
from flatrender.services.render import errors
from flatrender.services.render.queries import deliveries as rows
from flatrender.services.render.queries.jobs import JobRow
from flatrender.services.render.service.events import SCHEMA

BELL = "deliveries"
EXPORT_READY = "export.ready"
TARGET_TEST = "target.test"


async def check_targets(conn: Conn, tenant_id: UUID, ids: Sequence[UUID]) -> None:
    """Raise UnknownTarget unless the tenant has all these targets."""
    if not ids:
        return
    there = await rows.chosen_targets(conn, tenant_id=tenant_id, ids=ids)
    missing = sorted(set(ids) - set(there))
    if missing:
        raise errors.UnknownTarget(f"there is no delivery target {missing[0]}")


async def announce_export(conn: Conn, bells: Bells, job: JobRow, export_id: UUID) -> None:
    """Say in the caller's transaction that an output is ready, and put it on its way: to the targets that the press named, else to the tenant's usual ones.

    The attempt number is part of the key, so that an output that is made again is delivered again, and a repeated step delivers nothing twice.
    """
    await emit(
        conn,
        SCHEMA,
        tenant_id=job.tenant_id,
        type=EXPORT_READY,
        aggregate_type="export",
        aggregate_id=export_id,
        payload={
            "job_id": str(job.id),
            "user_id": str(job.user_id),
            "title": job.title or "",
            "export_ids": [str(export_id)],
        },
    )
    named = await rows.wanted_targets(conn, tenant_id=job.tenant_id, job_id=job.id)
    for target_id in await rows.chosen_targets(conn, tenant_id=job.tenant_id, ids=named):
        await deliver(conn, bells, job.tenant_id, target_id, export_id, key=f"{EXPORT_READY}:{export_id}:{job.attempt}")


async def deliver(
    conn: Conn, bells: Bells, tenant_id: UUID, target_id: UUID, export_id: UUID | None, *, key: str
) -> UUID | None:
    """Put an output (None: a test) on its way to a target, once for each key; return the delivery's id, None when it was before."""
    delivery_id = await rows.enqueue(
        conn,
        tenant_id=tenant_id,
        target_id=target_id,
        export_id=export_id,
        event_type=EXPORT_READY if export_id is not None else TARGET_TEST,
        message_id=new_message_id(),
        dedupe_key=key,
    )
    await bells.ring(conn, BELL)
    return delivery_id

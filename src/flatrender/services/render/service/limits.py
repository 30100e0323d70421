"""Who gets how much of the farm: the limits of a tenant, and the priority of one film."""

from uuid import UUID

from flatrender.contracts.identity import IdentityApi
from flatrender.kit.db import Bells, Database
from flatrender.kit.ids import DEFAULT_TENANT_ID
from flatrender.services.render import errors
from flatrender.services.render.queries import jobs as job_rows
from flatrender.services.render.queries import limits as rows
from flatrender.services.render.queries.limits import LimitsRow
from flatrender.services.render.service.events import frames_bell, tell
from flatrender.services.render.service.jobs import lane_priority

ORDERED = ("queued", "preparing", "rendering")
"""A film's priority means something while it waits or is drawn."""


class Limits:
    """What admins set. A tenant's admin sees its limits; the platform's tenant sets those of all."""

    def __init__(self, database: Database, bells: Bells, identity: IdentityApi) -> None:
        self._database = database
        self._bells = bells
        self._identity = identity

    async def get(self, caller_tenant_id: UUID, tenant_id: UUID) -> LimitsRow:
        """Return a tenant's limits. Raises FleetForbidden for another tenant's, TenantNotFound."""
        if caller_tenant_id not in (tenant_id, DEFAULT_TENANT_ID):
            raise errors.FleetForbidden("only the platform sees the limits of other tenants")
        await self._exists(tenant_id)
        async with self._database.tenant(tenant_id) as conn:
            return await rows.limits(conn, tenant_id=tenant_id)

    async def set(self, caller_tenant_id: UUID, tenant_id: UUID, wanted: LimitsRow) -> LimitsRow:
        """Set a tenant's limits, from the next claim on; what runs goes on. Raises FleetForbidden outside the platform's tenant, TenantNotFound."""
        if caller_tenant_id != DEFAULT_TENANT_ID:
            raise errors.FleetForbidden("only the platform sets what tenants may have of the farm")
        await self._exists(tenant_id)
        async with self._database.tenant(tenant_id) as conn:
            await rows.set_limits(conn, tenant_id=tenant_id, wanted=wanted)
            for pool in await rows.waiting_pools(conn, tenant_id=tenant_id):
                await self._bells.ring(conn, frames_bell(pool))
        return wanted

    async def _exists(self, tenant_id: UUID) -> None:
        if await self._identity.branding(tenant_id=tenant_id) is None:
            raise errors.TenantNotFound("there is no such tenant")

    async def set_priority(self, tenant_id: UUID, job_id: UUID, priority: int) -> None:
        """Move a film before or behind others, -100 to 100; what nodes hold of it goes on.

        Priorities are compared between tenants, so outside the platform's tenant a film does not rise above where its kind begins: to let one go first
        there, others are lowered. Raises JobNotFound, NotOrdered (it is drawn already) and FleetForbidden.
        """
        async with self._database.tenant(tenant_id) as conn:
            job = await job_rows.job(conn, tenant_id=tenant_id, job_id=job_id, lock=True)
            if job is None:
                raise errors.JobNotFound("there is no such film")
            if job.status not in ORDERED:
                raise errors.NotOrdered(f"the film is {job.status}: its priority changes nothing any more")
            most = 100 if tenant_id == DEFAULT_TENANT_ID else lane_priority(job.output_profile_key)
            if priority > most:
                raise errors.FleetForbidden(
                    f"only the platform lets films go before other tenants': {most} is this film's highest priority"
                )
            for pool in await rows.set_priority(conn, tenant_id=tenant_id, job_id=job_id, priority=priority):
                await self._bells.ring(conn, frames_bell(pool))
            moved = await job_rows.job(conn, tenant_id=tenant_id, job_id=job_id)
            if moved is not None:
                await tell(conn, self._bells, moved, "progress")

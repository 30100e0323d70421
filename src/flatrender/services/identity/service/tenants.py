"""Which tenant a host name means."""

from uuid import UUID

from flatrender.kit.db import Database
from flatrender.kit.errors import Unavailable
from flatrender.kit.ids import DEFAULT_TENANT_ID
from flatrender.services.identity.queries import people as queries
from flatrender.services.identity.queries.people import TenantRow
from flatrender.services.identity.settings import IdentitySettings


class Tenants:
    """Finds tenants: a verified domain first, then `<slug>.<base domain>`, else the default tenant."""

    def __init__(self, database: Database, settings: IdentitySettings) -> None:
        self._database = database
        self._settings = settings

    async def by_host(self, host: str) -> TenantRow:
        """Return the tenant for a host name; one that is not active gives way to the default tenant."""
        name = host.strip().rstrip(".").lower()[:253]
        async with self._database.anonymous() as conn:
            found = await queries.tenant_id_by_domain(conn, name)
            slug = self._slug(name)
            if found is None and slug is not None:
                found = await queries.tenant_id_by_slug(conn, slug)
        if found is not None:
            tenant = await self.get(found)
            if tenant is not None and tenant.status == "active":
                return tenant
        tenant = await self.get(DEFAULT_TENANT_ID)
        if tenant is None:
            raise Unavailable("the default tenant is missing: apply the migrations", code="identity.no_default_tenant")
        return tenant

    async def get(self, tenant_id: UUID) -> TenantRow | None:
        """Return one tenant."""
        async with self._database.tenant(tenant_id) as conn:
            return await queries.tenant(conn, tenant_id)

    def _slug(self, name: str) -> str | None:
        for base in self._settings.base_domains:
            slug = name.removesuffix("." + base)
            if slug != name and slug and "." not in slug:
                return slug
        return None

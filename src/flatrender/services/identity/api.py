"""The contract of identity, in this process."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from flatrender.contracts.identity import Account, Branding, Identified, TenantBrief
from flatrender.services.identity.service.people import People
from flatrender.services.identity.service.sessions import Sessions
from flatrender.services.identity.service.tenants import Tenants


class LocalIdentity:
    """Implements `IdentityApi`."""

    def __init__(self, sessions: Sessions, tenants: Tenants, people: People) -> None:
        self._sessions = sessions
        self._tenants = tenants
        self._people = people

    async def identify(self, *, access_token: str) -> Identified:
        """Return who holds the token."""
        return await self._sessions.identify(access_token)

    async def tenant_by_host(self, *, host: str) -> TenantBrief | None:
        """Return the tenant that the host name means."""
        tenant = await self._tenants.by_host(host)
        return TenantBrief(
            id=tenant.id,
            slug=tenant.slug,
            product_name=tenant.product_name,
            default_locale=tenant.default_locale,
            primary_color=tenant.primary_color,
        )

    async def branding(self, *, tenant_id: UUID) -> Branding | None:
        """Return the tenant's name and mark."""
        tenant = await self._tenants.get(tenant_id)
        if tenant is None:
            return None
        return Branding(product_name=tenant.product_name, watermark_file_id=tenant.watermark_file_id)

    async def accounts(self, *, tenant_id: UUID, ids: Sequence[UUID]) -> Mapping[UUID, Account]:
        """Return the accounts that exist."""
        return await self._people.accounts(tenant_id, ids)

"""What the identity service promises: who is asking, which tenant, who somebody is.

When identity is down, nobody can be recognised: callers raise `Unavailable`, names are left out (`None`).
"""

from collections.abc import Mapping, Sequence
from typing import Protocol
from uuid import UUID

import msgspec

PERMISSION_TEMPLATES = "admin.templates"
PERMISSION_RENDER = "admin.render"
PERMISSION_NODES = "admin.nodes"
ALL_PERMISSIONS = (PERMISSION_TEMPLATES, PERMISSION_RENDER, PERMISSION_NODES)


class Identified(msgspec.Struct, frozen=True, kw_only=True):
    """The person behind an access token that is valid now."""

    tenant_id: UUID
    user_id: UUID
    session_id: UUID
    permissions: list[str]
    locale: str


class TenantBrief(msgspec.Struct, frozen=True, kw_only=True):
    """What a visitor may know of a tenant before signing in."""

    id: UUID
    slug: str
    product_name: str
    default_locale: str
    primary_color: str | None


class Branding(msgspec.Struct, frozen=True, kw_only=True):
    """What a tenant puts on its films where they are to be marked."""

    product_name: str
    watermark_file_id: UUID | None
    """A picture; without it the name is the mark."""


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """The part of a user that other services may see."""

    id: UUID
    display_name: str
    locale: str


class IdentityApi(Protocol):
    """The interface of identity."""

    async def identify(self, *, access_token: str) -> Identified:
        """Return who holds the token; raise NotSignedIn (`identity.not_signed_in`, `identity.token_expired`) when it is not valid now."""

    async def tenant_by_host(self, *, host: str) -> TenantBrief | None:
        """Return the tenant whose domain or slug the host name (without port) says; the default tenant for any other host."""

    async def branding(self, *, tenant_id: UUID) -> Branding | None:
        """Return the tenant's name and mark; None when there is no such tenant."""

    async def accounts(self, *, tenant_id: UUID, ids: Sequence[UUID]) -> Mapping[UUID, Account]:
        """Return the accounts that exist; a missing id is absent."""

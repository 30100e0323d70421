"""People as they see themselves and as other services see them; the accounts that the host makes at its first start."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from argon2 import PasswordHasher

from flatrender.contracts.identity import ALL_PERMISSIONS, Account
from flatrender.kit.db import Database
from flatrender.kit.errors import NotSignedIn
from flatrender.services.identity.errors import UnknownRole
from flatrender.services.identity.queries import people as queries
from flatrender.services.identity.queries.people import TenantRow, UserRow
from flatrender.services.identity.service.passwords import LANES, MEMORY_KIB, PASSES, checked_password

BUILT_IN_ROLES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("admin", "Administrator", ALL_PERMISSIONS),
    ("user", "User", ()),
)


class People:
    """Reads and changes people of one tenant."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def me(self, tenant_id: UUID, user_id: UUID) -> tuple[UserRow, TenantRow]:
        """Return a person and their tenant; raise NotSignedIn when the account is gone."""
        async with self._database.tenant(tenant_id) as conn:
            user = await queries.user(conn, tenant_id, user_id)
            tenant = await queries.tenant(conn, tenant_id)
        if user is None or tenant is None:
            raise NotSignedIn("this account does not exist any more")
        return user, tenant

    async def change_me(
        self, tenant_id: UUID, user_id: UUID, *, display_name: str | None, locale: str | None
    ) -> tuple[UserRow, TenantRow]:
        """Change what is given and return the person."""
        async with self._database.tenant(tenant_id) as conn:
            await queries.patch_user(conn, tenant_id, user_id, display_name=display_name, locale=locale)
        return await self.me(tenant_id, user_id)

    async def accounts(self, tenant_id: UUID, ids: Sequence[UUID]) -> Mapping[UUID, Account]:
        """Return the accounts that exist."""
        if not ids:
            return {}
        async with self._database.tenant(tenant_id) as conn:
            rows = await queries.accounts(conn, tenant_id, ids)
        return {row.id: Account(id=row.id, display_name=row.display_name, locale=row.locale) for row in rows}


@dataclass(frozen=True, kw_only=True)
class EnsuredAccount:
    """An account that is there now, and whether this call made it."""

    user_id: UUID
    created: bool


async def ensure_tenant(
    database: Database, tenant_id: UUID, *, slug: str, name: str, default_locale: str = "fa-IR"
) -> None:
    """Make a tenant with its built-in roles unless it is there."""
    async with database.worker() as conn:
        await queries.ensure_tenant(conn, tenant_id, slug, name, default_locale)
        for key, title, permissions in BUILT_IN_ROLES:
            await queries.ensure_role(conn, tenant_id, key, title, permissions)


async def ensure_account(
    database: Database,
    *,
    tenant_id: UUID,
    email: str,
    password: str,
    roles: Sequence[str],
    display_name: str,
    locale: str = "fa-IR",
) -> EnsuredAccount:
    """Make an account unless its address is taken; an existing one keeps its password and gets the roles that it lacks.

    For the host and tests, never for a request. Raises WeakPassword and UnknownRole.
    """
    hasher = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)
    encoded = await asyncio.to_thread(hasher.hash, checked_password(password))
    async with database.worker() as conn:
        for key, title, permissions in BUILT_IN_ROLES:
            await queries.ensure_role(conn, tenant_id, key, title, permissions)
        made = await queries.insert_user(conn, tenant_id, email.strip(), display_name, locale)
        user_id = made or await queries.user_id_by_email(conn, tenant_id, email.strip())
        if user_id is None:
            raise RuntimeError("the account was deleted while it was being made")
        if made is not None:
            await queries.insert_credentials(conn, tenant_id, made, encoded)
        if await queries.grant_roles(conn, tenant_id, user_id, roles) != len(set(roles)):
            raise UnknownRole(f"one of the roles {', '.join(roles)} does not exist in this tenant")
    return EnsuredAccount(user_id=user_id, created=made is not None)

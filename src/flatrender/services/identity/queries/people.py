"""People, tenants, roles and the audit log."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from flatrender.kit.db import Conn


@dataclass(frozen=True, kw_only=True)
class TenantRow:
    """A tenant with the part of its branding that visitors see."""

    id: UUID
    slug: str
    product_name: str
    default_locale: str
    primary_color: str | None
    watermark_file_id: UUID | None
    status: str


@dataclass(frozen=True, kw_only=True)
class CredentialsRow:
    """What signing in is checked against."""

    user_id: UUID
    status: str
    password_hash: str


@dataclass(frozen=True, kw_only=True)
class UserRow:
    """A person with their roles."""

    id: UUID
    email: str | None
    display_name: str
    locale: str
    roles: list[str]
    permissions: list[str]


@dataclass(frozen=True, kw_only=True)
class AccountRow:
    """The part of a person that other services see."""

    id: UUID
    display_name: str
    locale: str


async def tenant_id_by_domain(conn: Conn, host: str) -> UUID | None:
    """Return the tenant that has proved to own the host name."""
    found = await (await conn.execute("SELECT tenant_id FROM identity.tenant_by_host(%s)", (host,))).fetchone()
    return found[0] if found else None


async def tenant_id_by_slug(conn: Conn, slug: str) -> UUID | None:
    """Return the tenant of that slug."""
    found = await (await conn.execute("SELECT tenant_id FROM identity.tenant_by_slug(%s)", (slug,))).fetchone()
    return found[0] if found else None


async def tenant(conn: Conn, tenant_id: UUID) -> TenantRow | None:
    """Return the tenant as visitors see it."""
    async with conn.cursor(row_factory=class_row(TenantRow)) as cursor:
        await cursor.execute(
            "SELECT t.id, t.slug, coalesce(b.product_name, t.name) AS product_name, t.default_locale, b.primary_color, b.watermark_file_id,"
            " t.status"
            " FROM identity.tenants AS t LEFT JOIN identity.tenant_branding AS b ON b.tenant_id = t.id"
            " WHERE t.id = %s AND t.deleted_at IS NULL",
            (tenant_id,),
        )
        return await cursor.fetchone()


async def credentials(conn: Conn, tenant_id: UUID, email: str) -> CredentialsRow | None:
    """Return what a password for this address is checked against."""
    async with conn.cursor(row_factory=class_row(CredentialsRow)) as cursor:
        await cursor.execute(
            "SELECT u.id AS user_id, u.status, c.password_hash FROM identity.users AS u"
            " JOIN identity.user_credentials AS c ON c.tenant_id = u.tenant_id AND c.user_id = u.id"
            " WHERE u.tenant_id = %s AND u.email_norm = lower(%s) AND u.deleted_at IS NULL AND u.email IS NOT NULL",
            (tenant_id, email),
        )
        return await cursor.fetchone()


async def set_password_hash(conn: Conn, tenant_id: UUID, user_id: UUID, encoded: str, *, replacing: str) -> None:
    """Replace a hash that was made with older parameters, unless the password has been changed meanwhile."""
    await conn.execute(
        "UPDATE identity.user_credentials SET password_hash = %s WHERE tenant_id = %s AND user_id = %s AND password_hash = %s",
        (encoded, tenant_id, user_id, replacing),
    )


async def user(conn: Conn, tenant_id: UUID, user_id: UUID) -> UserRow | None:
    """Return a person with the roles that hold now."""
    async with conn.cursor(row_factory=class_row(UserRow)) as cursor:
        await cursor.execute(
            "SELECT u.id, u.email, u.display_name, u.locale,"
            " coalesce(array_agg(DISTINCT r.key) FILTER (WHERE r.key IS NOT NULL), '{}') AS roles,"
            " coalesce(array_agg(DISTINCT p.permission) FILTER (WHERE p.permission IS NOT NULL), '{}') AS permissions"
            " FROM identity.users AS u"
            " LEFT JOIN identity.user_roles AS ur ON ur.tenant_id = u.tenant_id AND ur.user_id = u.id AND (ur.expires_at IS NULL OR ur.expires_at > now())"
            " LEFT JOIN identity.roles AS r ON r.tenant_id = ur.tenant_id AND r.id = ur.role_id"
            " LEFT JOIN LATERAL unnest(r.permissions) AS p (permission) ON true"
            " WHERE u.tenant_id = %s AND u.id = %s AND u.deleted_at IS NULL GROUP BY u.id, u.email, u.display_name, u.locale",
            (tenant_id, user_id),
        )
        return await cursor.fetchone()


async def patch_user(
    conn: Conn, tenant_id: UUID, user_id: UUID, *, display_name: str | None, locale: str | None
) -> None:
    """Change what is given."""
    await conn.execute(
        "UPDATE identity.users SET display_name = coalesce(%s, display_name), locale = coalesce(%s, locale)"
        " WHERE tenant_id = %s AND id = %s AND deleted_at IS NULL",
        (display_name, locale, tenant_id, user_id),
    )


async def accounts(conn: Conn, tenant_id: UUID, ids: Sequence[UUID]) -> list[AccountRow]:
    """Return the people of this tenant among `ids`."""
    async with conn.cursor(row_factory=class_row(AccountRow)) as cursor:
        await cursor.execute(
            "SELECT id, display_name, locale FROM identity.users WHERE tenant_id = %s AND id = ANY(%s) AND deleted_at IS NULL",
            (tenant_id, list(ids)),
        )
        return await cursor.fetchall()


async def touch_last_login(conn: Conn, tenant_id: UUID, user_id: UUID) -> None:
    """Remember when the person last signed in."""
    await conn.execute(
        "UPDATE identity.users SET last_login_at = now() WHERE tenant_id = %s AND id = %s", (tenant_id, user_id)
    )


async def insert_audit(
    conn: Conn,
    tenant_id: UUID,
    *,
    action: str,
    outcome: str,
    actor_id: UUID | None,
    session_id: UUID | None,
    ip: str | None,
    user_agent: str | None,
    changes: dict[str, Any] | None,
) -> None:
    """Write one line of the audit log; `changes` must hold no secret."""
    await conn.execute(
        "INSERT INTO identity.audit_logs (tenant_id, actor_type, actor_id, action, outcome, target_type, target_id, ip, user_agent, session_id, changes)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            tenant_id,
            "anonymous" if actor_id is None else "user",
            actor_id,
            action,
            outcome,
            None if session_id is None else "session",
            session_id,
            ip,
            user_agent,
            session_id,
            None if changes is None else Jsonb(changes),
        ),
    )


async def ensure_partitions(conn: Conn, from_month: datetime) -> None:
    """Make the monthly partitions of this month and the two that follow."""
    await conn.execute(
        "SELECT ops.ensure_monthly_partitions('identity.audit_logs', %s::date, 3),"
        " ops.ensure_monthly_partitions('identity.tenant_api_request_logs', %s::date, 3)",
        (from_month, from_month),
    )


async def ensure_tenant(conn: Conn, tenant_id: UUID, slug: str, name: str, default_locale: str) -> None:
    """Make the tenant unless it is there."""
    await conn.execute(
        "INSERT INTO identity.tenants (id, slug, name, default_locale) VALUES (%s, %s, %s, %s) ON CONFLICT (id) DO NOTHING",
        (tenant_id, slug, name, default_locale),
    )


async def ensure_role(conn: Conn, tenant_id: UUID, key: str, name: str, permissions: Sequence[str]) -> None:
    """Make a built-in role, or give an existing one today's permissions as well."""
    await conn.execute(
        "INSERT INTO identity.roles (tenant_id, key, name, permissions, is_system) VALUES (%s, %s, %s, %s, true)"
        " ON CONFLICT (tenant_id, key) DO UPDATE SET permissions ="
        " ARRAY(SELECT DISTINCT p FROM unnest(identity.roles.permissions || excluded.permissions) AS p ORDER BY p)",
        (tenant_id, key, name, list(permissions)),
    )


async def insert_user(conn: Conn, tenant_id: UUID, email: str, display_name: str, locale: str) -> UUID | None:
    """Return the new person's id, or None when the address is taken."""
    found = await (
        await conn.execute(
            "INSERT INTO identity.users (tenant_id, email, email_verified_at, display_name, locale) VALUES (%s, %s, now(), %s, %s)"
            " ON CONFLICT (tenant_id, email_norm) WHERE deleted_at IS NULL AND email IS NOT NULL DO NOTHING RETURNING id",
            (tenant_id, email, display_name, locale),
        )
    ).fetchone()
    return found[0] if found else None


async def insert_credentials(conn: Conn, tenant_id: UUID, user_id: UUID, encoded: str) -> None:
    """Store the first hash of a person."""
    await conn.execute(
        "INSERT INTO identity.user_credentials (user_id, tenant_id, password_hash) VALUES (%s, %s, %s)",
        (user_id, tenant_id, encoded),
    )


async def user_id_by_email(conn: Conn, tenant_id: UUID, email: str) -> UUID | None:
    """Return whose address this is."""
    found = await (
        await conn.execute(
            "SELECT id FROM identity.users WHERE tenant_id = %s AND email_norm = lower(%s) AND deleted_at IS NULL AND email IS NOT NULL",
            (tenant_id, email),
        )
    ).fetchone()
    return found[0] if found else None


async def grant_roles(conn: Conn, tenant_id: UUID, user_id: UUID, keys: Sequence[str]) -> int:
    """Give roles; return how many of the keys exist in this tenant."""
    await conn.execute(
        "INSERT INTO identity.user_roles (tenant_id, user_id, role_id) SELECT tenant_id, %s, id FROM identity.roles WHERE tenant_id = %s AND key = ANY(%s)"
        " ON CONFLICT (user_id, role_id) DO NOTHING",
        (user_id, tenant_id, list(keys)),
    )
    found = await (
        await conn.execute(
            "SELECT count(*) FROM identity.roles WHERE tenant_id = %s AND key = ANY(%s)", (tenant_id, list(keys))
        )
    ).fetchone()
    return int(found[0]) if found else 0

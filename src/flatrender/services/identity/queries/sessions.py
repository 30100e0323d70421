"""Sessions, refresh tokens and throttles."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from psycopg.rows import class_row

from flatrender.kit.db import Conn


@dataclass(frozen=True, kw_only=True)
class IdentifiedRow:
    """Whose access token it is, and whether it is good now."""

    tenant_id: UUID
    user_id: UUID
    session_id: UUID
    locale: str
    permissions: list[str]
    session_is_live: bool
    access_is_live: bool


@dataclass(frozen=True, kw_only=True)
class SessionRow:
    """A live session, as its owner sees it."""

    id: UUID
    client_type: str
    ip_last: str | None
    user_agent: str | None
    created_at: datetime
    last_seen_at: datetime
    idle_expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class RefreshRow:
    """A refresh token with its session, locked."""

    id: UUID
    session_id: UUID
    user_id: UUID
    generation: int
    used_at: datetime | None
    used_recently: bool
    token_is_live: bool
    session_is_live: bool


@dataclass(frozen=True, kw_only=True)
class ExpiryRow:
    """When a session's tokens end."""

    access_expires_at: datetime
    idle_expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class ReservationRow:
    """Whether an attempt may be made, and otherwise for how many seconds not."""

    allowed: bool
    wait_s: int


async def identify(conn: Conn, token_hash: bytes) -> IdentifiedRow | None:
    """Return whose token it is; the tenant is not known before, so this goes through a definer's function."""
    async with conn.cursor(row_factory=class_row(IdentifiedRow)) as cursor:
        await cursor.execute(
            "SELECT tenant_id, user_id, session_id, locale, permissions,"
            " revoked_at IS NULL AND tenant_status = 'active' AND user_status = 'active' AND idle_expires_at > now() AND absolute_expires_at > now()"
            " AND authenticated_at >= sessions_valid_after AS session_is_live, access_expires_at > now() AS access_is_live"
            " FROM identity.session_by_token_hash(%s)",
            (token_hash,),
        )
        return await cursor.fetchone()


async def tenant_of_refresh_token(conn: Conn, token_hash: bytes) -> UUID | None:
    """Return the tenant in which the refresh token was issued."""
    found = await (
        await conn.execute("SELECT tenant_id FROM identity.refresh_token_by_hash(%s)", (token_hash,))
    ).fetchone()
    return found[0] if found else None


async def insert_session(
    conn: Conn,
    tenant_id: UUID,
    user_id: UUID,
    *,
    token_hash: bytes,
    client_type: str,
    ip: str | None,
    user_agent: str | None,
    access_life: timedelta,
    idle_life: timedelta,
    absolute_life: timedelta,
) -> tuple[UUID, ExpiryRow]:
    """Start a session; return its id and when its tokens end."""
    found = await (
        await conn.execute(
            "INSERT INTO identity.sessions (tenant_id, user_id, token_hash, client_type, auth_methods, ip_first, ip_last, user_agent,"
            " access_expires_at, idle_expires_at, absolute_expires_at)"
            " VALUES (%s, %s, %s, %s, '{pwd}', %s, %s, %s, now() + %s, now() + %s, now() + %s)"
            " RETURNING id, access_expires_at, idle_expires_at",
            (
                tenant_id,
                user_id,
                token_hash,
                client_type,
                ip,
                ip,
                user_agent,
                access_life,
                min(idle_life, absolute_life),
                absolute_life,
            ),
        )
    ).fetchone()
    if found is None:
        raise RuntimeError("INSERT … RETURNING gave no row")
    return found[0], ExpiryRow(access_expires_at=found[1], idle_expires_at=found[2])


async def insert_refresh_token(
    conn: Conn,
    tenant_id: UUID,
    session_id: UUID,
    *,
    token_hash: bytes,
    expires_at: datetime,
    parent_id: UUID | None,
    generation: int,
) -> None:
    """Add the session's one live refresh token."""
    await conn.execute(
        "INSERT INTO identity.refresh_tokens (tenant_id, session_id, token_hash, expires_at, parent_id, generation) VALUES (%s, %s, %s, %s, %s, %s)",
        (tenant_id, session_id, token_hash, expires_at, parent_id, generation),
    )


async def take_refresh_token(conn: Conn, tenant_id: UUID, token_hash: bytes) -> UUID | None:
    """Mark the token used; None when somebody else has (or it never was): of parallel calls exactly one wins."""
    found = await (
        await conn.execute(
            "UPDATE identity.refresh_tokens SET used_at = now() WHERE tenant_id = %s AND token_hash = %s AND used_at IS NULL RETURNING id",
            (tenant_id, token_hash),
        )
    ).fetchone()
    return found[0] if found else None


async def refresh_token(conn: Conn, tenant_id: UUID, token_hash: bytes, *, grace: timedelta) -> RefreshRow | None:
    """Return the token with the state of its session, which stays locked until the transaction ends."""
    async with conn.cursor(row_factory=class_row(RefreshRow)) as cursor:
        await cursor.execute(
            "SELECT r.id, r.session_id, s.user_id, r.generation, r.used_at, coalesce(r.used_at > clock_timestamp() - %s, false) AS used_recently,"
            " r.expires_at > now() AS token_is_live,"
            " s.revoked_at IS NULL AND s.idle_expires_at > now() AND s.absolute_expires_at > now() AND u.status = 'active' AND u.deleted_at IS NULL"
            " AND s.authenticated_at >= u.sessions_valid_after AND t.status = 'active' AS session_is_live"
            " FROM identity.refresh_tokens AS r"
            " JOIN identity.sessions AS s ON s.tenant_id = r.tenant_id AND s.id = r.session_id"
            " JOIN identity.users AS u ON u.tenant_id = s.tenant_id AND u.id = s.user_id"
            " JOIN identity.tenants AS t ON t.id = s.tenant_id"
            " WHERE r.tenant_id = %s AND r.token_hash = %s FOR UPDATE OF s",
            (grace, tenant_id, token_hash),
        )
        return await cursor.fetchone()


async def rotate_session(
    conn: Conn,
    tenant_id: UUID,
    session_id: UUID,
    *,
    token_hash: bytes,
    ip: str | None,
    access_life: timedelta,
    idle_life: timedelta,
) -> ExpiryRow:
    """Replace the access token and move the idle end; never beyond the absolute one."""
    async with conn.cursor(row_factory=class_row(ExpiryRow)) as cursor:
        await cursor.execute(
            "UPDATE identity.sessions SET token_hash = %s, last_seen_at = now(), ip_last = coalesce(%s::inet, ip_last),"
            " access_expires_at = least(now() + %s, absolute_expires_at), idle_expires_at = least(now() + %s, absolute_expires_at)"
            " WHERE tenant_id = %s AND id = %s RETURNING access_expires_at, idle_expires_at",
            (token_hash, ip, access_life, idle_life, tenant_id, session_id),
        )
        row = await cursor.fetchone()
    if row is None:
        raise RuntimeError("the locked session is gone")
    return row


async def note_reuse(conn: Conn, tenant_id: UUID, refresh_token_id: UUID) -> None:
    """Remember that a used token was shown again."""
    await conn.execute(
        "UPDATE identity.refresh_tokens SET reuse_detected_at = coalesce(reuse_detected_at, now()), replay_count = least(replay_count + 1, 30000)"
        " WHERE tenant_id = %s AND id = %s",
        (tenant_id, refresh_token_id),
    )


async def revoke_session(conn: Conn, tenant_id: UUID, user_id: UUID, session_id: UUID, reason: str) -> bool:
    """End a session of this person; return whether it was live."""
    done = await conn.execute(
        "UPDATE identity.sessions SET revoked_at = now(), revoked_reason = %s WHERE tenant_id = %s AND user_id = %s AND id = %s AND revoked_at IS NULL",
        (reason, tenant_id, user_id, session_id),
    )
    return done.rowcount == 1


async def live_sessions(conn: Conn, tenant_id: UUID, user_id: UUID) -> list[SessionRow]:
    """Return where the person is signed in, newest first, at most 100."""
    async with conn.cursor(row_factory=class_row(SessionRow)) as cursor:
        await cursor.execute(
            "SELECT id, client_type, host(ip_last) AS ip_last, user_agent, created_at, last_seen_at, idle_expires_at FROM identity.sessions"
            " WHERE tenant_id = %s AND user_id = %s AND revoked_at IS NULL AND idle_expires_at > now() ORDER BY id DESC LIMIT 100",
            (tenant_id, user_id),
        )
        return await cursor.fetchall()


async def reserve_attempt(
    conn: Conn,
    tenant_id: UUID,
    bucket: str,
    subject_hash: bytes,
    *,
    limit: int,
    pause_s: int,
    longest_pause_s: int,
    forget_s: int,
) -> ReservationRow:
    """Count an attempt before it is made. Every `limit` attempts the bucket pauses, twice as long each time.

    One statement under the row's lock, so parallel attempts cannot pass the limit together.
    """
    counted = await (
        await conn.execute(
            "INSERT INTO identity.auth_throttles AS t (tenant_id, bucket, subject_hash, failures, blocked_until)"
            " VALUES (%(tenant)s, %(bucket)s, %(subject)s, 1, CASE WHEN %(limit)s = 1 THEN clock_timestamp() + make_interval(secs => %(pause)s) END)"
            " ON CONFLICT (tenant_id, bucket, subject_hash) DO UPDATE SET"
            " failures = CASE WHEN t.updated_at < now() - make_interval(secs => %(forget)s) THEN 1 ELSE t.failures + 1 END,"
            " window_started_at = CASE WHEN t.updated_at < now() - make_interval(secs => %(forget)s) THEN now() ELSE t.window_started_at END,"
            " blocked_until = CASE WHEN t.updated_at >= now() - make_interval(secs => %(forget)s) AND (t.failures + 1) %% %(limit)s = 0"
            " THEN clock_timestamp() + make_interval(secs => least(%(longest)s, %(pause)s * power(2, least((t.failures + 1) / %(limit)s - 1, 20)))) END"
            " WHERE t.blocked_until IS NULL OR t.blocked_until <= clock_timestamp()"
            " RETURNING failures",
            {
                "tenant": tenant_id,
                "bucket": bucket,
                "subject": subject_hash,
                "limit": limit,
                "pause": pause_s,
                "longest": longest_pause_s,
                "forget": forget_s,
            },
        )
    ).fetchone()
    if counted is not None:
        return ReservationRow(allowed=True, wait_s=0)
    blocked = await (
        await conn.execute(
            "SELECT greatest(1, ceil(extract(epoch FROM blocked_until - clock_timestamp())))::integer FROM identity.auth_throttles"
            " WHERE tenant_id = %s AND bucket = %s AND subject_hash = %s",
            (tenant_id, bucket, subject_hash),
        )
    ).fetchone()
    return ReservationRow(allowed=False, wait_s=int(blocked[0]) if blocked and blocked[0] else 1)


async def forget_attempts(conn: Conn, tenant_id: UUID, bucket: str, subject_hash: bytes) -> None:
    """Start counting anew after a success."""
    await conn.execute(
        "DELETE FROM identity.auth_throttles WHERE tenant_id = %s AND bucket = %s AND subject_hash = %s",
        (tenant_id, bucket, subject_hash),
    )


async def return_attempt(conn: Conn, tenant_id: UUID, bucket: str, subject_hash: bytes) -> None:
    """Take back one reserved attempt that turned out to be a success, with the pause that it began."""
    await conn.execute(
        "UPDATE identity.auth_throttles SET failures = greatest(failures - 1, 0), blocked_until = NULL"
        " WHERE tenant_id = %s AND bucket = %s AND subject_hash = %s",
        (tenant_id, bucket, subject_hash),
    )


async def delete_old(conn: Conn) -> int:
    """Delete sessions that ended 30 days ago (their refresh tokens go with them) and throttles of yesterday; over all tenants, for the worker."""
    sessions = await conn.execute(
        "DELETE FROM identity.sessions WHERE id IN (SELECT id FROM identity.sessions"
        " WHERE least(absolute_expires_at, idle_expires_at, coalesce(revoked_at, 'infinity')) < now() - interval '30 days' LIMIT 1000)"
    )
    await conn.execute("DELETE FROM identity.auth_throttles WHERE updated_at < now() - interval '1 day'")
    return sessions.rowcount

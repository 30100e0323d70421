"""Living sessions: who holds a token, rotation of refresh tokens, ends."""

from uuid import UUID

from flatrender.contracts.identity import Identified
from flatrender.kit.db import Conn, Database
from flatrender.kit.errors import NotSignedIn
from flatrender.kit.ids import new_secret, secret_hash
from flatrender.services.identity.errors import (
    RefreshReused,
    RefreshSuperseded,
    SessionEnded,
    TokenExpired,
    UnknownSession,
)
from flatrender.services.identity.queries import people, sessions
from flatrender.services.identity.queries.sessions import RefreshRow, SessionRow
from flatrender.services.identity.service.request import Origin
from flatrender.services.identity.service.sign_in import ACCESS_PREFIX, REFRESH_PREFIX, Tokens
from flatrender.services.identity.settings import IdentitySettings

LONGEST_TOKEN = 128


class Sessions:
    """Recognises, rotates and ends sessions."""

    def __init__(self, database: Database, settings: IdentitySettings) -> None:
        self._database = database
        self._settings = settings

    async def identify(self, access_token: str) -> Identified:
        """Return who holds the token; raise TokenExpired or NotSignedIn. One query, so a session ended a moment ago fails here."""
        _check_form(access_token, ACCESS_PREFIX)
        async with self._database.anonymous() as conn:
            row = await sessions.identify(conn, secret_hash(access_token))
        if row is None or not row.session_is_live:
            raise NotSignedIn("this token is not valid: sign in again")
        if not row.access_is_live:
            raise TokenExpired("this access token has expired: refresh it")
        return Identified(
            tenant_id=row.tenant_id,
            user_id=row.user_id,
            session_id=row.session_id,
            permissions=row.permissions,
            locale=row.locale,
        )

    async def refresh(self, refresh_token: str, origin: Origin) -> tuple[UUID, Tokens]:
        """Return the tenant and new tokens in exchange for a refresh token, which is used up.

        Raises RefreshSuperseded for a token used within the grace (two tabs at once), RefreshReused for one used before that (the session
        is then ended), SessionEnded, and NotSignedIn for a token that we did not issue.
        """
        _check_form(refresh_token, REFRESH_PREFIX)
        token_hash = secret_hash(refresh_token)
        async with self._database.anonymous() as conn:
            tenant_id = await sessions.tenant_of_refresh_token(conn, token_hash)
        if tenant_id is None:
            raise NotSignedIn("this refresh token is not one of ours: sign in again")
        refusal: NotSignedIn | RefreshSuperseded | None = None
        tokens: Tokens | None = None
        async with self._database.tenant(tenant_id) as conn:
            taken = await sessions.take_refresh_token(conn, tenant_id, token_hash)
            row = await sessions.refresh_token(conn, tenant_id, token_hash, grace=self._settings.refresh_grace)
            if row is None:
                refusal = NotSignedIn("this refresh token is not one of ours: sign in again")
            elif not row.session_is_live or not row.token_is_live:
                refusal = SessionEnded("this session has ended: sign in again")
                await self._audit(conn, tenant_id, row, "auth.refresh", "denied", origin, reason="session_ended")
            elif taken is not None:
                tokens = await self._rotate(conn, tenant_id, row, origin)
                await self._audit(conn, tenant_id, row, "auth.refresh", "success", origin, reason=None)
            elif row.used_recently:
                refusal = RefreshSuperseded("another request has just refreshed this session; use its answer")
            else:
                refusal = RefreshReused("this refresh token was used before, so the session was ended: sign in again")
                await sessions.note_reuse(conn, tenant_id, row.id)
                await sessions.revoke_session(conn, tenant_id, row.user_id, row.session_id, "reuse_detected")
                await self._audit(
                    conn, tenant_id, row, "auth.refresh_reused", "denied", origin, reason="session_revoked"
                )
        if tokens is None:
            raise refusal or NotSignedIn("sign in again")
        return tenant_id, tokens

    async def end(self, tenant_id: UUID, user_id: UUID, session_id: UUID, origin: Origin) -> None:
        """End one session of this person; raise UnknownSession when it is not a live one of theirs."""
        async with self._database.tenant(tenant_id) as conn:
            ended = await sessions.revoke_session(conn, tenant_id, user_id, session_id, "logout")
            if ended:
                await people.insert_audit(
                    conn,
                    tenant_id,
                    action="auth.logout",
                    outcome="success",
                    actor_id=user_id,
                    session_id=session_id,
                    ip=origin.ip,
                    user_agent=origin.user_agent,
                    changes=None,
                )
        if not ended:
            raise UnknownSession("you have no such session")

    async def end_by_refresh_token(self, refresh_token: str, origin: Origin) -> None:
        """End the session of a refresh token, used or not; nothing happens when there is none or it has ended."""
        token_hash = secret_hash(refresh_token)
        async with self._database.anonymous() as conn:
            tenant_id = await sessions.tenant_of_refresh_token(conn, token_hash)
        if tenant_id is None:
            return
        async with self._database.tenant(tenant_id) as conn:
            row = await sessions.refresh_token(conn, tenant_id, token_hash, grace=self._settings.refresh_grace)
        if row is not None and row.session_is_live:
            await self.end(tenant_id, row.user_id, row.session_id, origin)

    async def live(self, tenant_id: UUID, user_id: UUID) -> list[SessionRow]:
        """Return where the person is signed in, newest first."""
        async with self._database.tenant(tenant_id) as conn:
            return await sessions.live_sessions(conn, tenant_id, user_id)

    async def _rotate(self, conn: Conn, tenant_id: UUID, row: RefreshRow, origin: Origin) -> Tokens:
        access, refresh = new_secret(ACCESS_PREFIX), new_secret(REFRESH_PREFIX)
        ends = await sessions.rotate_session(
            conn,
            tenant_id,
            row.session_id,
            token_hash=secret_hash(access),
            ip=origin.ip,
            access_life=self._settings.access_life,
            idle_life=self._settings.idle_life,
        )
        await sessions.insert_refresh_token(
            conn,
            tenant_id,
            row.session_id,
            token_hash=secret_hash(refresh),
            expires_at=ends.idle_expires_at,
            parent_id=row.id,
            generation=row.generation + 1,
        )
        return Tokens(
            session_id=row.session_id,
            user_id=row.user_id,
            access_token=access,
            access_expires_at=ends.access_expires_at,
            refresh_token=refresh,
            refresh_expires_at=ends.idle_expires_at,
        )

    @staticmethod
    async def _audit(
        conn: Conn, tenant_id: UUID, row: RefreshRow, action: str, outcome: str, origin: Origin, *, reason: str | None
    ) -> None:
        await people.insert_audit(
            conn,
            tenant_id,
            action=action,
            outcome=outcome,
            actor_id=row.user_id,
            session_id=row.session_id,
            ip=origin.ip,
            user_agent=origin.user_agent,
            changes=None if reason is None else {"reason": reason, "generation": row.generation},
        )


def _check_form(token: str, prefix: str) -> None:
    """Refuse what cannot be a token of ours before the database is asked."""
    if not token.startswith(prefix) or len(token) > LONGEST_TOKEN:
        raise NotSignedIn("this token is not one of ours: sign in again")

"""Signing in with a password: the attempt is counted first, then checked, then everything about it is written down."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flatrender.kit.db import Conn, Database
from flatrender.kit.ids import new_secret, secret_hash
from flatrender.services.identity.errors import TooManyAttempts, WrongCredentials
from flatrender.services.identity.queries import people, sessions
from flatrender.services.identity.service.passwords import Passwords
from flatrender.services.identity.service.request import Origin
from flatrender.services.identity.settings import IdentitySettings

ACCESS_PREFIX = "fra_"
REFRESH_PREFIX = "frr_"


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """A session's tokens in plain text; they exist only in this answer. `repr` does not show them."""

    session_id: UUID
    user_id: UUID
    access_token: str
    access_expires_at: datetime
    refresh_token: str
    refresh_expires_at: datetime

    def __repr__(self) -> str:
        return f"Tokens(session_id={self.session_id})"


class SignIn:
    """Turns an address and a password into a session."""

    def __init__(self, database: Database, passwords: Passwords, settings: IdentitySettings) -> None:
        self._database = database
        self._passwords = passwords
        self._settings = settings

    async def with_password(self, tenant_id: UUID, email: str, password: str, origin: Origin) -> Tokens:
        """Return the tokens of a new session.

        Raises TooManyAttempts while the account or the network is paused, WrongCredentials, and HashingBusy when too many are waiting.
        """
        account = _subject(email.lower())
        network = _subject(origin.network)
        await self._reserve(tenant_id, account, network, origin)
        async with self._database.tenant(tenant_id) as conn:
            found = await people.credentials(conn, tenant_id, email)
        right = await self._passwords.verify(found.password_hash if found else None, password)
        if found is None or not right or found.status != "active":
            await self._write_failure(tenant_id, found.user_id if found else None, "wrong_credentials", origin)
            raise WrongCredentials("this address and this password do not belong together")
        rehashed = await self._passwords.hash(password) if self._passwords.outdated(found.password_hash) else None
        async with self._database.tenant(tenant_id) as conn:
            if rehashed is not None:
                await people.set_password_hash(conn, tenant_id, found.user_id, rehashed, replacing=found.password_hash)
            await sessions.forget_attempts(conn, tenant_id, "login_account", account)
            await sessions.return_attempt(conn, tenant_id, "login_ip", network)
            tokens = await self._start_session(conn, tenant_id, found.user_id, origin)
            await people.touch_last_login(conn, tenant_id, found.user_id)
            await people.insert_audit(
                conn,
                tenant_id,
                action="auth.login",
                outcome="success",
                actor_id=found.user_id,
                session_id=tokens.session_id,
                ip=origin.ip,
                user_agent=origin.user_agent,
                changes=None,
            )
        return tokens

    async def _reserve(self, tenant_id: UUID, account: bytes, network: bytes, origin: Origin) -> None:
        """Count the attempt in a transaction of its own, so that it stays counted whatever happens next."""
        settings = self._settings
        async with self._database.tenant(tenant_id) as conn:
            for bucket, subject, limit in (
                ("login_ip", network, settings.address_attempts),
                ("login_account", account, settings.account_attempts),
            ):
                reserved = await sessions.reserve_attempt(
                    conn,
                    tenant_id,
                    bucket,
                    subject,
                    limit=limit,
                    pause_s=int(settings.pause.total_seconds()),
                    longest_pause_s=int(settings.longest_pause.total_seconds()),
                    forget_s=int(settings.forget_attempts_after.total_seconds()),
                )
                if not reserved.allowed:
                    break
        if not reserved.allowed:
            await self._write_failure(tenant_id, None, f"paused:{bucket}", origin, outcome="denied")
            raise TooManyAttempts(
                f"too many attempts to sign in; try again in {reserved.wait_s} s", retry_after_s=reserved.wait_s
            )

    async def _start_session(self, conn: Conn, tenant_id: UUID, user_id: UUID, origin: Origin) -> Tokens:
        access, refresh = new_secret(ACCESS_PREFIX), new_secret(REFRESH_PREFIX)
        session_id, ends = await sessions.insert_session(
            conn,
            tenant_id,
            user_id,
            token_hash=secret_hash(access),
            client_type="web" if origin.is_web else "api",
            ip=origin.ip,
            user_agent=origin.user_agent,
            access_life=self._settings.access_life,
            idle_life=self._settings.idle_life,
            absolute_life=self._settings.absolute_life,
        )
        await sessions.insert_refresh_token(
            conn,
            tenant_id,
            session_id,
            token_hash=secret_hash(refresh),
            expires_at=ends.idle_expires_at,
            parent_id=None,
            generation=1,
        )
        return Tokens(
            session_id=session_id,
            user_id=user_id,
            access_token=access,
            access_expires_at=ends.access_expires_at,
            refresh_token=refresh,
            refresh_expires_at=ends.idle_expires_at,
        )

    async def _write_failure(
        self, tenant_id: UUID, user_id: UUID | None, reason: str, origin: Origin, *, outcome: str = "failure"
    ) -> None:
        async with self._database.tenant(tenant_id) as conn:
            await people.insert_audit(
                conn,
                tenant_id,
                action="auth.login",
                outcome=outcome,
                actor_id=user_id,
                session_id=None,
                ip=origin.ip,
                user_agent=origin.user_agent,
                changes={"reason": reason},
            )


def _subject(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()

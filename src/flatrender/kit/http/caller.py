"""Who is asking. The gateway finds out once and puts the caller into the request's state; services only read it."""

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import Depends, Request

from flatrender.kit.errors import Forbidden, NotSignedIn


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """A signed-in person or program, with the tenant that everything they do belongs to."""

    tenant_id: UUID
    user_id: UUID
    session_id: UUID
    permissions: frozenset[str] = frozenset()
    locale: str = "fa-IR"

    def may(self, permission: str) -> bool:
        """Return whether the caller holds the permission."""
        return permission in self.permissions


async def caller(request: Request) -> Caller:
    """Return the caller that the gateway found; raise NotSignedIn (or the gateway's own reason) without one."""
    found = getattr(request.state, "caller", None)
    if isinstance(found, Caller):
        return found
    reason = getattr(request.state, "caller_error", None)
    if isinstance(reason, NotSignedIn):
        raise reason
    raise NotSignedIn("sign in first: send a bearer token or the session cookie")


CallerDep = Annotated[Caller, Depends(caller)]


def require(permission: str) -> Callable[..., Awaitable[Caller]]:
    """Return a dependency that gives the caller and refuses one without `permission` (403)."""

    async def checked(who: CallerDep) -> Caller:
        if not who.may(permission):
            raise Forbidden(f"this needs the permission {permission}")
        return who

    return checked

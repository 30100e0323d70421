"""The bodies of identity's routes. Unknown members are refused."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, StringConstraints

Locale = Literal["fa", "fa-IR", "en", "en-US"]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class TenantRead(BaseModel):
    """What a visitor may know of a tenant."""

    slug: str
    product_name: str
    default_locale: str
    primary_color: str | None


class OwnTenantRead(BaseModel):
    """The tenant of the person who asks."""

    id: UUID
    slug: str
    product_name: str
    default_locale: str


class MeRead(BaseModel):
    """The person who asks."""

    id: UUID
    email: str | None
    display_name: str
    locale: str
    roles: list[str]
    permissions: list[str]
    tenant: OwnTenantRead


class MePatch(_Body):
    """What a person may change of themselves."""

    display_name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)] | None = None
    locale: Locale | None = None


class LoginBody(_Body):
    """An address and its password."""

    email: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=254)]
    password: Annotated[str, StringConstraints(min_length=1, max_length=1024)]


class RefreshBody(_Body):
    """The refresh token; absent when it comes as a cookie."""

    refresh_token: Annotated[str, StringConstraints(max_length=200)] | None = None


class TokensRead(BaseModel):
    """A session's tokens. For our own pages they travel as cookies and are absent here."""

    access_token: str | None = None
    access_expires_at: datetime
    refresh_token: str | None = None
    refresh_expires_at: datetime


class SignedInRead(TokensRead):
    """A new session and whose it is."""

    user: MeRead


class SessionRead(BaseModel):
    """One place where the person is signed in."""

    id: UUID
    current: bool
    client_type: str
    ip: str | None
    user_agent: str | None
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime


class SessionsRead(BaseModel):
    """Where the person is signed in, newest first."""

    items: list[SessionRead]
    next_cursor: str | None = None

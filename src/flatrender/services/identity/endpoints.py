"""Identity over HTTP: signing in and out, oneself, one's sessions, the tenant of this host."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from flatrender.kit.errors import NotSignedIn
from flatrender.kit.http import Caller, CallerDep, responses
from flatrender.services.identity import cookies
from flatrender.services.identity.errors import ClientHeaderMissing
from flatrender.services.identity.queries.people import TenantRow, UserRow
from flatrender.services.identity.schemas import (
    LoginBody,
    MePatch,
    MeRead,
    OwnTenantRead,
    RefreshBody,
    SessionRead,
    SessionsRead,
    SignedInRead,
    TenantRead,
    TokensRead,
)
from flatrender.services.identity.service.people import People
from flatrender.services.identity.service.request import Origin
from flatrender.services.identity.service.sessions import Sessions
from flatrender.services.identity.service.sign_in import SignIn, Tokens
from flatrender.services.identity.service.tenants import Tenants

CLIENT_HEADER = "x-flatrender-client"


def router(*, sign_in: SignIn, sessions: Sessions, people: People, tenants: Tenants) -> APIRouter:
    """Return the routes."""
    routes = APIRouter()

    @routes.get("/v1/tenant", response_model=TenantRead, responses=responses())
    async def tenant(request: Request) -> TenantRead:
        """Whose platform this host is."""
        found = await tenants.by_host(_host(request))
        return TenantRead(
            slug=found.slug,
            product_name=found.product_name,
            default_locale=found.default_locale,
            primary_color=found.primary_color,
        )

    @routes.post(
        "/v1/auth/login",
        response_model=SignedInRead,
        response_model_exclude_none=True,
        responses=responses(429),
    )
    async def login(request: Request, response: Response, body: LoginBody) -> SignedInRead:
        """Start a session with an address and a password."""
        origin = _origin(request)
        found = await tenants.by_host(_host(request))
        tokens = await sign_in.with_password(found.id, body.email, body.password, origin)
        user, own = await people.me(found.id, tokens.user_id)
        given = _give(request, response, tokens, origin)
        return SignedInRead(user=_me(user, own), **given.model_dump())

    @routes.post(
        "/v1/auth/refresh",
        response_model=TokensRead,
        response_model_exclude_none=True,
        responses=responses(403, 409),
    )
    async def refresh(request: Request, response: Response, body: RefreshBody | None = None) -> TokensRead:
        """Exchange the refresh token for new tokens."""
        origin = _origin(request)
        given = _refresh_token(request, body, origin)
        if given is None:
            raise NotSignedIn("send the refresh token in the body, or the cookie that holds it")
        _, tokens = await sessions.refresh(given, origin)
        return _give(request, response, tokens, origin)

    @routes.post("/v1/auth/logout", status_code=204, responses=responses(403))
    async def logout(request: Request, response: Response, body: RefreshBody | None = None) -> None:
        """End this session, named by the access token or, when that has expired, by the refresh token. Doing it twice is no error."""
        origin = _origin(request)
        who = getattr(request.state, "caller", None)
        token = _refresh_token(request, body, origin)
        if isinstance(who, Caller):
            await sessions.end(who.tenant_id, who.user_id, who.session_id, origin)
        elif token is not None:
            await sessions.end_by_refresh_token(token, origin)
        cookies.clear_cookies(request, response)
        response.headers["Clear-Site-Data"] = '"cache"'

    @routes.get("/v1/me", response_model=MeRead, responses=responses())
    async def me(who: CallerDep) -> MeRead:
        """Who is asking."""
        return _me(*await people.me(who.tenant_id, who.user_id))

    @routes.patch("/v1/me", response_model=MeRead, responses=responses())
    async def change_me(who: CallerDep, body: MePatch) -> MeRead:
        """Change one's name or language."""
        changed = await people.change_me(who.tenant_id, who.user_id, display_name=body.display_name, locale=body.locale)
        return _me(*changed)

    @routes.get("/v1/me/sessions", response_model=SessionsRead, responses=responses())
    async def own_sessions(who: CallerDep) -> SessionsRead:
        """Where one is signed in."""
        rows = await sessions.live(who.tenant_id, who.user_id)
        return SessionsRead(
            items=[
                SessionRead(
                    id=row.id,
                    current=row.id == who.session_id,
                    client_type=row.client_type,
                    ip=row.ip_last,
                    user_agent=row.user_agent,
                    created_at=row.created_at,
                    last_seen_at=row.last_seen_at,
                    expires_at=row.idle_expires_at,
                )
                for row in rows
            ]
        )

    @routes.delete("/v1/me/sessions/{session_id}", status_code=204, responses=responses())
    async def end_session(request: Request, who: CallerDep, session_id: UUID) -> None:
        """End one of one's sessions; it fails at its next request."""
        await sessions.end(who.tenant_id, who.user_id, session_id, _origin(request))

    return routes


def _refresh_token(request: Request, body: RefreshBody | None, origin: Origin) -> str | None:
    """Return the token of the body or of the browser's cookie; raise ClientHeaderMissing when only a cookie speaks for the request."""
    if body is not None and body.refresh_token is not None:
        return body.refresh_token
    found = cookies.refresh_cookie(request)
    if found is not None and not origin.is_web:
        raise ClientHeaderMissing("a request with the refresh cookie needs the header X-FlatRender-Client: web")
    return found


def _give(request: Request, response: Response, tokens: Tokens, origin: Origin) -> TokensRead:
    """Hand the tokens over: to our own pages as cookies, to programs in the body."""
    response.headers["Cache-Control"] = "no-store"
    if origin.is_web:
        cookies.set_cookies(request, response, tokens)
        return TokensRead(access_expires_at=tokens.access_expires_at, refresh_expires_at=tokens.refresh_expires_at)
    return TokensRead(
        access_token=tokens.access_token,
        access_expires_at=tokens.access_expires_at,
        refresh_token=tokens.refresh_token,
        refresh_expires_at=tokens.refresh_expires_at,
    )


def _me(user: UserRow, tenant: TenantRow) -> MeRead:
    return MeRead(
        id=user.id,
        email=user.email,
        display_name=user.display_name,
        locale=user.locale,
        roles=user.roles,
        permissions=user.permissions,
        tenant=OwnTenantRead(
            id=tenant.id,
            slug=tenant.slug,
            product_name=tenant.product_name,
            default_locale=tenant.default_locale,
        ),
    )


def _origin(request: Request) -> Origin:
    return Origin.of(
        ip=request.client.host if request.client else None,
        user_agent=request.headers.get("user-agent"),
        is_web=request.headers.get(CLIENT_HEADER) == "web",
    )


def _host(request: Request) -> str:
    """Return the host name without its port; an IPv6 literal keeps its brackets off."""
    name = request.headers.get("host", "")
    if name.startswith("["):
        return name[1:].partition("]")[0]
    return name.partition(":")[0]

"""The one front door: gives each request an id, finds out who is asking, sets the browser's rules, limits what comes in.

Plain ASGI, so that streams (uploads, server-sent events) pass through untouched.
"""

import secrets
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from flatrender.contracts.identity import IdentityApi
from flatrender.kit.errors import AppError, Forbidden, NotSignedIn, TooLarge
from flatrender.kit.http import Caller, problem_response

log = structlog.get_logger(__name__)

SESSION_COOKIES = ("__Host-fr_session", "fr_session")
CLIENT_HEADER = "x-flatrender-client"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
MAX_JSON_BYTES = 2 * 1024 * 1024
STREAMED_PREFIXES = ("/v1/files", "/o/", "/rpc/", "/internal/")
"""Routes that limit their own bodies while they read them."""
PAGE_POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self'; "
    "media-src 'self' blob:; connect-src 'self'; worker-src 'self' blob:; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
API_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"
HEADERS: Mapping[str, str] = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(self)",
}


class Gateway:
    """Wraps the application. `identity` says who holds a token, whether it runs here or elsewhere."""

    def __init__(self, app: ASGIApp, *, identity: IdentityApi) -> None:
        self._app = app
        self._identity = identity

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = "req_" + secrets.token_hex(12)
        state = scope.setdefault("state", {})
        state["request_id"] = request_id
        structlog.contextvars.bind_contextvars(request_id=request_id)
        headers = Headers(scope=scope)
        path: str = scope["path"]

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                finish_headers(MutableHeaders(scope=message), path, request_id, secure=is_secure(scope, headers))
            await send(message)

        try:
            check_length(path, headers)
            token, from_cookie = find_token(headers)
            if from_cookie:
                check_same_site(scope["method"], headers)
            if token is not None and not path.startswith(("/internal/", "/o/", "/p/", "/d/")):
                await self._recognise(token, state)
        except AppError as error:
            response = problem_response(
                error.status,
                error.code,
                error.detail,
                request_id=request_id,
                fields=error.fields,
                retry_after_s=error.retry_after_s,
            )
            await response(scope, receive, send_with_headers)
            return
        if not path.startswith(STREAMED_PREFIXES):
            body = LimitedBody(scope, receive, send_with_headers, MAX_JSON_BYTES)
            receive, send_with_headers = body.receive, body.send
        try:
            await self._app(scope, receive, send_with_headers)
        except Exception as error:  # noqa: BLE001 - the problem handler has answered and logged it; the server would log it a second time
            log.debug("request_ended_with_error", request_id=request_id, error=repr(error))

    async def _recognise(self, token: str, state: dict[str, object]) -> None:
        """Put the caller into the state; an unknown token is no error here, since public routes need none."""
        try:
            found = await self._identity.identify(access_token=token)
        except NotSignedIn as reason:
            state["caller_error"] = reason
            return
        state["caller"] = Caller(
            tenant_id=found.tenant_id,
            user_id=found.user_id,
            session_id=found.session_id,
            permissions=frozenset(found.permissions),
            locale=found.locale,
        )


def find_token(headers: Headers) -> tuple[str | None, bool]:
    """Return the access token and whether a browser's cookie carried it; a bearer token wins."""
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and value.strip():
        return value.strip(), False
    cookie: SimpleCookie = SimpleCookie()
    try:
        cookie.load(headers.get("cookie", ""))
    except CookieError:
        return None, False
    for name in SESSION_COOKIES:
        if name in cookie and cookie[name].value:
            return cookie[name].value, True
    return None, False


def check_same_site(method: str, headers: Headers) -> None:
    """Refuse a change that another site's page may have sent with the person's cookie (OWASP CSRF: custom header and Origin)."""
    if method in SAFE_METHODS:
        return
    if CLIENT_HEADER not in headers:
        raise Forbidden(
            "a request with the session cookie needs the header X-FlatRender-Client", code="cross_site_request"
        )
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != headers.get("host", ""):
        raise Forbidden("this request comes from another site", code="cross_site_request")


def check_length(path: str, headers: Headers) -> None:
    """Refuse a body that claims to be too large before a byte of it is read."""
    claimed = headers.get("content-length", "")
    if claimed.isdigit() and int(claimed) > MAX_JSON_BYTES and not path.startswith(STREAMED_PREFIXES):
        raise too_large()


def too_large() -> TooLarge:
    """Return the refusal of a large JSON body."""
    return TooLarge(f"the body is larger than {MAX_JSON_BYTES} bytes")


class LimitedBody:
    """Counts a body that does not say its length; above the limit it answers for the application, which then only sees a client that left."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, limit: int) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._left = limit
        self._refused = False

    async def receive(self) -> Message:
        """Pass the next part of the body on."""
        message = await self._receive()
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            if self._left < 0 and not self._refused:
                self._refused = True
                error = too_large()
                response = problem_response(
                    error.status, error.code, error.detail, request_id=self._scope["state"]["request_id"]
                )
                await response(self._scope, self._receive, self._send)
        return {"type": "http.disconnect"} if self._refused else message

    async def send(self, message: Message) -> None:
        """Pass the answer on, unless we have answered."""
        if not self._refused:
            await self._send(message)


def is_secure(scope: Scope, headers: Headers) -> bool:
    """Return whether the person's connection is encrypted (TLS here or at the proxy in front)."""
    return bool(scope.get("scheme") == "https" or headers.get("x-forwarded-proto") == "https")


def finish_headers(headers: MutableHeaders, path: str, request_id: str, *, secure: bool) -> None:
    """Add what every answer carries; a route's own choice stands."""
    headers["x-request-id"] = request_id
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    page = "text/html" in headers.get("content-type", "")
    headers.setdefault("content-security-policy", PAGE_POLICY if page else API_POLICY)
    if path.startswith(("/v1/", "/rpc/", "/internal/")):
        headers.setdefault("cache-control", "no-store")
    if secure:
        headers.setdefault("strict-transport-security", "max-age=31536000; includeSubDomains")


def client_address(request: Request) -> str:
    """Return the address that the request came from."""
    return request.client.host if request.client else "unknown"

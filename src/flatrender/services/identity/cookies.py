"""The browser's cookies: HttpOnly, SameSite=Lax; over https Secure and with the prefixes that bind them to this host (RFC 6265bis §4.1.3)."""

from datetime import UTC

from fastapi import Request, Response

from flatrender.services.identity.service.sign_in import Tokens

SESSION = "fr_session"
REFRESH = "fr_refresh"
REFRESH_PATH = "/v1/auth"


def is_https(request: Request) -> bool:
    """Return whether the person's connection is encrypted, here or at the proxy in front. Claiming it only makes the sender's own cookies stricter."""
    return request.url.scheme == "https" or request.headers.get("x-forwarded-proto") == "https"


def set_cookies(request: Request, response: Response, tokens: Tokens) -> None:
    """Give both tokens to the browser until the session's idle end."""
    secure = is_https(request)
    response.set_cookie(
        f"__Host-{SESSION}" if secure else SESSION,
        tokens.access_token,
        expires=tokens.refresh_expires_at.astimezone(UTC),
        path="/",
        secure=secure,
        httponly=True,
        samesite="lax",
    )
    response.set_cookie(
        f"__Secure-{REFRESH}" if secure else REFRESH,
        tokens.refresh_token,
        expires=tokens.refresh_expires_at.astimezone(UTC),
        path=REFRESH_PATH,
        secure=secure,
        httponly=True,
        samesite="lax",
    )


def clear_cookies(request: Request, response: Response) -> None:
    """Take both tokens away from the browser."""
    secure = is_https(request)
    session, refresh = (f"__Host-{SESSION}", f"__Secure-{REFRESH}") if secure else (SESSION, REFRESH)
    response.delete_cookie(session, path="/", secure=secure, httponly=True, samesite="lax")
    response.delete_cookie(refresh, path=REFRESH_PATH, secure=secure, httponly=True, samesite="lax")


def refresh_cookie(request: Request) -> str | None:
    """Return the refresh token of the browser; over https only one that carries the prefix."""
    return request.cookies.get(f"__Secure-{REFRESH}" if is_https(request) else REFRESH)

"""Errors that a caller may see. Each says its HTTP status and a stable code; `kit.http` maps them once, at the edge.

AppError
├── BadRequest 400      ├── Forbidden 403      ├── Gone 410                  ├── Refused 422
├── NotSignedIn 401     ├── NotFound 404       ├── PreconditionFailed 412    ├── PreconditionRequired 428
├── QuotaExceeded 402   ├── Conflict 409       ├── TooLarge 413              ├── TooMany 429
└── Unavailable 503
"""

from collections.abc import Sequence


class AppError(Exception):
    """A business error: `code` is a public promise (`studio.unknown_field`), `detail` says what, where and what to do, in English."""

    status = 500
    code = "internal"

    def __init__(
        self,
        detail: str,
        *,
        code: str | None = None,
        fields: Sequence[tuple[str, str]] = (),
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.fields = tuple(fields)
        """Pairs of (field path, what is wrong with it)."""
        self.retry_after_s = retry_after_s
        if code is not None:
            self.code = code


class BadRequest(AppError):
    """The request cannot be understood."""

    status, code = 400, "bad_request"


class NotSignedIn(AppError):
    """No caller, or one whose token is unknown, expired or revoked."""

    status, code = 401, "identity.not_signed_in"


class QuotaExceeded(AppError):
    """The tenant or the user has used what they may."""

    status, code = 402, "quota_exceeded"


class Forbidden(AppError):
    """The caller is known and may not do this."""

    status, code = 403, "identity.forbidden"


class NotFound(AppError):
    """It does not exist, or belongs to another tenant: the two are not told apart."""

    status, code = 404, "not_found"


class Conflict(AppError):
    """It contradicts the present state."""

    status, code = 409, "conflict"


class Gone(AppError):
    """It existed and does not any more."""

    status, code = 410, "gone"


class PreconditionFailed(AppError):
    """`If-Match` names an older version."""

    status, code = 412, "version_moved"


class TooLarge(AppError):
    """The body is larger than what is accepted."""

    status, code = 413, "too_large"


class Refused(AppError):
    """The request is well-formed and its content is refused."""

    status, code = 422, "refused"


class TextInvalid(Refused):
    """A text holds what cannot be stored: U+0000 or half a surrogate pair."""

    code = "text_invalid"


HALF_CHARACTER = "a text holds half a character (a lone surrogate): leave it out"


class PreconditionRequired(AppError):
    """`If-Match` or `Idempotency-Key` is missing."""

    status, code = 428, "precondition_required"


class TooMany(AppError):
    """Too many requests; `retry_after_s` says when to come back."""

    status, code = 429, "too_many_requests"


class Unavailable(AppError):
    """Something that we depend on does not answer; trying again later is right."""

    status, code = 503, "unavailable"


STATUS_TO_ERROR: dict[int, type[AppError]] = {
    error.status: error
    for error in (
        BadRequest,
        NotSignedIn,
        QuotaExceeded,
        Forbidden,
        NotFound,
        Conflict,
        Gone,
        PreconditionFailed,
        TooLarge,
        Refused,
        PreconditionRequired,
        TooMany,
        Unavailable,
    )
}

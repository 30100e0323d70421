"""What a caller may see of identity's refusals."""

from flatrender.kit.errors import Conflict, Forbidden, NotFound, NotSignedIn, Refused, TooMany, Unavailable


class WrongCredentials(NotSignedIn):
    """Unknown address, wrong password or an account that may not sign in: the three are not told apart."""

    code = "identity.wrong_credentials"


class TokenExpired(NotSignedIn):
    """The access token's time has passed; the refresh token may still be good."""

    code = "identity.token_expired"


class RefreshReused(NotSignedIn):
    """A refresh token was shown a second time: the session has been ended."""

    code = "identity.refresh_reused"


class SessionEnded(NotSignedIn):
    """The session was ended, or its time has passed."""

    code = "identity.session_ended"


class RefreshSuperseded(Conflict):
    """Another request has just rotated the token; its answer carries the new ones."""

    code = "identity.refresh_superseded"


class TooManyAttempts(TooMany):
    """Sign-in is paused for this account or network."""

    code = "identity.too_many_attempts"


class HashingBusy(Unavailable):
    """More people are signing in than passwords can be checked."""

    code = "identity.busy"


class ClientHeaderMissing(Forbidden):
    """A cookie alone does not prove that our own page sends the request."""

    code = "cross_site_request"


class UnknownSession(NotFound):
    """There is no such session of this person."""

    code = "identity.unknown_session"


class UnknownRole(Refused):
    """There is no such role."""

    code = "identity.unknown_role"


class WeakPassword(Refused):
    """The password is too short or too long."""

    code = "identity.weak_password"

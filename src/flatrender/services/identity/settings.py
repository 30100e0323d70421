"""What of identity can be set from outside."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, kw_only=True)
class IdentitySettings:
    """Lives of tokens, limits of sign-in, and the host names whose subdomains are tenants' slugs."""

    access_life: timedelta = timedelta(minutes=15)
    idle_life: timedelta = timedelta(days=14)
    """A session that is not refreshed for this long ends."""
    absolute_life: timedelta = timedelta(days=60)
    """A session ends after this, however much it is used (ASVS 10.4.8)."""
    refresh_grace: timedelta = timedelta(seconds=10)
    """A refresh token shown again this soon after its use is taken for a race of two tabs, not for theft."""
    base_domains: tuple[str, ...] = ("localhost",)
    """`<slug>.<base domain>` is that tenant; any other unknown host is the default tenant."""
    hash_queue_limit: int = 16
    """Passwords waiting to be hashed at most; more are told to come back."""
    account_attempts: int = 5
    """Sign-ins tried for one account before it pauses."""
    address_attempts: int = 20
    """Failed sign-ins from one network (IPv4 /24, IPv6 /48) before it pauses."""
    pause: timedelta = timedelta(minutes=1)
    """The first pause; it doubles with every further round of attempts."""
    longest_pause: timedelta = timedelta(minutes=15)
    forget_attempts_after: timedelta = timedelta(hours=12)

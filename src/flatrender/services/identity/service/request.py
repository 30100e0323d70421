"""What identity wants to know of a request, whatever carried it."""

import ipaddress
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where a request comes from; for the audit log, the session list and the throttle."""

    ip: str | None
    """None when the transport gives no address."""
    user_agent: str | None
    is_web: bool
    """Sent by our own pages, which take their tokens as cookies."""

    @staticmethod
    def of(*, ip: str | None, user_agent: str | None, is_web: bool) -> "Origin":
        """Return an origin with only what the database can hold."""
        try:
            address = str(ipaddress.ip_address(ip)) if ip else None
        except ValueError:
            address = None
        readable = "".join(c for c in user_agent or "" if c.isprintable())[:300]
        return Origin(ip=address, user_agent=readable or None, is_web=is_web)

    @property
    def network(self) -> str:
        """The network that attempts are counted for: IPv4 /24, IPv6 /48."""
        if self.ip is None:
            return "unknown"
        address = ipaddress.ip_address(self.ip)
        return str(ipaddress.ip_network(f"{address}/{24 if address.version == 4 else 48}", strict=False))

"""What of notification can be set from outside. Times are seconds."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class NotificationSettings:
    """Limits of the streams that browsers hold open."""

    heartbeat_s: float = 15.0
    """A comment is sent this often, so that proxies keep the stream and a lost client is noticed."""
    stream_life_s: float = 900.0
    """A stream ends after this; the client comes back and is recognised anew, so a revoked session does not listen on."""
    streams_per_user: int = 8
    streams: int = 2000
    """Streams that one process holds at most."""
    queue_limit: int = 200
    """What may wait for a slow client; beyond it the stream ends and the client comes back with Last-Event-ID."""

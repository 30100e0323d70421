"""One call says that the node lives, how far its work is and how it is: `POST /internal/nodes/heartbeat`."""

from typing import Literal
from uuid import UUID

import msgspec

from flatrender.protocol.work import Kind

Verdict = Literal["keep", "cancel", "lost"]
"""`keep`: the lease is renewed; `cancel`: nobody wants the result, stop; `lost`: somebody else has the work, stop and report nothing."""
Order = Literal["work", "drain"]
"""`drain`: finish what you have and claim nothing."""


class LeaseReport(msgspec.Struct, frozen=True, kw_only=True):
    """One lease that the node holds."""

    kind: Kind
    id: UUID
    lease_id: UUID
    epoch: int
    frames_done: int = 0


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """How the machine is at this moment."""

    cpu_pct: float
    mem_used_bytes: int
    disk_free_bytes: int
    load1: float | None = None
    engine_rss_bytes: int | None = None


class CachedProject(msgspec.Struct, frozen=True, kw_only=True):
    """An After Effects project in the node's template cache."""

    sha256: str
    bytes: int
    hits: int = 0
    """How often it was used from the disk since the node started."""


class Heartbeat(msgspec.Struct, frozen=True, kw_only=True):
    """All leases in one call; `health` with every full heartbeat, not with the reports of progress between them."""

    boot_id: UUID
    leases: list[LeaseReport]
    health: Health | None = None
    projects: list[CachedProject] | None = None
    """The whole template cache (at most 1000 entries), with the first full heartbeat and with each after it changed; None: as before."""


class LeaseVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """What to do with one lease."""

    lease_id: UUID
    verdict: Verdict


class HeartbeatReply(msgspec.Struct, frozen=True, kw_only=True):
    """What to do now."""

    order: Order
    leases: list[LeaseVerdict]
    quarantined: bool = False
    """The node failed too often and gets nothing for a while: it starts its engines anew, and gets one piece of work afterwards to show that it is well."""

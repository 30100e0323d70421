"""One call says that the node lives, how far its work is and how it is: `POST /internal/nodes/heartbeat`."""

from typing import Literal
from uuid import UUID

import msgspec

from flatrender.protocol.register import CommandName
from flatrender.protocol.work import Kind

Verdict = Literal["keep", "cancel", "lost"]
"""`keep`: the lease is renewed; `cancel`: nobody wants the result, stop; `lost`: somebody else has the work, stop and report nothing."""
Order = Literal["work", "drain"]
"""`drain`: finish what you have and claim nothing."""


class LeaseReport(msgspec.Struct, frozen=True, kw_only=True):
    """One lease that the node holds."""

    kind: Kind
    """What the work is."""
    id: UUID
    """Of the work, as in the lease."""
    lease_id: UUID
    """As in the lease."""
    epoch: int
    """As in the lease."""
    frames_done: int = 0
    """How many frames have been drawn; 0 for a picture."""


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """How the machine is at this moment."""

    cpu_pct: float
    """How busy the machine is, 0 to 100."""
    mem_used_bytes: int
    """Of the whole machine."""
    disk_free_bytes: int
    """Where the node's data folder lies."""
    load1: float | None = None
    """Processes that want a core, over the last minute; None where the system does not count them."""
    engine_rss_bytes: int | None = None
    """Memory of the agent's child processes."""
    disk_write_bps: int | None = None
    """Bytes a second since the sample before, as are the next two."""
    net_rx_bps: int | None = None
    """Bytes a second received since the last full heartbeat."""
    net_tx_bps: int | None = None
    """Bytes a second sent since the last full heartbeat."""
    clock_s: float | None = None
    """The node's own clock when it sent this, in seconds since 1970, so that one that is wrong is seen. Nothing is decided by it."""


class CachedProject(msgspec.Struct, frozen=True, kw_only=True):
    """An After Effects project in the node's template cache."""

    sha256: str
    """Hexadecimal, of the archive."""
    bytes: int
    """Its size."""
    hits: int = 0
    """How often it was used from the disk since the node started."""


class CommandAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """How a command ended. Told with each heartbeat until one gets through."""

    id: UUID
    """Of the command."""
    done: bool
    """Whether it was carried out."""
    detail: str = ""
    """What came of it, or why nothing did: at most 64 KiB; the log of `collect_logs`."""


class Heartbeat(msgspec.Struct, frozen=True, kw_only=True):
    """All leases in one call; `health` with every full heartbeat, not with the reports of progress between them."""

    boot_id: UUID
    """Of this start."""
    leases: list[LeaseReport]
    """Everything that the node holds, also what is finished and not reported yet."""
    health: Health | None = None
    """With every full heartbeat."""
    projects: list[CachedProject] | None = None
    """The whole template cache (at most 1000 entries), with the first full heartbeat and with each after it changed; None: as before."""
    answers: list[CommandAnswer] = []
    """To commands that the node has carried out, at most 20."""


class LeaseVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """What to do with one lease."""

    lease_id: UUID
    """Which lease."""
    verdict: Verdict
    """What to do with it."""


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """Something to be done once. Comes again with each answer until it is answered or has expired: the `id` tells that it is the same."""

    id: UUID
    """New for each command."""
    command: CommandName
    """What to do."""
    now: bool = False
    """`restart_agent`: give the work back at once instead of finishing it."""
    lease_ids: list[UUID] = []
    """`kill_job`: the leases to end."""
    lines: int = 500
    """`collect_logs`: how many lines at most."""


class HeartbeatReply(msgspec.Struct, frozen=True, kw_only=True):
    """What to do now."""

    order: Order
    """What the node should be."""
    leases: list[LeaseVerdict]
    """One for each lease that was reported."""
    quarantined: bool = False
    """The node failed too often and gets nothing for a while: it starts its engines anew, and gets one piece of work afterwards to show that it is well."""
    wakes_in_s: float | None = None
    """With `drain`: the node is outside its hours, and this is how long. Seconds; None: a person drained it, or it is in quarantine."""
    commands: list[Command] = []
    """Of those that the node registered as understood, the oldest first."""

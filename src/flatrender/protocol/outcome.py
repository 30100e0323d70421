"""How a piece of work ended: `POST /internal/{frame-jobs,snapshot-jobs,snapshots}/{id}/result` and `…/fail`."""

import builtins
from typing import Literal
from uuid import UUID

import msgspec

FailClass = Literal["content", "node", "licence", "lost", "canceled"]
"""`content`: the scene cannot be drawn, counts against the job; `node`: this machine could not; `licence`: no licence was free; `lost`: the node stopped
by itself because it could not renew the lease; `canceled`: stopped as told. Only `content` burns an attempt."""
CrashKind = Literal["engine_crash", "engine_hang", "oom", "disk_full", "license"]


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """The output lies under the assignment's key."""

    boot_id: UUID
    """Of this start."""
    lease_id: UUID
    """As in the lease."""
    epoch: int
    """As in the lease."""
    sha256: str
    """Hexadecimal, of the output."""
    bytes: int
    """Size of the output, as it lies in the store."""
    seconds: float
    """How long the work took on the node."""
    packets: list[int] = []
    """Of a segment: Adler-32 (beginning with 0, as `framecrc` of ffmpeg gives it) of each packet in decoding order. A segment that is damaged later is
    drawn again only from the packet on that has changed; without them all of it is."""
    log_bytes: int = 0
    """Size of the log that was put under `log_url`; 0: there is none."""
    picture: builtins.bytes | None = None
    """What was drawn last, small, for the farm's dashboard: a JPEG of at most 24 KiB (base64 in JSON). Not with every result."""


class Fail(msgspec.Struct, frozen=True, kw_only=True):
    """The work could not be done."""

    boot_id: UUID
    """Of this start."""
    lease_id: UUID
    """As in the lease."""
    epoch: int
    """As in the lease."""
    failure: FailClass
    """Who can do something about it."""
    code: str
    """The engine's code, or the node's (`disk_full`, `scene_unavailable`, `upload_failed`, `internal`)."""
    detail: str
    """At most 2000 characters; names the scene and the frame when the engine does."""
    crash: CrashKind | None = None
    """What is kept about the node, when a process or the machine failed."""
    exit_code: int | None = None
    """Of the engine's process when it ended by itself."""
    signal: int | None = None
    """The signal that ended the engine's process."""
    frame: int | None = None
    """The frame that was being drawn, in the frames of the task."""
    log_tail: str = ""
    """What the engine wrote last, at most 16384 characters."""
    log_bytes: int = 0
    """As in a result."""


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """The report was taken; `replayed` when the same one had been taken before."""

    replayed: bool = False
    """Whether it had been taken before."""

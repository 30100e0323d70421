"""Becoming a node of the farm: `POST /internal/nodes/register`, with a node token as bearer."""

from typing import Literal
from uuid import UUID

import msgspec

from flatrender.protocol import VERSION

CommandName = Literal["restart_agent", "kill_job", "purge_cache", "collect_logs"]
"""`restart_agent`: end and start again; `kill_job`: give the named leases back; `purge_cache`: empty the caches of what is not in use;
`collect_logs`: answer with the end of the agent's log."""


class Hours(msgspec.Struct, frozen=True, kw_only=True):
    """When a node works. Outside it finishes what it has and claims nothing."""

    begin: str
    """`HH:MM` on the node's wall."""
    end: str
    """`HH:MM`; not after `begin`: on the next day; equal to it: the whole day."""
    days: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7)
    """On which days the hours begin, 1 (Monday) to 7 (Sunday)."""
    time_zone: str
    """As in the IANA database: `Asia/Tehran`."""


class Register(msgspec.Struct, frozen=True, kw_only=True):
    """Who this node is and what it can do. `boot_id` is new at each start of the agent and ends the leases of the one before."""

    protocol: int = VERSION
    """The version that the node speaks."""
    node_id: UUID | None = None
    """The id from the first registration, kept on the node's disk."""
    name: str
    """Under which people should see it, at most 80 characters."""
    boot_id: UUID
    """New at each start, a random UUID."""
    pool: str = "default"
    """Of nodes, at most 40 characters; work is planned for `default`."""
    agent_version: str
    """Of the program, for people; at most 40 characters."""
    os: str
    """System and machine, for people; at most 120 characters."""
    engines: dict[str, str]
    """Engine → version (`{"thorvg": "1.0.4", "aerender": "2025, 2024"}`); of several After Effects the first is used."""
    max_slots: int
    """How many chunks it draws at once, 1 to 64."""
    cpu_cores: int
    """Of the machine."""
    memory_bytes: int
    """Of the machine."""
    scratch_bytes_total: int
    """Of the disk with the node's data folder."""
    scratch_bytes_free: int
    """Of the same."""
    fonts_sha256: str | None = None
    """Of the names of the fonts that After Effects finds on the machine, so that nodes with other fonts are seen."""
    plugins: list[str] = []
    """Names of the plug-ins of its After Effects, at most 500."""
    hours: Hours | None = None
    """When the node wants to work; None: always. What an admin sets goes over it."""
    understands: list[CommandName] = []
    """Which commands the node carries out; it is sent no others."""


class Registered(msgspec.Struct, frozen=True, kw_only=True):
    """What the node works by until it registers again. Seconds."""

    node_id: UUID
    """To be kept and sent with the next registration."""
    name: str
    """The name under which people see it: the wished one, or with a suffix when another node has it."""
    node_secret: str
    """Bearer of every other call of this boot."""
    lease_s: float
    """How long a lease lasts without a heartbeat."""
    heartbeat_s: float
    """How often to report."""
    progress_s: float
    """How often to report while frames are being drawn."""
    claim_wait_s: float
    """How long a claim may wait for work."""
    protocol: int = VERSION
    """The newest version that the server speaks."""

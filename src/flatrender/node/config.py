"""How an agent is started, and the states that it goes through."""

from enum import Enum
from pathlib import Path

import msgspec

from flatrender.aftereffects.aerender.installations import Installation
from flatrender.aftereffects.aerender.watchdogs import WatchdogLimits
from flatrender.protocol.register import Hours
from flatrender.protocol.work import Engine


class AgentConfig(msgspec.Struct, frozen=True, kw_only=True):
    """How an agent is started."""

    server: str
    token: str
    name: str
    slots: int
    data_dir: Path
    encoder_threads: int = 1
    engines: frozenset[Engine] = frozenset({"thorvg"})
    """What the node draws with."""
    after_effects: tuple[Installation, ...] = ()
    """The installed After Effects, of which the first is used; at least one with the engine `aerender`."""
    watchdogs: WatchdogLimits = WatchdogLimits()
    """When After Effects is called hung."""
    template_cache_bytes: int = 20 << 30
    fonts: Path | None = None
    """Where After Effects finds the fonts of projects, instead of the user's own folder."""
    ca_file: Path | None = None
    """Certificates (PEM) that the server's and the object store's own may be signed with, beside the usual ones."""
    hours: Hours | None = None
    """When the node wants to work; None: always."""


class AgentState(Enum):
    """Where the agent is."""

    REGISTERING = "registering"
    WORKING = "working"
    DRAINING = "draining"
    STOPPING = "stopping"
    STOPPED = "stopped"


ALLOWED = {
    AgentState.REGISTERING: {AgentState.WORKING, AgentState.STOPPING},
    AgentState.WORKING: {AgentState.DRAINING, AgentState.REGISTERING, AgentState.STOPPING},
    AgentState.DRAINING: {AgentState.WORKING, AgentState.REGISTERING, AgentState.STOPPING},
    AgentState.STOPPING: {AgentState.STOPPED},
    AgentState.STOPPED: set[AgentState](),
}

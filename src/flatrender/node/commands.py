"""Commands of the server, each carried out once however often it comes, and their answers until one got through."""

import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol
from uuid import UUID

from flatrender.node.sessions import Sessions
from flatrender.protocol.heartbeat import Command, CommandAnswer
from flatrender.protocol.register import CommandName

log = logging.getLogger(__name__)

KNOWN = 200
"""Commands that are remembered, so that one that comes again is not carried out again."""
Doing = Callable[[Command], str | None]
"""Carries a command out and returns what came of it; None: the answer is the agent's next start."""


class Purgeable(Protocol):
    """A cache on the node's disk."""

    def purge(self) -> tuple[int, int]:
        """Remove what is not in use; return how many files and their bytes."""


class Commands:
    """What this start of the agent was told. Used by the heartbeat alone."""

    def __init__(self, doings: Mapping[CommandName, Doing]) -> None:
        self._doings = doings
        self._seen: OrderedDict[UUID, None] = OrderedDict()
        self._answers: dict[UUID, CommandAnswer] = {}

    @property
    def understood(self) -> list[CommandName]:
        """What the server may send."""
        return sorted(self._doings)

    def answers(self) -> list[CommandAnswer]:
        """Return the answers that have not got through yet; at most one log, which is large."""
        found: list[CommandAnswer] = []
        size = 0
        for one in self._answers.values():
            size += len(one.detail.encode())
            if found and size > 64 * 1024:
                break
            found.append(one)
        return found[:20]

    def told(self, answers: list[CommandAnswer]) -> None:
        """The server has taken these answers."""
        for one in answers:
            self._answers.pop(one.id, None)

    def take(self, command: Command) -> None:
        """Carry a command out unless that was done before."""
        if command.id in self._seen:
            return
        self._seen[command.id] = None
        while len(self._seen) > KNOWN:
            self._seen.popitem(last=False)
        log.info("command id=%s what=%s", command.id, command.command)
        doing = self._doings.get(command.command)
        if doing is None:
            self._answers[command.id] = CommandAnswer(id=command.id, done=False, detail="this agent does not know it")
            return
        try:
            detail = doing(command)
        except Exception as error:  # noqa: BLE001 - whatever happened is the answer
            log.warning("command_failed id=%s what=%s reason=%s", command.id, command.command, error)
            detail = f"{type(error).__name__}: {error}"
            self._answers[command.id] = CommandAnswer(id=command.id, done=False, detail=detail[:2000])
            return
        if detail is not None:
            self._answers[command.id] = CommandAnswer(id=command.id, done=True, detail=detail)


def kill(sessions: Sessions, command: Command) -> str:
    """End the work of the named leases; it is given back."""
    killed = [session for lease_id in command.lease_ids if (session := sessions.get(lease_id)) is not None]
    for session in killed:
        session.stop("killed")
    return f"{len(killed)} leases given back"


def purge(caches: Sequence[Purgeable]) -> str:
    """Empty the caches of what is not in use."""
    purged = [cache.purge() for cache in caches]
    return f"{sum(files for files, _ in purged)} files with {sum(size for _, size in purged)} bytes removed"

"""One lease in the node's hands, from the claim to its end, and the table of all of them."""

import threading
import time
from enum import Enum
from typing import Literal

from flatrender.node.session_log import SessionLog
from flatrender.protocol.heartbeat import LeaseReport
from flatrender.protocol.work import Assignment

StopReason = Literal["canceled", "lost", "expired", "deadline", "stopping", "killed"]


class State(Enum):
    """Where a session is. Only forward; ENDED from anywhere."""

    FETCHING = 1
    RENDERING = 2
    UPLOADING = 3
    REPORTING = 4
    ENDED = 5


class Session:
    """One assignment being worked on."""

    def __init__(self, assignment: Assignment) -> None:
        self.assignment = assignment
        self.lease = assignment.lease
        self.state = State.FETCHING
        self.cancel = threading.Event()
        """Set to stop the work; `reason` says why."""
        self.reason: StopReason | None = None
        self.started = time.monotonic()
        self.renewed = self.started
        """When the lease was last known to be alive (monotonic)."""
        self.frames_done = 0
        self.log = SessionLog()
        self.engine_log = ""
        """The last lines that an engine of its own process wrote for this work."""
        self.traceparent: str | None = None
        """W3C trace context of the work on it, once there is some."""
        self.picture: bytes | None = None
        """What was drawn last, small; now and then."""

    def advance(self, state: State) -> None:
        """Go on to a later state; raise RuntimeError for a step back."""
        if state.value <= self.state.value:
            raise RuntimeError(f"a session cannot go from {self.state.name} to {state.name}")
        self.state = state
        self.log.note(state.name.lower())

    def stop(self, reason: StopReason) -> None:
        """Stop the work for the first reason given."""
        if self.reason is None:
            self.reason = reason
            self.log.note(f"stopped: {reason}")
        self.cancel.set()


class Sessions:
    """All sessions that have not ended. May be used from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[str, Session] = {}

    def add(self, session: Session) -> None:
        """Take a new session."""
        with self._lock:
            self._open[str(session.lease.lease_id)] = session

    def end(self, lease_id: object) -> None:
        """Forget a session."""
        with self._lock:
            session = self._open.pop(str(lease_id), None)
        if session is not None:
            session.state = State.ENDED

    def all(self) -> list[Session]:
        """Return the sessions."""
        with self._lock:
            return list(self._open.values())

    def get(self, lease_id: object) -> Session | None:
        """Return one session."""
        with self._lock:
            return self._open.get(str(lease_id))

    def reports(self) -> list[LeaseReport]:
        """Return what a heartbeat says of them."""
        return [
            LeaseReport(
                kind=session.lease.kind,
                id=session.lease.id,
                lease_id=session.lease.lease_id,
                epoch=session.lease.epoch,
                frames_done=session.frames_done,
            )
            for session in self.all()
        ]

"""What can go wrong in the agent, named by what it does about it."""

from flatrender.protocol.outcome import CrashKind, FailClass


class NodeError(Exception):
    """Base of the agent's errors."""


class TryAgain(NodeError):
    """The server or the network is away, or asks for patience: the same call again later is right."""

    def __init__(self, detail: str, retry_after_s: float | None = None) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s


class Superseded(NodeError):
    """The lease has ended: drop the work and its result."""


class BootEnded(NodeError):
    """A newer start of this node has registered: stop this one."""


class RegisterAgain(NodeError):
    """The server does not know this boot's secret any more."""


class TokenRefused(NodeError):
    """The node token is not valid, or the server speaks another protocol: a person must act."""


class CallRefused(NodeError):
    """The server refuses this message for good: repeating it is useless."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(f"{code} ({status}): {detail}")
        self.status = status
        self.code = code


class DataDirInUse(NodeError):
    """Another agent works in this data folder."""


class WorkFailed(NodeError):
    """The work failed on this machine; `code` says why (`disk_full`, `scene_unavailable`, `upload_failed`)."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


class AfterEffectsFailed(NodeError):
    """After Effects did not draw what was ordered; says who can do something about it."""

    def __init__(self, failure: FailClass, code: str, detail: str, crash: CrashKind | None = None) -> None:
        super().__init__(detail)
        self.failure = failure
        self.code = code
        self.crash = crash

"""Asking the evaluating process."""

from __future__ import annotations

import subprocess
import sys
import threading

from flatrender.engine.process import child_environment

_DEADLINE_S = 60.0
_AT_ONCE = threading.BoundedSemaphore(2)
"""Processes of this one that evaluate at a time: what people type must not fill a machine with them."""


class ExpressionsNotEvaluated(Exception):
    """The process ended without an answer: an expression never ends, takes too much memory, or the machine has no time for it."""

    code = "expressions_not_evaluated"

    def __init__(self, message: str, *, lasting: bool) -> None:
        super().__init__(message)
        self.lasting = lasting
        """Whether asking again would give the same; False when the machine was too busy."""


def ask(kind: str, described: bytes) -> bytes:
    """Evaluate what `described` (JSON of that kind) says and return the answer, JSON; raises ExpressionsNotEvaluated."""
    if not _AT_ONCE.acquire(timeout=_DEADLINE_S):
        raise ExpressionsNotEvaluated("the expressions could not be evaluated: the machine is busy", lasting=False)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "flatrender.engine.expressions.child", kind],
            input=described,
            capture_output=True,
            timeout=_DEADLINE_S,
            check=True,
            env=child_environment(),
        )
    except subprocess.CalledProcessError as error:
        cause = f"the expressions could not be evaluated together: exit code {error.returncode}"
        raise ExpressionsNotEvaluated(cause, lasting=True) from None
    except (OSError, subprocess.SubprocessError) as error:
        cause = f"the expressions could not be evaluated together: {type(error).__name__}"
        raise ExpressionsNotEvaluated(cause, lasting=False) from None
    finally:
        _AT_ONCE.release()
    return done.stdout

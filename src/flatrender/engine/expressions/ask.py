"""Asking the evaluating process."""

from __future__ import annotations

import subprocess
import sys

from flatrender.engine.process import child_environment

_DEADLINE_S = 60.0


class ExpressionsNotEvaluated(Exception):
    """The process ended without an answer: an expression never ends, takes too much memory, or the description is none."""

    code = "expressions_not_evaluated"


def ask(kind: str, described: bytes) -> bytes:
    """Evaluate what `described` (JSON of that kind) says and return the answer, JSON; raises ExpressionsNotEvaluated."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "flatrender.engine.expressions.child", kind],
            input=described,
            capture_output=True,
            timeout=_DEADLINE_S,
            check=True,
            env=child_environment(),
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise ExpressionsNotEvaluated(
            f"the expressions could not be evaluated together: {type(error).__name__}"
        ) from None
    return done.stdout

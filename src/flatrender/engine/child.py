"""What the child processes that decode and trace have in common: a limit of memory, and answering until the input ends."""

import os
import sys
from collections.abc import Callable

from flatrender.engine.framing import read_message, write_message

if sys.platform != "win32":
    import resource


def limit_memory(size: int) -> None:
    """Let this process have at most `size` bytes of addresses, and leave no core file (not on Windows)."""
    if sys.platform == "win32":
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (size if hard < 0 else min(size, hard), hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def serve(answer: Callable[[bytes], bytes], *, memory_bytes: int) -> None:
    """Answer questions on standard input until it ends."""
    limit_memory(memory_bytes)
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever native code prints must not land among the answers
    while (body := read_message(sys.stdin.buffer)) is not None:
        write_message(out, answer(body))

"""Child processes of the engine: started in a group of their own, ended with all their children.

Never `fork` without `exec`: callers are threaded.
"""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from flatrender.engine.errors import RenderError

_KEPT_ENVIRONMENT = (
    "PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT",
)  # fmt: skip


def child_environment() -> dict[str, str]:
    """Return the environment children get: what programs need to run, and none of the caller's secrets."""
    kept = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
    # One arena less per thread: with RLIMIT_AS each arena's reserved 64 MB would count.
    return kept | {"MALLOC_ARENA_MAX": "2", "PYTHONDONTWRITEBYTECODE": os.environ.get("PYTHONDONTWRITEBYTECODE", "")}


def start(
    argv: Sequence[str], *, stdin: int | IO[Any], stdout: int | IO[Any], stderr: int | IO[Any], cwd: Path | None = None
) -> subprocess.Popen[bytes]:
    """Start a program as leader of its own process group, so that ctrl-C in our terminal does not reach it and `end` reaches its children."""
    if sys.platform == "win32":
        return subprocess.Popen(
            argv,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            env=child_environment(),
            cwd=cwd,
            creationflags=subprocess.CREATE_NEW_PROCESS_GROUP,
        )
    return subprocess.Popen(
        argv, stdin=stdin, stdout=stdout, stderr=stderr, env=child_environment(), cwd=cwd, process_group=0
    )


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill the process and everything it started, and reap it. Harmless when it has ended already."""
    if sys.platform == "win32":
        import psutil  # noqa: PLC0415  # there only

        with contextlib.suppress(psutil.NoSuchProcess):
            for child in psutil.Process(process.pid).children(recursive=True):
                with contextlib.suppress(psutil.NoSuchProcess):
                    child.kill()
        process.kill()
    else:
        # The group outlives its leader while a child of it runs; its number is not reused until then.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def ending(returncode: int) -> str:
    """How a process ended, in words: `signal 11 (SIGSEGV)` or `exit code 3`."""
    if returncode >= 0:
        return f"exit code {returncode}"
    try:
        return f"signal {-returncode} ({signal.Signals(-returncode).name})"
    except ValueError:
        return f"signal {-returncode}"


def run(
    argv: Sequence[str],
    *,
    what: str,
    code: str,
    deadline_s: float,
    cancel: threading.Event | None = None,
    cwd: Path | None = None,
    max_output: int = 64 << 20,
) -> bytes:
    """Run a program to its end and return what it wrote to standard output (at most `max_output` bytes).

    Raises RenderError with `code` when it fails (its last lines of standard error in the detail) or takes longer than `deadline_s`, and
    with code `cancelled` when `cancel` is set; its whole process tree is gone by then.
    """
    until = time.monotonic() + deadline_s
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as log:
        process = start(argv, stdin=subprocess.DEVNULL, stdout=output, stderr=log, cwd=cwd)
        try:
            while True:
                try:
                    process.wait(0.05)
                    break
                except subprocess.TimeoutExpired:
                    if cancel is not None and cancel.is_set():
                        raise RenderError(f"{what} was cancelled", code="cancelled") from None
                    if time.monotonic() > until:
                        raise RenderError(f"{what} took longer than {deadline_s:g} s", code=code) from None
        finally:
            end(process)
        if process.returncode != 0:
            raise RenderError(f"{what} failed ({ending(process.returncode)}): {log_tail(log)}", code=code)
        output.seek(0)
        return output.read(max_output)


def log_tail(log: IO[bytes], limit: int = 600) -> str:
    """Return the last `limit` bytes of a log file as one line of text."""
    size = log.seek(0, os.SEEK_END)
    log.seek(max(0, size - limit))
    text = log.read(limit).decode("utf-8", "replace")
    return " | ".join(line.strip() for line in text.splitlines() if line.strip()) or "it said nothing"

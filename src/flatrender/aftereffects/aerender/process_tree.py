"""A program with everything that it starts, watched and ended together."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

if sys.platform == "win32":
    from flatrender.aftereffects.aerender.windows_job import CREATE_SUSPENDED, Job

_BUSY_SHARE = 0.05
"""Of one core: below this a process tree is idle."""


class ProcessTree:
    """A process in a group of its own with its output in one pipe."""

    def __init__(self, argv: Sequence[str], *, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        """Start the program. Raises OSError."""
        flags = 0
        if sys.platform == "win32":
            # Suspended until it is in its job: what it starts before would not belong to the tree.
            flags = subprocess.CREATE_NEW_PROCESS_GROUP | CREATE_SUSPENDED
        self.process = subprocess.Popen(
            list(argv),
            cwd=folder,
            env=dict(environment) if environment is not None else None,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
            start_new_session=sys.platform != "win32",
            creationflags=flags,
        )
        if sys.platform == "win32":
            self._job = _job_of(self.process)
        self._known: dict[int, psutil.Process] = {}
        self._used = 0.0
        self._measured = time.monotonic()

    def members(self) -> list[psutil.Process]:
        """Return the processes of the tree that live, also those whose parent is gone."""
        with contextlib.suppress(psutil.NoSuchProcess):
            root = psutil.Process(self.process.pid)
            for member in (root, *root.children(recursive=True)):
                self._known.setdefault(member.pid, member)
        if sys.platform == "win32":
            for pid in self._job.members() if self._job is not None else []:
                with contextlib.suppress(psutil.Error):
                    self._known.setdefault(pid, psutil.Process(pid))
        else:
            for member in psutil.process_iter():
                with contextlib.suppress(OSError, psutil.Error):
                    if os.getpgid(member.pid) == self.process.pid:
                        self._known.setdefault(member.pid, member)
        return [member for member in self._known.values() if _lives(member)]

    def is_busy(self) -> bool:
        """Say whether the tree has computed since this was last asked."""
        now, used = time.monotonic(), 0.0
        for member in self.members():
            with contextlib.suppress(psutil.Error):
                times = member.cpu_times()
                used += times.user + times.system
        share = (used - self._used) / max(now - self._measured, 1e-3)
        self._used, self._measured = used, now
        return share > _BUSY_SHARE

    def kill(self, *, deadline_s: float = 10.0) -> list[int]:
        """End every process of the tree; return the ids of those that outlived it (none, as a rule)."""
        until = time.monotonic() + deadline_s
        while True:
            members = self.members()
            if not members or time.monotonic() > until:
                break
            if sys.platform == "win32":
                if self._job is not None:
                    self._job.kill()
                else:
                    _taskkill(self.process.pid)
            else:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(self.process.pid, signal.SIGKILL)
            for member in members:
                with contextlib.suppress(psutil.Error):
                    member.kill()
            psutil.wait_procs(members, timeout=0.5)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=1)
        if self.process.stdout is not None:
            self.process.stdout.close()
        outlived = [member.pid for member in self.members()]
        if sys.platform == "win32" and self._job is not None:
            self._job.close()
            self._job = None
        return outlived


if sys.platform == "win32":

    def _job_of(process: subprocess.Popen[bytes]) -> Job | None:
        """Put a suspended process into a job of its own and let it run; None where that is not allowed, then `taskkill` ends the tree."""
        job: Job | None = None
        try:
            job = Job()
            job.take(process)
        except OSError:
            if job is not None:
                job.close()
            job = None
        psutil.Process(process.pid).resume()
        return job

    def _taskkill(pid: int) -> None:
        program = Path(os.environ.get("SYSTEMROOT", r"C:\Windows")) / "System32" / "taskkill.exe"
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run([str(program), "/F", "/T", "/PID", str(pid)], capture_output=True, check=False, timeout=10)


def _lives(member: psutil.Process) -> bool:
    try:
        return bool(member.is_running() and member.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False

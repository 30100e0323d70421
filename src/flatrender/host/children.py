"""Processes that `up` keeps running: started again with growing waits when they die, stopped in order, never left behind."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)

FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 15.0
CALM_AFTER_S = 30.0
"""A child that lived this long starts again without a long wait."""
STOP_S = 20.0
MAX_LOG_BYTES = 20 * 1024 * 1024
RESTART_EXIT_CODE = 75
"""Of a child that ended in order to be started again at once."""
LIFELINE = "FLATRENDER_LIFELINE"


class Child:
    """One process with its own process group, a log file and a lifeline: the pipe whose end tells it that we are gone."""

    def __init__(self, name: str, command: Sequence[str], *, environment: Mapping[str, str], log_path: Path) -> None:
        self.name = name
        self._command = list(command)
        self._environment = dict(environment)
        self._log_path = log_path
        self._process: subprocess.Popen[bytes] | None = None
        self._lifeline: int | None = None
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._keep_running, name=f"child-{name}", daemon=True)
        self.restarts = 0

    @property
    def pid(self) -> int | None:
        """The process id of the running child."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def start(self) -> None:
        """Start the process and the thread that watches it."""
        self._log_path.parent.mkdir(parents=True, exist_ok=True)
        self._launch()
        self._thread.start()

    def stop(self) -> None:
        """Ask the process to stop (SIGTERM), wait 20 s, then end its whole group."""
        self._stopping.set()
        with self._lock:
            process = self._process
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                log.warning("child_killed", child=self.name, waited_s=STOP_S)
        if process is not None:
            end_group(process.pid)
            process.wait()
        self._close_lifeline()
        if self._thread.is_alive():
            self._thread.join(STOP_S)

    def _launch(self) -> None:
        if self._log_path.exists() and self._log_path.stat().st_size > MAX_LOG_BYTES:
            self._log_path.replace(self._log_path.with_suffix(".previous.log"))
        read_end, write_end = os.pipe()
        environment = {**os.environ, **self._environment, LIFELINE: str(read_end)}
        with self._lock, self._log_path.open("ab") as output:
            if self._stopping.is_set():
                os.close(read_end)
                os.close(write_end)
                return
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                pass_fds=(read_end,),
                start_new_session=True,
            )
        os.close(read_end)
        self._close_lifeline()
        self._lifeline = write_end

    def _keep_running(self) -> None:
        wait_s = FIRST_WAIT_S
        while not self._stopping.is_set():
            process = self._process
            if process is None:
                return
            started = time.monotonic()
            code = process.wait()
            if self._stopping.is_set():
                return
            end_group(process.pid)
            lived_s = time.monotonic() - started
            if code == RESTART_EXIT_CODE:
                log.info("child_restarts", child=self.name, lived_s=round(lived_s, 1))
                self.restarts += 1
                self._launch()
                continue
            wait_s = FIRST_WAIT_S if lived_s > CALM_AFTER_S else min(wait_s * 2, LONGEST_WAIT_S)
            log.warning("child_died", child=self.name, exit_code=code, lived_s=round(lived_s, 1), again_in_s=wait_s)
            if self._stopping.wait(wait_s):
                return
            self.restarts += 1
            self._launch()

    def _close_lifeline(self) -> None:
        if self._lifeline is not None:
            os.close(self._lifeline)
            self._lifeline = None


def end_group(pid: int) -> None:
    """Kill what is left of a process group that we started."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def wait_until(done: Callable[[], bool], timeout_s: float, *, every_s: float = 0.1) -> bool:
    """Return True as soon as `done` does, False when the time is over."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if done():
            return True
        time.sleep(every_s)
    return done()

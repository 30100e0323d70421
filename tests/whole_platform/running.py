"""A real platform for tests: `flatrender up` in a folder of its own, spoken to over HTTP."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil

Found = TypeVar("Found")

START_S = 120
STOP_S = 40


def free_port() -> int:
    """Return a TCP port of the loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(look: Callable[[], Found | None], *, timeout_s: float, what: str, every_s: float = 0.1) -> Found:
    """Return the first thing that `look` finds (not None, not False); fail after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        found = look()
        if found is not None and found is not False:
            return found
        time.sleep(every_s)
    raise AssertionError(f"{what} did not happen within {timeout_s} s")


class PatientTransport(httpx.HTTPTransport):
    """Does what `Retry-After` asks for, for at most half a minute."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request until it is answered with something else than 503."""
        until = time.monotonic() + 30
        while True:
            response = super().handle_request(request)
            if response.status_code != 503 or time.monotonic() > until:
                return response
            response.close()
            time.sleep(float(response.headers.get("Retry-After", "1")))


@dataclass
class Running:
    """One running platform."""

    data_dir: Path
    port: int = field(default_factory=free_port)
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[str] | None = None
    output: str = ""
    clients: list[httpx.Client] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, *options: str) -> float:
        """Start `flatrender up` and wait until it says that it is ready; return the seconds that took."""
        began = time.monotonic()
        path = self.data_dir.parent / f"up-{self.port}.log"
        command = [
            sys.executable,
            "-m",
            "flatrender",
            "up",
            "--data-dir",
            str(self.data_dir),
            "--port",
            str(self.port),
            *options,
        ]
        with path.open("w") as log:
            self.process = subprocess.Popen(
                command,
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                text=True,
                start_new_session=True,
                env={**os.environ, **self.environment},
            )

        def says_ready() -> bool:
            assert self.process is not None
            self.output = path.read_text()
            if self.process.poll() is not None:
                raise AssertionError(
                    f"flatrender up ended with {self.process.returncode}: {self.output}\n{self.server_log()[-3000:]}"
                )
            return "is ready" in self.output

        try:
            eventually(says_ready, timeout_s=START_S, what="flatrender up getting ready")
        except AssertionError:
            self.stop()
            raise AssertionError(f"not ready: {self.output}\n{self.server_log()[-3000:]}") from None
        return time.monotonic() - began

    def stop(self, number: int = signal.SIGINT) -> float:
        """Stop it as ctrl-C does and wait; return the seconds that took."""
        began = time.monotonic()
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)
            try:
                self.process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                for left in self.processes():
                    left.kill()
                raise AssertionError("flatrender up did not stop") from None
        return time.monotonic() - began

    def hang_up(self) -> None:
        """Close the clients that were given out."""
        for client in self.clients:
            client.close()

    def processes(self) -> list[psutil.Process]:
        """Return every process that belongs to this platform: by its data directory in the command line, working folder or environment."""
        found = []
        for process in psutil.process_iter():
            try:
                places = " ".join(process.cmdline()) + " " + process.environ().get("FLATRENDER_DATA_DIR", "")
            except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
                continue
            if str(self.data_dir) in places and process.pid != os.getpid():
                found.append(process)
        return found

    def child(self, *words: str) -> psutil.Process:
        """Return the one process whose command line holds all the words."""
        found = [p for p in self.processes() if all(word in " ".join(p.cmdline()) for word in words)]
        oldest = sorted(found, key=lambda p: p.create_time())
        assert oldest, f"no process with {words} among {[p.cmdline() for p in self.processes()]}"
        return oldest[0]

    def server_log(self) -> str:
        path = self.data_dir / "log" / "server.log"
        return path.read_text() if path.exists() else ""

    def accounts(self) -> dict[str, dict[str, str]]:
        """Return role → account of those that `up` printed."""
        return {account["role"]: account for account in json.loads((self.data_dir / "accounts.json").read_text())}

    def client(self, role: str | None = "user", *, patient: bool = False) -> httpx.Client:
        """Return a client signed in as the role's account, or as nobody; a patient one repeats what was answered with 503, as people's programs do."""
        client = httpx.Client(base_url=self.address, timeout=30, transport=PatientTransport() if patient else None)
        self.clients.append(client)
        if role is not None:
            account = self.accounts()[role]
            answer = client.post("/v1/auth/login", json={"email": account["email"], "password": account["password"]})
            assert answer.status_code == 200, answer.text
            client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return client


def running(data_dir: Path, *options: str, **environment: str) -> Iterator[Running]:
    """Yield a started platform and stop it at the end; nothing of it may be left."""
    platform = Running(data_dir, environment=environment)
    platform.start(*options)
    try:
        yield platform
    finally:
        platform.hang_up()
        platform.stop()


def wait_for_film(client: httpx.Client, job_id: str, *, timeout_s: float = 180) -> dict[str, Any]:
    """Return the job once it has ended; a server that is away meanwhile is asked again."""

    def ended() -> dict[str, Any] | None:
        try:
            answer = client.get(f"/v1/render-jobs/{job_id}")
        except httpx.TransportError:
            return None
        if answer.status_code == 503:
            return None
        assert answer.status_code == 200, answer.text
        job: dict[str, Any] = answer.json()
        return job if job["status"] in ("completed", "failed", "canceled") else None

    return eventually(ended, timeout_s=timeout_s, what=f"the end of job {job_id}", every_s=0.3)

"""The parts of the faulty farm and whoever keeps them running: PostgreSQL, two servers with their executors, nodes, a front door and a wire between."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import httpx
import psutil
import psycopg

from flatrender.host.database import write_addresses
from flatrender.host.private_files import write_private
from flatrender.host.secrets import load_or_make
from flatrender.kit.database_roles import LOGIN_ROLES
from flatrender.kit.embedded_postgres import EmbeddedPostgres
from tests.farm_audit import install_witness
from tests.farm_faults.proxies import FrontDoor, Loop, Wire
from tests.whole_platform.running import eventually, free_port

ROOT = Path(__file__).resolve().parents[2]
LEASE_S = 5.0
HEARTBEAT_S = 1.0
RESTART_S = 0.4
"""How long whoever keeps a part running waits before it starts it again."""
CLOCK_OFFSETS_S = (0.0, 3600.0, -3600.0, 0.0)
"""Of the nodes' clocks on the wall."""
SPACE = "48m"
"""Of the store and of each node's scratch, where they lie on a file system of their own."""


@dataclass
class Part:
    """A process that is started again when it ends, until it is told to stop."""

    name: str
    command: Sequence[str]
    log: Path
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0
    restart_s: float = RESTART_S
    _stopping: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Start it, and again whenever it ends."""
        self._spawn()
        self._thread = threading.Thread(target=self._keep, name=f"keeps-{self.name}", daemon=True)
        self._thread.start()

    def _spawn(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *self.command],
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                cwd=ROOT,
                env={**os.environ, "PYTHONUNBUFFERED": "1", **self.environment},
                start_new_session=True,
            )
        self.starts += 1

    def _keep(self) -> None:
        while self.process is not None:
            self.process.wait()
            if self._stopping.wait(self.restart_s):
                return
            self._spawn()

    def signal(self, number: int) -> None:
        """Send a signal to the process as it is now."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)

    def children(self) -> list[psutil.Process]:
        """Return the processes that it has started, oldest first."""
        try:
            found = psutil.Process(self.process.pid if self.process else -1).children(recursive=True)
            return sorted(found, key=lambda child: child.pid)
        except (psutil.NoSuchProcess, ValueError):
            return []

    def stop(self) -> None:
        """End it for good."""
        self._stopping.set()
        if self.process is None:
            return
        children = self.children()
        for number, patience_s in ((signal.SIGCONT, 0.0), (signal.SIGTERM, 15.0), (signal.SIGKILL, 10.0)):
            self.signal(number)
            try:
                self.process.wait(patience_s)
                break
            except subprocess.TimeoutExpired:
                continue
        for child in children:
            try:
                child.kill()
            except psutil.NoSuchProcess:
                continue
        if self._thread is not None:
            self._thread.join(10)


@dataclass
class Room:
    """A folder on a small file system of its own, which can be filled; without the right to mount one it cannot."""

    folder: Path
    mounted: bool = False

    def mount(self) -> None:
        """Put a file system of `SPACE` there if this process may."""
        self.folder.mkdir(parents=True, exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", f"size={SPACE},mode=0755", "tmpfs", str(self.folder)]
        self.mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0

    def unmount(self) -> None:
        """Take it away."""
        if self.mounted:
            subprocess.run(["umount", "-l", str(self.folder)], check=False, capture_output=True)
            self.mounted = False

    def fill(self) -> None:
        """Use up what is free."""
        if not self.mounted:
            return
        with (self.folder / "filler").open("wb", buffering=0) as filler:
            try:
                while filler.write(bytes(1 << 20)) == 1 << 20:
                    continue
                while filler.write(bytes(512)) == 512:
                    continue
            except OSError:
                return

    def clear(self) -> None:
        """Give it back."""
        (self.folder / "filler").unlink(missing_ok=True)


class FaultyFarm:
    """All parts together. `start` waits until the platform answers and its nodes have registered."""

    def __init__(self, folder: Path, *, seed: int, servers: int = 2, nodes: int = 3) -> None:
        self.folder = folder
        self.data = folder / "var"
        self.rng = random.Random(seed)
        self.loop = Loop()
        self.database = EmbeddedPostgres(folder / "pg", durable=False)
        self.ports = [free_port() for _ in range(servers)]
        self.door = FrontDoor(self.loop, self.ports, self.rng)
        self.wire: Wire
        self.wire_folder = Path(tempfile.mkdtemp(prefix="wire-"))
        self.servers: list[Part] = []
        self.nodes: list[Part] = []
        self.node_count = nodes
        self.store = Room(self.data / "objects")
        self.scratch = [Room(folder / f"node-{number}" / "scratch") for number in range(nodes)]
        self.objects = self.data / "objects"

    @property
    def address(self) -> str:
        """Where people and nodes come in."""
        return f"http://127.0.0.1:{self.door.port}"

    def start(self) -> None:
        """Start everything. Raises AssertionError when something does not come up."""
        self.data.mkdir(parents=True)
        for room in (self.store, *self.scratch):
            room.mount()
        secrets = load_or_make(self.data / "secrets.json", LOGIN_ROLES)
        write_private(self.data / "node-token", secrets.node_token.encode())
        self.database.start()
        with psycopg.connect(self.database.admin_dsn(), autocommit=True) as conn:
            install_witness(conn)
        socket_folder = self.database.dsn("svc_render").partition("host=")[2].partition("&")[0]
        target = next(Path(unquote(socket_folder)).glob(".s.PGSQL.*[0-9]"))
        self.wire = Wire(self.loop, target, self.wire_folder)
        self.wire.open()
        here = quote(str(self.wire_folder), safe="")
        addresses = {
            role: self.database.dsn(role).replace(f"host={socket_folder}", f"host={here}") for role in LOGIN_ROLES
        }
        write_addresses(self.data, addresses)
        (self.folder / "no-templates").mkdir()
        self.door.open()
        self.servers = [self._server(number, port) for number, port in enumerate(self.ports)]
        for number, server in enumerate(self.servers):
            server.start()
            if number == 0:
                eventually(lambda: self._ready(self.ports[0]), timeout_s=120, what="the first server")
        eventually(lambda: all(self._ready(port) for port in self.ports), timeout_s=120, what="every server")
        self.nodes = [self._node(number) for number in range(self.node_count)]
        for node in self.nodes:
            node.start()
        eventually(
            lambda: self.count("SELECT count(*) FROM render.nodes") == self.node_count, timeout_s=60, what="every node"
        )

    def _server(self, number: int, port: int) -> Part:
        environment = {
            "FLATRENDER_LEASE_S": str(LEASE_S),
            "FLATRENDER_HEARTBEAT_S": str(HEARTBEAT_S),
            "FLATRENDER_EXECUTOR_DEAD_AFTER_S": "5",
            "FLATRENDER_EXECUTOR_ID": f"server-{number}",
            "FLATRENDER_PUBLIC_URL": self.address,
            "FLATRENDER_SEED": "1",
        }
        templates = str(self.folder / "no-templates")
        command = ["tests.farm_faults.server_main", str(self.data), str(port), templates]
        return Part(f"server-{number}", command, self.folder / f"server-{number}.log", environment)

    def _node(self, number: int) -> Part:
        data = self.folder / f"node-{number}"
        command = [
            "tests.farm_faults.node_main", str(CLOCK_OFFSETS_S[number % len(CLOCK_OFFSETS_S)]), "--server", self.address,
            "--token-file", str(self.data / "node-token"), "--name", f"node-{number}", "--slots", "1", "--data-dir", str(data),
            "--engine", "thorvg",
        ]  # fmt: skip
        return Part(f"node-{number}", command, self.folder / f"node-{number}.log")

    @staticmethod
    def _ready(port: int) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=2).status_code == 200
        except httpx.TransportError:
            return False

    def rows(self, statement: str, *values: Any, patience_s: float = 60.0) -> list[Any]:
        """Return what a statement finds, past the wire; a database that is just starting again is waited for."""
        until = time.monotonic() + patience_s
        while True:
            try:
                with psycopg.connect(self.database.admin_dsn(), autocommit=True, connect_timeout=5) as conn:
                    return conn.execute(statement, values or None).fetchall()
            except psycopg.OperationalError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)

    def count(self, statement: str, *values: Any) -> int:
        """Return the one number that a statement finds."""
        return int(self.rows(statement, *values)[0][0])

    def stop(self) -> None:
        """Stop everything that was started, whatever state it is in."""
        self.calm()
        for part in [*self.nodes, *self.servers]:
            part.stop()
        self.database.stop()
        self.loop.close()
        for room in (self.store, *self.scratch):
            room.unmount()

    def calm(self) -> None:
        """End every fault that lasts: nothing is stopped, full, slow or spoilt any more."""
        self.door.share = 0.0
        if hasattr(self, "wire"):
            self.wire.latency_s, self.wire.stopped = 0.0, False
        for part in [*self.servers, *self.nodes]:
            part.signal(signal.SIGCONT)
            for child in part.children():
                try:
                    child.resume()
                except psutil.NoSuchProcess:
                    continue
        for process in self.backends(everything=True):
            try:
                process.resume()
            except psutil.NoSuchProcess:
                continue
        for room in (self.store, *self.scratch):
            room.clear()

    def backends(self, *, everything: bool = False) -> list[psutil.Process]:
        """Return the processes of PostgreSQL that serve clients; with `everything` also its others and the first."""
        try:
            postmaster = psutil.Process(self.database.pid or -1)
            children = postmaster.children()
            if everything:
                return [postmaster, *children]
            return [child for child in children if any("svc_" in word for word in child.cmdline())]
        except (psutil.NoSuchProcess, ValueError):
            return []

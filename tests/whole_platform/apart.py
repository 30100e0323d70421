"""The platform with every service in a process of its own behind the gateway, a node beside them."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from flatrender.host.database import write_addresses
from flatrender.host.private_files import write_private
from flatrender.host.secrets import load_or_make
from flatrender.host.settings import SERVICES
from flatrender.kit.database_roles import LOGIN_ROLES
from flatrender.kit.embedded_postgres import EmbeddedPostgres

from .running import Running, eventually, free_port


@contextmanager
def apart(data_dir: Path) -> Iterator[Running]:
    """Start PostgreSQL, six services, the gateway and a node; stop them at the end."""
    data_dir.mkdir(parents=True)
    secrets = load_or_make(data_dir / "secrets.json", LOGIN_ROLES)
    ports = {name: free_port() for name in (*SERVICES, "gateway")}
    peers = ",".join(f"{name}=http://127.0.0.1:{ports[name]}" for name in SERVICES)
    write_private(data_dir / "node-token", secrets.node_token.encode())
    processes: list[subprocess.Popen[bytes]] = []
    platform = Running(data_dir, port=ports["gateway"])

    def start(name: str, command: list[str]) -> None:
        environment = {**os.environ, "FLATRENDER_PEERS": peers, "FLATRENDER_SEED": "1", "PYTHONUNBUFFERED": "1"}
        with (data_dir / f"{name}.log").open("wb") as log:
            processes.append(
                subprocess.Popen(
                    [sys.executable, "-m", "flatrender", *command],
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env=environment,
                )
            )

    def answers(port: int) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=2).status_code == 200
        except httpx.TransportError:
            return False

    with EmbeddedPostgres(data_dir / "postgres", durable=False) as database:
        write_addresses(data_dir, {role: database.dsn(role) for role in LOGIN_ROLES})
        try:
            for name in (*SERVICES, "gateway"):
                start(name, ["serve", name, "--data-dir", str(data_dir), "--port", str(ports[name])])
            gateway = f"http://127.0.0.1:{ports['gateway']}"
            node = [
                "node",
                "--server",
                gateway,
                "--token-file",
                str(data_dir / "node-token"),
                "--data-dir",
                str(data_dir / "node"),
                "--name",
                "apart",
            ]
            start("node", node)
            for name, port in ports.items():
                eventually(lambda port=port: answers(port), timeout_s=90, what=f"{name} answering")  # type: ignore[misc]
            eventually(lambda: _seeded(platform), timeout_s=60, what="accounts and templates")
            yield platform
        finally:
            platform.hang_up()
            for process in reversed(processes):
                process.terminate()
            for process in processes:
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


def _seeded(platform: Running) -> bool:
    if not (platform.data_dir / "accounts.json").exists():
        return False
    try:
        return len(platform.client("user").get("/v1/projects").json()["items"]) >= 4
    except (AssertionError, httpx.TransportError, KeyError):
        return False

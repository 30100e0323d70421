"""The platform on many machines: API replicas, executors and nodes as processes, one external PostgreSQL, one S3 server, a balancer with TLS."""

import json
import os
import secrets
import shutil
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.object_store.server import s3_server

from .certificates import make_certificates, server_context
from .network import Doors, Machine, Network, as_user, network
from .running import eventually, free_port

POSTGRESQL = Path("/usr/lib/postgresql/15/bin")
LEASE_S, DEAD_S = 15.0, 8.0


class StubbornTransport(httpx.HTTPTransport):
    """Asks again when a server dies under a request or says that it is busy, as people's programs do."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, at most for half a minute."""
        import time

        until = time.monotonic() + 30
        while True:
            try:
                response = super().handle_request(request)
            except httpx.TransportError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)
                continue
            if response.status_code != 503 or time.monotonic() > until:
                return response
            response.close()
            time.sleep(float(response.headers.get("Retry-After", "1")))


@dataclass
class Farm:
    """What runs."""

    folder: Path
    network: Network
    doors: Doors
    admin_dsn: str
    processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    clients: list[httpx.Client] = field(default_factory=list)

    def client(self) -> httpx.Client:
        """Return somebody who is signed in, through the balancer."""
        context = ssl.create_default_context(cafile=str(self.folder / "ca.pem"))
        client = httpx.Client(
            base_url=f"https://{self.doors.host}:{self.doors.port}",
            timeout=30,
            transport=StubbornTransport(verify=context),
            follow_redirects=True,
        )
        self.clients.append(client)
        accounts = json.loads((self.folder / "api-1" / "accounts.json").read_text())
        account = next(one for one in accounts if one["role"] == "user")
        answer = client.post("/v1/auth/login", json={"email": account["email"], "password": account["password"]})
        assert answer.status_code == 200, answer.text
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return client

    def select(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """Look into the database."""
        with psycopg.connect(self.admin_dsn, autocommit=True) as connection:
            return connection.execute(statement, values).fetchall()  # type: ignore[arg-type]

    def kill(self, name: str) -> None:
        """SIGKILL a machine's process with its children, as when the machine loses power."""
        import psutil

        parent = psutil.Process(self.processes[name].pid)
        for process in (parent, *parent.children(recursive=True)):
            process.kill()
        self.processes[name].wait()

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def start(self, machine: Machine, command: list[str], environment: dict[str, str]) -> None:
        """Start a process on a machine."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("FLATRENDER_", "AWS_"))}
        with (self.folder / f"{machine.name}.log").open("wb") as log:
            self.processes[machine.name] = subprocess.Popen(
                [*machine.inside, sys.executable, "-m", "flatrender", *command],
                env={**kept, "PYTHONUNBUFFERED": "1", **environment},
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )


@contextmanager
def postgresql(folder: Path, host: str) -> Iterator[tuple[str, str]]:
    """Start a PostgreSQL of the system's that takes TLS connections alone; yield the superuser's address and that of the platform's owner."""
    if not (POSTGRESQL / "initdb").exists():
        pytest.skip("postgresql-15 (Debian) is not installed here: there is no external database to test with")
    user, port, password = as_user("postgres"), free_port(), secrets.token_hex(8)
    data, key = folder / "data", folder / "database.key"
    data.mkdir()
    (folder / "password").write_text(password)
    shutil.copy(folder / "server.key", key)
    if user:
        for path in (data, key):
            shutil.chown(path, "postgres", "postgres")
    key.chmod(0o600)

    def run(*words: str) -> None:
        done = subprocess.run([*user, *words], capture_output=True, text=True, timeout=90, cwd=folder, check=False)
        assert done.returncode == 0, done.stderr

    run(
        *(str(POSTGRESQL / "initdb"), "-D", str(data), "-U", "postgres", "-A", "scram-sha-256", "--no-sync"),
        *("--pwfile", str(folder / "password"), "-E", "UTF8", "--locale", "C.UTF-8"),
    )
    (data / "pg_hba.conf").write_text("hostssl all all all scram-sha-256\n")
    options = f"-h {host} -p {port} -k '' -c ssl=on -c ssl_cert_file={folder}/server.pem -c ssl_key_file={key}"
    options += " -c fsync=off -c max_connections=200"
    control = (str(POSTGRESQL / "pg_ctl"), "-D", str(data), "-w", "-t", "60")
    run(*control, "-l", str(data / "server.log"), "-o", options, "start")
    tail = f"@{host}:{port}/flatrender?sslmode=verify-full&sslrootcert={folder}/ca.pem"
    admin = f"postgresql://postgres:{password}{tail}"
    try:
        with psycopg.connect(admin.replace("/flatrender?", "/postgres?"), autocommit=True) as connection:
            connection.execute("CREATE ROLE landlord LOGIN CREATEROLE PASSWORD 'rent'")
            connection.execute("CREATE DATABASE flatrender OWNER landlord")
        yield admin, f"postgresql://landlord:rent{tail}"
    finally:
        run(*control, "-m", "immediate", "stop")


@contextmanager
def many(folder: Path) -> Iterator[Farm]:
    """Start it all: two API replicas, two executors, three nodes of which one is behind a proxy."""
    with ExitStack() as stack:
        net = stack.enter_context(network())
        make_certificates(folder, net.host)
        admin, owner = stack.enter_context(postgresql(folder, net.host))
        store = stack.enter_context(s3_server(folder, host=net.host, port=free_port()))
        bucket = store.bucket("flatrender")
        machines = {
            name: net.machine(name) for name in ("api-1", "api-2", "exec-1", "exec-2", "node-1", "node-2", "node-3")
        }
        ports = {name: free_port() for name in ("api-1", "api-2", "exec-1", "exec-2")}
        doors = Doors(
            net.host, [(machines[name].host, ports[name]) for name in ("api-1", "api-2")], server_context(folder)
        )
        stack.enter_context(doors.open())
        farm = Farm(folder, net, doors, admin, ports=ports)
        shared = {
            # No owner's password: servers sign in as each service's role.
            "DATABASE_URL": f"postgresql://{owner.partition('@')[2]}",
            "FLATRENDER_SECRETS_FILE": str(folder / "secrets.json"),
            "FLATRENDER_OBJECTS_URL": f"s3://{bucket.bucket}/platform?endpoint={store.endpoint}",
            "AWS_ACCESS_KEY_ID": store.access_key,
            "AWS_SECRET_ACCESS_KEY": store.secret_key,
            "FLATRENDER_PUBLIC_URL": f"https://{doors.host}:{doors.port}",
            "FLATRENDER_LEASE_S": str(LEASE_S),
            "FLATRENDER_HEARTBEAT_S": "2",
            "FLATRENDER_EXECUTOR_DEAD_AFTER_S": str(DEAD_S),
            "FLATRENDER_WORKFLOWS": "0",
        }
        stack.callback(stop, farm)
        migrate(folder, owner)
        for name, port in ports.items():
            what = "all" if name.startswith("api") else "executor"
            command = [
                "serve",
                what,
                "--data-dir",
                str(folder / name),
                "--host",
                machines[name].host,
                "--port",
                str(port),
            ]
            shared["FLATRENDER_EXECUTOR_ID"] = name
            farm.start(machines[name], command, {**shared, "FLATRENDER_SEED": "1" if name == "api-1" else "0"})
        for name, machine in machines.items():
            if not name.startswith("node"):
                continue
            proxy = {"HTTPS_PROXY": f"http://{doors.host}:{doors.proxy_port}"} if name == "node-3" else {}
            server = ["node", "--server", f"https://{doors.host}:{doors.port}", "--ca-file", str(folder / "ca.pem")]
            own = ["--token-file", str(folder / "node-token"), "--data-dir", str(folder / name), "--name", name]
            farm.start(machine, [*server, *own, "--slots", "1"], proxy)
        try:
            eventually(
                lambda: ready(farm), timeout_s=420, what="every replica, executor and node being there", every_s=0.3
            )
            yield farm
        except BaseException as error:
            for name in farm.processes:
                error.add_note(f"{name}:\n{farm.log(name)[-2500:]}")
            raise


def migrate(folder: Path, owner: str) -> None:
    """Two machines migrate at the same time; the second finds nothing to do."""
    environment = {**os.environ, "DATABASE_URL": owner, "FLATRENDER_SECRETS_FILE": str(folder / "secrets.json")}
    command = [sys.executable, "-m", "flatrender", "migrate"]
    first = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert first.returncode == 0, first.stderr
    both = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [process.communicate(timeout=120)[0] for process in both] == ["nothing to apply\n"] * 2


def ready(farm: Farm) -> bool:
    """Whether everything that was started works."""
    for name, process in farm.processes.items():
        assert process.poll() is None, f"{name} ended: {farm.log(name)[-2000:]}"
    try:
        for name, port in farm.ports.items():
            host = (
                next(host for host, number in farm.doors.backends if number == port) if name.startswith("api") else None
            )
            if host is not None and httpx.get(f"http://{host}:{port}/readyz", timeout=2).status_code != 200:
                return False
        return (
            farm.select("SELECT count(*) FROM ops.workflow_executors") == [(2,)]
            and farm.select("SELECT count(*) FROM render.nodes WHERE status = 'online'") == [(3,)]
            and farm.select("SELECT count(*) FROM content.projects WHERE slug = 'promo'") == [(1,)]
        )
    except (httpx.TransportError, psycopg.Error):
        return False


def stop(farm: Farm) -> None:
    """End what runs."""
    for client in farm.clients:
        client.close()
    for process in farm.processes.values():
        process.terminate()
    for process in farm.processes.values():
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

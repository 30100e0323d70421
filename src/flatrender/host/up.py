"""`flatrender up`: PostgreSQL, the server and a node on this machine, kept running until we are told to stop."""

import signal
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import msgspec
import structlog

from flatrender.host.accounts import ACCOUNTS_FILE, SeedAccount
from flatrender.host.children import Child, wait_until
from flatrender.host.database import bring_up_to_date, external_addresses, write_addresses
from flatrender.host.private_files import write_private
from flatrender.host.secrets import load_or_make
from flatrender.host.settings import Settings
from flatrender.kit.database_roles import LOGIN_ROLES
from flatrender.kit.embedded_postgres import EmbeddedPostgres

log = structlog.get_logger(__name__)

READY_S = 120.0
"""How long the server may take to answer for the first time."""


class StartFailed(Exception):
    """The platform did not come up; the message says where to look."""


def up(settings: Settings, *, with_node: bool, say: Callable[[str], None]) -> None:
    """Run the platform until SIGINT or SIGTERM. Raises StartFailed; whatever happens, nothing is left running."""
    stop = threading.Event()

    def on_signal(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the form of a handler
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, on_signal)
    data_dir = settings.data_dir.resolve()
    data_dir.mkdir(parents=True, exist_ok=True)
    secrets = load_or_make(settings.secrets_path, LOGIN_ROLES)
    database = None if settings.database_url else EmbeddedPostgres(data_dir / "postgres")
    children: list[Child] = []
    try:
        if database is not None:
            say("starting PostgreSQL …")
            database.start()
            addresses = {role: database.dsn(role) for role in LOGIN_ROLES}
        else:
            say("bringing the database's schema up to date …")
            url = settings.database_url or ""
            bring_up_to_date(url, secrets)
            addresses = external_addresses(url, secrets)
        write_addresses(data_dir, addresses)
        write_private(data_dir / "node-token", secrets.node_token.encode())
        children = _children(settings, data_dir, with_node=with_node)
        say("starting the services …")
        for child in children:
            child.start()
        wait_until(lambda: stop.is_set() or _ready(settings), READY_S)
        if not stop.is_set():
            if not _ready(settings):
                raise StartFailed(
                    f"the server did not get ready within {READY_S:.0f} s: see {data_dir / 'log' / 'server.log'}"
                )
            _announce(settings, data_dir, say)
            stop.wait()
        say("\nstopping …")
    finally:
        for child in reversed(children):
            child.stop()
        if database is not None:
            database.stop()
    say("stopped; everything is kept in " + str(data_dir))


def _children(settings: Settings, data_dir: Path, *, with_node: bool) -> list[Child]:
    flatrender = [sys.executable, "-m", "flatrender"]
    shared = {
        "FLATRENDER_DATA_DIR": str(data_dir),
        "FLATRENDER_HOST": settings.host,
        "FLATRENDER_PORT": str(settings.port),
        "FLATRENDER_SEED": "1",
        "FLATRENDER_EXECUTOR_ID": "up",
        "PYTHONUNBUFFERED": "1",
    }
    server = Child(
        "server", [*flatrender, "serve", "all"], environment=shared, log_path=data_dir / "log" / "server.log"
    )
    if not with_node:
        return [server]
    node_command = [*flatrender, "node", "--server", f"http://{settings.host}:{settings.port}"]
    node_command += [
        "--token-file",
        str(data_dir / "node-token"),
        "--data-dir",
        str(data_dir / "node"),
        "--name",
        "local",
    ]
    if settings.metrics_port:
        node_command += ["--metrics-port", str(settings.metrics_port + 1), "--metrics-host", settings.metrics_host]
    node = Child("node", node_command, environment={"PYTHONUNBUFFERED": "1"}, log_path=data_dir / "log" / "node.log")
    return [server, node]


def _ready(settings: Settings) -> bool:
    try:
        with urllib.request.urlopen(f"http://{settings.host}:{settings.port}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _announce(settings: Settings, data_dir: Path, say: Callable[[str], None]) -> None:
    say(f"\nFlatRender is ready:  {settings.address}\n")
    path = data_dir / ACCOUNTS_FILE
    if path.exists():
        accounts = msgspec.json.decode(path.read_bytes(), type=list[SeedAccount])
        width = max(len(account.email) for account in accounts)
        for account in accounts:
            say(f"  {account.email:<{width}}   {account.password}   ({account.role})")
    say("\nctrl-C stops it.")

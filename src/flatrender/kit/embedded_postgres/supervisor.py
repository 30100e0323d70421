"""Start, watch and stop one embedded PostgreSQL."""

import atexit
import os
import signal
import subprocess
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote, urlencode

import psycopg
import structlog
from psycopg import sql

from flatrender.kit import migrate
from flatrender.kit.database_roles import LOGIN_ROLES, ensure_partitions, set_passwords
from flatrender.kit.embedded_postgres import cluster as clusters
from flatrender.kit.embedded_postgres.cluster import PORT, SUPERUSER, Cluster, Ownership
from flatrender.kit.embedded_postgres.errors import EmbeddedPostgresError, PostgresDidNotStart

log = structlog.get_logger(__name__)

DATABASE = "flatrender"
FIRST_RESTART_S = 0.2
LAST_RESTART_S = 30.0
HEALTHY_AFTER_S = 60.0
FIRST_POLL_S = 0.02
LAST_POLL_S = 0.5


class EmbeddedPostgres:
    """One cluster in `data_dir`, owned by this process from `start()` to `stop()`.

    `start()` blocks until the database answers with this release's schema; the server then runs as our direct child, is started again with
    growing pauses when it dies, and its addresses stay the same. All methods may be called from any thread; from a coroutine use
    `asyncio.to_thread`. `durable=False` gives up safety at a power cut, not at a kill, for speed: for tests.
    """

    def __init__(self, data_dir: Path, *, durable: bool = True, max_connections: int = 200) -> None:
        self._data_dir = data_dir.absolute()
        self._durable = durable
        self._max_connections = max_connections
        self._cluster: Cluster | None = None
        self._ownership: Ownership | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._passwords: dict[str, str] = {}
        self._stopping = threading.Event()
        self._watcher: threading.Thread | None = None
        self._lock = threading.Lock()
        """Guards `_process` against being replaced while it is stopped."""
        self._restarts = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int | None:
        """The postmaster's process id, None while there is none."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    @property
    def restarts(self) -> int:
        """How often the server had to be started again since `start()`."""
        return self._restarts

    def dsn(self, role: str, *, database: str = DATABASE) -> str:
        """Return the address for a role of `LOGIN_ROLES`: `postgresql://role:password@/database?host=<socket directory>`.

        Valid once `start()` has begun and unchanged by restarts. Raises KeyError for an unknown role.
        """
        if self._cluster is None:
            raise EmbeddedPostgresError("the embedded PostgreSQL has no address before start()")
        options = urlencode({"host": str(self._cluster.socket_dir), "port": str(PORT)}, quote_via=quote)
        return f"postgresql://{role}:{quote(self._passwords[role], safe='')}@/{quote(database, safe='')}?{options}"

    def admin_dsn(self, *, database: str = DATABASE) -> str:
        """Return the superuser's address: for migrations and tests, never for a service."""
        return self.dsn(SUPERUSER, database=database)

    def start(self) -> None:
        """Own the data directory, bring the server and the schema up. Raises EmbeddedPostgresError, or MigrationError from the schema.

        However long a crash's recovery takes, it is waited for.
        """
        self._data_dir.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
        self._ownership = Ownership(self._data_dir)
        try:
            self._stopping.clear()
            self._cluster = clusters.prepare(self._data_dir)
            self._passwords = clusters.passwords(self._cluster, (SUPERUSER, *LOGIN_ROLES))
            if left := clusters.stop_leftovers(self._cluster):
                log.warning("postgres_leftovers_stopped", pids=left)
            if not self._cluster.files.exists():
                clusters.initialise(self._cluster, self._passwords[SUPERUSER], durable=self._durable)
            self._process = self._spawn(self._cluster)
            self._wait_until_it_answers(self._process)
            atexit.register(self.stop)
            self._watcher = threading.Thread(target=self._watch, name="postgres-watcher", daemon=True)
            self._watcher.start()
            self._bring_schema_up()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the server (at most some 40 s; normally under one) and give the data directory up. A second call does nothing."""
        self._stopping.set()
        atexit.unregister(self.stop)
        with self._lock:
            if self._process is not None:
                _end(self._process)
                self._process = None
        if self._watcher is not None:
            self._watcher.join()
            self._watcher = None
        if self._ownership is not None:
            if self._cluster is not None:
                clusters.remove_socket_folder(self._cluster)
            self._ownership.release()
            self._ownership = None

    def _spawn(self, cluster: Cluster) -> subprocess.Popen[bytes]:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(cluster.socket_dir),
            "unix_socket_permissions": "0700",
            "port": str(PORT),
            "max_connections": str(self._max_connections),
            "password_encryption": "scram-sha-256",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "jit": "off",
        }
        if not self._durable:
            settings |= {"fsync": "off", "full_page_writes": "off"}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with clusters.open_log(cluster) as output:
            return cluster.spawn(cluster.command("postgres", "-D", str(cluster.files), *options), output)

    def _wait_until_it_answers(self, process: subprocess.Popen[bytes]) -> None:
        """Return when SELECT 1 works; raise PostgresDidNotStart when the process has ended, or stop() was called, instead."""
        pause_s = FIRST_POLL_S
        while not self._stopping.is_set():
            try:
                with psycopg.connect(self.admin_dsn(database="postgres"), connect_timeout=5) as connection:
                    connection.execute("SELECT 1")
            except psycopg.OperationalError as error:
                if process.poll() is not None:
                    raise PostgresDidNotStart(
                        f"PostgreSQL ended with {process.returncode}: {clusters.log_tail(self._require_cluster())}"
                    ) from error
                if "password authentication failed" in str(error):
                    raise EmbeddedPostgresError(
                        f"the superuser's password in {self._data_dir / 'roles.json'} is not this cluster's; put the right file back"
                    ) from error
                time.sleep(pause_s)
                pause_s = min(pause_s * 1.5, LAST_POLL_S)
            else:
                return
        raise PostgresDidNotStart("stopped while PostgreSQL was starting")

    def _bring_schema_up(self) -> None:
        with psycopg.connect(self.admin_dsn(database="postgres"), autocommit=True) as connection:
            if connection.execute("SELECT FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone() is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
        with migrate.connect(self.admin_dsn()) as connection:
            migrate.apply(connection, migrate.load())
            set_passwords(connection, {role: self._passwords[role] for role in LOGIN_ROLES})
            ensure_partitions(connection, now=datetime.now(UTC))

    def _watch(self) -> None:
        """Wait for the server's end; unless it was asked for, start it again, after a pause that doubles while it keeps dying."""
        cluster = self._require_cluster()
        pause_s = FIRST_RESTART_S
        while True:
            process = self._process
            if process is None:
                return
            started = time.monotonic()
            code = process.wait()
            if self._stopping.is_set():
                return
            if time.monotonic() - started > HEALTHY_AFTER_S:
                pause_s = FIRST_RESTART_S
            log.error("postgres_died", code=code, restart_in_s=pause_s, log=clusters.log_tail(cluster))
            if self._stopping.wait(pause_s):
                return
            pause_s = min(pause_s * 2, LAST_RESTART_S)
            with self._lock:
                if self._stopping.is_set():
                    return
                with suppress(OSError):
                    clusters.stop_leftovers(cluster)
                    self._process = self._spawn(cluster)
                    self._restarts += 1

    def _require_cluster(self) -> Cluster:
        if self._cluster is None:
            raise EmbeddedPostgresError("start() has not been called")
        return self._cluster


def _end(process: subprocess.Popen[bytes]) -> None:
    """Fast shutdown; immediate when that hangs; kill at last."""
    for stop, patience_s in (
        (signal.SIGINT, clusters.FAST_STOP_S),
        (signal.SIGQUIT, clusters.QUICK_STOP_S),
        (signal.SIGKILL, clusters.QUICK_STOP_S),
    ):
        if process.poll() is not None:
            return
        process.send_signal(stop)
        with suppress(subprocess.TimeoutExpired):
            process.wait(patience_s)

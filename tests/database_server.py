"""A PostgreSQL for one run of the tests: started by whichever worker needs it first, shared by all, gone with the run.

Run as `python database_server.py FOLDER PID`: keeps the server up while process PID lives, then removes FOLDER.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psutil
import psycopg
from psycopg import sql

from flatrender.kit.database_roles import LOGIN_ROLES
from flatrender.kit.embedded_postgres import EmbeddedPostgres

TEMPLATE = "flatrender"
START_TIMEOUT_S = 240


@dataclass(frozen=True)
class DatabaseCopy:
    """A database of its own, made from the migrated template. Connect as the service's role, never as the superuser, to exercise row policies."""

    name: str
    addresses: dict[str, str]

    def dsn(self, role: str) -> str:
        """Address for one of LOGIN_ROLES."""
        return self.addresses[role].replace(f"@/{TEMPLATE}?", f"@/{self.name}?")

    @property
    def admin_dsn(self) -> str:
        """Address of the superuser: to arrange and to look, not for the code under test."""
        return self.dsn("postgres")

    def connect(self, role: str = "postgres", *, tenant=None) -> psycopg.Connection:
        """A connection in a transaction; with `tenant` its row policies see that tenant until the transaction ends."""
        connection = psycopg.connect(self.dsn(role))
        if tenant is not None:
            connection.execute("SELECT set_config('app.tenant_id', %s, true)", (str(tenant),))
        return connection


@dataclass(frozen=True)
class DatabaseServer:
    """The run's server; `addresses` lead to the template, which nobody may connect to."""

    addresses: dict[str, str]

    def admin_dsn(self, database: str = "postgres") -> str:
        """The superuser's address for any database of the server."""
        return self.addresses["postgres"].replace(f"@/{TEMPLATE}?", f"@/{database}?")

    @contextmanager
    def copy(self):
        """A fresh copy of the template, dropped afterwards."""
        name = f"test_{uuid4().hex[:12]}"
        with self.empty(name, template=TEMPLATE):
            with psycopg.connect(self.admin_dsn(name)) as connection:
                connection.execute("SELECT ops.restrict_database()")
            yield DatabaseCopy(name, self.addresses)

    @contextmanager
    def empty(self, name=None, *, template="template0"):
        """A database without any migration, dropped afterwards; yields its name."""
        name = name or f"test_{uuid4().hex[:12]}"
        with psycopg.connect(self.admin_dsn(), autocommit=True) as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
            )
        try:
            yield name
        finally:
            with psycopg.connect(self.admin_dsn(), autocommit=True) as connection:
                connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def obtain(folder: Path, run_pid: int) -> DatabaseServer:
    """Start the run's server, or wait for the one that another worker is starting. The caller holds the folder's lock."""
    ready = folder / "ready.json"
    if not ready.exists():
        with (folder / "server.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, __file__, str(folder), str(run_pid)], stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + START_TIMEOUT_S
        while not ready.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the tests' database did not start: {(folder / 'server.log').read_text()[-2000:]}")
            time.sleep(0.02)
        # The server outlives this worker; the operating system collects it.
        process.returncode = 0
    return DatabaseServer(json.loads(ready.read_text()))


def _serve(folder: Path, run_pid: int) -> None:
    run = psutil.Process(run_pid)
    server = EmbeddedPostgres(folder / "postgres", durable=False)
    try:
        server.start()
        with psycopg.connect(server.admin_dsn(database="postgres"), autocommit=True) as connection:
            connection.execute(f"ALTER DATABASE {TEMPLATE} IS_TEMPLATE true ALLOW_CONNECTIONS false")
        addresses = {role: server.dsn(role) for role in ("postgres", *LOGIN_ROLES)}
        unready = folder / "ready.new"
        unready.write_text(json.dumps(addresses))
        unready.replace(folder / "ready.json")
        while run.is_running() and run.status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.2)
    except psutil.NoSuchProcess:
        pass
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    os.umask(0o022)
    _serve(Path(sys.argv[1]), int(sys.argv[2]))

"""A real PostgreSQL for the tests: one server and one migrated template a run, a copy a module, and the services' own roles."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

ROOT = Path(__file__).resolve().parent.parent
BINARIES = Path("/usr/lib/postgresql/15/bin")
TEMPLATE = "flatrender_template"
Dsn = Callable[[str], str]
"""Role → how to connect to this module's database as it."""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Start a throw-away server; return its address as a superuser, without a database name."""
    if not BINARIES.exists():
        pytest.skip("PostgreSQL 15's server programs are not installed here")
    folder = Path(tempfile.mkdtemp(prefix="fr-pg-"))
    folder.chmod(0o755)
    user = "postgres" if os.geteuid() == 0 else None
    data = folder / "data"
    if user:
        shutil.chown(folder, user)
    subprocess.run(
        [
            str(BINARIES / "initdb"),
            "-D",
            str(data),
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "-N",
        ],
        check=True,
        capture_output=True,
        user=user,
        cwd=folder,
    )
    port = _free_port()
    options = f"-p {port} -c listen_addresses=127.0.0.1 -k {folder} -c fsync=off"
    options += " -c synchronous_commit=off -c full_page_writes=off -c max_connections=60 -c shared_buffers=64MB"
    subprocess.run(
        [
            str(BINARIES / "pg_ctl"),
            "-D",
            str(data),
            "-w",
            "-t",
            "60",
            "-l",
            str(folder / "log"),
            "-o",
            options,
            "start",
        ],
        check=True,
        capture_output=True,
        user=user,
        cwd=folder,
    )
    try:
        address = f"host=127.0.0.1 port={port} user=postgres"
        with psycopg.connect(f"{address} dbname=postgres", autocommit=True) as conn:
            conn.execute(f"CREATE DATABASE {TEMPLATE}")
        for path in sorted((ROOT / "migrations").glob("*.sql")):
            subprocess.run(
                [
                    str(BINARIES / "psql"),
                    "-q",
                    "-h",
                    "127.0.0.1",
                    "-p",
                    str(port),
                    "-U",
                    "postgres",
                    "-d",
                    TEMPLATE,
                    "-f",
                    str(path),
                ],
                check=True,
                capture_output=True,
            )
        with psycopg.connect(f"{address} dbname={TEMPLATE}", autocommit=True) as conn:
            conn.execute("SELECT ops.ensure_all_monthly_partitions(now()::date, 3)")
        yield address
    finally:
        subprocess.run(
            [str(BINARIES / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop"],
            check=False,
            capture_output=True,
            user=user,
            cwd=folder,
        )
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def dsn(postgres_server: str) -> Iterator[Dsn]:
    """Copy the template for this module; return how to connect as a role (`postgres` is the superuser)."""
    name = f"t_{uuid4().hex}"
    with psycopg.connect(f"{postgres_server} dbname=postgres", autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        conn.execute(f"GRANT CONNECT ON DATABASE {name} TO PUBLIC")

    yield lambda role: f"{postgres_server.replace('user=postgres', f'user={role}')} dbname={name}"
    with psycopg.connect(f"{postgres_server} dbname=postgres", autocommit=True) as conn:
        conn.execute(f"DROP DATABASE {name} WITH (FORCE)")

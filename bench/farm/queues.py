"""Procrastinate and PgQueuer fetching and finishing jobs that do nothing, on the same PostgreSQL: installed when first needed, below `bench/farm/queues`."""

import hashlib
import json
import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from bench.farm.world import Place

_HERE = Path(__file__).with_name("queues")
_REQUIREMENTS = _HERE / "requirements.txt"
_ENVIRONMENT = _HERE / ".venv"


def run(place: Place, library: str, *, jobs: int, workers: int) -> dict[str, Any]:
    """Return `seconds` for so many jobs of a library, one process with `workers` at once, in a database of its own, and `python_s` of the process."""
    name = f"bench_{library}"
    with psycopg.connect(place.admin, autocommit=True) as conn:
        conn.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        conn.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
    order = {"dsn": place.admin.replace("@/flatrender?", f"@/{name}?"), "jobs": jobs, "workers": workers}
    done = subprocess.run(
        [str(_python()), str(_HERE / f"{library}_jobs.py"), json.dumps(order)],
        check=True,
        capture_output=True,
        text=True,
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _python() -> Path:
    wanted = hashlib.sha256(_REQUIREMENTS.read_bytes()).hexdigest()
    python = _ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = _ENVIRONMENT / ".locked"
    if not (stamp.is_file() and stamp.read_text() == wanted):
        print("installing Procrastinate and PgQueuer …", file=sys.stderr, flush=True)
        venv.create(_ENVIRONMENT, with_pip=True, clear=True)
        install = [
            str(python),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "-r",
            str(_REQUIREMENTS),
        ]
        subprocess.run(install, check=True)
        stamp.write_text(wanted)
    return python

"""What every test may use: a real PostgreSQL with our schema.

`module_database` for tests that roll back, `fresh_database` for those that commit; both cost nothing to tests that do not ask.
"""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.database_server import DatabaseCopy, DatabaseServer, obtain
from tests.object_store.server import S3Server, s3_server
from tests.whole_platform.running import free_port


@pytest.fixture(scope="session", autouse=True)
def store_of_the_commands(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Commands run by tests keep what they make in a folder of this run, not in the user's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FLATRENDER_STORE", str(tmp_path_factory.mktemp("store")))
        yield


@pytest.fixture(scope="session")
def database_server() -> DatabaseServer:
    """The run's PostgreSQL: one for all xdist workers, started on first use, fsync off."""
    run_pid = os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()
    folder = Path(tempfile.gettempdir()) / f"flatrender-tests-{run_pid}"
    folder.mkdir(exist_ok=True)
    # PostgreSQL runs as another user when we are root and must pass through.
    folder.chmod(0o755)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return obtain(folder, run_pid)


@pytest.fixture(scope="module")
def module_database(database_server: DatabaseServer) -> Iterator[DatabaseCopy]:
    """One database for the tests of a module: roll back, or leave only rows that no other test of the module minds."""
    with database_server.copy() as copy:
        yield copy


@pytest.fixture
def fresh_database(database_server: DatabaseServer) -> Iterator[DatabaseCopy]:
    """A database for one test alone, which may commit what it likes."""
    with database_server.copy() as copy:
        yield copy


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A temporary folder that PostgreSQL's unprivileged user can reach also when we are root, unlike `tmp_path`."""
    with tempfile.TemporaryDirectory(prefix="flatrender-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@pytest.fixture(scope="session")
def object_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """A real S3-compatible server, started on first use."""
    with s3_server(tmp_path_factory.mktemp("s3"), port=free_port()) as server:
        yield server

"""The embedded PostgreSQL lives and dies as its supervisor says, whatever is killed."""

import json
import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import psycopg
import pytest

from flatrender.kit.database_roles import LOGIN_ROLES, role_dsn
from flatrender.kit.embedded_postgres import (
    DataDirectoryInUse,
    EmbeddedPostgres,
    EmbeddedPostgresError,
    PostgresDidNotStart,
)
from flatrender.kit.embedded_postgres import cluster as clusters

OWNER = """
import sys, time
from pathlib import Path
from flatrender.kit.embedded_postgres import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]))
server.start()
print(server.pid, flush=True)
time.sleep(600)
"""


def wait_until(condition, timeout_s: float = 60) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "took too long"
        time.sleep(0.02)


def answers(server: EmbeddedPostgres) -> bool:
    try:
        with psycopg.connect(server.dsn("svc_identity"), connect_timeout=5) as connection:
            connection.execute("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True


def write_mark(server: EmbeddedPostgres, name: str) -> None:
    with psycopg.connect(server.admin_dsn()) as connection:
        connection.execute("INSERT INTO identity.currencies (code, exponent, name) VALUES (%s, 0, 'mark')", (name,))


def marks(server: EmbeddedPostgres) -> set[str]:
    with psycopg.connect(server.admin_dsn()) as connection:
        return {row[0] for row in connection.execute("SELECT code FROM identity.currencies WHERE name = 'mark'")}


def postgres_processes(data_dir: Path) -> list[psutil.Process]:
    return clusters._processes_on(data_dir / "cluster")


@pytest.fixture
def server(open_folder):
    embedded = EmbeddedPostgres(open_folder / "data")
    embedded.start()
    yield embedded
    embedded.stop()


class TestLife:
    def test_every_role_signs_in_with_its_own_password_and_an_existing_cluster_starts_in_under_two_seconds(
        self, open_folder
    ):
        data_dir = open_folder / "data"
        with EmbeddedPostgres(data_dir) as server:
            for role in LOGIN_ROLES:
                with psycopg.connect(server.dsn(role)) as connection:
                    assert connection.execute("SELECT current_user").fetchone() == (role,)
            before = server.dsn("svc_render")
            write_mark(server, "AAA")
            assert stat.S_IMODE((data_dir / "roles.json").stat().st_mode) == 0o600
            assert len(set(json.loads((data_dir / "roles.json").read_text()).values())) == len(LOGIN_ROLES) + 1
        assert postgres_processes(data_dir) == []

        took_s = []
        for _ in range(3):
            started = time.monotonic()
            with EmbeddedPostgres(data_dir) as server:
                took_s.append(time.monotonic() - started)
                assert marks(server) == {"AAA"}
                assert server.dsn("svc_render") == before
        assert min(took_s) < 2

    def test_the_cluster_has_checksums_and_utf8_listens_on_no_network_and_its_socket_is_private(
        self, server, open_folder
    ):
        with psycopg.connect(server.admin_dsn()) as connection:
            settings = dict(connection.execute("SELECT name, setting FROM pg_settings").fetchall())
            assert connection.execute(
                "SELECT count(*) FROM pg_hba_file_rules WHERE auth_method <> 'scram-sha-256'"
            ).fetchone() == (0,)
        assert settings["data_checksums"] == "on"
        assert settings["listen_addresses"] == ""
        assert settings["server_encoding"] == "UTF8"
        assert stat.S_IMODE((open_folder / "data" / "run").stat().st_mode) == 0o700
        assert stat.S_IMODE((open_folder / "data" / "cluster").stat().st_mode) == 0o700

    def test_a_wrong_password_is_refused(self, server):
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(role_dsn(server.admin_dsn(), "svc_identity", "guess"))

    def test_postgresql_is_our_direct_child_and_never_root(self, server):
        process = psutil.Process(server.pid)
        assert process.ppid() == os.getpid()
        assert process.uids().effective != 0

    def test_the_months_partitions_are_there_after_the_start(self, server):
        with psycopg.connect(server.admin_dsn()) as connection:
            connection.execute(
                "INSERT INTO identity.audit_logs (tenant_id, occurred_at, actor_type, action, outcome) "
                "VALUES (ops.platform_tenant(), now(), 'system', 'x', 'success')"
            )

    def test_one_owner_per_data_directory(self, server, open_folder):
        with pytest.raises(DataDirectoryInUse, match="by this process"):
            EmbeddedPostgres(open_folder / "data").start()
        done = subprocess.run(
            [sys.executable, "-c", OWNER, str(open_folder / "data")],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert "DataDirectoryInUse" in done.stderr
        assert str(os.getpid()) in done.stderr
        assert answers(server)

    def test_stopping_twice_and_starting_again_is_fine(self, server):
        server.stop()
        server.stop()
        assert server.pid is None
        server.start()
        assert answers(server)

    def test_lost_passwords_of_an_existing_cluster_are_an_error_not_made_anew(self, server, open_folder):
        server.stop()
        (open_folder / "data" / "roles.json").rename(open_folder / "kept.json")
        with pytest.raises(EmbeddedPostgresError, match=r"roles\.json is missing"):
            server.start()
        (open_folder / "kept.json").rename(open_folder / "data" / "roles.json")
        server.start()
        assert answers(server)

    def test_a_damaged_cluster_is_a_clear_error_with_the_end_of_the_log(self, server, open_folder):
        server.stop()
        (open_folder / "data" / "cluster" / "PG_VERSION").write_text("9.6\n")
        with pytest.raises(PostgresDidNotStart, match="incompatible"):
            server.start()
        with pytest.raises(PostgresDidNotStart):
            server.start()

    def test_a_very_deep_data_directory_still_gets_a_socket(self, open_folder):
        deep = open_folder / ("d" * 60) / ("e" * 60)
        with EmbeddedPostgres(deep, durable=False) as server:
            assert answers(server)

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as another user")
    def test_a_data_directory_that_postgresqls_user_cannot_reach_works_too(self, tmp_path, open_folder, monkeypatch):
        (open_folder / "temporary").mkdir()
        monkeypatch.setattr(tempfile, "gettempdir", lambda: str(open_folder / "temporary"))
        monkeypatch.setattr(clusters, "SYSTEM_HOME", open_folder / "system")
        tmp_path.chmod(0o700)
        with EmbeddedPostgres(tmp_path / "data", durable=False) as server:
            write_mark(server, "AAA")
        assert str(open_folder / "system") in (tmp_path / "data" / "LOCATION").read_text()
        with EmbeddedPostgres(tmp_path / "data", durable=False) as server:
            assert marks(server) == {"AAA"}
        (tmp_path / "data").rename(tmp_path / "moved")
        with pytest.raises(EmbeddedPostgresError, match="belongs to"):
            EmbeddedPostgres(tmp_path / "moved").start()


@pytest.mark.faults
class TestFaults:
    def test_kill_9_of_the_postmaster_loses_nothing_and_the_addresses_stay(self, server):
        for number in range(3):
            write_mark(server, f"AA{number}")
            killed = server.pid
            os.kill(killed, signal.SIGKILL)
            wait_until(lambda was=killed: server.pid not in (None, was) and answers(server))
        assert marks(server) == {"AA0", "AA1", "AA2"}
        assert server.restarts == 3

    def test_kill_9_of_the_postmaster_while_a_backend_is_busy(self, server):
        endless = (
            "import sys, psycopg; psycopg.connect(sys.argv[1]).execute('SELECT count(*) FROM generate_series(1, 1e10)')"
        )
        busy = subprocess.Popen([sys.executable, "-c", endless, server.admin_dsn()], stderr=subprocess.DEVNULL)
        looking = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%1e10%' AND pid <> pg_backend_pid()"
        try:
            with psycopg.connect(server.admin_dsn(), autocommit=True) as connection:
                wait_until(lambda: connection.execute(looking).fetchone() == (1,))
                killed = server.pid
                os.kill(killed, signal.SIGKILL)
                wait_until(lambda: server.pid not in (None, killed) and answers(server))
            assert busy.wait(30) != 0
        finally:
            busy.kill()
            busy.wait()

    def test_kill_9_of_a_backend_is_survived_by_postgresql_itself(self, server):
        with psycopg.connect(server.admin_dsn()) as connection:
            connection.execute("SELECT 1")
            os.kill(connection.info.backend_pid, signal.SIGKILL)
            with pytest.raises(psycopg.OperationalError):
                connection.execute("SELECT 1")
        wait_until(lambda: answers(server))

    def test_kill_9_of_the_owner_leaves_a_server_that_the_next_owner_replaces_without_loss(self, open_folder):
        data_dir = open_folder / "data"
        owner = subprocess.Popen([sys.executable, "-c", OWNER, str(data_dir)], stdout=subprocess.PIPE, text=True)
        orphan = int(owner.stdout.readline())
        passwords = json.loads((data_dir / "roles.json").read_text())
        url = f"postgresql://postgres:{passwords['postgres']}@/flatrender?host={data_dir / 'run'}"
        with psycopg.connect(url) as connection:
            connection.execute("INSERT INTO identity.currencies (code, exponent, name) VALUES ('AAA', 0, 'mark')")
        owner.kill()
        owner.wait()
        owner.stdout.close()
        assert psutil.pid_exists(orphan)
        with EmbeddedPostgres(data_dir) as server:
            assert server.pid != orphan
            assert marks(server) == {"AAA"}
            assert answers(server)
        assert postgres_processes(data_dir) == []

    def test_kill_9_of_the_owner_and_of_the_postmaster_at_once(self, open_folder):
        data_dir = open_folder / "data"
        owner = subprocess.Popen([sys.executable, "-c", OWNER, str(data_dir)], stdout=subprocess.PIPE, text=True)
        postmaster = int(owner.stdout.readline())
        owner.kill()
        os.kill(postmaster, signal.SIGKILL)
        owner.wait()
        owner.stdout.close()
        with EmbeddedPostgres(data_dir) as server:
            assert answers(server)

    def test_an_owner_killed_while_the_cluster_was_made_leaves_nothing_in_the_way(self, open_folder):
        data_dir = open_folder / "data"
        owner = subprocess.Popen([sys.executable, "-c", OWNER, str(data_dir)], stdout=subprocess.PIPE, text=True)
        wait_until(lambda: (data_dir / "cluster.new" / "PG_VERSION").exists() or (data_dir / "cluster").exists())
        owner.kill()
        owner.wait()
        owner.stdout.close()
        with EmbeddedPostgres(data_dir) as server:
            assert answers(server)

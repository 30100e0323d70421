"""The numbered files and the command that applies them."""

import json
import os
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import psycopg
import pytest

from flatrender.kit import migrate
from flatrender.kit.database_roles import LOGIN_ROLES, role_dsn
from flatrender.kit.embedded_postgres import EmbeddedPostgres, installation
from flatrender.kit.embedded_postgres.cluster import Cluster

ROOT = Path(__file__).resolve().parents[2]
MIGRATIONS = ROOT / "migrations"
POSTGRESQL_15 = Path("/usr/lib/postgresql/15/bin")
NAMES = [
    "00_setup",
    "01_identity_tenants",
    "02_identity_users",
    "03_identity_billing",
    "04_identity_gamification",
    "05_content_taxonomy",
    "06_content_projects",
    "07_content_scenes",
    "08_content_characters_presets",
    "09_content_cms",
    "10_studio_saved_projects",
    "11_render_nodes",
    "12_render_jobs",
    "13_file_manager",
    "14_notification",
    "30_render_snapshot_jobs",
    "31_render_output_kinds",
    "32_studio_scene_transitions",
    "33_content_after_effects",
    "34_render_after_effects",
    "35_file_manager_permanent_urls",
    *sorted(path.stem for path in MIGRATIONS.glob("[3-9]*.sql") if path.stem >= "36"),
]
"""The files that a specification or a release has named, and what came after them."""
LEDGER = (
    "CREATE SCHEMA ops; CREATE TABLE ops.schema_migrations "
    "(version integer PRIMARY KEY, name text NOT NULL, checksum bytea, applied_at timestamptz NOT NULL DEFAULT now());"
)


def framed(version: int, name: str, body: str) -> str:
    return f"-- a file\n\n\\set ON_ERROR_STOP on\nBEGIN;\n{body}\nINSERT INTO ops.schema_migrations (version, name) VALUES ({version}, '{name}');\nCOMMIT;\n"


@pytest.fixture
def small(tmp_path):
    """Two small migrations."""
    (tmp_path / "00_setup.sql").write_text(framed(0, "00_setup", LEDGER), encoding="utf-8")
    (tmp_path / "01_films.sql").write_text(
        framed(1, "01_films", "CREATE TABLE public.films (id integer);"), encoding="utf-8"
    )
    return tmp_path


@pytest.fixture
def empty(database_server):
    """The address of a database without migrations."""
    with database_server.empty() as name:
        yield database_server.admin_dsn(name)


def run(url: str, directory: Path) -> list[str]:
    with migrate.connect(url) as connection:
        return migrate.apply(connection, migrate.load(directory))


def states(url: str, directory: Path) -> dict[str, str]:
    with migrate.connect(url) as connection:
        return {entry.name: entry.state for entry in migrate.status(connection, migrate.load(directory))}


def psql(url: str, *arguments: str, bin: Path | None = None) -> None:
    program = (bin or installation.programs(None)) / "psql"
    subprocess.run(
        [str(program), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", url, *arguments],
        check=True,
        capture_output=True,
        timeout=120,
    )


def dump(url: str) -> list[str]:
    done = subprocess.run(
        [str(installation.programs(None) / "pg_dump"), "-s", "-d", url],
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    # pg_dump brackets its output with a random word since 18.
    return [line for line in done.stdout.splitlines() if not line.startswith(("\\restrict", "\\unrestrict"))]


class TestFiles:
    def test_they_are_those_of_the_specification_in_its_order(self):
        assert [migration.name for migration in migrate.load(MIGRATIONS)] == NAMES

    def test_each_has_exactly_the_frame_and_records_itself_as_its_last_act(self):
        for migration in migrate.load(MIGRATIONS):
            lines = (MIGRATIONS / f"{migration.name}.sql").read_text(encoding="utf-8").splitlines()
            assert lines[-1] == "COMMIT;"
            assert (
                lines[-2]
                == f"INSERT INTO ops.schema_migrations (version, name) VALUES ({migration.version}, '{migration.name}');"
            )
            assert [line for line in lines if line.startswith("\\")] == ["\\set ON_ERROR_STOP on"]
            assert lines.count("BEGIN;") == lines.count("COMMIT;") == 1
            assert "SET LOCAL ROLE flatrender_owner;" in lines
            assert all(len(line) <= 160 and line == line.rstrip() and "\t" not in line for line in lines), (
                migration.name
            )

    def test_none_needs_an_extension(self):
        assert not [
            path.name for path in MIGRATIONS.glob("*.sql") if "EXTENSION" in path.read_text(encoding="utf-8").upper()
        ]

    def test_the_recipe_for_roles_stands_at_the_top_of_the_first(self):
        head = (MIGRATIONS / "00_setup.sql").read_text(encoding="utf-8").split("\\set")[0]
        assert "psql -d flatrender -f" in head
        assert "\\password svc_identity" in (MIGRATIONS / "00_setup.sql").read_text(encoding="utf-8")

    @pytest.mark.parametrize(
        ("name", "text", "message"),
        [
            ("1_a.sql", framed(1, "1_a", ""), "named like"),
            ("01_Big.sql", framed(1, "01_Big", ""), "named like"),
            ("01_a.sql", "BEGIN;\nSELECT 1;\nCOMMIT;\n", "must begin with"),
            ("01_a.sql", "\\set ON_ERROR_STOP on\nSELECT 1;\n", "must begin with"),
            ("01_a.sql", "\\set ON_ERROR_STOP on\nBEGIN;\nSELECT 1;\n", "must end with COMMIT"),
            ("01_a.sql", framed(1, "01_a", "\\i other.sql"), "line 5: psql commands"),
            ("01_a.sql", framed(1, "01_a", "COMMIT;\nBEGIN;"), "line 5: the frame is the only transaction"),
            ("01_a.sql", migrate.NO_TRANSACTION + "\n\\set ON_ERROR_STOP on\nDO $$ BEGIN END $$;\n", "dollar quotes"),
        ],
    )
    def test_a_file_that_breaks_the_rules_is_refused_with_its_name_and_place(self, tmp_path, name, text, message):
        (tmp_path / name).write_text(text, encoding="utf-8")
        with pytest.raises(migrate.BadMigration, match=message) as caught:
            migrate.load(tmp_path)
        assert name in str(caught.value)

    def test_two_files_with_one_number_are_refused(self, small):
        (small / "01_other.sql").write_text(framed(1, "01_other", ""), encoding="utf-8")
        with pytest.raises(migrate.BadMigration, match=r"01_other\.sql and 01_films\.sql"):
            migrate.load(small)

    def test_line_ends_do_not_change_the_checksum(self, small):
        before = [migration.checksum for migration in migrate.load(small)]
        for path in small.glob("*.sql"):
            path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
        assert [migration.checksum for migration in migrate.load(small)] == before

    def test_an_installed_wheel_carries_them(self, tmp_path):
        subprocess.run(
            [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
            cwd=ROOT,
            check=True,
            capture_output=True,
            timeout=120,
        )
        with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
            wheel.extractall(tmp_path / "installed")
        code = "from flatrender.kit import migrate; print(migrate.migrations_directory(), len(migrate.load()))"
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONPATH": str(tmp_path / "installed")},
            cwd=tmp_path,
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.stdout.split() == [str(tmp_path / "installed" / "flatrender" / "_migrations"), str(len(NAMES))]


class TestApply:
    def test_a_second_run_has_nothing_to_do(self, empty, small):
        assert run(empty, small) == ["00_setup", "01_films"]
        assert run(empty, small) == []
        assert states(empty, small) == {"00_setup": "applied", "01_films": "applied"}

    def test_what_psql_applied_is_adopted_and_its_checksum_filled_in(self, empty, small):
        psql(empty, "-f", str(small / "00_setup.sql"))
        assert states(empty, small) == {"00_setup": "unrecorded", "01_films": "pending"}
        assert run(empty, small) == ["01_films"]
        with psycopg.connect(empty) as connection:
            rows = connection.execute("SELECT version, checksum FROM ops.schema_migrations ORDER BY 1").fetchall()
        assert rows == [(migration.version, migration.checksum) for migration in migrate.load(small)]

    def test_an_edited_file_is_refused_before_anything_runs(self, empty, small):
        run(empty, small)
        path = small / "01_films.sql"
        path.write_text(path.read_text(encoding="utf-8").replace("id integer", "id bigint"), encoding="utf-8")
        (small / "02_more.sql").write_text(framed(2, "02_more", "CREATE TABLE public.more ();"), encoding="utf-8")
        with pytest.raises(migrate.HistoryChanged, match=r"01_films\.sql was changed"):
            run(empty, small)
        assert states(empty, small) == {"00_setup": "applied", "01_films": "edited", "02_more": "pending"}

    def test_a_missing_file_is_refused(self, empty, small):
        run(empty, small)
        (small / "01_films.sql").unlink()
        with pytest.raises(migrate.HistoryChanged, match=r"01_films\.sql was applied .* not in this release"):
            run(empty, small)

    def test_a_renamed_file_is_refused(self, empty, small):
        run(empty, small)
        (small / "01_films.sql").rename(small / "01_movies.sql")
        with pytest.raises(migrate.HistoryChanged):
            run(empty, small)

    def test_a_file_that_fails_leaves_nothing_and_the_ones_before_it_stand(self, empty, small):
        (small / "02_bad.sql").write_text(
            framed(2, "02_bad", "CREATE TABLE public.half ();\nSELECT 1 / 0;"), encoding="utf-8"
        )
        with pytest.raises(migrate.MigrationError, match=r"02_bad\.sql failed: division by zero"):
            run(empty, small)
        assert states(empty, small) == {"00_setup": "applied", "01_films": "applied", "02_bad": "pending"}
        with psycopg.connect(empty) as connection:
            assert connection.execute("SELECT to_regclass('public.half')").fetchone() == (None,)

    def test_a_file_that_does_not_record_itself_is_refused_and_leaves_nothing(self, empty, small):
        text = framed(2, "02_bad", "CREATE TABLE public.half ();").replace("VALUES (2", "VALUES (99")
        (small / "02_bad.sql").write_text(text, encoding="utf-8")
        with pytest.raises(migrate.BadMigration, match="does not record itself"):
            run(empty, small)
        assert "02_bad" in [name for name, state in states(empty, small).items() if state == "pending"]

    def test_two_runs_at_once_apply_each_file_once(self, empty, small):
        (small / "02_slow.sql").write_text(framed(2, "02_slow", "SELECT pg_sleep(0.3);"), encoding="utf-8")
        results: list[list[str]] = []
        threads = [threading.Thread(target=lambda: results.append(run(empty, small))) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(results) == [[], ["00_setup", "01_films", "02_slow"]]

    def test_the_server_parses_the_text_itself(self, empty, small):
        body = "-- 100 % of it; ' \" $1\nDO $x$ BEGIN PERFORM format('%s;', '$$'); END $x$;\nCREATE TABLE public.odd (a text DEFAULT '%s; $$');"
        (small / "02_odd.sql").write_text(framed(2, "02_odd", body), encoding="utf-8")
        assert run(empty, small)[-1] == "02_odd"

    def test_an_index_can_be_built_concurrently_in_a_file_without_a_transaction(self, empty, small):
        (small / "02_index.sql").write_text(
            f"{migrate.NO_TRANSACTION}\n\\set ON_ERROR_STOP on\nCREATE INDEX CONCURRENTLY films_id ON public.films (id);\n"
            "INSERT INTO ops.schema_migrations (version, name) VALUES (2, '02_index');\n",
            encoding="utf-8",
        )
        assert run(empty, small)[-1] == "02_index"
        assert states(empty, small)["02_index"] == "applied"

    def test_a_database_that_does_not_answer_is_a_clear_error(self):
        with pytest.raises(migrate.DatabaseUnreachable, match="cannot connect"):
            migrate.connect("postgresql://nobody@/x?host=/nonexistent")


class TestBothWays:
    def test_psql_and_the_command_make_the_same_schema(self, database_server):
        with database_server.empty() as by_psql, database_server.empty() as by_command:
            for name in NAMES:
                psql(database_server.admin_dsn(by_psql), "-f", str(MIGRATIONS / f"{name}.sql"))
            assert run(database_server.admin_dsn(by_command), MIGRATIONS) == NAMES
            first, second = dump(database_server.admin_dsn(by_psql)), dump(database_server.admin_dsn(by_command))
            assert len(first) > 5000
            assert first == second
            assert set(states(database_server.admin_dsn(by_psql), MIGRATIONS).values()) == {"unrecorded"}
            assert run(database_server.admin_dsn(by_psql), MIGRATIONS) == []
            assert set(states(database_server.admin_dsn(by_psql), MIGRATIONS).values()) == {"applied"}

    @pytest.mark.skipif(not (POSTGRESQL_15 / "postgres").exists(), reason="no PostgreSQL 15 at /usr/lib/postgresql/15")
    def test_plain_psql_applies_them_on_postgresql_15_and_the_command_finds_nothing_to_do(self, open_folder):
        cluster = Cluster(
            open_folder,
            open_folder / "cluster",
            open_folder / "run",
            POSTGRESQL_15,
            installation.run_as(open_folder / "cluster"),
        )
        for folder in (cluster.files, cluster.socket_dir):
            folder.mkdir(mode=0o700)
            if cluster.user:
                os.chown(folder, cluster.user.uid, cluster.user.gid)
        with (open_folder / "log").open("wb") as log:
            made = cluster.spawn(
                cluster.command(
                    "initdb",
                    "-D",
                    str(cluster.files),
                    "-U",
                    "postgres",
                    "-A",
                    "trust",
                    "-E",
                    "UTF8",
                    "--locale=C.UTF-8",
                    "-N",
                ),
                log,
            )
            assert made.wait(120) == 0
            options = [
                "-c",
                "listen_addresses=",
                "-c",
                f"unix_socket_directories={cluster.socket_dir}",
                "-c",
                "fsync=off",
                "-p",
                "5432",
            ]
            server = cluster.spawn(cluster.command("postgres", "-D", str(cluster.files), *options), log)
        try:
            url = f"postgresql://postgres@/flatrender?host={cluster.socket_dir}"
            deadline = time.monotonic() + 60
            while True:
                try:
                    with psycopg.connect(url.replace("/flatrender?", "/postgres?"), autocommit=True) as connection:
                        connection.execute("CREATE DATABASE flatrender")
                        break
                except psycopg.OperationalError:
                    assert time.monotonic() < deadline
                    time.sleep(0.1)
            for name in NAMES:
                psql(url, "-f", str(MIGRATIONS / f"{name}.sql"), bin=POSTGRESQL_15)
            with psycopg.connect(url) as connection:
                assert connection.execute("SELECT count(*) FROM ops.schema_migrations").fetchone() == (len(NAMES),)
                assert connection.execute("SHOW server_version").fetchone()[0].startswith("15.")
                found = connection.execute(
                    "SELECT ops.search_vector('{\"fa\": \"فروش‌ويژه\"}', '{}') @@ ops.search_query('ویژ')"
                ).fetchone()
                assert found == (True,)
            assert run(url, MIGRATIONS) == []
        finally:
            server.terminate()
            server.wait(60)


class TestCommand:
    def cli(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        clean = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        return subprocess.run(
            [str(Path(sys.executable).with_name("flatrender")), "migrate", *arguments],
            env=clean | environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def test_applies_reports_and_says_where_each_file_stands(self, empty):
        before = self.cli("--status", DATABASE_URL=empty)
        assert before.returncode == 1
        assert before.stdout.count("pending") == len(NAMES)
        applied = self.cli("--no-passwords", "--database-url", empty)
        assert (applied.returncode, applied.stderr) == (0, "")
        assert applied.stdout.startswith(f"applied {len(NAMES)}: 00_setup")
        after = self.cli("--status", "--database-url", empty)
        assert after.returncode == 0
        assert after.stdout.count("applied") == len(NAMES)
        assert self.cli("--no-passwords", DATABASE_URL=empty).stdout == "nothing to apply\n"

    def test_without_a_database_it_says_what_to_give(self):
        done = self.cli()
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
        assert "--database-url" in done.stderr

    @pytest.mark.parametrize("url", ["postgresql://x@127.0.0.1:1/x", "nonsense"])
    def test_an_unusable_address_is_one_line(self, url):
        done = self.cli("--database-url", url)
        assert (done.returncode, done.stderr.count("\n")) == (3, 1)
        assert "[migrations.database_unreachable]" in done.stderr

    def test_an_edited_history_is_one_line(self, empty):
        with migrate.connect(empty) as connection:
            migrate.apply(connection, migrate.load(MIGRATIONS)[:1])
            connection.execute("UPDATE ops.schema_migrations SET checksum = sha256('x')")
        done = self.cli("--database-url", empty)
        assert (done.returncode, done.stderr.count("\n")) == (3, 1)
        assert "00_setup.sql was changed after it was applied" in done.stderr

    def test_gives_the_roles_the_passwords_of_the_secrets_file(self, open_folder):
        with EmbeddedPostgres(open_folder / "postgres", durable=False) as server:
            done = self.cli("--database-url", server.admin_dsn(), FLATRENDER_DATA_DIR=str(open_folder / "var"))
            assert (done.returncode, done.stdout) == (0, "nothing to apply\n")
            passwords = json.loads((open_folder / "var" / "secrets.json").read_text())["role_passwords"]
            for role in LOGIN_ROLES:
                with psycopg.connect(role_dsn(server.admin_dsn(), role, passwords[role])) as connection:
                    assert connection.execute("SELECT current_user").fetchone() == (role,)
            with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
                psycopg.connect(server.dsn("svc_content"))

    def test_the_databases_owner_need_not_be_a_superuser(self, open_folder):
        with EmbeddedPostgres(open_folder / "postgres", durable=False) as server:
            with psycopg.connect(server.admin_dsn(database="postgres"), autocommit=True) as connection:
                connection.execute("DROP DATABASE flatrender")
                for role in ("flatrender_owner", *LOGIN_ROLES):
                    connection.execute(f"DROP ROLE {role}")
                connection.execute("CREATE ROLE landlord LOGIN CREATEROLE PASSWORD 'secret'")
                connection.execute("CREATE DATABASE flatrender OWNER landlord")
            url = role_dsn(server.admin_dsn(), "landlord", "secret")
            done = self.cli("--database-url", url, FLATRENDER_DATA_DIR=str(open_folder / "var"))
            assert (done.returncode, done.stderr) == (0, "")
            assert done.stdout.startswith(f"applied {len(NAMES)}:")

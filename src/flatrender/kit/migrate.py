r"""Apply the numbered SQL files of `migrations/` once each, in order, and refuse what no longer matches what was applied.

The files are the truth and work with plain psql too. Each has the frame `\set ON_ERROR_STOP on`, `BEGIN;` … `COMMIT;` and writes its own
row into `ops.schema_migrations`; this module strips the frame, so that the body and the checksum commit together, and fills in the
checksum of rows that psql left without one. It knows nothing of what the files contain.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psycopg

FILE_NAME = re.compile(r"^(\d{2,4})_[a-z0-9_]+\.sql$")
NO_TRANSACTION = "-- migrate: no-transaction"
LOCK_KEY = 0x666C6174_6D696772
"""Advisory lock of a run: `flatmigr`."""
LOCK_WAIT_S = 600
STATEMENT_LOCK_WAIT_S = 10
CONNECT_TIMEOUT_S = 10

State = Literal["applied", "pending", "unrecorded", "edited", "missing"]


class MigrationError(Exception):
    """The files cannot be applied; the database is as it was, apart from files already applied in full."""

    code = "migrations.failed"


class BadMigration(MigrationError):
    """A file breaks the rules for its name or its frame."""

    code = "migrations.bad_file"


class HistoryChanged(MigrationError):
    """A file that was applied has since been edited, renamed or removed."""

    code = "migrations.history_changed"


class DatabaseUnreachable(MigrationError):
    """The database does not answer, or refuses the connection."""

    code = "migrations.database_unreachable"


@dataclass(frozen=True)
class Migration:
    """One file. `statements` are sent one after the other: a single body inside a transaction, or several outside one."""

    version: int
    name: str
    checksum: bytes
    """SHA-256 of the file with LF line ends."""
    statements: tuple[str, ...]
    transactional: bool


@dataclass(frozen=True)
class MigrationState:
    """Where one file, or one row of the ledger, stands. `unrecorded`: applied by psql, checksum not yet filled in."""

    version: int
    name: str
    state: State


def migrations_directory() -> Path:
    """Return the folder of the files: inside the installed package, else the checkout's. Raises BadMigration when there is neither."""
    package = Path(__file__).resolve().parents[1]
    for candidate in (package / "_migrations", package.parents[1] / "migrations"):
        if (candidate / "00_setup.sql").is_file():
            return candidate
    raise BadMigration("no migrations are installed with this package; reinstall it or run from a checkout")


def load(directory: Path | None = None) -> tuple[Migration, ...]:
    """Return the files of `directory` in order. Raises BadMigration for a bad name, a bad frame or two files with one number."""
    found: dict[int, Migration] = {}
    for path in sorted((directory or migrations_directory()).glob("*.sql")):
        migration = _read(path)
        if migration.version in found:
            raise BadMigration(
                f"{path.name} and {found[migration.version].name}.sql have the same number; give one another number"
            )
        found[migration.version] = migration
    if not found:
        raise BadMigration(f"no *.sql files in {directory}")
    return tuple(found[version] for version in sorted(found))


def connect(url: str) -> psycopg.Connection:
    """Connect for migrating. Raises DatabaseUnreachable."""
    try:
        return psycopg.connect(
            url, autocommit=True, connect_timeout=CONNECT_TIMEOUT_S, application_name="flatrender migrate"
        )
    except psycopg.Error as error:
        raise DatabaseUnreachable(f"cannot connect to the database: {_first_line(error)}") from error


def status(connection: psycopg.Connection, migrations: Sequence[Migration]) -> list[MigrationState]:
    """Compare the files with the ledger, changing nothing."""
    ledger = _ledger(connection)
    files = {migration.version: migration for migration in migrations}
    states = []
    for version in sorted(files.keys() | ledger.keys()):
        migration, row = files.get(version), ledger.get(version)
        if migration is None:
            states.append(MigrationState(version, row[0] if row else "", "missing"))
        else:
            states.append(MigrationState(version, migration.name, _compare(migration, row)))
    return states


def apply(connection: psycopg.Connection, migrations: Sequence[Migration]) -> list[str]:
    """Apply what is pending, one transaction a file, and return the names applied. A second run at the same time waits, then has nothing to do.

    `connection` must be in autocommit mode, as a superuser or the database's owner. Raises HistoryChanged before anything runs when a file
    that was applied is different or gone, and MigrationError when a file fails; that file then leaves nothing behind.
    """
    with _exclusive(connection):
        for entry in status(connection, migrations):
            if entry.state == "edited":
                raise HistoryChanged(
                    f"{entry.name}.sql was changed after it was applied; restore it and put the change into a new file"
                )
            if entry.state == "missing":
                raise HistoryChanged(
                    f"{entry.name}.sql was applied to this database and is not in this release; install the release that has it"
                )
        ledger = _ledger(connection)
        applied = []
        for migration in migrations:
            if migration.version not in ledger:
                _run(connection, migration)
                applied.append(migration.name)
            elif ledger[migration.version][1] is None:
                _record(connection, migration)
        return applied


def _read(path: Path) -> Migration:
    named = FILE_NAME.match(path.name)
    if named is None:
        raise BadMigration(f"{path.name}: a migration is named like 07_content_scenes.sql")
    raw = path.read_bytes().replace(b"\r\n", b"\n")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadMigration(f"{path.name}: not UTF-8 at byte {error.start}") from error
    transactional = not text.startswith(NO_TRANSACTION)
    body = _strip_frame(path.name, text, transactional=transactional)
    return Migration(
        version=int(named.group(1)),
        name=path.stem,
        checksum=hashlib.sha256(raw).digest(),
        statements=(body,) if transactional else _split(path.name, body),
        transactional=transactional,
    )


def _strip_frame(name: str, text: str, *, transactional: bool) -> str:
    """Return the body between the frame's lines. Only comments may stand outside it."""
    lines = text.rstrip().split("\n")
    start = next((i for i, line in enumerate(lines) if line.strip() and not line.startswith("--")), len(lines))
    opening = ["\\set ON_ERROR_STOP on", "BEGIN;"] if transactional else ["\\set ON_ERROR_STOP on"]
    if lines[start : start + len(opening)] != opening:
        raise BadMigration(f"{name}: must begin with {' and '.join(opening)} after its comments")
    body = lines[start + len(opening) :]
    if transactional:
        if not body or body[-1] != "COMMIT;":
            raise BadMigration(f"{name}: must end with COMMIT;")
        body = body[:-1]
    for number, line in enumerate(body, start + len(opening) + 1):
        if line.startswith("\\"):
            raise BadMigration(f"{name} line {number}: psql commands other than \\set ON_ERROR_STOP on are not allowed")
        if re.match(
            r"\s*(BEGIN|START TRANSACTION|COMMIT|END|ROLLBACK)\s*;", line, re.IGNORECASE
        ) and not line.startswith(" "):
            raise BadMigration(f"{name} line {number}: the frame is the only transaction")
    return "\n".join(body) + "\n"


def _split(name: str, body: str) -> tuple[str, ...]:
    """Split at `;` ending a line: PostgreSQL refuses CONCURRENTLY among several statements in one message."""
    if "$$" in body or re.search(r"\$\w*\$", body):
        raise BadMigration(f"{name}: dollar quotes are not allowed in a file without a transaction")
    return tuple(statement.strip() for statement in re.split(r";[ \t]*(?:\n|$)", body) if statement.strip())


def _ledger(connection: psycopg.Connection) -> Mapping[int, tuple[str, bytes | None]]:
    found = connection.execute("SELECT to_regclass('ops.schema_migrations') IS NOT NULL").fetchone()
    if found is None or not found[0]:
        return {}
    try:
        rows = connection.execute("SELECT version, name, checksum FROM ops.schema_migrations").fetchall()
    except psycopg.Error as error:
        raise MigrationError(
            f"cannot read the ledger ops.schema_migrations: {_first_line(error)}; connect as the database's owner"
        ) from error
    return {version: (name, checksum) for version, name, checksum in rows}


def _compare(migration: Migration, row: tuple[str, bytes | None] | None) -> State:
    if row is None:
        return "pending"
    name, checksum = row
    if name != migration.name or checksum not in (None, migration.checksum):
        return "edited"
    return "applied" if checksum is not None else "unrecorded"


def _run(connection: psycopg.Connection, migration: Migration) -> None:
    try:
        if migration.transactional:
            with connection.transaction():
                connection.execute(f"SET LOCAL lock_timeout = '{STATEMENT_LOCK_WAIT_S}s'".encode())
                # Without parameters the text goes to the server as one simple-protocol message, which parses dollar quotes and % itself.
                connection.execute(migration.statements[0].encode())
                _record(connection, migration)
        else:
            for statement in migration.statements:
                connection.execute(statement.encode())
            _record(connection, migration)
    except psycopg.Error as error:
        raise MigrationError(f"{migration.name}.sql failed: {_explain(error, migration)}") from error
    finally:
        if not connection.closed:
            connection.execute("RESET ROLE")


def _record(connection: psycopg.Connection, migration: Migration) -> None:
    updated = connection.execute(
        "UPDATE ops.schema_migrations SET checksum = %s WHERE version = %s AND name = %s",
        (migration.checksum, migration.version, migration.name),
    )
    if updated.rowcount != 1:
        raise BadMigration(
            f"{migration.name}.sql does not record itself: it must insert ({migration.version}, '{migration.name}') into ops.schema_migrations"
        )


def _explain(error: psycopg.Error, migration: Migration) -> str:
    message = _first_line(error)
    if migration.transactional and error.diag.statement_position:
        line = migration.statements[0][: int(error.diag.statement_position)].count("\n") + 1
        return f"{message} (line {line} after BEGIN)"
    return message


def _first_line(error: psycopg.Error) -> str:
    return error.diag.message_primary or (str(error).strip().splitlines() or [type(error).__name__])[0]


@contextmanager
def _exclusive(connection: psycopg.Connection) -> Iterator[None]:
    """Hold the advisory lock of migrating; it goes with the connection if we die."""
    try:
        connection.execute(f"SET lock_timeout = '{LOCK_WAIT_S}s'".encode())
        connection.execute("SELECT pg_advisory_lock(%s)", (LOCK_KEY,))
    except psycopg.errors.LockNotAvailable as error:
        raise MigrationError(
            f"another run has been migrating this database for {LOCK_WAIT_S} s; look at it first"
        ) from error
    try:
        yield
    finally:
        if not connection.closed:
            connection.execute("RESET lock_timeout")
            connection.execute("SELECT pg_advisory_unlock(%s)", (LOCK_KEY,))

"""The database's login roles: their names, their passwords, and an address for each.

`migrations/00_setup.sql` makes the roles without passwords; here they get them. It knows nothing of who uses which role.
"""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import psycopg
from psycopg import sql

SERVICE_ROLES = ("svc_identity", "svc_content", "svc_studio", "svc_render", "svc_file", "svc_notification")
"""Limited to the tenant that a transaction names."""
WORKER_ROLES = tuple(f"{role}_worker" for role in SERVICE_ROLES)
"""The same tables over all tenants."""
WORKFLOW_ROLE = "svc_workflow"
LOGIN_ROLES = (*SERVICE_ROLES, *WORKER_ROLES, WORKFLOW_ROLE)
PARTITION_MONTHS = 3
"""The current month and the two after it."""


class PasswordsRefused(Exception):
    """The connecting role may not set the service roles' passwords."""

    code = "database.passwords_refused"


def role_dsn(admin_url: str, role: str, password: str, *, database: str | None = None) -> str:
    """Return `admin_url` with another role, password and (when given) database; its host, port and options stay.

    `admin_url` is a `postgresql://` address. Raises ValueError for anything else.
    """
    parts = urlsplit(admin_url)
    if parts.scheme not in ("postgresql", "postgres"):
        raise ValueError("the database's address must look like postgresql://user:password@host:5432/flatrender")
    host = parts.netloc.rpartition("@")[2]
    options = [(key, value) for key, value in parse_qsl(parts.query) if key not in ("user", "password", "dbname")]
    path = parts.path if database is None else "/" + quote(database, safe="")
    netloc = f"{quote(role, safe='')}:{quote(password, safe='')}@{host}"
    return urlunsplit(("postgresql", netloc, path, urlencode(options, quote_via=quote), ""))


def set_passwords(connection: psycopg.Connection, passwords: Mapping[str, str]) -> None:
    """Give each role its password. The server sees only the SCRAM verifier, so no log can hold the password.

    `connection` must be a superuser's, or of a role with CREATEROLE that administers them; else raises PasswordsRefused.
    """
    try:
        for role, password in passwords.items():
            verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
            connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(verifier)))
    except psycopg.errors.InsufficientPrivilege as error:
        raise PasswordsRefused(
            f"the connecting role may not set the service roles' passwords ({error.diag.message_primary}): "
            "connect as the one that made them, or use --no-passwords and set them yourself"
        ) from error


def ensure_partitions(connection: psycopg.Connection, *, now: datetime, months: int = PARTITION_MONTHS) -> int:
    """Make the missing monthly partitions from `now`'s month (UTC) on, in every schema; return how many were made."""
    row = connection.execute("SELECT ops.ensure_all_monthly_partitions(%s, %s)", (now.date(), months)).fetchone()
    return int(row[0]) if row else 0

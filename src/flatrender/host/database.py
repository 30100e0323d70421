"""The database that the services use: bringing an external one up to date, and where each role finds it."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from flatrender.host.private_files import write_private
from flatrender.host.secrets import PlatformSecrets
from flatrender.kit import migrate
from flatrender.kit.clock import system_clock
from flatrender.kit.database_roles import LOGIN_ROLES, WORKFLOW_ROLE, ensure_partitions, role_dsn, set_passwords


def bring_up_to_date(url: str, secrets: PlatformSecrets) -> list[str]:
    """Apply the pending migrations to an external database, give the roles our passwords, make the next partitions.

    Returns the files applied. Raises MigrationError or PasswordsRefused.
    """
    with migrate.connect(url) as connection:
        applied = migrate.apply(connection, migrate.load())
        set_passwords(connection, {role: secrets.role_passwords[role] for role in LOGIN_ROLES})
        ensure_partitions(connection, now=system_clock())
    return applied


def make_workflow_tables(url: str, secrets: PlatformSecrets) -> None:
    """Make or migrate the workflow engine's tables, so that services can enqueue before the first executor runs. Raises MigrationError."""
    from flatrender.kit.workflows import make_tables

    try:
        make_tables(role_dsn(url, WORKFLOW_ROLE, secrets.role_passwords[WORKFLOW_ROLE]))
    except Exception as error:
        raise migrate.MigrationError(f"the workflows' tables could not be made: {type(error).__name__}") from error


def external_addresses(url: str, secrets: PlatformSecrets) -> dict[str, str]:
    """Return role → connection string for an external database."""
    return {role: role_dsn(url, role, secrets.role_passwords[role]) for role in LOGIN_ROLES}


def write_addresses(data_dir: Path, addresses: Mapping[str, str]) -> None:
    """Keep the connection strings where the services of this machine read them, for their user alone."""
    write_private(data_dir / "database.json", msgspec.json.encode(addresses))

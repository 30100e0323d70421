"""`flatrender migrate`: bring a database to this release's schema, or say where it stands."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from flatrender.kit.migrate import MigrationState

NOTES = {
    "applied": "applied",
    "pending": "pending",
    "unrecorded": "applied by psql; the next run records its checksum",
    "edited": "CHANGED since it was applied",
    "missing": "applied, and NOT IN THIS RELEASE",
}


def migrate(
    database_url: Annotated[
        str | None,
        typer.Option(
            envvar="DATABASE_URL", help="The database, as its owner: postgresql://user:password@host:5432/flatrender"
        ),
    ] = None,
    *,
    status: Annotated[
        bool, typer.Option("--status", help="Only say where each file stands; exit code 1 unless all are applied.")
    ] = False,
    passwords: Annotated[
        bool, typer.Option(help="Give the service roles the passwords of the secrets file, which is made when missing.")
    ] = True,
    json: Annotated[
        bool, typer.Option("--json", help="Print what was done, or where each file stands, as JSON.")
    ] = False,
) -> None:
    """Apply the pending migrations, make the next months' partitions and the workflows' tables; `flatrender up` does it for the embedded database."""
    from flatrender.cli.errors import fail
    from flatrender.kit import migrate as runner
    from flatrender.kit.clock import system_clock
    from flatrender.kit.database_roles import LOGIN_ROLES, PasswordsRefused, ensure_partitions, set_passwords

    if not database_url:
        fail(
            "no database: give --database-url or set DATABASE_URL (the embedded one is migrated by `flatrender up`)",
            2,
            code="no_database",
            json=json,
        )
    try:
        migrations = runner.load()
        with runner.connect(database_url) as connection:
            if status:
                _print_status(runner.status(connection, migrations), json=json)
                return
            applied = runner.apply(connection, migrations)
            ensure_partitions(connection, now=system_clock())
            if passwords:
                from flatrender.host.database import make_workflow_tables
                from flatrender.host.secrets import keep_node_token, load_or_make
                from flatrender.host.settings import Settings

                secrets = load_or_make(Settings().secrets_path, LOGIN_ROLES)
                keep_node_token(Settings().secrets_path, secrets)
                set_passwords(connection, {role: secrets.role_passwords[role] for role in LOGIN_ROLES})
                make_workflow_tables(database_url, secrets)
    except (runner.MigrationError, PasswordsRefused) as error:
        fail(f"{error} [{error.code}]", 3, code=error.code, json=json)
    if json:
        from flatrender.cli.output import print_json

        print_json({"applied": [str(name) for name in applied]})
        return
    typer.echo(f"applied {len(applied)}: {', '.join(applied)}" if applied else "nothing to apply")


def _print_status(states: "list[MigrationState]", *, json: bool) -> None:
    if json:
        from flatrender.cli.output import print_json

        files = [{"version": entry.version, "name": entry.name, "state": entry.state} for entry in states]
        print_json({"migrations": files})
    for entry in () if json else states:
        typer.echo(f"{entry.version:02d}  {entry.name:<34} {NOTES[entry.state]}")
    if any(entry.state not in ("applied", "unrecorded") for entry in states):
        raise typer.Exit(1)

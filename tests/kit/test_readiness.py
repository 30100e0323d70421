"""A service is ready when its database answers, has this release's schema and takes rows of this month."""

import psycopg
from tests.database_server import DatabaseCopy

from flatrender.kit.db import Database
from flatrender.kit.migrate import load

NEWEST = max(migration.version for migration in load())


async def test_a_database_of_this_release_with_todays_partitions_has_no_complaint(fresh_database: DatabaseCopy) -> None:
    with psycopg.connect(fresh_database.admin_dsn, autocommit=True) as admin:
        admin.execute("SELECT ops.ensure_all_monthly_partitions((now() AT TIME ZONE 'UTC')::date, 1)")
    database = Database(
        "tests",
        fresh_database.dsn("svc_studio"),
        fresh_database.dsn("svc_studio_worker"),
        max_size=1,
        worker_max_size=1,
    )
    await database.open()
    try:
        assert "needs" in (await database.complaint(NEWEST - 1) or "")
        assert await database.complaint(NEWEST) is None
        assert "needs" in (await database.complaint(NEWEST + 1) or "")
        # An upgrade's migration overtakes a process that runs: it goes on until it is replaced.
        assert await database.complaint(NEWEST - 1) is None
        with psycopg.connect(fresh_database.admin_dsn, autocommit=True) as admin:
            month = admin.execute("SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM')").fetchone()
            admin.execute(f"DROP TABLE identity.audit_logs_{month[0] if month else ''}")
        assert "partition" in (await database.complaint(NEWEST) or "")
    finally:
        await database.close()

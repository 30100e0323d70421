"""Who may do what: each role against every table of every schema."""

import psycopg
import pytest

from flatrender.kit.database_roles import LOGIN_ROLES, SERVICE_ROLES
from tests.database.tables import ADDED

SCHEMA_OF = {
    "svc_identity": "identity",
    "svc_content": "content",
    "svc_studio": "studio",
    "svc_render": "render",
    "svc_file": "file_mgr",
    "svc_notification": "notification",
}
INSERT_ONLY = {
    "identity.tenant_api_request_logs",
    "identity.audit_logs",
    "identity.payment_events",
    "identity.wallet_transactions",
    "identity.wallet_entries",
    "identity.point_transactions",
}
PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
ALL_SCHEMAS = [*SCHEMA_OF.values(), "ops"]


def expected(role: str, schema: str, table: str, *, is_partition: bool) -> set[str]:
    if (schema, table) == ("ops", "schema_migrations"):
        return {"SELECT"} if role != "svc_workflow" else set()
    if (schema, table) == ("ops", "workflow_executors"):
        return {"svc_workflow": {"SELECT", "INSERT", "UPDATE", "DELETE"}, "svc_render": {"SELECT"}}.get(
            role.removesuffix("_worker"), set()
        )
    if is_partition or SCHEMA_OF.get(role.removesuffix("_worker")) != schema:
        return set()
    return {"SELECT", "INSERT"} if f"{schema}.{table}" in INSERT_ONLY else {"SELECT", "INSERT", "UPDATE", "DELETE"}


@pytest.fixture
def admin(module_database):
    with module_database.connect() as connection:
        yield connection
        connection.rollback()


class TestTables:
    def test_every_role_has_exactly_the_privileges_of_its_own_schema(self, admin):
        rows = admin.execute(
            """
            SELECT r.role, n.nspname, c.relname, c.relispartition, p.privilege, has_table_privilege(r.role, c.oid, p.privilege)
            FROM unnest(%s::text[]) AS r (role), unnest(%s::text[]) AS p (privilege), pg_class AS c
            JOIN pg_namespace AS n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p') AND n.nspname = ANY(%s)
            """,
            (list(LOGIN_ROLES), list(PRIVILEGES), ALL_SCHEMAS),
        ).fetchall()
        assert len(rows) > len(LOGIN_ROLES) * 136 * len(PRIVILEGES)
        wrong = [
            f"{role} {privilege} on {schema}.{table}: {has}"
            for role, schema, table, is_partition, privilege, has in rows
            if has != (privilege in expected(role, schema, table, is_partition=is_partition))
        ]
        assert wrong == []

    def test_the_only_columns_granted_across_schemas_are_those_of_a_scenes_snapshot(self, admin):
        rows = admin.execute(
            """
            SELECT r.role, n.nspname || '.' || c.relname, p.privilege, array_agg(a.attname::text ORDER BY a.attname)
            FROM unnest(%s::text[]) AS r (role), unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'REFERENCES']) AS p (privilege), pg_class AS c
            JOIN pg_namespace AS n ON n.oid = c.relnamespace
            JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            WHERE c.relkind IN ('r', 'p') AND n.nspname = ANY(%s)
              AND NOT has_table_privilege(r.role, c.oid, p.privilege) AND has_column_privilege(r.role, c.oid, a.attnum, p.privilege)
            GROUP BY 1, 2, 3
            """,
            (list(LOGIN_ROLES), ALL_SCHEMAS),
        ).fetchall()
        read = [
            "comp_name",
            "deleted_at",
            "id",
            "is_active",
            "project_id",
            "scene_key",
            "snapshot_frame",
            "snapshot_url",
            "sort_order",
            "tenant_id",
        ]
        scenes = [
            (role, "content.scenes", privilege, columns)
            for role in ("svc_render", "svc_render_worker")
            for privilege, columns in (("SELECT", read), ("UPDATE", ["snapshot_updated_at", "snapshot_url"]))
        ]
        points = [("svc_identity_worker", "identity.point_transactions", "UPDATE", ["expired_at"])]
        assert sorted(rows) == sorted(scenes + points)

    def test_the_data_models_124_tables_and_those_added_since_are_in_six_schemas_and_none_anywhere_else(self, admin):
        rows = admin.execute(
            "SELECT n.nspname, count(*) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace "
            "WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname !~ '^(pg_|information_schema)' GROUP BY 1"
        ).fetchall()
        assert dict(rows) == {
            "identity": 50,
            "content": 25,
            "studio": 9,
            "render": 18 + sum(table.startswith("render.") for table in ADDED),
            "file_mgr": 12,
            "notification": 10,
            "ops": 2,
        }

    def test_every_service_has_an_outbox_and_idempotency_keys(self, admin):
        for table in ("outbox_events", "idempotency_keys"):
            rows = admin.execute(
                "SELECT table_schema FROM information_schema.tables WHERE table_name = %s ORDER BY 1", (table,)
            ).fetchall()
            assert [row[0] for row in rows] == sorted(SCHEMA_OF.values())


class TestSchemas:
    def test_exactly_one_foreign_key_crosses_schemas(self, admin):
        rows = admin.execute(
            """
            SELECT k.conrelid::regclass::text, k.confrelid::regclass::text, k.confdeltype::text
            FROM pg_constraint AS k JOIN pg_class AS a ON a.oid = k.conrelid JOIN pg_class AS b ON b.oid = k.confrelid
            WHERE k.contype = 'f' AND a.relnamespace <> b.relnamespace
            """
        ).fetchall()
        assert rows == [("identity.earned_gifts", "notification.notifications", "n")]

    def test_no_service_may_create_tables_schemas_or_temporary_tables(self, module_database):
        for role in SERVICE_ROLES:
            for statement in (
                "CREATE TABLE {}.x ()",
                "CREATE TABLE public.x ()",
                "CREATE SCHEMA x",
                "CREATE TEMP TABLE x ()",
            ):
                with module_database.connect(role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(statement.format(SCHEMA_OF[role]))

    def test_only_our_roles_may_connect(self, admin):
        granted = admin.execute(
            "SELECT count(*) FROM pg_database, aclexplode(datacl) WHERE datname = current_database() AND grantee = 0"
        ).fetchone()
        assert granted == (0,)

    def test_functions_are_granted_by_name_never_to_everybody(self, admin):
        rows = admin.execute(
            "SELECT p.oid::regprocedure::text FROM pg_proc AS p WHERE p.pronamespace::regnamespace::text = ANY(%s) "
            "AND EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) WHERE grantee = 0)",
            (ALL_SCHEMAS,),
        ).fetchall()
        assert rows == []

    def test_a_function_with_its_owners_rights_has_a_fixed_search_path(self, admin):
        rows = admin.execute(
            "SELECT p.oid::regprocedure::text FROM pg_proc AS p WHERE p.prosecdef AND p.pronamespace::regnamespace::text = ANY(%s) "
            "AND NOT coalesce(p.proconfig, '{}') @> ARRAY['search_path=pg_catalog, pg_temp']",
            (ALL_SCHEMAS,),
        ).fetchall()
        assert rows == []

    def test_the_workflows_role_gets_at_nothing_but_its_own_schema_and_the_table_of_executors(self, module_database):
        for schema in set(ALL_SCHEMAS) - {"ops"}:
            with module_database.connect() as connection:
                row = connection.execute(
                    "SELECT has_schema_privilege('svc_workflow', %s, 'USAGE')", (schema,)
                ).fetchone()
                assert row == (False,)

    def test_what_the_workflow_engine_makes_render_may_call_and_others_not(self, module_database):
        with module_database.connect("svc_workflow") as connection:
            connection.execute("CREATE TABLE dbos.inbox (id integer PRIMARY KEY, note text)")
            connection.execute(
                "CREATE FUNCTION dbos.enqueue(p integer) RETURNS void LANGUAGE sql AS "
                "$$ INSERT INTO dbos.inbox VALUES (p) ON CONFLICT (id) DO UPDATE SET note = 'again' $$"
            )
        for role in ("svc_render", "svc_render_worker"):
            with module_database.connect(role) as connection:
                connection.execute("SELECT dbos.enqueue(1)")
        with module_database.connect("svc_studio") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT dbos.enqueue(2)")
        with module_database.connect("svc_workflow") as connection:
            assert connection.execute("SELECT id, note FROM dbos.inbox").fetchall() == [(1, "again")]


class TestSoftReferences:
    def test_every_id_of_another_service_says_what_it_refers_to(self, admin):
        """A uuid column without a foreign key, named after another service's thing, must carry a comment."""
        rows = admin.execute(
            """
            SELECT c.oid::regclass || '.' || a.attname
            FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
            WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace::regnamespace::text = ANY(%s)
              AND a.atttypid = 'uuid'::regtype AND a.attname ~ '(^|_)(tenant|user|file|project|version|scene|saved_project|revision)_id$'
              AND NOT EXISTS (SELECT FROM pg_constraint AS k WHERE k.contype = 'f' AND k.conrelid = c.oid AND a.attnum = ANY(k.conkey))
              AND col_description(c.oid, a.attnum) IS NULL
              AND (c.relnamespace::regnamespace::text <> 'identity' OR a.attname !~ '(tenant|user)_id$')
              AND (c.relnamespace::regnamespace::text <> 'file_mgr' OR a.attname !~ 'file_id$')
              AND (c.relnamespace::regnamespace::text <> 'content' OR a.attname !~ '(project|version|scene)_id$')
            ORDER BY 1
            """,
            (list(SCHEMA_OF.values()),),
        ).fetchall()
        assert rows == []

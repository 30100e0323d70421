"""Row policies: a tenant sees and touches its own rows, reads the platform's shared catalogue, and nothing else."""

from uuid import UUID

import psycopg
import pytest

from tests.database.tables import ADDED

PLATFORM = UUID("00000000-0000-0000-0000-000000000001")
RESELLER = UUID("00000000-0000-0000-0000-00000000000a")
OTHER = UUID("00000000-0000-0000-0000-00000000000b")

ROLE_OF = {
    "identity": "svc_identity",
    "content": "svc_content",
    "studio": "svc_studio",
    "render": "svc_render",
    "file_mgr": "svc_file",
    "notification": "svc_notification",
}
WITHOUT_TENANT = {
    "identity.currencies",
    "identity.signing_keys",
    "render.nodes",
    "render.node_commands",
    "render.node_template_cache",
    "render.node_health_logs",
    "render.engine_speeds",
    "render.finish_speeds",
    "render.node_speeds",
    "render.node_pictures",
}


@pytest.fixture(scope="module", autouse=True)
def catalogue(module_database):
    """Two resellers; platform templates: shared, tenant-only, a draft; one template and track of each reseller."""
    with module_database.connect() as connection:
        for tenant, slug in ((RESELLER, "reseller"), (OTHER, "other")):
            connection.execute(
                "INSERT INTO identity.tenants (id, slug, name) VALUES (%s, %s, %s)", (tenant, slug, slug)
            )
        for tenant, slug, status, visibility in (
            (PLATFORM, "shared", "published", "shared"),
            (PLATFORM, "own", "published", "tenant"),
            (PLATFORM, "secret", "published", "private"),
            (PLATFORM, "draft", "draft", "shared"),
            (RESELLER, "resellers", "published", "tenant"),
            (OTHER, "others", "published", "tenant"),
        ):
            project = connection.execute(
                "INSERT INTO content.projects (tenant_id, slug, title, kind, status, visibility, default_width, default_height) "
                "VALUES (%s, %s, %s, 'flexible', %s, %s, 1920, 1080) RETURNING id",
                (tenant, slug, f'{{"fa-IR": "قالب فروش‌ویژه {slug}", "en": "Sale {slug}"}}', status, visibility),
            ).fetchone()[0]
            scene = connection.execute(
                "INSERT INTO content.scenes (tenant_id, project_id, scene_key, title, comp_name, default_duration_frames) "
                "VALUES (%s, %s, 'intro', '{}', 'Intro', 75) RETURNING id",
                (tenant, project),
            ).fetchone()[0]
            connection.execute(
                "INSERT INTO content.scene_fields (tenant_id, scene_id, field_key, type, label) VALUES (%s, %s, 'headline', 'text', '{}')",
                (tenant, scene),
            )
            connection.execute(
                "INSERT INTO studio.audio_tracks (tenant_id, kind, source, title, file_id, duration_ms) "
                "VALUES (%s, 'music', 'library', %s, gen_random_uuid(), 1000)",
                (tenant, slug),
            )


def slugs(connection) -> set[str]:
    return {row[0] for row in connection.execute("SELECT slug FROM content.projects")}


class TestIsolation:
    def test_without_a_tenant_no_table_shows_a_row_and_none_can_be_written(self, module_database):
        with module_database.connect() as admin:
            tables = admin.execute(
                "SELECT n.nspname, n.nspname || '.' || c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace "
                "WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname = ANY(%s)",
                (list(ROLE_OF),),
            ).fetchall()
        seen = {}
        for schema, role in ROLE_OF.items():
            with module_database.connect(role) as connection:
                for table_schema, table in tables:
                    if table_schema == schema and table not in WITHOUT_TENANT:
                        seen[table] = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        assert len(seen) == 124 + len(ADDED) - len(WITHOUT_TENANT)
        assert {table: count for table, count in seen.items() if count} == {}
        with module_database.connect("svc_content") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("INSERT INTO content.tags (tenant_id, slug, name) VALUES (%s, 'x', '{}')", (RESELLER,))

    def test_every_table_with_a_tenant_has_row_security_for_both_roles(self, module_database):
        with module_database.connect() as admin:
            rows = admin.execute(
                """
                SELECT n.nspname || '.' || c.relname, c.relrowsecurity,
                       (SELECT array_agg(p.polname::text) FROM pg_policy AS p WHERE p.polrelid = c.oid)
                FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
                WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname = ANY(%s)
                """,
                (list(ROLE_OF),),
            ).fetchall()
        for table, has_policies, names in rows:
            assert has_policies == (table not in WITHOUT_TENANT), table
            if has_policies:
                assert {"tenant_isolation", "worker_all_tenants"} <= set(names), table

    def test_a_row_for_another_tenant_is_refused(self, module_database):
        with (
            module_database.connect("svc_content", tenant=RESELLER) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute("INSERT INTO content.tags (tenant_id, slug, name) VALUES (%s, 'x', '{}')", (OTHER,))

    def test_another_tenants_rows_can_be_neither_seen_nor_changed_nor_deleted(self, module_database):
        with module_database.connect("svc_content", tenant=OTHER) as connection:
            assert "resellers" not in slugs(connection)
            assert (
                connection.execute("UPDATE content.projects SET slug = 'mine' WHERE slug = 'resellers'").rowcount == 0
            )
            assert connection.execute("DELETE FROM content.projects WHERE slug = 'resellers'").rowcount == 0

    def test_the_tenant_ends_with_the_transaction(self, module_database):
        with psycopg.connect(module_database.dsn("svc_content"), autocommit=True) as connection:
            with connection.transaction():
                connection.execute("SELECT set_config('app.tenant_id', %s, true)", (str(RESELLER),))
                assert "resellers" in slugs(connection)
            assert "resellers" not in slugs(connection)

    def test_the_worker_sees_every_tenant(self, module_database):
        with module_database.connect("svc_content_worker") as connection:
            assert {"resellers", "others", "draft"} <= slugs(connection)

    def test_a_tenant_sees_itself_alone(self, module_database):
        with module_database.connect("svc_identity", tenant=RESELLER) as connection:
            assert connection.execute("SELECT slug FROM identity.tenants").fetchall() == [("reseller",)]

    def test_fleet_wide_node_tokens_are_the_platforms(self, module_database):
        insert = "INSERT INTO render.node_tokens (tenant_id, name, token_hash) VALUES (NULL, 'fleet', sha256('a'))"
        with module_database.connect("svc_render", tenant=PLATFORM) as connection:
            connection.execute(insert)
            assert connection.execute("SELECT name FROM render.node_tokens").fetchall() == [("fleet",)]
            connection.rollback()
        with (
            module_database.connect("svc_render", tenant=RESELLER) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(insert)


class TestSharedCatalogue:
    def test_a_reseller_reads_the_platforms_released_shared_templates_and_its_own(self, module_database):
        with module_database.connect("svc_content", tenant=RESELLER) as connection:
            assert slugs(connection) == {"shared", "resellers"}

    def test_what_belongs_to_a_template_is_visible_exactly_with_it(self, module_database):
        with module_database.connect("svc_content", tenant=RESELLER) as connection:
            assert connection.execute("SELECT count(*) FROM content.scenes").fetchone() == (2,)
            assert connection.execute("SELECT count(*) FROM content.scene_fields").fetchone() == (2,)

    def test_a_reseller_cannot_delete_or_change_the_platforms_template(self, module_database):
        """The first trap: with one FOR ALL policy that admits shared rows, DELETE looked only at USING and worked."""
        with module_database.connect("svc_content", tenant=RESELLER) as connection:
            for statement in (
                "DELETE FROM content.projects WHERE slug = 'shared'",
                "UPDATE content.projects SET slug = 'stolen' WHERE slug = 'shared'",
                "DELETE FROM content.scenes WHERE tenant_id <> ops.current_tenant()",
                "DELETE FROM content.scene_fields WHERE tenant_id <> ops.current_tenant()",
            ):
                assert connection.execute(statement).rowcount == 0

    def test_a_private_template_is_visible_to_the_tenant_it_is_allowed_to(self, module_database):
        with module_database.connect("svc_content", tenant=RESELLER) as connection:
            connection.execute(
                "INSERT INTO content.tenant_project_access (tenant_id, project_id, mode) "
                "SELECT ops.current_tenant(), %s, 'allow'",
                (self.project_id(module_database, "secret"),),
            )
            assert slugs(connection) == {"shared", "resellers", "secret"}
            connection.rollback()

    def test_library_music_of_the_platform_is_shared_and_other_tenants_music_is_not(self, module_database):
        with module_database.connect("svc_studio", tenant=RESELLER) as connection:
            titles = {row[0] for row in connection.execute("SELECT title FROM studio.audio_tracks")}
        assert "resellers" in titles
        assert "shared" in titles
        assert "others" not in titles

    def test_a_saved_project_may_use_the_platforms_music_but_not_another_tenants(self, module_database):
        insert = (
            "INSERT INTO studio.saved_projects (tenant_id, user_id, project_id, project_version_id, music_track_id) "
            "SELECT %s, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), id FROM studio.audio_tracks WHERE title = %s"
        )
        with module_database.connect() as connection:
            assert connection.execute(insert, (RESELLER, "shared")).rowcount == 1
            with pytest.raises(psycopg.errors.ForeignKeyViolation):
                connection.execute(insert, (RESELLER, "others"))
            connection.rollback()

    @staticmethod
    def project_id(database, slug: str) -> UUID:
        with database.connect() as connection:
            return connection.execute("SELECT id FROM content.projects WHERE slug = %s", (slug,)).fetchone()[0]


class TestSearch:
    def found(self, database, tenant, words: str) -> set[str]:
        with database.connect("svc_content", tenant=tenant) as connection:
            return {
                row[0]
                for row in connection.execute(
                    "SELECT p.slug FROM content.search_projects(%s) AS s JOIN content.projects AS p ON p.id = s.project_id",
                    (words,),
                )
            }

    def test_finds_own_and_shared_templates_only(self, module_database):
        assert self.found(module_database, RESELLER, "sale") == {"shared", "resellers"}
        assert self.found(module_database, PLATFORM, "sale") == {"shared", "own", "secret"}

    def test_finds_nothing_without_a_tenant(self, module_database):
        assert self.found(module_database, "", "sale") == set()

    @pytest.mark.parametrize("words", ["فروش ویژه", "فروش‌ویژه", "قالب فرو", "ويژه", "SALE shared"])
    def test_folds_half_spaces_arabic_letters_and_case_and_matches_beginnings(self, module_database, words):
        assert "shared" in self.found(module_database, RESELLER, words)

    def test_a_query_of_punctuation_finds_nothing(self, module_database):
        assert self.found(module_database, RESELLER, " '!&|:* ") == set()

    def test_the_index_is_used_although_row_policies_stand(self, fresh_database):
        """The second trap: @@ is not leakproof, so under a policy the search read every row."""
        with fresh_database.connect() as connection:
            connection.execute(
                "INSERT INTO content.projects (tenant_id, slug, title, kind, status, visibility, default_width, default_height) "
                "SELECT ops.platform_tenant(), 'p' || n, jsonb_build_object('en', 'word' || n || ' common'), 'fix', 'published', 'shared', 100, 100 "
                "FROM generate_series(1, 5000) AS n"
            )
            connection.execute("ANALYZE content.projects")
        with fresh_database.connect("svc_content", tenant=RESELLER) as connection:
            found = connection.execute("SELECT project_id FROM content.search_projects('word4321')").fetchall()
            assert len(found) == 1
        with fresh_database.connect() as connection:
            connection.execute("SET LOCAL ROLE flatrender_owner")
            connection.execute("SELECT set_config('app.tenant_id', %s, true)", (str(RESELLER),))
            body = connection.execute("SELECT prosrc FROM pg_proc WHERE proname = 'search_projects'").fetchone()[0]
            for name, value in (("p_words", "'word4321'"), ("p_limit", "50"), ("p_offset", "0")):
                body = body.replace(name, value)
            plan = "\n".join(row[0] for row in connection.execute(f"EXPLAIN {body}".encode()))
        assert "projects_search_idx" in plan


class TestBeforeSignIn:
    @pytest.fixture
    def committed(self, fresh_database):
        with fresh_database.connect() as connection:
            connection.execute(
                "INSERT INTO identity.tenants (id, slug, name) VALUES (%s, 'reseller', 'Reseller')", (RESELLER,)
            )
            connection.execute(
                "INSERT INTO identity.tenant_branding (tenant_id, product_name, custom_domain, domain_verified_at) "
                "VALUES (%s, 'P', 'video.example.ir', now()), (%s, 'P', 'unverified.example.ir', NULL)",
                (RESELLER, PLATFORM),
            )
            user = connection.execute(
                "INSERT INTO identity.users (tenant_id, email) VALUES (%s, 'Sara@example.ir') RETURNING id", (RESELLER,)
            ).fetchone()[0]
            session = connection.execute(
                "INSERT INTO identity.sessions (tenant_id, user_id, token_hash, client_type, auth_methods, access_expires_at, idle_expires_at, "
                "absolute_expires_at) VALUES (%s, %s, sha256('session'), 'web', '{pwd}', now(), now(), now()) RETURNING id",
                (RESELLER, user),
            ).fetchone()[0]
            connection.execute(
                "INSERT INTO identity.refresh_tokens (tenant_id, session_id, token_hash, expires_at) VALUES (%s, %s, sha256('refresh'), now())",
                (RESELLER, session),
            )
            connection.execute(
                "INSERT INTO identity.tenant_api_keys (tenant_id, name, key_prefix, key_last4, key_hash, scopes) "
                "VALUES (%s, 'k', 'fr_live_', 'abcd', sha256('key'), '{render}')",
                (RESELLER,),
            )
        return fresh_database

    def test_tenant_session_refresh_token_and_api_key_are_found_by_what_a_request_shows(self, committed):
        with committed.connect("svc_identity") as connection:
            for call in (
                "identity.tenant_by_host('Video.Example.ir')",
                "identity.tenant_by_slug('reseller')",
                "identity.session_by_token_hash(sha256('session'))",
                "identity.refresh_token_by_hash(sha256('refresh'))",
                "identity.api_key_by_hash(sha256('key'))",
            ):
                assert connection.execute(f"SELECT tenant_id FROM {call}").fetchall() == [(RESELLER,)], call

    def test_an_unverified_domain_and_unknown_hashes_find_nothing(self, committed):
        with committed.connect("svc_identity") as connection:
            for call in (
                "identity.tenant_by_host('unverified.example.ir')",
                "identity.session_by_token_hash(sha256('x'))",
                "identity.api_key_by_hash(sha256('x'))",
            ):
                assert connection.execute(f"SELECT count(*) FROM {call}").fetchone() == (0,), call

    def test_other_services_may_not_look(self, committed):
        with committed.connect("svc_render") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT * FROM identity.session_by_token_hash(sha256('session'))")


class TestRenderWritesSnapshots:
    def test_render_sets_a_scenes_snapshot_of_its_tenant_and_the_version_rises(self, module_database):
        with module_database.connect("svc_render", tenant=RESELLER) as connection:
            updated = connection.execute(
                "UPDATE content.scenes SET snapshot_url = '/s/1.png', snapshot_updated_at = now()"
            )
            assert updated.rowcount == 1
            connection.rollback()

    def test_render_sees_no_title_and_deletes_nothing(self, module_database):
        for statement in (
            "SELECT title FROM content.scenes",
            "SELECT * FROM content.scenes",
            "DELETE FROM content.scenes",
            "UPDATE content.scenes SET title = '{}'",
            "SELECT id FROM content.projects",
        ):
            with (
                module_database.connect("svc_render", tenant=RESELLER) as connection,
                pytest.raises(psycopg.errors.InsufficientPrivilege),
            ):
                connection.execute(statement)

    def test_the_row_version_of_the_scene_rises_with_its_snapshot(self, fresh_database):
        with fresh_database.connect() as admin:
            project = admin.execute(
                "INSERT INTO content.projects (tenant_id, slug, title, kind, default_width, default_height) "
                "VALUES (%s, 'p', '{}', 'fix', 100, 100) RETURNING id",
                (PLATFORM,),
            ).fetchone()[0]
            admin.execute(
                "INSERT INTO content.scenes (tenant_id, project_id, scene_key, title, comp_name, default_duration_frames, updated_at) "
                "VALUES (%s, %s, 's', '{}', 's', 1, '2026-01-01')",
                (PLATFORM, project),
            )
        with fresh_database.connect("svc_render_worker") as connection:
            connection.execute("UPDATE content.scenes SET snapshot_url = '/s/1.png'")
        with fresh_database.connect() as admin:
            assert admin.execute(
                "SELECT row_version, updated_at > '2026-01-02', snapshot_url FROM content.scenes"
            ).fetchone() == (2, True, "/s/1.png")

"""What the database itself makes impossible: cross-tenant links, edited ledgers, unbalanced money, lost partitions."""

from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest

from flatrender.kit.database_roles import ensure_partitions

PLATFORM = UUID("00000000-0000-0000-0000-000000000001")
RESELLER = UUID("00000000-0000-0000-0000-00000000000a")


@pytest.fixture
def admin(module_database):
    with module_database.connect() as connection:
        connection.execute(
            "INSERT INTO identity.tenants (id, slug, name) VALUES (%s, 'reseller', 'Reseller')", (RESELLER,)
        )
        yield connection
        connection.rollback()


def add_user(connection, tenant, email="sara@example.ir") -> UUID:
    return connection.execute(
        "INSERT INTO identity.users (tenant_id, email) VALUES (%s, %s) RETURNING id", (tenant, email)
    ).fetchone()[0]


class TestKeys:
    def test_a_key_is_a_version_7_uuid_of_the_present_millisecond(self, admin):
        key, clock = admin.execute("SELECT ops.uuid_v7(), extract(epoch FROM clock_timestamp()) * 1000").fetchone()
        assert key.version == 7
        assert key.variant == "specified in RFC 4122"
        assert abs((key.int >> 80) - float(clock)) < 50

    def test_keys_made_one_after_the_other_sort_so_and_differ(self, admin):
        keys = [row[0] for row in admin.execute("SELECT ops.uuid_v7() FROM generate_series(1, 2000)")]
        assert len(set(keys)) == 2000
        millis = [key.int >> 64 for key in keys]
        assert millis == sorted(millis)


class TestTenantKeys:
    def test_a_link_to_another_tenants_row_is_refused_even_for_the_superuser(self, admin):
        user = add_user(admin, PLATFORM)
        role = admin.execute(
            "INSERT INTO identity.roles (tenant_id, key, name) VALUES (%s, 'editor', 'Editor') RETURNING id",
            (RESELLER,),
        ).fetchone()[0]
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            admin.execute(
                "INSERT INTO identity.user_roles (tenant_id, user_id, role_id) VALUES (%s, %s, %s)",
                (RESELLER, user, role),
            )

    def test_every_foreign_key_between_tables_of_tenants_carries_the_tenant(self, admin):
        rows = admin.execute(
            """
            SELECT k.conrelid::regclass || '.' || k.conname
            FROM pg_constraint AS k
            JOIN pg_attribute AS mine ON mine.attrelid = k.conrelid AND mine.attname = 'tenant_id'
            JOIN pg_attribute AS theirs ON theirs.attrelid = k.confrelid AND theirs.attname = 'tenant_id'
            WHERE k.contype = 'f' AND k.conparentid = 0 AND NOT mine.attnum = ANY(k.conkey)
            """
        ).fetchall()
        # These may point at the platform's catalogue too; a trigger guards them. The last one is the key across schemas.
        assert {row[0] for row in rows} == {
            "content.project_favorites.project_favorites_project_id_fkey",
            "content.tenant_project_access.tenant_project_access_project_id_fkey",
            "studio.saved_projects.saved_projects_music_track_id_fkey",
            "studio.saved_project_audio.saved_project_audio_track_id_fkey",
            "identity.earned_gifts.earned_gifts_notification_id_fkey",
        }

    def test_an_erased_user_cannot_keep_an_address(self, admin):
        user = add_user(admin, PLATFORM)
        with pytest.raises(psycopg.errors.CheckViolation):
            admin.execute("UPDATE identity.users SET status = 'erased', erased_at = now() WHERE id = %s", (user,))

    def test_an_address_is_unique_within_its_tenant_whatever_its_case(self, admin):
        add_user(admin, PLATFORM, "Sara@Example.ir")
        add_user(admin, RESELLER, "sara@example.ir")
        with pytest.raises(psycopg.errors.UniqueViolation):
            add_user(admin, PLATFORM, "SARA@example.IR")


class TestGift:
    def test_a_gift_loses_its_notification_when_that_is_deleted_and_accepts_no_unknown_one(self, fresh_database):
        with fresh_database.connect() as connection:
            user = add_user(connection, PLATFORM)
            gift = connection.execute(
                "INSERT INTO identity.gifts (tenant_id, key, name, kind, value) VALUES (%s, 'g', '{}', 'badge', '{}') RETURNING id",
                (PLATFORM,),
            ).fetchone()[0]
            note = connection.execute(
                "INSERT INTO notification.notifications (tenant_id, user_id, type_key, title, body) VALUES (%s, %s, 'gift.earned', 't', 'b') RETURNING id",
                (PLATFORM, user),
            ).fetchone()[0]
        insert = (
            "INSERT INTO identity.earned_gifts (tenant_id, user_id, gift_id, ordinal, source, notification_id) "
            "VALUES (%s, %s, %s, %s, 'level', %s)"
        )
        with fresh_database.connect("svc_identity", tenant=PLATFORM) as connection:
            connection.execute(insert, (PLATFORM, user, gift, 1, note))
        with (
            fresh_database.connect("svc_identity", tenant=PLATFORM) as connection,
            pytest.raises(psycopg.errors.ForeignKeyViolation),
        ):
            connection.execute(insert, (PLATFORM, user, gift, 2, RESELLER))
        with fresh_database.connect("svc_notification", tenant=PLATFORM) as connection:
            connection.execute("DELETE FROM notification.notifications WHERE id = %s", (note,))
        with fresh_database.connect() as connection:
            assert connection.execute("SELECT notification_id FROM identity.earned_gifts").fetchall() == [(None,)]


class TestAppendOnly:
    @pytest.mark.parametrize(
        "statement", ["UPDATE identity.audit_logs SET action = 'y'", "DELETE FROM identity.audit_logs"]
    )
    def test_an_audit_row_can_be_neither_changed_nor_deleted_even_by_the_superuser(self, admin, statement):
        admin.execute(
            "INSERT INTO identity.audit_logs (tenant_id, occurred_at, actor_type, action, outcome) VALUES (%s, '2026-01-15', 'system', 'x', 'success')",
            (PLATFORM,),
        )
        with pytest.raises(psycopg.errors.RestrictViolation, match="append-only"):
            admin.execute(statement)

    def test_the_services_role_has_no_right_to_try(self, module_database):
        with (
            module_database.connect("svc_identity", tenant=PLATFORM) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute("DELETE FROM identity.wallet_entries")

    def test_all_ledgers_and_logs_have_the_trigger(self, admin):
        rows = admin.execute(
            "SELECT tgrelid::regclass::text FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid WHERE tgname = 'append_only' AND NOT c.relispartition"
        ).fetchall()
        assert {row[0] for row in rows} == {
            "identity.tenant_api_request_logs",
            "identity.audit_logs",
            "identity.payment_events",
            "identity.wallet_transactions",
            "identity.wallet_entries",
        }


class TestWallet:
    def post(self, connection, *amounts, currency="IRR"):
        transaction = connection.execute(
            "INSERT INTO identity.wallet_transactions (tenant_id, kind, reference_type, reference_id) "
            "VALUES (%s, 'topup', 'payment', gen_random_uuid()) RETURNING id",
            (PLATFORM,),
        ).fetchone()[0]
        for amount in amounts:
            wallet = connection.execute(
                "INSERT INTO identity.wallets (tenant_id, owner_type, owner_id, currency) VALUES (%s, 'user', gen_random_uuid(), %s) RETURNING id",
                (PLATFORM, currency),
            ).fetchone()[0]
            connection.execute(
                "INSERT INTO identity.wallet_entries (tenant_id, transaction_id, wallet_id, amount_minor, currency, balance_after_minor) "
                "VALUES (%s, %s, %s, %s, %s, 0)",
                (PLATFORM, transaction, wallet, amount, currency),
            )

    def test_a_balanced_transaction_commits(self, fresh_database):
        with fresh_database.connect("svc_identity", tenant=PLATFORM) as connection:
            self.post(connection, 1000, -400, -600)
        with fresh_database.connect() as connection:
            assert connection.execute("SELECT count(*), sum(amount_minor) FROM identity.wallet_entries").fetchone() == (
                3,
                0,
            )

    def test_an_unbalanced_transaction_is_refused_at_commit_and_leaves_nothing(self, fresh_database):
        connection = fresh_database.connect("svc_identity", tenant=PLATFORM)
        self.post(connection, 1000, -999)
        with pytest.raises(psycopg.errors.CheckViolation, match="does not balance"):
            connection.commit()
        connection.close()
        with fresh_database.connect() as admin:
            assert admin.execute("SELECT count(*) FROM identity.wallet_transactions").fetchone() == (0,)

    def test_a_wallet_is_not_overdrawn_unless_it_may_be(self, admin):
        with pytest.raises(psycopg.errors.CheckViolation):
            admin.execute(
                "INSERT INTO identity.wallets (tenant_id, owner_type, owner_id, currency, balance_minor) VALUES (%s, 'user', gen_random_uuid(), 'IRR', -1)",
                (PLATFORM,),
            )


class TestPartitions:
    PARENTS = ("identity.tenant_api_request_logs", "identity.audit_logs", "render.node_health_logs")
    INSERT = "INSERT INTO identity.audit_logs (tenant_id, occurred_at, actor_type, action, outcome) VALUES (%s, %s, 'system', 'x', 'success')"

    def names(self, connection, parent: str) -> list[str]:
        rows = connection.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass ORDER BY 1", (parent,)
        )
        return [row[0] for row in rows]

    def test_these_tables_are_partitioned_and_the_first_month_is_january_2026(self, admin):
        rows = admin.execute("SELECT partrelid::regclass::text FROM pg_partitioned_table").fetchall()
        assert {row[0] for row in rows} == set(self.PARENTS)
        for parent in self.PARENTS:
            assert self.names(admin, parent)[0] == f"{parent}_2026_01"

    def test_a_row_of_a_month_without_a_partition_fails_and_works_once_the_month_is_made(self, fresh_database):
        row = (PLATFORM, datetime(2031, 5, 1, tzinfo=UTC))
        with (
            fresh_database.connect("svc_identity", tenant=PLATFORM) as connection,
            pytest.raises(psycopg.errors.CheckViolation, match="no partition"),
        ):
            connection.execute(self.INSERT, row)
        with fresh_database.connect("svc_identity") as connection:
            made = connection.execute(
                "SELECT ops.ensure_monthly_partitions('identity.audit_logs', '2031-05-20', 3)"
            ).fetchone()
            assert made == (3,)
        with fresh_database.connect("svc_identity", tenant=PLATFORM) as connection:
            connection.execute(self.INSERT, row)
            assert connection.execute("SELECT count(*) FROM identity.audit_logs").fetchone() == (1,)

    def test_a_year_rolls_over(self, admin):
        admin.execute("SELECT ops.ensure_monthly_partitions('render.node_health_logs', '2030-11-30', 4)")
        wanted = [f"render.node_health_logs_{month}" for month in ("2030_11", "2030_12", "2031_01", "2031_02")]
        assert [
            name for name in self.names(admin, "render.node_health_logs") if name > "render.node_health_logs_2030"
        ] == wanted

    def test_months_are_utc_months_in_a_session_of_tehran(self, admin):
        admin.execute("SET LOCAL timezone TO 'Asia/Tehran'")
        admin.execute("SELECT ops.ensure_monthly_partitions('identity.audit_logs', '2027-01-01', 1)")
        admin.execute("SET LOCAL timezone TO 'UTC'")
        bounds = admin.execute(
            "SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE oid = 'identity.audit_logs_2027_01'::regclass"
        ).fetchone()[0]
        assert bounds == "FOR VALUES FROM ('2027-01-01 00:00:00+00') TO ('2027-02-01 00:00:00+00')"

    def test_months_follow_each_other_without_gap_or_overlap_across_two_sessions_time_zones(self, admin):
        admin.execute("SET LOCAL timezone TO 'Asia/Tehran'")
        admin.execute("SELECT ops.ensure_monthly_partitions('identity.audit_logs', '2028-01-01', 2)")
        admin.execute("SET LOCAL timezone TO 'America/New_York'")
        admin.execute("SELECT ops.ensure_monthly_partitions('identity.audit_logs', '2028-01-31', 4)")
        for moment in ("2028-02-29 23:59:59.999+00", "2028-03-01 00:00:00+00", "2028-04-30 23:59:59+00"):
            admin.execute(self.INSERT, (PLATFORM, moment))

    def test_what_exists_is_left_alone(self, admin):
        assert admin.execute(
            "SELECT ops.ensure_monthly_partitions('identity.audit_logs', '2029-01-01', 2)"
        ).fetchone() == (2,)
        assert admin.execute(
            "SELECT ops.ensure_monthly_partitions('identity.audit_logs', '2029-01-01', 3)"
        ).fetchone() == (1,)

    def test_a_partition_of_a_table_that_is_not_ours_or_senseless_months_are_refused(self, admin):
        for arguments in (
            "'identity.users', '2026-01-01', 1",
            "'identity.audit_logs', '2026-01-01', 0",
            "'identity.audit_logs', NULL, 1",
        ):
            with pytest.raises(psycopg.errors.InvalidParameterValue), admin.transaction():
                admin.execute(f"SELECT ops.ensure_monthly_partitions({arguments})")

    def test_one_call_with_the_clock_moved_makes_the_months_of_every_table(self, admin):
        assert ensure_partitions(admin, now=datetime(2032, 12, 31, 23, 59, tzinfo=UTC)) == 9
        for parent in self.PARENTS:
            assert [
                f"{parent}_{month}" in self.names(admin, parent) for month in ("2032_12", "2033_01", "2033_02")
            ] == [True] * 3

    def test_a_partition_is_reached_through_its_parent_only(self, module_database):
        with (
            module_database.connect("svc_identity", tenant=PLATFORM) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute("SELECT 1 FROM identity.audit_logs_2026_01")


class TestRenderJobs:
    def test_one_open_preview_job_per_scene(self, admin):
        insert = (
            "INSERT INTO render.snapshot_jobs (tenant_id, batch_id, project_id, scene_id, scene_key) "
            "VALUES (%s, gen_random_uuid(), gen_random_uuid(), %s, 'intro') ON CONFLICT DO NOTHING"
        )
        assert admin.execute(insert, (PLATFORM, RESELLER)).rowcount == 1
        assert admin.execute(insert, (PLATFORM, RESELLER)).rowcount == 0

    def test_a_done_preview_has_a_picture_and_a_running_one_a_lease(self, admin):
        admin.execute(
            "INSERT INTO render.snapshot_jobs (tenant_id, batch_id, project_id, scene_id, scene_key) "
            "VALUES (%s, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'intro')",
            (PLATFORM,),
        )
        for status in ("done", "running"):
            with pytest.raises(psycopg.errors.CheckViolation), admin.transaction():
                admin.execute("UPDATE render.snapshot_jobs SET status = %s", (status,))

    def test_the_default_tenant_has_profiles_roles_and_clean_up(self, admin):
        assert admin.execute("SELECT array_agg(key ORDER BY key) FROM render.output_profiles").fetchone()[0] == [
            "1080p",
            "1080p-alpha",
            "1080p-av1",
            "1080p-frames",
            "1080p-h265",
            "1080p-jpeg",
            "1080p-prores",
            "1080p-webm",
            "1080p-webm-alpha",
            "1080p-webm-av1",
            "1440p",
            "2160p",
            "2160p-h265",
            "480p",
            "720p",
            "apng",
            "draft",
            "gif",
            "webp",
        ]
        assert {row[0] for row in admin.execute("SELECT key FROM identity.roles")} == {"admin", "user"}
        assert admin.execute("SELECT count(*) FROM file_mgr.cleanup_schedules").fetchone()[0] == 6
        assert admin.execute("SELECT slug, kind FROM identity.tenants WHERE id = %s", (PLATFORM,)).fetchone() == (
            "flatrender",
            "platform",
        )

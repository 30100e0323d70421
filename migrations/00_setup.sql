-- FlatRender: roles, schemas and the functions every schema uses.
--
-- Recipe: an empty database on PostgreSQL 15 or newer
--
--   createdb flatrender
--   for f in migrations/*.sql; do psql -d flatrender -f "$f"; done       (or: flatrender migrate --database-url …)
--
-- Run it as a superuser, or as the database's owner with CREATEROLE. Roles are created without passwords, so nobody can sign in
-- over TCP until each has one; set them with psql's \password (it sends a hash, and nothing lands in a log):
--
--   psql -d flatrender -c '\password svc_identity'        and so on for every role with LOGIN below
--
-- | role                          | may                                                                                        |
-- |-------------------------------|--------------------------------------------------------------------------------------------|
-- | flatrender_owner  (no login)  | owns the six schemas and ops; migrations run as this role; no program ever does            |
-- | svc_identity, svc_content,    | read and write its own schema's tables, limited to the tenant in app.tenant_id by row      |
-- | svc_studio, svc_render,       | policies; only append to ledgers and logs                                                  |
-- | svc_file, svc_notification    |                                                                                            |
-- | svc_…_worker                  | the same tables over all tenants: background work, never a request made for a person       |
-- | svc_workflow                  | owns schema dbos, where the durable workflows keep their state; nothing else               |
--
-- Roles belong to the whole cluster: a second database on it finds them and keeps their passwords.
-- A copy made with CREATE DATABASE … TEMPLATE, and a database restored without --create, lose the database's own grants:
-- run  SELECT ops.restrict_database();  in it.

\set ON_ERROR_STOP on
BEGIN;

DO $$
DECLARE
    v_service text;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'flatrender_owner') THEN
        CREATE ROLE flatrender_owner NOLOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'svc_workflow') THEN
        CREATE ROLE svc_workflow LOGIN NOINHERIT NOBYPASSRLS CONNECTION LIMIT 40;
        ALTER ROLE svc_workflow SET lock_timeout = '10s';
        ALTER ROLE svc_workflow SET idle_in_transaction_session_timeout = '60s';
    END IF;
    FOREACH v_service IN ARRAY ARRAY['svc_identity', 'svc_content', 'svc_studio', 'svc_render', 'svc_file', 'svc_notification'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = v_service) THEN
            EXECUTE format('CREATE ROLE %I LOGIN NOINHERIT NOBYPASSRLS CONNECTION LIMIT 20', v_service);
            EXECUTE format('ALTER ROLE %I SET statement_timeout = %L', v_service, '15s');
            EXECUTE format('ALTER ROLE %I SET lock_timeout = %L', v_service, '3s');
            EXECUTE format('ALTER ROLE %I SET idle_in_transaction_session_timeout = %L', v_service, '20s');
        END IF;
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = v_service || '_worker') THEN
            EXECUTE format('CREATE ROLE %I LOGIN NOINHERIT NOBYPASSRLS CONNECTION LIMIT 10', v_service || '_worker');
            EXECUTE format('ALTER ROLE %I SET lock_timeout = %L', v_service || '_worker', '10s');
            EXECUTE format('ALTER ROLE %I SET idle_in_transaction_session_timeout = %L', v_service || '_worker', '60s');
        END IF;
    END LOOP;
    IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        EXECUTE format('GRANT flatrender_owner, svc_workflow TO %I', current_user);
    END IF;
    EXECUTE format('GRANT CREATE ON DATABASE %I TO flatrender_owner', current_database());
END
$$;

REVOKE ALL ON SCHEMA public FROM PUBLIC;

-- The workflow engine makes its own tables and functions. Render enqueues with dbos.enqueue_workflow() inside its own transaction; that
-- function runs with the caller's rights and writes the workflow's row and its input.
CREATE SCHEMA dbos AUTHORIZATION svc_workflow;
GRANT USAGE ON SCHEMA dbos TO svc_render, svc_render_worker;
ALTER DEFAULT PRIVILEGES FOR ROLE svc_workflow REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE svc_workflow IN SCHEMA dbos GRANT SELECT, INSERT, UPDATE ON TABLES TO svc_render, svc_render_worker;
ALTER DEFAULT PRIVILEGES FOR ROLE svc_workflow IN SCHEMA dbos GRANT USAGE ON SEQUENCES TO svc_render, svc_render_worker;
ALTER DEFAULT PRIVILEGES FOR ROLE svc_workflow IN SCHEMA dbos GRANT EXECUTE ON FUNCTIONS TO svc_render, svc_render_worker;

SET LOCAL ROLE flatrender_owner;

ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

CREATE SCHEMA ops;
CREATE SCHEMA identity;
CREATE SCHEMA content;
CREATE SCHEMA studio;
CREATE SCHEMA render;
CREATE SCHEMA file_mgr;
CREATE SCHEMA notification;
COMMENT ON SCHEMA ops IS 'What every schema stands on: keys, time, tenants, partitions, the ledger of migrations';

CREATE TABLE ops.schema_migrations (
    version    integer PRIMARY KEY,
    name       text NOT NULL,
    checksum   bytea,
    applied_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT schema_migrations_checksum_check CHECK (octet_length(checksum) = 32)
);
COMMENT ON COLUMN ops.schema_migrations.checksum IS
    'SHA-256 of the file with LF line ends; NULL until flatrender migrate has seen a file that psql applied';

CREATE FUNCTION ops.restrict_database() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_role text;
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CREATE ON DATABASE %I TO flatrender_owner', current_database());
    FOR v_role IN
        SELECT rolname FROM pg_catalog.pg_roles
        WHERE rolname ~ '^svc_((identity|content|studio|render|file|notification)(_worker)?|workflow)$'
    LOOP
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), v_role);
    END LOOP;
END
$$;
COMMENT ON FUNCTION ops.restrict_database() IS 'Only our roles may connect, and none may make temporary tables; run by the database''s owner';

-- RFC 9562 version 7: 48 bits of Unix milliseconds, 12 bits of the millisecond's fraction (method 3), 62 random bits.
-- One expression, so that the planner inlines it.
CREATE FUNCTION ops.uuid_v7() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
    SELECT (overlay(lpad(to_hex((extract(epoch FROM clock_timestamp()) * 4096000)::bigint), 15, '0') PLACING '7' FROM 13 FOR 0)
            || right(gen_random_uuid()::text, 17))::uuid
$$;
COMMENT ON FUNCTION ops.uuid_v7() IS 'A key that sorts by creation time. It tells that time to whoever sees it: never use one as a secret';

CREATE FUNCTION ops.platform_tenant() RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT '00000000-0000-0000-0000-000000000001'::uuid
$$;

CREATE FUNCTION ops.current_tenant() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT nullif(current_setting('app.tenant_id', true), '')::uuid
$$;
COMMENT ON FUNCTION ops.current_tenant() IS
    'The tenant of this transaction; NULL (no row visible) when set_config(''app.tenant_id'', …, true) has not been called';

CREATE FUNCTION ops.shared_tenant() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN ops.current_tenant() IS NOT NULL THEN ops.platform_tenant() END
$$;
COMMENT ON FUNCTION ops.shared_tenant() IS 'Whose rows the shared_read policies open to every tenant: the platform''s, and nobody''s while no tenant is set';

CREATE FUNCTION ops.touch_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := now();
    RETURN NEW;
END
$$;

CREATE FUNCTION ops.bump_row_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.row_version := OLD.row_version + 1;
    RETURN NEW;
END
$$;

CREATE FUNCTION ops.append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%.% is append-only', TG_TABLE_SCHEMA, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;

-- For columns that may point at the platform's shared catalogue as well as at the tenant's own rows, where a foreign key on
-- (tenant_id, id) would refuse the former. Arguments: the column, the table it points at.
CREATE FUNCTION ops.reference_own_or_platform() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_id    uuid := to_jsonb(NEW) ->> TG_ARGV[0];
    v_owner uuid;
BEGIN
    IF v_id IS NOT NULL THEN
        EXECUTE format('SELECT tenant_id FROM %s WHERE id = $1', TG_ARGV[1]::regclass) INTO v_owner USING v_id;
        IF v_owner IS NOT NULL AND v_owner NOT IN (NEW.tenant_id, ops.platform_tenant()) THEN
            RAISE EXCEPTION '%.% must reference a row of its own tenant or of the platform', TG_TABLE_NAME, TG_ARGV[0]
                USING ERRCODE = 'foreign_key_violation';
        END IF;
    END IF;
    RETURN NEW;
END
$$;

-- Names carry the month (audit_logs_2026_01). The bounds are whole UTC months whatever the session's time zone: built in Asia/Tehran's,
-- a month would begin at 20:30 UTC of the day before and overlap its neighbour.
CREATE FUNCTION ops.ensure_monthly_partitions(p_parent regclass, p_from date, p_months integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone TO 'UTC' AS $$
DECLARE
    v_schema  text;
    v_table   text;
    v_month   date;
    v_name    text;
    v_created integer := 0;
BEGIN
    SELECT n.nspname, c.relname INTO v_schema, v_table
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace JOIN pg_partitioned_table AS p ON p.partrelid = c.oid
    WHERE c.oid = p_parent AND n.nspname IN ('identity', 'content', 'studio', 'render', 'file_mgr', 'notification');
    IF NOT FOUND THEN
        RAISE EXCEPTION '% is not one of our partitioned tables', p_parent USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF p_from IS NULL OR p_months IS NULL OR p_months NOT BETWEEN 1 AND 120 THEN
        RAISE EXCEPTION 'give a month and between 1 and 120 months, not % and %', p_from, p_months USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('ops.ensure_monthly_partitions'), p_parent::oid::integer);
    FOR i IN 0 .. p_months - 1 LOOP
        v_month := (date_trunc('month', p_from::timestamp) + make_interval(months => i))::date;
        v_name := v_table || to_char(v_month, '_YYYY_MM');
        IF to_regclass(format('%I.%I', v_schema, v_name)) IS NULL THEN
            EXECUTE format('CREATE TABLE %I.%I PARTITION OF %I.%I FOR VALUES FROM (%L) TO (%L)', v_schema, v_name, v_schema, v_table,
                           v_month::timestamptz, (v_month + interval '1 month')::timestamptz);
            v_created := v_created + 1;
        END IF;
    END LOOP;
    RETURN v_created;
END
$$;
COMMENT ON FUNCTION ops.ensure_monthly_partitions(regclass, date, integer) IS
    'Make the missing partitions of p_months months from p_from''s month on; returns how many. Run at start-up and daily';

CREATE FUNCTION ops.ensure_all_monthly_partitions(p_from date, p_months integer) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(sum(ops.ensure_monthly_partitions(p.partrelid::regclass, p_from, p_months)), 0)::integer
    FROM pg_partitioned_table AS p JOIN pg_class AS c ON c.oid = p.partrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname IN ('identity', 'content', 'studio', 'render', 'file_mgr', 'notification')
$$;

-- Search folds what Persian keyboards write in several ways: Arabic yeh, kaf, heh and alef forms, half-spaces, vowel signs, tatweel and
-- both sets of digits. No stemming: the simple configuration and prefix matching serve Persian and English alike.
CREATE FUNCTION ops.search_normalize(p_text text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$
    SELECT translate(regexp_replace(lower(p_text), '[\u064B-\u065F\u0670\u0640]', '', 'g'),
                     U&'\064A\0649\0643\0629\06C0\0623\0625\0622\0624\200C\200D\00A0'
                     '\0660\0661\0662\0663\0664\0665\0666\0667\0668\0669\06F0\06F1\06F2\06F3\06F4\06F5\06F6\06F7\06F8\06F9',
                     U&'\06CC\06CC\06A9\0647\0647\0627\0627\0627\0648   01234567890123456789')
$$;

CREATE FUNCTION ops.search_vector(p_title jsonb, p_description jsonb) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT setweight(to_tsvector('simple', ops.search_normalize(jsonb_path_query_array(p_title, '$.*')::text)), 'A')
        || setweight(to_tsvector('simple', ops.search_normalize(jsonb_path_query_array(p_description, '$.*')::text)), 'B')
$$;
COMMENT ON FUNCTION ops.search_vector(jsonb, jsonb) IS 'The words of a title and a description in every language they have: {locale: text}';

CREATE FUNCTION ops.search_query(p_words text) RETURNS tsquery LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT to_tsquery('simple', coalesce(string_agg(quote_literal(word) || ':*', ' & '), ''))
    FROM regexp_split_to_table(ops.search_normalize(p_words), '[\s!-/:-@\[-`{-~«»؟،؛]+') AS word
    WHERE word <> ''
$$;
COMMENT ON FUNCTION ops.search_query(text) IS 'Every word must occur, each as a prefix; an empty query matches nothing';

-- The two tables that each service has of its own.
CREATE FUNCTION ops.create_plumbing(p_schema text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE replace($sql$
        CREATE TABLE «schema».outbox_events (
            id             uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
            seq            bigint GENERATED ALWAYS AS IDENTITY,
            tenant_id      uuid NOT NULL,
            aggregate_type text NOT NULL,
            aggregate_id   uuid NOT NULL,
            event_type     text NOT NULL,
            schema_version smallint NOT NULL DEFAULT 1,
            payload        jsonb NOT NULL,
            trace_id       text,
            occurred_at    timestamptz NOT NULL DEFAULT now(),
            available_at   timestamptz NOT NULL DEFAULT now(),
            attempts       smallint NOT NULL DEFAULT 0,
            last_error     text,
            published_at   timestamptz,
            CONSTRAINT outbox_events_seq_key UNIQUE (seq),
            CONSTRAINT outbox_events_event_type_check CHECK (event_type ~ '^[a-z0-9_]+(\.[a-z0-9_]+)+$')
        );
        COMMENT ON TABLE «schema».outbox_events IS 'Events, written in the transaction of the change and published by the worker role';
        CREATE INDEX outbox_events_occurred_at_idx ON «schema».outbox_events USING brin (occurred_at);
        CREATE INDEX outbox_events_unpublished_idx ON «schema».outbox_events (available_at, seq) WHERE published_at IS NULL;

        CREATE TABLE «schema».idempotency_keys (
            tenant_id        uuid NOT NULL,
            scope            text NOT NULL,
            key              text NOT NULL,
            fingerprint      bytea NOT NULL,
            state            text NOT NULL DEFAULT 'in_progress',
            locked_until     timestamptz NOT NULL,
            response_status  smallint,
            response_headers jsonb,
            response_body    bytea,
            resource_id      uuid,
            expires_at       timestamptz NOT NULL DEFAULT now() + interval '24 hours',
            created_at       timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (tenant_id, scope, key),
            CONSTRAINT idempotency_keys_state_check CHECK (state IN ('in_progress', 'completed')),
            CONSTRAINT idempotency_keys_completed_has_response CHECK (state = 'in_progress' OR response_status IS NOT NULL),
            CONSTRAINT idempotency_keys_fingerprint_check CHECK (octet_length(fingerprint) = 32),
            CONSTRAINT idempotency_keys_key_check CHECK (length(key) BETWEEN 1 AND 255)
        );
        COMMENT ON TABLE «schema».idempotency_keys IS
            'One execution per key: HTTP requests, consumed events (scope event:<consumer>) and inbound webhooks';
        CREATE INDEX idempotency_keys_expires_at_idx ON «schema».idempotency_keys (expires_at);
    $sql$, '«schema»', quote_ident(p_schema));
END
$$;

-- Called at the end of each migration for each schema it touches; a second call changes nothing. For every table of the schema: the triggers its
-- columns ask for, row policies when it has a tenant_id, and the service's grants. A table that already grants the role something keeps
-- exactly those grants; an append-only one gets SELECT and INSERT. Partitions are reached through their parents only.
CREATE FUNCTION ops.finish_schema(p_schema text, p_role text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_worker text := p_role || '_worker';
    v_role   text;
    t        record;
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I, %I', p_schema, p_role, v_worker);
    FOR t IN
        SELECT c.oid, format('%I.%I', p_schema, c.relname) AS name,
               EXISTS (SELECT FROM pg_attribute WHERE attrelid = c.oid AND attname = 'updated_at' AND NOT attisdropped) AS has_updated_at,
               EXISTS (SELECT FROM pg_attribute WHERE attrelid = c.oid AND attname = 'row_version' AND NOT attisdropped) AS has_row_version,
               EXISTS (SELECT FROM pg_attribute WHERE attrelid = c.oid AND attname = 'tenant_id' AND NOT attisdropped) AS has_tenant,
               EXISTS (SELECT FROM pg_trigger WHERE tgrelid = c.oid AND tgname = 'append_only') AS is_append_only
        FROM pg_class AS c
        WHERE c.relnamespace = p_schema::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
        ORDER BY c.relname
    LOOP
        IF t.has_updated_at AND NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = t.oid AND tgname = 'touch_updated_at') THEN
            EXECUTE format('CREATE TRIGGER touch_updated_at BEFORE UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION ops.touch_updated_at()', t.name);
        END IF;
        IF t.has_row_version AND NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = t.oid AND tgname = 'bump_row_version') THEN
            EXECUTE format('CREATE TRIGGER bump_row_version BEFORE UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION ops.bump_row_version()', t.name);
        END IF;

        FOREACH v_role IN ARRAY ARRAY[p_role, v_worker] LOOP
            IF NOT has_table_privilege(v_role, t.oid, 'SELECT') THEN
                EXECUTE format('GRANT %s ON %s TO %I',
                               CASE WHEN t.is_append_only THEN 'SELECT, INSERT' ELSE 'SELECT, INSERT, UPDATE, DELETE' END, t.name, v_role);
            END IF;
        END LOOP;

        IF t.has_tenant THEN
            EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', t.name);
            IF NOT EXISTS (SELECT FROM pg_policy WHERE polrelid = t.oid AND polname = 'tenant_isolation') THEN
                EXECUTE format('CREATE POLICY tenant_isolation ON %s FOR ALL TO %I '
                               'USING (tenant_id = ops.current_tenant()) WITH CHECK (tenant_id = ops.current_tenant())', t.name, p_role);
            END IF;
            IF col_description(t.oid, (SELECT attnum FROM pg_attribute WHERE attrelid = t.oid AND attname = 'tenant_id')) IS NULL
               AND p_schema <> 'identity' THEN
                EXECUTE format('COMMENT ON COLUMN %s.tenant_id IS %L', t.name, 'soft ref identity.tenants.id');
            END IF;
        END IF;
        IF (SELECT relrowsecurity FROM pg_class WHERE oid = t.oid)
           AND NOT EXISTS (SELECT FROM pg_policy WHERE polrelid = t.oid AND polname = 'worker_all_tenants') THEN
            EXECUTE format('CREATE POLICY worker_all_tenants ON %s FOR ALL TO %I USING (true) WITH CHECK (true)', t.name, v_worker);
        END IF;
    END LOOP;
END
$$;

DO $$
DECLARE
    v_role text;
BEGIN
    FOR v_role IN
        SELECT rolname FROM pg_roles WHERE rolname ~ '^svc_(identity|content|studio|render|file|notification)(_worker)?$' ORDER BY rolname
    LOOP
        EXECUTE format('GRANT USAGE ON SCHEMA ops TO %I', v_role);
        EXECUTE format('GRANT SELECT ON ops.schema_migrations TO %I', v_role);
        EXECUTE format('GRANT EXECUTE ON FUNCTION ops.uuid_v7(), ops.platform_tenant(), ops.current_tenant(), ops.shared_tenant(), ops.search_normalize(text), '
                       'ops.search_vector(jsonb, jsonb), ops.search_query(text), ops.ensure_monthly_partitions(regclass, date, integer), '
                       'ops.ensure_all_monthly_partitions(date, integer) TO %I', v_role);
    END LOOP;
END
$$;

RESET ROLE;
DO $$ BEGIN PERFORM ops.restrict_database(); END $$;
SET LOCAL ROLE flatrender_owner;

INSERT INTO ops.schema_migrations (version, name) VALUES (0, '00_setup');
COMMIT;

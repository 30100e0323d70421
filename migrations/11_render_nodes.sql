-- Render: nodes, their tokens, commands, caches, crashes and health.

\set ON_ERROR_STOP on
BEGIN;
SET LOCAL ROLE flatrender_owner;

SELECT ops.create_plumbing('render');

CREATE TABLE render.nodes (
    id                        uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    name                      text NOT NULL,
    pool                      text NOT NULL DEFAULT 'default',
    dedicated_tenant_id       uuid,
    token_hash                bytea NOT NULL,
    previous_token_hash       bytea,
    previous_token_expires_at timestamptz,
    status                    text NOT NULL DEFAULT 'offline',
    agent_version             text,
    os                        text,
    engines                   jsonb NOT NULL DEFAULT '{}',
    plugins                   text[] NOT NULL DEFAULT '{}',
    fonts_hash                bytea,
    cpu_cores                 smallint,
    memory_bytes              bigint,
    gpu                       text,
    scratch_bytes_total       bigint,
    scratch_bytes_free        bigint,
    max_slots                 smallint NOT NULL DEFAULT 1,
    used_slots                smallint NOT NULL DEFAULT 0,
    boot_id                   uuid,
    last_heartbeat_at         timestamptz,
    heartbeat_expires_at      timestamptz,
    crash_count_24h           integer NOT NULL DEFAULT 0,
    quarantined_until         timestamptz,
    quarantine_reason         text,
    row_version               integer NOT NULL DEFAULT 1,
    created_at                timestamptz NOT NULL DEFAULT now(),
    updated_at                timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT nodes_name_key UNIQUE (name),
    CONSTRAINT nodes_token_hash_key UNIQUE (token_hash),
    CONSTRAINT nodes_status_check CHECK (status IN ('online', 'busy', 'draining', 'offline', 'quarantined', 'retired')),
    CONSTRAINT nodes_used_slots_max_slots_check CHECK (used_slots >= 0 AND used_slots <= max_slots),
    CONSTRAINT nodes_max_slots_check CHECK (max_slots BETWEEN 1 AND 64),
    CONSTRAINT nodes_token_hash_check CHECK (octet_length(token_hash) = 32)
);
COMMENT ON COLUMN render.nodes.dedicated_tenant_id IS 'soft ref identity.tenants.id';
CREATE INDEX nodes_heartbeat_expires_at_idx ON render.nodes (heartbeat_expires_at) WHERE status IN ('online', 'busy', 'draining');
CREATE INDEX nodes_pool_last_heartbeat_at_idx ON render.nodes (pool, last_heartbeat_at DESC) WHERE status IN ('online', 'busy');

CREATE TABLE render.node_tokens (
    id         uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id  uuid,
    name       text NOT NULL,
    token_hash bytea NOT NULL,
    revoked_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT node_tokens_token_hash_key UNIQUE (token_hash),
    CONSTRAINT node_tokens_token_hash_check CHECK (octet_length(token_hash) = 32)
);
COMMENT ON TABLE render.node_tokens IS 'A registration token; tenant_id NULL = fleet-wide. Shown once, stored as SHA-256.';
CREATE INDEX node_tokens_tenant_id_idx ON render.node_tokens (tenant_id) WHERE revoked_at IS NULL;

CREATE POLICY platform_rows ON render.node_tokens FOR ALL TO svc_render
    USING (tenant_id IS NULL AND ops.current_tenant() = ops.platform_tenant())
    WITH CHECK (tenant_id IS NULL AND ops.current_tenant() = ops.platform_tenant());

-- An agent that registers shows only its token.
CREATE FUNCTION render.node_token_by_hash(p_token_hash bytea)
RETURNS TABLE (node_token_id uuid, tenant_id uuid, name text, revoked_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT n.id, n.tenant_id, n.name, n.revoked_at FROM render.node_tokens AS n WHERE n.token_hash = p_token_hash
$$;
GRANT EXECUTE ON FUNCTION render.node_token_by_hash(bytea) TO svc_render, svc_render_worker;

CREATE TABLE render.node_commands (
    id                uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    node_id           uuid NOT NULL,
    command           text NOT NULL,
    args              jsonb NOT NULL DEFAULT '{}',
    status            text NOT NULL DEFAULT 'pending',
    issued_by_user_id uuid,
    expires_at        timestamptz NOT NULL DEFAULT now() + interval '1 hour',
    delivered_at      timestamptz,
    completed_at      timestamptz,
    result            jsonb,
    created_at        timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT node_commands_node_id_fkey FOREIGN KEY (node_id) REFERENCES render.nodes (id) ON DELETE CASCADE,
    CONSTRAINT node_commands_command_check CHECK (command IN (
        'drain', 'resume', 'restart_agent', 'kill_job', 'purge_cache', 'update_agent', 'collect_logs')),
    CONSTRAINT node_commands_status_check CHECK (status IN ('pending', 'delivered', 'done', 'failed', 'expired'))
);
COMMENT ON COLUMN render.node_commands.issued_by_user_id IS 'soft ref identity.users.id';
CREATE INDEX node_commands_node_id_created_at_idx ON render.node_commands (node_id, created_at) WHERE status = 'pending';

CREATE TABLE render.node_template_cache (
    node_id            uuid NOT NULL,
    package_sha256     bytea NOT NULL,
    project_id         uuid NOT NULL,
    project_version_id uuid NOT NULL,
    bytes              bigint NOT NULL,
    state              text NOT NULL DEFAULT 'downloading',
    pin_count          integer NOT NULL DEFAULT 0,
    hits               bigint NOT NULL DEFAULT 0,
    last_used_at       timestamptz NOT NULL DEFAULT now(),
    verified_at        timestamptz,
    created_at         timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (node_id, package_sha256),
    CONSTRAINT node_template_cache_node_id_fkey FOREIGN KEY (node_id) REFERENCES render.nodes (id) ON DELETE CASCADE,
    CONSTRAINT node_template_cache_state_check CHECK (state IN ('downloading', 'ready', 'evicting', 'corrupt')),
    CONSTRAINT node_template_cache_bytes_check CHECK (bytes >= 0),
    CONSTRAINT node_template_cache_package_sha256_check CHECK (octet_length(package_sha256) = 32),
    CONSTRAINT node_template_cache_pin_count_check CHECK (pin_count >= 0)
);
COMMENT ON COLUMN render.node_template_cache.project_id IS 'soft ref content.projects.id';
COMMENT ON COLUMN render.node_template_cache.project_version_id IS 'soft ref content.project_versions.id';
CREATE INDEX node_template_cache_node_id_last_used_at_idx ON render.node_template_cache (node_id, last_used_at)
    WHERE state = 'ready' AND pin_count = 0;
CREATE INDEX node_template_cache_package_sha256_idx ON render.node_template_cache (package_sha256) WHERE state = 'ready';

CREATE TABLE render.node_crashes (
    id                 uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    node_id            uuid NOT NULL,
    tenant_id          uuid,
    render_job_id      uuid,
    frame_job_id       uuid,
    kind               text NOT NULL,
    engine             text,
    exit_code          integer,
    signal             smallint,
    frame_no           integer,
    project_version_id uuid,
    fingerprint        text NOT NULL,
    log_excerpt        text,
    dump_file_id       uuid,
    recovery           text NOT NULL DEFAULT 'pending',
    recovered_at       timestamptz,
    occurred_at        timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT node_crashes_node_id_fkey FOREIGN KEY (node_id) REFERENCES render.nodes (id) ON DELETE CASCADE,
    CONSTRAINT node_crashes_kind_check CHECK (kind IN (
        'engine_crash', 'engine_hang', 'oom', 'agent_crash', 'node_lost', 'disk_full', 'license', 'missing_font',
        'missing_plugin', 'gpu')),
    CONSTRAINT node_crashes_recovery_check CHECK (recovery IN (
        'pending', 'retried_same', 'retried_other', 'split', 'quarantined_node', 'quarantined_template', 'gave_up')),
    CONSTRAINT node_crashes_log_excerpt_check CHECK (length(log_excerpt) <= 16384)
);
COMMENT ON COLUMN render.node_crashes.project_version_id IS 'soft ref content.project_versions.id';
COMMENT ON COLUMN render.node_crashes.dump_file_id IS 'soft ref file_mgr.files.id';
CREATE INDEX node_crashes_fingerprint_occurred_at_idx ON render.node_crashes (fingerprint, occurred_at DESC);
CREATE INDEX node_crashes_node_id_occurred_at_idx ON render.node_crashes (node_id, occurred_at DESC);
CREATE INDEX node_crashes_occurred_at_idx ON render.node_crashes (occurred_at) WHERE recovery = 'pending';

CREATE POLICY platform_rows ON render.node_crashes FOR ALL TO svc_render
    USING (tenant_id IS NULL AND ops.current_tenant() = ops.platform_tenant())
    WITH CHECK (tenant_id IS NULL AND ops.current_tenant() = ops.platform_tenant());

CREATE TABLE render.node_health_logs (
    node_id          uuid NOT NULL,
    sampled_at       timestamptz NOT NULL,
    cpu_pct          real,
    mem_used_bytes   bigint,
    gpu_pct          real,
    gpu_mem_bytes    bigint,
    disk_free_bytes  bigint,
    disk_write_bps   bigint,
    temp_c           real,
    load1            real,
    active_jobs      smallint,
    engine_rss_bytes bigint,
    net_rx_bps       bigint,
    net_tx_bps       bigint,
    clock_skew_ms    integer,
    PRIMARY KEY (node_id, sampled_at)
) PARTITION BY RANGE (sampled_at);
CREATE INDEX node_health_logs_sampled_at_idx ON render.node_health_logs USING brin (sampled_at) WITH (pages_per_range = 32);
SELECT ops.ensure_monthly_partitions('render.node_health_logs', '2026-01-01', 1);

SELECT ops.finish_schema('render', 'svc_render');

INSERT INTO ops.schema_migrations (version, name) VALUES (11, '11_render_nodes');
COMMIT;

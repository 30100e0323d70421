-- Files: blobs, folders, files, shares, quotas, uploads, clean-up.

\set ON_ERROR_STOP on
BEGIN;
SET LOCAL ROLE flatrender_owner;

SELECT ops.create_plumbing('file_mgr');

CREATE TABLE file_mgr.blobs (
    id              uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id       uuid NOT NULL,
    sha256          bytea NOT NULL,
    bytes           bigint NOT NULL,
    storage_backend text NOT NULL,
    storage_key     text NOT NULL,
    content_type    text NOT NULL,
    sniffed_type    text,
    ref_count       integer NOT NULL DEFAULT 0,
    scan_status     text NOT NULL DEFAULT 'pending',
    scan_report     jsonb,
    zero_ref_since  timestamptz,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT blobs_tenant_id_id_key UNIQUE (tenant_id, id),
    CONSTRAINT blobs_storage_key_key UNIQUE (storage_key),
    CONSTRAINT blobs_tenant_id_sha256_bytes_key UNIQUE (tenant_id, sha256, bytes),
    CONSTRAINT blobs_scan_status_check CHECK (scan_status IN ('pending', 'clean', 'rejected', 'error')),
    CONSTRAINT blobs_bytes_check CHECK (bytes >= 0),
    CONSTRAINT blobs_ref_count_check CHECK (ref_count >= 0),
    CONSTRAINT blobs_sha256_check CHECK (octet_length(sha256) = 32)
);
COMMENT ON TABLE file_mgr.blobs IS 'Dedupe inside one tenant only (cross-tenant dedupe leaks what other tenants own)';
CREATE INDEX blobs_zero_ref_since_idx ON file_mgr.blobs (zero_ref_since) WHERE ref_count = 0;

CREATE TABLE file_mgr.folders (
    id            uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id     uuid NOT NULL,
    owner_user_id uuid NOT NULL,
    parent_id     uuid,
    name          text NOT NULL,
    path_ids      uuid[] NOT NULL DEFAULT '{}',
    system_kind   text,
    deleted_at    timestamptz,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT folders_tenant_id_id_key UNIQUE (tenant_id, id),
    CONSTRAINT folders_parent_id_fkey FOREIGN KEY (tenant_id, parent_id) REFERENCES file_mgr.folders (tenant_id, id),
    CONSTRAINT folders_system_kind_check CHECK (system_kind IN ('root', 'uploads', 'exports', 'voiceovers', 'trash')),
    CONSTRAINT folders_parent_id_id_check CHECK (parent_id IS DISTINCT FROM id),
    CONSTRAINT folders_name_check CHECK (length(name) BETWEEN 1 AND 255 AND name !~ '[/\\\x01-\x1f]' AND name NOT IN ('.', '..')),
    CONSTRAINT folders_path_ids_check CHECK (cardinality(path_ids) <= 20)
);
COMMENT ON COLUMN file_mgr.folders.owner_user_id IS 'soft ref identity.users.id';
CREATE UNIQUE INDEX folders_owner_user_id_parent_id_name_key
    ON file_mgr.folders (owner_user_id, COALESCE(parent_id, '00000000-0000-0000-0000-000000000000'::uuid), lower(name))
    WHERE deleted_at IS NULL;

CREATE TABLE file_mgr.files (
    id               uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id        uuid NOT NULL,
    owner_user_id    uuid,
    folder_id        uuid,
    blob_id          uuid NOT NULL,
    name             text NOT NULL,
    purpose          text NOT NULL,
    kind             text NOT NULL,
    bytes            bigint NOT NULL,
    content_type     text NOT NULL,
    width            integer,
    height           integer,
    duration_ms      integer,
    media_info       jsonb,
    visibility       text NOT NULL DEFAULT 'private',
    status           text NOT NULL DEFAULT 'processing',
    permanent_url    text,
    dedupe_key       text,
    expires_at       timestamptz,
    last_accessed_at timestamptz,
    deleted_at       timestamptz,
    purge_after      timestamptz,
    row_version      integer NOT NULL DEFAULT 1,
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT files_tenant_id_id_key UNIQUE (tenant_id, id),
    CONSTRAINT files_blob_id_fkey FOREIGN KEY (tenant_id, blob_id) REFERENCES file_mgr.blobs (tenant_id, id),
    CONSTRAINT files_folder_id_fkey FOREIGN KEY (tenant_id, folder_id) REFERENCES file_mgr.folders (tenant_id, id),
    CONSTRAINT files_purpose_check CHECK (purpose IN (
        'user_media', 'template_package', 'template_preview', 'font', 'audio', 'export', 'snapshot', 'avatar',
        'branding', 'data_export', 'log')),
    CONSTRAINT files_kind_check CHECK (kind IN ('image', 'video', 'audio', 'svg', 'font', 'archive', 'document', 'other')),
    CONSTRAINT files_visibility_check CHECK (visibility IN ('private', 'tenant', 'public')),
    CONSTRAINT files_status_check CHECK (status IN ('processing', 'ready', 'quarantined', 'failed')),
    CONSTRAINT files_bytes_check CHECK (bytes >= 0),
    CONSTRAINT files_name_check CHECK (length(name) BETWEEN 1 AND 255 AND name !~ '[/\\\x01-\x1f]')
);
COMMENT ON COLUMN file_mgr.files.owner_user_id IS 'soft ref identity.users.id';
COMMENT ON COLUMN file_mgr.files.dedupe_key IS 'The natural key of the effect that made the file: storing again under it gives this file';
CREATE UNIQUE INDEX files_tenant_id_dedupe_key_key ON file_mgr.files (tenant_id, dedupe_key) WHERE dedupe_key IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX files_blob_id_idx ON file_mgr.files (blob_id);
CREATE INDEX files_expires_at_idx ON file_mgr.files (expires_at) WHERE expires_at IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX files_tenant_id_owner_user_id_folder_id_id_idx ON file_mgr.files (tenant_id, owner_user_id, folder_id, id DESC)
    WHERE deleted_at IS NULL;
CREATE INDEX files_purge_after_idx ON file_mgr.files (purge_after) WHERE deleted_at IS NOT NULL;

CREATE TABLE file_mgr.file_derivatives (
    id               uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id        uuid NOT NULL,
    file_id          uuid NOT NULL,
    kind             text NOT NULL,
    params_key       text NOT NULL,
    blob_id          uuid,
    status           text NOT NULL DEFAULT 'queued',
    attempt          smallint NOT NULL DEFAULT 0,
    lease_id         uuid,
    lease_expires_at timestamptz,
    error            text,
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT file_derivatives_file_id_kind_params_key_key UNIQUE (file_id, kind, params_key),
    CONSTRAINT file_derivatives_blob_id_fkey FOREIGN KEY (tenant_id, blob_id) REFERENCES file_mgr.blobs (tenant_id, id),
    CONSTRAINT file_derivatives_file_id_fkey FOREIGN KEY (tenant_id, file_id)
        REFERENCES file_mgr.files (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT file_derivatives_kind_check CHECK (kind IN (
        'thumb', 'preview', 'proxy', 'waveform', 'poster', 'sanitized_svg', 'transcode')),
    CONSTRAINT file_derivatives_status_check CHECK (status IN ('queued', 'running', 'ready', 'failed'))
);
CREATE INDEX file_derivatives_created_at_idx ON file_mgr.file_derivatives (created_at) WHERE status = 'queued';

CREATE TABLE file_mgr.file_shares (
    id                 uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id          uuid NOT NULL,
    file_id            uuid NOT NULL,
    token_hash         bytea NOT NULL,
    max_downloads      integer,
    download_count     integer NOT NULL DEFAULT 0,
    password_hash      text,
    expires_at         timestamptz NOT NULL,
    revoked_at         timestamptz,
    created_by_user_id uuid NOT NULL,
    created_at         timestamptz NOT NULL DEFAULT now(),
    updated_at         timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT file_shares_token_hash_key UNIQUE (token_hash),
    CONSTRAINT file_shares_file_id_fkey FOREIGN KEY (tenant_id, file_id)
        REFERENCES file_mgr.files (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT file_shares_within_downloads CHECK (max_downloads IS NULL OR download_count <= max_downloads),
    CONSTRAINT file_shares_token_hash_check CHECK (octet_length(token_hash) = 32)
);
COMMENT ON COLUMN file_mgr.file_shares.created_by_user_id IS 'soft ref identity.users.id';

CREATE TABLE file_mgr.quotas (
    tenant_id      uuid NOT NULL,
    owner_type     text NOT NULL,
    owner_id       uuid NOT NULL,
    limit_bytes    bigint NOT NULL,
    limit_files    bigint,
    used_bytes     bigint NOT NULL DEFAULT 0,
    reserved_bytes bigint NOT NULL DEFAULT 0,
    used_files     bigint NOT NULL DEFAULT 0,
    recounted_at   timestamptz,
    updated_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, owner_type, owner_id),
    CONSTRAINT quotas_owner_type_check CHECK (owner_type IN ('tenant', 'user')),
    CONSTRAINT quotas_limit_bytes_check CHECK (limit_bytes >= 0),
    CONSTRAINT quotas_reserved_bytes_check CHECK (reserved_bytes >= 0),
    CONSTRAINT quotas_used_bytes_check CHECK (used_bytes >= 0),
    CONSTRAINT quotas_used_files_check CHECK (used_files >= 0)
);
COMMENT ON TABLE file_mgr.quotas IS
    'Reserve with UPDATE .. WHERE used+reserved+:n <= limit; limit may be lowered below use, so no CHECK on the sum';

CREATE TABLE file_mgr.upload_sessions (
    id                      uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id               uuid NOT NULL,
    user_id                 uuid NOT NULL,
    protocol                text NOT NULL DEFAULT 'tus',
    purpose                 text NOT NULL,
    folder_id               uuid,
    filename                text,
    declared_type           text,
    declared_sha256         bytea,
    length_bytes            bigint,
    length_deferred         boolean NOT NULL DEFAULT false,
    offset_bytes            bigint NOT NULL DEFAULT 0,
    part_size               bigint,
    concat                  text,
    concat_parts            uuid[],
    metadata                jsonb NOT NULL DEFAULT '{}',
    storage_key             text NOT NULL,
    storage_upload_id       text,
    hash_state              bytea,
    status                  text NOT NULL DEFAULT 'open',
    writer_lease_id         uuid,
    writer_lease_expires_at timestamptz,
    quota_reserved_bytes    bigint NOT NULL DEFAULT 0,
    file_id                 uuid,
    error_code              text,
    expires_at              timestamptz NOT NULL,
    completed_at            timestamptz,
    created_at              timestamptz NOT NULL DEFAULT now(),
    updated_at              timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT upload_sessions_tenant_id_id_key UNIQUE (tenant_id, id),
    CONSTRAINT upload_sessions_file_id_fkey FOREIGN KEY (tenant_id, file_id) REFERENCES file_mgr.files (tenant_id, id),
    CONSTRAINT upload_sessions_folder_id_fkey FOREIGN KEY (tenant_id, folder_id)
        REFERENCES file_mgr.folders (tenant_id, id) ON DELETE SET NULL (folder_id),
    CONSTRAINT upload_sessions_protocol_check CHECK (protocol IN ('tus', 'rufh', 'multipart', 'single')),
    CONSTRAINT upload_sessions_concat_check CHECK (concat IN ('partial', 'final')),
    CONSTRAINT upload_sessions_status_check CHECK (status IN ('open', 'finalizing', 'completed', 'aborted', 'expired', 'failed')),
    CONSTRAINT upload_sessions_length_known CHECK (length_bytes IS NOT NULL OR length_deferred OR concat = 'final'),
    CONSTRAINT upload_sessions_offset_within_length CHECK (length_bytes IS NULL OR offset_bytes <= length_bytes),
    CONSTRAINT upload_sessions_length_bytes_check CHECK (length_bytes >= 0),
    CONSTRAINT upload_sessions_offset_bytes_check CHECK (offset_bytes >= 0),
    CONSTRAINT upload_sessions_part_size_check CHECK (part_size BETWEEN 65536 AND 5368709120)
);
COMMENT ON COLUMN file_mgr.upload_sessions.user_id IS 'soft ref identity.users.id';
CREATE INDEX upload_sessions_expires_at_idx ON file_mgr.upload_sessions (expires_at) WHERE status IN ('open', 'finalizing');
CREATE INDEX upload_sessions_tenant_id_user_id_idx ON file_mgr.upload_sessions (tenant_id, user_id) WHERE status = 'open';

CREATE TABLE file_mgr.upload_parts (
    tenant_id   uuid NOT NULL,
    upload_id   uuid NOT NULL,
    part_no     integer NOT NULL,
    bytes       bigint NOT NULL,
    sha256      bytea NOT NULL,
    etag        text,
    uploaded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (upload_id, part_no),
    CONSTRAINT upload_parts_upload_id_fkey FOREIGN KEY (tenant_id, upload_id)
        REFERENCES file_mgr.upload_sessions (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT upload_parts_bytes_check CHECK (bytes > 0),
    CONSTRAINT upload_parts_part_no_check CHECK (part_no BETWEEN 1 AND 10000)
);

CREATE TABLE file_mgr.cleanup_schedules (
    id               uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id        uuid NOT NULL,
    key              text NOT NULL,
    kind             text NOT NULL,
    cron             text NOT NULL,
    params           jsonb NOT NULL DEFAULT '{}',
    batch_size       integer NOT NULL DEFAULT 500,
    dry_run          boolean NOT NULL DEFAULT false,
    is_enabled       boolean NOT NULL DEFAULT true,
    next_run_at      timestamptz NOT NULL,
    last_run_at      timestamptz,
    lease_id         uuid,
    lease_expires_at timestamptz,
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT cleanup_schedules_tenant_id_id_key UNIQUE (tenant_id, id),
    CONSTRAINT cleanup_schedules_tenant_id_key_key UNIQUE (tenant_id, key),
    CONSTRAINT cleanup_schedules_kind_check CHECK (kind IN (
        'expired_uploads', 'trash_purge', 'orphan_blobs', 'expired_exports', 'snapshot_cache', 'derivatives',
        'user_idle_media', 'quota_recount')),
    CONSTRAINT cleanup_schedules_batch_size_check CHECK (batch_size BETWEEN 1 AND 10000)
);
CREATE INDEX cleanup_schedules_next_run_at_idx ON file_mgr.cleanup_schedules (next_run_at) WHERE is_enabled;

INSERT INTO file_mgr.cleanup_schedules (tenant_id, key, kind, cron, params, next_run_at) VALUES
    (ops.platform_tenant(), 'expired-uploads', 'expired_uploads', '15 * * * *', '{"idle_hours": 24}', now()),
    (ops.platform_tenant(), 'trash', 'trash_purge', '30 2 * * *', '{"after_days": 30}', now()),
    (ops.platform_tenant(), 'orphan-blobs', 'orphan_blobs', '0 3 * * *', '{"after_hours": 24}', now()),
    (ops.platform_tenant(), 'expired-exports', 'expired_exports', '30 3 * * *', '{}', now()),
    (ops.platform_tenant(), 'snapshot-cache', 'snapshot_cache', '0 4 * * *', '{"keep_bytes": 10737418240}', now()),
    (ops.platform_tenant(), 'quota-recount', 'quota_recount', '0 5 * * 0', '{}', now());

CREATE TABLE file_mgr.cleanup_runs (
    id          uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id   uuid NOT NULL,
    schedule_id uuid NOT NULL,
    status      text NOT NULL DEFAULT 'running',
    examined    bigint NOT NULL DEFAULT 0,
    deleted     bigint NOT NULL DEFAULT 0,
    bytes_freed bigint NOT NULL DEFAULT 0,
    cursor      jsonb,
    error       text,
    started_at  timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    CONSTRAINT cleanup_runs_schedule_id_fkey FOREIGN KEY (tenant_id, schedule_id)
        REFERENCES file_mgr.cleanup_schedules (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT cleanup_runs_status_check CHECK (status IN ('running', 'completed', 'failed', 'aborted'))
);
CREATE UNIQUE INDEX cleanup_runs_one_running ON file_mgr.cleanup_runs (schedule_id) WHERE status = 'running';

-- A permanent public URL is opened on the user-content host, where no tenant is known.
CREATE FUNCTION file_mgr.public_file(p_file_id uuid)
RETURNS TABLE (file_id uuid, tenant_id uuid, name text, content_type text, bytes bigint, sha256 bytea, storage_backend text, storage_key text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT f.id, f.tenant_id, f.name, f.content_type, f.bytes, b.sha256, b.storage_backend, b.storage_key
    FROM file_mgr.files AS f JOIN file_mgr.blobs AS b ON b.tenant_id = f.tenant_id AND b.id = f.blob_id
    WHERE f.id = p_file_id AND f.visibility = 'public' AND f.status = 'ready' AND f.deleted_at IS NULL
$$;
GRANT EXECUTE ON FUNCTION file_mgr.public_file(uuid) TO svc_file, svc_file_worker;

SELECT ops.finish_schema('file_mgr', 'svc_file');

INSERT INTO ops.schema_migrations (version, name) VALUES (13, '13_file_manager');
COMMIT;

-- Render: output profiles, limits, jobs, chunks, repairs, snapshots, exports.

\set ON_ERROR_STOP on
BEGIN;
SET LOCAL ROLE flatrender_owner;

CREATE TABLE render.output_profiles (
    id              uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id       uuid NOT NULL,
    key             text NOT NULL,
    name            jsonb NOT NULL,
    container       text NOT NULL,
    video_codec     text,
    audio_codec     text,
    max_height      integer NOT NULL,
    bitrate_kbps    integer,
    crf             smallint,
    pixel_format    text,
    watermark       boolean NOT NULL DEFAULT false,
    min_plan_rank   smallint NOT NULL DEFAULT 0,
    cost_multiplier numeric(6,3) NOT NULL DEFAULT 1,
    is_active       boolean NOT NULL DEFAULT true,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT output_profiles_tenant_id_key_key UNIQUE (tenant_id, key),
    CONSTRAINT output_profiles_container_check CHECK (container IN ('mp4', 'mov', 'webm', 'gif', 'png_seq', 'mp3')),
    CONSTRAINT output_profiles_cost_multiplier_check CHECK (cost_multiplier > 0),
    CONSTRAINT output_profiles_max_height_check CHECK (max_height BETWEEN 16 AND 8192)
);

CREATE POLICY shared_read ON render.output_profiles FOR SELECT TO svc_render USING (tenant_id = ops.shared_tenant());
INSERT INTO render.output_profiles (tenant_id, key, name, container, video_codec, audio_codec, max_height, crf, pixel_format, cost_multiplier) VALUES
    (ops.platform_tenant(), 'draft', '{"fa-IR": "پیش‌نویس ۳۶۰", "en": "Draft 360p"}', 'mp4', 'h264', 'aac', 360, 28, 'yuv420p', 0.25),
    (ops.platform_tenant(), '720p', '{"fa-IR": "اچ‌دی ۷۲۰", "en": "HD 720p"}', 'mp4', 'h264', 'aac', 720, 20, 'yuv420p', 0.5),
    (ops.platform_tenant(), '1080p', '{"fa-IR": "فول اچ‌دی ۱۰۸۰", "en": "Full HD 1080p"}', 'mp4', 'h264', 'aac', 1080, 18, 'yuv420p', 1);

CREATE TABLE render.tenant_render_limits (
    tenant_id           uuid PRIMARY KEY,
    max_concurrent_jobs integer NOT NULL DEFAULT 2,
    max_queued_jobs     integer NOT NULL DEFAULT 100,
    weight              integer NOT NULL DEFAULT 100,
    virtual_time        numeric NOT NULL DEFAULT 0,
    paused              boolean NOT NULL DEFAULT false,
    updated_at          timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT tenant_render_limits_max_concurrent_jobs_check CHECK (max_concurrent_jobs >= 0),
    CONSTRAINT tenant_render_limits_weight_check CHECK (weight BETWEEN 1 AND 10000)
);
COMMENT ON TABLE render.tenant_render_limits IS
    'Per-tenant fairness: claim picks the tenant with the lowest virtual_time, then adds cost/weight';

CREATE TABLE render.render_jobs (
    id                  uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id           uuid NOT NULL,
    user_id             uuid NOT NULL,
    api_key_id          uuid,
    saved_project_id    uuid NOT NULL,
    revision_id         uuid NOT NULL,
    project_id          uuid NOT NULL,
    project_version_id  uuid NOT NULL,
    package_sha256      bytea NOT NULL,
    kind                text NOT NULL DEFAULT 'final',
    output_profile_key  text NOT NULL,
    status              text NOT NULL DEFAULT 'queued',
    priority            smallint NOT NULL DEFAULT 0,
    progress_pct        numeric(5,2) NOT NULL DEFAULT 0,
    total_frames        integer,
    width               integer,
    height              integer,
    fps                 numeric(6,3),
    has_voiceover       boolean NOT NULL DEFAULT false,
    music_volume        numeric(4,3),
    sfx_volume          numeric(4,3),
    voiceover_volume    numeric(4,3),
    input               jsonb NOT NULL,
    input_hash          bytea NOT NULL,
    attempt             smallint NOT NULL DEFAULT 0,
    max_attempts        smallint NOT NULL DEFAULT 3,
    node_id             uuid,
    lease_id            uuid,
    lease_expires_at    timestamptz,
    workflow_id         text,
    not_before          timestamptz NOT NULL DEFAULT now(),
    deadline_at         timestamptz,
    cost_seconds        numeric(12,3),
    reservation_ref     uuid,
    error_code          text,
    error_message       text,
    cancel_requested_at timestamptz,
    queued_at           timestamptz NOT NULL DEFAULT now(),
    started_at          timestamptz,
    finished_at         timestamptz,
    row_version         integer NOT NULL DEFAULT 1,
    created_at          timestamptz NOT NULL DEFAULT now(),
    updated_at          timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT render_jobs_tenant_id_id_key UNIQUE (tenant_id, id),
    CONSTRAINT render_jobs_tenant_id_revision_id_key UNIQUE (tenant_id, revision_id),
    CONSTRAINT render_jobs_node_id_fkey FOREIGN KEY (node_id) REFERENCES render.nodes (id),
    CONSTRAINT render_jobs_kind_check CHECK (kind IN ('preview', 'final', 'still')),
    CONSTRAINT render_jobs_status_check CHECK (status IN (
        'pending_payment', 'queued', 'preparing', 'rendering', 'stitching', 'audio_mix', 'encoding', 'uploading',
        'completed', 'failed', 'canceling', 'canceled', 'expired')),
    CONSTRAINT render_jobs_attempt_max_attempts_check CHECK (attempt <= max_attempts + 1),
    CONSTRAINT render_jobs_input_hash_check CHECK (octet_length(input_hash) = 32),
    CONSTRAINT render_jobs_package_sha256_check CHECK (octet_length(package_sha256) = 32),
    CONSTRAINT render_jobs_priority_check CHECK (priority BETWEEN -100 AND 100),
    CONSTRAINT render_jobs_progress_pct_check CHECK (progress_pct BETWEEN 0 AND 100),
    CONSTRAINT render_jobs_total_frames_check CHECK (total_frames > 0)
);
COMMENT ON COLUMN render.render_jobs.user_id IS 'soft ref identity.users.id';
COMMENT ON COLUMN render.render_jobs.api_key_id IS 'soft ref identity.tenant_api_keys.id';
COMMENT ON COLUMN render.render_jobs.saved_project_id IS 'soft ref studio.saved_projects.id';
COMMENT ON COLUMN render.render_jobs.revision_id IS 'soft ref studio.saved_project_revisions.id';
COMMENT ON COLUMN render.render_jobs.project_id IS 'soft ref content.projects.id';
COMMENT ON COLUMN render.render_jobs.project_version_id IS 'soft ref content.project_versions.id';
COMMENT ON COLUMN render.render_jobs.workflow_id IS 'the durable workflow that drives the job; it holds the job while no lease does';
COMMENT ON COLUMN render.render_jobs.reservation_ref IS 'soft ref identity.usage_counters, the reservation made at creation';
CREATE INDEX render_jobs_queue_idx ON render.render_jobs (priority DESC, queued_at) WHERE status = 'queued';
CREATE INDEX render_jobs_lease_expires_at_idx ON render.render_jobs (lease_expires_at) WHERE lease_id IS NOT NULL;
CREATE INDEX render_jobs_active_by_tenant_idx ON render.render_jobs (tenant_id)
    WHERE status IN ('preparing', 'rendering', 'stitching', 'audio_mix', 'encoding', 'uploading');
CREATE INDEX render_jobs_tenant_id_user_id_id_idx ON render.render_jobs (tenant_id, user_id, id DESC);

CREATE TABLE render.render_job_attempts (
    id            uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id     uuid NOT NULL,
    render_job_id uuid NOT NULL,
    attempt_no    smallint NOT NULL,
    node_id       uuid,
    lease_id      uuid,
    outcome       text,
    error_code    text,
    log_file_id   uuid,
    started_at    timestamptz NOT NULL DEFAULT now(),
    finished_at   timestamptz,
    CONSTRAINT render_job_attempts_render_job_id_attempt_no_key UNIQUE (render_job_id, attempt_no),
    CONSTRAINT render_job_attempts_node_id_fkey FOREIGN KEY (node_id) REFERENCES render.nodes (id),
    CONSTRAINT render_job_attempts_render_job_id_fkey FOREIGN KEY (tenant_id, render_job_id)
        REFERENCES render.render_jobs (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT render_job_attempts_outcome_check CHECK (outcome IN ('completed', 'failed', 'lease_expired', 'canceled', 'crashed'))
);
COMMENT ON COLUMN render.render_job_attempts.log_file_id IS 'soft ref file_mgr.files.id';

CREATE TABLE render.render_job_events (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id     uuid NOT NULL,
    render_job_id uuid NOT NULL,
    from_status   text,
    to_status     text NOT NULL,
    actor         text NOT NULL,
    detail        jsonb NOT NULL DEFAULT '{}',
    created_at    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT render_job_events_render_job_id_fkey FOREIGN KEY (tenant_id, render_job_id)
        REFERENCES render.render_jobs (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX render_job_events_render_job_id_id_idx ON render.render_job_events (render_job_id, id);

CREATE TABLE render.frame_jobs (
    id               uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id        uuid NOT NULL,
    render_job_id    uuid NOT NULL,
    chunk_no         integer NOT NULL,
    frame_start      integer NOT NULL,
    frame_end        integer NOT NULL,
    comp_name        text NOT NULL,
    scene_key        text,
    scene_object_key text,
    scene_sha256     bytea,
    task             jsonb NOT NULL,
    pool             text NOT NULL DEFAULT 'default',
    priority         smallint NOT NULL DEFAULT 0,
    status           text NOT NULL DEFAULT 'queued',
    attempt          smallint NOT NULL DEFAULT 0,
    max_attempts     smallint NOT NULL DEFAULT 3,
    node_id          uuid,
    lease_id         uuid,
    lease_expires_at timestamptz,
    epoch            bigint NOT NULL DEFAULT 0,
    exclude_node_ids uuid[] NOT NULL DEFAULT '{}',
    cache_key        bytea,
    output_file_id   uuid,
    output_sha256    bytea,
    segment_key      text,
    seconds          numeric,
    frames_done      integer NOT NULL DEFAULT 0,
    error_code       text,
    started_at       timestamptz,
    finished_at      timestamptz,
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT frame_jobs_tenant_id_id_key UNIQUE (tenant_id, id),
    CONSTRAINT frame_jobs_render_job_id_chunk_no_key UNIQUE (render_job_id, chunk_no),
    CONSTRAINT frame_jobs_node_id_fkey FOREIGN KEY (node_id) REFERENCES render.nodes (id),
    CONSTRAINT frame_jobs_render_job_id_fkey FOREIGN KEY (tenant_id, render_job_id)
        REFERENCES render.render_jobs (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT frame_jobs_status_check CHECK (status IN ('queued', 'running', 'done', 'failed', 'repairing', 'canceled')),
    CONSTRAINT frame_jobs_frame_range CHECK (frame_end >= frame_start),
    CONSTRAINT frame_jobs_frames_done_within_chunk CHECK (frames_done >= 0 AND frames_done <= frame_end - frame_start + 1),
    CONSTRAINT frame_jobs_chunk_no_check CHECK (chunk_no >= 0),
    CONSTRAINT frame_jobs_frame_start_check CHECK (frame_start >= 0),
    CONSTRAINT frame_jobs_scene_sha256_check CHECK (octet_length(scene_sha256) = 32),
    CONSTRAINT frame_jobs_seconds_check CHECK (seconds >= 0),
    CONSTRAINT frame_jobs_epoch_check CHECK (epoch >= 0)
);
COMMENT ON COLUMN render.frame_jobs.scene_object_key IS 'object key of the resolved scene';
COMMENT ON COLUMN render.frame_jobs.scene_sha256 IS 'hash of the resolved scene; part of the cache key';
COMMENT ON COLUMN render.frame_jobs.task IS
    'what the node is told: the scene''s figures, the frames within the scene, the encoder''s settings; fixed at planning';
COMMENT ON COLUMN render.frame_jobs.frame_start IS 'output frame of the film; both ends belong to the chunk';
COMMENT ON COLUMN render.frame_jobs.pool IS 'fixed at planning; a claim asks for pools, never for capabilities';
COMMENT ON COLUMN render.frame_jobs.priority IS 'copied from the render job, so that a claim reads one table';
COMMENT ON COLUMN render.frame_jobs.epoch IS '+1 per claim; a result is accepted only with the current epoch';
COMMENT ON COLUMN render.frame_jobs.exclude_node_ids IS 'nodes that failed this chunk and do not get it again';
COMMENT ON COLUMN render.frame_jobs.output_file_id IS 'soft ref file_mgr.files.id';
COMMENT ON COLUMN render.frame_jobs.segment_key IS 'object key of the accepted output';
COMMENT ON COLUMN render.frame_jobs.seconds IS 'node seconds that the accepted attempt took';
CREATE INDEX frame_jobs_queue_idx ON render.frame_jobs (pool, tenant_id, priority DESC, created_at, chunk_no) WHERE status = 'queued';
CREATE INDEX frame_jobs_running_idx ON render.frame_jobs (tenant_id, render_job_id) WHERE status = 'running';
CREATE INDEX frame_jobs_node_id_idx ON render.frame_jobs (node_id) WHERE status = 'running';
CREATE INDEX frame_jobs_cache_key_idx ON render.frame_jobs (tenant_id, cache_key) WHERE status = 'done';
CREATE INDEX frame_jobs_lease_expires_at_idx ON render.frame_jobs (lease_expires_at) WHERE status = 'running';

CREATE TABLE render.frame_repair_jobs (
    id               uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id        uuid NOT NULL,
    render_job_id    uuid NOT NULL,
    frame_job_id     uuid,
    frames           integer[] NOT NULL,
    reason           text NOT NULL,
    detected_by      text NOT NULL,
    status           text NOT NULL DEFAULT 'queued',
    attempt          smallint NOT NULL DEFAULT 0,
    node_id          uuid,
    exclude_node_ids uuid[] NOT NULL DEFAULT '{}',
    lease_id         uuid,
    lease_expires_at timestamptz,
    error            text,
    finished_at      timestamptz,
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT frame_repair_jobs_node_id_fkey FOREIGN KEY (node_id) REFERENCES render.nodes (id),
    CONSTRAINT frame_repair_jobs_frame_job_id_fkey FOREIGN KEY (tenant_id, frame_job_id)
        REFERENCES render.frame_jobs (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT frame_repair_jobs_render_job_id_fkey FOREIGN KEY (tenant_id, render_job_id)
        REFERENCES render.render_jobs (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT frame_repair_jobs_reason_check CHECK (reason IN ('missing', 'corrupt', 'black', 'truncated', 'checksum', 'visual_glitch')),
    CONSTRAINT frame_repair_jobs_detected_by_check CHECK (detected_by IN ('stitcher', 'checksum', 'analyzer', 'admin', 'node')),
    CONSTRAINT frame_repair_jobs_status_check CHECK (status IN ('queued', 'running', 'done', 'failed', 'canceled')),
    CONSTRAINT frame_repair_jobs_frames_check CHECK (cardinality(frames) BETWEEN 1 AND 5000)
);
CREATE INDEX frame_repair_jobs_created_at_idx ON render.frame_repair_jobs (created_at) WHERE status = 'queued';

CREATE TABLE render.snapshots (
    id                 uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id          uuid NOT NULL,
    cache_key          bytea NOT NULL,
    project_version_id uuid NOT NULL,
    scene_id           uuid,
    saved_project_id   uuid,
    frame_no           integer NOT NULL,
    width              integer NOT NULL,
    height             integer NOT NULL,
    pool               text NOT NULL DEFAULT 'default',
    scene_object_key   text,
    scene_sha256       bytea,
    task               jsonb NOT NULL,
    status             text NOT NULL DEFAULT 'queued',
    image_file_id      uuid,
    image_url          text,
    render_ms          integer,
    hits               bigint NOT NULL DEFAULT 0,
    last_hit_at        timestamptz,
    node_id            uuid,
    lease_id           uuid,
    lease_expires_at   timestamptz,
    epoch              bigint NOT NULL DEFAULT 0,
    attempt            smallint NOT NULL DEFAULT 0,
    error              text,
    expires_at         timestamptz,
    created_at         timestamptz NOT NULL DEFAULT now(),
    updated_at         timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT snapshots_tenant_id_cache_key_key UNIQUE (tenant_id, cache_key),
    CONSTRAINT snapshots_node_id_fkey FOREIGN KEY (node_id) REFERENCES render.nodes (id),
    CONSTRAINT snapshots_status_check CHECK (status IN ('queued', 'running', 'ready', 'failed')),
    CONSTRAINT snapshots_cache_key_check CHECK (octet_length(cache_key) = 32),
    CONSTRAINT snapshots_scene_sha256_check CHECK (octet_length(scene_sha256) = 32),
    CONSTRAINT snapshots_epoch_check CHECK (epoch >= 0)
);
COMMENT ON COLUMN render.snapshots.cache_key IS
    'sha256(canonical JSON of package_sha256, scene_key, frame, size, field values, fonts hash, engine version)';
COMMENT ON COLUMN render.snapshots.project_version_id IS 'soft ref content.project_versions.id';
COMMENT ON COLUMN render.snapshots.scene_id IS 'soft ref content.scenes.id';
COMMENT ON COLUMN render.snapshots.saved_project_id IS 'soft ref studio.saved_projects.id';
COMMENT ON COLUMN render.snapshots.scene_object_key IS 'object key of the resolved scene';
COMMENT ON COLUMN render.snapshots.image_file_id IS 'soft ref file_mgr.files.id';
COMMENT ON COLUMN render.snapshots.task IS 'what the node is told: the scene''s figures, the frame, the picture''s size and format';
COMMENT ON COLUMN render.snapshots.epoch IS '+1 per claim; a result is accepted only with the current epoch';
CREATE INDEX snapshots_queue_idx ON render.snapshots (pool, created_at) WHERE status = 'queued';
CREATE INDEX snapshots_lease_expires_at_idx ON render.snapshots (lease_expires_at) WHERE status = 'running';
CREATE INDEX snapshots_last_hit_at_idx ON render.snapshots (last_hit_at) WHERE status = 'ready';

CREATE TABLE render.exports (
    id             uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id      uuid NOT NULL,
    render_job_id  uuid NOT NULL,
    user_id        uuid NOT NULL,
    kind           text NOT NULL,
    file_id        uuid NOT NULL,
    sha256         bytea NOT NULL,
    bytes          bigint NOT NULL,
    width          integer,
    height         integer,
    duration_ms    integer,
    container      text,
    codecs         text,
    download_count integer NOT NULL DEFAULT 0,
    expires_at     timestamptz,
    deleted_at     timestamptz,
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT exports_render_job_id_kind_key UNIQUE (render_job_id, kind),
    CONSTRAINT exports_render_job_id_fkey FOREIGN KEY (tenant_id, render_job_id)
        REFERENCES render.render_jobs (tenant_id, id),
    CONSTRAINT exports_kind_check CHECK (kind IN ('video', 'gif', 'poster', 'audio', 'project')),
    CONSTRAINT exports_bytes_check CHECK (bytes > 0)
);
COMMENT ON COLUMN render.exports.user_id IS 'soft ref identity.users.id';
COMMENT ON COLUMN render.exports.file_id IS 'soft ref file_mgr.files.id';
CREATE INDEX exports_expires_at_idx ON render.exports (expires_at) WHERE deleted_at IS NULL AND expires_at IS NOT NULL;
CREATE INDEX exports_tenant_id_user_id_id_idx ON render.exports (tenant_id, user_id, id DESC) WHERE deleted_at IS NULL;

SELECT ops.finish_schema('render', 'svc_render');

INSERT INTO ops.schema_migrations (version, name) VALUES (12, '12_render_jobs');
COMMIT;

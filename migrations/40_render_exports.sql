-- Render: several outputs of one film, their expiry, and where finished films are delivered.

\set ON_ERROR_STOP on
BEGIN;
SET LOCAL ROLE flatrender_owner;

-- Every kind of film that the engine makes can be a profile.
ALTER TABLE render.output_profiles
    DROP CONSTRAINT output_profiles_container_check,
    ADD CONSTRAINT output_profiles_container_check
        CHECK (container IN ('mp4', 'mov', 'webm', 'gif', 'webp', 'apng', 'png_seq', 'jpeg_seq', 'mp3')),
    ADD CONSTRAINT output_profiles_key_check CHECK (key ~ '^[a-z0-9][a-z0-9._-]{0,39}$'),
    ADD CONSTRAINT output_profiles_crf_check CHECK (crf BETWEEN 0 AND 51),
    ADD CONSTRAINT output_profiles_bitrate_kbps_check CHECK (bitrate_kbps BETWEEN 100 AND 400000),
    ADD COLUMN row_version integer NOT NULL DEFAULT 1;
INSERT INTO render.output_profiles
    (tenant_id, key, name, container, video_codec, audio_codec, max_height, crf, pixel_format, cost_multiplier)
VALUES
    (ops.platform_tenant(), '480p', '{"fa-IR": "معمولی ۴۸۰", "en": "Standard 480p"}', 'mp4', 'h264', 'aac', 480, 20, 'yuv420p', 0.35),
    (ops.platform_tenant(), '1440p', '{"fa-IR": "دو کا ۱۴۴۰", "en": "2K 1440p"}', 'mp4', 'h264', 'aac', 1440, 18, 'yuv420p', 2),
    (ops.platform_tenant(), '2160p-h265', '{"fa-IR": "چهار کا، فایل کوچک‌تر (H.265)", "en": "4K, smaller file (H.265)"}',
        'mp4', 'h265', 'aac', 2160, 20, 'yuv420p', 6),
    (ops.platform_tenant(), '1080p-av1', '{"fa-IR": "فول اچ‌دی، کوچک‌ترین فایل (AV1)", "en": "Full HD, smallest file (AV1)"}',
        'mp4', 'av1', 'aac', 1080, 22, 'yuv420p', 3),
    (ops.platform_tenant(), '1080p-webm-av1', '{"fa-IR": "فول اچ‌دی برای وب (WebM AV1)", "en": "Full HD for the web (WebM AV1)"}',
        'webm', 'av1', 'opus', 1080, 22, 'yuv420p', 3),
    (ops.platform_tenant(), '1080p-webm-alpha', '{"fa-IR": "شفاف برای وب (WebM)", "en": "Transparent, for the web (WebM)"}',
        'webm', 'vp9', 'opus', 1080, 20, 'yuva420p', 2),
    (ops.platform_tenant(), '1080p-prores', '{"fa-IR": "برای تدوین (ProRes 422)", "en": "For editing (ProRes 422)"}',
        'mov', 'prores', 'pcm', 1080, NULL, 'yuv422p10le', 1.5),
    (ops.platform_tenant(), 'webp', '{"fa-IR": "وب‌پی متحرک", "en": "Animated WebP"}', 'webp', 'webp', NULL, 360, 20, NULL, 0.5),
    (ops.platform_tenant(), 'apng', '{"fa-IR": "پی‌ان‌جی متحرک", "en": "Animated PNG"}', 'apng', 'apng', NULL, 360, NULL, 'rgba', 0.5),
    (ops.platform_tenant(), '1080p-jpeg', '{"fa-IR": "قاب‌های JPEG", "en": "JPEG frames"}', 'jpeg_seq', 'mjpeg', NULL, 1080, 18, NULL, 1.5);

-- A film has several outputs: output 0 is the film itself, the others were asked for with it. A row is there from the press on.
ALTER TABLE render.exports
    ADD COLUMN output_no smallint NOT NULL DEFAULT 0,
    ADD COLUMN profile_key text,
    ADD COLUMN status text NOT NULL DEFAULT 'ready',
    ADD COLUMN error_code text,
    ADD COLUMN error_message text,
    ADD COLUMN warned_at timestamptz,
    ADD COLUMN expired_at timestamptz,
    ALTER COLUMN file_id DROP NOT NULL,
    ALTER COLUMN sha256 DROP NOT NULL,
    ALTER COLUMN bytes DROP NOT NULL,
    DROP CONSTRAINT exports_render_job_id_kind_key,
    ADD CONSTRAINT exports_tenant_id_id_key UNIQUE (tenant_id, id),
    ADD CONSTRAINT exports_render_job_id_kind_output_no_key UNIQUE (render_job_id, kind, output_no),
    ADD CONSTRAINT exports_output_no_check CHECK (output_no BETWEEN 0 AND 15),
    ADD CONSTRAINT exports_status_check CHECK (status IN ('pending', 'ready', 'failed', 'expired', 'removed')),
    ADD CONSTRAINT exports_file_when_ready CHECK (status NOT IN ('ready', 'expired') OR (file_id IS NOT NULL AND sha256 IS NOT NULL AND bytes IS NOT NULL));
COMMENT ON COLUMN render.exports.status IS
    'pending until it is made; expired: not offered any more, its file is kept for a while; removed: the file is gone and can be made again';
COMMENT ON COLUMN render.exports.output_no IS 'which output of the film; frame_jobs.chunk_no / 100000 says the same of a chunk';
COMMENT ON COLUMN render.exports.warned_at IS 'when its owner was told that it expires soon';
DROP INDEX render.exports_expires_at_idx;
CREATE INDEX exports_expires_at_idx ON render.exports (expires_at) WHERE status = 'ready' AND expires_at IS NOT NULL;
CREATE INDEX exports_expired_at_idx ON render.exports (expired_at) WHERE status = 'expired' OR (status = 'removed' AND file_id IS NOT NULL);
CREATE INDEX exports_file_id_idx ON render.exports (tenant_id, file_id) WHERE file_id IS NOT NULL;

ALTER TABLE render.frame_jobs ADD COLUMN output_no integer NOT NULL GENERATED ALWAYS AS (chunk_no / 100000) STORED;
COMMENT ON COLUMN render.frame_jobs.output_no IS 'the output that the chunk belongs to: chunks of output n are numbered from n * 100000';

ALTER TABLE render.tenant_render_limits
    ADD COLUMN export_keep_days integer,
    ADD CONSTRAINT tenant_render_limits_export_keep_days_check CHECK (export_keep_days BETWEEN 1 AND 3650);
COMMENT ON COLUMN render.tenant_render_limits.export_keep_days IS 'how long finished films are kept; the service''s setting without it';

CREATE TABLE render.delivery_targets (
    id                         uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id                  uuid NOT NULL,
    name                       text NOT NULL,
    kind                       text NOT NULL,
    config                     jsonb NOT NULL,
    secret_enc                 bytea NOT NULL,
    secret_key_id              text NOT NULL,
    previous_secret_enc        bytea,
    previous_secret_key_id     text,
    previous_secret_expires_at timestamptz,
    is_default                 boolean NOT NULL DEFAULT false,
    status                     text NOT NULL DEFAULT 'active',
    max_concurrency            smallint NOT NULL DEFAULT 4,
    consecutive_failures       integer NOT NULL DEFAULT 0,
    first_failure_at           timestamptz,
    last_success_at            timestamptz,
    last_error                 text,
    created_by_user_id         uuid,
    deleted_at                 timestamptz,
    row_version                integer NOT NULL DEFAULT 1,
    created_at                 timestamptz NOT NULL DEFAULT now(),
    updated_at                 timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT delivery_targets_tenant_id_id_key UNIQUE (tenant_id, id),
    CONSTRAINT delivery_targets_kind_check CHECK (kind IN ('s3', 'webhook')),
    CONSTRAINT delivery_targets_status_check CHECK (status IN ('active', 'paused', 'disabled_failing', 'disabled_gone')),
    CONSTRAINT delivery_targets_name_check CHECK (length(name) BETWEEN 1 AND 80),
    CONSTRAINT delivery_targets_max_concurrency_check CHECK (max_concurrency BETWEEN 1 AND 50)
);
COMMENT ON COLUMN render.delivery_targets.secret_enc IS
    'AES-256-GCM of the webhook''s signing secret or the bucket''s keys; secret_key_id names the key, the row''s id is authenticated with it';
COMMENT ON COLUMN render.delivery_targets.created_by_user_id IS 'soft ref identity.users.id';
CREATE UNIQUE INDEX delivery_targets_tenant_id_name_key ON render.delivery_targets (tenant_id, lower(name)) WHERE deleted_at IS NULL;

CREATE TABLE render.deliveries (
    id               uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id        uuid NOT NULL,
    target_id        uuid NOT NULL,
    export_id        uuid,
    message_id       text NOT NULL,
    event_type       text NOT NULL,
    dedupe_key       text NOT NULL,
    payload          bytea NOT NULL DEFAULT '',
    status           text NOT NULL DEFAULT 'pending',
    attempt          smallint NOT NULL DEFAULT 0,
    next_attempt_at  timestamptz NOT NULL DEFAULT now(),
    lease_id         uuid,
    lease_expires_at timestamptz,
    last_status_code smallint,
    last_error       text,
    location         text,
    replay_of_id     uuid,
    delivered_at     timestamptz,
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT deliveries_tenant_id_id_key UNIQUE (tenant_id, id),
    CONSTRAINT deliveries_target_id_fkey FOREIGN KEY (tenant_id, target_id) REFERENCES render.delivery_targets (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT deliveries_export_id_fkey FOREIGN KEY (tenant_id, export_id) REFERENCES render.exports (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT deliveries_replay_of_id_fkey FOREIGN KEY (tenant_id, replay_of_id) REFERENCES render.deliveries (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT deliveries_status_check CHECK (status IN ('pending', 'sending', 'delivered', 'dead', 'cancelled')),
    CONSTRAINT deliveries_sending_has_lease CHECK (status <> 'sending' OR lease_id IS NOT NULL),
    CONSTRAINT deliveries_attempt_check CHECK (attempt BETWEEN 0 AND 20),
    CONSTRAINT deliveries_message_id_check CHECK (message_id ~ '^msg_[A-Za-z0-9]{20,40}$')
);
COMMENT ON COLUMN render.deliveries.payload IS
    'the bytes that are signed and sent, written at the first attempt: writing them anew would change what a receiver knows by its id';
COMMENT ON COLUMN render.deliveries.location IS 'where a bucket has the file';
CREATE INDEX deliveries_next_attempt_at_idx ON render.deliveries (next_attempt_at) WHERE status IN ('pending', 'sending');
CREATE INDEX deliveries_tenant_id_target_id_id_idx ON render.deliveries (tenant_id, target_id, id DESC);
CREATE INDEX deliveries_export_id_idx ON render.deliveries (tenant_id, export_id) WHERE export_id IS NOT NULL;
CREATE UNIQUE INDEX deliveries_target_id_dedupe_key_key ON render.deliveries (target_id, dedupe_key) WHERE replay_of_id IS NULL;

CREATE TABLE render.delivery_attempts (
    id               uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id        uuid NOT NULL,
    delivery_id      uuid NOT NULL,
    attempt_no       smallint NOT NULL,
    outcome          text NOT NULL,
    status_code      smallint,
    error            text,
    response_snippet text,
    resolved_ip      inet,
    duration_ms      integer NOT NULL,
    created_at       timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT delivery_attempts_delivery_id_attempt_no_key UNIQUE (delivery_id, attempt_no),
    CONSTRAINT delivery_attempts_delivery_id_fkey FOREIGN KEY (tenant_id, delivery_id) REFERENCES render.deliveries (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT delivery_attempts_outcome_check CHECK (outcome IN ('delivered', 'failed', 'refused')),
    CONSTRAINT delivery_attempts_duration_ms_check CHECK (duration_ms >= 0),
    CONSTRAINT delivery_attempts_response_snippet_check CHECK (length(response_snippet) <= 1024)
);
COMMENT ON COLUMN render.delivery_attempts.outcome IS 'refused: the address may not be called, nothing was sent';

SELECT ops.finish_schema('render', 'svc_render');

INSERT INTO ops.schema_migrations (version, name) VALUES (40, '40_render_exports');
COMMIT;

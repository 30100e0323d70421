-- Studio: saved projects, their scenes, revisions and sound.

\set ON_ERROR_STOP on
BEGIN;
SET LOCAL ROLE flatrender_owner;

SELECT ops.create_plumbing('studio');

CREATE TABLE studio.audio_tracks (
    id            uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id     uuid NOT NULL,
    owner_user_id uuid,
    kind          text NOT NULL,
    source        text NOT NULL,
    title         text NOT NULL,
    artist        text,
    category_id   uuid,
    file_id       uuid NOT NULL,
    duration_ms   integer NOT NULL,
    sample_rate   integer,
    channels      smallint,
    loudness_lufs numeric(5,2),
    bpm           numeric(6,2),
    waveform      jsonb,
    license       text NOT NULL DEFAULT 'unknown',
    min_plan_rank smallint NOT NULL DEFAULT 0,
    status        text NOT NULL DEFAULT 'ready',
    deleted_at    timestamptz,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT audio_tracks_tenant_id_id_key UNIQUE (tenant_id, id),
    CONSTRAINT audio_tracks_kind_check CHECK (kind IN ('music', 'sfx', 'voiceover')),
    CONSTRAINT audio_tracks_source_check CHECK (source IN ('library', 'upload', 'recording', 'tts')),
    CONSTRAINT audio_tracks_status_check CHECK (status IN ('processing', 'ready', 'failed', 'archived')),
    CONSTRAINT audio_tracks_owner_unless_library CHECK (source = 'library' OR owner_user_id IS NOT NULL),
    CONSTRAINT audio_tracks_duration_ms_check CHECK (duration_ms > 0)
);
COMMENT ON COLUMN studio.audio_tracks.owner_user_id IS 'soft ref identity.users.id';
COMMENT ON COLUMN studio.audio_tracks.category_id IS 'soft ref content.categories.id';
COMMENT ON COLUMN studio.audio_tracks.file_id IS 'soft ref file_mgr.files.id';
CREATE INDEX audio_tracks_tenant_id_kind_category_id_idx ON studio.audio_tracks (tenant_id, kind, category_id)
    WHERE deleted_at IS NULL AND source = 'library';
CREATE INDEX audio_tracks_tenant_id_owner_user_id_idx ON studio.audio_tracks (tenant_id, owner_user_id) WHERE deleted_at IS NULL;

CREATE POLICY shared_read ON studio.audio_tracks FOR SELECT TO svc_studio
    USING (tenant_id = ops.shared_tenant() AND source = 'library' AND deleted_at IS NULL);

CREATE TABLE studio.saved_projects (
    id                   uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id            uuid NOT NULL,
    user_id              uuid NOT NULL,
    project_id           uuid NOT NULL,
    project_version_id   uuid NOT NULL,
    variant_key          text,
    title                text NOT NULL DEFAULT '',
    locale               text NOT NULL DEFAULT 'fa-IR',
    status               text NOT NULL DEFAULT 'draft',
    palette              jsonb NOT NULL DEFAULT '{}',
    global_values        jsonb NOT NULL DEFAULT '{}',
    music_track_id       uuid,
    music_volume         numeric(4,3) NOT NULL DEFAULT 0.8,
    music_start_ms       integer NOT NULL DEFAULT 0,
    music_fade_out_ms    integer NOT NULL DEFAULT 0,
    sfx_enabled          boolean NOT NULL DEFAULT true,
    sfx_volume           numeric(4,3) NOT NULL DEFAULT 1,
    voiceover_track_id   uuid,
    voiceover_volume     numeric(4,3) NOT NULL DEFAULT 1,
    voiceover_start_ms   integer NOT NULL DEFAULT 0,
    voiceover_ducking_db numeric(4,1) NOT NULL DEFAULT -12,
    voiceover_script     text,
    duration_frames      integer,
    thumbnail_url        text,
    content_hash         bytea,
    last_opened_at       timestamptz,
    deleted_at           timestamptz,
    row_version          integer NOT NULL DEFAULT 1,
    created_at           timestamptz NOT NULL DEFAULT now(),
    updated_at           timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT saved_projects_tenant_id_id_key UNIQUE (tenant_id, id),
    CONSTRAINT saved_projects_music_track_id_fkey FOREIGN KEY (music_track_id) REFERENCES studio.audio_tracks (id),
    CONSTRAINT saved_projects_voiceover_track_id_fkey FOREIGN KEY (tenant_id, voiceover_track_id)
        REFERENCES studio.audio_tracks (tenant_id, id),
    CONSTRAINT saved_projects_status_check CHECK (status IN ('draft', 'locked', 'rendered', 'archived')),
    CONSTRAINT saved_projects_music_volume_check CHECK (music_volume BETWEEN 0 AND 2),
    CONSTRAINT saved_projects_sfx_volume_check CHECK (sfx_volume BETWEEN 0 AND 2),
    CONSTRAINT saved_projects_voiceover_volume_check CHECK (voiceover_volume BETWEEN 0 AND 2)
);
COMMENT ON COLUMN studio.saved_projects.user_id IS 'soft ref identity.users.id';
COMMENT ON COLUMN studio.saved_projects.project_id IS 'soft ref content.projects.id';
COMMENT ON COLUMN studio.saved_projects.project_version_id IS 'soft ref content.project_versions.id';
CREATE INDEX saved_projects_project_id_idx ON studio.saved_projects (project_id);
CREATE INDEX saved_projects_tenant_id_user_id_updated_at_idx ON studio.saved_projects (tenant_id, user_id, updated_at DESC)
    WHERE deleted_at IS NULL;

CREATE TRIGGER own_or_platform_track BEFORE INSERT OR UPDATE OF music_track_id ON studio.saved_projects
    FOR EACH ROW EXECUTE FUNCTION ops.reference_own_or_platform('music_track_id', 'studio.audio_tracks');

CREATE TABLE studio.saved_scenes (
    id                   uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id            uuid NOT NULL,
    saved_project_id     uuid NOT NULL,
    scene_id             uuid NOT NULL,
    scene_key            text NOT NULL,
    position             integer NOT NULL,
    duration_frames      integer,
    field_values         jsonb NOT NULL DEFAULT '{}',
    character_selections jsonb NOT NULL DEFAULT '{}',
    color_overrides      jsonb NOT NULL DEFAULT '{}',
    is_muted             boolean NOT NULL DEFAULT false,
    row_version          integer NOT NULL DEFAULT 1,
    created_at           timestamptz NOT NULL DEFAULT now(),
    updated_at           timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT saved_scenes_tenant_id_id_key UNIQUE (tenant_id, id),
    CONSTRAINT saved_scenes_saved_project_id_position_key UNIQUE (saved_project_id, position) DEFERRABLE,
    CONSTRAINT saved_scenes_saved_project_id_fkey FOREIGN KEY (tenant_id, saved_project_id)
        REFERENCES studio.saved_projects (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT saved_scenes_duration_frames_check CHECK (duration_frames > 0),
    CONSTRAINT saved_scenes_field_values_check CHECK (jsonb_typeof(field_values) = 'object'),
    CONSTRAINT saved_scenes_position_check CHECK (position >= 0)
);
COMMENT ON COLUMN studio.saved_scenes.scene_id IS 'soft ref content.scenes.id';

CREATE TABLE studio.saved_project_revisions (
    id                 uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id          uuid NOT NULL,
    saved_project_id   uuid NOT NULL,
    revision_no        integer NOT NULL,
    reason             text NOT NULL DEFAULT 'autosave',
    snapshot           jsonb NOT NULL,
    content_hash       bytea NOT NULL,
    created_by_user_id uuid,
    created_at         timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT saved_project_revisions_saved_project_id_revision_no_key UNIQUE (saved_project_id, revision_no),
    CONSTRAINT saved_project_revisions_saved_project_id_fkey FOREIGN KEY (tenant_id, saved_project_id)
        REFERENCES studio.saved_projects (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT saved_project_revisions_reason_check CHECK (reason IN ('autosave', 'manual', 'render', 'restore')),
    CONSTRAINT saved_project_revisions_content_hash_check CHECK (octet_length(content_hash) = 32),
    CONSTRAINT saved_project_revisions_revision_no_check CHECK (revision_no > 0)
);
COMMENT ON TABLE studio.saved_project_revisions IS
    'reason=render rows are the frozen input of a render job (soft ref from render.render_jobs)';
COMMENT ON COLUMN studio.saved_project_revisions.created_by_user_id IS 'soft ref identity.users.id';

CREATE TABLE studio.saved_project_audio (
    id               uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id        uuid NOT NULL,
    saved_project_id uuid NOT NULL,
    track_id         uuid NOT NULL,
    lane             text NOT NULL,
    start_ms         integer NOT NULL DEFAULT 0,
    trim_start_ms    integer NOT NULL DEFAULT 0,
    trim_end_ms      integer,
    volume           numeric(4,3) NOT NULL DEFAULT 1,
    fade_in_ms       integer NOT NULL DEFAULT 0,
    fade_out_ms      integer NOT NULL DEFAULT 0,
    loop             boolean NOT NULL DEFAULT false,
    position         integer NOT NULL DEFAULT 0,
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT saved_project_audio_saved_project_id_fkey FOREIGN KEY (tenant_id, saved_project_id)
        REFERENCES studio.saved_projects (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT saved_project_audio_track_id_fkey FOREIGN KEY (track_id) REFERENCES studio.audio_tracks (id),
    CONSTRAINT saved_project_audio_lane_check CHECK (lane IN ('music', 'sfx', 'voiceover')),
    CONSTRAINT saved_project_audio_trim_end_ms_trim_start_ms_check CHECK (trim_end_ms IS NULL OR trim_end_ms > trim_start_ms),
    CONSTRAINT saved_project_audio_start_ms_check CHECK (start_ms >= 0),
    CONSTRAINT saved_project_audio_volume_check CHECK (volume BETWEEN 0 AND 2)
);
CREATE INDEX saved_project_audio_saved_project_id_lane_position_idx ON studio.saved_project_audio (saved_project_id, lane, position);

CREATE TRIGGER own_or_platform_track BEFORE INSERT OR UPDATE OF track_id ON studio.saved_project_audio
    FOR EACH ROW EXECUTE FUNCTION ops.reference_own_or_platform('track_id', 'studio.audio_tracks');

CREATE TABLE studio.saved_project_shares (
    id               uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id        uuid NOT NULL,
    saved_project_id uuid NOT NULL,
    token_hash       bytea NOT NULL,
    permission       text NOT NULL DEFAULT 'view',
    password_hash    text,
    expires_at       timestamptz,
    revoked_at       timestamptz,
    view_count       integer NOT NULL DEFAULT 0,
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT saved_project_shares_token_hash_key UNIQUE (token_hash),
    CONSTRAINT saved_project_shares_saved_project_id_fkey FOREIGN KEY (tenant_id, saved_project_id)
        REFERENCES studio.saved_projects (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT saved_project_shares_permission_check CHECK (permission IN ('view', 'comment', 'copy')),
    CONSTRAINT saved_project_shares_token_hash_check CHECK (octet_length(token_hash) = 32)
);

CREATE TABLE studio.voiceover_takes (
    id               uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id        uuid NOT NULL,
    saved_project_id uuid NOT NULL,
    saved_scene_id   uuid,
    track_id         uuid,
    engine           text NOT NULL,
    script           text,
    language         text,
    voice            text,
    status           text NOT NULL DEFAULT 'queued',
    lease_id         uuid,
    lease_expires_at timestamptz,
    attempt          smallint NOT NULL DEFAULT 0,
    error            text,
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT voiceover_takes_saved_project_id_fkey FOREIGN KEY (tenant_id, saved_project_id)
        REFERENCES studio.saved_projects (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT voiceover_takes_track_id_fkey FOREIGN KEY (tenant_id, track_id)
        REFERENCES studio.audio_tracks (tenant_id, id),
    CONSTRAINT voiceover_takes_saved_scene_id_fkey FOREIGN KEY (tenant_id, saved_scene_id)
        REFERENCES studio.saved_scenes (tenant_id, id) ON DELETE SET NULL (saved_scene_id),
    CONSTRAINT voiceover_takes_engine_check CHECK (engine IN ('recording', 'upload', 'tts')),
    CONSTRAINT voiceover_takes_status_check CHECK (status IN ('queued', 'running', 'ready', 'failed'))
);
CREATE INDEX voiceover_takes_created_at_idx ON studio.voiceover_takes (created_at) WHERE status = 'queued';

SELECT ops.finish_schema('studio', 'svc_studio');

INSERT INTO ops.schema_migrations (version, name) VALUES (10, '10_studio_saved_projects');
COMMIT;

-- Content: templates made from After Effects projects: which engine draws a scene, what is missing, where the project lies, and their imports.

\set ON_ERROR_STOP on
BEGIN;
SET LOCAL ROLE flatrender_owner;

ALTER TABLE content.scenes
    ADD COLUMN engine text NOT NULL DEFAULT 'thorvg',
    ADD COLUMN compatibility jsonb NOT NULL DEFAULT '[]',
    ADD CONSTRAINT scenes_engine_check CHECK (engine IN ('thorvg', 'aerender')),
    ADD CONSTRAINT scenes_compatibility_check CHECK (jsonb_typeof(compatibility) = 'array');
COMMENT ON COLUMN content.scenes.engine IS
    'What draws the films of the scene: thorvg, or aerender when only After Effects draws it as it was designed';
COMMENT ON COLUMN content.scenes.compatibility IS
    'What becomes of the project''s features in the open engine: [{feature, verdict, place, sentence}], verdict exact, approximate or not_drawn';

ALTER TABLE content.project_versions
    ADD COLUMN source_file_id uuid,
    ADD COLUMN source_sha256 bytea,
    ADD COLUMN source_path text,
    ADD COLUMN missing_fonts jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN missing_footage jsonb NOT NULL DEFAULT '[]',
    ADD CONSTRAINT project_versions_source_whole CHECK (num_nonnulls(source_file_id, source_sha256, source_path) IN (0, 3)),
    ADD CONSTRAINT project_versions_source_sha256_check CHECK (octet_length(source_sha256) = 32),
    ADD CONSTRAINT project_versions_source_path_check CHECK (length(source_path) BETWEEN 1 AND 1000),
    ADD CONSTRAINT project_versions_missing_fonts_check CHECK (jsonb_typeof(missing_fonts) = 'array'),
    ADD CONSTRAINT project_versions_missing_footage_check CHECK (jsonb_typeof(missing_footage) = 'array');
COMMENT ON COLUMN content.project_versions.source_file_id IS
    'soft ref file_mgr.files.id: the zip archive with the After Effects project, its footage and its fonts';
COMMENT ON COLUMN content.project_versions.source_sha256 IS 'Of the archive that source_file_id names';
COMMENT ON COLUMN content.project_versions.source_path IS 'Where the project (.aep) lies in the archive';
COMMENT ON COLUMN content.project_versions.missing_fonts IS 'Fonts that the project names and nobody has: [{name, …}]';
COMMENT ON COLUMN content.project_versions.missing_footage IS 'Files that the project shows and that did not come with it: [{name, …}]';

-- Converting a project takes longer than a request may: it is asked for, done by the service's loop, and asked after.
CREATE TABLE content.project_imports (
    id                   uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id            uuid NOT NULL,
    project_id           uuid,
    version_id           uuid,
    file_id              uuid,
    file_name            text NOT NULL,
    additions            jsonb NOT NULL DEFAULT '[]',
    status               text NOT NULL DEFAULT 'queued',
    problem              jsonb,
    attempt              smallint NOT NULL DEFAULT 0,
    lease_id             uuid,
    lease_expires_at     timestamptz,
    requested_by_user_id uuid NOT NULL,
    started_at           timestamptz,
    finished_at          timestamptz,
    created_at           timestamptz NOT NULL DEFAULT now(),
    updated_at           timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT project_imports_project_id_fkey FOREIGN KEY (tenant_id, project_id)
        REFERENCES content.projects (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT project_imports_version_id_fkey FOREIGN KEY (tenant_id, version_id)
        REFERENCES content.project_versions (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT project_imports_status_check CHECK (status IN ('queued', 'running', 'done', 'failed')),
    CONSTRAINT project_imports_additions_check CHECK (jsonb_typeof(additions) = 'array'),
    CONSTRAINT project_imports_has_something CHECK (file_id IS NOT NULL OR (project_id IS NOT NULL AND jsonb_array_length(additions) > 0)),
    CONSTRAINT project_imports_running_has_lease CHECK (status <> 'running' OR (lease_id IS NOT NULL AND lease_expires_at IS NOT NULL)),
    CONSTRAINT project_imports_done_has_version CHECK (status <> 'done' OR (project_id IS NOT NULL AND version_id IS NOT NULL)),
    CONSTRAINT project_imports_failed_has_problem CHECK (status <> 'failed' OR problem IS NOT NULL)
);
COMMENT ON COLUMN content.project_imports.project_id IS 'The template that gets a version; of a new template, once it is there';
COMMENT ON COLUMN content.project_imports.file_id IS
    'soft ref file_mgr.files.id: the uploaded project or archive; null when the project of the newest version is completed';
COMMENT ON COLUMN content.project_imports.additions IS 'Missing files that are added: [{file_id, kind, name}], kind font or footage';
COMMENT ON COLUMN content.project_imports.problem IS 'Why it failed: {code, detail, where}';
COMMENT ON COLUMN content.project_imports.requested_by_user_id IS 'soft ref identity.users.id';
CREATE INDEX project_imports_queue_idx ON content.project_imports (id) WHERE status = 'queued';
CREATE INDEX project_imports_lease_expires_at_idx ON content.project_imports (lease_expires_at) WHERE status = 'running';
CREATE UNIQUE INDEX project_imports_one_open_per_project ON content.project_imports (project_id)
    WHERE project_id IS NOT NULL AND status IN ('queued', 'running');

SELECT ops.finish_schema('content', 'svc_content');

INSERT INTO ops.schema_migrations (version, name) VALUES (33, '33_content_after_effects');
COMMIT;

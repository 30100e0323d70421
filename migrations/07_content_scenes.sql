-- Content: scenes, their fields, and SVG previews.

\set ON_ERROR_STOP on
BEGIN;
SET LOCAL ROLE flatrender_owner;

CREATE TABLE content.scenes (
    id                      uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id               uuid NOT NULL,
    project_id              uuid NOT NULL,
    scene_key               text NOT NULL,
    title                   jsonb NOT NULL,
    comp_name               text NOT NULL,
    scene_type              text NOT NULL DEFAULT 'normal',
    image                   text,
    snapshot_url            text,
    snapshot_updated_at     timestamptz,
    preview_video_url       text,
    snapshot_frame          integer,
    default_duration_frames integer NOT NULL,
    min_duration_frames     integer,
    max_duration_frames     integer,
    can_repeat              boolean NOT NULL DEFAULT true,
    is_required             boolean NOT NULL DEFAULT false,
    color_slots             jsonb NOT NULL DEFAULT '[]',
    sort_order              integer NOT NULL DEFAULT 0,
    is_active               boolean NOT NULL DEFAULT true,
    deleted_at              timestamptz,
    row_version             integer NOT NULL DEFAULT 1,
    created_at              timestamptz NOT NULL DEFAULT now(),
    updated_at              timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT scenes_tenant_id_id_key UNIQUE (tenant_id, id),
    CONSTRAINT scenes_project_id_fkey FOREIGN KEY (tenant_id, project_id)
        REFERENCES content.projects (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT scenes_scene_type_check CHECK (scene_type IN ('intro', 'normal', 'outro', 'transition', 'config')),
    CONSTRAINT scenes_duration_range
        CHECK (min_duration_frames IS NULL OR max_duration_frames IS NULL OR min_duration_frames <= max_duration_frames),
    CONSTRAINT scenes_default_duration_frames_check CHECK (default_duration_frames > 0),
    CONSTRAINT scenes_scene_key_check CHECK (scene_key ~ '^[A-Za-z0-9_.-]{1,120}$')
);
CREATE UNIQUE INDEX scenes_project_id_scene_key_key ON content.scenes (project_id, scene_key) WHERE deleted_at IS NULL;
CREATE INDEX scenes_project_id_sort_order_idx ON content.scenes (project_id, sort_order) WHERE deleted_at IS NULL;

CREATE TABLE content.scene_fields (
    id            uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id     uuid NOT NULL,
    scene_id      uuid NOT NULL,
    field_key     text NOT NULL,
    type          text NOT NULL,
    label         jsonb NOT NULL,
    placeholder   jsonb NOT NULL DEFAULT '{}',
    default_value jsonb,
    options       jsonb,
    constraints   jsonb NOT NULL DEFAULT '{}',
    layer_ref     text,
    bindings      jsonb NOT NULL DEFAULT '[]',
    ai_hint       text,
    is_required   boolean NOT NULL DEFAULT false,
    is_hidden     boolean NOT NULL DEFAULT false,
    sort_order    integer NOT NULL DEFAULT 0,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT scene_fields_scene_id_field_key_key UNIQUE (scene_id, field_key),
    CONSTRAINT scene_fields_scene_id_fkey FOREIGN KEY (tenant_id, scene_id)
        REFERENCES content.scenes (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT scene_fields_type_check CHECK (type IN (
        'text', 'textarea', 'image', 'video', 'audio', 'color', 'dropdown', 'checkbox', 'number', 'slider', 'date',
        'font', 'map', 'data')),
    CONSTRAINT scene_fields_field_key_check CHECK (field_key ~ '^[A-Za-z0-9_.-]{1,120}$')
);
COMMENT ON COLUMN content.scene_fields.bindings IS 'what of the scene the value sets: [{target, property, …}]; docs/template-format.md';

CREATE TABLE content.template_svg_previews (
    id             uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id      uuid NOT NULL,
    project_id     uuid NOT NULL,
    scene_id       uuid,
    source_file_id uuid,
    source_sha256  bytea NOT NULL,
    tracer         text NOT NULL,
    params         jsonb NOT NULL DEFAULT '{}',
    svg            text NOT NULL,
    svg_sha256     bytea NOT NULL,
    color_map      jsonb NOT NULL,
    width          integer NOT NULL,
    height         integer NOT NULL,
    path_count     integer NOT NULL,
    status         text NOT NULL DEFAULT 'ready',
    error          text,
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT template_svg_previews_project_id_scene_id_source_sha256_key UNIQUE NULLS NOT DISTINCT (project_id, scene_id, source_sha256),
    CONSTRAINT template_svg_previews_project_id_fkey FOREIGN KEY (tenant_id, project_id)
        REFERENCES content.projects (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT template_svg_previews_scene_id_fkey FOREIGN KEY (tenant_id, scene_id)
        REFERENCES content.scenes (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT template_svg_previews_status_check CHECK (status IN ('queued', 'running', 'ready', 'failed')),
    CONSTRAINT template_svg_previews_source_sha256_check CHECK (octet_length(source_sha256) = 32),
    CONSTRAINT template_svg_previews_svg_check CHECK (length(svg) <= 524288)
);
COMMENT ON COLUMN content.template_svg_previews.source_file_id IS 'soft ref file_mgr.files.id';
COMMENT ON COLUMN content.template_svg_previews.color_map IS
    'path group -> template colour slot, so that the studio recolours without a render';

CREATE POLICY shared_read ON content.scenes FOR SELECT TO svc_content
    USING (tenant_id = ops.shared_tenant() AND EXISTS (SELECT FROM content.projects AS p WHERE p.id = project_id));
CREATE POLICY shared_read ON content.template_svg_previews FOR SELECT TO svc_content
    USING (tenant_id = ops.shared_tenant() AND EXISTS (SELECT FROM content.projects AS p WHERE p.id = project_id));
CREATE POLICY shared_read ON content.scene_fields FOR SELECT TO svc_content
    USING (tenant_id = ops.shared_tenant() AND EXISTS (SELECT FROM content.scenes AS s WHERE s.id = scene_id));

SELECT ops.finish_schema('content', 'svc_content');

INSERT INTO ops.schema_migrations (version, name) VALUES (7, '07_content_scenes');
COMMIT;

-- Content: characters and presets.

\set ON_ERROR_STOP on
BEGIN;
SET LOCAL ROLE flatrender_owner;

CREATE TABLE content.characters (
    id            uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id     uuid NOT NULL,
    slug          text NOT NULL,
    name          jsonb NOT NULL,
    category_id   uuid,
    rig_file_id   uuid,
    rig_sha256    bytea,
    parts         jsonb NOT NULL DEFAULT '{}',
    color_slots   jsonb NOT NULL DEFAULT '[]',
    thumbnail_url text,
    min_plan_rank smallint NOT NULL DEFAULT 0,
    status        text NOT NULL DEFAULT 'draft',
    sort_order    integer NOT NULL DEFAULT 0,
    deleted_at    timestamptz,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT characters_tenant_id_id_key UNIQUE (tenant_id, id),
    CONSTRAINT characters_category_id_fkey FOREIGN KEY (tenant_id, category_id)
        REFERENCES content.categories (tenant_id, id),
    CONSTRAINT characters_status_check CHECK (status IN ('draft', 'published', 'archived'))
);
COMMENT ON COLUMN content.characters.rig_file_id IS 'soft ref file_mgr.files.id';
CREATE UNIQUE INDEX characters_tenant_id_slug_key ON content.characters (tenant_id, slug) WHERE deleted_at IS NULL;

CREATE TABLE content.character_variants (
    id              uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id       uuid NOT NULL,
    character_id    uuid NOT NULL,
    key             text NOT NULL,
    kind            text NOT NULL,
    name            jsonb NOT NULL,
    comp_name       text,
    payload         jsonb NOT NULL DEFAULT '{}',
    thumbnail_url   text,
    duration_frames integer,
    sort_order      integer NOT NULL DEFAULT 0,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT character_variants_character_id_kind_key_key UNIQUE (character_id, kind, key),
    CONSTRAINT character_variants_character_id_fkey FOREIGN KEY (tenant_id, character_id)
        REFERENCES content.characters (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT character_variants_kind_check CHECK (kind IN ('pose', 'action', 'outfit', 'expression'))
);

CREATE TABLE content.presets (
    id            uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id     uuid NOT NULL,
    project_id    uuid NOT NULL,
    kind          text NOT NULL,
    name          jsonb NOT NULL,
    payload       jsonb NOT NULL,
    thumbnail_url text,
    is_default    boolean NOT NULL DEFAULT false,
    sort_order    integer NOT NULL DEFAULT 0,
    is_active     boolean NOT NULL DEFAULT true,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT presets_tenant_id_id_key UNIQUE (tenant_id, id),
    CONSTRAINT presets_project_id_fkey FOREIGN KEY (tenant_id, project_id)
        REFERENCES content.projects (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT presets_kind_check CHECK (kind IN ('color', 'story', 'style', 'full'))
);
CREATE UNIQUE INDEX presets_project_id_kind_key ON content.presets (project_id, kind) WHERE is_default;

CREATE POLICY shared_read ON content.characters FOR SELECT TO svc_content
    USING (tenant_id = ops.shared_tenant() AND status = 'published' AND deleted_at IS NULL);
CREATE POLICY shared_read ON content.character_variants FOR SELECT TO svc_content
    USING (tenant_id = ops.shared_tenant() AND EXISTS (SELECT FROM content.characters AS c WHERE c.id = character_id));
CREATE POLICY shared_read ON content.presets FOR SELECT TO svc_content
    USING (tenant_id = ops.shared_tenant() AND EXISTS (SELECT FROM content.projects AS p WHERE p.id = project_id));

SELECT ops.finish_schema('content', 'svc_content');

INSERT INTO ops.schema_migrations (version, name) VALUES (8, '08_content_characters_presets');
COMMIT;

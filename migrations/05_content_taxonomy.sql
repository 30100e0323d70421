-- Content: categories, tags, fonts, palettes.

\set ON_ERROR_STOP on
BEGIN;
SET LOCAL ROLE flatrender_owner;

SELECT ops.create_plumbing('content');

CREATE TABLE content.categories (
    id          uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id   uuid NOT NULL,
    kind        text NOT NULL DEFAULT 'project',
    parent_id   uuid,
    slug        text NOT NULL,
    name        jsonb NOT NULL,
    description jsonb NOT NULL DEFAULT '{}',
    image_url   text,
    sort_order  integer NOT NULL DEFAULT 0,
    is_active   boolean NOT NULL DEFAULT true,
    seo         jsonb NOT NULL DEFAULT '{}',
    deleted_at  timestamptz,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT categories_tenant_id_id_key UNIQUE (tenant_id, id),
    CONSTRAINT categories_parent_id_fkey FOREIGN KEY (tenant_id, parent_id) REFERENCES content.categories (tenant_id, id),
    CONSTRAINT categories_kind_check CHECK (kind IN ('project', 'character', 'preset', 'audio', 'blog')),
    CONSTRAINT categories_parent_id_id_check CHECK (parent_id IS DISTINCT FROM id),
    CONSTRAINT categories_slug_check CHECK (slug ~ '^[a-z0-9][a-z0-9-]{0,79}$')
);
CREATE INDEX categories_parent_id_idx ON content.categories (parent_id);
CREATE UNIQUE INDEX categories_tenant_id_kind_slug_key ON content.categories (tenant_id, kind, slug) WHERE deleted_at IS NULL;

CREATE TABLE content.tags (
    id          uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id   uuid NOT NULL,
    slug        text NOT NULL,
    name        jsonb NOT NULL,
    usage_count integer NOT NULL DEFAULT 0,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT tags_tenant_id_id_key UNIQUE (tenant_id, id),
    CONSTRAINT tags_tenant_id_slug_key UNIQUE (tenant_id, slug)
);

CREATE TABLE content.fonts (
    id              uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id       uuid NOT NULL,
    family          text NOT NULL,
    style           text NOT NULL DEFAULT 'Regular',
    weight          smallint NOT NULL DEFAULT 400,
    postscript_name text NOT NULL,
    file_id         uuid NOT NULL,
    sha256          bytea NOT NULL,
    scripts         text[] NOT NULL DEFAULT '{latin}',
    license         text NOT NULL,
    is_active       boolean NOT NULL DEFAULT true,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT fonts_tenant_id_id_key UNIQUE (tenant_id, id),
    CONSTRAINT fonts_tenant_id_postscript_name_key UNIQUE (tenant_id, postscript_name),
    CONSTRAINT fonts_sha256_check CHECK (octet_length(sha256) = 32),
    CONSTRAINT fonts_weight_check CHECK (weight BETWEEN 1 AND 1000)
);
COMMENT ON COLUMN content.fonts.file_id IS 'soft ref file_mgr.files.id';

CREATE TABLE content.color_palettes (
    id         uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id  uuid NOT NULL,
    name       jsonb NOT NULL,
    colors     char(7)[] NOT NULL,
    sort_order integer NOT NULL DEFAULT 0,
    is_active  boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT color_palettes_tenant_id_id_key UNIQUE (tenant_id, id),
    CONSTRAINT color_palettes_colors_check CHECK (cardinality(colors) BETWEEN 2 AND 16)
);

-- Every tenant sees the platform's catalogue beside its own. Reading and writing are separate policies: one FOR ALL policy that admits
-- shared rows would let a reseller delete them, since DELETE looks only at USING.
CREATE POLICY shared_read ON content.categories FOR SELECT TO svc_content USING (tenant_id = ops.shared_tenant());
CREATE POLICY shared_read ON content.tags FOR SELECT TO svc_content USING (tenant_id = ops.shared_tenant());
CREATE POLICY shared_read ON content.fonts FOR SELECT TO svc_content USING (tenant_id = ops.shared_tenant());
CREATE POLICY shared_read ON content.color_palettes FOR SELECT TO svc_content USING (tenant_id = ops.shared_tenant());

SELECT ops.finish_schema('content', 'svc_content');

INSERT INTO ops.schema_migrations (version, name) VALUES (5, '05_content_taxonomy');
COMMIT;

-- Content: blog, pages, blocks. A tenant sees only its own.

\set ON_ERROR_STOP on
BEGIN;
SET LOCAL ROLE flatrender_owner;

CREATE TABLE content.blog_posts (
    id             uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id      uuid NOT NULL,
    category_id    uuid,
    slug           text NOT NULL,
    locale         text NOT NULL DEFAULT 'fa-IR',
    title          text NOT NULL,
    excerpt        text,
    body_markdown  text NOT NULL,
    body_html      text NOT NULL,
    cover_url      text,
    author_user_id uuid,
    status         text NOT NULL DEFAULT 'draft',
    publish_at     timestamptz,
    published_at   timestamptz,
    tag_ids        uuid[] NOT NULL DEFAULT '{}',
    seo            jsonb NOT NULL DEFAULT '{}',
    view_count     bigint NOT NULL DEFAULT 0,
    deleted_at     timestamptz,
    row_version    integer NOT NULL DEFAULT 1,
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT blog_posts_tenant_id_id_key UNIQUE (tenant_id, id),
    CONSTRAINT blog_posts_category_id_fkey FOREIGN KEY (tenant_id, category_id)
        REFERENCES content.categories (tenant_id, id),
    CONSTRAINT blog_posts_status_check CHECK (status IN ('draft', 'scheduled', 'published', 'archived'))
);
COMMENT ON COLUMN content.blog_posts.body_html IS 'sanitised by nh3 at write time; never rendered from raw input';
COMMENT ON COLUMN content.blog_posts.author_user_id IS 'soft ref identity.users.id';
CREATE INDEX blog_posts_publish_at_idx ON content.blog_posts (publish_at) WHERE status = 'scheduled';
CREATE INDEX blog_posts_tenant_id_published_at_idx ON content.blog_posts (tenant_id, published_at DESC)
    WHERE status = 'published' AND deleted_at IS NULL;
CREATE UNIQUE INDEX blog_posts_tenant_id_locale_slug_key ON content.blog_posts (tenant_id, locale, slug) WHERE deleted_at IS NULL;

CREATE TABLE content.blog_comments (
    id         uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id  uuid NOT NULL,
    post_id    uuid NOT NULL,
    parent_id  uuid,
    user_id    uuid,
    body       text NOT NULL,
    status     text NOT NULL DEFAULT 'pending',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT blog_comments_tenant_id_id_key UNIQUE (tenant_id, id),
    CONSTRAINT blog_comments_parent_id_fkey FOREIGN KEY (tenant_id, parent_id)
        REFERENCES content.blog_comments (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT blog_comments_post_id_fkey FOREIGN KEY (tenant_id, post_id)
        REFERENCES content.blog_posts (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT blog_comments_status_check CHECK (status IN ('pending', 'approved', 'spam', 'removed')),
    CONSTRAINT blog_comments_body_check CHECK (length(body) BETWEEN 1 AND 4000)
);
COMMENT ON COLUMN content.blog_comments.user_id IS 'soft ref identity.users.id';
CREATE INDEX blog_comments_post_id_created_at_idx ON content.blog_comments (post_id, created_at) WHERE status = 'approved';

CREATE TABLE content.pages (
    id           uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id    uuid NOT NULL,
    slug         text NOT NULL,
    locale       text NOT NULL DEFAULT 'fa-IR',
    title        text NOT NULL,
    blocks       jsonb NOT NULL DEFAULT '[]',
    status       text NOT NULL DEFAULT 'draft',
    seo          jsonb NOT NULL DEFAULT '{}',
    published_at timestamptz,
    deleted_at   timestamptz,
    row_version  integer NOT NULL DEFAULT 1,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pages_status_check CHECK (status IN ('draft', 'published', 'archived'))
);
CREATE UNIQUE INDEX pages_tenant_id_locale_slug_key ON content.pages (tenant_id, locale, slug) WHERE deleted_at IS NULL;

CREATE TABLE content.cms_blocks (
    id         uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id  uuid NOT NULL,
    kind       text NOT NULL,
    key        text NOT NULL,
    locale     text NOT NULL DEFAULT 'fa-IR',
    payload    jsonb NOT NULL,
    starts_at  timestamptz,
    ends_at    timestamptz,
    sort_order integer NOT NULL DEFAULT 0,
    is_active  boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT cms_blocks_tenant_id_kind_key_locale_key UNIQUE (tenant_id, kind, key, locale),
    CONSTRAINT cms_blocks_kind_check CHECK (kind IN ('banner', 'slider', 'faq', 'menu', 'testimonial', 'announcement')),
    CONSTRAINT cms_blocks_ends_at_starts_at_check CHECK (ends_at IS NULL OR starts_at IS NULL OR ends_at > starts_at)
);

SELECT ops.finish_schema('content', 'svc_content');

INSERT INTO ops.schema_migrations (version, name) VALUES (9, '09_content_cms');
COMMIT;

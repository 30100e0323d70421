-- Identity: currencies, tenants, their branding, keys, webhooks and metering.

\set ON_ERROR_STOP on
BEGIN;
SET LOCAL ROLE flatrender_owner;

SELECT ops.create_plumbing('identity');

CREATE TABLE identity.currencies (
    code      char(3) PRIMARY KEY,
    exponent  smallint NOT NULL,
    name      text NOT NULL,
    is_active boolean NOT NULL DEFAULT true,
    CONSTRAINT currencies_exponent_check CHECK (exponent BETWEEN 0 AND 4)
);
COMMENT ON TABLE identity.currencies IS
    'Reference. exponent is OUR ledger exponent: IRR=0 (gateway amounts are whole rials), USD/EUR=2. Toman is display only (10 rials).';

INSERT INTO identity.currencies (code, exponent, name) VALUES
    ('IRR', 0, 'Iranian rial'),
    ('USD', 2, 'US dollar'),
    ('EUR', 2, 'Euro');

CREATE TABLE identity.tenants (
    id               uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    parent_tenant_id uuid,
    kind             text NOT NULL DEFAULT 'reseller',
    slug             text NOT NULL,
    name             text NOT NULL,
    status           text NOT NULL DEFAULT 'active',
    default_locale   text NOT NULL DEFAULT 'fa-IR',
    default_currency char(3) NOT NULL DEFAULT 'IRR',
    timezone         text NOT NULL DEFAULT 'Asia/Tehran',
    settings         jsonb NOT NULL DEFAULT '{}',
    limits           jsonb NOT NULL DEFAULT '{}',
    suspended_at     timestamptz,
    suspended_reason text,
    deleted_at       timestamptz,
    row_version      integer NOT NULL DEFAULT 1,
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT tenants_default_currency_fkey FOREIGN KEY (default_currency) REFERENCES identity.currencies (code),
    CONSTRAINT tenants_parent_tenant_id_fkey FOREIGN KEY (parent_tenant_id) REFERENCES identity.tenants (id),
    CONSTRAINT tenants_kind_check CHECK (kind IN ('platform', 'reseller', 'enterprise')),
    CONSTRAINT tenants_status_check CHECK (status IN ('pending', 'active', 'suspended', 'closing', 'closed')),
    CONSTRAINT tenants_parent_tenant_id_id_check CHECK (parent_tenant_id IS DISTINCT FROM id),
    CONSTRAINT tenants_settings_check CHECK (jsonb_typeof(settings) = 'object'),
    CONSTRAINT tenants_slug_check CHECK (slug ~ '^[a-z0-9]([a-z0-9-]{1,61}[a-z0-9])$')
);
COMMENT ON TABLE identity.tenants IS 'Root of multi-tenancy; resellers are tenants. Default tenant 00000000-0000-0000-0000-000000000001.';
CREATE UNIQUE INDEX tenants_slug_key ON identity.tenants (slug) WHERE deleted_at IS NULL;

ALTER TABLE identity.tenants ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_isolation ON identity.tenants FOR ALL TO svc_identity USING (id = ops.current_tenant()) WITH CHECK (id = ops.current_tenant());
INSERT INTO identity.tenants (id, kind, slug, name) VALUES (ops.platform_tenant(), 'platform', 'flatrender', 'FlatRender');

CREATE TABLE identity.tenant_branding (
    tenant_id           uuid PRIMARY KEY,
    product_name        text NOT NULL,
    logo_file_id        uuid,
    favicon_file_id     uuid,
    primary_color       char(7),
    accent_color        char(7),
    custom_domain       text,
    domain_verified_at  timestamptz,
    domain_verify_token text,
    email_from_name     text,
    email_from_address  text,
    support_email       text,
    support_url         text,
    terms_url           text,
    privacy_url         text,
    hide_powered_by     boolean NOT NULL DEFAULT false,
    watermark_file_id   uuid,
    theme               jsonb NOT NULL DEFAULT '{}',
    created_at          timestamptz NOT NULL DEFAULT now(),
    updated_at          timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT tenant_branding_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES identity.tenants (id) ON DELETE CASCADE,
    CONSTRAINT tenant_branding_accent_color_check CHECK (accent_color ~ '^#[0-9a-fA-F]{6}$'),
    CONSTRAINT tenant_branding_custom_domain_check CHECK (custom_domain = lower(custom_domain) AND custom_domain ~ '^[a-z0-9.-]{4,253}$'),
    CONSTRAINT tenant_branding_primary_color_check CHECK (primary_color ~ '^#[0-9a-fA-F]{6}$')
);
COMMENT ON COLUMN identity.tenant_branding.logo_file_id IS 'soft ref file_mgr.files.id';
COMMENT ON COLUMN identity.tenant_branding.favicon_file_id IS 'soft ref file_mgr.files.id';
COMMENT ON COLUMN identity.tenant_branding.watermark_file_id IS 'soft ref file_mgr.files.id';
CREATE UNIQUE INDEX tenant_branding_custom_domain_key ON identity.tenant_branding (custom_domain) WHERE custom_domain IS NOT NULL;

CREATE TABLE identity.tenant_api_keys (
    id                    uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id             uuid NOT NULL,
    name                  text NOT NULL,
    key_prefix            text NOT NULL,
    key_last4             char(4) NOT NULL,
    key_hash              bytea NOT NULL,
    pepper_version        smallint NOT NULL DEFAULT 1,
    environment           text NOT NULL DEFAULT 'live',
    scopes                text[] NOT NULL,
    allowed_cidrs         cidr[] NOT NULL DEFAULT '{}',
    rate_limit_per_minute integer,
    created_by_user_id    uuid,
    rotated_from_id       uuid,
    expires_at            timestamptz,
    last_used_at          timestamptz,
    last_used_ip          inet,
    revoked_at            timestamptz,
    revoked_reason        text,
    created_at            timestamptz NOT NULL DEFAULT now(),
    updated_at            timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT tenant_api_keys_tenant_id_id_key UNIQUE (tenant_id, id),
    CONSTRAINT tenant_api_keys_key_hash_key UNIQUE (key_hash),
    CONSTRAINT tenant_api_keys_rotated_from_id_fkey FOREIGN KEY (tenant_id, rotated_from_id)
        REFERENCES identity.tenant_api_keys (tenant_id, id),
    CONSTRAINT tenant_api_keys_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES identity.tenants (id),
    CONSTRAINT tenant_api_keys_environment_check CHECK (environment IN ('live', 'test')),
    CONSTRAINT tenant_api_keys_key_hash_check CHECK (octet_length(key_hash) = 32),
    CONSTRAINT tenant_api_keys_rate_limit_per_minute_check CHECK (rate_limit_per_minute > 0),
    CONSTRAINT tenant_api_keys_scopes_check CHECK (cardinality(scopes) > 0)
);
COMMENT ON TABLE identity.tenant_api_keys IS
    'Key shown once: fr_live_<30 base62><6 base62 crc32>. Stored: HMAC-SHA256(pepper,key). last_used_at written at most once a minute.';
CREATE INDEX tenant_api_keys_tenant_id_idx ON identity.tenant_api_keys (tenant_id) WHERE revoked_at IS NULL;

CREATE TABLE identity.tenant_webhooks (
    id                         uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id                  uuid NOT NULL,
    url                        text NOT NULL,
    description                text,
    event_types                text[] NOT NULL DEFAULT '{}',
    status                     text NOT NULL DEFAULT 'active',
    secret_enc                 bytea NOT NULL,
    secret_key_id              text NOT NULL,
    previous_secret_enc        bytea,
    previous_secret_expires_at timestamptz,
    signature_scheme           text NOT NULL DEFAULT 'v1',
    max_concurrency            smallint NOT NULL DEFAULT 4,
    timeout_ms                 integer NOT NULL DEFAULT 15000,
    consecutive_failures       integer NOT NULL DEFAULT 0,
    first_failure_at           timestamptz,
    disabled_at                timestamptz,
    last_success_at            timestamptz,
    deleted_at                 timestamptz,
    created_at                 timestamptz NOT NULL DEFAULT now(),
    updated_at                 timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT tenant_webhooks_tenant_id_id_key UNIQUE (tenant_id, id),
    CONSTRAINT tenant_webhooks_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES identity.tenants (id),
    CONSTRAINT tenant_webhooks_status_check CHECK (status IN ('active', 'paused', 'disabled_failing', 'disabled_gone')),
    CONSTRAINT tenant_webhooks_signature_scheme_check CHECK (signature_scheme IN ('v1', 'v1a')),
    CONSTRAINT tenant_webhooks_max_concurrency_check CHECK (max_concurrency BETWEEN 1 AND 50),
    CONSTRAINT tenant_webhooks_timeout_ms_check CHECK (timeout_ms BETWEEN 1000 AND 30000),
    CONSTRAINT tenant_webhooks_url_check CHECK (url ~ '^https://' AND length(url) <= 2048)
);
CREATE INDEX tenant_webhooks_tenant_id_idx ON identity.tenant_webhooks (tenant_id) WHERE status = 'active' AND deleted_at IS NULL;

CREATE TABLE identity.tenant_webhook_deliveries (
    id               uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id        uuid NOT NULL,
    webhook_id       uuid NOT NULL,
    message_id       text NOT NULL,
    event_id         uuid NOT NULL,
    event_type       text NOT NULL,
    payload          bytea NOT NULL,
    status           text NOT NULL DEFAULT 'pending',
    attempt          smallint NOT NULL DEFAULT 0,
    next_attempt_at  timestamptz NOT NULL DEFAULT now(),
    lease_id         uuid,
    lease_expires_at timestamptz,
    last_status_code smallint,
    last_error       text,
    last_duration_ms integer,
    response_snippet text,
    resolved_ip      inet,
    replay_of_id     uuid,
    delivered_at     timestamptz,
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT tenant_webhook_deliveries_tenant_id_id_key UNIQUE (tenant_id, id),
    CONSTRAINT tenant_webhook_deliveries_replay_of_id_fkey FOREIGN KEY (tenant_id, replay_of_id)
        REFERENCES identity.tenant_webhook_deliveries (tenant_id, id),
    CONSTRAINT tenant_webhook_deliveries_webhook_id_fkey FOREIGN KEY (tenant_id, webhook_id)
        REFERENCES identity.tenant_webhooks (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT tenant_webhook_deliveries_status_check CHECK (status IN ('pending', 'sending', 'delivered', 'dead', 'cancelled')),
    CONSTRAINT tenant_webhook_deliveries_attempt_check CHECK (attempt BETWEEN 0 AND 20),
    CONSTRAINT tenant_webhook_deliveries_message_id_check CHECK (message_id ~ '^msg_[A-Za-z0-9]{20,40}$'),
    CONSTRAINT tenant_webhook_deliveries_response_snippet_check CHECK (length(response_snippet) <= 1024)
);
CREATE INDEX tenant_webhook_deliveries_next_attempt_at_idx ON identity.tenant_webhook_deliveries (next_attempt_at)
    WHERE status IN ('pending', 'sending');
CREATE INDEX tenant_webhook_deliveries_tenant_id_webhook_id_id_idx ON identity.tenant_webhook_deliveries (tenant_id, webhook_id, id DESC);
CREATE UNIQUE INDEX tenant_webhook_deliveries_webhook_id_event_id_key ON identity.tenant_webhook_deliveries (webhook_id, event_id)
    WHERE replay_of_id IS NULL;

CREATE TABLE identity.tenant_usage_daily (
    tenant_id    uuid NOT NULL,
    usage_date   date NOT NULL,
    metric       text NOT NULL,
    api_key_id   uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    quantity     numeric(30,6) NOT NULL DEFAULT 0,
    amount_minor bigint NOT NULL DEFAULT 0,
    currency     char(3),
    finalized_at timestamptz,
    updated_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, usage_date, metric, api_key_id),
    CONSTRAINT tenant_usage_daily_currency_fkey FOREIGN KEY (currency) REFERENCES identity.currencies (code),
    CONSTRAINT tenant_usage_daily_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES identity.tenants (id),
    CONSTRAINT tenant_usage_daily_metric_check CHECK (metric IN (
        'api_calls', 'render_seconds', 'render_jobs', 'frames', 'storage_byte_hours', 'egress_bytes',
        'uploads_bytes', 'active_users', 'sms', 'emails', 'push', 'telegram')),
    CONSTRAINT tenant_usage_daily_amount_minor_check CHECK (amount_minor >= 0),
    CONSTRAINT tenant_usage_daily_quantity_check CHECK (quantity >= 0)
);
CREATE INDEX tenant_usage_daily_usage_date_idx ON identity.tenant_usage_daily (usage_date) WHERE finalized_at IS NULL;

CREATE TABLE identity.tenant_api_request_logs (
    id                   uuid NOT NULL DEFAULT ops.uuid_v7(),
    occurred_at          timestamptz NOT NULL DEFAULT now(),
    tenant_id            uuid NOT NULL,
    api_key_id           uuid,
    user_id              uuid,
    request_id           uuid NOT NULL,
    service              text NOT NULL,
    method               text NOT NULL,
    route                text NOT NULL,
    status               smallint NOT NULL,
    duration_ms          integer NOT NULL,
    request_bytes        bigint,
    response_bytes       bigint,
    ip                   inet,
    user_agent           text,
    idempotency_key_hash bytea,
    error_code           text,
    PRIMARY KEY (occurred_at, id)
) PARTITION BY RANGE (occurred_at);
COMMENT ON TABLE identity.tenant_api_request_logs IS 'Monthly partitions; first 2026-01; route is the template (no ids, no query string)';
CREATE INDEX tenant_api_request_logs_occurred_at_idx
    ON identity.tenant_api_request_logs USING brin (occurred_at) WITH (pages_per_range = 32);
CREATE INDEX tenant_api_request_logs_tenant_id_occurred_at_idx ON identity.tenant_api_request_logs (tenant_id, occurred_at DESC);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON identity.tenant_api_request_logs FOR EACH ROW EXECUTE FUNCTION ops.append_only();
SELECT ops.ensure_monthly_partitions('identity.tenant_api_request_logs', '2026-01-01', 1);

-- Who is asking is found before a tenant is known, so these few lookups see all tenants and return few columns. Everything else is
-- limited by the row policies.
CREATE FUNCTION identity.tenant_by_host(p_host text)
RETURNS TABLE (tenant_id uuid, slug text, name text, status text, default_locale text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT t.id, t.slug, t.name, t.status, t.default_locale
    FROM identity.tenant_branding AS b JOIN identity.tenants AS t ON t.id = b.tenant_id
    WHERE b.custom_domain = lower(p_host) AND b.domain_verified_at IS NOT NULL AND t.deleted_at IS NULL
$$;

CREATE FUNCTION identity.tenant_by_slug(p_slug text)
RETURNS TABLE (tenant_id uuid, slug text, name text, status text, default_locale text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT t.id, t.slug, t.name, t.status, t.default_locale
    FROM identity.tenants AS t
    WHERE t.slug = lower(p_slug) AND t.deleted_at IS NULL
$$;

CREATE FUNCTION identity.api_key_by_hash(p_key_hash bytea)
RETURNS TABLE (api_key_id uuid, tenant_id uuid, tenant_status text, environment text, scopes text[], allowed_cidrs cidr[],
               rate_limit_per_minute integer, created_by_user_id uuid, expires_at timestamptz, revoked_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT k.id, k.tenant_id, t.status, k.environment, k.scopes, k.allowed_cidrs,
           k.rate_limit_per_minute, k.created_by_user_id, k.expires_at, k.revoked_at
    FROM identity.tenant_api_keys AS k JOIN identity.tenants AS t ON t.id = k.tenant_id
    WHERE k.key_hash = p_key_hash AND t.deleted_at IS NULL
$$;

GRANT EXECUTE ON FUNCTION identity.tenant_by_host(text), identity.tenant_by_slug(text), identity.api_key_by_hash(bytea)
    TO svc_identity, svc_identity_worker;

SELECT ops.finish_schema('identity', 'svc_identity');

INSERT INTO ops.schema_migrations (version, name) VALUES (1, '01_identity_tenants');
COMMIT;

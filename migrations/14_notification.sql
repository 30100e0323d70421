-- Notification: providers, templates, notifications, deliveries, preferences.

\set ON_ERROR_STOP on
BEGIN;
SET LOCAL ROLE flatrender_owner;

SELECT ops.create_plumbing('notification');

CREATE TABLE notification.channel_providers (
    id              uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id       uuid NOT NULL,
    channel         text NOT NULL,
    provider        text NOT NULL,
    config_enc      bytea,
    config_key_id   text,
    from_address    text,
    priority        smallint NOT NULL DEFAULT 100,
    rate_per_second numeric(8,2),
    daily_cap       integer,
    is_enabled      boolean NOT NULL DEFAULT true,
    breaker_state   text NOT NULL DEFAULT 'closed',
    breaker_until   timestamptz,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT channel_providers_tenant_id_id_key UNIQUE (tenant_id, id),
    CONSTRAINT channel_providers_tenant_id_channel_provider_key UNIQUE (tenant_id, channel, provider),
    CONSTRAINT channel_providers_channel_check CHECK (channel IN ('in_app', 'push', 'email', 'sms', 'telegram')),
    CONSTRAINT channel_providers_provider_check CHECK (provider IN ('internal', 'vapid', 'smtp', 'kavenegar', 'telegram_bot', 'fake')),
    CONSTRAINT channel_providers_breaker_state_check CHECK (breaker_state IN ('closed', 'open', 'half_open'))
);

CREATE TABLE notification.notification_templates (
    id                uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id         uuid NOT NULL,
    type_key          text NOT NULL,
    channel           text NOT NULL,
    locale            text NOT NULL,
    version           integer NOT NULL DEFAULT 1,
    subject           text,
    body              text NOT NULL,
    body_html         text,
    provider_template text,
    variables         text[] NOT NULL DEFAULT '{}',
    status            text NOT NULL DEFAULT 'active',
    created_at        timestamptz NOT NULL DEFAULT now(),
    updated_at        timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT notification_templates_tenant_id_id_key UNIQUE (tenant_id, id),
    CONSTRAINT notification_templates_version_key UNIQUE (tenant_id, type_key, channel, locale, version),
    CONSTRAINT notification_templates_channel_check CHECK (channel IN ('in_app', 'push', 'email', 'sms', 'telegram')),
    CONSTRAINT notification_templates_status_check CHECK (status IN ('draft', 'active', 'retired')),
    CONSTRAINT notification_templates_type_key_check CHECK (type_key ~ '^[a-z0-9_]+(\.[a-z0-9_]+)*$')
);
CREATE UNIQUE INDEX notification_templates_tenant_id_type_key_channel_locale_key
    ON notification.notification_templates (tenant_id, type_key, channel, locale)
    WHERE status = 'active';

CREATE POLICY shared_read ON notification.notification_templates FOR SELECT TO svc_notification USING (tenant_id = ops.shared_tenant());

CREATE TABLE notification.broadcasts (
    id                  uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id           uuid NOT NULL,
    title               text NOT NULL,
    type_key            text NOT NULL,
    channels            text[] NOT NULL,
    audience            jsonb NOT NULL,
    payload             jsonb NOT NULL DEFAULT '{}',
    status              text NOT NULL DEFAULT 'draft',
    scheduled_at        timestamptz,
    cursor              jsonb,
    target_count        bigint,
    created_by_user_id  uuid NOT NULL,
    approved_by_user_id uuid,
    created_at          timestamptz NOT NULL DEFAULT now(),
    updated_at          timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT broadcasts_tenant_id_id_key UNIQUE (tenant_id, id),
    CONSTRAINT broadcasts_status_check CHECK (status IN ('draft', 'scheduled', 'expanding', 'sending', 'completed', 'canceled'))
);
COMMENT ON COLUMN notification.broadcasts.created_by_user_id IS 'soft ref identity.users.id';
COMMENT ON COLUMN notification.broadcasts.approved_by_user_id IS 'soft ref identity.users.id';
CREATE INDEX broadcasts_scheduled_at_idx ON notification.broadcasts (scheduled_at) WHERE status = 'scheduled';

CREATE TABLE notification.notifications (
    id              uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id       uuid NOT NULL,
    user_id         uuid NOT NULL,
    type_key        text NOT NULL,
    category        text NOT NULL DEFAULT 'transactional',
    priority        text NOT NULL DEFAULT 'normal',
    title           text NOT NULL,
    body            text NOT NULL,
    action_url      text,
    image_url       text,
    payload         jsonb NOT NULL DEFAULT '{}',
    dedupe_key      text,
    source_event_id uuid,
    broadcast_id    uuid,
    group_key       text,
    read_at         timestamptz,
    seen_at         timestamptz,
    archived_at     timestamptz,
    expires_at      timestamptz,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT notifications_tenant_id_id_key UNIQUE (tenant_id, id),
    CONSTRAINT notifications_broadcast_id_fkey FOREIGN KEY (tenant_id, broadcast_id)
        REFERENCES notification.broadcasts (tenant_id, id),
    CONSTRAINT notifications_category_check CHECK (category IN ('security', 'transactional', 'product', 'marketing')),
    CONSTRAINT notifications_priority_check CHECK (priority IN ('low', 'normal', 'high', 'critical')),
    CONSTRAINT notifications_action_url_check CHECK (action_url ~ '^(https://|/[^/])')
);
COMMENT ON TABLE notification.notifications IS 'NOT partitioned: the hard FK from identity.earned_gifts needs a unique key on id alone';
COMMENT ON COLUMN notification.notifications.user_id IS 'soft ref identity.users.id';
CREATE UNIQUE INDEX notifications_tenant_id_user_id_dedupe_key_key ON notification.notifications (tenant_id, user_id, dedupe_key)
    WHERE dedupe_key IS NOT NULL;
CREATE INDEX notifications_inbox_idx ON notification.notifications (tenant_id, user_id, id DESC) WHERE archived_at IS NULL;
CREATE INDEX notifications_unread_idx ON notification.notifications (tenant_id, user_id) WHERE read_at IS NULL AND archived_at IS NULL;

-- The only key across schemas. Its checks run with the tables' owner's rights, so identity needs no grant here.
ALTER TABLE identity.earned_gifts
    ADD CONSTRAINT earned_gifts_notification_id_fkey FOREIGN KEY (notification_id)
        REFERENCES notification.notifications (id) ON DELETE SET NULL;

CREATE TABLE notification.notification_deliveries (
    id                  uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id           uuid NOT NULL,
    notification_id     uuid NOT NULL,
    user_id             uuid NOT NULL,
    channel             text NOT NULL,
    destination_hash    bytea NOT NULL,
    destination_enc     bytea NOT NULL,
    template_id         uuid,
    status              text NOT NULL DEFAULT 'queued',
    suppress_reason     text,
    attempt             smallint NOT NULL DEFAULT 0,
    max_attempts        smallint NOT NULL DEFAULT 6,
    next_attempt_at     timestamptz NOT NULL DEFAULT now(),
    lease_id            uuid,
    lease_expires_at    timestamptz,
    provider            text,
    provider_message_id text,
    provider_local_id   bigint GENERATED ALWAYS AS IDENTITY,
    cost_minor          bigint,
    currency            char(3),
    error_code          text,
    error_message       text,
    sent_at             timestamptz,
    delivered_at        timestamptz,
    opened_at           timestamptz,
    expires_at          timestamptz,
    created_at          timestamptz NOT NULL DEFAULT now(),
    updated_at          timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT notification_deliveries_once_per_destination UNIQUE (notification_id, channel, destination_hash),
    CONSTRAINT notification_deliveries_notification_id_fkey FOREIGN KEY (tenant_id, notification_id)
        REFERENCES notification.notifications (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT notification_deliveries_template_id_fkey FOREIGN KEY (tenant_id, template_id)
        REFERENCES notification.notification_templates (tenant_id, id) ON DELETE SET NULL (template_id),
    CONSTRAINT notification_deliveries_channel_check CHECK (channel IN ('in_app', 'push', 'email', 'sms', 'telegram')),
    CONSTRAINT notification_deliveries_status_check CHECK (status IN (
        'queued', 'sending', 'sent', 'delivered', 'opened', 'bounced', 'failed', 'suppressed', 'expired', 'unknown'))
);
COMMENT ON COLUMN notification.notification_deliveries.user_id IS 'soft ref identity.users.id';
COMMENT ON COLUMN notification.notification_deliveries.provider_local_id IS
    'Kavenegar localid: a repeated send with the same id is not sent twice';
CREATE INDEX notification_deliveries_channel_next_attempt_at_idx ON notification.notification_deliveries (channel, next_attempt_at)
    WHERE status IN ('queued', 'sending');
CREATE INDEX notification_deliveries_provider_provider_message_id_idx
    ON notification.notification_deliveries (provider, provider_message_id)
    WHERE provider_message_id IS NOT NULL;

CREATE TABLE notification.notification_preferences (
    tenant_id   uuid NOT NULL,
    user_id     uuid NOT NULL,
    channel     text NOT NULL,
    type_key    text NOT NULL DEFAULT '*',
    enabled     boolean NOT NULL DEFAULT true,
    digest      text NOT NULL DEFAULT 'immediate',
    quiet_start time,
    quiet_end   time,
    timezone    text,
    source      text NOT NULL DEFAULT 'user',
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, user_id, channel, type_key),
    CONSTRAINT notification_preferences_channel_check CHECK (channel IN ('in_app', 'push', 'email', 'sms', 'telegram')),
    CONSTRAINT notification_preferences_digest_check CHECK (digest IN ('immediate', 'hourly', 'daily', 'weekly')),
    CONSTRAINT notification_preferences_source_check CHECK (source IN ('user', 'unsubscribe_link', 'bounce', 'admin', 'default')),
    CONSTRAINT notification_preferences_quiet_both CHECK ((quiet_start IS NULL) = (quiet_end IS NULL))
);
COMMENT ON COLUMN notification.notification_preferences.user_id IS 'soft ref identity.users.id';

CREATE TABLE notification.telegram_links (
    tenant_id       uuid NOT NULL,
    user_id         uuid NOT NULL,
    chat_id         bigint NOT NULL,
    bot_id          bigint NOT NULL,
    username        text,
    link_token_hash bytea,
    linked_at       timestamptz NOT NULL DEFAULT now(),
    blocked_at      timestamptz,
    updated_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, user_id, bot_id)
);
COMMENT ON COLUMN notification.telegram_links.user_id IS 'soft ref identity.users.id';
CREATE UNIQUE INDEX telegram_links_bot_id_chat_id_key ON notification.telegram_links (bot_id, chat_id) WHERE blocked_at IS NULL;

CREATE TABLE notification.suppressions (
    tenant_id        uuid NOT NULL,
    channel          text NOT NULL,
    destination_hash bytea NOT NULL,
    reason           text NOT NULL,
    scope            text NOT NULL DEFAULT 'all',
    expires_at       timestamptz,
    created_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, channel, destination_hash, scope),
    CONSTRAINT suppressions_channel_check CHECK (channel IN ('push', 'email', 'sms', 'telegram')),
    CONSTRAINT suppressions_reason_check CHECK (reason IN (
        'hard_bounce', 'complaint', 'unsubscribe', 'invalid', 'blocked', 'gdpr_erasure')),
    CONSTRAINT suppressions_scope_check CHECK (scope IN ('all', 'marketing'))
);

SELECT ops.finish_schema('notification', 'svc_notification');

INSERT INTO ops.schema_migrations (version, name) VALUES (14, '14_notification');
COMMIT;

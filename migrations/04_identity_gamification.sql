-- Identity: levels, badges, points, gifts, referrals.

\set ON_ERROR_STOP on
BEGIN;
SET LOCAL ROLE flatrender_owner;

CREATE TABLE identity.levels (
    id           uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id    uuid NOT NULL,
    level_no     smallint NOT NULL,
    name         jsonb NOT NULL,
    min_points   bigint NOT NULL,
    perks        jsonb NOT NULL DEFAULT '{}',
    icon_file_id uuid,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT levels_tenant_id_id_key UNIQUE (tenant_id, id),
    CONSTRAINT levels_tenant_id_level_no_key UNIQUE (tenant_id, level_no),
    CONSTRAINT levels_tenant_id_min_points_key UNIQUE (tenant_id, min_points),
    CONSTRAINT levels_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES identity.tenants (id),
    CONSTRAINT levels_level_no_check CHECK (level_no > 0),
    CONSTRAINT levels_min_points_check CHECK (min_points >= 0)
);
COMMENT ON COLUMN identity.levels.icon_file_id IS 'soft ref file_mgr.files.id';

CREATE TABLE identity.badges (
    id           uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id    uuid NOT NULL,
    key          text NOT NULL,
    name         jsonb NOT NULL,
    description  jsonb NOT NULL DEFAULT '{}',
    criteria     jsonb NOT NULL,
    icon_file_id uuid,
    is_active    boolean NOT NULL DEFAULT true,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT badges_tenant_id_id_key UNIQUE (tenant_id, id),
    CONSTRAINT badges_tenant_id_key_key UNIQUE (tenant_id, key),
    CONSTRAINT badges_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES identity.tenants (id)
);
COMMENT ON COLUMN identity.badges.icon_file_id IS 'soft ref file_mgr.files.id';

CREATE TABLE identity.user_badges (
    tenant_id       uuid NOT NULL,
    user_id         uuid NOT NULL,
    badge_id        uuid NOT NULL,
    earned_at       timestamptz NOT NULL DEFAULT now(),
    source_event_id uuid,
    PRIMARY KEY (user_id, badge_id),
    CONSTRAINT user_badges_badge_id_fkey FOREIGN KEY (tenant_id, badge_id) REFERENCES identity.badges (tenant_id, id),
    CONSTRAINT user_badges_user_id_fkey FOREIGN KEY (tenant_id, user_id)
        REFERENCES identity.users (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE identity.point_rules (
    id           uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id    uuid NOT NULL,
    event_type   text NOT NULL,
    points       integer NOT NULL,
    daily_cap    integer,
    lifetime_cap integer,
    conditions   jsonb NOT NULL DEFAULT '{}',
    valid_from   timestamptz NOT NULL DEFAULT now(),
    valid_to     timestamptz,
    is_active    boolean NOT NULL DEFAULT true,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT point_rules_tenant_id_id_key UNIQUE (tenant_id, id),
    CONSTRAINT point_rules_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES identity.tenants (id),
    CONSTRAINT point_rules_points_check CHECK (points <> 0)
);
CREATE INDEX point_rules_tenant_id_event_type_idx ON identity.point_rules (tenant_id, event_type) WHERE is_active;

CREATE TABLE identity.point_balances (
    tenant_id       uuid NOT NULL,
    user_id         uuid PRIMARY KEY,
    points          bigint NOT NULL DEFAULT 0,
    lifetime_points bigint NOT NULL DEFAULT 0,
    level_id        uuid,
    streak_days     integer NOT NULL DEFAULT 0,
    streak_last_on  date,
    updated_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT point_balances_level_id_fkey FOREIGN KEY (tenant_id, level_id) REFERENCES identity.levels (tenant_id, id),
    CONSTRAINT point_balances_user_id_fkey FOREIGN KEY (tenant_id, user_id)
        REFERENCES identity.users (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT point_balances_points_check CHECK (points >= 0)
);
CREATE INDEX point_balances_tenant_id_lifetime_points_idx ON identity.point_balances (tenant_id, lifetime_points DESC);

CREATE TABLE identity.point_transactions (
    id              uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id       uuid NOT NULL,
    user_id         uuid NOT NULL,
    rule_id         uuid,
    delta           integer NOT NULL,
    balance_after   bigint NOT NULL,
    reason          text NOT NULL,
    source_event_id uuid NOT NULL,
    available_at    timestamptz NOT NULL DEFAULT now(),
    expires_at      timestamptz,
    expired_at      timestamptz,
    created_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT point_transactions_user_id_fkey FOREIGN KEY (tenant_id, user_id)
        REFERENCES identity.users (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT point_transactions_rule_id_fkey FOREIGN KEY (tenant_id, rule_id)
        REFERENCES identity.point_rules (tenant_id, id),
    CONSTRAINT point_transactions_delta_check CHECK (delta <> 0)
);
COMMENT ON TABLE identity.point_transactions IS
    'Insert-only for the service (cascade delete kept for erasure); unique source makes awards idempotent';
CREATE UNIQUE INDEX point_transactions_user_id_source_event_id_rule_id_key
    ON identity.point_transactions (user_id, source_event_id, COALESCE(rule_id, '00000000-0000-0000-0000-000000000000'::uuid));
CREATE INDEX point_transactions_user_id_id_idx ON identity.point_transactions (user_id, id DESC);

GRANT SELECT, INSERT ON identity.point_transactions TO svc_identity, svc_identity_worker;
GRANT UPDATE (expired_at) ON identity.point_transactions TO svc_identity_worker;

CREATE TABLE identity.gifts (
    id                 uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id          uuid NOT NULL,
    key                text NOT NULL,
    name               jsonb NOT NULL,
    kind               text NOT NULL,
    value              jsonb NOT NULL,
    cost_points        integer,
    trigger            jsonb,
    stock              integer,
    per_user_limit     smallint NOT NULL DEFAULT 1,
    expires_after_days smallint,
    status             text NOT NULL DEFAULT 'active',
    created_at         timestamptz NOT NULL DEFAULT now(),
    updated_at         timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT gifts_tenant_id_id_key UNIQUE (tenant_id, id),
    CONSTRAINT gifts_tenant_id_key_key UNIQUE (tenant_id, key),
    CONSTRAINT gifts_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES identity.tenants (id),
    CONSTRAINT gifts_kind_check CHECK (kind IN (
        'wallet_credit', 'coupon', 'plan_days', 'render_seconds', 'storage_bytes', 'template', 'badge')),
    CONSTRAINT gifts_status_check CHECK (status IN ('draft', 'active', 'retired')),
    CONSTRAINT gifts_cost_points_check CHECK (cost_points > 0),
    CONSTRAINT gifts_stock_check CHECK (stock >= 0)
);

CREATE TABLE identity.earned_gifts (
    id                uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id         uuid NOT NULL,
    user_id           uuid NOT NULL,
    gift_id           uuid NOT NULL,
    ordinal           smallint NOT NULL DEFAULT 1,
    source            text NOT NULL,
    source_ref        uuid,
    status            text NOT NULL DEFAULT 'earned',
    notification_id   uuid,
    applied_reference uuid,
    earned_at         timestamptz NOT NULL DEFAULT now(),
    claimed_at        timestamptz,
    expires_at        timestamptz,
    updated_at        timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT earned_gifts_user_id_gift_id_ordinal_key UNIQUE (user_id, gift_id, ordinal),
    CONSTRAINT earned_gifts_gift_id_fkey FOREIGN KEY (tenant_id, gift_id) REFERENCES identity.gifts (tenant_id, id),
    CONSTRAINT earned_gifts_user_id_fkey FOREIGN KEY (tenant_id, user_id)
        REFERENCES identity.users (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT earned_gifts_source_check CHECK (source IN ('level', 'badge', 'points', 'referral', 'campaign', 'admin')),
    CONSTRAINT earned_gifts_status_check CHECK (status IN ('earned', 'claimed', 'applied', 'expired', 'revoked'))
);
COMMENT ON COLUMN identity.earned_gifts.notification_id IS 'the one hard cross-schema FK; added by migration 14, ON DELETE SET NULL';
CREATE INDEX earned_gifts_notification_id_idx ON identity.earned_gifts (notification_id) WHERE notification_id IS NOT NULL;
CREATE INDEX earned_gifts_user_id_idx ON identity.earned_gifts (user_id) WHERE status = 'earned';

CREATE TABLE identity.referrals (
    id               uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id        uuid NOT NULL,
    referrer_user_id uuid NOT NULL,
    referred_user_id uuid NOT NULL,
    code             text NOT NULL,
    status           text NOT NULL DEFAULT 'signed_up',
    reject_reason    text,
    qualified_at     timestamptz,
    rewarded_at      timestamptz,
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT referrals_referred_user_id_key UNIQUE (referred_user_id),
    CONSTRAINT referrals_referred_user_id_fkey FOREIGN KEY (tenant_id, referred_user_id)
        REFERENCES identity.users (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT referrals_referrer_user_id_fkey FOREIGN KEY (tenant_id, referrer_user_id)
        REFERENCES identity.users (tenant_id, id),
    CONSTRAINT referrals_status_check CHECK (status IN ('signed_up', 'qualified', 'rewarded', 'rejected')),
    CONSTRAINT referrals_not_self CHECK (referrer_user_id <> referred_user_id)
);

SELECT ops.finish_schema('identity', 'svc_identity');

INSERT INTO ops.schema_migrations (version, name) VALUES (4, '04_identity_gamification');
COMMIT;

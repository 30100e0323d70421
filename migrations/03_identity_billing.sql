-- Identity: plans, subscriptions, invoices, payments, coupons, the wallet ledger, usage.

\set ON_ERROR_STOP on
BEGIN;
SET LOCAL ROLE flatrender_owner;

CREATE TABLE identity.plans (
    id           uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id    uuid NOT NULL,
    key          text NOT NULL,
    name         jsonb NOT NULL,
    description  jsonb NOT NULL DEFAULT '{}',
    rank         smallint NOT NULL DEFAULT 0,
    entitlements jsonb NOT NULL DEFAULT '{}',
    status       text NOT NULL DEFAULT 'draft',
    is_public    boolean NOT NULL DEFAULT true,
    trial_days   smallint NOT NULL DEFAULT 0,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT plans_tenant_id_id_key UNIQUE (tenant_id, id),
    CONSTRAINT plans_tenant_id_key_key UNIQUE (tenant_id, key),
    CONSTRAINT plans_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES identity.tenants (id),
    CONSTRAINT plans_status_check CHECK (status IN ('draft', 'active', 'retired')),
    CONSTRAINT plans_name_check CHECK (jsonb_typeof(name) = 'object'),
    CONSTRAINT plans_trial_days_check CHECK (trial_days BETWEEN 0 AND 365)
);
COMMENT ON COLUMN identity.plans.entitlements IS
    'validated by code: render_seconds_month, max_resolution, max_concurrent_renders, storage_bytes, watermark, api_access, ...';

CREATE TABLE identity.plan_prices (
    id               uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id        uuid NOT NULL,
    plan_id          uuid NOT NULL,
    currency         char(3) NOT NULL,
    billing_interval text NOT NULL,
    interval_count   smallint NOT NULL DEFAULT 1,
    amount_minor     bigint NOT NULL,
    tax_behavior     text NOT NULL DEFAULT 'exclusive',
    active           boolean NOT NULL DEFAULT true,
    created_at       timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT plan_prices_tenant_id_id_key UNIQUE (tenant_id, id),
    CONSTRAINT plan_prices_currency_fkey FOREIGN KEY (currency) REFERENCES identity.currencies (code),
    CONSTRAINT plan_prices_plan_id_fkey FOREIGN KEY (tenant_id, plan_id) REFERENCES identity.plans (tenant_id, id),
    CONSTRAINT plan_prices_billing_interval_check CHECK (billing_interval IN ('day', 'month', 'year', 'once')),
    CONSTRAINT plan_prices_tax_behavior_check CHECK (tax_behavior IN ('inclusive', 'exclusive')),
    CONSTRAINT plan_prices_amount_minor_check CHECK (amount_minor >= 0),
    CONSTRAINT plan_prices_interval_count_check CHECK (interval_count BETWEEN 1 AND 36)
);
COMMENT ON TABLE identity.plan_prices IS 'Immutable: a price change is a new row';
CREATE UNIQUE INDEX plan_prices_one_active ON identity.plan_prices (plan_id, currency, billing_interval, interval_count) WHERE active;

CREATE TABLE identity.tenant_payment_gateways (
    id            uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id     uuid NOT NULL,
    provider      text NOT NULL,
    mode          text NOT NULL DEFAULT 'live',
    config_enc    bytea NOT NULL,
    config_key_id text NOT NULL,
    currencies    char(3)[] NOT NULL,
    is_enabled    boolean NOT NULL DEFAULT false,
    priority      smallint NOT NULL DEFAULT 100,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT tenant_payment_gateways_tenant_id_id_key UNIQUE (tenant_id, id),
    CONSTRAINT tenant_payment_gateways_tenant_id_provider_mode_key UNIQUE (tenant_id, provider, mode),
    CONSTRAINT tenant_payment_gateways_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES identity.tenants (id),
    CONSTRAINT tenant_payment_gateways_provider_check CHECK (provider IN ('zarinpal', 'stripe', 'wallet', 'manual', 'fake')),
    CONSTRAINT tenant_payment_gateways_mode_check CHECK (mode IN ('live', 'sandbox'))
);

CREATE TABLE identity.subscriptions (
    id                   uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id            uuid NOT NULL,
    user_id              uuid NOT NULL,
    plan_price_id        uuid NOT NULL,
    status               text NOT NULL,
    current_period_start timestamptz NOT NULL,
    current_period_end   timestamptz NOT NULL,
    cancel_at_period_end boolean NOT NULL DEFAULT false,
    canceled_at          timestamptz,
    ended_at             timestamptz,
    trial_end            timestamptz,
    grace_until          timestamptz,
    provider             text,
    provider_ref         text,
    row_version          integer NOT NULL DEFAULT 1,
    created_at           timestamptz NOT NULL DEFAULT now(),
    updated_at           timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT subscriptions_tenant_id_id_key UNIQUE (tenant_id, id),
    CONSTRAINT subscriptions_plan_price_id_fkey FOREIGN KEY (tenant_id, plan_price_id)
        REFERENCES identity.plan_prices (tenant_id, id),
    CONSTRAINT subscriptions_user_id_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES identity.users (tenant_id, id),
    CONSTRAINT subscriptions_status_check CHECK (status IN ('trialing', 'active', 'past_due', 'paused', 'canceled', 'expired')),
    CONSTRAINT subscriptions_current_period_end_current_period_start_check CHECK (current_period_end > current_period_start)
);
CREATE UNIQUE INDEX subscriptions_one_live_per_user ON identity.subscriptions (user_id)
    WHERE status IN ('trialing', 'active', 'past_due', 'paused');
CREATE UNIQUE INDEX subscriptions_provider_provider_ref_key ON identity.subscriptions (provider, provider_ref)
    WHERE provider_ref IS NOT NULL;
CREATE INDEX subscriptions_current_period_end_idx ON identity.subscriptions (current_period_end)
    WHERE status IN ('trialing', 'active', 'past_due');

CREATE TABLE identity.invoices (
    id              uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id       uuid NOT NULL,
    user_id         uuid NOT NULL,
    subscription_id uuid,
    number          text,
    status          text NOT NULL DEFAULT 'draft',
    reason          text NOT NULL,
    currency        char(3) NOT NULL,
    subtotal_minor  bigint NOT NULL DEFAULT 0,
    discount_minor  bigint NOT NULL DEFAULT 0,
    tax_minor       bigint NOT NULL DEFAULT 0,
    total_minor     bigint NOT NULL DEFAULT 0,
    paid_minor      bigint NOT NULL DEFAULT 0,
    billing_details jsonb NOT NULL DEFAULT '{}',
    issued_at       timestamptz,
    due_at          timestamptz,
    paid_at         timestamptz,
    voided_at       timestamptz,
    pdf_file_id     uuid,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT invoices_tenant_id_id_key UNIQUE (tenant_id, id),
    CONSTRAINT invoices_currency_fkey FOREIGN KEY (currency) REFERENCES identity.currencies (code),
    CONSTRAINT invoices_subscription_id_fkey FOREIGN KEY (tenant_id, subscription_id)
        REFERENCES identity.subscriptions (tenant_id, id),
    CONSTRAINT invoices_user_id_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES identity.users (tenant_id, id),
    CONSTRAINT invoices_status_check CHECK (status IN ('draft', 'open', 'paid', 'void', 'uncollectible')),
    CONSTRAINT invoices_reason_check CHECK (reason IN (
        'subscription_create', 'subscription_cycle', 'plan_change', 'wallet_topup', 'one_off', 'usage')),
    CONSTRAINT invoices_total CHECK (total_minor = subtotal_minor - discount_minor + tax_minor),
    CONSTRAINT invoices_paid_within_total CHECK (paid_minor <= total_minor),
    CONSTRAINT invoices_number_when_issued CHECK (status = 'draft' OR number IS NOT NULL),
    CONSTRAINT invoices_discount_minor_check CHECK (discount_minor >= 0),
    CONSTRAINT invoices_paid_minor_check CHECK (paid_minor >= 0),
    CONSTRAINT invoices_tax_minor_check CHECK (tax_minor >= 0),
    CONSTRAINT invoices_total_minor_check CHECK (total_minor >= 0)
);
COMMENT ON COLUMN identity.invoices.pdf_file_id IS 'soft ref file_mgr.files.id';
CREATE UNIQUE INDEX invoices_tenant_id_number_key ON identity.invoices (tenant_id, number) WHERE number IS NOT NULL;
CREATE INDEX invoices_tenant_id_user_id_id_idx ON identity.invoices (tenant_id, user_id, id DESC);

CREATE TABLE identity.subscription_changes (
    id              uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id       uuid NOT NULL,
    subscription_id uuid NOT NULL,
    from_price_id   uuid NOT NULL,
    to_price_id     uuid,
    kind            text NOT NULL,
    effective       text NOT NULL,
    effective_at    timestamptz NOT NULL,
    credit_minor    bigint NOT NULL DEFAULT 0,
    charge_minor    bigint NOT NULL DEFAULT 0,
    currency        char(3) NOT NULL,
    status          text NOT NULL DEFAULT 'scheduled',
    invoice_id      uuid,
    applied_at      timestamptz,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT subscription_changes_currency_fkey FOREIGN KEY (currency) REFERENCES identity.currencies (code),
    CONSTRAINT subscription_changes_subscription_id_fkey FOREIGN KEY (tenant_id, subscription_id)
        REFERENCES identity.subscriptions (tenant_id, id),
    CONSTRAINT subscription_changes_from_price_id_fkey FOREIGN KEY (tenant_id, from_price_id)
        REFERENCES identity.plan_prices (tenant_id, id),
    CONSTRAINT subscription_changes_to_price_id_fkey FOREIGN KEY (tenant_id, to_price_id)
        REFERENCES identity.plan_prices (tenant_id, id),
    CONSTRAINT subscription_changes_invoice_id_fkey FOREIGN KEY (tenant_id, invoice_id)
        REFERENCES identity.invoices (tenant_id, id),
    CONSTRAINT subscription_changes_kind_check CHECK (kind IN ('upgrade', 'downgrade', 'interval', 'cancel', 'resume')),
    CONSTRAINT subscription_changes_effective_check CHECK (effective IN ('now', 'period_end')),
    CONSTRAINT subscription_changes_status_check CHECK (status IN ('scheduled', 'awaiting_payment', 'applied', 'canceled', 'failed')),
    CONSTRAINT subscription_changes_charge_minor_check CHECK (charge_minor >= 0),
    CONSTRAINT subscription_changes_credit_minor_check CHECK (credit_minor >= 0)
);
CREATE UNIQUE INDEX subscription_changes_subscription_id_key ON identity.subscription_changes (subscription_id)
    WHERE status IN ('scheduled', 'awaiting_payment');

CREATE TABLE identity.invoice_items (
    id                uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id         uuid NOT NULL,
    invoice_id        uuid NOT NULL,
    line_no           smallint NOT NULL,
    description       text NOT NULL,
    quantity          numeric(18,6) NOT NULL DEFAULT 1,
    unit_amount_minor bigint NOT NULL,
    amount_minor      bigint NOT NULL,
    is_proration      boolean NOT NULL DEFAULT false,
    period_start      timestamptz,
    period_end        timestamptz,
    plan_price_id     uuid,
    metadata          jsonb NOT NULL DEFAULT '{}',
    CONSTRAINT invoice_items_invoice_id_line_no_key UNIQUE (invoice_id, line_no),
    CONSTRAINT invoice_items_invoice_id_fkey FOREIGN KEY (tenant_id, invoice_id)
        REFERENCES identity.invoices (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT invoice_items_plan_price_id_fkey FOREIGN KEY (tenant_id, plan_price_id)
        REFERENCES identity.plan_prices (tenant_id, id)
);

CREATE TABLE identity.payments (
    id                  uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id           uuid NOT NULL,
    user_id             uuid NOT NULL,
    invoice_id          uuid NOT NULL,
    gateway_id          uuid,
    provider            text NOT NULL,
    status              text NOT NULL DEFAULT 'created',
    amount_minor        bigint NOT NULL,
    currency            char(3) NOT NULL,
    provider_ref        text,
    provider_txn_id     text,
    card_pan_masked     text,
    card_hash           text,
    fee_minor           bigint,
    fee_payer           text,
    callback_token_hash bytea NOT NULL,
    verify_attempts     smallint NOT NULL DEFAULT 0,
    next_verify_at      timestamptz,
    lease_expires_at    timestamptz,
    error_code          text,
    error_message       text,
    refunded_minor      bigint NOT NULL DEFAULT 0,
    expires_at          timestamptz NOT NULL DEFAULT now() + interval '30 minutes',
    succeeded_at        timestamptz,
    row_version         integer NOT NULL DEFAULT 1,
    created_at          timestamptz NOT NULL DEFAULT now(),
    updated_at          timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT payments_tenant_id_id_key UNIQUE (tenant_id, id),
    CONSTRAINT payments_callback_token_hash_key UNIQUE (callback_token_hash),
    CONSTRAINT payments_currency_fkey FOREIGN KEY (currency) REFERENCES identity.currencies (code),
    CONSTRAINT payments_gateway_id_fkey FOREIGN KEY (tenant_id, gateway_id)
        REFERENCES identity.tenant_payment_gateways (tenant_id, id),
    CONSTRAINT payments_invoice_id_fkey FOREIGN KEY (tenant_id, invoice_id) REFERENCES identity.invoices (tenant_id, id),
    CONSTRAINT payments_user_id_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES identity.users (tenant_id, id),
    CONSTRAINT payments_status_check CHECK (status IN (
        'created', 'requesting', 'redirected', 'returned', 'verifying', 'succeeded', 'surplus', 'failed', 'canceled',
        'expired', 'unknown')),
    CONSTRAINT payments_amount_minor_check CHECK (amount_minor > 0),
    CONSTRAINT payments_refund_within_amount CHECK (refunded_minor >= 0 AND refunded_minor <= amount_minor)
);
CREATE UNIQUE INDEX payments_one_success ON identity.payments (invoice_id) WHERE status = 'succeeded';
CREATE UNIQUE INDEX payments_provider_provider_ref_key ON identity.payments (provider, provider_ref) WHERE provider_ref IS NOT NULL;
CREATE UNIQUE INDEX payments_provider_provider_txn_id_key ON identity.payments (provider, provider_txn_id)
    WHERE provider_txn_id IS NOT NULL;
CREATE INDEX payments_next_verify_at_idx ON identity.payments (next_verify_at)
    WHERE status IN ('redirected', 'returned', 'verifying', 'unknown');

CREATE TABLE identity.payment_events (
    id                uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id         uuid NOT NULL,
    payment_id        uuid,
    provider          text NOT NULL,
    direction         text NOT NULL,
    provider_event_id text,
    http_status       smallint,
    request           jsonb,
    response          jsonb,
    signature_ok      boolean,
    received_at       timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT payment_events_direction_check CHECK (direction IN ('out', 'in', 'callback', 'webhook'))
);
COMMENT ON TABLE identity.payment_events IS 'Raw, redacted (no PAN, no merchant id) record of every exchange';
CREATE UNIQUE INDEX payment_events_provider_provider_event_id_key ON identity.payment_events (provider, provider_event_id)
    WHERE provider_event_id IS NOT NULL;
CREATE INDEX payment_events_payment_id_received_at_idx ON identity.payment_events (payment_id, received_at);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON identity.payment_events FOR EACH ROW EXECUTE FUNCTION ops.append_only();

CREATE TABLE identity.refunds (
    id                   uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id            uuid NOT NULL,
    payment_id           uuid NOT NULL,
    amount_minor         bigint NOT NULL,
    currency             char(3) NOT NULL,
    method               text NOT NULL,
    reason               text NOT NULL,
    status               text NOT NULL DEFAULT 'requested',
    provider_ref         text,
    requested_by_user_id uuid NOT NULL,
    approved_by_user_id  uuid,
    error_code           text,
    completed_at         timestamptz,
    created_at           timestamptz NOT NULL DEFAULT now(),
    updated_at           timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT refunds_currency_fkey FOREIGN KEY (currency) REFERENCES identity.currencies (code),
    CONSTRAINT refunds_payment_id_fkey FOREIGN KEY (tenant_id, payment_id) REFERENCES identity.payments (tenant_id, id),
    CONSTRAINT refunds_method_check CHECK (method IN ('gateway', 'reverse', 'wallet', 'manual')),
    CONSTRAINT refunds_reason_check CHECK (reason IN ('customer_request', 'duplicate', 'fraud', 'service_failure', 'other')),
    CONSTRAINT refunds_status_check CHECK (status IN ('requested', 'approved', 'processing', 'succeeded', 'failed', 'rejected')),
    CONSTRAINT refunds_amount_minor_check CHECK (amount_minor > 0),
    CONSTRAINT refunds_four_eyes CHECK (approved_by_user_id IS DISTINCT FROM requested_by_user_id OR approved_by_user_id IS NULL)
);

CREATE TABLE identity.coupons (
    id                  uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id           uuid NOT NULL,
    code                text NOT NULL,
    code_norm           text GENERATED ALWAYS AS (upper(code)) STORED,
    kind                text NOT NULL,
    percent_bp          integer,
    amount_minor        bigint,
    currency            char(3),
    free_days           smallint,
    max_redemptions     integer,
    max_per_user        smallint NOT NULL DEFAULT 1,
    redeemed_count      integer NOT NULL DEFAULT 0,
    min_total_minor     bigint,
    plan_ids            uuid[] NOT NULL DEFAULT '{}',
    first_purchase_only boolean NOT NULL DEFAULT false,
    starts_at           timestamptz NOT NULL DEFAULT now(),
    ends_at             timestamptz,
    status              text NOT NULL DEFAULT 'active',
    created_at          timestamptz NOT NULL DEFAULT now(),
    updated_at          timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT coupons_tenant_id_id_key UNIQUE (tenant_id, id),
    CONSTRAINT coupons_tenant_id_code_norm_key UNIQUE (tenant_id, code_norm),
    CONSTRAINT coupons_currency_fkey FOREIGN KEY (currency) REFERENCES identity.currencies (code),
    CONSTRAINT coupons_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES identity.tenants (id),
    CONSTRAINT coupons_kind_check CHECK (kind IN ('percent', 'fixed', 'free_days')),
    CONSTRAINT coupons_status_check CHECK (status IN ('active', 'paused', 'expired')),
    CONSTRAINT coupons_amount_minor_check CHECK (amount_minor > 0),
    CONSTRAINT coupons_not_over_redeemed CHECK (max_redemptions IS NULL OR redeemed_count <= max_redemptions),
    CONSTRAINT coupons_value_of_kind CHECK ((kind = 'percent' AND percent_bp IS NOT NULL)
        OR (kind = 'fixed' AND amount_minor IS NOT NULL AND currency IS NOT NULL)
        OR (kind = 'free_days' AND free_days > 0)),
    CONSTRAINT coupons_ends_at_starts_at_check CHECK (ends_at IS NULL OR ends_at > starts_at),
    CONSTRAINT coupons_max_redemptions_check CHECK (max_redemptions > 0),
    CONSTRAINT coupons_percent_bp_check CHECK (percent_bp BETWEEN 1 AND 10000)
);

CREATE TABLE identity.coupon_redemptions (
    id             uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id      uuid NOT NULL,
    coupon_id      uuid NOT NULL,
    user_id        uuid NOT NULL,
    invoice_id     uuid NOT NULL,
    ordinal        smallint NOT NULL DEFAULT 1,
    discount_minor bigint NOT NULL,
    status         text NOT NULL DEFAULT 'reserved',
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT coupon_redemptions_coupon_id_invoice_id_key UNIQUE (coupon_id, invoice_id),
    CONSTRAINT coupon_redemptions_coupon_id_user_id_ordinal_key UNIQUE (coupon_id, user_id, ordinal),
    CONSTRAINT coupon_redemptions_coupon_id_fkey FOREIGN KEY (tenant_id, coupon_id)
        REFERENCES identity.coupons (tenant_id, id),
    CONSTRAINT coupon_redemptions_invoice_id_fkey FOREIGN KEY (tenant_id, invoice_id)
        REFERENCES identity.invoices (tenant_id, id),
    CONSTRAINT coupon_redemptions_user_id_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES identity.users (tenant_id, id),
    CONSTRAINT coupon_redemptions_status_check CHECK (status IN ('reserved', 'confirmed', 'released')),
    CONSTRAINT coupon_redemptions_discount_minor_check CHECK (discount_minor >= 0)
);

CREATE TABLE identity.wallets (
    id             uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id      uuid NOT NULL,
    owner_type     text NOT NULL,
    owner_id       uuid NOT NULL,
    kind           text NOT NULL DEFAULT 'cash',
    currency       char(3) NOT NULL,
    balance_minor  bigint NOT NULL DEFAULT 0,
    allow_negative boolean NOT NULL DEFAULT false,
    status         text NOT NULL DEFAULT 'open',
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT wallets_tenant_id_id_key UNIQUE (tenant_id, id),
    CONSTRAINT wallets_tenant_id_owner_type_owner_id_kind_currency_key UNIQUE (tenant_id, owner_type, owner_id, kind, currency),
    CONSTRAINT wallets_currency_fkey FOREIGN KEY (currency) REFERENCES identity.currencies (code),
    CONSTRAINT wallets_owner_type_check CHECK (owner_type IN ('user', 'tenant', 'system')),
    CONSTRAINT wallets_kind_check CHECK (kind IN ('cash', 'credit', 'revenue', 'gateway_clearing', 'promo_expense', 'refund_clearing')),
    CONSTRAINT wallets_status_check CHECK (status IN ('open', 'frozen', 'closed')),
    CONSTRAINT wallets_not_overdrawn CHECK (allow_negative OR balance_minor >= 0)
);

CREATE TABLE identity.wallet_transactions (
    id                 uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id          uuid NOT NULL,
    kind               text NOT NULL,
    reference_type     text NOT NULL,
    reference_id       uuid NOT NULL,
    description        text,
    created_by_user_id uuid,
    created_at         timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT wallet_transactions_tenant_id_id_key UNIQUE (tenant_id, id),
    CONSTRAINT wallet_transactions_once_per_reference UNIQUE (tenant_id, kind, reference_type, reference_id),
    CONSTRAINT wallet_transactions_kind_check CHECK (kind IN (
        'topup', 'purchase', 'refund', 'gift', 'referral', 'adjustment', 'transfer', 'expiry'))
);
COMMENT ON TABLE identity.wallet_transactions IS 'The unique key makes a posting idempotent';
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON identity.wallet_transactions FOR EACH ROW EXECUTE FUNCTION ops.append_only();

CREATE TABLE identity.wallet_entries (
    id                  uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id           uuid NOT NULL,
    transaction_id      uuid NOT NULL,
    wallet_id           uuid NOT NULL,
    amount_minor        bigint NOT NULL,
    currency            char(3) NOT NULL,
    balance_after_minor bigint NOT NULL,
    created_at          timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT wallet_entries_currency_fkey FOREIGN KEY (currency) REFERENCES identity.currencies (code),
    CONSTRAINT wallet_entries_transaction_id_fkey FOREIGN KEY (tenant_id, transaction_id)
        REFERENCES identity.wallet_transactions (tenant_id, id),
    CONSTRAINT wallet_entries_wallet_id_fkey FOREIGN KEY (tenant_id, wallet_id) REFERENCES identity.wallets (tenant_id, id),
    CONSTRAINT wallet_entries_amount_minor_check CHECK (amount_minor <> 0)
);
COMMENT ON TABLE identity.wallet_entries IS
    'Double entry; a deferred constraint trigger checks that each transaction sums to zero per currency';
CREATE INDEX wallet_entries_transaction_id_idx ON identity.wallet_entries (transaction_id);
CREATE INDEX wallet_entries_wallet_id_id_idx ON identity.wallet_entries (wallet_id, id DESC);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON identity.wallet_entries FOR EACH ROW EXECUTE FUNCTION ops.append_only();

CREATE FUNCTION identity.check_wallet_transaction() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_currency text;
    v_sum      numeric;
BEGIN
    SELECT currency, sum(amount_minor) INTO v_currency, v_sum
    FROM identity.wallet_entries
    WHERE transaction_id = NEW.transaction_id
    GROUP BY currency HAVING sum(amount_minor) <> 0
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'wallet transaction % does not balance: % % too much', NEW.transaction_id, v_sum, v_currency
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER wallet_entries_sum_to_zero AFTER INSERT ON identity.wallet_entries
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION identity.check_wallet_transaction();

CREATE TABLE identity.usage_counters (
    tenant_id    uuid NOT NULL,
    user_id      uuid NOT NULL,
    metric       text NOT NULL,
    period_start timestamptz NOT NULL,
    limit_value  bigint,
    used         bigint NOT NULL DEFAULT 0,
    reserved     bigint NOT NULL DEFAULT 0,
    updated_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, user_id, metric, period_start),
    CONSTRAINT usage_counters_user_id_fkey FOREIGN KEY (tenant_id, user_id)
        REFERENCES identity.users (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT usage_counters_within_limit CHECK (limit_value IS NULL OR used + reserved <= limit_value),
    CONSTRAINT usage_counters_reserved_check CHECK (reserved >= 0),
    CONSTRAINT usage_counters_used_check CHECK (used >= 0)
);
COMMENT ON TABLE identity.usage_counters IS
    'Reserve at job creation, settle at completion, release on failure; the CHECK makes over-use impossible';

SELECT ops.finish_schema('identity', 'svc_identity');

INSERT INTO ops.schema_migrations (version, name) VALUES (3, '03_identity_billing');
COMMIT;

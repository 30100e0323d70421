-- Identity: users, sign-in, roles, sessions, second factors, audit.

\set ON_ERROR_STOP on
BEGIN;
SET LOCAL ROLE flatrender_owner;

CREATE TABLE identity.users (
    id                   uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id            uuid NOT NULL,
    kind                 text NOT NULL DEFAULT 'human',
    email                text,
    email_norm           text GENERATED ALWAYS AS (lower(email)) STORED,
    email_verified_at    timestamptz,
    phone_e164           text,
    phone_verified_at    timestamptz,
    username             text,
    display_name         text NOT NULL DEFAULT '',
    avatar_file_id       uuid,
    locale               text NOT NULL DEFAULT 'fa-IR',
    timezone             text NOT NULL DEFAULT 'Asia/Tehran',
    status               text NOT NULL DEFAULT 'active',
    sessions_valid_after timestamptz NOT NULL DEFAULT '-infinity',
    mfa_required         boolean NOT NULL DEFAULT false,
    referral_code        text,
    referred_by_user_id  uuid,
    marketing_consent_at timestamptz,
    terms_version        text,
    terms_accepted_at    timestamptz,
    last_login_at        timestamptz,
    deleted_at           timestamptz,
    erased_at            timestamptz,
    row_version          integer NOT NULL DEFAULT 1,
    created_at           timestamptz NOT NULL DEFAULT now(),
    updated_at           timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT users_tenant_id_id_key UNIQUE (tenant_id, id),
    CONSTRAINT users_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES identity.tenants (id),
    CONSTRAINT users_kind_check CHECK (kind IN ('human', 'service')),
    CONSTRAINT users_status_check CHECK (status IN ('pending', 'active', 'locked', 'suspended', 'deleting', 'erased')),
    CONSTRAINT users_reachable CHECK (email IS NOT NULL OR phone_e164 IS NOT NULL OR kind = 'service' OR status = 'erased'),
    CONSTRAINT users_erased_is_empty CHECK (erased_at IS NULL OR (email IS NULL AND phone_e164 IS NULL)),
    CONSTRAINT users_email_check CHECK (length(email) <= 254),
    CONSTRAINT users_phone_e164_check CHECK (phone_e164 ~ '^\+[1-9][0-9]{6,14}$')
);
COMMENT ON COLUMN identity.users.avatar_file_id IS 'soft ref file_mgr.files.id';
CREATE UNIQUE INDEX users_tenant_id_email_norm_key ON identity.users (tenant_id, email_norm)
    WHERE deleted_at IS NULL AND email IS NOT NULL;
CREATE UNIQUE INDEX users_tenant_id_phone_e164_key ON identity.users (tenant_id, phone_e164)
    WHERE deleted_at IS NULL AND phone_e164 IS NOT NULL;
CREATE UNIQUE INDEX users_tenant_id_referral_code_key ON identity.users (tenant_id, referral_code) WHERE referral_code IS NOT NULL;
CREATE INDEX users_tenant_id_display_name_idx
    ON identity.users (tenant_id, lower(display_name) text_pattern_ops) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX users_tenant_id_username_key ON identity.users (tenant_id, lower(username COLLATE "C"))
    WHERE deleted_at IS NULL AND username IS NOT NULL;

ALTER TABLE identity.tenant_api_keys
    ADD CONSTRAINT tenant_api_keys_created_by_user_id_fkey FOREIGN KEY (tenant_id, created_by_user_id)
        REFERENCES identity.users (tenant_id, id);

CREATE TABLE identity.user_credentials (
    user_id             uuid PRIMARY KEY,
    tenant_id           uuid NOT NULL,
    password_hash       text NOT NULL,
    pepper_version      smallint NOT NULL DEFAULT 0,
    must_change         boolean NOT NULL DEFAULT false,
    breached_checked_at timestamptz,
    changed_at          timestamptz NOT NULL DEFAULT now(),
    created_at          timestamptz NOT NULL DEFAULT now(),
    updated_at          timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT user_credentials_user_id_fkey FOREIGN KEY (tenant_id, user_id)
        REFERENCES identity.users (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT user_credentials_password_hash_check CHECK (password_hash ~ '^\$argon2id\$')
);

CREATE TABLE identity.user_identities (
    id                uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id         uuid NOT NULL,
    user_id           uuid NOT NULL,
    provider          text NOT NULL,
    issuer            text NOT NULL,
    subject           text NOT NULL,
    email_at_provider text,
    email_verified    boolean NOT NULL DEFAULT false,
    profile           jsonb NOT NULL DEFAULT '{}',
    linked_at         timestamptz NOT NULL DEFAULT now(),
    last_login_at     timestamptz,
    CONSTRAINT user_identities_tenant_id_issuer_subject_key UNIQUE (tenant_id, issuer, subject),
    CONSTRAINT user_identities_tenant_id_user_id_issuer_key UNIQUE (tenant_id, user_id, issuer),
    CONSTRAINT user_identities_user_id_fkey FOREIGN KEY (tenant_id, user_id)
        REFERENCES identity.users (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE identity.roles (
    id          uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id   uuid NOT NULL,
    key         text NOT NULL,
    name        text NOT NULL,
    permissions text[] NOT NULL DEFAULT '{}',
    is_system   boolean NOT NULL DEFAULT false,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT roles_tenant_id_id_key UNIQUE (tenant_id, id),
    CONSTRAINT roles_tenant_id_key_key UNIQUE (tenant_id, key),
    CONSTRAINT roles_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES identity.tenants (id),
    CONSTRAINT roles_key_check CHECK (key ~ '^[a-z][a-z0-9_.-]{1,63}$')
);

CREATE TABLE identity.user_roles (
    tenant_id          uuid NOT NULL,
    user_id            uuid NOT NULL,
    role_id            uuid NOT NULL,
    granted_by_user_id uuid,
    granted_at         timestamptz NOT NULL DEFAULT now(),
    expires_at         timestamptz,
    PRIMARY KEY (user_id, role_id),
    CONSTRAINT user_roles_role_id_fkey FOREIGN KEY (tenant_id, role_id)
        REFERENCES identity.roles (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT user_roles_user_id_fkey FOREIGN KEY (tenant_id, user_id)
        REFERENCES identity.users (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX user_roles_role_id_idx ON identity.user_roles (role_id);

INSERT INTO identity.roles (tenant_id, key, name, permissions, is_system) VALUES
    (ops.platform_tenant(), 'admin', 'Administrator', '{admin.templates,admin.render,admin.nodes}', true),
    (ops.platform_tenant(), 'user', 'User', '{}', true);

CREATE TABLE identity.sessions (
    id                   uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id            uuid NOT NULL,
    user_id              uuid NOT NULL,
    token_hash           bytea NOT NULL,
    client_type          text NOT NULL,
    aal                  smallint NOT NULL DEFAULT 1,
    auth_methods         text[] NOT NULL,
    authenticated_at     timestamptz NOT NULL DEFAULT now(),
    ip_first             inet,
    ip_last              inet,
    user_agent           text,
    device_label         text,
    impersonator_user_id uuid,
    impersonation_reason text,
    impersonation_ticket text,
    last_seen_at         timestamptz NOT NULL DEFAULT now(),
    access_expires_at    timestamptz NOT NULL,
    idle_expires_at      timestamptz NOT NULL,
    absolute_expires_at  timestamptz NOT NULL,
    revoked_at           timestamptz,
    revoked_reason       text,
    created_at           timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT sessions_tenant_id_id_key UNIQUE (tenant_id, id),
    CONSTRAINT sessions_token_hash_key UNIQUE (token_hash),
    CONSTRAINT sessions_user_id_fkey FOREIGN KEY (tenant_id, user_id)
        REFERENCES identity.users (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT sessions_client_type_check CHECK (client_type IN ('web', 'pwa', 'mobile', 'api', 'agent')),
    CONSTRAINT sessions_aal_check CHECK (aal IN (1, 2)),
    CONSTRAINT sessions_revoked_reason_check CHECK (revoked_reason IN (
        'logout', 'admin', 'password_change', 'mfa_change', 'reuse_detected', 'user_deleted', 'expired', 'superseded')),
    CONSTRAINT sessions_impersonation_reason CHECK (impersonator_user_id IS NULL OR impersonation_reason IS NOT NULL),
    CONSTRAINT sessions_idle_expires_at_absolute_expires_at_check CHECK (idle_expires_at <= absolute_expires_at),
    CONSTRAINT sessions_token_hash_check CHECK (octet_length(token_hash) = 32)
);
CREATE INDEX sessions_absolute_expires_at_idx ON identity.sessions (absolute_expires_at) WHERE revoked_at IS NULL;
CREATE INDEX sessions_live_by_user_idx ON identity.sessions (user_id) WHERE revoked_at IS NULL;

CREATE TABLE identity.refresh_tokens (
    id                uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id         uuid NOT NULL,
    session_id        uuid NOT NULL,
    parent_id         uuid,
    token_hash        bytea NOT NULL,
    generation        integer NOT NULL DEFAULT 1,
    issued_at         timestamptz NOT NULL DEFAULT now(),
    expires_at        timestamptz NOT NULL,
    used_at           timestamptz,
    reuse_detected_at timestamptz,
    replay_count      smallint NOT NULL DEFAULT 0,
    CONSTRAINT refresh_tokens_tenant_id_id_key UNIQUE (tenant_id, id),
    CONSTRAINT refresh_tokens_parent_id_key UNIQUE (parent_id),
    CONSTRAINT refresh_tokens_token_hash_key UNIQUE (token_hash),
    CONSTRAINT refresh_tokens_parent_id_fkey FOREIGN KEY (tenant_id, parent_id)
        REFERENCES identity.refresh_tokens (tenant_id, id) ON DELETE SET NULL (parent_id),
    CONSTRAINT refresh_tokens_session_id_fkey FOREIGN KEY (tenant_id, session_id)
        REFERENCES identity.sessions (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT refresh_tokens_token_hash_check CHECK (octet_length(token_hash) = 32)
);
COMMENT ON TABLE identity.refresh_tokens IS
    'family = session. Rotation: UPDATE .. SET used_at WHERE used_at IS NULL RETURNING; zero rows => reuse => revoke the session.';
CREATE UNIQUE INDEX refresh_tokens_one_live_per_session ON identity.refresh_tokens (session_id) WHERE used_at IS NULL;

CREATE TABLE identity.mfa_factors (
    id              uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id       uuid NOT NULL,
    user_id         uuid NOT NULL,
    type            text NOT NULL,
    label           text NOT NULL DEFAULT '',
    status          text NOT NULL DEFAULT 'pending',
    secret_enc      bytea,
    secret_key_id   text,
    totp_digits     smallint DEFAULT 6,
    totp_period     smallint DEFAULT 30,
    last_used_step  bigint,
    credential_id   bytea,
    public_key      bytea,
    sign_count      bigint,
    aaguid          uuid,
    transports      text[],
    backup_eligible boolean,
    backup_state    boolean,
    phone_e164      text,
    confirmed_at    timestamptz,
    last_used_at    timestamptz,
    revoked_at      timestamptz,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT mfa_factors_credential_id_key UNIQUE (credential_id),
    CONSTRAINT mfa_factors_user_id_fkey FOREIGN KEY (tenant_id, user_id)
        REFERENCES identity.users (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT mfa_factors_type_check CHECK (type IN ('totp', 'webauthn', 'sms', 'email')),
    CONSTRAINT mfa_factors_status_check CHECK (status IN ('pending', 'active', 'revoked')),
    CONSTRAINT mfa_factors_totp_secret CHECK (type <> 'totp' OR secret_enc IS NOT NULL),
    CONSTRAINT mfa_factors_webauthn_key CHECK (type <> 'webauthn' OR (credential_id IS NOT NULL AND public_key IS NOT NULL))
);
COMMENT ON COLUMN identity.mfa_factors.last_used_step IS 'TOTP replay stop: accept only step > last_used_step, in one UPDATE';
CREATE INDEX mfa_factors_user_id_idx ON identity.mfa_factors (user_id) WHERE status = 'active';

CREATE TABLE identity.mfa_recovery_codes (
    id         uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id  uuid NOT NULL,
    user_id    uuid NOT NULL,
    code_hash  bytea NOT NULL,
    batch_id   uuid NOT NULL,
    used_at    timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT mfa_recovery_codes_user_id_code_hash_key UNIQUE (user_id, code_hash),
    CONSTRAINT mfa_recovery_codes_user_id_fkey FOREIGN KEY (tenant_id, user_id)
        REFERENCES identity.users (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT mfa_recovery_codes_code_hash_check CHECK (octet_length(code_hash) = 32)
);

CREATE TABLE identity.auth_challenges (
    id           uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id    uuid NOT NULL,
    user_id      uuid,
    kind         text NOT NULL,
    secret_hash  bytea NOT NULL,
    target       text,
    context      jsonb NOT NULL DEFAULT '{}',
    attempts     smallint NOT NULL DEFAULT 0,
    max_attempts smallint NOT NULL DEFAULT 5,
    ip           inet,
    expires_at   timestamptz NOT NULL,
    consumed_at  timestamptz,
    created_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT auth_challenges_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES identity.tenants (id),
    CONSTRAINT auth_challenges_user_id_fkey FOREIGN KEY (tenant_id, user_id)
        REFERENCES identity.users (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT auth_challenges_kind_check CHECK (kind IN (
        'email_verify', 'phone_verify', 'password_reset', 'login_otp', 'mfa', 'webauthn_register', 'webauthn_login',
        'oauth_state', 'email_change', 'phone_change', 'invite', 'step_up')),
    CONSTRAINT auth_challenges_attempts_max_attempts_check CHECK (attempts <= max_attempts),
    CONSTRAINT auth_challenges_expires_at_created_at_check CHECK (expires_at > created_at),
    CONSTRAINT auth_challenges_secret_hash_check CHECK (octet_length(secret_hash) = 32)
);
COMMENT ON TABLE identity.auth_challenges IS
    'OTP codes, magic links, WebAuthn challenges, OAuth state+PKCE verifier (context, encrypted). Lifetime <= 10 min for OTP.';
CREATE INDEX auth_challenges_expires_at_idx ON identity.auth_challenges (expires_at);
CREATE INDEX auth_challenges_tenant_id_kind_target_idx ON identity.auth_challenges (tenant_id, kind, target) WHERE consumed_at IS NULL;

CREATE TABLE identity.auth_throttles (
    tenant_id         uuid NOT NULL,
    bucket            text NOT NULL,
    subject_hash      bytea NOT NULL,
    failures          integer NOT NULL DEFAULT 0,
    window_started_at timestamptz NOT NULL DEFAULT now(),
    blocked_until     timestamptz,
    updated_at        timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, bucket, subject_hash),
    CONSTRAINT auth_throttles_bucket_check CHECK (bucket IN (
        'login_account', 'login_ip', 'otp_account', 'otp_target', 'mfa_account', 'reset_account'))
);
COMMENT ON TABLE identity.auth_throttles IS
    'Reserve the attempt BEFORE verifying: INSERT..ON CONFLICT DO UPDATE SET failures=failures+1 RETURNING; reset on success.';

CREATE TABLE identity.signing_keys (
    kid         text PRIMARY KEY,
    alg         text NOT NULL,
    purpose     text NOT NULL,
    public_jwk  jsonb NOT NULL,
    private_enc bytea NOT NULL,
    wrap_key_id text NOT NULL,
    status      text NOT NULL DEFAULT 'pending',
    not_before  timestamptz NOT NULL DEFAULT now(),
    not_after   timestamptz,
    created_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT signing_keys_alg_check CHECK (alg IN ('EdDSA', 'ES256')),
    CONSTRAINT signing_keys_purpose_check CHECK (purpose IN ('access_token', 'service_token', 'webhook_v1a', 'signed_url')),
    CONSTRAINT signing_keys_status_check CHECK (status IN ('pending', 'active', 'retiring', 'retired'))
);
CREATE UNIQUE INDEX signing_keys_purpose_key ON identity.signing_keys (purpose) WHERE status = 'active';

CREATE TABLE identity.push_subscriptions (
    id              uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id       uuid NOT NULL,
    user_id         uuid NOT NULL,
    endpoint        text NOT NULL,
    p256dh          bytea NOT NULL,
    auth            bytea NOT NULL,
    user_agent      text,
    expires_at      timestamptz,
    failure_count   smallint NOT NULL DEFAULT 0,
    gone_at         timestamptz,
    last_success_at timestamptz,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT push_subscriptions_user_id_fkey FOREIGN KEY (tenant_id, user_id)
        REFERENCES identity.users (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT push_subscriptions_auth_check CHECK (octet_length(auth) = 16),
    CONSTRAINT push_subscriptions_endpoint_check CHECK (endpoint ~ '^https://[\x21-\x7e]+$' AND length(endpoint) <= 2048),
    CONSTRAINT push_subscriptions_p256dh_check CHECK (octet_length(p256dh) = 65)
);
CREATE UNIQUE INDEX push_subscriptions_tenant_id_endpoint_key ON identity.push_subscriptions (tenant_id, endpoint);
CREATE INDEX push_subscriptions_user_id_idx ON identity.push_subscriptions (user_id) WHERE gone_at IS NULL;

CREATE TABLE identity.data_requests (
    id                  uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id           uuid NOT NULL,
    user_id             uuid NOT NULL,
    kind                text NOT NULL,
    status              text NOT NULL DEFAULT 'received',
    per_service         jsonb NOT NULL DEFAULT '{}',
    result_file_id      uuid,
    download_expires_at timestamptz,
    due_at              timestamptz NOT NULL DEFAULT now() + interval '30 days',
    grace_until         timestamptz,
    requested_ip        inet,
    completed_at        timestamptz,
    created_at          timestamptz NOT NULL DEFAULT now(),
    updated_at          timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT data_requests_user_id_fkey FOREIGN KEY (tenant_id, user_id) REFERENCES identity.users (tenant_id, id),
    CONSTRAINT data_requests_kind_check CHECK (kind IN ('export', 'erase', 'restrict')),
    CONSTRAINT data_requests_status_check CHECK (status IN ('received', 'verified', 'running', 'completed', 'rejected', 'failed'))
);
COMMENT ON COLUMN identity.data_requests.result_file_id IS 'soft ref file_mgr.files.id';
CREATE UNIQUE INDEX data_requests_user_id_kind_key ON identity.data_requests (user_id, kind)
    WHERE status IN ('received', 'verified', 'running');

CREATE TABLE identity.audit_logs (
    id                   uuid NOT NULL DEFAULT ops.uuid_v7(),
    occurred_at          timestamptz NOT NULL DEFAULT now(),
    tenant_id            uuid NOT NULL,
    actor_type           text NOT NULL,
    actor_id             uuid,
    impersonator_user_id uuid,
    action               text NOT NULL,
    outcome              text NOT NULL,
    target_type          text,
    target_id            uuid,
    ip                   inet,
    user_agent           text,
    request_id           uuid,
    session_id           uuid,
    changes              jsonb,
    prev_hash            bytea,
    hash                 bytea,
    PRIMARY KEY (occurred_at, id),
    CONSTRAINT audit_logs_actor_type_check CHECK (actor_type IN ('user', 'api_key', 'service', 'node', 'system', 'anonymous')),
    CONSTRAINT audit_logs_outcome_check CHECK (outcome IN ('success', 'denied', 'failure'))
) PARTITION BY RANGE (occurred_at);
COMMENT ON TABLE identity.audit_logs IS 'Monthly partitions; optional per-tenant hash chain';
CREATE INDEX audit_logs_tenant_id_actor_id_occurred_at_idx ON identity.audit_logs (tenant_id, actor_id, occurred_at DESC);
CREATE INDEX audit_logs_occurred_at_idx ON identity.audit_logs USING brin (occurred_at) WITH (pages_per_range = 32);
CREATE INDEX audit_logs_tenant_id_target_type_target_id_occurred_at_idx
    ON identity.audit_logs (tenant_id, target_type, target_id, occurred_at DESC);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON identity.audit_logs FOR EACH ROW EXECUTE FUNCTION ops.append_only();
SELECT ops.ensure_monthly_partitions('identity.audit_logs', '2026-01-01', 1);

-- A request shows only its token: these two find the session before the tenant is known.
CREATE FUNCTION identity.session_by_token_hash(p_token_hash bytea)
RETURNS TABLE (session_id uuid, tenant_id uuid, user_id uuid, tenant_status text, user_status text, aal smallint, auth_methods text[],
               impersonator_user_id uuid, authenticated_at timestamptz, access_expires_at timestamptz, idle_expires_at timestamptz,
               absolute_expires_at timestamptz, sessions_valid_after timestamptz, revoked_at timestamptz, locale text, permissions text[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT s.id, s.tenant_id, s.user_id, t.status, u.status, s.aal, s.auth_methods, s.impersonator_user_id, s.authenticated_at, s.access_expires_at,
           s.idle_expires_at, s.absolute_expires_at, u.sessions_valid_after, s.revoked_at, u.locale,
           ARRAY(SELECT DISTINCT p.permission
                 FROM identity.user_roles AS ur
                 JOIN identity.roles AS r ON r.tenant_id = ur.tenant_id AND r.id = ur.role_id
                 CROSS JOIN LATERAL unnest(r.permissions) AS p (permission)
                 WHERE ur.tenant_id = s.tenant_id AND ur.user_id = s.user_id AND (ur.expires_at IS NULL OR ur.expires_at > now())
                 ORDER BY p.permission)
    FROM identity.sessions AS s
    JOIN identity.users AS u ON u.tenant_id = s.tenant_id AND u.id = s.user_id
    JOIN identity.tenants AS t ON t.id = s.tenant_id
    WHERE s.token_hash = p_token_hash
$$;

CREATE FUNCTION identity.refresh_token_by_hash(p_token_hash bytea)
RETURNS TABLE (refresh_token_id uuid, tenant_id uuid, session_id uuid, expires_at timestamptz, used_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT r.id, r.tenant_id, r.session_id, r.expires_at, r.used_at
    FROM identity.refresh_tokens AS r
    WHERE r.token_hash = p_token_hash
$$;

GRANT EXECUTE ON FUNCTION identity.session_by_token_hash(bytea), identity.refresh_token_by_hash(bytea) TO svc_identity, svc_identity_worker;

SELECT ops.finish_schema('identity', 'svc_identity');

INSERT INTO ops.schema_migrations (version, name) VALUES (2, '02_identity_users');
COMMIT;

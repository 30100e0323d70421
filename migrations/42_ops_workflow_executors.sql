-- Ops: the processes that run workflows and when each was last seen alive, so that the others take up what a dead one left; and room for many of them:
-- how many connections a role has is the processes' number times their pools, which are settings, not something that the schema knows.

\set ON_ERROR_STOP on
BEGIN;
SET LOCAL ROLE flatrender_owner;

CREATE TABLE ops.workflow_executors (
    executor_id         text        NOT NULL,
    application_version text        NOT NULL,
    concurrency         integer     NOT NULL,
    running             integer     NOT NULL DEFAULT 0,
    started_at          timestamptz NOT NULL DEFAULT now(),
    beat_at             timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT workflow_executors_pkey PRIMARY KEY (executor_id),
    CONSTRAINT workflow_executors_executor_id_check CHECK (length(executor_id) BETWEEN 1 AND 200),
    CONSTRAINT workflow_executors_concurrency_check CHECK (concurrency > 0),
    CONSTRAINT workflow_executors_running_check CHECK (running >= 0)
);
COMMENT ON TABLE ops.workflow_executors IS
    'a row for each process that runs workflows; one that stops in order removes its own, one that has not beaten for a while is dead';
COMMENT ON COLUMN ops.workflow_executors.application_version IS 'workflows that were begun under a version go on under the same one while an executor has it';
COMMENT ON COLUMN ops.workflow_executors.running IS 'workflows that it runs just now';

GRANT USAGE ON SCHEMA ops TO svc_workflow;
GRANT SELECT, INSERT, UPDATE, DELETE ON ops.workflow_executors TO svc_workflow;
GRANT SELECT ON ops.workflow_executors TO svc_render, svc_render_worker;

RESET ROLE;
DO $$
DECLARE
    v_role text;
BEGIN
    FOR v_role IN
        SELECT rolname FROM pg_roles WHERE rolname ~ '^svc_((identity|content|studio|render|file|notification)(_worker)?|workflow)$' ORDER BY rolname
    LOOP
        EXECUTE format('ALTER ROLE %I CONNECTION LIMIT -1', v_role);
    END LOOP;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE WARNING 'the service roles keep their connection limits: run ALTER ROLE … CONNECTION LIMIT -1 as one who may, before there are several replicas';
END
$$;
SET LOCAL ROLE flatrender_owner;

INSERT INTO ops.schema_migrations (version, name) VALUES (42, '42_ops_workflow_executors');
COMMIT;

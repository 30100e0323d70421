-- Render: every claim of a chunk with its outcome and log, what crashes led to, templates that stop engines, repairs of single frames.

\set ON_ERROR_STOP on
BEGIN;
SET LOCAL ROLE flatrender_owner;

CREATE TABLE render.frame_attempts (
    tenant_id     uuid NOT NULL,
    render_job_id uuid NOT NULL,
    frame_job_id  uuid NOT NULL,
    epoch         bigint NOT NULL,
    chunk_no      integer NOT NULL,
    scene_key     text,
    frame_start   integer NOT NULL,
    frame_end     integer NOT NULL,
    engine        text NOT NULL,
    is_repair     boolean NOT NULL DEFAULT false,
    node_id       uuid,
    lease_id      uuid NOT NULL,
    outcome       text,
    error_code    text,
    detail        text,
    log_key       text,
    log_bytes     integer,
    seconds       numeric,
    started_at    timestamptz NOT NULL DEFAULT now(),
    finished_at   timestamptz,
    PRIMARY KEY (frame_job_id, epoch),
    CONSTRAINT frame_attempts_render_job_id_fkey FOREIGN KEY (tenant_id, render_job_id)
        REFERENCES render.render_jobs (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT frame_attempts_node_id_fkey FOREIGN KEY (node_id) REFERENCES render.nodes (id) ON DELETE SET NULL,
    CONSTRAINT frame_attempts_outcome_check CHECK (outcome IN (
        'completed', 'failed', 'lease_expired', 'boot_ended', 'canceled', 'superseded')),
    CONSTRAINT frame_attempts_outcome_finished_at_check CHECK ((outcome IS NULL) = (finished_at IS NULL)),
    CONSTRAINT frame_attempts_epoch_check CHECK (epoch > 0),
    CONSTRAINT frame_attempts_detail_check CHECK (length(detail) <= 2000),
    CONSTRAINT frame_attempts_log_bytes_check CHECK (log_bytes BETWEEN 0 AND 262144),
    CONSTRAINT frame_attempts_log_key_log_bytes_check CHECK (log_key IS NULL OR log_bytes IS NOT NULL)
);
COMMENT ON TABLE render.frame_attempts IS 'One row for each claim of a chunk, written by a trigger of render.frame_jobs, so that none is without';
COMMENT ON COLUMN render.frame_attempts.frame_job_id IS 'soft ref render.frame_jobs.id: a film that is planned anew has other chunks';
COMMENT ON COLUMN render.frame_attempts.outcome IS 'NULL while a node has it';
COMMENT ON COLUMN render.frame_attempts.log_key IS
    'object key of what the node wrote down, gzip; NULL when it sent nothing (a lost node) or the log has expired';
CREATE INDEX frame_attempts_render_job_id_started_at_idx ON render.frame_attempts (render_job_id, started_at);
CREATE INDEX frame_attempts_node_id_started_at_idx ON render.frame_attempts (node_id, started_at DESC);
CREATE INDEX frame_attempts_finished_at_idx ON render.frame_attempts (finished_at) WHERE log_key IS NOT NULL;

ALTER TABLE render.frame_jobs
    ADD COLUMN repair_id uuid,
    ADD COLUMN packets bytea,
    ADD COLUMN checked_at timestamptz,
    ADD COLUMN reusable boolean NOT NULL DEFAULT true,
    ADD CONSTRAINT frame_jobs_packets_check CHECK (octet_length(packets) % 4 = 0);
COMMENT ON COLUMN render.frame_jobs.packets IS
    'Adler-32 of each packet of the accepted output in decoding order, 4 bytes each: says which frames of a damaged segment are whole';
COMMENT ON COLUMN render.frame_jobs.checked_at IS 'when every frame of the accepted output was looked at and found good';
COMMENT ON COLUMN render.frame_jobs.reusable IS 'false: the accepted output turned out to be broken, no other film may use it';
CREATE INDEX frame_jobs_segment_key_idx ON render.frame_jobs (tenant_id, segment_key) WHERE segment_key IS NOT NULL;

ALTER TABLE render.frame_repair_jobs
    ADD COLUMN requested_by_user_id uuid,
    DROP CONSTRAINT frame_repair_jobs_reason_check,
    ADD CONSTRAINT frame_repair_jobs_reason_check CHECK (reason IN (
        'missing', 'corrupt', 'black', 'frozen', 'truncated', 'checksum', 'visual_glitch'));
COMMENT ON COLUMN render.frame_repair_jobs.requested_by_user_id IS 'soft ref identity.users.id; who asked for it by hand';
COMMENT ON COLUMN render.frame_repair_jobs.frames IS 'output frames of the film, exactly those that are drawn again';
CREATE INDEX frame_repair_jobs_render_job_id_idx ON render.frame_repair_jobs (render_job_id, created_at);

ALTER TABLE render.frame_repair_jobs ADD CONSTRAINT frame_repair_jobs_tenant_id_id_key UNIQUE (tenant_id, id);
ALTER TABLE render.frame_jobs
    ADD CONSTRAINT frame_jobs_repair_id_fkey FOREIGN KEY (tenant_id, repair_id)
        REFERENCES render.frame_repair_jobs (tenant_id, id) ON DELETE CASCADE;
COMMENT ON COLUMN render.frame_jobs.repair_id IS
    'not NULL: no chunk of the film, but frames of one that are drawn again and put into its segment';
CREATE INDEX frame_jobs_repair_id_idx ON render.frame_jobs (repair_id) WHERE repair_id IS NOT NULL;

ALTER TABLE render.node_crashes
    ADD COLUMN epoch bigint,
    ADD COLUMN code text,
    ADD COLUMN scene_key text;
COMMENT ON COLUMN render.node_crashes.code IS 'the failure''s code, as the node gave it';
CREATE INDEX node_crashes_frame_job_id_idx ON render.node_crashes (frame_job_id) WHERE frame_job_id IS NOT NULL;
CREATE INDEX node_crashes_project_version_id_idx ON render.node_crashes (project_version_id, occurred_at DESC)
    WHERE project_version_id IS NOT NULL;

CREATE TABLE render.template_flags (
    id                 uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id          uuid NOT NULL,
    project_id         uuid NOT NULL,
    project_version_id uuid NOT NULL,
    scene_key          text NOT NULL,
    engines_stopped    integer NOT NULL DEFAULT 0,
    last_kind          text NOT NULL,
    last_code          text NOT NULL,
    last_render_job_id uuid,
    flagged_at         timestamptz NOT NULL DEFAULT now(),
    cleared_at         timestamptz,
    cleared_by_user_id uuid,
    created_at         timestamptz NOT NULL DEFAULT now(),
    updated_at         timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT template_flags_tenant_id_project_version_id_scene_key_key UNIQUE (tenant_id, project_version_id, scene_key),
    CONSTRAINT template_flags_engines_stopped_check CHECK (engines_stopped >= 0)
);
COMMENT ON TABLE render.template_flags IS 'Scenes that stopped engines on several nodes; while a flag is set the first crash of the scene ends its film';
COMMENT ON COLUMN render.template_flags.project_id IS 'soft ref content.projects.id';
COMMENT ON COLUMN render.template_flags.project_version_id IS 'soft ref content.project_versions.id';
COMMENT ON COLUMN render.template_flags.last_render_job_id IS 'soft ref render.render_jobs.id';
COMMENT ON COLUMN render.template_flags.cleared_by_user_id IS 'soft ref identity.users.id';
CREATE INDEX template_flags_project_id_idx ON render.template_flags (tenant_id, project_id) WHERE cleared_at IS NULL;

-- Whichever statement leases a chunk or ends its lease, the attempt is noted with it and costs no round trip; and what a crash led to is known
-- when the chunk goes on.
CREATE FUNCTION render.note_attempt() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF OLD.status = 'running' AND (TG_OP = 'DELETE' OR NEW.status <> 'running' OR NEW.epoch > OLD.epoch) THEN
        UPDATE render.frame_attempts AS a SET finished_at = clock_timestamp(),
            outcome = CASE
                WHEN TG_OP = 'DELETE' OR NEW.status = 'running' THEN 'superseded'
                WHEN NEW.status = 'done' THEN 'completed'
                WHEN NEW.error_code IN ('lease_expired', 'boot_ended') THEN NEW.error_code
                WHEN NEW.status = 'canceled' THEN 'canceled'
                ELSE 'failed' END,
            error_code = CASE WHEN TG_OP = 'UPDATE' AND NEW.status NOT IN ('done', 'running') THEN NEW.error_code END,
            seconds = CASE WHEN TG_OP = 'UPDATE' AND NEW.status = 'done' THEN NEW.seconds END
        WHERE a.tenant_id = OLD.tenant_id AND a.frame_job_id = OLD.id AND a.epoch = OLD.epoch AND a.outcome IS NULL;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN NULL;
    END IF;
    IF NEW.epoch > OLD.epoch AND NEW.status = 'running' THEN
        INSERT INTO render.frame_attempts
            (tenant_id, render_job_id, frame_job_id, epoch, chunk_no, scene_key, frame_start, frame_end, engine, is_repair,
             node_id, lease_id)
        VALUES (NEW.tenant_id, NEW.render_job_id, NEW.id, NEW.epoch, NEW.chunk_no, NEW.scene_key, NEW.frame_start, NEW.frame_end, NEW.engine,
                NEW.repair_id IS NOT NULL, NEW.node_id, NEW.lease_id);
        IF NEW.epoch > 1 THEN
            UPDATE render.node_crashes AS c SET recovered_at = clock_timestamp(),
                recovery = CASE WHEN c.node_id = NEW.node_id THEN 'retried_same' ELSE 'retried_other' END
            WHERE c.frame_job_id = NEW.id AND c.recovery = 'pending';
        END IF;
    ELSIF NEW.status IN ('canceled', 'failed') THEN
        UPDATE render.node_crashes AS c SET recovered_at = clock_timestamp(), recovery = 'gave_up'
        WHERE c.frame_job_id = NEW.id AND c.recovery = 'pending';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER note_attempt AFTER UPDATE OF status, epoch ON render.frame_jobs FOR EACH ROW
    WHEN (OLD.status IS DISTINCT FROM NEW.status OR OLD.epoch IS DISTINCT FROM NEW.epoch)
    EXECUTE FUNCTION render.note_attempt();
CREATE TRIGGER note_attempt_deleted AFTER DELETE ON render.frame_jobs FOR EACH ROW
    WHEN (OLD.status = 'running')
    EXECUTE FUNCTION render.note_attempt();

SELECT ops.finish_schema('render', 'svc_render');

INSERT INTO ops.schema_migrations (version, name) VALUES (38, '38_render_attempts_repairs');
COMMIT;

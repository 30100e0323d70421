-- Render: what the farm's dashboards are drawn from, how long health is kept, the trace of a film.

\set ON_ERROR_STOP on
BEGIN;
SET LOCAL ROLE flatrender_owner;

ALTER TABLE render.render_jobs
    ADD COLUMN traceparent text,
    ADD CONSTRAINT render_jobs_traceparent_check CHECK (length(traceparent) <= 64);
COMMENT ON COLUMN render.render_jobs.traceparent IS 'W3C trace context of the request that asked for the film; NULL when traces are off';

CREATE TABLE render.node_pictures (
    node_id  uuid PRIMARY KEY,
    picture  bytea NOT NULL,
    taken_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT node_pictures_node_id_fkey FOREIGN KEY (node_id) REFERENCES render.nodes (id) ON DELETE CASCADE,
    CONSTRAINT node_pictures_picture_check CHECK (octet_length(picture) BETWEEN 4 AND 32768)
);
COMMENT ON TABLE render.node_pictures IS 'The last picture that each node drew, small (JPEG); one row a node';

CREATE INDEX frame_jobs_finished_at_idx ON render.frame_jobs (finished_at) WHERE status = 'done' AND seconds IS NOT NULL;
CREATE INDEX render_jobs_finished_at_idx ON render.render_jobs (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX node_crashes_occurred_at_brin ON render.node_crashes USING brin (occurred_at) WITH (pages_per_range = 16);

-- Partitions are the owner's, so that a service can neither drop nor empty them; this drops whole months that ended before a date.
CREATE FUNCTION render.drop_health_before(p_before date) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone TO 'UTC' SET lock_timeout TO '3s' AS $$
DECLARE
    v_name    text;
    v_month   date;
    v_dropped integer := 0;
BEGIN
    IF p_before IS NULL OR p_before > (now() - interval '1 month')::date THEN
        RAISE EXCEPTION 'health is kept for at least a month, so % is too late', p_before USING ERRCODE = 'invalid_parameter_value';
    END IF;
    FOR v_name IN
        SELECT c.relname FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'render.node_health_logs'::regclass ORDER BY c.relname
    LOOP
        v_month := to_date(right(v_name, 7), 'YYYY_MM');
        IF v_month + interval '1 month' <= date_trunc('month', p_before::timestamp) THEN
            EXECUTE format('ALTER TABLE render.node_health_logs DETACH PARTITION render.%I', v_name);
            EXECUTE format('DROP TABLE render.%I', v_name);
            v_dropped := v_dropped + 1;
        END IF;
    END LOOP;
    RETURN v_dropped;
END
$$;
COMMENT ON FUNCTION render.drop_health_before(date) IS
    'Detach and drop the partitions of months that ended before the month of p_before; returns how many';
GRANT EXECUTE ON FUNCTION render.drop_health_before(date) TO svc_render_worker;

-- The farm at a glance. The platform's tenant sees all tenants' rows, every other one its own: these functions run as the owner, so
-- they say it themselves.
CREATE FUNCTION render.farm_sees(p_tenant_id uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT coalesce(ops.current_tenant() IN (p_tenant_id, ops.platform_tenant()), false)
$$;

CREATE FUNCTION render.farm_queue()
RETURNS TABLE (lane text, pool text, tenant_id uuid, waiting bigint, running bigint, oldest_s double precision)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH chunks AS (
        SELECT f.tenant_id, f.render_job_id, f.pool, count(*) FILTER (WHERE f.status = 'queued') AS waiting,
               count(*) FILTER (WHERE f.status = 'running') AS running, min(f.created_at) FILTER (WHERE f.status = 'queued') AS oldest
        FROM render.frame_jobs AS f WHERE f.status IN ('queued', 'running') AND render.farm_sees(f.tenant_id)
        GROUP BY f.tenant_id, f.render_job_id, f.pool
    ), work AS (
        SELECT CASE WHEN j.output_profile_key = 'draft' THEN 'draft' ELSE 'final' END AS lane, c.pool, c.tenant_id,
               c.waiting, c.running, c.oldest
        FROM chunks AS c JOIN render.render_jobs AS j ON j.tenant_id = c.tenant_id AND j.id = c.render_job_id
        UNION ALL
        SELECT 'snapshot', s.pool, s.tenant_id, count(*) FILTER (WHERE s.status = 'queued'), count(*) FILTER (WHERE s.status = 'running'),
               min(s.created_at) FILTER (WHERE s.status = 'queued')
        FROM render.snapshot_jobs AS s WHERE s.status IN ('queued', 'running') AND render.farm_sees(s.tenant_id) GROUP BY s.pool, s.tenant_id
        UNION ALL
        SELECT 'preview', s.pool, s.tenant_id, count(*) FILTER (WHERE s.status = 'queued'), count(*) FILTER (WHERE s.status = 'running'),
               min(s.created_at) FILTER (WHERE s.status = 'queued')
        FROM render.snapshots AS s WHERE s.status IN ('queued', 'running') AND render.farm_sees(s.tenant_id) GROUP BY s.pool, s.tenant_id
    )
    SELECT w.lane, w.pool, w.tenant_id, sum(w.waiting)::bigint, sum(w.running)::bigint,
           extract(epoch FROM now() - min(w.oldest))::double precision
    FROM work AS w GROUP BY w.lane, w.pool, w.tenant_id
$$;
COMMENT ON FUNCTION render.farm_queue() IS 'Work that waits or runs, by lane, pool and tenant; oldest_s is NULL when nothing waits';

CREATE FUNCTION render.farm_throughput(p_from timestamptz, p_step interval)
RETURNS TABLE (bin timestamptz, frames bigint, node_seconds double precision, chunks bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT date_bin(p_step, f.finished_at, p_from), sum(f.frame_end - f.frame_start + 1)::bigint, sum(f.seconds)::double precision, count(*)
    FROM render.frame_jobs AS f
    WHERE f.status = 'done' AND f.seconds IS NOT NULL AND f.finished_at >= p_from AND render.farm_sees(f.tenant_id)
    GROUP BY 1 ORDER BY 1
$$;
COMMENT ON FUNCTION render.farm_throughput(timestamptz, interval) IS
    'What nodes drew since p_from, in bins of p_step; parts that were used again are not drawn';

CREATE FUNCTION render.farm_failures(p_from timestamptz, p_step interval)
RETURNS TABLE (bin timestamptz, class text, failures bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT date_bin(p_step, c.occurred_at, p_from),
           CASE c.kind WHEN 'license' THEN 'licence' WHEN 'node_lost' THEN 'lost'
                WHEN 'engine_crash' THEN 'engine' WHEN 'engine_hang' THEN 'engine'
                WHEN 'missing_font' THEN 'content' WHEN 'missing_plugin' THEN 'content' ELSE 'node' END,
           count(*)
    FROM render.node_crashes AS c
    WHERE c.occurred_at >= p_from AND (render.farm_sees(c.tenant_id) OR c.tenant_id IS NULL AND render.farm_sees(ops.platform_tenant()))
    GROUP BY 1, 2
    UNION ALL
    SELECT date_bin(p_step, j.finished_at, p_from), 'film', count(*)
    FROM render.render_jobs AS j
    WHERE j.status = 'failed' AND j.finished_at >= p_from AND render.farm_sees(j.tenant_id)
    GROUP BY 1
    ORDER BY 1, 2
$$;
COMMENT ON FUNCTION render.farm_failures(timestamptz, interval) IS
    'What went wrong on nodes since p_from by class (content, engine, node, licence, lost), and films that failed (film), in bins of p_step';

CREATE FUNCTION render.farm_templates(p_from timestamptz, p_limit integer)
RETURNS TABLE (project_id uuid, engine text, height integer, chunks bigint, frames bigint, node_seconds double precision)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT j.project_id, f.engine, j.height, count(*), sum(f.frame_end - f.frame_start + 1)::bigint, sum(f.seconds)::double precision
    FROM render.frame_jobs AS f JOIN render.render_jobs AS j ON j.tenant_id = f.tenant_id AND j.id = f.render_job_id
    WHERE f.status = 'done' AND f.seconds IS NOT NULL AND f.finished_at >= p_from AND render.farm_sees(f.tenant_id)
    GROUP BY j.project_id, f.engine, j.height
    ORDER BY sum(f.seconds) / sum(f.frame_end - f.frame_start + 1) DESC LIMIT least(p_limit, 100)
$$;
COMMENT ON FUNCTION render.farm_templates(timestamptz, integer) IS
    'The templates whose frames took nodes longest since p_from, slowest first';

CREATE FUNCTION render.farm_films(p_from timestamptz)
RETURNS TABLE (status text, error_code text, films bigint, median_s double precision)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT j.status, j.error_code, count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM j.finished_at - j.queued_at))
    FROM render.render_jobs AS j
    WHERE j.finished_at >= p_from AND j.status IN ('completed', 'failed', 'canceled') AND render.farm_sees(j.tenant_id)
    GROUP BY j.status, j.error_code
$$;
COMMENT ON FUNCTION render.farm_films(timestamptz) IS
    'How films ended since p_from, with the median of their seconds from the order to the end';

CREATE FUNCTION render.farm_work()
RETURNS TABLE (node_id uuid, kind text, render_job_id uuid, tenant_id uuid, title text, scene_key text, frames integer, frames_done integer,
               started_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT f.node_id, 'frame', f.render_job_id, f.tenant_id, j.input ->> 'title', f.scene_key, f.frame_end - f.frame_start + 1, f.frames_done,
           f.started_at
    FROM render.frame_jobs AS f JOIN render.render_jobs AS j ON j.tenant_id = f.tenant_id AND j.id = f.render_job_id
    WHERE f.status = 'running' AND f.node_id IS NOT NULL AND render.farm_sees(f.tenant_id)
    UNION ALL
    SELECT s.node_id, 'snapshot', NULL, s.tenant_id, NULL, s.scene_key, 1, 0, s.started_at
    FROM render.snapshot_jobs AS s WHERE s.status = 'running' AND s.node_id IS NOT NULL AND render.farm_sees(s.tenant_id)
    ORDER BY 1, 9 LIMIT 2000
$$;
COMMENT ON FUNCTION render.farm_work() IS 'What nodes draw at this moment';

REVOKE EXECUTE ON FUNCTION render.farm_sees(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION render.farm_sees(uuid), render.farm_queue(), render.farm_throughput(timestamptz, interval),
    render.farm_failures(timestamptz, interval), render.farm_templates(timestamptz, integer), render.farm_films(timestamptz), render.farm_work()
    TO svc_render;

SELECT ops.finish_schema('render', 'svc_render');

INSERT INTO ops.schema_migrations (version, name) VALUES (41, '41_render_health');
COMMIT;

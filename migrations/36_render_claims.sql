-- Render: claims in one call of the database: whose turn it is, how many films of a tenant run at once, what a node has on its disk.

\set ON_ERROR_STOP on
BEGIN;
SET LOCAL ROLE flatrender_owner;

-- What tenants had of a pool lately, kept only while several of them wait for it.
CREATE TABLE render.tenant_shares (
    pool      text NOT NULL,
    tenant_id uuid NOT NULL,
    used_s    double precision NOT NULL DEFAULT 0,
    used_at   timestamptz NOT NULL DEFAULT now(),
    chunk_s   double precision NOT NULL DEFAULT 5,
    PRIMARY KEY (pool, tenant_id),
    CONSTRAINT tenant_shares_used_s_check CHECK (used_s >= 0),
    CONSTRAINT tenant_shares_chunk_s_check CHECK (chunk_s > 0)
) WITH (fillfactor = 50);
COMMENT ON TABLE render.tenant_shares IS
    'Fairness: of the tenants with the highest priority the one is next that had least of the pool for its weight, lately';
COMMENT ON COLUMN render.tenant_shares.used_s IS 'node seconds as of used_at; they fade, a half in a minute';
COMMENT ON COLUMN render.tenant_shares.chunk_s IS 'node seconds that a chunk of the tenant takes, from its last ones: what a claim costs it';

ALTER TABLE render.tenant_render_limits
    DROP COLUMN virtual_time,
    ADD CONSTRAINT tenant_render_limits_max_queued_jobs_check CHECK (max_queued_jobs >= 0);
COMMENT ON TABLE render.tenant_render_limits IS
    'What a tenant may have of the farm; without a row 2 films at once, 100 unfinished, weight 100';

-- Every result reads the film: not its whole input, which may be large, for the sake of the title.
ALTER TABLE render.render_jobs ADD COLUMN title text;
UPDATE render.render_jobs SET title = input ->> 'title';

-- The waiting chunks of one film: a tenant that may not start another film goes on with those that run.
CREATE INDEX frame_jobs_film_queue_idx ON render.frame_jobs (render_job_id, chunk_no) WHERE status = 'queued';

-- Few: those that a node failed at. Whether a node that gets nothing leaves something to others is read from it.
CREATE INDEX frame_jobs_excluding_idx ON render.frame_jobs (pool) WHERE status = 'queued' AND exclude_node_ids <> '{}';

-- Every report of a node moves the end of its leases. Without an index on that the row stays where it is and no index is touched;
-- whoever looks for leases that ran out reads the few rows that run.
DROP INDEX render.frame_jobs_lease_expires_at_idx;
ALTER TABLE render.frame_jobs SET (
    fillfactor = 85, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000, autovacuum_analyze_scale_factor = 0.05);
ALTER TABLE render.render_jobs SET (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE render.nodes SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);

-- What is left now of node seconds that were used until then: a half after a minute.
CREATE FUNCTION render.faded(p_used_s double precision, p_used_at timestamptz) RETURNS double precision LANGUAGE sql STABLE
RETURN p_used_s * exp(-0.0115524530 * least(greatest(extract(epoch FROM now() - p_used_at)::double precision, 0), 3600));

-- Leases the next chunk of a pool to a node. The outcome is
--   claimed     the chunk is in the row;
--   superseded  another start of the node has registered;
--   passed      there is none for this node, and another may get one;
--   empty       there is none now that any node might have.
-- Locks are taken in this order, as everywhere: node, start of a film (advisory), chunk, the tenant's share. Whoever starts a film counts the tenant's
-- running films under the second, so that never more run than may. With `p_patience_s` only a chunk is leased whose project the node has on its disk:
-- of the tenant whose turn it is, of its highest priority, and not once its oldest chunk has waited longer than that.
CREATE FUNCTION render.claim_chunk(
    p_node uuid, p_boot uuid, p_pool text, p_dedicated uuid, p_lease_s double precision, p_patience_s double precision)
RETURNS TABLE (outcome text, id uuid, tenant_id uuid, render_job_id uuid, lease_id uuid, epoch bigint, scene_object_key text, cache_key bytea, task jsonb)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
-- Whatever the statistics say of a queue that was empty a moment ago: each step reads the head of an index.
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    v_turn  record;
    v_chunk uuid;
    v_film  uuid;
    v_films uuid[];
    v_held  boolean := false;
BEGIN
    FOR v_turn IN
        WITH RECURSIVE heads AS (
            (SELECT f.tenant_id, f.priority, f.created_at, f.render_job_id FROM render.frame_jobs AS f
             WHERE f.status = 'queued' AND f.pool = p_pool AND f.tenant_id BETWEEN coalesce(p_dedicated, '00000000-0000-0000-0000-000000000000')
                   AND coalesce(p_dedicated, 'ffffffff-ffff-ffff-ffff-ffffffffffff') AND NOT p_node = ANY (f.exclude_node_ids)
             ORDER BY f.tenant_id, f.priority DESC, f.created_at, f.chunk_no LIMIT 1)
            UNION ALL
            SELECT n.* FROM heads AS h CROSS JOIN LATERAL (
                SELECT f.tenant_id, f.priority, f.created_at, f.render_job_id FROM render.frame_jobs AS f
                WHERE f.status = 'queued' AND f.pool = p_pool AND f.tenant_id > h.tenant_id AND NOT p_node = ANY (f.exclude_node_ids)
                ORDER BY f.tenant_id, f.priority DESC, f.created_at, f.chunk_no LIMIT 1) AS n
            WHERE p_dedicated IS NULL
        )
        SELECT h.tenant_id, h.priority, h.created_at, h.render_job_id, coalesce(r.films, '{}') AS films, coalesce(l.max_concurrent_jobs, 2) AS at_once,
               count(*) OVER () AS waiting
        FROM heads AS h
        CROSS JOIN LATERAL (
            SELECT array_agg(DISTINCT f.render_job_id) AS films, count(*) FILTER (WHERE f.pool = p_pool) AS chunks
            FROM render.frame_jobs AS f WHERE f.status = 'running' AND f.tenant_id = h.tenant_id) AS r
        LEFT JOIN LATERAL (SELECT * FROM render.tenant_render_limits AS l WHERE l.tenant_id = h.tenant_id OFFSET 0) AS l ON true
        LEFT JOIN LATERAL (SELECT * FROM render.tenant_shares AS s WHERE s.pool = p_pool AND s.tenant_id = h.tenant_id OFFSET 0) AS s ON true
        WHERE NOT coalesce(l.paused, false)
        ORDER BY h.priority DESC, coalesce(render.faded(s.used_s, s.used_at), 0) / coalesce(l.weight, 100),
                 r.chunks::double precision / coalesce(l.weight, 100), h.created_at
    LOOP
        IF NOT v_held THEN
            -- The node's start is held until the lease is committed, so that the start that ends this one sees it.
            PERFORM FROM render.nodes AS n WHERE n.id = p_node AND n.boot_id = p_boot FOR KEY SHARE;
            IF NOT FOUND THEN
                outcome := 'superseded';
                RETURN NEXT;
                RETURN;
            END IF;
            v_held := true;
        END IF;

        v_films := v_turn.films;
        IF p_patience_s IS NOT NULL THEN
            EXIT WHEN v_turn.created_at <= now() - make_interval(secs => p_patience_s);
            PERFORM pg_advisory_xact_lock(360001, hashtext(v_turn.tenant_id::text));
            SELECT coalesce(array_agg(DISTINCT f.render_job_id), '{}') INTO v_films
            FROM render.frame_jobs AS f WHERE f.status = 'running' AND f.tenant_id = v_turn.tenant_id;
            SELECT f.id INTO v_chunk FROM render.frame_jobs AS f
            WHERE f.status = 'queued' AND f.pool = p_pool AND f.tenant_id = v_turn.tenant_id AND f.priority = v_turn.priority
              AND f.project_sha256 IN (SELECT t.package_sha256 FROM render.node_template_cache AS t WHERE t.node_id = p_node AND t.state = 'ready')
              AND NOT p_node = ANY (f.exclude_node_ids) AND (cardinality(v_films) < v_turn.at_once OR f.render_job_id = ANY (v_films))
            ORDER BY f.created_at, f.chunk_no LIMIT 1 FOR UPDATE SKIP LOCKED;
            EXIT;
        END IF;

        FOR v_round IN 1..2 LOOP
            -- A film that runs goes on, the one at the head first; those of less than the head's priority wait for it.
            IF v_turn.render_job_id = ANY (v_films) OR cardinality(v_films) >= v_turn.at_once THEN
                FOREACH v_film IN ARRAY CASE WHEN v_turn.render_job_id = ANY (v_films)
                                             THEN v_turn.render_job_id || array_remove(v_films, v_turn.render_job_id) ELSE v_films END LOOP
                    SELECT f.id INTO v_chunk FROM render.frame_jobs AS f
                    WHERE f.status = 'queued' AND f.render_job_id = v_film AND f.pool = p_pool AND f.priority >= v_turn.priority
                      AND NOT p_node = ANY (f.exclude_node_ids)
                    ORDER BY f.chunk_no LIMIT 1 FOR UPDATE SKIP LOCKED;
                    EXIT WHEN FOUND;
                END LOOP;
            END IF;
            EXIT WHEN v_chunk IS NOT NULL OR v_round = 2 OR cardinality(v_films) >= v_turn.at_once;

            PERFORM pg_advisory_xact_lock(360001, hashtext(v_turn.tenant_id::text));
            SELECT coalesce(array_agg(DISTINCT f.render_job_id), '{}') INTO v_films
            FROM render.frame_jobs AS f WHERE f.status = 'running' AND f.tenant_id = v_turn.tenant_id;
            IF cardinality(v_films) < v_turn.at_once THEN
                SELECT f.id INTO v_chunk FROM render.frame_jobs AS f
                WHERE f.status = 'queued' AND f.pool = p_pool AND f.tenant_id = v_turn.tenant_id AND NOT p_node = ANY (f.exclude_node_ids)
                ORDER BY f.priority DESC, f.created_at, f.chunk_no LIMIT 1 FOR UPDATE SKIP LOCKED;
                EXIT;
            END IF;
        END LOOP;
        EXIT WHEN v_chunk IS NOT NULL;
    END LOOP;

    IF v_chunk IS NULL THEN
        outcome := CASE WHEN p_dedicated IS NOT NULL OR EXISTS (
            SELECT FROM render.frame_jobs AS f
            WHERE f.status = 'queued' AND f.pool = p_pool AND f.exclude_node_ids <> '{}' AND p_node = ANY (f.exclude_node_ids))
            THEN 'passed' ELSE 'empty' END;
        RETURN NEXT;
        RETURN;
    END IF;

    RETURN QUERY
        UPDATE render.frame_jobs AS f SET status = 'running', epoch = f.epoch + 1, lease_id = gen_random_uuid(), node_id = p_node,
            lease_expires_at = now() + make_interval(secs => p_lease_s), started_at = now(), finished_at = NULL, frames_done = 0
        WHERE f.id = v_chunk
        RETURNING 'claimed', f.id, f.tenant_id, f.render_job_id, f.lease_id, f.epoch, f.scene_object_key, f.cache_key, f.task;

    IF v_turn.waiting > 1 THEN
        INSERT INTO render.tenant_shares AS s (pool, tenant_id, used_s) VALUES (p_pool, v_turn.tenant_id, 5)
        ON CONFLICT (pool, tenant_id) DO UPDATE SET used_at = now(),
            used_s = s.chunk_s + render.faded(s.used_s, s.used_at);
    END IF;
END
$$;
GRANT EXECUTE ON FUNCTION render.faded(double precision, timestamptz) TO svc_render_worker;
GRANT EXECUTE ON FUNCTION render.claim_chunk(uuid, uuid, text, uuid, double precision, double precision) TO svc_render_worker;

SELECT ops.finish_schema('render', 'svc_render');

INSERT INTO ops.schema_migrations (version, name) VALUES (36, '36_render_claims');
COMMIT;

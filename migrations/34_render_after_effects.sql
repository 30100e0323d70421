-- Render: work for After Effects nodes: which project draws it, which nodes have that project, how often machines failed at it.

\set ON_ERROR_STOP on
BEGIN;
SET LOCAL ROLE flatrender_owner;

ALTER TABLE render.frame_jobs
    ADD COLUMN engine text NOT NULL DEFAULT 'thorvg',
    ADD COLUMN project_sha256 bytea,
    ADD COLUMN machine_failures smallint NOT NULL DEFAULT 0,
    ADD CONSTRAINT frame_jobs_engine_check CHECK (engine IN ('thorvg', 'aerender')),
    ADD CONSTRAINT frame_jobs_engine_project_sha256_check CHECK ((engine = 'aerender') = (project_sha256 IS NOT NULL)),
    ADD CONSTRAINT frame_jobs_project_sha256_check CHECK (octet_length(project_sha256) = 32),
    ADD CONSTRAINT frame_jobs_machine_failures_check CHECK (machine_failures >= 0);
COMMENT ON COLUMN render.frame_jobs.project_sha256 IS 'the After Effects project that draws the chunk; nodes that have it are preferred';
COMMENT ON COLUMN render.frame_jobs.machine_failures IS
    'how often a machine failed at the chunk, which burns no attempt; work of After Effects ends after a few';
CREATE INDEX frame_jobs_project_idx ON render.frame_jobs (pool, tenant_id, priority DESC, project_sha256, created_at, chunk_no)
    WHERE status = 'queued' AND project_sha256 IS NOT NULL;

ALTER TABLE render.snapshot_jobs
    ADD COLUMN engine text NOT NULL DEFAULT 'thorvg',
    ADD COLUMN project_sha256 bytea,
    ADD COLUMN machine_failures smallint NOT NULL DEFAULT 0,
    ADD COLUMN exclude_node_ids uuid[] NOT NULL DEFAULT '{}',
    ADD CONSTRAINT snapshot_jobs_engine_check CHECK (engine IN ('thorvg', 'aerender')),
    ADD CONSTRAINT snapshot_jobs_engine_project_sha256_check CHECK ((engine = 'aerender') = (project_sha256 IS NOT NULL)),
    ADD CONSTRAINT snapshot_jobs_project_sha256_check CHECK (octet_length(project_sha256) = 32),
    ADD CONSTRAINT snapshot_jobs_machine_failures_check CHECK (machine_failures >= 0);
COMMENT ON COLUMN render.snapshot_jobs.project_sha256 IS
    'the After Effects project that draws the scene; jobs of one project are drawn in one launch';
COMMENT ON COLUMN render.snapshot_jobs.exclude_node_ids IS 'nodes that failed this job and do not get it while another one lives';
CREATE INDEX snapshot_jobs_project_idx ON render.snapshot_jobs (pool, project_sha256, tenant_id, not_before, id)
    WHERE status = 'queued' AND project_sha256 IS NOT NULL;

-- A node knows what it has by its hash alone.
ALTER TABLE render.node_template_cache
    ALTER COLUMN project_id DROP NOT NULL,
    ALTER COLUMN project_version_id DROP NOT NULL;
COMMENT ON TABLE render.node_template_cache IS
    'what each node says that its template cache holds; package_sha256 is the hash of the archive with the project';

ALTER TABLE render.nodes
    ADD COLUMN probing boolean NOT NULL DEFAULT false,
    ADD COLUMN licence_paused_until timestamptz;
COMMENT ON COLUMN render.nodes.probing IS 'after a quarantine: one piece of work at a time until one succeeds';
COMMENT ON COLUMN render.nodes.licence_paused_until IS 'After Effects had no licence there: no work of After Effects until then';

SELECT ops.finish_schema('render', 'svc_render');

INSERT INTO ops.schema_migrations (version, name) VALUES (34, '34_render_after_effects');
COMMIT;

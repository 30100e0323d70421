-- Render: the per-scene preview jobs of the admin, and their one write into content.

\set ON_ERROR_STOP on
BEGIN;
SET LOCAL ROLE flatrender_owner;

CREATE TABLE render.snapshot_jobs (
    id                   uuid PRIMARY KEY DEFAULT ops.uuid_v7(),
    tenant_id            uuid NOT NULL,
    batch_id             uuid NOT NULL,
    project_id           uuid NOT NULL,
    project_version_id   uuid,
    scene_id             uuid NOT NULL,
    scene_key            text NOT NULL,
    frame_no             integer NOT NULL DEFAULT 0,
    pool                 text NOT NULL DEFAULT 'default',
    scene_object_key     text,
    scene_sha256         bytea,
    task                 jsonb,
    status               text NOT NULL DEFAULT 'queued',
    attempt              smallint NOT NULL DEFAULT 0,
    max_attempts         smallint NOT NULL DEFAULT 3,
    node_id              uuid,
    lease_id             uuid,
    lease_expires_at     timestamptz,
    epoch                bigint NOT NULL DEFAULT 0,
    not_before           timestamptz NOT NULL DEFAULT now(),
    image_url            text,
    image_file_id        uuid,
    error_message        text,
    requested_by_user_id uuid,
    started_at           timestamptz,
    finished_at          timestamptz,
    created_at           timestamptz NOT NULL DEFAULT now(),
    updated_at           timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT snapshot_jobs_node_id_fkey FOREIGN KEY (node_id) REFERENCES render.nodes (id),
    CONSTRAINT snapshot_jobs_status_check CHECK (status IN ('queued', 'running', 'done', 'error')),
    CONSTRAINT snapshot_jobs_done_has_image CHECK (status <> 'done' OR image_url IS NOT NULL),
    CONSTRAINT snapshot_jobs_running_has_lease CHECK (status <> 'running' OR lease_id IS NOT NULL),
    CONSTRAINT snapshot_jobs_frame_no_check CHECK (frame_no >= 0),
    CONSTRAINT snapshot_jobs_scene_sha256_check CHECK (octet_length(scene_sha256) = 32),
    CONSTRAINT snapshot_jobs_epoch_check CHECK (epoch >= 0)
);
COMMENT ON COLUMN render.snapshot_jobs.project_id IS 'soft ref content.projects.id';
COMMENT ON COLUMN render.snapshot_jobs.project_version_id IS 'soft ref content.project_versions.id';
COMMENT ON COLUMN render.snapshot_jobs.scene_id IS 'soft ref content.scenes.id';
COMMENT ON COLUMN render.snapshot_jobs.scene_object_key IS 'object key of the resolved scene';
COMMENT ON COLUMN render.snapshot_jobs.task IS
    'what the node is told: the scene''s figures, the frame, the picture''s size and format; NULL until the scene has been resolved';
COMMENT ON COLUMN render.snapshot_jobs.epoch IS '+1 per claim; a result is accepted only with the current epoch';
COMMENT ON COLUMN render.snapshot_jobs.image_file_id IS 'soft ref file_mgr.files.id';
COMMENT ON COLUMN render.snapshot_jobs.requested_by_user_id IS 'soft ref identity.users.id';
CREATE INDEX snapshot_jobs_queue_idx ON render.snapshot_jobs (pool, not_before, id) WHERE status = 'queued';
CREATE INDEX snapshot_jobs_lease_expires_at_idx ON render.snapshot_jobs (lease_expires_at) WHERE status = 'running';
CREATE UNIQUE INDEX snapshot_jobs_one_open_per_scene ON render.snapshot_jobs (scene_id) WHERE status IN ('queued', 'running');
CREATE INDEX snapshot_jobs_project_id_created_at_idx ON render.snapshot_jobs (project_id, created_at DESC);

-- A finished job writes the scene's thumbnail in its own transaction: render sees these columns of a scene and sets these two, nothing else.
GRANT USAGE ON SCHEMA content TO svc_render, svc_render_worker;
GRANT SELECT (id, tenant_id, project_id, scene_key, sort_order, comp_name, snapshot_frame, is_active, deleted_at, snapshot_url),
      UPDATE (snapshot_url, snapshot_updated_at)
    ON content.scenes TO svc_render, svc_render_worker;
CREATE POLICY render_reads ON content.scenes FOR SELECT TO svc_render USING (tenant_id = ops.current_tenant());
CREATE POLICY render_sets_snapshot ON content.scenes FOR UPDATE TO svc_render
    USING (tenant_id = ops.current_tenant()) WITH CHECK (tenant_id = ops.current_tenant());
CREATE POLICY render_worker_all_tenants ON content.scenes FOR ALL TO svc_render_worker USING (true) WITH CHECK (true);

SELECT ops.finish_schema('render', 'svc_render');

INSERT INTO ops.schema_migrations (version, name) VALUES (30, '30_render_snapshot_jobs');
COMMIT;

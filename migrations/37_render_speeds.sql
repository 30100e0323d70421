-- Render: how long frames take, learned from results, and how long each unfinished film will take.

\set ON_ERROR_STOP on
BEGIN;
SET LOCAL ROLE flatrender_owner;

CREATE TABLE render.frame_speeds (
    tenant_id          uuid NOT NULL,
    project_version_id uuid NOT NULL,
    scene_key          text NOT NULL DEFAULT '',
    engine             text NOT NULL,
    kind               text NOT NULL,
    height             integer NOT NULL,
    frame_s            double precision NOT NULL,
    variance           real NOT NULL,
    spread             real NOT NULL,
    results            bigint NOT NULL DEFAULT 1,
    updated_at         timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT frame_speeds_pkey PRIMARY KEY (tenant_id, project_version_id, scene_key, engine, kind, height),
    CONSTRAINT frame_speeds_engine_check CHECK (engine IN ('thorvg', 'aerender')),
    CONSTRAINT frame_speeds_frame_s_check CHECK (frame_s > 0),
    CONSTRAINT frame_speeds_variance_check CHECK (variance >= 0 AND spread >= 0)
);
COMMENT ON TABLE render.frame_speeds IS 'seconds that one frame of a scene takes one slot of an ordinary node, learned from results';
COMMENT ON COLUMN render.frame_speeds.project_version_id IS 'soft ref content.project_versions.id';
COMMENT ON COLUMN render.frame_speeds.scene_key IS 'empty: all scenes of the template together, for those that have not been drawn yet';
COMMENT ON COLUMN render.frame_speeds.kind IS 'what the film is encoded as (mp4_h264, …)';
COMMENT ON COLUMN render.frame_speeds.frame_s IS 'a decayed geometric mean, divided by the pace of the nodes that did the work';
COMMENT ON COLUMN render.frame_speeds.variance IS 'how unsure the mean is, of its natural logarithm';
COMMENT ON COLUMN render.frame_speeds.spread IS 'how far results lie from the mean, of the natural logarithm, decayed';
CREATE INDEX frame_speeds_updated_at_idx ON render.frame_speeds (updated_at);

CREATE TABLE render.engine_speeds (
    engine     text NOT NULL,
    kind       text NOT NULL,
    height     integer NOT NULL,
    frame_s    double precision NOT NULL,
    variance   real NOT NULL,
    spread     real NOT NULL,
    results    bigint NOT NULL DEFAULT 1,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT engine_speeds_pkey PRIMARY KEY (engine, kind, height),
    CONSTRAINT engine_speeds_engine_check CHECK (engine IN ('thorvg', 'aerender')),
    CONSTRAINT engine_speeds_frame_s_check CHECK (frame_s > 0),
    CONSTRAINT engine_speeds_variance_check CHECK (variance >= 0 AND spread >= 0)
);
COMMENT ON TABLE render.engine_speeds IS 'as frame_speeds, of all templates of all tenants together: for a template that nobody has rendered';

CREATE TABLE render.node_speeds (
    node_id    uuid NOT NULL,
    engine     text NOT NULL,
    pace       double precision NOT NULL,
    variance   real NOT NULL,
    results    bigint NOT NULL DEFAULT 1,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT node_speeds_pkey PRIMARY KEY (node_id, engine),
    CONSTRAINT node_speeds_node_id_fkey FOREIGN KEY (node_id) REFERENCES render.nodes (id) ON DELETE CASCADE,
    CONSTRAINT node_speeds_engine_check CHECK (engine IN ('thorvg', 'aerender')),
    CONSTRAINT node_speeds_pace_check CHECK (pace > 0 AND variance >= 0)
);
COMMENT ON TABLE render.node_speeds IS 'how much longer one slot of a node takes than one of an ordinary node for the same frames: 2 is half as fast';

CREATE TABLE render.finish_speeds (
    kind        text NOT NULL,
    height      integer NOT NULL,
    results     double precision NOT NULL,
    films_s     double precision NOT NULL,
    finishes_s  double precision NOT NULL,
    films_s2    double precision NOT NULL,
    products_s2 double precision NOT NULL,
    updated_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT finish_speeds_pkey PRIMARY KEY (kind, height)
);
COMMENT ON TABLE render.finish_speeds IS
    'how long joining, sound, check and storing take: decayed sums of which a line (seconds over the film''s length) is drawn';
COMMENT ON COLUMN render.finish_speeds.films_s2 IS 'sum of the films'' lengths squared';
COMMENT ON COLUMN render.finish_speeds.products_s2 IS 'sum of length times seconds';

CREATE TABLE render.film_forecasts (
    tenant_id       uuid NOT NULL,
    render_job_id   uuid NOT NULL,
    kind            text NOT NULL,
    film_s          real NOT NULL,
    drawing_share   real NOT NULL,
    undrawn         jsonb NOT NULL,
    finishing_since timestamptz,
    left_s          real,
    left_at         timestamptz,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT film_forecasts_pkey PRIMARY KEY (tenant_id, render_job_id),
    CONSTRAINT film_forecasts_render_job_id_fkey FOREIGN KEY (tenant_id, render_job_id)
        REFERENCES render.render_jobs (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT film_forecasts_film_s_check CHECK (film_s >= 0),
    CONSTRAINT film_forecasts_drawing_share_check CHECK (drawing_share BETWEEN 0 AND 100),
    CONSTRAINT film_forecasts_left_check CHECK ((left_s IS NULL) = (left_at IS NULL) AND left_s >= 0)
);
COMMENT ON TABLE render.film_forecasts IS 'of each planned film that is not finished: what is to be drawn, and the seconds left as people see them';
COMMENT ON COLUMN render.film_forecasts.film_s IS 'the film''s length in seconds';
COMMENT ON COLUMN render.film_forecasts.drawing_share IS 'per cent of the film''s progress that drawing its frames makes up';
COMMENT ON COLUMN render.film_forecasts.undrawn IS '[{pool, engine, scene, frames, chunks}]: what is to be drawn, as of the last forecast';
COMMENT ON COLUMN render.film_forecasts.left_s IS 'seconds left at left_at, smoothed; NULL when nothing can be said (no node serves the film)';

SELECT ops.finish_schema('render', 'svc_render');

INSERT INTO ops.schema_migrations (version, name) VALUES (37, '37_render_speeds');
COMMIT;

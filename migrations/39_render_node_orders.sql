-- Render: the hours in which a node works, what it understands, and what it was told to do.

\set ON_ERROR_STOP on
BEGIN;
SET LOCAL ROLE flatrender_owner;

ALTER TABLE render.nodes
    ADD COLUMN hours jsonb,
    ADD COLUMN own_hours jsonb,
    ADD COLUMN asleep_until timestamptz,
    ADD COLUMN understands text[] NOT NULL DEFAULT '{}',
    ADD COLUMN protocol smallint,
    ADD CONSTRAINT nodes_hours_check CHECK (jsonb_typeof(hours) = 'object'),
    ADD CONSTRAINT nodes_own_hours_check CHECK (jsonb_typeof(own_hours) = 'object');
COMMENT ON COLUMN render.nodes.hours IS
    'when the node works, as an admin set it: {begin, end, days, time_zone}; NULL: as the node said at its start';
COMMENT ON COLUMN render.nodes.own_hours IS 'the same as the node said at its start; NULL: always';
COMMENT ON COLUMN render.nodes.asleep_until IS 'outside its hours until then: others are not kept from work for its sake';
COMMENT ON COLUMN render.nodes.understands IS 'the commands that the node carries out';

CREATE INDEX node_commands_open_idx ON render.node_commands (node_id, created_at) WHERE status IN ('pending', 'delivered');
CREATE INDEX node_commands_history_idx ON render.node_commands (node_id, id DESC);
COMMENT ON TABLE render.node_commands IS
    'what a node is told to do once; delivered with the answer to a heartbeat until it is answered or has expired';

INSERT INTO ops.schema_migrations (version, name) VALUES (39, '39_render_node_orders');
COMMIT;

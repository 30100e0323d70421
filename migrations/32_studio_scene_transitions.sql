-- Studio: how a scene of a saved project gives way to the next one.

\set ON_ERROR_STOP on
BEGIN;
SET LOCAL ROLE flatrender_owner;

ALTER TABLE studio.saved_scenes ADD COLUMN transition jsonb;
ALTER TABLE studio.saved_scenes ADD CONSTRAINT saved_scenes_transition_check CHECK (jsonb_typeof(transition) = 'object');
COMMENT ON COLUMN studio.saved_scenes.transition IS
    'To the next scene: {kind, duration_ms, direction, color}; null is a cut. It stays with its scene when scenes move';

INSERT INTO ops.schema_migrations (version, name) VALUES (32, '32_studio_scene_transitions');
COMMIT;

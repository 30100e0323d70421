-- File manager: public files are found by their permanent address, as that of a scene's snapshot.

\set ON_ERROR_STOP on
BEGIN;
SET LOCAL ROLE flatrender_owner;

CREATE INDEX files_tenant_id_permanent_url_idx ON file_mgr.files (tenant_id, permanent_url)
    WHERE permanent_url IS NOT NULL AND deleted_at IS NULL;

INSERT INTO ops.schema_migrations (version, name) VALUES (35, '35_file_manager_permanent_urls');
COMMIT;

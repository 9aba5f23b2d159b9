-- The script that really ran: its digest, and how it was kept from the host.
ALTER TABLE hook_execution_logs ADD COLUMN script_json TEXT;

-- Scripts that were pushed: what they say, by its digest, and which path says it
-- in which version.
CREATE TABLE script_contents (
    digest BYTEA NOT NULL PRIMARY KEY,
    content BYTEA NOT NULL
);

CREATE TABLE scripts (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    path TEXT NOT NULL UNIQUE,
    -- The path without its last name; empty for a path that has none.
    folder TEXT NOT NULL,
    -- The number of its newest version.
    newest BIGINT NOT NULL,
    archived_at TIMESTAMPTZ
);

CREATE INDEX scripts_folder ON scripts (folder) WHERE archived_at IS NULL;

CREATE TABLE script_versions (
    script_id BIGINT NOT NULL REFERENCES scripts (id),
    version BIGINT NOT NULL,
    digest BYTEA NOT NULL REFERENCES script_contents (digest),
    size_bytes BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (script_id, version)
);

CREATE TRIGGER script_contents_immutable BEFORE UPDATE ON script_contents
FOR EACH ROW EXECUTE FUNCTION refuse_update();

CREATE TRIGGER script_contents_kept BEFORE DELETE ON script_contents
FOR EACH ROW EXECUTE FUNCTION refuse_delete();

CREATE TRIGGER script_versions_immutable BEFORE UPDATE ON script_versions
FOR EACH ROW EXECUTE FUNCTION refuse_update();

CREATE TRIGGER script_versions_kept BEFORE DELETE ON script_versions
FOR EACH ROW EXECUTE FUNCTION refuse_delete();

-- The script that really ran: its digest, and how it was kept from the host.
ALTER TABLE hook_execution_logs ADD COLUMN script_json TEXT;

-- Scripts that were pushed: what they say, by its digest, and which path says it
-- in which version.
CREATE TABLE script_contents (
    digest BLOB NOT NULL PRIMARY KEY,
    content BLOB NOT NULL
) STRICT;

CREATE TABLE scripts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    path TEXT NOT NULL UNIQUE,
    -- The path without its last name; empty for a path that has none.
    folder TEXT NOT NULL,
    -- The number of its newest version.
    newest INTEGER NOT NULL,
    archived_at TEXT
) STRICT;

CREATE INDEX scripts_folder ON scripts (folder) WHERE archived_at IS NULL;

CREATE TABLE script_versions (
    script_id INTEGER NOT NULL REFERENCES scripts (id),
    version INTEGER NOT NULL,
    digest BLOB NOT NULL REFERENCES script_contents (digest),
    size_bytes INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (script_id, version)
) STRICT;

CREATE TRIGGER script_contents_immutable BEFORE UPDATE ON script_contents FOR EACH ROW
BEGIN
    SELECT RAISE(ABORT, 'what a script says cannot be changed');
END;

CREATE TRIGGER script_contents_kept BEFORE DELETE ON script_contents FOR EACH ROW
BEGIN
    SELECT RAISE(ABORT, 'what a script says cannot be deleted');
END;

CREATE TRIGGER script_versions_immutable BEFORE UPDATE ON script_versions FOR EACH ROW
BEGIN
    SELECT RAISE(ABORT, 'a version of a script cannot be changed');
END;

CREATE TRIGGER script_versions_kept BEFORE DELETE ON script_versions FOR EACH ROW
BEGIN
    SELECT RAISE(ABORT, 'a version of a script cannot be deleted');
END;

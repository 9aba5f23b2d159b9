CREATE TABLE api_tokens (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL CHECK (role IN ('viewer', 'pipeline', 'editor', 'admin')),
    -- SHA-256 of the token; the token itself is kept nowhere.
    hash BLOB NOT NULL UNIQUE,
    created_at TEXT NOT NULL
) STRICT;

CREATE TABLE audit_log (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject_type TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    before TEXT,
    after TEXT,
    created_at TEXT NOT NULL
) STRICT;

CREATE INDEX audit_log_subject ON audit_log (subject_type, subject_id, id);
CREATE INDEX audit_log_actor ON audit_log (actor, id);

CREATE TRIGGER audit_log_immutable BEFORE UPDATE ON audit_log FOR EACH ROW
BEGIN
    SELECT RAISE(ABORT, 'a row of audit_log cannot be changed');
END;

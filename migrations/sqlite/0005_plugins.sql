CREATE TABLE plugins (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    created_at TEXT NOT NULL
) STRICT;

CREATE TABLE plugin_versions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    plugin_id INTEGER NOT NULL REFERENCES plugins (id),
    version TEXT NOT NULL,
    digest BLOB NOT NULL,
    description TEXT NOT NULL,
    manifest TEXT NOT NULL,
    imports TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    uploaded_by TEXT NOT NULL,
    created_at TEXT NOT NULL,
    bytes BLOB NOT NULL,
    UNIQUE (plugin_id, version)
) STRICT;

CREATE INDEX plugin_versions_digest ON plugin_versions (digest);

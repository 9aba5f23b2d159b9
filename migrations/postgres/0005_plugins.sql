CREATE TABLE plugins (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    created_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE plugin_versions (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    plugin_id BIGINT NOT NULL REFERENCES plugins (id),
    version TEXT NOT NULL,
    digest BYTEA NOT NULL,
    description TEXT NOT NULL,
    manifest TEXT NOT NULL,
    imports TEXT NOT NULL,
    size_bytes BIGINT NOT NULL,
    uploaded_by TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    bytes BYTEA NOT NULL,
    UNIQUE (plugin_id, version)
);

CREATE INDEX plugin_versions_digest ON plugin_versions (digest);

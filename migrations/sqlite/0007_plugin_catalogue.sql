ALTER TABLE plugin_versions ADD COLUMN signature TEXT;
ALTER TABLE plugin_versions ADD COLUMN signed_by TEXT;
ALTER TABLE plugin_versions ADD COLUMN yanked_at TEXT;
ALTER TABLE plugin_versions ADD COLUMN yanked_by TEXT;
ALTER TABLE plugin_versions ADD COLUMN yank_reason TEXT;

-- The version that the catalogue shows: the order of versions is not one that
-- SQL knows, so the store decides with every publication and every yank. What
-- was published before this migration is taken in the order of publication.
ALTER TABLE plugins ADD COLUMN newest_id INTEGER REFERENCES plugin_versions (id);
-- What the catalogue is searched by, in lower case.
ALTER TABLE plugins ADD COLUMN search TEXT NOT NULL DEFAULT '';

UPDATE plugins SET newest_id = (
    SELECT max(v.id) FROM plugin_versions v WHERE v.plugin_id = plugins.id
);
UPDATE plugins SET search = lower(name || ' ' || COALESCE(
    (SELECT v.description FROM plugin_versions v WHERE v.id = plugins.newest_id), ''
));

CREATE TRIGGER plugin_versions_immutable BEFORE UPDATE OF
    id, plugin_id, version, digest, description, manifest, imports, size_bytes, uploaded_by,
    created_at, bytes ON plugin_versions FOR EACH ROW
BEGIN
    SELECT RAISE(ABORT, 'a version of a plugin cannot be changed');
END;

CREATE TRIGGER plugin_versions_kept BEFORE DELETE ON plugin_versions FOR EACH ROW
BEGIN
    SELECT RAISE(ABORT, 'a version of a plugin cannot be deleted');
END;

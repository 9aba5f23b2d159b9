ALTER TABLE plugin_versions
    ADD COLUMN signature TEXT,
    ADD COLUMN signed_by TEXT,
    ADD COLUMN yanked_at TIMESTAMPTZ,
    ADD COLUMN yanked_by TEXT,
    ADD COLUMN yank_reason TEXT;

-- The version that the catalogue shows: the order of versions is not one that
-- SQL knows, so the store decides with every publication and every yank. What
-- was published before this migration is taken in the order of publication.
ALTER TABLE plugins
    ADD COLUMN newest_id BIGINT REFERENCES plugin_versions (id),
    -- What the catalogue is searched by, in lower case.
    ADD COLUMN search TEXT NOT NULL DEFAULT '';

UPDATE plugins SET newest_id = (
    SELECT max(v.id) FROM plugin_versions v WHERE v.plugin_id = plugins.id
);
UPDATE plugins SET search = lower(name || ' ' || COALESCE(
    (SELECT v.description FROM plugin_versions v WHERE v.id = plugins.newest_id), ''
));

CREATE TRIGGER plugin_versions_immutable BEFORE UPDATE OF
    id, plugin_id, version, digest, description, manifest, imports, size_bytes, uploaded_by,
    created_at, bytes ON plugin_versions
FOR EACH ROW EXECUTE FUNCTION refuse_update();

CREATE FUNCTION refuse_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a row of % cannot be deleted', TG_TABLE_NAME;
END
$$;

CREATE TRIGGER plugin_versions_kept BEFORE DELETE ON plugin_versions
FOR EACH ROW EXECUTE FUNCTION refuse_delete();

-- One component is one version of one plugin. Before this was held here, a
-- component that described itself differently each time could be published as
-- several: of those the first one counts, and the others stay as its twins.
ALTER TABLE plugin_versions ADD COLUMN twin_of INTEGER REFERENCES plugin_versions (id);

UPDATE plugin_versions SET twin_of = (
    SELECT min(o.id) FROM plugin_versions o
    WHERE o.digest = plugin_versions.digest AND o.id < plugin_versions.id
);

DROP INDEX plugin_versions_digest;
CREATE UNIQUE INDEX plugin_versions_digest ON plugin_versions (digest) WHERE twin_of IS NULL;

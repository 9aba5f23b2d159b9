CREATE TABLE hooks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    hook_type TEXT NOT NULL CHECK (hook_type IN ('shell', 'python', 'webhook', 'wasm')),
    hook_point TEXT CHECK (
        hook_point IN ('post_variant', 'pre_segment', 'post_segment', 'pre_concatenation', 'post_delivery')
    ),
    event TEXT,
    scope_type TEXT NOT NULL CHECK (scope_type IN ('studio', 'project', 'scene_type')),
    project_id INTEGER REFERENCES projects (id),
    scene_type_id INTEGER REFERENCES scene_types (id),
    scope_id INTEGER GENERATED ALWAYS AS (COALESCE(project_id, scene_type_id)) STORED,
    failure_mode TEXT NOT NULL CHECK (failure_mode IN ('block', 'warn', 'ignore')),
    config TEXT NOT NULL,
    sort_order INTEGER NOT NULL,
    enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    extends INTEGER NOT NULL CHECK (extends IN (0, 1)),
    created_by TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version >= 1),
    archived_at TEXT,
    -- Exactly one trigger.
    CHECK ((hook_point IS NULL) <> (event IS NULL)),
    -- Nobody waits for an event hook.
    CHECK (event IS NULL OR failure_mode <> 'block'),
    CHECK (
        (scope_type = 'studio' AND project_id IS NULL AND scene_type_id IS NULL)
        OR (scope_type = 'project' AND project_id IS NOT NULL AND scene_type_id IS NULL)
        OR (scope_type = 'scene_type' AND project_id IS NULL AND scene_type_id IS NOT NULL)
    )
) STRICT;

-- NULLs are distinct in a unique index, so they are replaced.
CREATE UNIQUE INDEX hooks_name ON hooks (
    name, COALESCE(hook_point, ''), COALESCE(event, ''), scope_type, COALESCE(scope_id, 0)
) WHERE archived_at IS NULL;
CREATE INDEX hooks_scope ON hooks (scope_type, scope_id, id) WHERE archived_at IS NULL;
CREATE INDEX hooks_hook_point ON hooks (hook_point, id) WHERE archived_at IS NULL;
CREATE INDEX hooks_event ON hooks (event, id) WHERE archived_at IS NULL AND event IS NOT NULL;
CREATE INDEX hooks_created_by ON hooks (created_by);
CREATE INDEX hooks_project ON hooks (project_id) WHERE project_id IS NOT NULL;
CREATE INDEX hooks_scene_type ON hooks (scene_type_id) WHERE scene_type_id IS NOT NULL;

CREATE TRIGGER hooks_updated_at AFTER UPDATE ON hooks FOR EACH ROW
BEGIN
    UPDATE hooks
    SET updated_at = replace(strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now'), '.000+', '+')
    WHERE id = NEW.id;
END;

CREATE TABLE hook_revisions (
    hook_id INTEGER NOT NULL REFERENCES hooks (id),
    number INTEGER NOT NULL CHECK (number >= 1),
    actor TEXT NOT NULL,
    created_at TEXT NOT NULL,
    hook TEXT NOT NULL,
    PRIMARY KEY (hook_id, number)
) STRICT;

-- One row: a number that grows whenever the set of hooks changes, so that
-- effective sets can be kept until it does.
CREATE TABLE hook_generation (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    generation INTEGER NOT NULL
) STRICT;

INSERT INTO hook_generation (id, generation) VALUES (1, 0);

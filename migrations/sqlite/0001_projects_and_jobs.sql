CREATE TABLE projects (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    created_at TEXT NOT NULL,
    deleted_at TEXT
) STRICT;

-- A name is free again when the project that had it is deleted.
CREATE UNIQUE INDEX projects_name ON projects (name) WHERE deleted_at IS NULL;

CREATE TABLE scene_types (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id INTEGER NOT NULL REFERENCES projects (id),
    name TEXT NOT NULL,
    created_at TEXT NOT NULL,
    deleted_at TEXT,
    -- What jobs refer to, so that theirs belongs to their own project.
    UNIQUE (id, project_id)
) STRICT;

CREATE UNIQUE INDEX scene_types_name ON scene_types (project_id, name) WHERE deleted_at IS NULL;
CREATE INDEX scene_types_project ON scene_types (project_id, id);

CREATE TABLE jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id INTEGER NOT NULL REFERENCES projects (id),
    scene_type_id INTEGER,
    external_ref TEXT,
    workflow TEXT,
    status TEXT NOT NULL CHECK (status IN ('running', 'failed', 'completed', 'rejected')),
    needs_review INTEGER NOT NULL CHECK (needs_review IN (0, 1)),
    review_reason TEXT,
    review_decision TEXT CHECK (review_decision IN ('resume', 'reject')),
    review_note TEXT,
    reviewer TEXT,
    reviewed_at TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    FOREIGN KEY (scene_type_id, project_id) REFERENCES scene_types (id, project_id),
    CHECK (NOT needs_review OR status = 'failed'),
    CHECK (
        (review_decision IS NULL) = (review_note IS NULL)
        AND (review_decision IS NULL) = (reviewer IS NULL)
        AND (review_decision IS NULL) = (reviewed_at IS NULL)
    )
) STRICT;

CREATE INDEX jobs_project ON jobs (project_id, id);
CREATE INDEX jobs_scene_type ON jobs (scene_type_id) WHERE scene_type_id IS NOT NULL;
CREATE INDEX jobs_status ON jobs (status, id);
CREATE INDEX jobs_review ON jobs (id) WHERE needs_review IS TRUE;
CREATE INDEX jobs_external_ref ON jobs (external_ref, id) WHERE external_ref IS NOT NULL;

-- The text is exactly what the application writes for the same time: no
-- fraction when it is zero.
CREATE TRIGGER jobs_updated_at AFTER UPDATE ON jobs FOR EACH ROW
BEGIN
    UPDATE jobs
    SET updated_at = replace(strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now'), '.000+', '+')
    WHERE id = NEW.id;
END;

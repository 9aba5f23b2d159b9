CREATE TABLE projects (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    deleted_at TIMESTAMPTZ
);

-- A name is free again when the project that had it is deleted.
CREATE UNIQUE INDEX projects_name ON projects (name) WHERE deleted_at IS NULL;

CREATE TABLE scene_types (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id BIGINT NOT NULL REFERENCES projects (id),
    name TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    deleted_at TIMESTAMPTZ,
    -- What jobs refer to, so that theirs belongs to their own project.
    UNIQUE (id, project_id)
);

CREATE UNIQUE INDEX scene_types_name ON scene_types (project_id, name) WHERE deleted_at IS NULL;
CREATE INDEX scene_types_project ON scene_types (project_id, id);

CREATE TABLE jobs (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id BIGINT NOT NULL REFERENCES projects (id),
    scene_type_id BIGINT,
    external_ref TEXT,
    workflow TEXT,
    status TEXT NOT NULL CHECK (status IN ('running', 'failed', 'completed', 'rejected')),
    needs_review BOOLEAN NOT NULL,
    review_reason TEXT,
    review_decision TEXT CHECK (review_decision IN ('resume', 'reject')),
    review_note TEXT,
    reviewer TEXT,
    reviewed_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    FOREIGN KEY (scene_type_id, project_id) REFERENCES scene_types (id, project_id),
    CHECK (NOT needs_review OR status = 'failed'),
    CHECK (
        (review_decision IS NULL) = (review_note IS NULL)
        AND (review_decision IS NULL) = (reviewer IS NULL)
        AND (review_decision IS NULL) = (reviewed_at IS NULL)
    )
);

CREATE INDEX jobs_project ON jobs (project_id, id);
CREATE INDEX jobs_scene_type ON jobs (scene_type_id) WHERE scene_type_id IS NOT NULL;
CREATE INDEX jobs_status ON jobs (status, id);
CREATE INDEX jobs_review ON jobs (id) WHERE needs_review IS TRUE;
CREATE INDEX jobs_external_ref ON jobs (external_ref, id) WHERE external_ref IS NOT NULL;

CREATE FUNCTION set_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := clock_timestamp();
    RETURN NEW;
END
$$;

CREATE TRIGGER jobs_updated_at BEFORE UPDATE ON jobs
FOR EACH ROW EXECUTE FUNCTION set_updated_at();

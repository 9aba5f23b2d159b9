CREATE TABLE event_types (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('business', 'progress')),
    description TEXT NOT NULL,
    data_schema TEXT,
    built_in BOOLEAN NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);

INSERT INTO event_types (name, kind, description, built_in, created_at) VALUES
    ('job_created', 'business', 'A job was created.', TRUE, now()),
    ('variant_completed', 'business', 'A variant of an image was made.', TRUE, now()),
    ('segment_started', 'business', 'The rendering of a segment began.', TRUE, now()),
    ('segment_completed', 'business', 'A segment was rendered.', TRUE, now()),
    ('concatenation_started', 'business', 'The joining of the segments began.', TRUE, now()),
    ('delivery_completed', 'business', 'A delivery was packed.', TRUE, now()),
    ('job_completed', 'business', 'The pipeline finished a job.', TRUE, now()),
    ('job_failed', 'business', 'A stage halted a job.', TRUE, now()),
    ('job_review_requested', 'business', 'A job waits for a person.', TRUE, now()),
    ('job_review_resolved', 'business', 'A person decided about a job.', TRUE, now()),
    ('stage_run_completed', 'business', 'A stage run came to a verdict.', TRUE, now()),
    ('hook_executed', 'business', 'A hook ran.', TRUE, now()),
    ('hook_blocked', 'business', 'A hook halted a stage.', TRUE, now()),
    ('hook_changed', 'business', 'A hook was created, changed or deleted.', TRUE, now()),
    ('hook_disabled', 'business', 'A hook was disabled because its deliveries failed.', TRUE, now()),
    ('plugin_published', 'business', 'A version of a plugin was uploaded.', TRUE, now()),
    ('job_progress', 'progress', 'A job went on.', TRUE, now()),
    ('hook_output', 'progress', 'A hook printed something.', TRUE, now());

CREATE TABLE events (
    -- The order of commits, near enough for pages; the id is what others see.
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id UUID NOT NULL UNIQUE,
    event_name TEXT NOT NULL,
    data TEXT NOT NULL,
    job_id BIGINT REFERENCES jobs (id),
    created_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX events_name ON events (event_name, seq);
CREATE INDEX events_job ON events (job_id, seq) WHERE job_id IS NOT NULL;

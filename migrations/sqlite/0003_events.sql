CREATE TABLE event_types (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('business', 'progress')),
    description TEXT NOT NULL,
    data_schema TEXT,
    built_in INTEGER NOT NULL CHECK (built_in IN (0, 1)),
    created_at TEXT NOT NULL
) STRICT;

INSERT INTO event_types (name, kind, description, built_in, created_at) VALUES
    ('job_created', 'business', 'A job was created.', TRUE, strftime('%Y-%m-%dT%H:%M:%S+00:00', 'now')),
    ('variant_completed', 'business', 'A variant of an image was made.', TRUE, strftime('%Y-%m-%dT%H:%M:%S+00:00', 'now')),
    ('segment_started', 'business', 'The rendering of a segment began.', TRUE, strftime('%Y-%m-%dT%H:%M:%S+00:00', 'now')),
    ('segment_completed', 'business', 'A segment was rendered.', TRUE, strftime('%Y-%m-%dT%H:%M:%S+00:00', 'now')),
    ('concatenation_started', 'business', 'The joining of the segments began.', TRUE, strftime('%Y-%m-%dT%H:%M:%S+00:00', 'now')),
    ('delivery_completed', 'business', 'A delivery was packed.', TRUE, strftime('%Y-%m-%dT%H:%M:%S+00:00', 'now')),
    ('job_completed', 'business', 'The pipeline finished a job.', TRUE, strftime('%Y-%m-%dT%H:%M:%S+00:00', 'now')),
    ('job_failed', 'business', 'A stage halted a job.', TRUE, strftime('%Y-%m-%dT%H:%M:%S+00:00', 'now')),
    ('job_review_requested', 'business', 'A job waits for a person.', TRUE, strftime('%Y-%m-%dT%H:%M:%S+00:00', 'now')),
    ('job_review_resolved', 'business', 'A person decided about a job.', TRUE, strftime('%Y-%m-%dT%H:%M:%S+00:00', 'now')),
    ('stage_run_completed', 'business', 'A stage run came to a verdict.', TRUE, strftime('%Y-%m-%dT%H:%M:%S+00:00', 'now')),
    ('hook_executed', 'business', 'A hook ran.', TRUE, strftime('%Y-%m-%dT%H:%M:%S+00:00', 'now')),
    ('hook_blocked', 'business', 'A hook halted a stage.', TRUE, strftime('%Y-%m-%dT%H:%M:%S+00:00', 'now')),
    ('hook_changed', 'business', 'A hook was created, changed or deleted.', TRUE, strftime('%Y-%m-%dT%H:%M:%S+00:00', 'now')),
    ('hook_disabled', 'business', 'A hook was disabled because its deliveries failed.', TRUE, strftime('%Y-%m-%dT%H:%M:%S+00:00', 'now')),
    ('plugin_published', 'business', 'A version of a plugin was uploaded.', TRUE, strftime('%Y-%m-%dT%H:%M:%S+00:00', 'now')),
    ('job_progress', 'progress', 'A job went on.', TRUE, strftime('%Y-%m-%dT%H:%M:%S+00:00', 'now')),
    ('hook_output', 'progress', 'A hook printed something.', TRUE, strftime('%Y-%m-%dT%H:%M:%S+00:00', 'now'));

CREATE TABLE events (
    -- The order of commits, near enough for pages; the id is what others see.
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE,
    event_name TEXT NOT NULL,
    data TEXT NOT NULL,
    job_id INTEGER REFERENCES jobs (id),
    created_at TEXT NOT NULL
) STRICT;

CREATE INDEX events_name ON events (event_name, seq);
CREATE INDEX events_job ON events (job_id, seq) WHERE job_id IS NOT NULL;

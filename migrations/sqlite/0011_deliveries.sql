-- What an event is about, where it is not a job.
ALTER TABLE events ADD COLUMN scope_type TEXT CHECK (scope_type IN ('project', 'scene_type'));
ALTER TABLE events ADD COLUMN scope_id INTEGER;

-- Ranges are looked at and replayed by time.
CREATE INDEX events_created_at ON events (created_at);

INSERT INTO event_types (name, kind, description, built_in, created_at) VALUES
    ('environment_progress', 'progress', 'The installer of a Python environment printed something.', 1,
     strftime('%Y-%m-%dT%H:%M:%S+00:00', 'now'));

-- Publications that may be repeated, and what was answered to them.
CREATE TABLE publications (
    idempotency_key TEXT PRIMARY KEY NOT NULL,
    request_digest BLOB NOT NULL,
    answer TEXT NOT NULL,
    created_at TEXT NOT NULL
) STRICT;

CREATE INDEX publications_created_at ON publications (created_at);

-- One row for each hook that is to answer an event.
CREATE TABLE deliveries (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE,
    event_seq INTEGER NOT NULL REFERENCES events (seq),
    event_name TEXT NOT NULL,
    hook_id INTEGER NOT NULL REFERENCES hooks (id),
    source TEXT NOT NULL CHECK (source IN ('studio', 'project', 'scene_type')),
    state TEXT NOT NULL CHECK (state IN ('pending', 'running', 'succeeded', 'exhausted', 'cancelled')),
    attempts INTEGER NOT NULL CHECK (attempts >= 0),
    -- When the next attempt may be made.
    due_at TEXT NOT NULL,
    -- Whose it is while it is attempted; only the holder of the claim may say
    -- how the attempt ended.
    claim BLOB,
    claimed_by BLOB,
    -- How the last attempt ended.
    last_status TEXT,
    last_http_status INTEGER,
    last_error TEXT,
    last_attempt_at TEXT,
    created_at TEXT NOT NULL,
    finished_at TEXT,
    CHECK ((state = 'running') = (claim IS NOT NULL)),
    CHECK ((state = 'running') = (claimed_by IS NOT NULL))
) STRICT;

CREATE INDEX deliveries_due ON deliveries (hook_id, due_at) WHERE state = 'pending';
CREATE INDEX deliveries_claim ON deliveries (claim) WHERE state = 'running';
CREATE INDEX deliveries_event ON deliveries (event_seq);
CREATE INDEX deliveries_hook ON deliveries (hook_id, seq);
-- Few, and looked for often.
CREATE INDEX deliveries_exhausted ON deliveries (seq) WHERE state = 'exhausted';

CREATE INDEX hook_execution_logs_delivery ON hook_execution_logs (delivery_id, id)
WHERE delivery_id IS NOT NULL;

-- How an event hook has fared, and what holds it up.
CREATE TABLE hook_deliveries (
    hook_id INTEGER PRIMARY KEY REFERENCES hooks (id),
    succeeded INTEGER NOT NULL,
    failed_attempts INTEGER NOT NULL,
    exhausted INTEGER NOT NULL,
    exhausted_in_a_row INTEGER NOT NULL,
    last_triggered_at TEXT,
    last_status TEXT,
    -- Deliveries wait while this is set.
    paused_at TEXT,
    -- Why it was disabled, until it is enabled again.
    disabled_reason TEXT,
    -- Enabled again after that: one delivery at a time, until one succeeds.
    probing INTEGER NOT NULL CHECK (probing IN (0, 1))
) STRICT;

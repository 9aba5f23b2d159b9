-- The servers; one whose lease has expired has lost its runs.
CREATE TABLE nodes (
    id BLOB PRIMARY KEY NOT NULL,
    lease_expires_at TEXT NOT NULL
) STRICT;

CREATE TABLE stage_runs (
    seq INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    job_id INTEGER NOT NULL REFERENCES jobs (id),
    hook_point TEXT NOT NULL CHECK (
        hook_point IN ('post_variant', 'pre_segment', 'post_segment', 'pre_concatenation', 'post_delivery')
    ),
    plan TEXT NOT NULL,
    input TEXT NOT NULL,
    idempotency_key TEXT,
    request_digest BLOB NOT NULL,
    actor TEXT NOT NULL,
    -- No foreign key: a run may outlive what is known of its server.
    owner BLOB NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('running', 'completed', 'cancelled', 'interrupted')),
    verdict TEXT CHECK (verdict IN ('proceed', 'halt')),
    metadata TEXT,
    warnings TEXT NOT NULL,
    cancel_requested_at TEXT,
    started_at TEXT NOT NULL,
    finished_at TEXT,
    CHECK ((status = 'running') = (finished_at IS NULL))
) STRICT;

CREATE UNIQUE INDEX stage_runs_idempotency ON stage_runs (job_id, hook_point, idempotency_key)
WHERE idempotency_key IS NOT NULL;
CREATE INDEX stage_runs_job ON stage_runs (job_id, seq);
CREATE INDEX stage_runs_running ON stage_runs (owner) WHERE status = 'running';

CREATE TABLE hook_execution_logs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    execution_id BLOB NOT NULL,
    hook_id INTEGER NOT NULL REFERENCES hooks (id),
    hook_name TEXT NOT NULL,
    hook_version INTEGER NOT NULL,
    hook_type TEXT NOT NULL CHECK (hook_type IN ('shell', 'python', 'webhook', 'wasm')),
    source TEXT NOT NULL CHECK (source IN ('studio', 'project', 'scene_type')),
    hook_point TEXT CHECK (
        hook_point IN ('post_variant', 'pre_segment', 'post_segment', 'pre_concatenation', 'post_delivery')
    ),
    event TEXT,
    failure_mode TEXT NOT NULL CHECK (failure_mode IN ('block', 'warn', 'ignore')),
    job_id INTEGER REFERENCES jobs (id),
    stage_run_id BLOB REFERENCES stage_runs (id),
    position INTEGER,
    delivery_id BLOB,
    attempt INTEGER NOT NULL CHECK (attempt >= 1),
    is_test INTEGER NOT NULL CHECK (is_test IN (0, 1)),
    status TEXT NOT NULL CHECK (
        status IN (
            'passed', 'failed', 'skipped', 'needs_review', 'timed_out', 'killed', 'out_of_memory',
            'out_of_fuel', 'limit_exceeded', 'invalid_result', 'refused', 'host_error', 'cancelled',
            'interrupted'
        )
    ),
    success INTEGER NOT NULL CHECK (success IN (0, 1)),
    input_json TEXT,
    stdout TEXT NOT NULL,
    stderr TEXT NOT NULL,
    result_json TEXT,
    exit_code INTEGER,
    error_message TEXT,
    duration_ms INTEGER NOT NULL CHECK (duration_ms >= 0),
    usage_json TEXT NOT NULL,
    executed_at TEXT NOT NULL,
    CHECK (success = (status IN ('passed', 'skipped'))),
    CHECK ((hook_point IS NULL) <> (event IS NULL)),
    CHECK ((stage_run_id IS NULL) = (position IS NULL)),
    -- One record for each step of a plan.
    UNIQUE (stage_run_id, position)
) STRICT;

CREATE INDEX hook_execution_logs_hook ON hook_execution_logs (hook_id, id);
CREATE INDEX hook_execution_logs_job ON hook_execution_logs (job_id, id) WHERE job_id IS NOT NULL;
CREATE INDEX hook_execution_logs_executed_at ON hook_execution_logs (executed_at);
-- Failures are few and looked for often.
CREATE INDEX hook_execution_logs_failures ON hook_execution_logs (id) WHERE success IS FALSE;
CREATE INDEX hook_execution_logs_hook_failures ON hook_execution_logs (hook_id, id) WHERE success IS FALSE;

-- No update path exists, in code or here; deleting is for retention alone.
CREATE TRIGGER hook_execution_logs_immutable BEFORE UPDATE ON hook_execution_logs FOR EACH ROW
BEGIN
    SELECT RAISE(ABORT, 'a row of hook_execution_logs cannot be changed');
END;

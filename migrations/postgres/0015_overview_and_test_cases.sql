-- Logs are looked for by time, and counted by it: whatever a count needs is in
-- the index, so that no row has to be read.
DROP INDEX hook_execution_logs_executed_at;
CREATE INDEX hook_execution_logs_executed_at
ON hook_execution_logs (executed_at, id) INCLUDE (success, is_test, hook_id, duration_ms);

-- Few, and looked for often. What passed costs nothing here.
CREATE INDEX hook_execution_logs_status ON hook_execution_logs (status, id) WHERE status <> 'passed';
CREATE INDEX hook_execution_logs_tests ON hook_execution_logs (id) WHERE is_test IS TRUE;
-- Who tests a hook may choose the execution's id: each is used once.
CREATE UNIQUE INDEX hook_execution_logs_tested ON hook_execution_logs (execution_id)
WHERE is_test IS TRUE;
CREATE INDEX stage_runs_halted ON stage_runs (id) WHERE verdict = 'halt';
CREATE INDEX hook_deliveries_held_up ON hook_deliveries (hook_id)
WHERE paused_at IS NOT NULL OR disabled_reason IS NOT NULL;

-- Sample inputs that are kept with a hook, and how they are to end.
CREATE TABLE hook_test_cases (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    hook_id BIGINT NOT NULL REFERENCES hooks (id),
    name TEXT NOT NULL,
    input TEXT NOT NULL,
    expected_status TEXT CHECK (
        expected_status IN (
            'passed', 'failed', 'skipped', 'needs_review', 'timed_out', 'killed', 'out_of_memory',
            'out_of_fuel', 'limit_exceeded', 'invalid_result', 'refused', 'host_error', 'cancelled',
            'interrupted'
        )
    ),
    created_by TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    UNIQUE (hook_id, name)
);

CREATE INDEX hook_test_cases_hook ON hook_test_cases (hook_id, id);

-- Tests that are at work, each on the server that began it.
CREATE TABLE hook_test_runs (
    execution_id UUID PRIMARY KEY,
    -- No foreign key: a test may outlive what is known of its server.
    owner UUID NOT NULL,
    started_at TIMESTAMPTZ NOT NULL,
    cancel_requested_at TIMESTAMPTZ
);

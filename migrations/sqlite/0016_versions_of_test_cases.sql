-- Who changes a test case says which version was read, as with hooks.
ALTER TABLE hook_test_cases ADD COLUMN version INTEGER NOT NULL DEFAULT 1;

-- Test cases go with their hook.
DELETE FROM hook_test_cases
WHERE hook_id IN (SELECT hooks.id FROM hooks WHERE hooks.archived_at IS NOT NULL);

-- What the deliveries of a hook have in common that are made in the order of
-- their events; NULL where none is asked for.
ALTER TABLE deliveries ADD COLUMN order_key TEXT;
-- Pending, and not to be looked at before an earlier one of its key has ended.
ALTER TABLE deliveries ADD COLUMN held INTEGER NOT NULL DEFAULT 0 CHECK (held IN (0, 1));

-- What is held does not lie in the way of what is due.
DROP INDEX deliveries_due;
CREATE INDEX deliveries_due ON deliveries (hook_id, held, due_at) WHERE state = 'pending';
CREATE INDEX deliveries_in_order ON deliveries (hook_id, order_key, event_seq)
WHERE state = 'pending' AND order_key IS NOT NULL;
CREATE INDEX deliveries_in_order_running ON deliveries (hook_id, order_key, event_seq)
WHERE state = 'running' AND order_key IS NOT NULL;

-- What a hook with a rate began lately, as JSON.
ALTER TABLE hook_deliveries ADD COLUMN rate_window TEXT;

-- The script that really ran: its digest, and how it was kept from the host.
ALTER TABLE hook_execution_logs ADD COLUMN script_json TEXT;

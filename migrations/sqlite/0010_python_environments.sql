-- What is in the Python environments that were built out of requirements, so
-- that another server, or this one again, installs the very same.
CREATE TABLE python_environments (
    environment_key TEXT NOT NULL PRIMARY KEY,
    locked TEXT NOT NULL,
    created_at TEXT NOT NULL
) STRICT;

-- Who made a token, how long it works (NULL: until it is revoked), and when it
-- was used last, to the minute.
ALTER TABLE api_tokens ADD COLUMN created_by TEXT NOT NULL DEFAULT 'server';
ALTER TABLE api_tokens ADD COLUMN expires_at TEXT;
ALTER TABLE api_tokens ADD COLUMN last_used_at TEXT;

-- What people began by signing in with a token. A session ends with its token.
CREATE TABLE sessions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    token_id INTEGER NOT NULL REFERENCES api_tokens (id) ON DELETE CASCADE,
    -- SHA-256 of the key that the browser keeps; the key itself is kept nowhere.
    hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL
) STRICT;

CREATE INDEX sessions_of_token ON sessions (token_id, id);
CREATE INDEX sessions_that_end ON sessions (expires_at);

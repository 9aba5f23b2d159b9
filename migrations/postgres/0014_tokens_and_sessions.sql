-- Who made a token, how long it works (NULL: until it is revoked), and when it
-- was used last, to the minute.
ALTER TABLE api_tokens ADD COLUMN created_by TEXT NOT NULL DEFAULT 'server';
ALTER TABLE api_tokens ADD COLUMN expires_at TIMESTAMPTZ;
ALTER TABLE api_tokens ADD COLUMN last_used_at TIMESTAMPTZ;

-- What people began by signing in with a token. A session ends with its token.
CREATE TABLE sessions (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    token_id BIGINT NOT NULL REFERENCES api_tokens (id) ON DELETE CASCADE,
    -- SHA-256 of the key that the browser keeps; the key itself is kept nowhere.
    hash BYTEA NOT NULL UNIQUE CHECK (length(hash) = 32),
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX sessions_of_token ON sessions (token_id, id);
CREATE INDEX sessions_that_end ON sessions (expires_at);

-- Secrets, encrypted. The key is never in the database.
CREATE TABLE secrets (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    -- Which key encrypted it, and under which nonce.
    key_id TEXT NOT NULL,
    nonce BLOB NOT NULL CHECK (length(nonce) = 24),
    ciphertext BLOB NOT NULL,
    -- The value before it, while that one still signs.
    previous_key_id TEXT,
    previous_nonce BLOB CHECK (length(previous_nonce) = 24),
    previous_ciphertext BLOB,
    previous_until TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    updated_by TEXT NOT NULL,
    CHECK ((previous_key_id IS NULL) = (previous_nonce IS NULL)),
    CHECK ((previous_key_id IS NULL) = (previous_ciphertext IS NULL)),
    CHECK ((previous_key_id IS NULL) = (previous_until IS NULL))
) STRICT;

-- Grows with every change of any secret, so that every server notices.
CREATE TABLE secret_generation (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    generation INTEGER NOT NULL
) STRICT;

INSERT INTO secret_generation (id, generation) VALUES (1, 0);

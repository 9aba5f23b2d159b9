-- Secrets, encrypted. The key is never in the database.
CREATE TABLE secrets (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    -- Which key encrypted it, and under which nonce.
    key_id TEXT NOT NULL,
    nonce BYTEA NOT NULL CHECK (length(nonce) = 24),
    ciphertext BYTEA NOT NULL,
    -- The value before it, while that one still signs.
    previous_key_id TEXT,
    previous_nonce BYTEA CHECK (length(previous_nonce) = 24),
    previous_ciphertext BYTEA,
    previous_until TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    updated_by TEXT NOT NULL,
    CHECK ((previous_key_id IS NULL) = (previous_nonce IS NULL)),
    CHECK ((previous_key_id IS NULL) = (previous_ciphertext IS NULL)),
    CHECK ((previous_key_id IS NULL) = (previous_until IS NULL))
);

-- Grows with every change of any secret, so that every server notices.
CREATE TABLE secret_generation (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    generation BIGINT NOT NULL
);

INSERT INTO secret_generation (id, generation) VALUES (1, 0);

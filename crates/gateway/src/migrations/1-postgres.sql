CREATE TABLE agents (
    client TEXT PRIMARY KEY,
    extension TEXT NOT NULL,
    -- Argon2id, in the PHC format.
    secret TEXT NOT NULL,
    added BIGINT NOT NULL,
    seen BIGINT
);
CREATE INDEX agents_by_extension ON agents (extension);
CREATE TABLE tokens (
    -- SHA-256 of random texts.
    access BYTEA PRIMARY KEY,
    -- Nothing once it was used.
    refresh BYTEA UNIQUE,
    client TEXT NOT NULL REFERENCES agents (client) ON DELETE CASCADE,
    access_until BIGINT NOT NULL,
    refresh_until BIGINT NOT NULL
);
CREATE INDEX tokens_by_client ON tokens (client);
CREATE INDEX tokens_by_end ON tokens (refresh_until);
CREATE TABLE invitations (
    code BYTEA PRIMARY KEY,
    extension TEXT NOT NULL,
    until BIGINT NOT NULL
);
-- The PBX's own token: it grants eight, and one that is forgotten is taken for half an hour.
CREATE TABLE kept (name TEXT PRIMARY KEY, value TEXT NOT NULL);
-- Rows of the writer's journal, by table and key, as JSON.
CREATE TABLE journal (
    tbl TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (tbl, key)
);
-- Which gateway serves. The epoch is the key, so that who writes under one (FOR KEY SHARE) is not in the way of renewing
-- it, but of changing it.
CREATE TABLE lease (
    epoch BIGINT PRIMARY KEY,
    -- There is one row.
    is_the_one BOOLEAN NOT NULL UNIQUE DEFAULT TRUE CHECK (is_the_one),
    holder TEXT NOT NULL,
    until TIMESTAMPTZ NOT NULL
);
INSERT INTO lease (epoch, holder, until) VALUES (0, '', '-infinity');

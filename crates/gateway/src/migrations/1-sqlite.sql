CREATE TABLE agents (
    client TEXT PRIMARY KEY,
    extension TEXT NOT NULL,
    -- Argon2id, in the PHC format.
    secret TEXT NOT NULL,
    added INTEGER NOT NULL,
    seen INTEGER
) STRICT;
CREATE INDEX agents_by_extension ON agents (extension);
CREATE TABLE tokens (
    -- SHA-256 of random texts.
    access BLOB PRIMARY KEY,
    -- Nothing once it was used.
    refresh BLOB UNIQUE,
    client TEXT NOT NULL REFERENCES agents (client) ON DELETE CASCADE,
    access_until INTEGER NOT NULL,
    refresh_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX tokens_by_client ON tokens (client);
CREATE INDEX tokens_by_end ON tokens (refresh_until);
CREATE TABLE invitations (
    code BLOB PRIMARY KEY,
    extension TEXT NOT NULL,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- The PBX's own token: it grants eight, and one that is forgotten is taken for half an hour.
CREATE TABLE kept (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

-- Frozen: a later change of the schema goes into a new file.

-- Every call of every watched extension, and what came of it. Words are the codes of the engine; times are
-- milliseconds since 1970 (UTC); durations are milliseconds since the event that announced the call.
CREATE TABLE calls (
    call_id         TEXT    NOT NULL,
    extension       TEXT    NOT NULL,
    direction       TEXT    NOT NULL,
    number          TEXT,
    name            TEXT,
    record_kind     TEXT,
    record_id       TEXT,
    record_url      TEXT,
    phase           TEXT    NOT NULL,
    outcome         TEXT,
    reason          TEXT,
    started_ms      INTEGER NOT NULL,
    answered_ms     INTEGER,
    ended_ms        INTEGER,
    notification_ms INTEGER,
    lookup_ms       INTEGER,
    tab_ms          INTEGER,
    detail          TEXT,
    PRIMARY KEY (call_id, extension)
) STRICT;
CREATE INDEX calls_by_start ON calls (started_ms);

-- Calls whose page has been opened: one tab per call, also across restarts.
CREATE TABLE pops (
    call_id TEXT    NOT NULL PRIMARY KEY,
    at_ms   INTEGER NOT NULL
) STRICT;
CREATE INDEX pops_by_time ON pops (at_ms);

-- Answers of searches by number, the empty ones among them.
CREATE TABLE lookups (
    number     TEXT    NOT NULL PRIMARY KEY,
    at_ms      INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL
) STRICT;

-- Contacts and accounts found or created under a number; several per number are possible.
CREATE TABLE records (
    number   TEXT    NOT NULL,
    kind     TEXT    NOT NULL,
    id       TEXT    NOT NULL,
    name     TEXT,
    account  TEXT,
    web_url  TEXT,
    found_ms INTEGER NOT NULL,
    source   TEXT    NOT NULL,
    PRIMARY KEY (number, kind, id)
) STRICT;
CREATE INDEX records_by_id ON records (kind, id);

-- Frozen: a later change of the schema goes into a new file.

-- What is owed to Desk, one row for each record. `key` is the natural name of the promise and is never used twice, so
-- a finished row is also the memory that it was kept. `seq` is the order in which the promises were made: clocks are
-- set back. `doubtful` says that a send may have arrived whose answer did not. A parent stands before its children.
CREATE TABLE outbox (
    seq        INTEGER NOT NULL PRIMARY KEY,
    key        TEXT    NOT NULL UNIQUE,
    call_id    TEXT    NOT NULL,
    extension  TEXT    NOT NULL,
    kind       TEXT    NOT NULL,
    payload    TEXT    NOT NULL,
    depends_on TEXT    REFERENCES outbox (key),
    state      TEXT    NOT NULL,
    doubtful   INTEGER NOT NULL DEFAULT 0,
    attempts   INTEGER NOT NULL DEFAULT 0,
    due_ms     INTEGER NOT NULL,
    first_ms   INTEGER,
    claimed_ms INTEGER,
    remote_id  TEXT,
    remote_url TEXT,
    reason     TEXT,
    detail     TEXT,
    created_ms INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX outbox_by_state ON outbox (state, changed_ms);
CREATE INDEX outbox_by_call ON outbox (call_id, seq);
CREATE INDEX outbox_by_parent ON outbox (depends_on) WHERE depends_on IS NOT NULL;

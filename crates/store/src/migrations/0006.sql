-- Frozen: a later change of the schema goes into a new file.

-- Records of Desk in a phonebook of the PBX: which entry each became, or why none.
CREATE TABLE synced (
    book    TEXT NOT NULL,
    kind    TEXT NOT NULL,
    id      TEXT NOT NULL,
    entry   INTEGER,
    written TEXT,
    reason  TEXT,
    label   TEXT,
    PRIMARY KEY (book, kind, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX synced_with_reason ON synced (book, kind, id) WHERE reason IS NOT NULL;

-- Records that are to be copied there.
CREATE TABLE to_sync (
    kind     TEXT NOT NULL,
    id       TEXT NOT NULL,
    due_ms   INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;

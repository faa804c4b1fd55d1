-- Frozen: a later change of the schema goes into a new file.

-- What was learned of the world and is needed when the world cannot be asked.
CREATE TABLE facts (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

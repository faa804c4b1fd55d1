-- Frozen: a later change of the schema goes into a new file.

-- `number_key` is the writer's form of the number for comparing (E.164 or bare digits). `missed` is the writer's
-- verdict, `seen` what came of it. Disposition and note are the agent's own, after the call.
ALTER TABLE calls ADD COLUMN number_key  TEXT;
ALTER TABLE calls ADD COLUMN company     TEXT;
ALTER TABLE calls ADD COLUMN missed      INTEGER NOT NULL DEFAULT 0;
ALTER TABLE calls ADD COLUMN seen        INTEGER NOT NULL DEFAULT 0;
ALTER TABLE calls ADD COLUMN disposition TEXT;
ALTER TABLE calls ADD COLUMN note        TEXT;
-- Calls of before the update are history, not news.
UPDATE calls SET missed = 1, seen = 1 WHERE outcome = 'missed' AND direction <> 'outbound';
CREATE INDEX calls_by_number ON calls (number_key, started_ms) WHERE number_key IS NOT NULL;
CREATE INDEX calls_unseen ON calls (call_id) WHERE missed = 1 AND seen = 0;

-- Which of several records the agent chose for a number.
CREATE TABLE choices (
    number_key  TEXT    NOT NULL PRIMARY KEY,
    record_kind TEXT    NOT NULL,
    record_id   TEXT    NOT NULL,
    record_url  TEXT,
    at_ms       INTEGER NOT NULL
) STRICT;

-- Forms begun and neither saved nor discarded.
CREATE TABLE drafts (
    key   TEXT    NOT NULL PRIMARY KEY,
    json  TEXT    NOT NULL,
    at_ms INTEGER NOT NULL
) STRICT;

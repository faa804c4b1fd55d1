-- Frozen: a later change of the schema goes into a new file.

-- What helps to tell records of one number apart: mail address, and last change in milliseconds since 1970.
ALTER TABLE records ADD COLUMN email      TEXT;
ALTER TABLE records ADD COLUMN changed_ms INTEGER;

-- How far it is known whose number it is: the engine's code.
ALTER TABLE calls ADD COLUMN who TEXT;
UPDATE calls SET who = json_extract(detail, '$.who.state') WHERE json_valid(detail);

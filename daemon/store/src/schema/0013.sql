-- What was folded for the model, and what no summary may change.

-- `body` is all of a compaction that no query asks for.
CREATE TABLE compactions (
    number      INTEGER PRIMARY KEY,
    id          BLOB NOT NULL UNIQUE,
    session_id  BLOB NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    until       INTEGER NOT NULL,
    expanded_at INTEGER,
    body        TEXT NOT NULL
) STRICT;
CREATE INDEX compactions_by_session ON compactions (session_id, number);

-- A pin that was taken off keeps its row: the model was told of it.
CREATE TABLE pins (
    number     INTEGER PRIMARY KEY,
    id         BLOB NOT NULL UNIQUE,
    session_id BLOB NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    kind       TEXT NOT NULL,
    text       TEXT NOT NULL,
    by         TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    removed_at INTEGER
) STRICT;
CREATE INDEX pins_by_session ON pins (session_id, number);

-- 1 where the next request folds first, whatever its length.
ALTER TABLE sessions ADD COLUMN folds INTEGER NOT NULL DEFAULT 0 CHECK (folds IN (0, 1));

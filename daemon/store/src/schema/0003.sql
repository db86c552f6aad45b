-- A message may steer the running turn, a person's command belongs to no turn, and a fork has
-- copies of calls whose trace is that of the first.

ALTER TABLE messages ADD COLUMN steer INTEGER NOT NULL DEFAULT 0 CHECK (steer IN (0, 1));

CREATE TABLE new_calls (
    number      INTEGER PRIMARY KEY,
    id          BLOB NOT NULL UNIQUE,
    session_id  BLOB NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    turn_id     BLOB REFERENCES turns (id) ON DELETE CASCADE,
    trace_id    BLOB,
    copied      INTEGER NOT NULL DEFAULT 0 CHECK (copied IN (0, 1)),
    name        TEXT NOT NULL,
    asked_at    INTEGER NOT NULL,
    started_at  INTEGER,
    finished_at INTEGER,
    input       TEXT NOT NULL,
    inspection  TEXT NOT NULL,
    state       TEXT NOT NULL
) STRICT;
INSERT INTO new_calls (number, id, session_id, turn_id, trace_id, name, asked_at, started_at,
                       finished_at, input, inspection, state)
    SELECT number, id, session_id, turn_id, trace_id, name, asked_at, started_at,
           finished_at, input, inspection, state FROM calls;
DROP TABLE calls;
ALTER TABLE new_calls RENAME TO calls;
CREATE INDEX calls_by_session ON calls (session_id);
CREATE INDEX calls_by_turn ON calls (turn_id);
-- A person's commands that run: what a crash leaves of them is found here.
CREATE INDEX calls_of_persons ON calls (session_id) WHERE turn_id IS NULL AND finished_at IS NULL;

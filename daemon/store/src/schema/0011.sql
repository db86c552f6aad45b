-- Questions of the agent to a person.

CREATE TABLE questions (
    number     INTEGER PRIMARY KEY,
    id         BLOB NOT NULL UNIQUE,
    session_id BLOB NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    turn_id    BLOB NOT NULL REFERENCES turns (id) ON DELETE CASCADE,
    call_id    BLOB NOT NULL,
    pending    INTEGER NOT NULL CHECK (pending IN (0, 1)),
    question   TEXT NOT NULL
) STRICT;
CREATE INDEX questions_by_session ON questions (session_id);
CREATE INDEX questions_by_turn ON questions (turn_id);
-- The pending ones, by arrival; and a call asks once at a time.
CREATE INDEX questions_pending ON questions (number) WHERE pending = 1;
CREATE UNIQUE INDEX questions_by_call ON questions (call_id) WHERE pending = 1;

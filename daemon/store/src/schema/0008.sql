-- People: users, the peers by which channels know them, whose each session and trace is, and
-- what of models was used in whose name.

CREATE TABLE users (
    id         BLOB PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    body       TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE peers (
    peer    TEXT PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX peers_by_user ON peers (user_id, peer);

ALTER TABLE sessions ADD COLUMN user_id BLOB;
CREATE INDEX sessions_by_user ON sessions (user_id, updated_at, id);

-- A trace outlives its session, and is that user's for ever.
ALTER TABLE traces ADD COLUMN user_id BLOB;
CREATE INDEX traces_by_user ON traces (user_id, timestamp, id) WHERE user_id IS NOT NULL;

-- One row for each quarter of an hour, so that a day of any time zone is a whole number of rows.
-- An empty key is nobody's, or no job's. `cost` is in millionths of a US dollar.
CREATE TABLE spend (
    at          INTEGER NOT NULL,
    user_id     BLOB NOT NULL,
    session_id  BLOB NOT NULL,
    job_id      BLOB NOT NULL,
    model       TEXT NOT NULL,
    calls       INTEGER NOT NULL,
    tokens      INTEGER NOT NULL,
    cost        INTEGER NOT NULL,
    PRIMARY KEY (at, user_id, session_id, job_id, model)
) STRICT, WITHOUT ROWID;
CREATE INDEX spend_by_user ON spend (user_id, at);
CREATE INDEX spend_by_session ON spend (session_id, at);
CREATE INDEX spend_by_job ON spend (job_id, at) WHERE job_id <> x'';

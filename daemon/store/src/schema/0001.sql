-- The first shape of the database. Never edited; what changes comes in a new file.
--
-- Ids are the 16 bytes of a UUID, times milliseconds since the epoch, what is only ever read
-- whole is JSON. Long columns stand last, so that a scan need not walk over them.
-- `number` is the order of arrival, where ids made by others cannot be trusted for it.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Facts, in the order of their commits. AUTOINCREMENT: a number is never given twice.
-- `written` counts the bytes of news up to this row, so what is kept is a difference of two rows.
CREATE TABLE journal (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    at         INTEGER NOT NULL,
    session_id BLOB,
    written    INTEGER NOT NULL,
    news       TEXT NOT NULL
) STRICT;

CREATE TABLE sessions (
    id         BLOB PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    workspace  TEXT NOT NULL,
    mode       TEXT,
    model      TEXT,
    state      TEXT NOT NULL,
    waiting    INTEGER NOT NULL,
    messages   INTEGER NOT NULL,
    last_line  TEXT NOT NULL,
    usage      TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_by_use ON sessions (updated_at, id);
CREATE INDEX sessions_by_workspace ON sessions (workspace, updated_at, id);

CREATE TABLE turns (
    number      INTEGER PRIMARY KEY,
    id          BLOB NOT NULL UNIQUE,
    session_id  BLOB NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    message_id  BLOB,
    finished    INTEGER NOT NULL CHECK (finished IN (0, 1)),
    state       TEXT NOT NULL,
    steps       INTEGER NOT NULL,
    usage       TEXT NOT NULL,
    provider    TEXT NOT NULL,
    model       TEXT NOT NULL,
    started_at  INTEGER NOT NULL,
    finished_at INTEGER
) STRICT;
CREATE INDEX turns_by_session ON turns (session_id);
-- A session has at most one turn that is not over.
CREATE UNIQUE INDEX turns_unfinished ON turns (session_id) WHERE finished = 0;

CREATE TABLE messages (
    number      INTEGER PRIMARY KEY,
    id          BLOB NOT NULL UNIQUE,
    session_id  BLOB NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    turn_id     BLOB,
    position    INTEGER,
    role        TEXT NOT NULL,
    line        TEXT NOT NULL,
    peer        TEXT,
    interrupted INTEGER NOT NULL CHECK (interrupted IN (0, 1)),
    created_at  INTEGER NOT NULL,
    parts       TEXT NOT NULL
) STRICT;
-- Messages without a position wait for their turn; nulls are not equal, so many may wait.
CREATE UNIQUE INDEX messages_by_position ON messages (session_id, position);

CREATE TABLE calls (
    number      INTEGER PRIMARY KEY,
    id          BLOB NOT NULL UNIQUE,
    session_id  BLOB NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    turn_id     BLOB NOT NULL REFERENCES turns (id) ON DELETE CASCADE,
    trace_id    BLOB,
    name        TEXT NOT NULL,
    asked_at    INTEGER NOT NULL,
    started_at  INTEGER,
    finished_at INTEGER,
    input       TEXT NOT NULL,
    inspection  TEXT NOT NULL,
    state       TEXT NOT NULL
) STRICT;
CREATE INDEX calls_by_session ON calls (session_id);
CREATE INDEX calls_by_turn ON calls (turn_id);

CREATE TABLE approvals (
    number     INTEGER PRIMARY KEY,
    id         BLOB NOT NULL UNIQUE,
    session_id BLOB NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    turn_id    BLOB NOT NULL REFERENCES turns (id) ON DELETE CASCADE,
    call_id    BLOB NOT NULL,
    pending    INTEGER NOT NULL CHECK (pending IN (0, 1)),
    tool       TEXT NOT NULL,
    reason     TEXT NOT NULL,
    rule       TEXT,
    asked_at   INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    state      TEXT NOT NULL,
    inspection TEXT NOT NULL
) STRICT;
CREATE INDEX approvals_by_session ON approvals (session_id);
CREATE INDEX approvals_by_turn ON approvals (turn_id);
-- The pending ones, by arrival; and a call is asked about once at a time.
CREATE INDEX approvals_pending ON approvals (number) WHERE pending = 1;
CREATE UNIQUE INDEX approvals_by_call ON approvals (call_id) WHERE pending = 1;

CREATE TABLE rules (
    number     INTEGER PRIMARY KEY,
    id         BLOB NOT NULL UNIQUE,
    session_id BLOB REFERENCES sessions (id) ON DELETE CASCADE,
    decision   TEXT NOT NULL,
    pattern    TEXT NOT NULL,
    actor      TEXT,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT;
CREATE INDEX rules_by_session ON rules (session_id);
CREATE INDEX rules_in_force ON rules (number) WHERE revoked_at IS NULL;

-- Traces outlive their session, so nothing is referenced.
CREATE TABLE traces (
    id          BLOB PRIMARY KEY,
    call_id     BLOB NOT NULL UNIQUE,
    session_id  BLOB NOT NULL,
    agent_id    BLOB NOT NULL,
    timestamp   INTEGER NOT NULL,
    tool_name   TEXT NOT NULL,
    action_type TEXT NOT NULL,
    complete    INTEGER NOT NULL CHECK (complete IN (0, 1)),
    duration_ms INTEGER,
    metadata    TEXT NOT NULL,
    params      TEXT NOT NULL,
    result      TEXT NOT NULL
) STRICT;
CREATE INDEX traces_by_time ON traces (timestamp, id);
CREATE INDEX traces_by_session ON traces (session_id, timestamp, id);
CREATE INDEX traces_by_outcome ON traces (action_type, timestamp, id);
-- Wide, so that statistics of any filter are read from it alone.
CREATE INDEX traces_by_tool ON traces
    (tool_name, timestamp, id, action_type, duration_ms, session_id);
CREATE INDEX traces_open ON traces (timestamp, id) WHERE complete = 0;

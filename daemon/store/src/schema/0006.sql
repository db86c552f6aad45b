-- Jobs, the ledger of their due times, and what waits for a person.

-- `spec` is all of a job that no query asks for. A removed job keeps its row, for its ledger.
CREATE TABLE jobs (
    number     INTEGER PRIMARY KEY,
    id         BLOB NOT NULL UNIQUE,
    name       TEXT NOT NULL,
    session_id BLOB,
    next_at    INTEGER,
    last_due   INTEGER,
    failures   INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    removed_at INTEGER,
    state      TEXT NOT NULL,
    spec       TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX jobs_by_name ON jobs (name) WHERE removed_at IS NULL;
CREATE INDEX jobs_due ON jobs (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX jobs_removed ON jobs (removed_at) WHERE removed_at IS NOT NULL;

-- One row for each due time of a job, whatever became of it.
CREATE TABLE ledger (
    job_id      BLOB NOT NULL REFERENCES jobs (id),
    due_at      INTEGER NOT NULL,
    state       TEXT NOT NULL,
    by_hand     INTEGER NOT NULL CHECK (by_hand IN (0, 1)),
    attempts    INTEGER NOT NULL,
    written_at  INTEGER NOT NULL,
    claim_at    INTEGER,
    started_at  INTEGER,
    finished_at INTEGER,
    session_id  BLOB,
    message_id  BLOB,
    turn_id     BLOB,
    reason      TEXT NOT NULL,
    PRIMARY KEY (job_id, due_at)
) STRICT, WITHOUT ROWID;
CREATE INDEX ledger_waiting ON ledger (claim_at) WHERE state = 'waiting';
CREATE INDEX ledger_running ON ledger (job_id) WHERE state = 'running';
CREATE INDEX ledger_by_message ON ledger (message_id) WHERE state = 'running';
CREATE INDEX ledger_by_time ON ledger (due_at);

-- `subject` is the cause: while one item about it waits there is no second.
-- `wake_at` is when a person is told again.
CREATE TABLE attention (
    number     INTEGER PRIMARY KEY,
    id         BLOB NOT NULL UNIQUE,
    subject    TEXT NOT NULL,
    priority   INTEGER NOT NULL,
    resolved   INTEGER NOT NULL CHECK (resolved IN (0, 1)),
    snoozed    INTEGER NOT NULL CHECK (snoozed IN (0, 1)),
    session_id BLOB,
    at         INTEGER NOT NULL,
    deadline   INTEGER,
    wake_at    INTEGER,
    item       TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX attention_subject ON attention (subject) WHERE resolved = 0;
CREATE INDEX attention_open ON attention (priority, number) WHERE resolved = 0;
CREATE INDEX attention_wake ON attention (wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX attention_by_session ON attention (session_id) WHERE resolved = 0;
CREATE INDEX attention_by_time ON attention (at) WHERE resolved = 1;

-- What waits already.
INSERT INTO attention (id, subject, priority, resolved, snoozed, session_id, at, deadline, item)
    SELECT id, 'apr_' || lower(hex(id)), iif(danger IS NULL, 2, 3), 0, 0, session_id, asked_at,
        expires_at, json_object(
            'id', 'att_' || lower(hex(id)),
            'kind', 'approval',
            'priority', iif(danger IS NULL, 'high', 'urgent'),
            'title', coalesce(nullif(inspection ->> 'title', ''), tool),
            'detail', reason,
            'session_id', 'ses_' || lower(hex(session_id)),
            'turn_id', 'trn_' || lower(hex(turn_id)),
            'approval_id', 'apr_' || lower(hex(id)),
            'at', strftime('%Y-%m-%dT%H:%M:%fZ', asked_at / 1000.0, 'unixepoch'),
            'deadline', strftime('%Y-%m-%dT%H:%M:%fZ', expires_at / 1000.0, 'unixepoch'),
            'told', 1,
            'state', json_object('state', 'open'))
    FROM approvals WHERE pending = 1 ORDER BY number;

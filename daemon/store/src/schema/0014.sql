-- A session's name is unique among those of its user, not in the whole house; a session can be
-- put away; and what was said is found in all sessions of a user.

-- Made anew, because the constraint of a column cannot be dropped. References to it are by name
-- and are not looked at meanwhile (`migrate.rs`).
CREATE TABLE new_sessions (
    id          BLOB PRIMARY KEY,
    name        TEXT NOT NULL,
    workspace   TEXT NOT NULL,
    mode        TEXT,
    model       TEXT,
    state       TEXT NOT NULL,
    waiting     INTEGER NOT NULL,
    messages    INTEGER NOT NULL,
    last_line   TEXT NOT NULL,
    usage       TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    user_id     BLOB,
    folds       INTEGER NOT NULL DEFAULT 0 CHECK (folds IN (0, 1)),
    archived_at INTEGER
) STRICT;
INSERT INTO new_sessions (id, name, workspace, mode, model, state, waiting, messages, last_line,
                          usage, created_at, updated_at, user_id, folds)
    SELECT id, name, workspace, mode, model, state, waiting, messages, last_line,
           usage, created_at, updated_at, user_id, folds FROM sessions;
DROP TABLE sessions;
ALTER TABLE new_sessions RENAME TO sessions;
CREATE INDEX sessions_by_use ON sessions (updated_at, id);
CREATE INDEX sessions_by_workspace ON sessions (workspace, updated_at, id);
CREATE INDEX sessions_by_user ON sessions (user_id, updated_at, id);
-- Those of before there were users are nobody's, and told apart too.
CREATE UNIQUE INDEX sessions_by_name ON sessions (name, coalesce(user_id, x''));

-- Each message by its number. Which words it holds is all that is asked, so where in it they stand
-- is not kept (`detail`), nor are the words themselves (`content`).
CREATE VIRTUAL TABLE message_terms USING fts5 (
    terms, content = '', contentless_delete = 1, tokenize = 'ascii', detail = 'none'
);

-- Sessions whose messages before a position are still to be put into the index: those from before
-- there was one, copies that a fork made, and those that got another user. The daemon does it in
-- bites, the newest first, so that no start waits for it.
CREATE TABLE unindexed (
    session_id BLOB PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE,
    before     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO unindexed (session_id, before)
    SELECT session_id, max(position) + 1 FROM messages
    WHERE position IS NOT NULL GROUP BY session_id;

-- Traces that a person marked to find them again; a mark goes with its trace.
CREATE TABLE marks (
    trace_id BLOB PRIMARY KEY REFERENCES traces (id) ON DELETE CASCADE,
    at       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What was said in a turn, without walking through its session.
CREATE INDEX messages_by_turn ON messages (turn_id) WHERE turn_id IS NOT NULL;

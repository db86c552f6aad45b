-- Terminals: what is stored of them. What they wrote is in files of their own.

CREATE TABLE terminals (
    id         BLOB PRIMARY KEY,
    session_id BLOB,
    opened_at  INTEGER NOT NULL,
    body       TEXT NOT NULL
) STRICT, WITHOUT ROWID;

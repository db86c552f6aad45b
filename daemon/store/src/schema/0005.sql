-- Since when what the settings let grow old is kept whole: before it, some may have been removed.

CREATE TABLE kept_since (
    what TEXT PRIMARY KEY,
    at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

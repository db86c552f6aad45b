-- Memories of users, topics of the knowledge, and the terms by which both are found.

-- A small number for each user. It stands before every term of theirs in an index, so that a word
-- that everybody says is looked up among the rows of one. 0 is the house.
CREATE TABLE owners (
    number  INTEGER PRIMARY KEY,
    user_id BLOB NOT NULL UNIQUE
) STRICT;

-- A belief is never overwritten: `supersedes` names the one whose place it took.
-- The words stand in `text` alone, so that they can be forgotten.
CREATE TABLE memories (
    number      INTEGER PRIMARY KEY,
    id          BLOB NOT NULL UNIQUE,
    owner       INTEGER NOT NULL REFERENCES owners (number),
    state       TEXT NOT NULL,
    category    INTEGER NOT NULL,
    confidence  INTEGER NOT NULL,
    supersedes  BLOB,
    valid_from  INTEGER,
    valid_until INTEGER,
    created_at  INTEGER NOT NULL,
    text        TEXT NOT NULL,
    body        TEXT NOT NULL
) STRICT;
CREATE INDEX memories_by_owner ON memories (owner, state, category, confidence DESC, number);
CREATE INDEX memories_by_predecessor ON memories (supersedes) WHERE supersedes IS NOT NULL;

-- Terms are made in `terms.rs`; the tokenizer has only to part them at the spaces. Of the words
-- themselves nothing is kept here (`content = ''`).
CREATE VIRTUAL TABLE memory_terms USING fts5 (
    terms, content = '', contentless_delete = 1, tokenize = 'ascii'
);

CREATE TABLE topics (
    number     INTEGER PRIMARY KEY,
    id         BLOB NOT NULL UNIQUE,
    owner      INTEGER NOT NULL,
    key        TEXT NOT NULL,
    name       TEXT NOT NULL,
    tainted    INTEGER NOT NULL CHECK (tainted IN (0, 1)),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    body       TEXT NOT NULL,
    text       TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX topics_by_key ON topics (owner, key);

CREATE TABLE topic_links (
    source INTEGER NOT NULL REFERENCES topics (number) ON DELETE CASCADE,
    target INTEGER NOT NULL REFERENCES topics (number) ON DELETE CASCADE,
    PRIMARY KEY (source, target)
) STRICT, WITHOUT ROWID;
CREATE INDEX topic_links_by_target ON topic_links (target);

-- What one user's agent does with a topic. `warmth` is the logarithm of what all uses weigh, each
-- twice as much as one a week before: so it orders topics at any moment without being renewed.
CREATE TABLE topic_uses (
    owner   INTEGER NOT NULL,
    topic   INTEGER NOT NULL REFERENCES topics (number) ON DELETE CASCADE,
    pinned  INTEGER NOT NULL CHECK (pinned IN (0, 1)),
    uses    INTEGER NOT NULL,
    used_at INTEGER,
    warmth  REAL,
    PRIMARY KEY (owner, topic)
) STRICT, WITHOUT ROWID;
CREATE INDEX topic_uses_hot ON topic_uses (owner, pinned DESC, warmth DESC);
CREATE INDEX topic_uses_by_topic ON topic_uses (topic);

CREATE VIRTUAL TABLE topic_terms USING fts5 (
    terms, content = '', contentless_delete = 1, tokenize = 'ascii'
);

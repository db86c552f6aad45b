-- Questions that need more than one answer, or certain people's.

ALTER TABLE approvals ADD COLUMN terms TEXT;
ALTER TABLE approvals ADD COLUMN votes TEXT;

-- Who really said a message, where the daemon's owner acts as another peer.
ALTER TABLE messages ADD COLUMN acted_by TEXT;

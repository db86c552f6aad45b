-- Learned rules for a folder, with an end, and with examples; dangerous approvals.

ALTER TABLE rules ADD COLUMN workspace TEXT;
ALTER TABLE rules ADD COLUMN expires_at INTEGER;
ALTER TABLE rules ADD COLUMN match TEXT;
ALTER TABLE rules ADD COLUMN not_match TEXT;
ALTER TABLE approvals ADD COLUMN danger TEXT;

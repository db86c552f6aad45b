-- A job's name is unique among those of its user, not in the whole house: who stores one looks.
DROP INDEX jobs_by_name;
CREATE INDEX jobs_by_name ON jobs (name) WHERE removed_at IS NULL;

-- How many jobs with times to come a user has is asked whenever one is made.
CREATE INDEX jobs_by_peer ON jobs (spec ->> '$.frozen.user') WHERE next_at IS NOT NULL;

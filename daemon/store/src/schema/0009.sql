-- What the newest request of a turn carried, tier by tier.
ALTER TABLE turns ADD COLUMN carried TEXT NOT NULL DEFAULT '{}';

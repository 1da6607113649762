-- Categories that a message had before we gave it any, as a JSON array: its user's, which stay. And those that were asked for last, until it is
-- known that they were set; without them the next pass could not tell what is ours.
ALTER TABLE placement ADD COLUMN their_categories TEXT;
ALTER TABLE placement ADD COLUMN asked_categories TEXT;

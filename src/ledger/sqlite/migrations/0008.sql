-- What a message has at the target beside its folder, from us: categories, as a JSON array of names. NULL: none was set yet. They are set
-- by the target's own id of the message, which stays when its user moves it.
ALTER TABLE placement ADD COLUMN categories TEXT;
ALTER TABLE placement ADD COLUMN item TEXT;

-- Where the source shows one message in several folders (Gmail's labels and All Mail), not every placement is copied. A folder's
-- rank says how early its placement is chosen; NULL: the folder is not read. Of a placement that is `elsewhere` the message is copied by
-- another one of lower rank, so it is out of scope, whatever the filters say.
ALTER TABLE folder ADD COLUMN rank INTEGER;
ALTER TABLE placement ADD COLUMN elsewhere INTEGER NOT NULL DEFAULT 0;
CREATE INDEX placement_elsewhere ON placement (folder) WHERE elsewhere = 1;

-- A message on its way enters and leaves an index with each of its states, and that is most of what the ledger costs. Pairs
-- are walked by their folders, except for what ended without arriving (states 4, 5 and 6: skipped, failed, vanished).
DROP INDEX placement_pair;
CREATE INDEX placement_ended ON placement (pair, state, in_scope) WHERE state IN (4, 5, 6);
-- Made again by the first pass that copies newest first.
DROP INDEX placement_newest;

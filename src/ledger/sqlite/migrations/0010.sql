-- A list of three is a temporary tree, built anew for each row that is written: 5 % of a pass's CPU time. A range is two comparisons.
DROP INDEX placement_ended;
CREATE INDEX placement_ended ON placement (pair, state, in_scope) WHERE state BETWEEN 4 AND 6;

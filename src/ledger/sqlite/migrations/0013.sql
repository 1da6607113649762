-- Before 0011 what was missing was missing without a cause. A pass that ended as verified had found what it copied itself, and what is there before a
-- pass was found when it was adopted (state 3): the target's user took it away since. Of what another pass copied nobody can say.
UPDATE placement SET missing = 2
    WHERE missing = 1 AND (state = 3 OR copied_pass IN
        (SELECT p.id FROM pass p WHERE p.pair = placement.pair AND p.outcome = 'verified'));

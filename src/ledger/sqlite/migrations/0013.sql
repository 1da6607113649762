-- Before 0011 a folder in which a user had removed something did not count as verified, and its rows were missing without a cause. A pass that ended
-- as verified had found every message there that was copied until then.
UPDATE placement SET missing = 2
    WHERE missing = 1 AND (state = 3 OR copied_pass <=
        (SELECT max(p.id) FROM pass p WHERE p.pair = placement.pair AND p.outcome = 'verified'));
UPDATE frontier SET seen = next
    WHERE seen = 0 AND 'verified' =
        (SELECT p.outcome FROM pass p WHERE p.pair = frontier.pair AND p.outcome IS NOT NULL AND p.kind <> 'plan' ORDER BY p.id DESC LIMIT 1);

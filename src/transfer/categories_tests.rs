use super::*;

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(ToString::to_string).collect()
}

/// (has, wanted, applied) → what is set.
#[test]
fn only_our_own_difference_is_applied() {
    let on = |has: &[&str], wanted: &[&str], applied: &[&str]| {
        difference(&has.iter().map(ToString::to_string).collect::<Vec<_>>(), &set(wanted), &set(applied))
    };
    assert_eq!(on(&[], &["Work"], &[]), ["Work"]);
    assert_eq!(on(&["Red"], &["Work"], &[]), ["Red", "Work"], "the user's own stays");
    assert_eq!(on(&["Red", "Work"], &["Family"], &["Work"]), ["Red", "Family"], "a label was taken, another given");
    assert_eq!(on(&["Red"], &["Work", "Family"], &["Work"]), ["Red", "Family"], "what the user took away stays away");
    assert_eq!(on(&["Work"], &["Work"], &[]), ["Work"], "it was set and not written down");
    assert_eq!(on(&["work"], &["Work"], &[]), ["work"], "names have no case");
}

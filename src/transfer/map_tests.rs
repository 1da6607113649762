//! The mapping as a table: source folders in order → places at the target.

use std::time::Duration;

use super::map::Mapper;
use crate::{
    model::{FolderClass, FolderName, FolderPath, Role},
    target::{TargetCapabilities, TargetFolder},
};

fn capabilities() -> TargetCapabilities {
    TargetCapabilities {
        round_trip: std::time::Duration::ZERO,
        profile: "Exchange Online",
        keeps_bytes: false,
        keeps_keywords: false,
        append_uid: true,
        settle: Duration::from_secs(60),
        settle_after_goodbye: Duration::from_secs(60),
        max_size: None,
        max_line: None,
        ordered: false,
        batch: 1,
        connections: 1,
        quota_free: None,
        case_insensitive: true,
        reserved_names: &["Files"],
        illegal_characters: "\\",
        delimiter: Some('/'),
        condstore: false,
    }
}

fn folder(path: &str, role: Option<Role>) -> TargetFolder {
    let path = FolderPath::new(path.split('|'));
    TargetFolder {
        name: FolderName(path.to_string().into_bytes()),
        path,
        role,
        class: FolderClass::default(),
        selectable: true,
        subscribed: true,
    }
}

fn check(rules: &[(&str, &str)], folders: &[(&str, Option<Role>)], expected: &[&str]) {
    let targets = [folder("INBOX", Some(Role::Inbox)), folder("Sent Items", Some(Role::Sent))];
    let rules: Vec<_> = rules.iter().map(|(a, b)| (a.to_string(), b.to_string())).collect();
    let capabilities = capabilities();
    let mut mapper = Mapper::new(&targets, &capabilities, &rules);
    let places: Vec<String> = folders
        .iter()
        .map(|(path, role)| mapper.place(&FolderPath::new(path.split('|')), *role, &FolderClass::default()).0.join("|"))
        .collect();
    assert_eq!(places, expected);
}

#[test]
fn roles_come_before_names() {
    check(
        &[],
        &[("inbox", None), ("Gesendet", Some(Role::Sent)), ("Gesendet|2019", None)],
        &["INBOX", "Sent Items", "Sent Items|2019"],
    );
}

#[test]
fn a_plain_folder_does_not_fall_into_a_role() {
    check(&[], &[("Gesendet", Some(Role::Sent)), ("sent items", None)], &["Sent Items", "sent items (2)"]);
}

#[test]
fn what_lies_in_no_other_folder_is_archived() {
    check(&[], &[("[Gmail]|All Mail", Some(Role::All))], &["Archive"]);
    check(&[], &[("Archive", None), ("[Gmail]|All Mail", Some(Role::All))], &["Archive", "Archive (2)"]);
    check(&[("[Gmail]/All Mail", "Old")], &[("[Gmail]|All Mail", Some(Role::All))], &["Old"]);
}

#[test]
fn what_the_target_cannot_hold_is_replaced() {
    check(
        &[],
        &[("a/b\\c", None), (" x ", None), ("Files", None), ("\u{1}", None), ("Files|y", None)],
        &["a_b_c", "x", "Files_", "_", "Files_|y"],
    );
}

#[test]
fn names_that_fall_together_are_told_apart() {
    check(
        &[],
        &[("Work", None), ("work", None), ("WORK", None), ("Caf\u{e9}", None), ("Cafe\u{301}", None)],
        &["Work", "work (2)", "WORK (3)", "Caf\u{e9}", "Cafe\u{301} (2)"],
    );
}

#[test]
fn the_longest_rule_of_a_person_wins_and_may_merge() {
    let rules = [("Old", "Archive/Old"), ("Old/Deep", "Deep"), ("Other", "Deep")];
    check(
        &rules,
        &[("Old|x", None), ("Old|Deep|y", None), ("Other|y", None), ("Older", None)],
        &["Archive|Old|x", "Deep|y", "Deep|y", "Older"],
    );
}

#[test]
fn a_folder_that_a_person_sends_elsewhere_takes_that_place_from_nobody() {
    let rules = [("Drafts", "Sent Items"), ("Old", "Work"), ("Junk", "INBOX"), ("Other", "Old")];
    check(
        &rules,
        &[("Drafts", None), ("Sent", Some(Role::Sent)), ("Old|a", None), ("Work", None), ("work", None)],
        &["Sent Items", "Sent Items", "Work|a", "Work", "work (2)"],
    );
    check(&rules, &[("Junk", None), ("inbox", None), ("Other", None)], &["INBOX", "INBOX", "Old"]);
}

#[test]
fn one_folder_has_one_spelling() {
    check(&[("Old", "WORK")], &[("Old", None), ("Work", None), ("Work|a", None)], &["WORK", "WORK", "WORK|a"]);
    check(&[("Old", "WORK")], &[("Work", None), ("Old", None)], &["Work", "Work"]);
}

#[test]
fn a_pin_by_a_rule_takes_its_place_from_nobody_either() {
    let (capabilities, rules) = (capabilities(), [("Drafts".to_owned(), "Sent".to_owned())]);
    let mut mapper = Mapper::new(&[], &capabilities, &rules);
    mapper.pinned(&FolderPath::new(["Drafts"]), &FolderPath::new(["Sent"]));
    let mut place = |name: &str| mapper.place(&FolderPath::new([name]), None, &FolderClass::default()).to_string();
    assert_eq!((place("Sent"), place("sent")), ("Sent".to_owned(), "sent (2)".to_owned()));
}

#[test]
fn below_the_inbox_stays_below_the_inbox() {
    check(&[], &[("INBOX", None), ("INBOX|Projects", None)], &["INBOX", "INBOX|Projects"]);
}

#[test]
fn an_endless_name_is_cut() {
    let long = "é".repeat(500);
    let capabilities = capabilities();
    let mut mapper = Mapper::new(&[], &capabilities, &[]);
    let place = mapper.place(&FolderPath::new([long]), None, &FolderClass::default());
    assert!(place.leaf().len() <= crate::limits::FOLDER_SEGMENT && place.leaf().starts_with('é'));
}

#[test]
fn items_of_another_class_do_not_share_a_folder_for_its_name() {
    let class = |class: &str| FolderClass(class.to_owned());
    let mail = folder("Kunden", None);
    let calendar = TargetFolder { class: class("IPF.Appointment"), ..folder("Calendar", Some(Role::Calendar)) };
    let targets = [mail, calendar];
    let capabilities = capabilities();
    let mut mapper = Mapper::new(&targets, &capabilities, &[]);
    let mut place =
        |path: &str, role, of: &str| mapper.place(&FolderPath::new(path.split('|')), role, &class(of)).to_string();
    assert_eq!(place("Kalender", Some(Role::Calendar), "IPF.Appointment"), "Calendar");
    assert_eq!(place("Kunden", None, "IPF.Contact"), "Kunden (2)");
    assert_eq!(place("Kalender|Team", None, "IPF.Appointment"), "Calendar/Team");
    assert_eq!(place("Kunden", None, "IPF.Note.OutlookHomepage"), "Kunden");
}

//! `copy` between two real servers: the document, the exit codes, what a rerun says, and where no password may be.

use super::{Said, mailhaul};
use crate::support::dovecot::{Dovecot, PASSWORD};
use crate::support::haul::url;
use std::fs;
use std::path::Path;

/// A message of its own for each number.
pub(super) fn letter(n: usize) -> String {
    format!(
        "From: a{n}@example.org\r\nTo: b@example.org\r\nSubject: Letter {n}\r\nMessage-ID: <{n}@example.org>\r\n\
         Date: Mon, 01 Jan 2024 00:00:00 +0000\r\n\r\nLine of letter {n}.\r\n"
    )
}

/// Puts `count` letters into a folder of `user`.
pub fn post(server: &Dovecot, user: &str, folder: &str, count: usize) {
    let mut raw = server.login(user);
    let wire = raw.wire(folder);
    if folder != "INBOX" {
        raw.command(&format!("CREATE {wire}"));
    }
    raw.command(&format!("SELECT {wire}"));
    for n in 0..count {
        let body = letter(n);
        raw.command(&format!("APPEND {wire} (\\Seen) \" 1-Jan-2024 00:00:00 +0000\" {{{}+}}\r\n{body}", body.len()));
    }
}

/// `copy` of user `a` to user `b` between two servers.
fn copy(dir: &Path, from: &Dovecot, to: &Dovecot, options: &[&str]) -> Said {
    let (from, to) = (url(from.address(), "a"), url(to.address(), "b"));
    let both = ["copy", "--json", "--from", &from, "--to", &to];
    mailhaul(dir, &[&both[..], options].concat())
}

#[test]
fn a_mailbox_arrives_verified_and_a_rerun_copies_nothing() {
    let (source, target) = (Dovecot::start(), Dovecot::start());
    post(&source, "a", "INBOX", 3);
    post(&source, "a", "Arbeit & Ärger", 2);
    let dir = tempfile::tempdir().unwrap();

    let dry = copy(dir.path(), &source, &target, &["--dry-run"]);
    assert_eq!((dry.code, &dry.document()["mailboxes"][0]["messages"]), (Some(0), &5.into()), "{dry:#?}");
    assert_eq!(target.login("b").folders().len(), 1, "a dry run writes nothing");

    let first = copy(dir.path(), &source, &target, &[]);
    assert_eq!(first.code, Some(0), "{first:#?}");
    let document = first.document();
    assert_eq!((&document["outcome"], &document["pass"]), (&"verified".into(), &"first".into()), "{document:#}");
    let mailbox = &document["mailboxes"][0];
    assert_eq!((&mailbox["in_scope"], &mailbox["copied"], &mailbox["unexplained"]), (&5.into(), &5.into(), &0.into()));
    assert_eq!((&mailbox["source"], &mailbox["target"]), (&"a@127.0.0.1".into(), &"b@127.0.0.1".into()));
    assert_eq!((&mailbox["state"], &mailbox["grade"]), (&"verified".into(), &"perfect".into()));
    let folders = mailbox["folders"].as_array().unwrap();
    let named = |name: &str| folders.iter().find(|folder| folder["source"] == name).unwrap();
    assert_eq!(named("Arbeit & Ärger")["copied"], 2);
    assert!(first.err.contains("Ledger: mailhaul.db"), "{}", first.err);
    assert!(first.err.contains("5/5 messages"), "a first and a last plain line: {}", first.err);

    let again = copy(dir.path(), &source, &target, &["--content"]).document();
    assert_eq!((&again["outcome"], &again["pass"]), (&"verified".into(), &"delta".into()));
    let mailbox = &again["mailboxes"][0];
    assert_eq!((&mailbox["copied"], &mailbox["copied_this_pass"]), (&5.into(), &0.into()));
}

#[test]
fn status_and_report_serve_a_copy_without_a_project() {
    let (source, target) = (Dovecot::start(), Dovecot::start());
    post(&source, "a", "INBOX", 2);
    let dir = tempfile::tempdir().unwrap();
    copy(dir.path(), &source, &target, &[]);

    let status = mailhaul(dir.path(), &["status", "--json"]).document();
    let pair = &status["pairs"][0];
    assert_eq!((&pair["source"], &pair["state"], &pair["in_scope"]), (&"a@imap".into(), &"verified".into(), &2.into()));
    assert!(mailhaul(dir.path(), &["status"]).out.contains("verified     first     2/2"));

    let said = mailhaul(dir.path(), &["report", "--out", "files"]);
    assert_eq!(said.out.lines().count(), 5, "{said:#?}");
    let text = |name: &str| fs::read_to_string(dir.path().join("files").join(name)).unwrap();
    assert_eq!(text("RequiresAttention.csv").lines().count(), 1, "an empty one means a clean migration");
    assert!(
        text("Summary.csv").contains(",a@127.0.0.1,b@127.0.0.1,verified,perfect,bytes,2,2,"),
        "{}",
        text("Summary.csv")
    );
    assert!(text("report.html").contains("verified by content"));

    mailhaul(dir.path(), &["reset", "a@imap"]).expect(2, "add --yes");
    assert_eq!(mailhaul(dir.path(), &["reset", "a@imap", "--yes"]).code, Some(0));
    assert_eq!(mailhaul(dir.path(), &["status", "--json"]).document()["pairs"].as_array().unwrap().len(), 0);
    let adopted = copy(dir.path(), &source, &target, &[]).document();
    let mailbox = &adopted["mailboxes"][0];
    assert_eq!((&mailbox["copied"], &mailbox["already_present"]), (&0.into(), &2.into()), "{adopted:#}");
}

#[test]
fn a_refused_login_has_the_exit_code_of_its_side() {
    let server = Dovecot::start();
    let dir = tempfile::tempdir().unwrap();
    let right = url(server.address(), "a");
    let wrong = url(server.address(), "b").replace(PASSWORD, "hunter2");
    let source = mailhaul(dir.path(), &["copy", "--json", "--from", &wrong, "--to", &right]);
    assert_eq!(
        (source.code, &source.document()["mailboxes"][0]["error"]["code"]),
        (Some(10), &"SRC-AUTH".into()),
        "{source:#?}"
    );
    let target = mailhaul(dir.path(), &["copy", "--from", &right, "--to", &wrong]);
    assert_eq!(target.code, Some(11), "{target:#?}");
    assert!(target.out.contains("TGT-AUTH") && target.out.contains("Next step:"), "{target:#?}");
    for said in [source, target] {
        assert!(!said.out.contains("hunter2") && !said.err.contains("hunter2"), "{said:#?}");
    }
}

#[test]
fn no_password_is_logged_or_kept() {
    let (source, target) = (Dovecot::start(), Dovecot::start());
    post(&source, "a", "INBOX", 1);
    let dir = tempfile::tempdir().unwrap();
    let said = copy(dir.path(), &source, &target, &["-vvv", "--log-file", "all.log", "--log-format", "json"]);
    assert_eq!(said.code, Some(0), "{said:#?}");
    let log = fs::read_to_string(dir.path().join("all.log")).unwrap();
    assert!(log.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()) && !log.is_empty());
    let ledger = fs::read(dir.path().join("mailhaul.db")).unwrap();
    for (place, bytes) in [
        ("log", log.as_bytes()),
        ("standard error", said.err.as_bytes()),
        ("standard output", said.out.as_bytes()),
        ("ledger", &ledger),
    ] {
        let found = bytes.windows(PASSWORD.len()).any(|window| window == PASSWORD.as_bytes());
        assert!(!found, "the password is in the {place}");
        let login = bytes.windows(6).any(|window| window.eq_ignore_ascii_case(b"LOGIN "));
        assert!(!login, "a LOGIN line is in the {place}");
    }
}

#[test]
fn a_ledger_that_cannot_be_used_says_why() {
    let server = Dovecot::start();
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("damaged.db"), b"SQLite format 3\0 and then nonsense".repeat(500)).unwrap();
    let said = copy(dir.path(), &server, &server, &["--store", "sqlite:damaged.db"]);
    said.expect(1, "SYS-LEDGER-DAMAGED");
    said.expect(1, "the next run adopts what the target holds");
    fs::write(dir.path().join("file"), b"").unwrap();
    copy(dir.path(), &server, &server, &["--store", "sqlite:file/mailhaul.db"]).expect(1, "SYS-DISK");
}

//! When what the ledger remembers no longer holds: reset folders, a lost or restored ledger, a target that has mail already.

use super::{Pair, USER, seed, size};
use crate::support::corpus::{Mail, Mailbox};
use crate::support::dovecot::Dovecot;
use crate::support::fill::{append, create, fill};
use crate::support::image::{MailboxImage, Seen, assert_equal, diff_folder, shown};
use std::path::Path;

fn pair(number: u64) -> Pair {
    Pair::filled(&Mailbox::new(seed(), number, size(200, 1000)))
}

/// Dovecot numbers a folder anew, under a new UIDVALIDITY, when its list of UIDs is gone.
fn reset(maildir: &Path, folder: &str) {
    let dir = if folder == "INBOX" { maildir.to_path_buf() } else { maildir.join(format!(".{folder}")) };
    for entry in std::fs::read_dir(&dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name == "dovecot-uidlist" || name.starts_with("dovecot.index") {
            std::fs::remove_file(path).unwrap();
        }
    }
}

fn validity(server: &Dovecot, folder: &str) -> String {
    let mut raw = server.login(USER);
    let command = format!("STATUS {} (UIDVALIDITY)", raw.wire(folder));
    raw.command(&command).remove(0).text
}

#[test]
fn a_source_folder_is_numbered_anew() {
    let pair = pair(20);
    pair.haul.copy_verified();
    let before = validity(&pair.source, "Sent");
    reset(&pair.source.maildir(USER), "Sent");
    assert_ne!(validity(&pair.source, "Sent"), before);
    append(&mut pair.source.login(USER), "Sent", &[Mailbox::new(9, 9, 9).mail(3)]);
    pair.haul.copy_verified();
    assert_equal(&pair.at_source(), &pair.at_target());
}

#[test]
fn a_target_folder_is_numbered_anew() {
    let pair = pair(21);
    pair.haul.copy_verified();
    let before = validity(&pair.target, "INBOX");
    reset(&pair.target.maildir(USER), "INBOX");
    assert_ne!(validity(&pair.target, "INBOX"), before);
    append(&mut pair.source.login(USER), "INBOX", &[Mailbox::new(9, 9, 9).mail(3)]);
    let mut raw = pair.source.login(USER);
    raw.command("SELECT INBOX");
    raw.command("UID STORE 1:20 +FLAGS (Later)");
    pair.haul.copy_verified();
    assert_equal(&pair.at_source(), &pair.at_target());
}

#[test]
fn the_ledger_is_lost() {
    let mut pair = pair(22);
    let first = pair.haul.copy_verified();
    let (from, to) = (pair.source.address(), pair.target.address());
    pair.haul = crate::support::haul::Haul::new(from, USER, to, USER);
    let second = pair.haul.copy_verified();
    assert_eq!((second.count("copied"), second.count("already_present")), (0, first.count("copied")));
    assert_equal(&pair.wanted, &pair.at_target());
}

#[test]
fn the_ledger_is_an_hour_old() {
    let pair = pair(23);
    pair.haul.copy_verified();
    let saved = std::fs::read(pair.haul.ledger()).unwrap();
    let mut raw = pair.source.login(USER);
    fill(&mut raw, &Mailbox::new(seed(), 24, 150));
    pair.haul.copy_verified();
    for end in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{end}", pair.haul.ledger().display()));
    }
    std::fs::write(pair.haul.ledger(), saved).unwrap();
    fill(&mut raw, &Mailbox::new(seed(), 25, 50));
    pair.haul.copy_verified();
    assert_equal(&pair.at_source(), &pair.at_target());
}

/// Another tool was here before: half of the mail, among it messages that differ only in the body.
#[test]
fn the_target_is_half_filled() {
    let pair = pair(26);
    let mailbox = Mailbox::new(seed(), 26, size(200, 1000));
    let twins: Vec<Mail> = (0..12).map(|n| twin(&mailbox, n)).collect();
    append(&mut pair.source.login(USER), "INBOX", &twins);
    let mut raw = pair.target.login(USER);
    create(&mut raw, "Sent");
    for (folder, range) in mailbox.layout().into_iter().filter(|(name, _)| name == "INBOX" || name == "Sent") {
        let half: Vec<Mail> = range.filter(|n| n % 2 == 0).map(|n| mailbox.mail(n)).collect();
        append(&mut raw, &folder, &half);
    }
    append(&mut raw, "INBOX", &twins[3..7]);
    let ended = pair.haul.copy_verified();
    assert!(ended.count("already_present") > 0, "{ended:#?}");
    assert_equal(&pair.at_source(), &pair.at_target());
}

/// Pairs with equal headers and different bodies of the same length; every third is there twice.
fn twin(mailbox: &Mailbox, n: usize) -> Mail {
    let letter = n / 2 - usize::from(n % 6 == 4);
    let body = format!(
        "From: ann@example.com\r\nSubject: quota warning\r\nMessage-ID: <same.{letter}@example.com>\r\n\r\nused {} %\r\n",
        10 + n - usize::from(n % 6 == 5)
    );
    Mail { body: body.into_bytes(), flags: vec!["\\Seen"], ..mailbox.mail(0) }
}

/// Folders that a person maps to one: all mail arrives there, none of it twice, and none when the pass is run again.
#[test]
fn two_folders_become_one() {
    let pair = pair(27);
    let mut haul = pair.haul;
    haul.options = ["--map", "Drafts=Merged", "--map", "R&D=Merged"].map(str::to_owned).to_vec();
    let merged: Vec<Seen> = ["Drafts", "R&D"].iter().flat_map(|name| pair.wanted.folders[*name].clone()).collect();
    for _ in 0..2 {
        haul.copy_verified();
        let found = MailboxImage::read(&mut pair.target.login(USER));
        let lines = diff_folder("Merged", &merged, &found.folders["Merged"]);
        assert!(lines.is_empty(), "{}", shown(&lines));
        assert_eq!(found.messages(), pair.wanted.messages());
    }
}

/// Names that look the same and are not: composed and decomposed letters, upper and lower case.
#[test]
fn names_that_nearly_collide() {
    let pair = pair(28);
    let mut raw = pair.source.login(USER);
    for (n, name) in ["Café", "Cafe\u{301}", "reports", "Reports", "trail ", " lead"].into_iter().enumerate() {
        create(&mut raw, name);
        append(&mut raw, name, &[Mailbox::new(9, 9, 9).mail(n)]);
    }
    pair.haul.copy_verified();
    assert_eq!(pair.at_target().messages(), pair.at_source().messages());
    pair.haul.copy_verified();
    assert_eq!(pair.at_target().messages(), pair.at_source().messages());
}

//! The rig itself: what it fills in, it reads back.

use crate::support::corpus::Mailbox;
use crate::support::courier::Courier;
use crate::support::cyrus::Cyrus;
use crate::support::dovecot::{Dovecot, Options};
use crate::support::fill::fill;
use crate::support::image::{self, MailboxImage, assert_equal, diff};
use std::collections::BTreeSet;

/// What a mailbox must look like, computed without any server.
fn expected(mailbox: &Mailbox) -> MailboxImage {
    let mut wanted = MailboxImage::default();
    for (folder, range) in mailbox.layout() {
        for n in range {
            let mail = mailbox.mail(n);
            wanted.folders.entry(folder.clone()).or_default().push(image::Seen {
                uid: 0,
                hash: *blake3::hash(&mail.body).as_bytes(),
                received_at: mail.received_at.timestamp(),
                flags: mail.flags.iter().map(|f| (*f).to_owned()).collect::<BTreeSet<_>>(),
                label: format!("message {n}"),
            });
        }
        wanted.folders.entry(folder.clone()).or_default();
        if let Some((parent, _)) = folder.split_once('/') {
            wanted.folders.entry(parent.to_owned()).or_default();
        }
    }
    let names = mailbox.layout().into_iter().map(|(name, _)| name).filter(|name| mailbox.subscribes(name));
    wanted.subscribed = names.collect();
    wanted
}

#[test]
fn dovecot_gives_back_what_was_filled_in() {
    let server = Dovecot::start();
    let mailbox = Mailbox::new(1, 0, 450);
    let mut raw = server.login("ann");
    let refused = fill(&mut raw, &mailbox);
    assert!(refused.is_empty(), "{}: {}", refused.len(), refused[0].words);
    let found = MailboxImage::read(&mut raw);
    assert_eq!(found.messages(), 450);
    assert_equal(&expected(&mailbox), &found);
}

#[test]
fn a_difference_is_seen_and_named() {
    let server = Dovecot::with(&Options { without: vec!["MULTIAPPEND"], ..Options::default() });
    let mut raw = server.login("bob");
    assert!(!raw.can("MULTIAPPEND") && raw.can("UIDPLUS"));
    fill(&mut raw, &Mailbox::new(1, 1, 60));
    let before = MailboxImage::read(&mut raw);
    raw.command("SELECT INBOX");
    raw.command("UID STORE 2 FLAGS (Changed)");
    raw.command("UID COPY 3 INBOX");
    raw.command("UID STORE 1 +FLAGS (\\Deleted)");
    raw.command("UID EXPUNGE 1");
    let lines = diff(&before, &MailboxImage::read(&mut raw));
    for word in ["flags", "doubled", "missing"] {
        assert_eq!(lines.iter().filter(|l| l.contains(word)).count(), 1, "{word}: {lines:#?}");
    }
    assert_eq!(lines.len(), 3, "{lines:#?}");
}

#[test]
fn courier_gives_back_what_was_filled_in() {
    let server = Courier::start();
    let mailbox = Mailbox::new(1, 2, 150);
    let mut raw = server.login("cat");
    let refused = fill(&mut raw, &mailbox);
    assert!(refused.is_empty(), "{}: {}", refused.len(), refused[0].words);
    let found = MailboxImage::read(&mut raw);
    // Courier subscribes what it creates.
    let wanted = MailboxImage { subscribed: found.subscribed.clone(), ..expected(&mailbox) };
    assert_equal(&wanted, &found);
}

#[test]
fn cyrus_gives_back_what_it_took() {
    let server = Cyrus::start(&["dan"]);
    let mailbox = Mailbox { tame_names: true, ..Mailbox::new(1, 3, 450) };
    let mut raw = server.login("dan");
    let refused = fill(&mut raw, &mailbox);
    assert!(refused.iter().all(|r| r.words.contains("Message contains invalid header")), "{}", refused[0].words);
    let missing = diff(&expected(&mailbox), &MailboxImage::read(&mut raw));
    assert!(missing.iter().all(|line| line.contains(": missing ")), "{}", image::shown(&missing));
    assert_eq!((missing.len(), refused.len()), (13, 13));
}

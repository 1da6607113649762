//! The rig itself: what it fills in, it reads back.

use crate::support::corpus::{Mail, Mailbox};
use crate::support::courier::Courier;
use crate::support::cyrus::Cyrus;
use crate::support::dovecot::{Dovecot, Options, PASSWORD};
use crate::support::fill::{append, fill};
use crate::support::image::{self, MailboxImage, assert_equal, diff};
use crate::support::proxy::hide::hide;
use crate::support::proxy::line::{Cuts, Line};
use crate::support::raw::Raw;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

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

#[test]
fn a_long_line_delays_every_round_trip() {
    let server = Dovecot::start();
    let line = Line::delay(Duration::from_millis(20)).to(server.address());
    let mut raw = Raw::login(line.address(), "eve", PASSWORD);
    let start = Instant::now();
    (0..5).for_each(|_| drop(raw.command("NOOP")));
    assert!(start.elapsed() >= Duration::from_millis(200), "{:?}", start.elapsed());
    let refused = fill(&mut raw, &Mailbox::new(1, 4, 120));
    assert!(refused.is_empty());
    assert_equal(&MailboxImage::read(&mut server.login("eve")), &MailboxImage::read(&mut raw));
}

#[test]
fn a_hidden_capability_leaves_no_trace_and_no_message_changed() {
    let server = Dovecot::start();
    let poor = hide(server.address(), &["UIDPLUS", "MULTIAPPEND"]);
    let mut raw = Raw::login(poor.address(), "fay", PASSWORD);
    assert!(!raw.can("UIDPLUS") && !raw.can("MULTIAPPEND") && raw.can("LITERAL+"));
    let body = b"Subject: x\r\n\r\n* CAPABILITY UIDPLUS\r\na OK [APPENDUID 1 2] done\r\n".to_vec();
    let mail = Mail { body: body.clone(), ..Mailbox::new(1, 4, 1).mail(0) };
    assert_eq!(append(&mut raw, "INBOX", &[mail]), [Ok(())]);
    let copied = raw.command("UID COPY 1 INBOX");
    assert!(copied.iter().all(|line| !line.text.contains("COPYUID")));
    let fetched = raw.command("UID FETCH 1 BODY.PEEK[]");
    assert_eq!(fetched.iter().find_map(|line| line.literals.first()), Some(&body));
}

#[test]
fn a_cut_line_loses_what_was_not_delivered() {
    let server = Dovecot::start();
    let cuts = Cuts::new(1, 20, 100_000);
    let line = Line { cuts: Some(Arc::clone(&cuts)), ..Line::default() }.to(server.address());
    let deadline = Instant::now() + Duration::from_secs(60);
    while cuts.left() > 0 {
        assert!(Instant::now() < deadline, "{} cuts left", cuts.left());
        let address = line.address();
        let _ =
            std::thread::spawn(move || fill(&mut Raw::login(address, "gus", PASSWORD), &Mailbox::new(1, 5, 40))).join();
    }
    let mut raw = Raw::login(line.address(), "gus", PASSWORD);
    assert!(fill(&mut raw, &Mailbox::new(1, 5, 40)).is_empty());
}

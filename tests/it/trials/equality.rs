//! A finished copy is equal: bodies, dates, flags, keywords, folders, subscriptions, and nothing more.

use super::{Pair, USER, seed, size};
use crate::support::corpus::{Mail, Mailbox};
use crate::support::courier::Courier;
use crate::support::cyrus::Cyrus;
use crate::support::dovecot::Dovecot;
use crate::support::fill::{append, fill};
use crate::support::haul::Haul;
use crate::support::image::{MailboxImage, assert_equal, diff, shown};
use crate::support::project::Project;

#[test]
fn from_dovecot_to_dovecot() {
    let pair = Pair::filled(&Mailbox::new(seed(), 0, size(450, 1000)));
    let ended = pair.haul.copy_verified();
    assert_eq!(ended.count("copied"), pair.wanted.messages() as u64);
    assert_equal(&pair.wanted, &pair.at_target());
    assert_equal(&pair.wanted, &pair.at_source());

    let again = pair.haul.copy_verified();
    assert_eq!((again.count("copied"), again.count("copied_this_pass")), (ended.count("copied"), 0));
    assert_equal(&pair.wanted, &pair.at_target());
}

#[test]
fn from_cyrus() {
    let (source, target) = (Cyrus::start(&[USER]), Dovecot::start());
    let mut raw = source.login(USER);
    fill(&mut raw, &Mailbox { tame_names: true, ..Mailbox::new(seed(), 1, size(250, 1000)) });
    let wanted = MailboxImage::read(&mut raw);
    Haul::new(source.address(), USER, target.address(), USER).copy_verified();
    assert_equal(&wanted, &MailboxImage::read(&mut target.login(USER)));
}

#[test]
fn from_courier() {
    let (source, target) = (Courier::start(), Dovecot::start());
    let mut raw = source.login(USER);
    fill(&mut raw, &Mailbox::new(seed(), 2, size(150, 1000)));
    let wanted = MailboxImage::read(&mut raw);
    Haul::new(source.address(), USER, target.address(), USER).copy_verified();
    assert_equal(&wanted, &MailboxImage::read(&mut target.login(USER)));
}

/// Cyrus refuses some messages: each one is repaired and counted, or listed with Cyrus's words, and the rest is equal.
#[test]
fn onto_cyrus() {
    let (source, target) = (Dovecot::start(), Cyrus::start(&[USER, "probe"]));
    let mut raw = source.login(USER);
    let mailbox = Mailbox { tame_names: true, ..Mailbox::new(seed(), 3, size(250, 1000)) };
    fill(&mut raw, &mailbox);
    let refusals = fill(&mut target.login("probe"), &mailbox).len() as u64;
    assert!(refusals > 0);
    let ended = Haul::new(source.address(), USER, target.address(), USER).copy();
    ended.assert_adds_up();

    let wanted = MailboxImage::read(&mut raw);
    let lines = diff(&wanted, &MailboxImage::read(&mut target.login(USER)));
    let count = |word: &str| lines.iter().filter(|line| line.contains(word)).count() as u64;
    assert_eq!(count(": missing "), refusals, "{}", shown(&lines));
    assert_eq!(count(": unknown "), ended.count("repaired"), "{}", shown(&lines));
    assert_eq!(lines.len() as u64, refusals + ended.count("repaired"), "{}", shown(&lines));
    let listed = ended.document["mailboxes"][0]["attention"].to_string();
    let unrepaired = refusals - ended.count("repaired");
    assert_eq!(ended.count("skipped") + ended.count("failed"), unrepaired, "{ended:#?}");
    assert!(unrepaired == 0 || listed.contains("invalid header"), "{listed}");
}

/// NUL, which Courier keeps and Cyrus refuses: repaired, or listed with Cyrus's words. Bare LF leaves Courier as CRLF.
#[test]
fn from_courier_onto_cyrus() {
    let (source, target) = (Courier::start(), Cyrus::start(&[USER]));
    let bodies: [&[u8]; 4] = [
        b"Subject: nul\r\n\r\nbefore\0after\r\n",
        b"Subject: bare\r\n\r\none\ntwo\r\n",
        b"Subject: both\r\n\r\none\n\0two\r\n",
        b"Subject: good\r\n\r\none\r\n",
    ];
    let mails = bodies.map(|body| Mail { body: body.to_vec(), ..Mailbox::new(seed(), 4, 1).mail(0) });
    assert!(append(&mut source.login(USER), "INBOX", &mails).iter().all(Result::is_ok));
    let ended = Haul::new(source.address(), USER, target.address(), USER).copy();
    ended.assert_adds_up();
    let found = MailboxImage::read(&mut target.login(USER));
    assert_eq!(found.messages() as u64, ended.count("copied"));
    assert_eq!(ended.count("repaired") + ended.count("failed") + ended.count("skipped"), 2, "{ended:#?}");
    let good = blake3::hash(&mails[3].body);
    assert!(found.folders["INBOX"].iter().any(|message| message.hash == *good.as_bytes()));
}

/// A whole project: many mailboxes in one run.
#[test]
fn eight_mailboxes_in_one_run() {
    let (source, target) = (Dovecot::start(), Dovecot::start());
    let users: Vec<String> = (0..8).map(|n| format!("u{n}")).collect();
    let seed = seed();
    for (number, user) in users.iter().enumerate() {
        fill(&mut source.login(user), &Mailbox::new(seed, number as u64, size(60, 1000)));
    }
    let pairs: Vec<_> = users.iter().map(|user| (user.clone(), user.clone())).collect();
    let ended = Project::new(source.address(), target.address(), &pairs, 4).run(&["run"]);
    assert_eq!((ended.code, ended.document["outcome"].as_str()), (Some(0), Some("verified")), "{ended:#?}");
    ended.assert_adds_up();
    for user in &users {
        assert_equal(&MailboxImage::read(&mut source.login(user)), &MailboxImage::read(&mut target.login(user)));
    }
}

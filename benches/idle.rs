//! A pass without changes over 100,000 messages.

use crate::mbsync;
use crate::meter::{finish, median};
use crate::support::corpus::Mailbox;
use crate::support::dovecot::{Dovecot, Options};
use crate::support::fill::fill;
use crate::support::haul::Haul;
use crate::support::place;
use std::time::Instant;

const PASSES: usize = 5;

/// With and without CONDSTORE, beside mbsync's.
pub fn no_change() {
    let source = Dovecot::start();
    let mailbox = Mailbox { folders: 4, attachments: false, ..Mailbox::new(1, 0, 100_000) };
    assert!(fill(&mut source.login("u"), &mailbox).is_empty());
    let target = Dovecot::start();
    let home = place::fresh("mbsync");
    let pass = || {
        let start = Instant::now();
        finish(mbsync::start(home.path(), source.address(), "u", target.address(), "m"));
        start.elapsed().as_secs_f64()
    };
    pass();
    let theirs = median((0..PASSES).map(|_| pass()).collect());
    std::fs::remove_dir_all(target.maildir("m")).unwrap();
    println!("{:>18} {theirs:>8.2}s", "mbsync");
    ours("CONDSTORE", &source, &[], 2.0 * theirs, &mailbox);
    drop((source, target));
    let plain = Dovecot::with(&without());
    assert!(fill(&mut plain.login("u"), &mailbox).is_empty());
    ours("without CONDSTORE", &plain, &["CONDSTORE", "QRESYNC"], 3.0 * theirs, &mailbox);
}

fn without() -> Options {
    Options { without: vec!["CONDSTORE", "QRESYNC"], ..Options::default() }
}

fn ours(title: &str, source: &Dovecot, hidden: &[&str], limit: f64, mailbox: &Mailbox) {
    let target = if hidden.is_empty() { Dovecot::start() } else { Dovecot::with(&without()) };
    let haul = Haul::new(source.address(), "u", target.address(), "h");
    let first = haul.copy();
    assert_eq!(first.document["mailboxes"][0]["copied"], mailbox.messages, "{first:#?}");
    let pass = || {
        let start = Instant::now();
        let ended = haul.copy();
        assert_eq!(ended.document["outcome"], "verified", "{ended:#?}");
        start.elapsed().as_secs_f64()
    };
    println!("{title:>18} {:>8.2}s, limit {limit:.2}s", median((0..PASSES).map(|_| pass()).collect()));
}

//! Peaks of resident memory.

use crate::meter::{look, mb};
use crate::support::corpus::{Mail, Mailbox};
use crate::support::dovecot::{Dovecot, PASSWORD};
use crate::support::fill::{append, fill};
use crate::support::haul::{Ended, Haul, Running};
use crate::support::place;
use crate::support::project::Project;
use mailhaul::lab::imap::{Accounts, Persona, Server};
use mailhaul::lab::mailstore as lab;
use mailhaul::model::{Flags, ReceivedAt};
use std::time::Duration;

/// Waits for the end and gives the peak (bytes).
fn peak(mut running: Running) -> (u64, Ended) {
    let mut peak = 0;
    while !running.is_over() {
        peak = look(running.pid()).map_or(peak, |(_, seen)| seen.max(peak));
        std::thread::sleep(Duration::from_millis(4));
    }
    (peak, running.wait())
}

fn show(title: &str, peak: u64, limit: u64) {
    println!("{title:>44} {:>7.1} MB, limit {limit} MB", mb(peak));
}

/// One folder of 100,000 messages.
pub fn large_folder() {
    let (source, target) = (Dovecot::start(), Dovecot::start());
    let mailbox = Mailbox { folders: 1, attachments: false, ..Mailbox::new(1, 0, 100_000) };
    assert!(fill(&mut source.login("u"), &mailbox).is_empty());
    let (first, ended) = peak(Haul::new(source.address(), "u", target.address(), "u").start());
    assert_eq!(ended.document["outcome"], "verified", "{ended:#?}");
    show("a folder of 100,000 messages", first, 64);
}

/// One message of 100 MB.
pub fn large_message() {
    let (source, target) = (Dovecot::start(), Dovecot::start());
    let mut body = b"Subject: large\r\n\r\n".to_vec();
    body.extend(b"0123456789012345678901234567890123456789012345678901234567890123456789\r\n".repeat((100 << 20) / 72));
    let mail = Mail { body, ..Mailbox::new(1, 0, 1).mail(0) };
    assert_eq!(append(&mut source.login("u"), "INBOX", &[mail]), [Ok(())]);
    let (peak, ended) = peak(Haul::new(source.address(), "u", target.address(), "u").start());
    assert_eq!(ended.document["outcome"], "verified", "{ended:#?}");
    show("a message of 100 MB", peak, 96);
}

/// 200 mailboxes at once, against one.
pub fn many_at_once() {
    let (source, target) = (Dovecot::start(), Dovecot::start());
    let users: Vec<_> = (0..200).map(|n| (format!("u{n}"), format!("u{n}"))).collect();
    for (number, (user, _)) in users.iter().enumerate() {
        let mailbox = Mailbox { folders: 4, ..Mailbox::new(1, number as u64, 50) };
        assert!(fill(&mut source.login(user), &mailbox).is_empty());
    }
    let run = |users: &[(String, String)]| {
        let project = Project::new(source.address(), target.address(), users, users.len());
        let (peak, ended) = peak(project.start(&["run"]));
        assert_eq!(ended.document["outcome"], "verified", "{ended:#?}");
        peak
    };
    let (one, all) = (run(&users[..1]), run(&users[1..]));
    println!("{:>44} {:>7.1} MB and {:.1} MB", "one mailbox, 199 at once", mb(one), mb(all));
    show("each of them on top", all.saturating_sub(one) / 198, 4);
}

/// A million messages discovered and planned, from a source that computes them.
pub fn million_planned() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let source = runtime.block_on(async {
        let mut mailbox = lab::Mailbox::new('/');
        let inbox = mailbox.folder_mut(b"INBOX").unwrap();
        for seed in 0..1_000_000 {
            let content = lab::Content::Computed(lab::Computed::new(seed, 2000 + seed % 40_000));
            let received_at = ReceivedAt { unix: 1_400_000_000 + seed as i64 * 300, offset: 3600 };
            inbox.append(lab::NewMessage { content, flags: Flags::default(), received_at }, None);
        }
        let accounts = Accounts::default().with("u", PASSWORD, lab::Mailstore::new(mailbox));
        Server::start(accounts, Persona::generic()).await.unwrap()
    });
    let target = Dovecot::start();
    let users = [("u".to_owned(), "u".to_owned())];
    let project = Project::new(place::loopback(source.port()), target.address(), &users, 1);
    let (peak, ended) = peak(project.start(&["plan"]));
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    show("a million messages discovered and planned", peak, 160);
    drop(source);
}

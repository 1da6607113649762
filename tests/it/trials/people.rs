//! Other people at work on the target while mail moves, and what `verify` makes of what they did.

use super::{Pair, USER, seed, size};
use crate::support::corpus::{Mail, Mailbox};
use crate::support::dovecot::Dovecot;
use crate::support::fill::{append, create, fill};
use crate::support::haul::{Haul, Running};
use crate::support::image::{MailboxImage, assert_equal, diff_folder, shown};
use crate::support::project::Project;
use crate::support::proxy::line::Line;
use crate::support::raw::Raw;
use std::time::Duration;

fn letter(n: usize) -> Mail {
    Mailbox { attachments: false, ..Mailbox::new(77, 77, 1000) }.mail(n)
}

/// Between two passes the user works in the new mailbox; nothing of it is undone, and what was deleted does not come back.
#[test]
fn the_user_works_between_two_passes() {
    let pair = Pair::filled(&Mailbox::new(seed(), 30, size(200, 1000)));
    pair.haul.copy_verified();
    let mut user = pair.target.login(USER);
    user.command("SELECT INBOX");
    user.command("UID STORE 1:10 +FLAGS (\\Flagged Mine)");
    user.command("UID STORE 20:22 +FLAGS (\\Deleted)");
    user.command("UID EXPUNGE 20:22");
    create(&mut user, "My own");
    user.command("SELECT INBOX");
    user.command("UID MOVE 30:33 \"My own\"");
    append(&mut user, "INBOX", &[letter(1), letter(2)]);
    let mut wanted = MailboxImage::read(&mut user);

    let mut owner = pair.source.login(USER);
    owner.command("SELECT INBOX");
    owner.command("UID STORE 5,15 +FLAGS (Source)");
    append(&mut owner, "Sent", &[letter(3)]);
    let ended = pair.haul.copy();
    ended.assert_adds_up();
    assert_eq!((ended.count("failed"), ended.count("missing_at_target")), (0, 7), "{ended:#?}");
    assert_eq!(
        (ended.code, ended.count("removed_by_user")),
        (Some(0), 7),
        "the user's doing is no exception: {ended:#?}"
    );

    let sources = MailboxImage::read(&mut owner);
    let newest = sources.folders["Sent"].last().unwrap().clone();
    wanted.folders.get_mut("Sent").unwrap().push(newest);
    for message in wanted.folders.get_mut("INBOX").unwrap().iter_mut().filter(|m| [5, 15].contains(&m.uid)) {
        message.flags.insert("Source".to_owned());
    }
    assert_equal(&wanted, &pair.at_target());
}

/// While a pass runs the user receives mail and reads it; the pass neither loses nor doubles its own.
#[test]
fn the_user_receives_mail_during_a_pass() {
    let mut pair = Pair::filled(&Mailbox { attachments: false, ..Mailbox::new(seed(), 31, size(400, 1000)) });
    let line = Line::delay(Duration::from_millis(10)).to(pair.target.address());
    pair.haul.redirect(pair.source.address(), line.address());
    let mut user = pair.target.login(USER);
    let mut running = pair.haul.start();
    let mut received = Vec::new();
    while !running.is_over() {
        received.push(letter(received.len() % 1000));
        append(&mut user, "INBOX", &received[received.len() - 1..]);
    }
    let ended = running.wait();
    assert_eq!(ended.document["outcome"], "verified", "{ended:#?}");
    assert!(received.len() > 3, "the pass was over after {} arrivals", received.len());
    let mut other = Dovecot::start().login("other");
    append(&mut other, "INBOX", &received);
    let mut wanted = pair.wanted.clone();
    wanted.folders.get_mut("INBOX").unwrap().extend(MailboxImage::read(&mut other).folders.remove("INBOX").unwrap());
    assert_equal(&wanted, &pair.at_target());
    pair.haul.copy_verified();
    assert_equal(&wanted, &pair.at_target());
}

/// Two people's mail goes into one mailbox at the same time.
#[test]
fn two_pairs_into_one_mailbox() {
    let (source, target) = (Dovecot::start(), Dovecot::start());
    let users = ["ann", "bob"];
    for (number, user) in users.iter().enumerate() {
        fill(&mut source.login(user), &Mailbox::new(seed(), 32 + number as u64, size(200, 1000)));
    }
    let pairs: Vec<_> = users.iter().map(|user| ((*user).to_owned(), "shared".to_owned())).collect();
    let project = Project::new(source.address(), target.address(), &pairs, 2);
    for _ in 0..2 {
        let ended = project.run(&["run"]);
        assert_eq!(ended.document["outcome"], "verified", "{ended:#?}");
        ended.assert_adds_up();
        let images = users.map(|user| MailboxImage::read(&mut source.login(user)));
        let found = MailboxImage::read(&mut target.login("shared"));
        for (name, messages) in &images[0].folders {
            let both: Vec<_> = messages.iter().chain(&images[1].folders[name]).cloned().collect();
            let lines = diff_folder(name, &both, &found.folders[name]);
            assert!(lines.is_empty(), "{}", shown(&lines));
        }
    }
}

/// One message deleted, one altered and one planted at the target behind everybody's back.
#[test]
fn verify_finds_what_was_done_to_the_target() {
    let (source, target) = (Dovecot::start(), Dovecot::start());
    fill(&mut source.login(USER), &Mailbox::new(seed(), 34, size(200, 1000)));
    let pairs = [(USER.to_owned(), USER.to_owned())];
    let project = Project::new(source.address(), target.address(), &pairs, 1);
    let ended = project.run(&["run"]);
    assert_eq!(ended.document["outcome"], "verified", "{ended:#?}");
    let clean = project.run(&["verify", "--content"]);
    assert_eq!((clean.code, clean.document["outcome"].as_str()), (Some(0), Some("verified")), "{clean:#?}");

    let mut raw = target.login(USER);
    raw.command("SELECT INBOX");
    raw.command("UID STORE 3 +FLAGS (\\Deleted)");
    raw.command("UID EXPUNGE 3");
    alter_one(&target);
    plant(&mut raw);
    let found = project.run(&["verify", "--content"]);
    assert_ne!(found.document["outcome"], "verified", "{found:#?}");
    for (folder, words) in
        [("INBOX", "not at the target"), ("Drafts", "another content"), ("Sent", "not from this migration")]
    {
        let told = found.attention(folder);
        assert!(told.contains(words) && told.starts_with("1 "), "{folder}: {told}");
    }
}

fn plant(raw: &mut Raw) {
    append(raw, "Sent", &[letter(5)]);
}

/// Changes one byte of a message in its file and leaves its name, size and UID.
fn alter_one(target: &Dovecot) {
    let dir = target.maildir(USER).join(".Drafts");
    let files = ["cur", "new"].into_iter().flat_map(|part| std::fs::read_dir(dir.join(part)).unwrap());
    let path = files.map(|entry| entry.unwrap().path()).min().unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    let last = bytes.iter().rposition(u8::is_ascii_alphabetic).unwrap();
    bytes[last] ^= 1;
    std::fs::write(&path, bytes).unwrap();
}

/// A second process on the same ledger is told so and does no harm.
#[test]
fn a_second_process_is_refused() {
    let mut pair = Pair::filled(&Mailbox::new(seed(), 35, 200));
    let line = Line::delay(Duration::from_millis(100)).to(pair.target.address());
    pair.haul.redirect(pair.source.address(), line.address());
    let first = pair.haul.start();
    let second = loop {
        if pair.haul.ledger().exists() {
            break second_copy(&pair.haul);
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    assert_eq!(second.code, Some(12), "{second:#?}");
    let ended = first.wait();
    assert_eq!(ended.document["outcome"], "verified", "{ended:#?}");
    assert_equal(&pair.wanted, &pair.at_target());
}

fn second_copy(haul: &Haul) -> crate::support::haul::Ended {
    let elsewhere = crate::support::place::fresh("second");
    let mut command = haul.command();
    command.current_dir(elsewhere.path());
    Running::start(command, elsewhere.path()).wait()
}

//! Gmail's All Mail: what has no label is copied from it, once, and what has one never (quirk 44).

use std::sync::Arc;

use mailhaul::{
    lab::{
        imap::Persona,
        mailstore::{Mailbox, Mailstore},
    },
    limits,
    model::Role,
    transfer::{Deletions, MailboxReport, Options, Outcome},
};

use super::{
    letters::letter,
    scenes::put,
    stage::Stage,
    theatre::{self, Cast, GMAIL, run},
};
use crate::ledger::{Death, FaultyLedger};

const ALL: &[u8] = b"[Gmail]/All Mail";

/// Letters 0 to 9 in the inbox, 5 to 14 under a label, 15 to 19 under none.
fn gmail() -> Mailstore {
    let mut mailbox = Mailbox::new('/');
    mailbox.create(b"Work").unwrap();
    mailbox.create(ALL).unwrap();
    mailbox.folder_mut(ALL).unwrap().role = Some(Role::All);
    mailbox.folder_mut(b"[Gmail]").unwrap().selectable = false;
    put(mailbox.folder_mut(b"INBOX").unwrap(), (0..10).map(letter));
    put(mailbox.folder_mut(b"Work").unwrap(), (5..15).map(letter));
    put(mailbox.folder_mut(ALL).unwrap(), (0..20).map(letter));
    Mailstore::new(mailbox)
}

async fn stage() -> Stage {
    Stage::between((gmail(), Persona::gmail()), (Mailstore::empty(), Persona::generic()), "Dovecot").await
}

/// The numbers of the letters in a folder, ascending.
fn letters(store: &Mailstore, folder: &[u8]) -> Vec<u32> {
    let number = |bytes: &[u8]| (0..100).find(|n| letter(*n).content.bytes() == bytes);
    let mut found: Vec<u32> = store.read(|mailbox| {
        let messages = mailbox.folder(folder).map_or(&[][..], |folder| folder.messages());
        messages.iter().filter_map(|message| number(&message.content.bytes())).collect()
    });
    found.sort_unstable();
    found
}

fn assert_verified(report: &MailboxReport) {
    assert_eq!((report.state, report.counts.unexplained), (Outcome::Verified, 0), "{report:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_without_a_label_is_archived_and_nothing_else_is_copied_twice() {
    let stage = stage().await;
    let report = stage.pass().await;
    assert_verified(&report);
    assert_eq!((report.counts.copied, report.counts.out_of_scope), (25, 15), "{report:#?}");
    let there = || [&b"INBOX"[..], b"Work", b"Archive"].map(|folder| letters(&stage.to, folder));
    assert_eq!(there(), [(0..10).collect(), (5..15).collect(), (15..20).collect::<Vec<u32>>()]);
    assert_eq!(stage.source.journal().messages_told(), 20, "each message is downloaded once");

    let idle = stage.pass().await;
    assert_verified(&idle);
    assert_eq!((idle.counts.copied, idle.counts.copied_this_pass), (25, 0), "{idle:#?}");
    assert_eq!(stage.source.journal().messages_told(), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn labels_given_and_taken_later_move_the_one_copy() {
    let stage = stage().await;
    assert_verified(&stage.pass().await);
    // Two letters get a label, two lose their only one, one is new and has none.
    stage.from.write(|mailbox| {
        let work = mailbox.folder_mut(b"Work").unwrap();
        let lost: Vec<u32> = work.messages().iter().skip(5).take(2).map(|message| message.uid).collect();
        work.expunge(|message| lost.contains(&message.uid));
        put(work, (15..17).map(letter));
        put(mailbox.folder_mut(ALL).unwrap(), [letter(20)]);
    });
    for _ in 0..2 {
        let report = stage.pass().await;
        assert_verified(&report);
        assert_eq!(report.counts.missing_at_target, 0, "{report:#?}");
        let there = [&b"Work"[..], b"Archive"].map(|folder| letters(&stage.to, folder));
        assert_eq!(there, [vec![5, 6, 7, 8, 9, 12, 13, 14, 15, 16], vec![10, 11, 17, 18, 19, 20]]);
        assert_eq!(stage.source.journal().messages_told(), 21, "only the new one is downloaded");
    }
}

/// What lies in a folder that cannot be listed is not known to have no label.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_archived_while_a_folder_cannot_be_read() {
    let stage = stage().await;
    stage.source.set_persona(Persona::gmail().with(|persona| {
        persona.folders.unreadable.insert(b"INBOX".to_vec(), "[NOPERM] Permission denied.".to_owned());
    }));
    let report = stage.pass().await;
    assert_eq!((report.state, report.counts.copied), (Outcome::Finished, 10), "{report:#?}");
    assert!(letters(&stage.to, b"Archive").is_empty());
    stage.source.set_persona(Persona::gmail());
    assert_verified(&stage.pass().await);
    assert_eq!(letters(&stage.to, b"Archive"), [15, 16, 17, 18, 19]);
    assert_eq!(stage.source.journal().messages_told(), 20);
}

/// A message that was moved to a folder that cannot be listed is not gone.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_removed_while_a_folder_cannot_be_read() {
    let stage = stage().await;
    assert_verified(&stage.pass().await);
    stage.source.set_persona(Persona::gmail().with(|persona| {
        persona.folders.unreadable.insert(b"INBOX".to_vec(), "[NOPERM] Permission denied.".to_owned());
    }));
    stage.from.write(|mailbox| {
        let work = mailbox.folder_mut(b"Work").unwrap();
        let moved: Vec<u32> = work.messages().iter().skip(8).map(|message| message.uid).collect();
        work.expunge(|message| moved.contains(&message.uid));
        put(mailbox.folder_mut(b"INBOX").unwrap(), (13..15).map(letter));
    });
    let mirrored = || Options { deletions: Deletions::Mirror { approved: true }, ..Options::default() };
    let report = stage.pass_with(mirrored()).await;
    assert_eq!(letters(&stage.to, b"Work"), (5..15).collect::<Vec<u32>>(), "{report:#?}");
    assert!(report.attention.iter().any(|line| line.problem.contains("could not be listed")), "{report:#?}");
    stage.source.set_persona(Persona::gmail());
    assert_verified(&stage.pass_with(mirrored()).await);
    let there = [&b"INBOX"[..], b"Work"].map(|folder| letters(&stage.to, folder));
    assert_eq!(there, [(0..10).chain(13..15).collect(), (5..13).collect::<Vec<u32>>()]);
}

/// More messages than a page of the ledger get a label in one go.
#[tokio::test(flavor = "multi_thread")]
async fn a_label_for_more_than_a_page_of_messages_leaves_no_double() {
    let many = u32::try_from(limits::LEDGER_PAGE).unwrap() + 100;
    let from = gmail();
    from.write(|mailbox| put(mailbox.folder_mut(ALL).unwrap(), (20..many).map(letter)));
    let stage = Stage::between((from, Persona::gmail()), (Mailstore::empty(), Persona::generic()), "Dovecot").await;
    assert_verified(&stage.pass().await);
    stage.from.write(|mailbox| put(mailbox.folder_mut(b"Work").unwrap(), (15..many).map(letter)));
    assert_verified(&stage.pass().await);
    let count = |folder: &[u8]| stage.to.read(|mailbox| mailbox.folder(folder).map_or(0, |f| f.messages().len()));
    assert_eq!((count(b"Archive"), count(b"Work")), (0, many as usize - 5));
    assert_eq!(stage.source.journal().messages_told(), u64::from(many), "each message is downloaded once");
}

/// Killed at every step while labels are given and taken: resumed, each message is there once, where it belongs.
#[tokio::test(flavor = "multi_thread")]
async fn killed_while_labels_change_it_ends_the_same() {
    let cast = Cast { source: Persona::gmail(), source_profile: &GMAIL, ..Cast::careful() };
    let first = theatre::Stage::raise(&cast, &gmail().read(Clone::clone), &Mailbox::new('/')).await;
    assert_verified(&first.pass(&Options::default()).await);
    first.change_source(|mailbox| {
        let work = mailbox.folder_mut(b"Work").unwrap();
        work.expunge(|message| message.uid == 10);
        put(work, (15..17).map(letter));
    });
    let frozen = first.freeze();
    let whole = frozen.raise(&cast).await;
    let counting = Arc::new(FaultyLedger::immortal(whole.ledger()));
    assert_verified(&run(&whole.pair, counting.clone(), &Options::default()).await);
    let end = whole.at_target();
    assert_eq!(end.messages(), 25);
    for fatal in 0..counting.steps() {
        for death in [Death::Before, Death::After] {
            let stage = frozen.raise(&cast).await;
            let ledger = stage.ledger();
            run(&stage.pair, Arc::new(FaultyLedger::new(ledger.clone(), fatal, death)), &Options::default()).await;
            let report = run(&stage.pair, ledger, &Options::default()).await;
            assert_eq!(stage.at_target(), end, "killed {death:?} step {fatal}");
            let exceptions = (report.state, report.counts.missing_at_target, report.counts.unexplained);
            assert_eq!(exceptions, (Outcome::Verified, 0, 0), "killed {death:?} step {fatal}: {report:#?}");
        }
    }
}

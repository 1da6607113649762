//! Gmail as a source: k labels, one download, one copy under each label (quirk 44).

use mailhaul::{
    lab::{
        imap::{Persona, Verb},
        mailstore::{Mailbox, Mailstore},
    },
    limits,
    model::{Flags, Role},
    transfer::{MailboxReport, Options, Outcome, PassKind},
};

use super::{letters::letter, scenes::put, stage::Stage};

/// Thirty messages under one to three labels, all of them once more in All Mail, and chats.
fn gmail() -> Mailstore {
    let mut mailbox = Mailbox::new('/');
    put(mailbox.folder_mut(b"INBOX").unwrap(), (1..20).map(letter));
    for (name, letters) in [("Work", 5..25), ("Family", 10..15), ("Old/Trips", 20..31)] {
        mailbox.create(name.as_bytes()).unwrap();
        put(mailbox.folder_mut(name.as_bytes()).unwrap(), letters.map(letter));
    }
    for (name, role) in [("[Gmail]/All Mail", Some(Role::All)), ("[Gmail]/Chats", None)] {
        mailbox.create(name.as_bytes()).unwrap();
        let folder = mailbox.folder_mut(name.as_bytes()).unwrap();
        folder.role = role;
        put(folder, (1..31).map(letter));
    }
    mailbox.folder_mut(b"[Gmail]").unwrap().selectable = false;
    Mailstore::new(mailbox)
}

/// What the target must hold: the folders of the labels, nothing of the views over all of them.
fn assert_a_copy_for_each_label(stage: &Stage) {
    let mut wanted = stage.from.snapshot().sorted();
    wanted.folders.retain(|name, _| !name.starts_with("[Gmail]"));
    let found = stage.to.snapshot().sorted();
    assert_eq!(wanted.folders.keys().collect::<Vec<_>>(), found.folders.keys().collect::<Vec<_>>());
    for (name, folder) in &wanted.folders {
        assert_eq!(folder.messages, found.folders[name].messages, "{name}");
    }
}

fn assert_verified(report: &MailboxReport, copied: u64) {
    assert_eq!(report.state, Outcome::Verified, "{report:#?}");
    assert_eq!((report.counts.copied, report.counts.unexplained), (copied, 0), "{report:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_download_and_a_copy_for_each_label() {
    let stage = Stage::between((gmail(), Persona::gmail()), (Mailstore::empty(), Persona::generic()), "Dovecot").await;
    assert_verified(&stage.pass().await, 55);
    assert_a_copy_for_each_label(&stage);
    assert_eq!(stage.source.journal().messages_told(), 30);

    // A label that is given later costs no download either.
    stage.from.write(|mailbox| put(mailbox.folder_mut(b"Family").unwrap(), (1..4).map(letter)));
    assert_verified(&stage.pass().await, 58);
    assert_a_copy_for_each_label(&stage);
    assert_eq!(stage.source.journal().messages_told(), 30);
}

/// What a user marked at the target to be removed is copied without that mark: the next EXPUNGE would take the copy too.
#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_a_message_marked_deleted_is_not_marked() {
    let stage = Stage::between((gmail(), Persona::gmail()), (Mailstore::empty(), Persona::generic()), "Dovecot").await;
    assert_verified(&stage.pass().await, 55);
    let marked = Flags::from_names(["\\Deleted"]);
    stage.to.write(|mailbox| {
        let inbox = mailbox.folder_mut(b"INBOX").unwrap();
        let uids: Vec<u32> = inbox.messages().iter().map(|message| message.uid).collect();
        uids.into_iter().for_each(|uid| assert!(inbox.set_flags(uid, |flags| flags.system = marked.system).is_some()));
    });
    stage.from.write(|mailbox| put(mailbox.folder_mut(b"Family").unwrap(), (1..4).map(letter)));
    assert_verified(&stage.pass().await, 58);
    assert_eq!(stage.source.journal().messages_told(), 30, "copied, not sent");
    stage.to.read(|mailbox| {
        let is_marked = |name: &[u8]| {
            let messages = mailbox.folder(name).unwrap().messages();
            messages.iter().filter(|message| message.flags.system.contains(marked.system)).count()
        };
        assert_eq!((is_marked(b"INBOX"), is_marked(b"Family")), (19, 0));
    });
}

/// The target refuses to copy: then every placement is downloaded and sent.
#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_does_not_copy_is_sent_every_placement() {
    let target = Persona::generic().with(|persona| persona.folders.refuses_copies = true);
    let stage = Stage::between((gmail(), Persona::gmail()), (Mailstore::empty(), target), "Dovecot").await;
    assert_verified(&stage.pass().await, 55);
    assert_a_copy_for_each_label(&stage);
    assert!(stage.target.journal().count(Verb::UidCopy) > 0);
    assert_eq!(stage.source.journal().messages_told(), 55);
}

/// The first placement of some messages cannot be read: another one of them goes first then.
#[tokio::test(flavor = "multi_thread")]
async fn a_placement_that_fails_holds_no_other_up() {
    let source = Persona::gmail().with(|persona| {
        persona.folders.unreadable.insert(b"INBOX".to_vec(), "[NOPERM] Permission denied.".to_owned());
    });
    let stage = Stage::between((gmail(), Persona::gmail()), (Mailstore::empty(), Persona::generic()), "Dovecot").await;
    stage.source.set_persona(source);
    let report = stage.pass().await;
    assert_eq!(report.state, Outcome::Finished, "{report:#?}");
    assert_eq!(report.counts.copied, 36, "{report:#?}");
    stage.source.set_persona(Persona::gmail());
    assert_verified(&stage.pass().await, 55);
    assert_a_copy_for_each_label(&stage);
    assert_eq!(stage.source.journal().messages_told(), 30);
}

/// A folder that is gone from the target is not verified by being passed over.
#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_gone_from_the_target_is_not_verified() {
    let stage = Stage::between((gmail(), Persona::gmail()), (Mailstore::empty(), Persona::generic()), "Dovecot").await;
    assert_verified(&stage.pass().await, 55);
    assert_verified(&stage.pass_of(PassKind::Verify).await, 55);
    stage.to.write(|mailbox| assert!(mailbox.delete(b"Work")));
    let report = stage.pass_of(PassKind::Verify).await;
    assert_eq!(report.state, Outcome::Finished, "{report:#?}");
    assert!(report.attention.iter().any(|line| line.folder.as_deref() == Some("Work")), "{report:#?}");
}

/// A trial stays one: what waits for its twin is no reason to come back for more.
#[tokio::test(flavor = "multi_thread")]
async fn a_trial_takes_a_few_messages_of_each_label() {
    let stage = Stage::between((gmail(), Persona::gmail()), (Mailstore::empty(), Persona::generic()), "Dovecot").await;
    let report = stage.pass_of(PassKind::Trial).await;
    assert_eq!((report.state, report.counts.copied), (Outcome::Finished, 35), "{report:#?}");
    let found = stage.to.snapshot();
    assert!(found.folders.values().all(|folder| folder.messages.len() <= limits::TRIAL_MESSAGES));
    assert_verified(&stage.pass().await, 55);
    assert_a_copy_for_each_label(&stage);
}

/// What the source allows in a day is counted over the passes: a pass that is stopped while it waits leaves the next one what is left.
#[tokio::test(flavor = "multi_thread")]
async fn a_day_s_allowance_outlives_the_pass() {
    let stage = Stage::between((gmail(), Persona::gmail()), (Mailstore::empty(), Persona::generic()), "Dovecot").await;
    let bytes = stage.from.read(|mailbox| {
        let all = mailbox.folder(b"[Gmail]/All Mail").map_or(&[][..], |folder| folder.messages());
        all.iter().map(|message| message.content.len()).sum::<u64>()
    });
    let options = || Options { source_bytes_per_day: Some(bytes / 3), ..Options::default() };
    let mut days = 0;
    loop {
        days += 1;
        let report = stage.pass_until_throttled(options()).await;
        let told = stage.source.journal().messages_told();
        if told == 30 {
            break;
        }
        assert_eq!(report.state, Outcome::Incomplete, "{report:#?}");
        assert!(told <= 10 * days + 3, "{told} messages in {days} days");
        // The same day, another pass: it has what is left, and no more. (Of two lanes the one that waited stopped the other, which may have had
        // room for a smaller message.)
        stage.pass_until_throttled(options()).await;
        let (messages, of_the_day) = stage.read_of_a_day();
        assert_eq!(stage.source.journal().messages_told(), messages, "nothing is read that is not counted");
        assert!(of_the_day <= bytes / 3, "{of_the_day} of {} bytes in a day", bytes / 3);
        stage.a_day_later();
    }
    assert!((3..=4).contains(&days), "{days} days");
    assert_verified(&stage.pass_with(options()).await, 55);
    assert_a_copy_for_each_label(&stage);
    assert_eq!(stage.source.journal().messages_told(), 30);
}

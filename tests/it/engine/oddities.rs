//! A source that is legal, awkward and partly unreadable: what can be read arrives, the rest is named.

use mailhaul::{
    lab::{
        generate::Recipe,
        imap::{Persona, Profile},
        mailstore::{Content, Mailstore, NewMessage},
    },
    model::ReceivedAt,
    transfer::{Deletions, Options, Outcome, PassKind, VerifyLevel},
};

use super::{letters::letter, scenes::put, stage::Stage};

#[tokio::test(flavor = "multi_thread")]
async fn an_awkward_source_is_read_exactly() {
    for persona in [Persona::awkward(), Persona::awkward().without(&["CONDSTORE", "QRESYNC", "ESEARCH", "LITERAL+"])] {
        let from = (Recipe { attachment: 5000, ..Recipe::new(41, 120) }.build(), persona);
        let stage = Stage::between(from, (Mailstore::empty(), Persona::generic()), "Dovecot").await;
        stage.until_verified().await;
        stage.assert_all_there_once();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_awkward_target_is_written_exactly() {
    let from = (Recipe { attachment: 5000, ..Recipe::new(42, 120) }.build(), Persona::generic());
    let stage = Stage::between(from, (Mailstore::empty(), Persona::awkward()), "Dovecot").await;
    stage.until_verified().await;
    stage.assert_all_there_once();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prefix_at_the_source_is_not_part_of_a_name() {
    let recipe = Recipe { prefix: "INBOX.", delimiter: '.', attachment: 5000, ..Recipe::new(43, 80) };
    let stage =
        Stage::between((recipe.build(), Persona::prefixed()), (Mailstore::empty(), Persona::generic()), "Dovecot")
            .await;
    stage.until_verified().await;
    stage.assert_all_there_once();
    assert!(stage.to.read(|mailbox| mailbox.folder(b"Sent").is_some() && mailbox.folder(b"INBOX/Sent").is_none()));
}

/// One folder cannot be opened, and one message in every folder cannot be read (quirk 55).
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_named_and_the_rest_arrives() {
    let persona = Persona::generic().with(|persona| {
        persona.folders.unreadable.insert(b"Archive".to_vec(), "[NOPERM] Permission denied.".to_owned());
        persona.folders.poison.insert(3);
    });
    let from = Recipe { attachment: 5000, ..Recipe::new(44, 150) }.build();
    let (locked, poisoned) = from.read(|mailbox| {
        let readable = mailbox.folders().filter(|(name, _)| *name != b"Archive");
        let locked = mailbox.folder(b"Archive").map_or(0, |folder| folder.messages().len());
        (locked, readable.filter(|(_, folder)| folder.message(3).is_some()).count())
    });
    assert!(locked > 0 && poisoned > 5, "{locked} {poisoned}");
    let stage = Stage::between((from, persona), (Mailstore::empty(), Persona::generic()), "Dovecot").await;

    let report = stage.pass().await;
    assert_eq!(report.state, Outcome::Finished, "{report:#?}");
    assert_eq!(report.counts.failed, poisoned as u64, "{report:#?}");
    let unread: Vec<_> = report.attention.iter().filter(|line| line.code == "SRC-FOLDER-SELECT").collect();
    assert!(matches!(unread.as_slice(), [line] if line.folder.as_deref() == Some("Archive")), "{report:#?}");
    assert_eq!(stage.to.snapshot().messages(), 150 - locked - poisoned);

    // Once the source is mended, a delta reads the folder and a retry the messages.
    stage.source.set_persona(Persona::generic());
    assert_eq!(stage.pass().await.state, Outcome::Finished);
    let report = stage.pass_of(PassKind::Retry).await;
    assert_eq!(report.state, Outcome::Verified, "{report:#?}");
    stage.assert_all_there_once();
}

/// Exchange as a source: what it cannot render comes as a message of its own (quirk 37) or not at all (quirk 36), and
/// not every folder it lists holds mail (quirk 38).
#[tokio::test(flavor = "multi_thread")]
async fn an_exchange_source_serves_stand_ins_for_what_it_cannot_render() {
    let persona = Persona::exchange(Profile::Move).with(|persona| {
        persona.rendering.stubs.insert(2);
        persona.rendering.left_out.insert(4);
    });
    let from = Recipe { attachment: 5000, ..Recipe::new(45, 120) }.build();
    from.write(|mailbox| {
        // One such name alone is somebody's own folder.
        mailbox.create(b"Contacts").unwrap();
        let calendar = mailbox.create(b"Calendar").unwrap();
        calendar.append(NewMessage::new("Subject: not mail\r\n\r\n", ReceivedAt { unix: 0, offset: 0 }), None);
    });
    let unreadable: usize = from.read(|mailbox| {
        let mail = mailbox.folders().filter(|(name, _)| *name != b"Calendar");
        mail.map(|(_, folder)| folder.messages().iter().filter(|m| [2, 4].contains(&m.uid)).count()).sum()
    });
    let stage = Stage::between((from, persona), (Mailstore::empty(), Persona::generic()), "Dovecot").await;
    let report = stage.pass().await;
    assert_eq!(report.state, Outcome::Finished, "{report:#?}");
    assert_eq!((report.counts.failed, report.counts.unexplained), (unreadable as u64, 0), "{:#?}", report.attention);
    let arrived = stage.to.snapshot();
    assert_eq!(arrived.messages(), 120 - unreadable);
    assert!(!arrived.folders.contains_key("Calendar"));
    let again = stage.pass().await;
    assert_eq!(again.counts.copied_this_pass, 0, "{again:#?}");
}

/// A message is deleted, one altered and one added at the target behind everybody's back.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_planted_at_the_target_is_found() {
    let from = Recipe { attachment: 2000, awkward_names: false, ..Recipe::new(46, 60) }.build();
    let stage = Stage::between((from, Persona::generic()), (Mailstore::empty(), Persona::generic()), "Dovecot").await;
    stage.until_verified().await;
    stage.to.write(|mailbox| {
        let inbox = mailbox.folder_mut(b"INBOX").unwrap();
        let uids: Vec<u32> = inbox.messages().iter().map(|m| m.uid).collect();
        inbox.expunge(|m| m.uid == uids[3]);
        let other = inbox.message(uids[5]).unwrap().content.bytes().iter().rev().copied().collect::<Vec<u8>>();
        assert!(inbox.corrupt(uids[5], Content::Stored(other.into())));
        inbox.append(NewMessage::new("Subject: extra\r\n\r\n", ReceivedAt { unix: 0, offset: 0 }), None);
    });
    let report = stage.verify_content().await;
    assert_eq!((report.state, report.counts.missing_at_target), (Outcome::Finished, 1), "{report:#?}");
    let told: Vec<_> = report.attention.iter().map(|line| (line.folder.as_deref(), line.count)).collect();
    assert_eq!(told, [(Some("INBOX"), 1); 3], "altered, missing, unknown: {:#?}", report.attention);
}

/// A message that is not at the target any more is its user's doing once it was verified there, and a loss before.
#[tokio::test(flavor = "multi_thread")]
async fn what_went_missing_before_it_was_verified_is_no_users_doing() {
    let from = Recipe { attachment: 2000, awkward_names: false, ..Recipe::new(48, 40) }.build();
    let stage = Stage::between((from, Persona::generic()), (Mailstore::empty(), Persona::generic()), "Dovecot").await;
    let expunge = |at: usize| {
        stage.to.write(|mailbox| {
            let inbox = mailbox.folder_mut(b"INBOX").unwrap();
            let uid = inbox.messages()[at].uid;
            inbox.expunge(|m| m.uid == uid);
        });
    };
    stage.pass_with(Options { verify: VerifyLevel::None, ..Options::default() }).await;
    expunge(3);
    for _ in 0..2 {
        let report = stage.pass().await;
        assert_eq!((report.state, report.counts.lost()), (Outcome::Finished, 1), "{report:#?}");
    }
    expunge(5);
    let report = stage.pass().await;
    let counts = &report.counts;
    assert_eq!((counts.removed_by_user, counts.lost(), counts.copied_this_pass), (1, 1, 0), "{report:#?}");
}

/// What the target lost stays lost when the source moves it: nobody is blamed for it, and it is not copied a second time.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_lost_and_moved_is_still_lost() {
    let from = Mailstore::empty();
    from.write(|mailbox| {
        mailbox.create(b"Work").unwrap();
        for n in 0..10 {
            mailbox.folder_mut(b"INBOX").unwrap().append(letter(n), None);
        }
    });
    let stage = Stage::between((from, Persona::generic()), (Mailstore::empty(), Persona::generic()), "Dovecot").await;
    stage.pass_with(Options { verify: VerifyLevel::None, ..Options::default() }).await;
    stage.to.write(|mailbox| mailbox.folder_mut(b"INBOX").unwrap().expunge(|m| m.uid == 4));
    assert_eq!(stage.pass().await.counts.lost(), 1);
    stage.from.write(|mailbox| {
        mailbox.folder_mut(b"INBOX").unwrap().expunge(|m| m.uid == 4);
        mailbox.folder_mut(b"Work").unwrap().append(letter(3), None);
    });
    let report = stage.pass().await;
    let counts = &report.counts;
    assert_eq!((counts.removed_by_user, counts.lost(), counts.copied_this_pass), (0, 1, 0), "{report:#?}");
}

/// Nothing is left to remove, and nothing is missing.
#[tokio::test(flavor = "multi_thread")]
async fn what_both_users_deleted_is_no_exception() {
    let from = Mailstore::empty();
    from.write(|mailbox| (0..10).for_each(|n| put(mailbox.folder_mut(b"INBOX").unwrap(), [letter(n)])));
    let stage = Stage::between((from, Persona::generic()), (Mailstore::empty(), Persona::generic()), "Dovecot").await;
    stage.until_verified().await;
    for side in [&stage.from, &stage.to] {
        side.write(|mailbox| mailbox.folder_mut(b"INBOX").unwrap().expunge(|m| m.uid == 4));
    }
    let mirrored = Options { deletions: Deletions::Mirror { approved: true }, ..Options::default() };
    let report = stage.pass_with(mirrored).await;
    let counts = &report.counts;
    assert_eq!((report.state, counts.lost(), counts.removed_by_user), (Outcome::Verified, 0, 1), "{report:#?}");
}

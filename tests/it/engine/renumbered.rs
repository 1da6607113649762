//! A target folder that gets another UIDVALIDITY: no UID of before means anything there any more.

use std::time::Duration;

use mailhaul::{
    lab::imap::{Fault, Verb},
    model::Flags,
    transfer::{Outcome, PassKind},
};

use super::{letters::letter, stage::Stage};

/// The folder is made anew with as many strangers under the same UIDs.
#[tokio::test(flavor = "multi_thread")]
async fn strangers_under_old_uids_are_not_taken_for_ours() {
    let stage = Stage::one_folder(6, |_| ()).await;
    stage.until_verified().await;
    stage.to.write(|mailbox| {
        let validity = mailbox.new_validity();
        let inbox = mailbox.folder_mut(b"INBOX").unwrap();
        inbox.expunge(|_| true);
        for n in 100..106 {
            inbox.append(letter(n), None);
        }
        inbox.renumber(validity);
    });
    let flags = || -> Vec<Flags> {
        stage.to.read(|mailbox| mailbox.folder(b"INBOX").unwrap().messages().iter().map(|m| m.flags.clone()).collect())
    };
    let before = flags();

    let seen = stage.pass_of(PassKind::Verify).await;
    assert_ne!(seen.state, Outcome::Verified, "{seen:#?}");
    stage.from.write(|mailbox| {
        let inbox = mailbox.folder_mut(b"INBOX").unwrap();
        for uid in 1..=6 {
            inbox.set_flags(uid, |flags| *flags = Flags::from_names(["\\Seen", "\\Answered", "\\Flagged"]));
        }
    });
    stage.pass().await;
    assert_eq!(flags(), before, "a stranger's flags are its own");
}

/// The folder is renumbered after its counters were read, and loses one of the messages that came since.
#[tokio::test(flavor = "multi_thread")]
async fn a_folder_renumbered_in_the_pass_is_looked_at() {
    let stage = Stage::one_folder(6, |_| ()).await;
    stage.source.faults().at(Verb::UidFetch, 2, Fault::Delay(Duration::from_millis(1500)));
    let meddle = async {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
        let until = async |ready: &dyn Fn() -> bool| {
            while !ready() {
                assert!(tokio::time::Instant::now() < deadline);
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        // By the second FETCH, of bodies, the target's counters are known; its answer takes a while.
        until(&|| stage.source.journal().count(Verb::UidFetch) >= 2).await;
        stage.to.write(|mailbox| mailbox.renumber(b"INBOX"));
        let expunge_first =
            || stage.to.write(|mailbox| !mailbox.folder_mut(b"INBOX").unwrap().expunge(|m| m.uid == 1).is_empty());
        until(&expunge_first).await;
    };
    let (report, ()) = tokio::join!(stage.pass(), meddle);
    assert_ne!(report.state, Outcome::Verified, "{report:#?}");
}

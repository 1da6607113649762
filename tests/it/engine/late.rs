//! Messages that show themselves late: their UID is taken, but no listing has them yet.

use std::time::Duration;

use mailhaul::{
    clock,
    lab::{
        generate::Recipe,
        imap::{Fault, Persona, Verb},
        mailstore::{Mailstore, NewMessage},
    },
    model::ReceivedAt,
    transfer::Outcome,
};

use super::stage::Stage;

const LATE: Duration = Duration::from_secs(1);

/// Adds a message to the inbox that is shown after `wait`, and one behind it that is shown at once.
fn receive_out_of_order(store: &Mailstore, wait: Duration) {
    let mail = |text: &'static str| NewMessage::new(text, ReceivedAt { unix: 1_700_000_000, offset: 0 });
    store.write(|mailbox| {
        let inbox = mailbox.folder_mut(b"INBOX").unwrap();
        inbox.append(mail("Subject: slow\r\nMessage-ID: <slow@x>\r\n\r\n"), Some(clock::instant() + wait));
        inbox.append(mail("Subject: swift\r\nMessage-ID: <swift@x>\r\n\r\n"), None);
    });
}

/// The cursor has passed its UID and its modification sequence before it is seen.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_below_the_frontier_is_found_when_it_shows() {
    for without in [&[][..], &["CONDSTORE", "QRESYNC"][..]] {
        let from = Recipe { attachment: 2000, ..Recipe::new(51, 30) }.build();
        let source = (from, Persona::generic().without(without));
        let stage = Stage::between(source, (Mailstore::empty(), Persona::generic()), "Dovecot").await;
        stage.until_verified().await;
        receive_out_of_order(&stage.from, LATE);
        let shown = clock::instant() + LATE;
        let first = stage.pass().await;
        assert!(clock::instant() < shown, "the pass was not before the message");
        assert_eq!((first.state, first.counts.copied_this_pass), (Outcome::Verified, 1), "{first:#?}");
        clock::sleep_until(shown).await;
        let second = stage.pass().await;
        assert_eq!((second.state, second.counts.copied_this_pass), (Outcome::Verified, 1), "{second:#?}");
        stage.assert_all_there_once();
    }
}

/// A target that has taken a message and does not show it yet, just when its answer was lost.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_stored_and_not_yet_shown_is_not_sent_again() {
    let recipe = Recipe { attachment: 2000, ..Recipe::new(52, 30) };
    let stage = Stage::exchange(&recipe, |persona| persona.append.shown_after = LATE).await;
    stage.target.faults().at(Verb::Append, 9, Fault::CutAfter);
    stage.target.faults().at(Verb::Append, 25, Fault::CutAfter);
    stage.pass().await;
    // Until then a verification calls it missing.
    clock::sleep_until(clock::instant() + LATE).await;
    stage.until_verified().await;
    stage.assert_all_there_once();
}

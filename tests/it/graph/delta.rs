//! What changed since a link.

use std::collections::BTreeMap;

use mailhaul::{
    graph::{Change, DeltaLink, Mailbox, Message, Turn},
    lab::graph::Settings,
};

use super::stage::{KIM, Stage, mail};

/// All changes since `since`, and the link to the next ones; `None`: everything must be listed anew.
async fn round(mailbox: &Mailbox, since: Option<&DeltaLink>) -> Option<(Vec<Change<Message>>, DeltaLink)> {
    let mut changes = mailbox.changes("inbox", since).unwrap();
    let mut all = Vec::new();
    loop {
        match changes.turn().await.unwrap() {
            Turn::Page(page) => all.extend(page),
            Turn::End(link) => return Some((all, link)),
            Turn::Resync => return None,
        }
    }
}

/// The folder as a client knows it after `changes`.
fn apply(known: &mut BTreeMap<String, bool>, changes: Vec<Change<Message>>) {
    for change in changes {
        match change {
            Change::Here(message) => known.insert(message.id, message.is_read),
            Change::Gone(id) => known.remove(&id),
        };
    }
}

fn truth(stage: &Stage) -> Vec<String> {
    stage.graph.mailbox(KIM, |mailbox| mailbox.ids_in("Inbox")).unwrap()
}

#[tokio::test]
async fn new_changed_moved_and_deleted_messages_are_told() {
    let stage = Stage::new(Settings::default()).await;
    let ids: Vec<String> = (0..1100).map(|number| stage.add(KIM, "Inbox", &number.to_string())).collect();
    let mailbox = stage.mailbox(KIM);
    let mut known = BTreeMap::new();
    let (changes, link) = round(&mailbox, None).await.unwrap();
    assert_eq!(changes.len(), 1100);
    apply(&mut known, changes);
    let (changes, link) = round(&mailbox, Some(&link)).await.unwrap();
    assert!(changes.is_empty(), "{changes:?}");

    stage.graph.mailbox(KIM, |mailbox| {
        mailbox.update(&ids[5], |item| item.read = false);
        mailbox.move_to(&ids[6], "Archive");
        mailbox.remove(&ids[7]);
        mailbox.add("Inbox", mail("new"));
        // It comes and goes: its removal may be told all the same.
        let brief = mailbox.add("Inbox", mail("brief")).unwrap();
        mailbox.remove(&brief);
    });
    let kept = DeltaLink::new(link.as_str());
    let (changes, link) = round(&mailbox, Some(&kept)).await.unwrap();
    assert_eq!(changes.iter().filter(|change| matches!(change, Change::Gone(_))).count(), 3);
    apply(&mut known, changes);
    assert_eq!(known.get(&ids[5]), Some(&false));
    assert_eq!(known.keys().cloned().collect::<Vec<_>>().len(), truth(&stage).len());
    assert!(truth(&stage).iter().all(|id| known.contains_key(id)));

    stage.graph.mailbox(KIM, |mailbox| mailbox.move_to(&ids[6], "Inbox"));
    let (changes, _) = round(&mailbox, Some(&link)).await.unwrap();
    assert!(matches!(&changes[..], [Change::Here(message)] if message.id == ids[6]), "{changes:?}");
}

#[tokio::test]
async fn what_changes_between_pages_is_told_sooner_or_later() {
    let stage = Stage::new(Settings::default()).await;
    let ids: Vec<String> = (0..1500).map(|number| stage.add(KIM, "Inbox", &number.to_string())).collect();
    let mailbox = stage.mailbox(KIM);
    let mut known = BTreeMap::new();
    let mut changes = mailbox.changes("inbox", None).unwrap();
    let mut pages = 0;
    let link = loop {
        match changes.turn().await.unwrap() {
            Turn::Page(page) => apply(&mut known, page),
            Turn::End(link) => break link,
            Turn::Resync => panic!("no token was lost"),
        }
        stage.graph.mailbox(KIM, |mailbox| {
            mailbox.remove(&ids[1400 + pages]);
            mailbox.remove(&ids[pages]);
            mailbox.add("Inbox", mail(&format!("between {pages}")));
        });
        pages += 1;
    };
    assert!(pages >= 3);
    apply(&mut known, round(&mailbox, Some(&link)).await.unwrap().0);
    let mut truth = truth(&stage);
    truth.sort();
    assert_eq!(known.into_keys().collect::<Vec<_>>(), truth);
}

#[tokio::test]
async fn a_lost_link_asks_for_everything() {
    // The status alone says it too.
    for word in ["SyncStateNotFound", "SyncStateInvalid", "resyncRequired", "UnknownError"] {
        let stage = Stage::new(Settings { resync_word: word, ..Settings::default() }).await;
        for number in 0..600 {
            stage.add(KIM, "Inbox", &number.to_string());
        }
        let mailbox = stage.mailbox(KIM);
        let mut begun = mailbox.changes("inbox", None).unwrap();
        assert!(matches!(begun.turn().await.unwrap(), Turn::Page(page) if page.len() == 500));
        let (_, link) = round(&mailbox, None).await.unwrap();
        stage.graph.lose_delta_tokens();
        assert!(matches!(begun.turn().await.unwrap(), Turn::Resync), "{word}, within the pages");
        assert!(round(&mailbox, Some(&link)).await.is_none(), "{word}");
        assert_eq!(round(&mailbox, None).await.unwrap().0.len(), 600);
    }
}

#[tokio::test]
async fn a_link_to_another_server_gets_no_token() {
    let stage = Stage::new(Settings::default()).await;
    for link in ["https://graph.example/v1.0/users/x/messages/delta?$deltatoken=1", "no link"] {
        assert!(stage.mailbox(KIM).changes("inbox", Some(&DeltaLink::new(link))).is_err(), "{link}");
    }
}

//! A mailbox that IMAP and Graph serve together.

use mailhaul::{
    graph::{Export, Import, MessagePatch},
    lab::{
        graph::Settings,
        mailstore::{Mailstore, NewMessage},
    },
    model::ReceivedAt,
};

use super::stage::{KIM, LEE, Stage};

fn message(subject: &str) -> NewMessage {
    let text = format!("Subject: {subject}\r\nMessage-ID:\r\n <{subject}@x.example>\r\n\r\nbody\r\n");
    NewMessage::new(text, ReceivedAt { unix: 1_400_000_000, offset: 3600 }).flagged(["\\Seen", "\\Answered"])
}

#[tokio::test]
async fn what_comes_in_by_one_way_is_seen_by_the_other() {
    let stage = Stage::new(Settings::default()).await;
    let store = Mailstore::empty();
    store.write(|mailbox| {
        mailbox.folder_mut(b"INBOX").unwrap().append(message("a"), None);
        mailbox.create("Entw&APw-rfe/x".as_bytes()).unwrap().append(message("b"), None);
    });
    stage.graph.share(KIM, &store);
    let mailbox = stage.mailbox(KIM);
    let names: Vec<String> =
        mailbox.folder_tree().await.unwrap().into_iter().map(|folder| folder.display_name).collect();
    assert!(names.contains(&"Entwürfe".to_owned()) && names.contains(&"x".to_owned()), "{names:?}");
    let found = mailbox.find("<b@x.example>").await.unwrap().remove(0);
    assert_eq!((found.is_read, found.received_date_time.unwrap().timestamp()), (true, 1_400_000_000));
    let bytes = mailbox.value(&found.id, &stage.bodies).await.unwrap();
    assert_eq!(bytes.chunk(0, 1000).unwrap(), message("b").content.bytes());

    // An APPEND, then marks by Graph.
    let uid = store.write(|mailbox| mailbox.folder_mut(b"INBOX").unwrap().append(message("c"), None));
    let id = mailbox.find("<c@x.example>").await.unwrap().remove(0).id;
    let patch = MessagePatch { categories: Some(vec!["Red".into()]), is_read: Some(false), flag: None };
    mailbox.update(&id, &patch).await.unwrap();
    let names = |uid: u32| {
        store.read(|mailbox| {
            let folder = mailbox.folder(b"INBOX").unwrap();
            folder.message(uid).map(|message| message.flags.encode())
        })
    };
    assert_eq!(names(uid).as_deref(), Some("\\Answered"));
    assert_eq!(mailbox.find("<c@x.example>").await.unwrap()[0].categories, ["Red"]);

    // Gone there, gone here; gone here, gone there.
    store.write(|mailbox| mailbox.folder_mut(b"INBOX").unwrap().expunge(|message| message.uid == uid));
    assert!(mailbox.find("<c@x.example>").await.unwrap().is_empty());
    stage.graph.mailbox(KIM, |mailbox| mailbox.remove(&found.id));
    assert_eq!(store.snapshot().messages(), 1);
}

#[tokio::test]
async fn an_import_is_seen_by_imap_once() {
    let stage = Stage::new(Settings::default()).await;
    let store = Mailstore::empty();
    stage.graph.share(LEE, &store);
    let id = stage.add(KIM, "Inbox", "a");
    let source = stage.mailbox(KIM).items().await.unwrap();
    let target = stage.mailbox(LEE).items().await.unwrap();
    let Export::Item { stream, .. } = source.export(&[id], &stage.bodies).await.unwrap().remove(0) else { panic!() };
    let session = target.import_session().await.unwrap();
    let done = target.import(&session, &stage.folder(LEE, "Archive"), stream).await.unwrap();
    assert!(matches!(done, Import::Done { .. }));
    let count = |name: &[u8]| store.read(|mailbox| mailbox.folder(name).map(|folder| folder.messages().len()));
    assert_eq!(count(b"Archive"), Some(1));
    stage.mailbox(LEE).folder_tree().await.unwrap();
    assert_eq!((count(b"Archive"), store.snapshot().messages()), (Some(1), 1));
}

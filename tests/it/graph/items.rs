//! Items of every class, exported from one mailbox and imported into another.

use std::{collections::BTreeMap, time::Duration};

use mailhaul::{
    body::Body,
    error::{Code, Disposition},
    graph::{Created, Export, Import, Item, ItemStore, Turn},
    lab::{
        graph::{Kind, NewItem, Settings, fill},
        mailstore::Content,
    },
};

use super::stage::{KIM, LEE, Stage, date, mail};

/// Everything about the items of a mailbox that a transfer keeps.
fn contents(stage: &Stage, user: &str) -> Vec<String> {
    let mut all = stage
        .graph
        .mailbox(user, |mailbox| mailbox.items().map(|(path, item)| format!("{path} {item:?}")).collect::<Vec<_>>())
        .unwrap();
    all.sort();
    all
}

/// The stream of each item, those that a reply left out asked for alone.
async fn export_all(store: &ItemStore, ids: &[String], stage: &Stage) -> Vec<Body> {
    let mut streams = Vec::new();
    for some in ids.chunks(20) {
        for (id, export) in some.iter().zip(store.export(some, &stage.bodies).await.unwrap()) {
            let export = match export {
                Export::Omitted => store.export(std::slice::from_ref(id), &stage.bodies).await.unwrap().remove(0),
                export => export,
            };
            match export {
                Export::Item { stream, .. } => streams.push(stream),
                other => panic!("{id}: {other:?}"),
            }
        }
    }
    streams
}

#[tokio::test]
async fn every_class_arrives_whole() {
    let settings = Settings { omit_every: 7, padding: 3000, session_status: 201, ..Settings::default() };
    let stage = Stage::new(settings).await;
    stage.graph.mailbox(KIM, |mailbox| fill(mailbox, 400, 7));
    let source = stage.mailbox(KIM).items().await.unwrap();
    let target = stage.mailbox(LEE).items().await.unwrap();
    assert_ne!(source.id(), target.id());
    let mut folders = BTreeMap::new();
    for folder in target.folder_tree().await.unwrap() {
        folders.insert(folder.display_name.clone(), folder.id);
    }
    let session = target.import_session().await.unwrap();
    let mut imported = 0;
    for folder in source.folder_tree().await.unwrap() {
        if folder.total_item_count == 0 {
            continue;
        }
        let parent = folders.get("Archive").filter(|_| folder.display_name == "2019").cloned();
        let there = match folders.get(&folder.display_name) {
            Some(id) => id.clone(),
            None => match target.create_folder(parent.as_deref(), &folder.display_name, "IPF.Note").await.unwrap() {
                Created::New(folder) => folder.id,
                Created::Exists => panic!("{folder:?}"),
            },
        };
        let mut pages = source.items(&folder.id);
        while let Some(page) = pages.next().await.unwrap() {
            assert!(page.iter().all(|item| item.search_key().is_some() && item.delivered().is_some()));
            let ids: Vec<String> = page.into_iter().map(|item| item.id).collect();
            for stream in export_all(&source, &ids, &stage).await {
                let done = target.import(&session, &there, stream).await.unwrap();
                assert!(matches!(done, Import::Done { .. }), "{done:?}");
                imported += 1;
            }
        }
    }
    assert_eq!(imported, 400);
    assert_eq!(contents(&stage, KIM), contents(&stage, LEE));
    assert_eq!(stage.bodies.used(), 0);
    assert_eq!(stage.graph.refused(), [0; 3]);
}

#[tokio::test]
async fn folders_that_show_others_are_left_out_and_names_are_taken_once() {
    let stage = Stage::new(Settings::default()).await;
    stage.add(KIM, "Inbox", "a");
    let store = stage.mailbox(KIM).items().await.unwrap();
    let all = store.folders().all(100).await.unwrap();
    let search = all.iter().find(|folder| folder.display_name == "Large Mail").unwrap();
    assert_eq!((search.class.as_deref(), search.total_item_count), (Some("IPF.Note"), 1), "it looks like any other");
    let folders = store.folder_tree().await.unwrap();
    let names: Vec<&str> = folders.iter().map(|folder| folder.display_name.as_str()).collect();
    assert!(names.contains(&"Inbox") && names.contains(&"Calendar"), "{names:?}");
    for name in ["Large Mail", "Unread Mail", "Finder", "PersonMetadata"] {
        assert!(!names.contains(&name), "{name}: {names:?}");
    }
    let calendar = folders.iter().find(|folder| folder.display_name == "Calendar").unwrap();
    assert_eq!(calendar.class.as_deref(), Some("IPF.Appointment"));
    let new = store.create_folder(Some(&calendar.id), "Work", "IPF.Appointment").await.unwrap();
    assert!(matches!(&new, Created::New(folder) if folder.class.as_deref() == Some("IPF.Appointment")), "{new:?}");
    assert_eq!(store.create_folder(Some(&calendar.id), "work", "IPF.Appointment").await.unwrap(), Created::Exists);
    assert!(store.folder_tree().await.unwrap().iter().any(|folder| folder.display_name == "Work"));
}

#[tokio::test]
async fn each_export_has_its_own_outcome() {
    let stage = Stage::new(Settings::default()).await;
    let ids: Vec<String> = ["a", "b", "c"].into_iter().map(|subject| stage.add(KIM, "Inbox", subject)).collect();
    stage.graph.mailbox(KIM, |mailbox| mailbox.remove(&ids[1]));
    stage.graph.change_settings(|settings| settings.corrupt.push(ids[2].clone()));
    let store = stage.mailbox(KIM).items().await.unwrap();
    let exports = store.export(&ids, &stage.bodies).await.unwrap();
    let codes: Vec<Option<Code>> = exports
        .iter()
        .map(|export| match export {
            Export::Refused(error) => Some(error.code()),
            _ => None,
        })
        .collect();
    assert_eq!(codes, [None, Some(Code::ItemVanished), Some(Code::ItemFetch)]);
    assert!(matches!(exports[0], Export::Item { .. }), "{exports:?}");
    stage.graph.change_settings(|settings| settings.omit_every = 2);
    let exports = store.export(&[ids[0].clone(), ids[0].clone()], &stage.bodies).await.unwrap();
    assert!(exports.iter().any(|export| matches!(export, Export::Omitted)), "{exports:?}");
}

#[tokio::test]
async fn a_large_item_goes_through_the_spool() {
    let stage = Stage::new(Settings::default()).await;
    let content = Content::Computed(mailhaul::lab::mailstore::Computed::new(3, 6 << 20));
    let item = NewItem::new("IPM.Note", "large", content, date(1_400_000_000));
    let id = stage.graph.mailbox(KIM, |mailbox| mailbox.add("Inbox", item)).flatten().unwrap();
    let source = stage.mailbox(KIM).items().await.unwrap();
    let lee = stage.mailbox(LEE);
    let target = lee.items().await.unwrap();
    let stream = export_all(&source, &[id], &stage).await.remove(0);
    assert!(stream.as_memory().is_none() && stream.len() > 6 << 20);
    let session = target.import_session().await.unwrap();
    let inbox = stage.folder(LEE, "Inbox");
    assert!(matches!(target.import(&session, &inbox, stream).await.unwrap(), Import::Done { .. }));
    let sizes = |user: &str| {
        stage.graph.mailbox(user, |mailbox| mailbox.items().map(|(_, item)| item.content.hash()).collect::<Vec<_>>())
    };
    assert_eq!(sizes(KIM), sizes(LEE));
    assert!(lee.usage().bytes > 8 << 20, "base64 counts: {:?}", lee.usage());
}

#[tokio::test]
async fn sessions_end_and_serve_one_mailbox() {
    let stage = Stage::new(Settings { session_life: Duration::from_secs(400), ..Settings::default() }).await;
    let source = stage.mailbox(KIM).items().await.unwrap();
    let target = stage.mailbox(LEE).items().await.unwrap();
    let id = stage.add(KIM, "Inbox", "a");
    let stream = export_all(&source, &[id], &stage).await.remove(0);
    let inbox = stage.folder(LEE, "Inbox");
    let session = target.import_session().await.unwrap();
    assert!(!session.should_renew());
    stage.graph.end_sessions();
    assert_eq!(target.import(&session, &inbox, stream.clone()).await.unwrap(), Import::SessionOver);
    stage.graph.change_settings(|settings| settings.session_life = Duration::from_secs(10));
    let session = target.import_session().await.unwrap();
    assert!(session.should_renew());
    let done = target.import(&session, &inbox, stream.clone()).await.unwrap();
    assert!(matches!(done, Import::Done { .. }), "{done:?}");
    // A folder that is not there.
    let error = target.import(&session, &stage.folder(KIM, "Inbox"), stream).await.unwrap_err();
    assert_eq!((error.code(), error.disposition()), (Code::ItemVanished, Disposition::GiveUp));
    assert_eq!(contents(&stage, LEE).len(), 1);
    assert_eq!(stage.graph.count(Kind::Session), 2);
}

#[tokio::test]
async fn a_full_mailbox_waits_for_a_person() {
    let stage = Stage::new(Settings::default()).await;
    stage.graph.mailbox(LEE, |mailbox| mailbox.quota = Some(100));
    let id = stage.add(KIM, "Inbox", &"long".repeat(40));
    let source = stage.mailbox(KIM).items().await.unwrap();
    let target = stage.mailbox(LEE).items().await.unwrap();
    let stream = export_all(&source, &[id], &stage).await.remove(0);
    let session = target.import_session().await.unwrap();
    let error = target.import(&session, &stage.folder(LEE, "Inbox"), stream).await.unwrap_err();
    assert_eq!((error.code(), error.disposition()), (Code::Quota, Disposition::NeedsPerson));
}

#[tokio::test]
async fn changes_of_items_are_told_like_those_of_messages() {
    let stage = Stage::new(Settings::default()).await;
    stage.graph.mailbox(KIM, |mailbox| {
        let mut event = mail("event");
        event.class = "IPM.Appointment".into();
        mailbox.add("Calendar", event);
    });
    let store = stage.mailbox(KIM).items().await.unwrap();
    let folder = stage.folder(KIM, "Calendar");
    let mut changes = store.changes(&folder, None).unwrap();
    let page: Vec<Item> = match changes.turn().await.unwrap() {
        Turn::Page(page) => page.into_iter().filter_map(|change| match change {
            mailhaul::graph::Change::Here(item) => Some(item),
            mailhaul::graph::Change::Gone(_) => None,
        }),
        other => panic!("{other:?}"),
    }
    .collect();
    assert_eq!((page.len(), page[0].class.as_str(), page[0].search_key()), (1, "IPM.Appointment", None));
    let whole = store.item(&folder, &page[0].id).await.unwrap();
    assert!(whole.search_key().is_some() && whole.id == page[0].id, "{whole:?}");
    assert!(matches!(changes.turn().await.unwrap(), Turn::End(_)));
}

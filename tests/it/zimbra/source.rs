//! Zimbra as a source: the suite of every source, and what only this one meets.

use std::collections::{BTreeMap, BTreeSet};

use mailhaul::{
    lab::zimbra::{FolderKind, Settings, fill},
    model::{FolderName, Role},
    source::{FetchItem, FetchResult, ListingKind, SourceConnector, SourceSession},
};

use super::stage::{ANN, Stage, flags, mail};
use crate::{
    conformance::{
        run,
        source::{Changed, Shown, Told, discover, fetch, items, promises},
    },
    support::image::Seen,
};

/// The path that the source tells.
fn told(path: &str) -> String {
    path.strip_prefix("Inbox").map_or(path.to_owned(), |rest| format!("INBOX{rest}"))
}

fn shown(stage: &Stage) -> Shown {
    stage.kept(ANN, |kept| {
        let read = kept.folders().filter(|f| {
            f.kind == FolderKind::Own && ![1, 11].contains(&f.id) && f.view.is_none_or(|view| view == "message")
        });
        let folder = |id: u32| {
            let seen = kept.items().filter(|item| item.folder == id).map(|item| {
                let hash = *blake3::hash(&item.content).as_bytes();
                let seen = Seen {
                    uid: item.id,
                    hash,
                    received_at: item.received,
                    flags: flags(item).into_iter().collect(),
                    label: item.id.to_string(),
                };
                (item.id.to_be_bytes().to_vec(), seen)
            });
            (told(&kept.path(id)), seen.collect())
        };
        let folders: BTreeMap<_, _> = read.map(|f| folder(f.id)).collect();
        Shown { subscribed: folders.keys().cloned().collect::<BTreeSet<_>>(), folders }
    })
}

async fn since(session: &mut dyn SourceSession, folder: u32, cursor: Option<Vec<u8>>) -> Told {
    let name = FolderName(folder.to_string().into_bytes());
    discover(session, vec![(name.clone(), cursor)]).await.remove(&name).unwrap()
}

fn ids(told: &Told) -> Vec<u32> {
    told.listed.iter().map(|listed| u32::from_be_bytes(listed.id[..].try_into().unwrap())).collect()
}

#[test]
fn zimbra_is_a_source() {
    run(async {
        let stage = Stage::new(Settings::default()).await;
        stage.kept(ANN, |kept| fill(kept, 1500, 7));
        let image = shown(&stage);
        assert!(image.folders["INBOX"].len() > 600);
        promises(&stage.source(ANN), &image, true, || {
            let [flags, removed] = [0, 1].map(|at| image.folders["INBOX"][at].0.clone());
            let number = |id: &[u8]| u32::from_be_bytes(id.try_into().unwrap());
            stage.add(ANN, 2, "new");
            stage.kept(ANN, |kept| {
                kept.update(number(&flags), |item| {
                    item.flags = "uf".chars().collect();
                    item.tags = ["kept".to_owned()].into();
                });
                kept.delete(number(&removed));
            });
            Changed { flags, removed }
        })
        .await;
        assert_eq!(stage.zimbra.counts()[2], 0, "the filter never refused");
    });
}

#[test]
fn what_is_not_mail_or_not_the_users_is_listed_and_not_read() {
    run(async {
        let stage = Stage::new(Settings::default()).await;
        stage.kept(ANN, |kept| fill(kept, 5, 1));
        let folders = stage.source(ANN).open().await.unwrap().folders().await.unwrap();
        let skipped: Vec<_> = folders.iter().filter(|f| f.skipped.is_some()).map(|f| f.path.to_string()).collect();
        for path in ["Contacts", "Calendar", "Flagged mail", "Ann's calendar"] {
            assert!(skipped.contains(&path.to_owned()), "{path} in {skipped:?}");
        }
        let role = |role| folders.iter().find(|f| f.role == Some(role)).unwrap().path.to_string();
        assert_eq!([Role::Inbox, Role::Trash, Role::Drafts].map(role), ["INBOX", "Trash", "Drafts"]);
    });
}

#[test]
fn a_moved_message_is_gone_in_one_folder_and_the_same_in_another() {
    run(async {
        let stage = Stage::new(Settings::default()).await;
        let id = stage.add(ANN, 2, "moving");
        let mut session = stage.source(ANN).open().await.unwrap();
        let before = since(&mut *session, 2, None).await;
        let trash = since(&mut *session, 3, None).await;
        stage.kept(ANN, |kept| kept.move_to(id, 3));
        let here = since(&mut *session, 2, before.cursor).await;
        assert_eq!((here.gone, here.listed.len()), (vec![id.to_be_bytes().to_vec()], 0));
        let there = since(&mut *session, 3, trash.cursor).await;
        assert_eq!(
            (&there.listed[0].content, &there.listed[0].version),
            (&before.listed[0].content, &before.listed[0].version)
        );
    });
}

#[test]
fn a_draft_that_is_saved_again_keeps_its_id_and_has_another_version() {
    run(async {
        let stage = Stage::new(Settings::default()).await;
        let id = stage.add(ANN, 6, "draft");
        let mut session = stage.source(ANN).open().await.unwrap();
        let before = since(&mut *session, 6, None).await;
        stage.kept(ANN, |kept| kept.rewrite(id, mail("draft, again").content));
        let after = since(&mut *session, 6, before.cursor).await;
        assert_eq!((after.kind, ids(&after)), (Some(ListingKind::Delta), vec![id]));
        assert!(after.listed[0].version > before.listed[0].version && after.gone.is_empty());
    });
}

#[test]
fn a_restored_mailbox_is_another_one_and_a_forgotten_token_is_not() {
    run(async {
        let stage = Stage::new(Settings::default()).await;
        stage.add(ANN, 2, "one");
        let backup = stage.kept(ANN, |kept| kept.clone());
        stage.add(ANN, 2, "two");
        let mut session = stage.source(ANN).open().await.unwrap();
        let first = since(&mut *session, 2, None).await;
        stage.kept(ANN, |kept| kept.forget_removed());
        let forgotten = since(&mut *session, 2, first.cursor.clone()).await;
        assert_eq!((forgotten.kind, forgotten.epoch), (Some(ListingKind::Complete), first.epoch));
        stage.kept(ANN, |kept| kept.restore(&backup));
        let restored = since(&mut *session, 2, forgotten.cursor).await;
        assert_eq!((restored.kind, restored.listed.len()), (Some(ListingKind::Complete), 1));
        assert_ne!(restored.epoch, first.epoch);
        let name = FolderName(b"2".to_vec());
        assert!(fetch(&mut *session, &name, restored.epoch, items(&restored.listed)).await.is_ok());
        let item = FetchItem { row: 1, id: restored.listed[0].id.clone(), size: 1 };
        let told = fetch(&mut *session, &name, restored.epoch, vec![item]).await.unwrap();
        assert!(matches!(told[0].what, FetchResult::Body(_)));
    });
}

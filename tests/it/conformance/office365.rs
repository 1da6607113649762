//! Office 365 by Graph, against the stand-in: the suite of every source, and what only this one meets.

use super::{
    run,
    source::{Changed, Shown, Told, discover, fetch, items as items_of, promises},
};
use crate::{
    graph::stage::{KIM, Stage, mail},
    support::image::Seen,
};
use mailhaul::{
    clock,
    error::{Code, Disposition, Scope},
    graph::Pace,
    lab::graph::{Fault, Kind, Settings, fill},
    model::{FolderName, Role},
    pace::Rates,
    source::{
        FetchItem, FetchResult, ListingKind, SourceConnector, SourceSession,
        graph::{GraphSettings, GraphSource},
    },
};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use tokio::sync::mpsc;

/// Folders of a fresh mailbox that are read, with their paths as they are told.
const READ: [(&str, &str); 8] = [
    ("Inbox", "INBOX"),
    ("Drafts", "Drafts"),
    ("Sent Items", "Sent Items"),
    ("Deleted Items", "Deleted Items"),
    ("Junk Email", "Junk Email"),
    ("Archive", "Archive"),
    ("Archive/2019", "Archive/2019"),
    ("Conversation History", "Conversation History"),
];

fn source(stage: &Stage) -> GraphSource {
    let (mailbox, bodies) = (stage.mailbox(KIM), stage.bodies.clone());
    GraphSource::new(GraphSettings { mailbox, describe: KIM.to_owned(), bodies, rates: Rates::default() })
}

fn shown(stage: &Stage) -> Shown {
    let read = |mailbox: &mut mailhaul::lab::graph::Mailbox| {
        let folder = |(name, path): (&str, &str)| {
            let items = mailbox.items().filter(|(at, _)| at == name).map(|(_, item)| Seen {
                uid: 0,
                hash: *blake3::hash(&item.content.bytes()).as_bytes(),
                received_at: item.received.timestamp(),
                flags: flags(item.read, &item.flag, &item.categories),
                label: item.subject.clone(),
            });
            let ids = mailbox.ids_in(name).into_iter().map(String::into_bytes);
            (path.to_owned(), ids.zip(items.collect::<Vec<_>>()).collect())
        };
        READ.into_iter().map(folder).collect::<BTreeMap<_, _>>()
    };
    let folders = stage.graph.mailbox(KIM, read).unwrap();
    Shown { subscribed: folders.keys().cloned().collect(), folders }
}

fn flags(read: bool, flag: &str, categories: &[String]) -> BTreeSet<String> {
    let system = [(read, "\\Seen"), (flag == "flagged", "\\Flagged")];
    let system = system.into_iter().filter(|(is, _)| *is).map(|(_, name)| name.to_owned());
    system.chain(categories.iter().map(|name| name.replace(' ', "_"))).collect()
}

/// The inbox's name, and a first listing of it.
async fn first(session: &mut dyn SourceSession) -> (FolderName, Told) {
    let folders = session.folders().await.unwrap();
    let inbox = folders.iter().find(|folder| folder.role == Some(Role::Inbox)).unwrap().name.clone();
    let told = since(session, &inbox, None).await;
    (inbox, told)
}

async fn since(session: &mut dyn SourceSession, folder: &FolderName, cursor: Option<Vec<u8>>) -> Told {
    discover(session, vec![(folder.clone(), cursor)]).await.remove(folder).unwrap()
}

fn with_mail(stage: &Stage, subjects: impl IntoIterator<Item = usize>) -> Vec<String> {
    subjects.into_iter().map(|number| stage.add(KIM, "Inbox", &format!("mail-{number}"))).collect()
}

fn items(ids: &[String]) -> Vec<FetchItem> {
    (0..).zip(ids).map(|(row, id)| FetchItem { row, id: id.as_bytes().to_vec(), size: 0 }).collect()
}

#[test]
fn office_365_is_a_source() {
    run(async {
        let stage = Stage::new(Settings::default()).await;
        stage.graph.mailbox(KIM, |mailbox| fill(mailbox, 1500, 7));
        let image = shown(&stage);
        assert!(image.folders["INBOX"].len() > 400, "more than one page of the least size");
        promises(&source(&stage), &image, true, || {
            let [flags, removed] = [0, 1].map(|at| image.folders["INBOX"][at].0.clone());
            stage.add(KIM, "Inbox", "new");
            stage.graph.mailbox(KIM, |mailbox| {
                mailbox.update(std::str::from_utf8(&flags).unwrap(), |item| {
                    (item.read, item.flag, item.categories) = (false, "flagged".into(), vec!["kept".into()]);
                });
                mailbox.remove(std::str::from_utf8(&removed).unwrap());
            });
            Changed { flags, removed }
        })
        .await;
        assert_eq!(stage.graph.refused(), [0; 3], "the service's limits were never met");
        assert!(stage.graph.peak() <= 3, "{}", stage.graph.peak());
    });
}

#[test]
fn folders_have_roles_in_any_language_and_reasons_not_to_be_read() {
    run(async {
        let stage = Stage::new(Settings::default()).await;
        stage.graph.mailbox(KIM, |mailbox| {
            mailbox.rename_folder("Sent Items", "Gesendete Elemente");
            mailbox.ensure_folder("Sync Issues/Conflicts", "IPF.Note");
        });
        let mut session = source(&stage).open().await.unwrap();
        let folders = session.folders().await.unwrap();
        let role = |role| folders.iter().find(|folder| folder.role == Some(role)).unwrap().path.to_string();
        assert_eq!(role(Role::Sent), "Gesendete Elemente");
        assert_eq!((role(Role::Trash), role(Role::Inbox)), ("Deleted Items".to_owned(), "INBOX".to_owned()));
        let skipped = folders.iter().filter_map(|f| Some((f.path.to_string(), f.skipped.as_ref()?.words.clone())));
        let skipped: BTreeMap<String, String> = skipped.collect();
        let names: Vec<&str> = skipped.keys().map(String::as_str).collect();
        assert_eq!(names, ["Finder", "Large Mail", "Outbox", "PersonMetadata", "Sync Issues", "Sync Issues/Conflicts"]);
        assert!(skipped["PersonMetadata"].contains("hides"), "{skipped:?}");
    });
}

#[test]
fn a_moved_message_leaves_one_folder_and_is_the_same_in_another() {
    run(async {
        let stage = Stage::new(Settings::default()).await;
        let ids = with_mail(&stage, 0..3);
        let mut session = source(&stage).open().await.unwrap();
        let (inbox, before) = first(&mut *session).await;
        let archive = FolderName(stage.folder(KIM, "Archive").into_bytes());
        let empty = since(&mut *session, &archive, None).await;
        stage.graph.mailbox(KIM, |mailbox| mailbox.move_to(&ids[1], "Archive"));
        let left = since(&mut *session, &inbox, before.cursor.clone()).await;
        assert_eq!((left.kind, left.gone), (Some(ListingKind::Delta), vec![ids[1].clone().into_bytes()]));
        let arrived = since(&mut *session, &archive, empty.cursor).await;
        let old = before.listed.iter().find(|listed| listed.id == ids[1].as_bytes()).unwrap();
        assert!(old.content.is_some());
        assert_eq!(arrived.listed, std::slice::from_ref(old));
    });
}

#[test]
fn a_message_that_was_only_read_keeps_its_other_marks() {
    run(async {
        let stage = Stage::new(Settings::default()).await;
        let ids = with_mail(&stage, 0..2);
        let update = |id: &String, change: fn(&mut mailhaul::lab::graph::NewItem)| {
            stage.graph.mailbox(KIM, |mailbox| mailbox.update(id, change));
        };
        update(&ids[0], |item| (item.flag, item.categories) = ("flagged".into(), vec!["kept".into()]));
        let mut session = source(&stage).open().await.unwrap();
        let (inbox, before) = first(&mut *session).await;
        ids.iter().for_each(|id| update(id, |item| item.read = false));
        stage.graph.mailbox(KIM, |mailbox| mailbox.remove(&ids[1]));
        let told = since(&mut *session, &inbox, before.cursor).await;
        let changed = told.listed.iter().find(|listed| listed.id == ids[0].as_bytes()).unwrap();
        assert_eq!(changed.flags, mailhaul::model::Flags::from_names(["\\Flagged", "kept"]));
        assert_eq!(told.gone, [ids[1].clone().into_bytes()]);
    });
}

#[test]
fn a_lost_place_is_a_whole_listing_under_the_same_epoch() {
    run(async {
        for word in ["SyncStateNotFound", "SyncStateInvalid", "ResyncRequired"] {
            let stage = Stage::new(Settings { resync_word: word, ..Settings::default() }).await;
            let ids = with_mail(&stage, 0..5);
            let mut session = source(&stage).open().await.unwrap();
            let (inbox, before) = first(&mut *session).await;
            stage.graph.mailbox(KIM, |mailbox| mailbox.remove(&ids[0]));
            stage.graph.lose_delta_tokens();
            let again = since(&mut *session, &inbox, before.cursor).await;
            assert_eq!((again.kind, again.epoch), (Some(ListingKind::Complete), before.epoch));
            assert_eq!((again.listed, again.gone.len()), (before.listed[1..].to_vec(), 0));
            let quiet = since(&mut *session, &inbox, again.cursor).await;
            assert_eq!(quiet.kind, Some(ListingKind::Unchanged));
        }
    });
}

#[test]
fn an_edited_draft_is_another_message() {
    run(async {
        let stage = Stage::new(Settings::default()).await;
        let id = stage.add(KIM, "Inbox", "draft");
        let edit = |draft: bool| {
            stage.graph.mailbox(KIM, |mailbox| mailbox.update(&id, |item| item.draft = draft));
        };
        edit(true);
        let mut session = source(&stage).open().await.unwrap();
        let (inbox, written) = first(&mut *session).await;
        edit(true);
        let edited = since(&mut *session, &inbox, written.cursor).await;
        assert_eq!(edited.gone, [written.listed[0].id.clone()]);
        assert_ne!(edited.listed[0].id, written.listed[0].id);
        assert_eq!(edited.listed[0].content, None);
        let wanted = FetchItem { row: 1, id: edited.listed[0].id.clone(), size: 0 };
        let fetched = fetch(&mut *session, &inbox, edited.epoch, vec![wanted]).await.unwrap();
        assert!(matches!(fetched[0].what, FetchResult::Body(_)), "{fetched:?}");
        edit(false);
        let sent = since(&mut *session, &inbox, edited.cursor).await;
        assert_eq!((sent.gone, sent.listed[0].id.as_slice()), (vec![edited.listed[0].id.clone()], id.as_bytes()));
    });
}

#[test]
fn what_cannot_be_read_is_told_and_the_rest_comes() {
    run(async {
        let stage = Stage::new(Settings::default()).await;
        let ids = with_mail(&stage, 0..30);
        stage.graph.change_settings(|settings| settings.corrupt = vec![ids[3].clone()]);
        stage.graph.mailbox(KIM, |mailbox| mailbox.remove(&ids[4]));
        // Two of them are only busy for a moment.
        stage.graph.inject(Kind::Value, Fault::Refuse(503, None), 2);
        let mut session = source(&stage).open().await.unwrap();
        let (inbox, told) = first(&mut *session).await;
        let fetched = fetch(&mut *session, &inbox, told.epoch, items(&ids)).await.unwrap();
        let bodies = fetched.iter().filter(|one| matches!(one.what, FetchResult::Body(_))).count();
        assert_eq!((bodies, fetched.len()), (28, 30));
        for one in fetched {
            match (one.row, one.what) {
                (3, FetchResult::Unreadable(reason)) => {
                    assert_eq!(reason.code, Code::ItemFetch);
                    assert!(reason.words.contains("ErrorCorruptData"), "{}", reason.words);
                }
                (4, FetchResult::Vanished) | (_, FetchResult::Body(_)) => {}
                (row, what) => panic!("{row}: {what:?}"),
            }
        }
    });
}

#[test]
fn a_message_at_which_the_service_fails_is_recorded_alone() {
    run(async {
        let stage = Stage::new(Settings::default()).await;
        let ids = with_mail(&stage, 0..1);
        stage.graph.change_settings(|settings| settings.fatal = ids.clone());
        let mut session = source(&stage).open().await.unwrap();
        let (inbox, told) = first(&mut *session).await;
        // Nothing else came: it may be the service, until it has lasted.
        let mut fetched = fetch(&mut *session, &inbox, told.epoch, items(&ids)).await;
        assert_eq!(fetched.as_ref().unwrap_err().scope(), Scope::Mailbox);
        for _ in 0..3 {
            let Err(error) = &fetched else { break };
            let Disposition::RetryAfter(Some(wait)) = error.disposition() else { panic!("{error}") };
            clock::sleep(wait).await;
            fetched = fetch(&mut *session, &inbox, told.epoch, items(&ids)).await;
        }
        let fetched = fetched.unwrap();
        assert!(
            matches!(&fetched[0].what, FetchResult::Unreadable(reason) if reason.words.contains("503")),
            "{fetched:?}"
        );
    });
}

#[test]
fn a_404_that_does_not_speak_of_the_message_is_no_proof_that_it_is_gone() {
    run(async {
        let stage = Stage::new(Settings::default()).await;
        let ids = with_mail(&stage, 0..2);
        let mut session = source(&stage).open().await.unwrap();
        let (inbox, told) = first(&mut *session).await;
        stage.graph.inject(Kind::Value, Fault::Refuse(404, None), 1);
        let fetched = fetch(&mut *session, &inbox, told.epoch, items(&ids)).await.unwrap();
        assert!(fetched.iter().all(|one| matches!(one.what, FetchResult::Body(_))), "{fetched:?}");
        stage.graph.inject(Kind::Value, Fault::Refuse(404, None), 3);
        let fetched = fetch(&mut *session, &inbox, told.epoch, items(&ids[..1])).await.unwrap();
        assert!(matches!(fetched[0].what, FetchResult::Unreadable(_)), "{fetched:?}");
    });
}

#[test]
fn trouble_of_the_whole_service_condemns_no_message() {
    run(async {
        let stage = Stage::new(Settings::default()).await;
        let ids = with_mail(&stage, 0..3);
        let mut session = source(&stage).open().await.unwrap();
        let (inbox, told) = first(&mut *session).await;
        let mut fails = async |kind, fault, times| {
            stage.graph.inject(kind, fault, times);
            let error = fetch(&mut *session, &inbox, told.epoch, items(&ids[..1])).await.unwrap_err();
            (error, fetch(&mut *session, &inbox, told.epoch, items(&ids)).await.unwrap().len())
        };
        let (busy, all) = fails(Kind::Any, Fault::Refuse(503, None), 4).await;
        assert_eq!((busy.code(), busy.scope(), all), (Code::Server, Scope::Mailbox, 3));
        let (cut, all) = fails(Kind::Value, Fault::Cut, 1).await;
        assert_eq!((cut.code(), all), (Code::Lost, 3));
        let begun = clock::instant();
        let (throttled, all) = fails(Kind::Value, Fault::Refuse(429, Some(2)), 1).await;
        assert_eq!((throttled.code(), all), (Code::Throttled, 3));
        assert!(matches!(throttled.disposition(), Disposition::RetryAfter(Some(_))));
        assert!((clock::instant() - begun).as_secs() >= 2, "what follows waits as long as the service said");
        let (untimed, all) = fails(Kind::Value, Fault::Refuse(429, None), 1).await;
        assert_eq!((untimed.code(), all), (Code::Throttled, 3));
        assert!(matches!(untimed.disposition(), Disposition::RetryAfter(Some(_))), "it costs no attempt: {untimed:?}");
        let (denied, all) = fails(Kind::Value, Fault::Refuse(401, None), 2).await;
        assert_eq!((denied.code(), all), (Code::Auth, 3), "after one new token");
    });
}

#[test]
fn a_refused_token_is_renewed_once() {
    run(async {
        let stage = Stage::new(Settings::default()).await;
        let ids = with_mail(&stage, 0..9);
        let mut session = source(&stage).open().await.unwrap();
        let (inbox, told) = first(&mut *session).await;
        stage.graph.inject(Kind::Value, Fault::Refuse(401, None), 1);
        let fetched = fetch(&mut *session, &inbox, told.epoch, items(&ids)).await.unwrap();
        assert!(fetched.iter().all(|one| matches!(one.what, FetchResult::Body(_))), "{fetched:?}");
    });
}

#[test]
fn sessions_that_wait_for_each_other_come_to_an_end() {
    run(async {
        let stage = Stage::new(Settings::default()).await;
        let names: Vec<String> = (0..7).map(|number| format!("Projects/{number}")).collect();
        stage.graph.mailbox(KIM, |mailbox| {
            for name in &names {
                mailbox.ensure_folder(name, "IPF.Note");
                (0..510).for_each(|number| drop(mailbox.add(name, mail(&number.to_string()))));
            }
        });
        // So few requests that the next folder's wait for leave while the one before is told.
        let pace = Pace { requests: (6, Duration::from_millis(400)), ..Pace::default() };
        let mailbox = stage.service(pace).mailbox(KIM);
        let (bodies, rates) = (stage.bodies.clone(), Rates::default());
        let source = GraphSource::new(GraphSettings { mailbox, describe: KIM.to_owned(), bodies, rates });
        let mut session = source.open().await.unwrap();
        let folders: Vec<_> = names.iter().map(|name| FolderName(stage.folder(KIM, name).into_bytes())).collect();
        let wanted = folders.iter().map(|folder| (folder.clone(), None)).collect();
        let told = clock::timeout(Duration::from_secs(60), discover(&mut *session, wanted)).await.unwrap();
        assert!(told.values().all(|told| told.listed.len() == 510 && told.kind == Some(ListingKind::Complete)));

        // One session's bodies are not taken; the other's come all the same.
        let mut other = source.open().await.unwrap();
        let wanted = |folder: &FolderName| told[folder].listed.iter().take(20).cloned().collect::<Vec<_>>();
        let (ask, asked) = mpsc::channel(1);
        ask.send(items_of(&wanted(&folders[0]))).await.unwrap();
        let (bring, _not_taken) = mpsc::channel(1);
        let (first, second) = (&folders[0], &folders[1]);
        let all = clock::timeout(Duration::from_secs(60), async {
            tokio::select! {
                stuck = session.fetch(first, told[first].epoch, asked, bring) => panic!("{stuck:?}"),
                all = fetch(&mut *other, second, told[second].epoch, items_of(&wanted(second))) => all.unwrap(),
            }
        });
        assert_eq!(all.await.unwrap().len(), 20);
    });
}

#[test]
fn a_cursor_holds_no_secret() {
    run(async {
        let stage = Stage::new(Settings::default()).await;
        with_mail(&stage, 0..1);
        let mut session = source(&stage).open().await.unwrap();
        let (_, told) = first(&mut *session).await;
        let cursor = String::from_utf8(told.cursor.unwrap()).unwrap();
        assert!(cursor.contains("deltatoken"), "{cursor}");
        assert!(!cursor.contains(&stage.token().await) && !cursor.contains("eyJ"), "{cursor}");
    });
}

#[test]
fn a_mailbox_without_leave_says_so() {
    run(async {
        let stage = Stage::new(Settings::default()).await;
        stage.graph.inject(Kind::List, Fault::Refuse(403, None), 1);
        let error = source(&stage).open().await.err().unwrap();
        assert_eq!((error.code(), error.disposition()), (Code::AuthAccess, Disposition::NeedsPerson));
        assert!(error.code().next_step().contains("Mail.Read"));
    });
}

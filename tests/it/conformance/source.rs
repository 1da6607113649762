//! What every source must do: list all, tell what changed, fetch every byte, change nothing.

use super::{Host, run};
use crate::support::{
    corpus::Mailbox,
    courier::Courier,
    cyrus::Cyrus,
    fill::{append, fill},
    image::{MailboxImage, Seen},
    raw::Raw,
};
use mailhaul::{
    clock,
    error::{Code, Side},
    lab::imap::NameForm,
    model::{Flags, FolderName},
    source::{
        DiscoverEvent, FetchItem, FetchResult, Fetched, FlagsSeen, Listed, ListingKind, SourceConnector, SourceFolder,
        SourceSession, imap::ImapSource,
    },
};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use tokio::sync::mpsc;

/// A folder as discovery told it.
#[derive(Debug, Default)]
struct Told {
    kind: Option<ListingKind>,
    epoch: u64,
    listed: Vec<Listed>,
    flags: Vec<FlagsSeen>,
    gone: Vec<u32>,
    cursor: Option<Vec<u8>>,
    count: Option<u64>,
    unreadable: Option<Code>,
}

impl Told {
    /// Every UID that the listing told, in its order.
    fn uids(&self) -> Vec<u32> {
        self.flags.iter().map(|f| uid(&f.id)).chain(self.listed.iter().map(|l| uid(&l.id))).collect()
    }
}

fn uid(id: &[u8]) -> u32 {
    u32::from_be_bytes(id.try_into().unwrap())
}

fn names(flags: &Flags) -> BTreeSet<String> {
    flags.names().map(str::to_owned).collect()
}

async fn discover(
    session: &mut dyn SourceSession,
    folders: Vec<(FolderName, Option<Vec<u8>>)>,
) -> BTreeMap<FolderName, Told> {
    let (events, mut told) = mpsc::channel(4);
    let mut all: BTreeMap<FolderName, Told> = BTreeMap::new();
    let collect = async {
        let mut now = FolderName::inbox();
        while let Some(event) = told.recv().await {
            match event {
                DiscoverEvent::Folders(_) => panic!("the adapter tells folders by another call"),
                DiscoverEvent::Begin { folder, epoch, kind } => {
                    now = folder;
                    let entry = all.entry(now.clone()).or_default();
                    (entry.epoch, entry.kind) = (epoch, Some(kind));
                }
                DiscoverEvent::Unreadable(folder, reason) => {
                    all.entry(folder).or_default().unreadable = Some(reason.code);
                }
                event => note(all.get_mut(&now).unwrap(), event),
            }
        }
    };
    let (done, ()) = tokio::join!(session.discover(folders, events), collect);
    done.unwrap();
    all
}

fn note(told: &mut Told, event: DiscoverEvent) {
    match event {
        DiscoverEvent::Listed(page) => told.listed.extend(page),
        DiscoverEvent::Flags(page) => told.flags.extend(page),
        DiscoverEvent::Gone(page) => told.gone.extend(page.iter().map(|id| uid(id))),
        DiscoverEvent::End { cursor, count } => (told.cursor, told.count) = (Some(cursor), count),
        _ => unreachable!(),
    }
}

pub async fn fetch(
    session: &mut dyn SourceSession,
    folder: &FolderName,
    epoch: u64,
    items: Vec<FetchItem>,
) -> mailhaul::error::Result<Vec<Fetched>> {
    let (to_fetch, queue) = mpsc::channel(1);
    let (bodies, mut arrived) = mpsc::channel(4);
    to_fetch.send(items).await.unwrap();
    drop(to_fetch);
    let collect = async {
        let mut all = Vec::new();
        while let Some(fetched) = arrived.recv().await {
            all.push(fetched);
        }
        all
    };
    let (done, all) = tokio::join!(session.fetch(folder, epoch, queue, bodies), collect);
    done.map(|()| all)
}

fn items(listed: &[Listed]) -> Vec<FetchItem> {
    listed.iter().map(|l| FetchItem { row: i64::from(uid(&l.id)), id: l.id.clone(), size: l.size }).collect()
}

/// Lists and reads everything, and compares it with what another client sees.
async fn reads_everything(session: &mut dyn SourceSession, image: &MailboxImage) -> Vec<(SourceFolder, Told)> {
    let folders = session.folders().await.unwrap();
    let paths: BTreeSet<String> = folders.iter().filter(|f| f.skipped.is_none()).map(|f| f.path.to_string()).collect();
    assert_eq!(paths, image.folders.keys().cloned().collect());
    let subscribed: BTreeSet<String> = folders.iter().filter(|f| f.subscribed).map(|f| f.path.to_string()).collect();
    assert_eq!(subscribed, image.subscribed);
    let read: Vec<&SourceFolder> = folders.iter().filter(|f| f.skipped.is_none()).collect();
    let mut told = discover(session, read.iter().map(|f| (f.name.clone(), None)).collect()).await;
    let mut all = Vec::new();
    for folder in read {
        let told = told.remove(&folder.name).unwrap();
        let seen = &image.folders[&folder.path.to_string()];
        assert_eq!(told.kind, Some(ListingKind::Complete));
        compare_listing(&told, seen);
        compare_bodies(session, &folder.name, &told, seen).await;
        all.push((folder.clone(), told));
    }
    all
}

fn compare_listing(told: &Told, seen: &[Seen]) {
    let mut seen: Vec<&Seen> = seen.iter().collect();
    seen.sort_by_key(|s| s.uid);
    assert_eq!(told.uids(), seen.iter().map(|s| s.uid).collect::<Vec<_>>());
    assert!(told.count.is_none_or(|count| count == seen.len() as u64), "{:?} of {}", told.count, seen.len());
    for (listed, seen) in told.listed.iter().zip(seen) {
        assert_eq!(listed.received_at.unwrap().unix, seen.received_at);
        assert_eq!(names(&listed.flags), seen.flags);
    }
}

async fn compare_bodies(session: &mut dyn SourceSession, folder: &FolderName, told: &Told, seen: &[Seen]) {
    let bodies = fetch(session, folder, told.epoch, items(&told.listed)).await.unwrap();
    assert_eq!(bodies.len(), seen.len());
    for fetched in bodies {
        let FetchResult::Body(body) = fetched.what else { panic!("{:?}", fetched.what) };
        let seen = seen.iter().find(|s| i64::from(s.uid) == fetched.row).unwrap();
        assert_eq!(body.hash().unwrap().0, seen.hash, "{}", seen.label);
    }
    let prints = session.fingerprints(folder, told.epoch, items(&told.listed)).await.unwrap();
    assert_eq!(prints.len(), seen.len());
}

fn cursors(all: &[(SourceFolder, Told)]) -> Vec<(FolderName, Option<Vec<u8>>)> {
    all.iter().map(|(folder, told)| (folder.name.clone(), told.cursor.clone())).collect()
}

/// After nothing happened: no message is new, none gone, and none has other flags.
async fn tells_no_change(session: &mut dyn SourceSession, all: &[(SourceFolder, Told)], condstore: bool) {
    let again = discover(session, cursors(all)).await;
    for (folder, before) in all {
        let now = &again[&folder.name];
        assert!(now.listed.is_empty() && now.gone.is_empty());
        match now.kind.unwrap() {
            ListingKind::Unchanged => assert!(now.flags.is_empty()),
            ListingKind::Delta => panic!("nothing changed in {:?}", folder.name),
            ListingKind::Complete => assert_eq!(now.uids(), before.uids()),
        }
        assert!(!condstore || before.listed.is_empty() || now.kind == Some(ListingKind::Unchanged));
    }
}

/// What changes in the inbox, made by another client: the first message flagged, the second removed, one new.
fn change(raw: &mut Raw, mailbox: &Mailbox) -> (u32, u32) {
    let uids: Vec<u32> = MailboxImage::read(raw).folders["INBOX"].iter().map(|s| s.uid).collect();
    assert!(append(raw, "INBOX", &[mailbox.mail(1)])[0].is_ok());
    raw.command("SELECT INBOX");
    raw.command(&format!("UID STORE {} FLAGS (\\Flagged kept)", uids[0]));
    raw.command(&format!("UID STORE {} +FLAGS (\\Deleted)", uids[1]));
    // All three know it, whether they say so here or not.
    raw.command(&format!("UID EXPUNGE {}", uids[1]));
    (uids[0], uids[1])
}

async fn tells_a_change(session: &mut dyn SourceSession, all: &[(SourceFolder, Told)], changed: u32, removed: u32) {
    let told = discover(session, cursors(all)).await.remove(&FolderName::inbox()).unwrap();
    let before = &all.iter().find(|(folder, _)| folder.path.is_inbox()).unwrap().1;
    let last = *before.uids().last().unwrap();
    assert!(told.listed.iter().all(|l| uid(&l.id) > last));
    assert_eq!(told.listed.len(), 1);
    let flags = told.flags.iter().find(|f| uid(&f.id) == changed).unwrap_or_else(|| panic!("{told:?}"));
    assert_eq!(names(&flags.flags), ["\\Flagged".to_owned(), "kept".to_owned()].into());
    match told.kind.unwrap() {
        ListingKind::Unchanged => panic!("three things changed"),
        ListingKind::Delta => assert_eq!(told.gone, [removed]),
        ListingKind::Complete => {
            let wanted: Vec<u32> = before.uids().into_iter().filter(|uid| *uid != removed).collect();
            assert_eq!(told.flags.iter().map(|f| uid(&f.id)).collect::<Vec<_>>(), wanted);
        }
    }
    let gone = FetchItem { row: 1, id: removed.to_be_bytes().to_vec(), size: 1000 };
    let here = FetchItem { row: 2, id: changed.to_be_bytes().to_vec(), size: 1000 };
    let mut fetched = fetch(session, &FolderName::inbox(), told.epoch, vec![gone, here]).await.unwrap();
    fetched.sort_by_key(|f| f.row);
    assert!(matches!(fetched[0].what, FetchResult::Vanished), "{:?}", fetched[0].what);
    assert!(matches!(fetched[1].what, FetchResult::Body(_)));
}

async fn knows_what_it_cannot_read(session: &mut dyn SourceSession) {
    let missing = FolderName(b"No such folder".to_vec());
    let told = discover(session, vec![(missing.clone(), None), (FolderName::inbox(), None)]).await;
    assert_eq!(told[&missing].unreadable, Some(Code::FolderSelect));
    assert!(told[&FolderName::inbox()].cursor.is_some(), "the next folder is read all the same");
    assert_eq!(session.epochs(&[missing, FolderName::inbox()]).await.unwrap()[0], None);
    let epoch = told[&FolderName::inbox()].epoch;
    let wrong = fetch(session, &FolderName::inbox(), epoch + 1, Vec::new()).await.unwrap_err();
    assert_eq!(wrong.code(), Code::Identity);
}

/// The whole suite, with a mailbox of `user`.
fn suite(host: &Host, user: &str, condstore: bool) {
    let mut mailbox = Mailbox::new(3, 0, 300);
    mailbox.tame_names = !host.takes_all();
    let mut raw = host.raw(user);
    let refused = fill(&mut raw, &mailbox);
    assert!(refused.is_empty() || !host.takes_all(), "{}", refused[0].words);
    let image = MailboxImage::read(&mut raw);
    run(async {
        let source = ImapSource::new(host.settings(user, Side::Source));
        let mut session = source.open().await.unwrap();
        let all = reads_everything(&mut *session, &image).await;
        tells_no_change(&mut *session, &all, condstore).await;
        let (changed, removed) = change(&mut raw, &mailbox);
        tells_a_change(&mut *session, &all, changed, removed).await;
        knows_what_it_cannot_read(&mut *session).await;
        session.close().await;
    });
    assert_eq!(MailboxImage::read(&mut host.raw(user)).messages(), image.messages(), "one came, one went");
}

#[test]
fn dovecot_is_a_source() {
    suite(&Host::dovecot(&[]), "ann", true);
}

#[test]
fn dovecot_without_its_extensions_is_a_source() {
    let without =
        ["QRESYNC", "CONDSTORE", "LIST-STATUS", "LIST-EXTENDED", "NAMESPACE", "SPECIAL-USE", "UIDPLUS", "ESEARCH"];
    suite(&Host::dovecot(&without), "ann", false);
}

#[test]
fn dovecot_with_condstore_alone_is_a_source() {
    suite(&Host::dovecot(&["QRESYNC"]), "ann", true);
}

#[test]
fn cyrus_is_a_source() {
    suite(&Host::Cyrus(Cyrus::start(&["ann"])), "ann", true);
}

#[test]
fn courier_is_a_source() {
    suite(&Host::Courier(Courier::start()), "ann", false);
}

#[test]
fn courier_does_not_renumber_what_nobody_opened() {
    let host = Host::Courier(Courier::start());
    run(async {
        let source = ImapSource::new(host.settings("ann", Side::Source));
        let inbox = [FolderName::inbox()];
        let mut session = source.open().await.unwrap();
        let first = session.epochs(&inbox).await.unwrap();
        // It numbers by the second.
        let end = clock::instant() + Duration::from_millis(1500);
        while clock::instant() < end {
            let mut session = source.open().await.unwrap();
            assert_eq!(session.epochs(&inbox).await.unwrap(), first);
            session.close().await;
        }
    });
}

#[test]
fn a_server_that_talks_much_and_in_any_order_is_a_source() {
    let host = Host::lab(|persona| {
        persona.manner.chatty = true;
        persona.manner.any_order = true;
    });
    suite(&host, "ann", true);
}

#[test]
fn a_server_with_a_prefix_and_without_uidnext_is_a_source() {
    let host = Host::lab(|persona| {
        persona.capabilities.remove(&["CONDSTORE", "QRESYNC", "ESEARCH", "LIST-STATUS"]);
        persona.manner.hides_uidnext = true;
        persona.manner.names = NameForm::Atom;
        persona.manner.namespaces.personal = "INBOX.";
    });
    suite(&host, "ann", false);
}

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
pub struct Told {
    pub kind: Option<ListingKind>,
    pub epoch: u64,
    pub listed: Vec<Listed>,
    pub flags: Vec<FlagsSeen>,
    pub gone: Vec<Vec<u8>>,
    pub cursor: Option<Vec<u8>>,
    pub count: Option<u64>,
    pub unreadable: Option<Code>,
}

impl Told {
    /// Every id that the listing told, in its order.
    fn ids(&self) -> Vec<Vec<u8>> {
        self.flags.iter().map(|f| f.id.clone()).chain(self.listed.iter().map(|l| l.id.clone())).collect()
    }

    /// The flags of a message, in whichever way they were told.
    fn flags_of(&self, id: &[u8]) -> Option<&Flags> {
        let seen = self.flags.iter().find(|f| f.id == id).map(|f| &f.flags);
        seen.or_else(|| self.listed.iter().find(|l| l.id == id).map(|l| &l.flags))
    }
}

/// A mailbox as somebody else sees it: each message with the id that a source tells of it.
pub struct Shown {
    pub folders: BTreeMap<String, Vec<(Vec<u8>, Seen)>>,
    pub subscribed: BTreeSet<String>,
}

impl From<&MailboxImage> for Shown {
    fn from(image: &MailboxImage) -> Self {
        let with_id = |seen: &Seen| (seen.uid.to_be_bytes().to_vec(), seen.clone());
        let folder = |(path, seen): (&String, &Vec<Seen>)| (path.clone(), seen.iter().map(with_id).collect());
        Shown { folders: image.folders.iter().map(folder).collect(), subscribed: image.subscribed.clone() }
    }
}

fn names(flags: &Flags) -> BTreeSet<String> {
    flags.names().map(str::to_owned).collect()
}

pub async fn discover(
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
        DiscoverEvent::Gone(page) => told.gone.extend(page),
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

/// In the order of the listing: a row is a place in it.
pub fn items(listed: &[Listed]) -> Vec<FetchItem> {
    (0..).zip(listed).map(|(row, l)| FetchItem { row, id: l.id.clone(), size: l.size }).collect()
}

/// Lists and reads everything, and compares it with what another client sees.
async fn reads_everything(session: &mut dyn SourceSession, shown: &Shown) -> Vec<(SourceFolder, Told)> {
    let folders = session.folders().await.unwrap();
    let paths: BTreeSet<String> = folders.iter().filter(|f| f.skipped.is_none()).map(|f| f.path.to_string()).collect();
    assert_eq!(paths, shown.folders.keys().cloned().collect());
    let subscribed: BTreeSet<String> =
        folders.iter().filter(|f| f.subscribed && f.skipped.is_none()).map(|f| f.path.to_string()).collect();
    assert_eq!(subscribed, shown.subscribed);
    let read: Vec<&SourceFolder> = folders.iter().filter(|f| f.skipped.is_none()).collect();
    let mut told = discover(session, read.iter().map(|f| (f.name.clone(), None)).collect()).await;
    let mut all = Vec::new();
    for folder in read {
        let told = told.remove(&folder.name).unwrap();
        let seen: BTreeMap<_, _> = shown.folders[&folder.path.to_string()].iter().cloned().collect();
        assert_eq!(told.kind, Some(ListingKind::Complete));
        compare_listing(&told, &seen);
        compare_bodies(session, &folder.name, &told, &seen).await;
        all.push((folder.clone(), told));
    }
    all
}

fn compare_listing(told: &Told, seen: &BTreeMap<Vec<u8>, Seen>) {
    assert!(told.ids().iter().eq(seen.keys()), "{told:?}");
    assert!(told.count.is_none_or(|count| count == seen.len() as u64), "{:?} of {}", told.count, seen.len());
    for (listed, seen) in told.listed.iter().zip(seen.values()) {
        assert_eq!(listed.received_at.unwrap().unix, seen.received_at);
        assert_eq!(names(&listed.flags), seen.flags);
    }
}

async fn compare_bodies(
    session: &mut dyn SourceSession,
    folder: &FolderName,
    told: &Told,
    seen: &BTreeMap<Vec<u8>, Seen>,
) {
    let bodies = fetch(session, folder, told.epoch, items(&told.listed)).await.unwrap();
    assert_eq!(bodies.len(), seen.len());
    for fetched in bodies {
        let FetchResult::Body(body) = fetched.what else { panic!("{:?}", fetched.what) };
        let seen = &seen[&told.listed[fetched.row as usize].id];
        assert_eq!(body.hash().unwrap().0, seen.hash, "{}", seen.label);
    }
    let prints = session.fingerprints(folder, told.epoch, items(&told.listed)).await.unwrap();
    assert_eq!(prints.len(), seen.len());
}

fn cursors(all: &[(SourceFolder, Told)]) -> Vec<(FolderName, Option<Vec<u8>>)> {
    all.iter().map(|(folder, told)| (folder.name.clone(), told.cursor.clone())).collect()
}

/// After nothing happened: no message is new, none gone, and none has other flags. `knows`: the source can tell that.
async fn tells_no_change(session: &mut dyn SourceSession, all: &[(SourceFolder, Told)], knows: bool) {
    let again = discover(session, cursors(all)).await;
    for (folder, before) in all {
        let now = &again[&folder.name];
        assert!(now.listed.is_empty() && now.gone.is_empty());
        match now.kind.unwrap() {
            ListingKind::Unchanged => assert!(now.flags.is_empty()),
            ListingKind::Delta => panic!("nothing changed in {:?}", folder.name),
            ListingKind::Complete => assert_eq!(now.ids(), before.ids()),
        }
        assert!(!knows || before.listed.is_empty() || now.kind == Some(ListingKind::Unchanged));
    }
}

/// What changes in the inbox, made by another client: the first message flagged, the second removed, one new.
fn change(raw: &mut Raw, mailbox: &Mailbox) -> Changed {
    let uids: Vec<u32> = MailboxImage::read(raw).folders["INBOX"].iter().map(|s| s.uid).collect();
    assert!(append(raw, "INBOX", &[mailbox.mail(1)])[0].is_ok());
    raw.command("SELECT INBOX");
    raw.command(&format!("UID STORE {} FLAGS (\\Flagged kept)", uids[0]));
    raw.command(&format!("UID STORE {} +FLAGS (\\Deleted)", uids[1]));
    // All three know it, whether they say so here or not.
    raw.command(&format!("UID EXPUNGE {}", uids[1]));
    let id = |uid: u32| uid.to_be_bytes().to_vec();
    Changed { flags: id(uids[0]), removed: id(uids[1]) }
}

/// What happened to the inbox: one message has the flags `\\Flagged` and `kept`, one is gone, one is new.
pub struct Changed {
    pub flags: Vec<u8>,
    pub removed: Vec<u8>,
}

async fn tells_a_change(session: &mut dyn SourceSession, all: &[(SourceFolder, Told)], changed: &Changed) {
    let (folder, before) = all.iter().find(|(folder, _)| folder.path.is_inbox()).unwrap();
    let told = discover(session, cursors(all)).await.remove(&folder.name).unwrap();
    let known = before.ids();
    let (again, new): (Vec<_>, Vec<_>) = told.listed.iter().map(|l| &l.id).partition(|id| known.contains(id));
    assert_eq!(new.len(), 1);
    assert!(again.iter().all(|id| **id == changed.flags), "what is known and did not change is not listed: {told:?}");
    let flags = told.flags_of(&changed.flags).unwrap_or_else(|| panic!("{told:?}"));
    assert_eq!(names(flags), ["\\Flagged".to_owned(), "kept".to_owned()].into());
    match told.kind.unwrap() {
        ListingKind::Unchanged => panic!("three things changed"),
        ListingKind::Delta => assert_eq!(told.gone, std::slice::from_ref(&changed.removed)),
        ListingKind::Complete => {
            let wanted: Vec<_> = known.into_iter().filter(|id| *id != changed.removed).collect();
            assert_eq!(told.flags.iter().map(|f| f.id.clone()).collect::<Vec<_>>(), wanted);
        }
    }
    let gone = FetchItem { row: 1, id: changed.removed.clone(), size: 1000 };
    let here = FetchItem { row: 2, id: changed.flags.clone(), size: 1000 };
    let mut fetched = fetch(session, &folder.name, told.epoch, vec![gone, here]).await.unwrap();
    fetched.sort_by_key(|f| f.row);
    assert!(matches!(fetched[0].what, FetchResult::Vanished), "{:?}", fetched[0].what);
    assert!(matches!(fetched[1].what, FetchResult::Body(_)));
}

async fn knows_what_it_cannot_read(session: &mut dyn SourceSession, inbox: &FolderName) {
    let missing = FolderName(b"No such folder".to_vec());
    let told = discover(session, vec![(missing.clone(), None), (inbox.clone(), None)]).await;
    assert_eq!(told[&missing].unreadable, Some(Code::FolderSelect));
    assert!(told[inbox].cursor.is_some(), "the next folder is read all the same");
    assert_eq!(session.epochs(&[missing, inbox.clone()]).await.unwrap(), [None, Some(told[inbox].epoch)]);
    let wrong = fetch(session, inbox, told[inbox].epoch + 1, Vec::new()).await.unwrap_err();
    assert_eq!(wrong.code(), Code::Identity);
}

/// What every source must do with the mailbox that is `shown`. `knows`: it can tell that nothing changed.
pub async fn promises(source: &dyn SourceConnector, shown: &Shown, knows: bool, change: impl FnOnce() -> Changed) {
    let mut session = source.open().await.unwrap();
    let all = reads_everything(&mut *session, shown).await;
    tells_no_change(&mut *session, &all, knows).await;
    let changed = change();
    tells_a_change(&mut *session, &all, &changed).await;
    let inbox = all.iter().find(|(folder, _)| folder.path.is_inbox()).unwrap().0.name.clone();
    knows_what_it_cannot_read(&mut *session, &inbox).await;
    session.close().await;
}

/// The whole suite, with a mailbox of `user`.
fn suite(host: &Host, user: &str, condstore: bool) {
    let mut mailbox = Mailbox::new(3, 0, 300);
    mailbox.tame_names = !host.takes_all();
    let mut raw = host.raw(user);
    let refused = fill(&mut raw, &mailbox);
    assert!(refused.is_empty() || !host.takes_all(), "{}", refused[0].words);
    let image = MailboxImage::read(&mut raw);
    let source = ImapSource::new(host.settings(user, Side::Source));
    run(promises(&source, &Shown::from(&image), condstore, || change(&mut raw, &mailbox)));
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

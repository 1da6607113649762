//! What every target must do: take messages exactly, tell the outcome of each, find them again.

use super::{Host, run};
use crate::support::{
    corpus::Mailbox,
    courier::Courier,
    cyrus::Cyrus,
    fill::append as raw_append,
    image::{MailboxImage, Seen},
};
use mailhaul::{
    body::Body,
    error::{Code, Result, Scope, Side},
    model::{Fingerprint, Flags, FolderName, FolderPath, ReceivedAt, SystemFlags},
    target::{
        AppendItem, AppendResult, Appended, Evidence, Fault, Find, FolderStatus, Found, NewFolder, Sight, Sighting,
        TargetConnector, TargetSession, imap::ImapTarget,
    },
};
use std::collections::{BTreeMap, BTreeSet};
use tokio::sync::mpsc;

/// Messages of the corpus that are appended.
const MESSAGES: usize = 120;
/// A UID that no message has; Cyrus 3.6 reads a set with a number above 2³¹ as empty.
const NOT_THERE: u32 = 2_000_000_000;

fn item(mailbox: &Mailbox, n: usize) -> AppendItem {
    let mail = mailbox.mail(n);
    AppendItem {
        row: n as i64,
        body: Body::from_bytes(mail.body),
        fingerprint: Fingerprint([0; 16]),
        flags: Flags::from_names(mail.flags),
        received_at: Some(ReceivedAt::from_datetime(mail.received_at)),
        suspect: false,
    }
}

/// A message without flags, with a date.
pub fn item_of(row: usize, body: Vec<u8>) -> AppendItem {
    let received_at = Some(ReceivedAt { unix: 1_600_000_000, offset: 3600 });
    AppendItem {
        row: row as i64,
        body: Body::from_bytes(body),
        fingerprint: Fingerprint([0; 16]),
        flags: Flags::default(),
        received_at,
        suspect: false,
    }
}

async fn append(
    session: &mut dyn TargetSession,
    folder: &FolderName,
    items: Vec<AppendItem>,
    group: usize,
) -> Result<Vec<Appended>> {
    let (done, all) = append_all(session, folder, items, group).await;
    done.map(|()| all)
}

/// Appends in groups, and gives all that was told whatever the end.
pub async fn append_all(
    session: &mut dyn TargetSession,
    folder: &FolderName,
    items: Vec<AppendItem>,
    group: usize,
) -> (Result<()>, Vec<Appended>) {
    let (to_append, groups) = mpsc::channel(2);
    let (outcomes, mut told) = mpsc::channel(8);
    let send = async move {
        let mut kept_back = Vec::new();
        for group in items.chunks(group) {
            // A target that stops takes no more; what it never got is not sent.
            if to_append.send(group.to_vec()).await.is_err() {
                kept_back.extend(group.iter().map(|item| Appended { row: item.row, what: AppendResult::NotSent }));
            }
        }
        kept_back
    };
    let collect = async {
        let mut all = Vec::new();
        while let Some(outcome) = told.recv().await {
            all.push(outcome);
        }
        all
    };
    let (done, kept_back, mut all) = tokio::join!(session.append(folder, groups, outcomes), send, collect);
    all.extend(kept_back);
    (done, all)
}

/// Finds, all pages together.
pub async fn find(
    session: &mut dyn TargetSession,
    folder: &FolderName,
    which: Find,
    evidence: Evidence,
) -> (FolderStatus, Vec<Found>) {
    let (pages, mut told) = mpsc::channel(2);
    let collect = async {
        let mut all = Vec::new();
        while let Some(page) = told.recv().await {
            all.extend(page);
        }
        all
    };
    let (status, all) = tokio::join!(session.find(folder, which, evidence, pages), collect);
    (status.unwrap(), all)
}

/// Finds in several folders: what was told of each, all pages together, with how it ended.
pub async fn find_each(
    session: &mut dyn TargetSession,
    wanted: Vec<(FolderName, Find)>,
    evidence: Evidence,
) -> Vec<(Vec<Found>, Option<Result<FolderStatus>>)> {
    let (sender, mut told) = mpsc::channel(2);
    let mut each: Vec<_> = wanted.iter().map(|_| (Vec::new(), None)).collect();
    let collect = async {
        while let Some(Sighting { at, what }) = told.recv().await {
            assert!(each[at].1.is_none(), "nothing is told of a folder after its end");
            match what {
                Sight::Found(page) => each[at].0.extend(page),
                Sight::Complete(status) => each[at].1 = Some(Ok(status)),
                Sight::Unreadable(error) => each[at].1 = Some(Err(error)),
            }
        }
    };
    let (found, ()) = tokio::join!(session.find_each(wanted, evidence, sender), collect);
    found.unwrap();
    each
}

/// Several folders in one go are told as each is by itself; one that is not there hides no other.
async fn finds_in_several_folders(session: &mut dyn TargetSession, folder: &FolderName) {
    let missing = FolderName(b"No such folder".to_vec());
    let (status, all) = find(session, folder, Find::All, Evidence::Body).await;
    let some = vec![all[4].at.uid, all[7].at.uid, NOT_THERE];
    let wanted = vec![
        (folder.clone(), Find::Uids(some)),
        (missing, Find::All),
        (FolderName::inbox(), Find::All),
        (folder.clone(), Find::All),
        (folder.clone(), Find::From(all[9].at.uid)),
    ];
    let told = find_each(session, wanted, Evidence::Body).await;
    let hashes = |found: &[Found]| found.iter().map(|f| (f.at, f.body_hash)).collect::<Vec<_>>();
    assert_eq!(hashes(&told[0].0), hashes(&[all[4].clone(), all[7].clone()]));
    let refused = told[1].1.as_ref().unwrap().as_ref().unwrap_err();
    assert!(matches!(refused.code(), Code::FolderSelect | Code::NotFound), "{refused}");
    assert!(told[2].0.is_empty() && told[2].1.as_ref().unwrap().is_ok());
    assert_eq!(hashes(&told[3].0), hashes(&all));
    assert_eq!(told[3].1.as_ref().unwrap().as_ref().unwrap().next, status.next);
    assert_eq!(hashes(&told[4].0), hashes(&all[9..]));
}

fn uids(found: &[Found]) -> Vec<u32> {
    found.iter().map(|f| f.at.uid).collect()
}

/// Folder names with all that is hard in them are created once, however often they are asked for.
async fn creates_folders(
    session: &mut dyn TargetSession,
    mailbox: &Mailbox,
    host: &Host,
) -> BTreeMap<String, FolderName> {
    let names: Vec<String> = mailbox.layout().into_iter().map(|(name, _)| name).collect();
    let wanted: Vec<NewFolder> =
        names.iter().map(|name| (FolderPath::new(name.split('/')), mailbox.subscribes(name)).into()).collect();
    let first = session.ensure_folders(&wanted).await.unwrap();
    let again = session.ensure_folders(&wanted).await.unwrap();
    let folders: BTreeMap<String, FolderName> =
        names.iter().cloned().zip(first.into_iter().map(|folder| folder.unwrap())).collect();
    assert_eq!(folders.values().cloned().collect::<BTreeSet<_>>(), again.into_iter().map(|f| f.unwrap()).collect());
    let image = MailboxImage::read(&mut host.raw("ann"));
    assert!(names.iter().all(|name| image.folders.contains_key(name)), "{:?}", image.folders.keys());
    let subscribed: BTreeSet<String> = image.subscribed.into_iter().filter(|name| names.contains(name)).collect();
    assert_eq!(subscribed, names.iter().filter(|name| mailbox.subscribes(name)).cloned().collect());
    folders
}

/// What the capabilities call illegal is refused, and the rest of what people write into names is taken.
async fn knows_illegal_characters(session: &mut dyn TargetSession) {
    let illegal = session.capabilities().illegal_characters;
    let delimiter = session.capabilities().delimiter;
    let written = "!\"#$%&'()+,-./:;<=>?@[\\]^_`{|}~ä日";
    let wanted: Vec<NewFolder> =
        written.chars().map(|c| (FolderPath::new([format!("a{c}z{}", c as u32)]), false).into()).collect();
    let made = session.ensure_folders(&wanted).await.unwrap();
    for (c, made) in written.chars().zip(made) {
        assert_eq!(made.is_err(), illegal.contains(c) || Some(c) == delimiter, "{c:?}");
    }
}

/// Every message arrives with its bytes, flags and date, or is refused in words that name its fault.
async fn takes_messages_exactly(session: &mut dyn TargetSession, mailbox: &Mailbox, folder: &FolderName, host: &Host) {
    let items: Vec<AppendItem> = (0..MESSAGES).map(|n| item(mailbox, n)).collect();
    let before = session.status(folder).await.unwrap();
    let outcomes = append(session, folder, items.clone(), 25).await.unwrap();
    assert_eq!(outcomes.len(), items.len());
    let mut stored = BTreeMap::new();
    for outcome in outcomes {
        match outcome.what {
            AppendResult::Stored(at) => drop(stored.insert(outcome.row, at)),
            AppendResult::Refused(refusal) => {
                assert!(!host.takes_all(), "{}", refusal.reason.words);
                assert_eq!((refusal.fault, refusal.reason.code), (Fault::Header, Code::ItemMalformed));
            }
            AppendResult::NotSent | AppendResult::Unanswered(_) => panic!("nothing stops the appending"),
        }
    }
    let image = MailboxImage::read(&mut host.raw("ann"));
    let seen = &image.folders["Sent"];
    assert_eq!(seen.len(), stored.len());
    assert_eq!(session.status(folder).await.unwrap().messages, before.messages + stored.len() as u64);
    let by_hash = |hash: [u8; 32], at: i64| seen.iter().filter(move |s| s.hash == hash && s.received_at == at);
    for item in items.iter().filter(|item| stored.contains_key(&item.row)) {
        let hash = item.body.hash().unwrap().0;
        let twins: Vec<&Seen> = by_hash(hash, item.received_at.unwrap().unix).collect();
        assert!(
            twins.iter().any(|seen| seen.flags == item.flags.names().map(str::to_owned).collect()),
            "{:?}",
            item.flags
        );
        if let Some(Some(at)) = stored.get(&item.row) {
            assert!(twins.iter().any(|seen| seen.uid == at.uid), "{at:?}");
        }
    }
    assert!(!session.capabilities().append_uid || stored.values().all(Option::is_some));
}

/// What is there is found by all, by UID, from a mark on, and by Message-ID, with the evidence that was asked for.
async fn finds_messages(session: &mut dyn TargetSession, folder: &FolderName, host: &Host) {
    let image = MailboxImage::read(&mut host.raw("ann"));
    let seen: BTreeMap<u32, &Seen> = image.folders["Sent"].iter().map(|s| (s.uid, s)).collect();
    let (status, all) = find(session, folder, Find::All, Evidence::Body).await;
    assert_eq!(uids(&all), seen.keys().copied().collect::<Vec<_>>());
    for found in &all {
        assert_eq!((found.body_hash.unwrap().0, found.at.validity), (seen[&found.at.uid].hash, status.validity));
        assert_eq!(found.received_at.unwrap().unix, seen[&found.at.uid].received_at);
    }
    let middle = all[all.len() / 2].at.uid;
    let (_, rest) = find(session, folder, Find::From(middle), Evidence::Header).await;
    assert_eq!(uids(&rest), uids(&all[all.len() / 2..]));
    assert!(
        rest.iter().zip(&all[all.len() / 2..]).all(|(a, b)| a.fingerprint.is_some() && a.fingerprint == b.fingerprint)
    );
    let some = vec![all[0].at.uid, all[7].at.uid, NOT_THERE];
    let (_, named) = find(session, folder, Find::Uids(some), Evidence::Attributes).await;
    assert_eq!(uids(&named), [all[0].at.uid, all[7].at.uid]);
    assert!(named[0].fingerprint.is_none());
    let (_, none) = find(session, folder, Find::From(status.next), Evidence::Body).await;
    assert!(none.is_empty(), "a set beyond the last message must not give the last one (quirk 40)");
    let id = "<attachment-not-there@example.com>".to_owned();
    assert!(find(session, folder, Find::MessageIds(vec![id]), Evidence::Attributes).await.1.is_empty());
    let (_, attached) =
        find(session, folder, Find::MessageIds(vec!["<3.0.39@example.com>".into()]), Evidence::Attributes).await;
    assert_eq!(attached.len(), 1);
}

/// A difference of flags is applied, and what the user did stays.
async fn changes_flags(session: &mut dyn TargetSession, folder: &FolderName, host: &Host) {
    let (_, all) = find(session, folder, Find::All, Evidence::Attributes).await;
    let (one, gone) = (all[0].at.uid, NOT_THERE);
    host.raw("ann").command(&format!("SELECT {}", host.raw("ann").wire("Sent")));
    let wanted = Flags::from_names(["\\Flagged", "project"]);
    let change = all[0].flags.change_to(&wanted);
    let validity = all[0].at.validity;
    let changes = || vec![(one, change.clone()), (gone, change.clone())];
    let strangers = session.set_flags(folder, validity.wrapping_add(1), changes()).await;
    assert_eq!(strangers.unwrap_err().code(), Code::Identity);
    assert_eq!(session.set_flags(folder, validity, changes()).await.unwrap(), [one]);
    let (_, now) = find(session, folder, Find::Uids(vec![one]), Evidence::Attributes).await;
    assert_eq!(now[0].flags.system, SystemFlags::FLAGGED);
    assert_eq!(now[0].flags.keywords, ["project".to_owned()].into());
}

/// Named messages move and go; nothing else does.
async fn edits_what_it_is_told(session: &mut dyn TargetSession, from: &FolderName, to: &FolderName, host: &Host) {
    let (before, all) = find(session, from, Find::All, Evidence::Body).await;
    let marked = all[5].at.uid;
    let mut raw = host.raw("ann");
    let select = format!("SELECT {}", raw.wire("Sent"));
    raw.command(&select);
    raw.command(&format!("UID STORE {marked} +FLAGS (\\Deleted)"));
    let moving = [all[1].at.uid, all[2].at.uid];
    let moved = session.editor().move_messages(from, moving.to_vec(), to).await.unwrap();
    assert_eq!(moved.iter().map(|(old, _)| *old).collect::<Vec<_>>(), moving);
    let removed = session.editor().remove(from, vec![all[3].at.uid]).await.unwrap();
    assert_eq!(removed, session.capabilities().append_uid);
    let (_, left) = find(session, from, Find::All, Evidence::Attributes).await;
    assert!(uids(&left).contains(&marked), "another's \\Deleted message stays");
    let gone = if removed || raw.can("MOVE") { 2 } else { 0 } + usize::from(removed);
    assert_eq!(left.len(), before.messages as usize - gone);
    let (_, arrived) = find(session, to, Find::All, Evidence::Body).await;
    let hashes: Vec<_> = arrived.iter().map(|found| found.body_hash).collect();
    assert_eq!(hashes, [all[1].body_hash, all[2].body_hash]);
    if let Some(at) = moved[0].1 {
        assert_eq!(at, arrived[0].at);
    }
    let renamed = session.editor().rename_folder(to, &FolderPath::new(["Moved", "ü"])).await.unwrap();
    assert_eq!(session.status(&renamed).await.unwrap().messages, 2);
}

/// Copies at the target itself are the messages they are made of; what is not there is passed over.
async fn duplicates(session: &mut dyn TargetSession, from: &FolderName) {
    let made = session.ensure_folders(&[(FolderPath::new(["Copies"]), false).into()]).await.unwrap();
    let to = made.into_iter().next().unwrap().unwrap();
    let (_, all) = find(session, from, Find::All, Evidence::Body).await;
    let (one, two) = (&all[2], &all[6]);
    let uids = || vec![two.at.uid, NOT_THERE, one.at.uid];
    let strangers = session.duplicate(from, one.at.validity.wrapping_add(1), uids(), &to).await;
    assert_eq!(strangers.unwrap_err().code(), Code::Identity);
    let mut copied = session.duplicate(from, one.at.validity, uids(), &to).await.unwrap();
    copied.sort_unstable_by_key(|(uid, _)| *uid);
    assert_eq!(copied.iter().map(|(uid, _)| *uid).collect::<Vec<_>>(), [one.at.uid, two.at.uid]);
    let (_, arrived) = find(session, &to, Find::All, Evidence::Body).await;
    assert_eq!(arrived.len(), copied.len());
    for (((_, place), found), sent) in copied.iter().zip(&arrived).zip([one, two]) {
        assert!(place.is_none_or(|place| place == found.at), "{place:?}");
        let what = |found: &Found| (found.body_hash, found.received_at.map(|date| date.unix));
        assert_eq!(what(found), what(sent));
        // Where the target does not tell the places, nothing can be done about a mark.
        let stays = if place.is_some() { SystemFlags::DELETED } else { SystemFlags::default() };
        let flags = Flags { system: sent.flags.system.without(stays), ..sent.flags.clone() };
        assert_eq!(found.flags, flags);
    }
    let refused = session.duplicate(from, one.at.validity, uids(), &FolderName(b"No such folder".to_vec())).await;
    assert!(refused.unwrap_err().scope() <= Scope::Folder);
}

async fn names_what_cannot_be(session: &mut dyn TargetSession) {
    let missing = FolderName(b"No such folder".to_vec());
    assert_eq!(session.statuses(&[missing.clone(), FolderName::inbox()]).await.unwrap()[0], None);
    let error = append(session, &missing, Vec::new(), 1).await.unwrap_err();
    assert!(matches!(error.code(), Code::FolderSelect | Code::NotFound), "{error}");
    let bad = FolderPath::new(["a\u{7}b"]);
    let refused = session.ensure_folders(&[(bad, false).into(), (FolderPath::inbox(), false).into()]).await.unwrap();
    assert_eq!(refused[0].as_ref().unwrap_err().code(), Code::FolderName);
    assert_eq!(refused[1].as_ref().unwrap(), &FolderName::inbox());
}

/// The whole suite.
fn suite(host: &Host) {
    let mut mailbox = Mailbox::new(3, 0, MESSAGES);
    mailbox.tame_names = !host.takes_all();
    run(async {
        let target = ImapTarget::new(host.settings("ann", Side::Target));
        let mut session = target.open().await.unwrap();
        let folders = creates_folders(&mut *session, &mailbox, host).await;
        let sent = &folders["Sent"];
        takes_messages_exactly(&mut *session, &mailbox, sent, host).await;
        finds_messages(&mut *session, sent, host).await;
        finds_in_several_folders(&mut *session, sent).await;
        changes_flags(&mut *session, sent, host).await;
        edits_what_it_is_told(&mut *session, sent, &folders["Empty one"], host).await;
        duplicates(&mut *session, sent).await;
        names_what_cannot_be(&mut *session).await;
        knows_illegal_characters(&mut *session).await;
        let mut raw = host.raw("ann");
        assert!(raw_append(&mut raw, "INBOX", &[mailbox.mail(0)])[0].is_ok());
        assert_eq!(session.status(&FolderName::inbox()).await.unwrap().messages, 1, "others' arrivals show");
        session.close().await;
    });
}

#[test]
fn dovecot_is_a_target() {
    suite(&Host::dovecot(&[]));
}

#[test]
fn dovecot_without_its_extensions_is_a_target() {
    suite(&Host::dovecot(&["MULTIAPPEND", "UIDPLUS", "MOVE", "CONDSTORE", "QRESYNC", "LIST-EXTENDED", "NAMESPACE"]));
}

#[test]
fn dovecot_without_literal_plus_is_a_target() {
    suite(&Host::dovecot(&["LITERAL+", "UIDPLUS"]));
}

#[test]
fn cyrus_is_a_target() {
    suite(&Host::Cyrus(Cyrus::start(&["ann"])));
}

#[test]
fn courier_is_a_target() {
    suite(&Host::Courier(Courier::start()));
}

#[test]
fn a_server_that_talks_much_and_in_any_order_is_a_target() {
    let host = Host::lab(|persona| {
        persona.manner.chatty = true;
        persona.manner.any_order = true;
    });
    suite(&host);
}

#[test]
fn a_server_with_a_prefix_and_without_uidnext_is_a_target() {
    let host = Host::lab(|persona| {
        persona.capabilities.remove(&["CONDSTORE", "QRESYNC", "ESEARCH", "LIST-STATUS", "UIDPLUS", "MULTIAPPEND"]);
        persona.manner.hides_uidnext = true;
        persona.manner.namespaces.personal = "INBOX.";
    });
    suite(&host);
}

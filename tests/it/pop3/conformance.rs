//! What a POP3 source must do, whoever serves it: list all, tell what changed, read every byte, change nothing.

use mailhaul::{
    error::Code,
    lab::{
        mailstore::{Computed, Content, NewMessage},
        pop3::{Manner, Pipelining, Uidl},
    },
    model::{FolderName, ReceivedAt},
    source::{FetchResult, ListingKind, SourceConnector, SourceSession, pop3::Pop3Source},
};

use super::{Stand, deliver, letter};
use crate::{
    conformance::source::{Told, discover, fetch, items},
    side,
    support::{
        corpus::Mailbox,
        dovecot::PASSWORD,
        pop3::{Maildrop, USER, carried},
    },
};

async fn inbox(session: &mut dyn SourceSession, cursor: Option<Vec<u8>>) -> Told {
    discover(session, vec![(FolderName::inbox(), cursor)]).await.remove(&FolderName::inbox()).unwrap()
}

/// The bytes of every message that was told, sorted.
async fn bodies(session: &mut dyn SourceSession, told: &Told) -> Vec<Vec<u8>> {
    let fetched = fetch(session, &FolderName::inbox(), told.epoch, items(&told.listed)).await.unwrap();
    let mut bodies: Vec<Vec<u8>> = fetched.into_iter().map(|fetched| body(fetched.what)).collect();
    bodies.sort();
    bodies
}

fn body(what: FetchResult) -> Vec<u8> {
    let FetchResult::Body(body) = what else { panic!("{what:?}") };
    let mut bytes = Vec::new();
    body.for_each_chunk(|chunk| bytes.extend_from_slice(chunk)).unwrap();
    bytes
}

fn sorted(mut bodies: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    bodies.sort();
    bodies
}

/// A maildrop that somebody else changes.
trait Owner {
    fn source(&self) -> Pop3Source;
    /// Removes the first message and delivers one.
    fn change(&self, new: &[u8]);
    /// Gives all messages other unique ids.
    fn name_anew(&self);
}

/// The whole suite over a maildrop that holds `wanted`.
async fn suite(owner: &impl Owner, wanted: Vec<Vec<u8>>) {
    // Each time a connector of its own, as each process has: a server may want time between the sign-ins of one.
    let mut session = owner.source().open().await.unwrap();
    assert_eq!(session.folders().await.unwrap().len(), 1);
    let first = inbox(&mut *session, None).await;
    assert_eq!((first.kind, first.count), (Some(ListingKind::Complete), Some(wanted.len() as u64)));
    assert!(first.listed.is_sorted_by(|a, b| a.id < b.id), "ascending, and each once");
    assert_eq!(bodies(&mut *session, &first).await, sorted(wanted.clone()));
    let prints = session.fingerprints(&FolderName::inbox(), first.epoch, items(&first.listed)).await.unwrap();
    assert_eq!(prints.len(), wanted.len());

    session.close().await;
    let mut session = owner.source().open().await.unwrap();
    let again = inbox(&mut *session, first.cursor.clone()).await;
    assert_eq!((again.kind, again.listed.len(), again.epoch), (Some(ListingKind::Unchanged), 0, first.epoch));

    let new = letter(4000);
    owner.change(&new);
    session.close().await;
    let mut session = owner.source().open().await.unwrap();
    let changed = inbox(&mut *session, again.cursor).await;
    assert_eq!((changed.kind, changed.listed.len(), changed.gone.len()), (Some(ListingKind::Delta), 1, 1));
    assert_eq!(bodies(&mut *session, &changed).await, [carried(&new)]);
    let gone: Vec<_> = first.listed.iter().filter(|listed| listed.id == changed.gone[0]).cloned().collect();
    let fetched = fetch(&mut *session, &FolderName::inbox(), changed.epoch, items(&gone)).await.unwrap();
    assert!(matches!(fetched[0].what, FetchResult::Vanished));
    knows_what_it_cannot_read(&mut *session, &changed).await;
    session.close().await;

    owner.name_anew();
    let mut session = owner.source().open().await.unwrap();
    let anew = inbox(&mut *session, changed.cursor).await;
    assert_eq!((anew.kind, anew.epoch), (Some(ListingKind::Complete), changed.epoch + 1), "another life");
    assert_eq!(bodies(&mut *session, &anew).await.len(), wanted.len());
    session.close().await;
}

async fn knows_what_it_cannot_read(session: &mut dyn SourceSession, told: &Told) {
    let missing = FolderName(b"Sent".to_vec());
    let other = discover(session, vec![(missing.clone(), None)]).await;
    assert_eq!(other[&missing].unreadable, Some(Code::FolderSelect));
    let inbox = FolderName::inbox();
    assert_eq!(session.epochs(&[missing, inbox.clone()]).await.unwrap(), [None, Some(told.epoch)]);
    let wrong = fetch(session, &inbox, told.epoch + 1, Vec::new()).await.unwrap_err();
    assert_eq!(wrong.code(), Code::Identity);
}

impl Owner for Maildrop {
    fn source(&self) -> Pop3Source {
        Pop3Source::new(side::maildrop(self.address(), USER, PASSWORD))
    }
    fn change(&self, new: &[u8]) {
        self.remove_first();
        self.deliver([new]);
    }
    fn name_anew(&self) {
        Maildrop::name_anew(self);
    }
}

impl Owner for (Stand, Manner) {
    fn source(&self) -> Pop3Source {
        self.0.source()
    }
    fn change(&self, new: &[u8]) {
        self.0.remove(&[1]);
        deliver(&self.0.store, new.to_vec());
    }
    fn name_anew(&self) {
        self.0.server.set_manner(self.1.clone().with(|manner| manner.uidl = Uidl::Own { generation: 1 }));
    }
}

fn real(maildrop: &Maildrop) {
    let mailbox = Mailbox::new(3, 0, 120);
    let mails: Vec<Vec<u8>> = (0..120).map(|n| mailbox.mail(n).body).collect();
    maildrop.deliver(mails.iter().map(Vec::as_slice));
    crate::conformance::run(suite(maildrop, mails.iter().map(|mail| carried(mail)).collect()));
    assert_eq!(maildrop.count(), 120, "one came, one went");
}

async fn lab(manner: Manner) {
    let stand = Stand::with(60, manner.clone()).await;
    let wanted = stand.bodies();
    let owner = (stand, manner);
    suite(&owner, wanted).await;
    let journal = owner.0.server.journal();
    assert_eq!((journal.count("DELE"), journal.count("RSET")), (0, 0));
}

#[test]
fn dovecot_is_a_pop3_source() {
    real(&Maildrop::dovecot());
}

#[test]
fn courier_is_a_pop3_source() {
    real(&Maildrop::courier());
}

#[tokio::test]
async fn a_host_of_today_is_a_source() {
    lab(Manner::default()).await;
}

/// Listed in pages, with a cursor that stays small; nothing is read of a message that is known.
#[tokio::test]
async fn a_maildrop_of_a_hundred_thousand_is_listed_twice() {
    let stand = Stand::with(0, Manner::default()).await;
    stand.store.write(|mailbox| {
        let inbox = mailbox.folder_mut(b"INBOX").unwrap();
        for seed in 0..100_000 {
            let mail = NewMessage::new(Vec::new(), ReceivedAt { unix: 0, offset: 0 });
            inbox.append(NewMessage { content: Content::Computed(Computed::new(seed, 2000)), ..mail }, None);
        }
    });
    let mut session = stand.source().open().await.unwrap();
    let first = inbox(&mut *session, None).await;
    assert_eq!((first.listed.len(), first.count), (100_000, Some(100_000)));
    let cursor = first.cursor.unwrap();
    assert!(cursor.len() < 2 << 20, "{} bytes", cursor.len());
    session.close().await;
    let again = inbox(&mut *stand.source().open().await.unwrap(), Some(cursor)).await;
    assert_eq!((again.kind, again.listed.len()), (Some(ListingKind::Unchanged), 0));
    assert_eq!(stand.server.journal().count("RETR") + stand.server.journal().count("TOP"), 0);
}

#[tokio::test]
async fn a_host_that_pipelines_nothing_is_a_source() {
    lab(Manner::default().with(|manner| manner.pipelining = Pipelining::Untold)).await;
}

#[tokio::test]
async fn a_host_that_knows_little_is_a_source() {
    let manner = Manner::default().with(|manner| {
        (manner.capa, manner.top, manner.user, manner.apop) = (false, false, true, true);
        manner.sasl.clear();
    });
    lab(manner).await;
}

#[tokio::test]
async fn a_host_that_writes_in_pieces_is_a_source() {
    lab(Manner::default().with(|manner| manner.pieces = Some(3))).await;
}

#[tokio::test]
async fn a_host_without_unique_ids_is_a_source() {
    lab(Manner::default().with(|manner| manner.uidl = Uidl::Unknown)).await;
}

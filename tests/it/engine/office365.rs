//! The life of an Office 365 mailbox that is read by Graph and copied to Dovecot, judged by a reader that is not ours.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use mailhaul::{
    error::Side,
    graph::Pace,
    lab::{
        graph::{Fault, Kind, Limits, Mailbox, NewItem, Settings},
        mailstore::Content,
    },
    ledger::{Ledger, sqlite::SqliteLedger},
    pace::Rates,
    source::{
        DiscoverEvent,
        graph::{GraphSettings, GraphSource},
    },
    target::imap::ImapTarget,
    transfer::{self, Deletions, MailboxReport, Options, Outcome, Pair, Unobserved},
};
use tokio_util::sync::CancellationToken;

use super::meddler::{Meddle, Meddler};
use crate::{
    graph::stage::{KIM, Stage},
    support::{
        dovecot::Dovecot,
        image::{MailboxImage, Seen, assert_equal},
    },
    trials::{seed, size},
};

/// How much shorter the service's windows are.
const FACTOR: u32 = 60;
/// Where mail lies, and in how many of a hundred messages.
const FOLDERS: [(&str, u8); 6] =
    [("Inbox", 40), ("Archive/2019", 20), ("Sent Items", 20), ("Projects/A & B", 10), ("Drafts", 5), ("Empty", 0)];

struct Life {
    stage: Arc<Stage>,
    dovecot: Dovecot,
    pair: Pair,
    home: tempfile::TempDir,
    random: fastrand::Rng,
    written: usize,
    /// Messages that were deleted, by the folder they lay in: their target keeps them.
    deleted: Vec<(String, Seen)>,
    /// Where each folder of the source is at the target.
    places: BTreeMap<String, String>,
}

impl Life {
    async fn new() -> Life {
        let limits = Limits::default().scaled(FACTOR);
        let stage = Stage::new(Settings { limits, ..Settings::default() }).await;
        let dovecot = Dovecot::start();
        let mailbox = stage.service(Pace::default().scaled(FACTOR)).mailbox(KIM);
        let (bodies, rates) = (stage.bodies.clone(), Rates::default());
        let source = GraphSource::new(GraphSettings { mailbox, describe: KIM.to_owned(), bodies, rates });
        let target = ImapTarget::new(super::settings(dovecot.address(), "kim", Side::Target));
        let pair = Pair {
            source_identity: "source".to_owned(),
            target_identity: "target".to_owned(),
            source: Arc::new(source),
            target: Arc::new(target),
        };
        let random = fastrand::Rng::with_seed(seed());
        let home = tempfile::tempdir().unwrap();
        Life {
            stage: Arc::new(stage),
            dovecot,
            pair,
            home,
            random,
            written: 0,
            deleted: Vec::new(),
            places: BTreeMap::new(),
        }
    }

    fn mailbox<R>(&self, look: impl FnOnce(&mut Mailbox) -> R) -> R {
        self.stage.graph.mailbox(KIM, look).unwrap()
    }

    /// So many new messages in all folders.
    fn write(&mut self, count: usize) {
        for _ in 0..count {
            let folder = self.folder();
            let item = self.item(folder == "Drafts");
            self.mailbox(|mailbox| {
                mailbox.ensure_folder(folder, "IPF.Note");
                mailbox.add(folder, item)
            });
        }
        self.mailbox(|mailbox| mailbox.ensure_folder("Empty", "IPF.Note"));
    }

    fn folder(&mut self) -> &'static str {
        let mut dice = self.random.u8(..95);
        for (folder, share) in FOLDERS {
            if dice < share {
                return folder;
            }
            dice -= share;
        }
        "Inbox"
    }

    /// Some share their header and their date with the one before, and differ in their text.
    fn item(&mut self, draft: bool) -> NewItem {
        let twin = self.random.u8(..100) < 2;
        self.written += usize::from(!twin || self.written == 0);
        let number = self.written;
        let received = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::seconds(1_300_000_000 + 1000 * number as i64);
        let mut text = format!(
            "From: Ann <a@old.example>\r\nTo: b@old.example\r\nSubject: =?utf-8?q?L=C3=A4ufe_{number}?=\r\nDate: {}\r\nMessage-ID: <{number}@old.example>\r\n\r\n",
            received.to_rfc2822()
        );
        for _ in 0..self.random.usize(1..40) {
            text.extend(std::iter::repeat_with(|| self.random.alphanumeric()).take(70));
            text.push_str("\r\n");
        }
        let mut item = NewItem::new("IPM.Note", "a subject", Content::Stored(text.into()), received);
        (item.read, item.draft) = (self.random.u8(..100) < 80, draft);
        if self.random.u8(..100) < 10 {
            (item.flag, item.categories) = ("flagged".to_owned(), vec!["Red category".to_owned()]);
        }
        item
    }

    /// One in so many messages.
    fn some(&mut self, folder: &str, one_in: usize) -> Vec<String> {
        let mut ids = self.mailbox(|mailbox| mailbox.ids_in(folder));
        self.random.shuffle(&mut ids);
        ids.truncate(ids.len().div_ceil(one_in));
        ids
    }

    /// Deletes some, flags some, moves some, edits a draft, and writes new ones. Returns how many must be downloaded.
    fn day(&mut self, new: usize) -> usize {
        self.delete(40);
        for id in self.some("Inbox", 20) {
            self.mailbox(|mailbox| {
                mailbox.update(&id, |item| {
                    (item.read, item.flag) = (!item.read, "flagged".to_owned());
                    item.categories = vec!["Größe".to_owned()];
                })
            });
        }
        // The service tells nothing else of these.
        for id in self.some("Sent Items", 20) {
            self.mailbox(|mailbox| mailbox.update(&id, |item| item.read = !item.read));
        }
        for (from, to) in [("Inbox", "Archive/2019"), ("Archive/2019", "Projects/A & B"), ("Sent Items", "Inbox")] {
            for id in self.some(from, 30) {
                assert!(self.mailbox(|mailbox| mailbox.move_to(&id, to)));
            }
        }
        let edited = self.edit_a_draft();
        self.write(new);
        // A draft's new text is read once to tell it from a move, and once to be copied.
        new + 2 * edited
    }

    fn delete(&mut self, one_in: usize) {
        for id in self.some("Inbox", one_in) {
            let seen = self.image_of("Inbox").remove(&id).unwrap();
            self.deleted.push(("INBOX".to_owned(), seen));
            assert!(self.mailbox(|mailbox| mailbox.remove(&id)));
        }
    }

    /// Its old text stays at the target, as that of a deleted message.
    fn edit_a_draft(&mut self) -> usize {
        let Some(id) = self.some("Drafts", 1_000_000).pop() else { return 0 };
        let seen = self.image_of("Drafts").remove(&id).unwrap();
        self.deleted.push(("Drafts".to_owned(), seen));
        let content = self.item(true).content;
        self.mailbox(|mailbox| mailbox.update(&id, |item| item.content = content));
        1
    }

    fn image_of(&self, folder: &str) -> BTreeMap<String, Seen> {
        self.mailbox(|mailbox| {
            let items: Vec<Seen> = mailbox.items().filter(|(at, _)| at == folder).map(|(_, item)| seen(item)).collect();
            mailbox.ids_in(folder).into_iter().zip(items).collect()
        })
    }

    /// From the next pass on this happens beside its discovery.
    fn meddle(&mut self, meddle: Meddle) {
        self.pair.source = Arc::new(Meddler { inner: self.pair.source.clone(), meddle });
    }

    async fn pass(&mut self, options: &Options) -> MailboxReport {
        let ledger: Arc<dyn Ledger> = SqliteLedger::open(Path::new(&self.home.path().join("ledger.db"))).unwrap();
        let report =
            transfer::run_pass(&self.pair, ledger, options, Arc::new(Unobserved), CancellationToken::new()).await;
        assert_eq!(report.state, Outcome::Verified, "{report:#?}");
        let read = report.folders.iter().filter(|folder| folder.not_read.is_none());
        self.places = read.map(|folder| (folder.source.clone(), folder.target.clone())).collect();
        report
    }

    /// Fails unless Dovecot shows every message once, with its bytes, date and flags, in the folder where it belongs.
    fn assert_all_there(&self) {
        let mut wanted = MailboxImage::default();
        for place in self.places.values() {
            wanted.folders.entry(place.clone()).or_default();
        }
        let mut put = |folder: &str, seen: Seen| {
            let path = match folder.strip_prefix("Inbox") {
                Some(rest) => format!("INBOX{rest}"),
                None => folder.to_owned(),
            };
            wanted.folders.get_mut(&self.places[&path]).unwrap().push(seen);
        };
        self.mailbox(|mailbox| mailbox.items().for_each(|(folder, item)| put(&folder, seen(item))));
        self.deleted.iter().for_each(|(folder, seen)| put(folder, seen.clone()));
        let mut found = MailboxImage::read(&mut self.dovecot.login("kim"));
        found.subscribed.clear();
        found.folders.retain(|name, messages| !messages.is_empty() || wanted.folders.contains_key(name));
        assert_equal(&wanted, &found);
    }

    fn downloads(&self) -> u64 {
        self.stage.graph.count(Kind::Value)
    }
}

fn seen(item: &NewItem) -> Seen {
    let system = [(item.read, "\\Seen"), (item.flag == "flagged", "\\Flagged"), (item.draft, "\\Draft")];
    let system = system.into_iter().filter(|(is, _)| *is).map(|(_, name)| name.to_owned());
    let keyword = |name: &String| if name == "Größe" { "Gr&APYA3w-e".to_owned() } else { name.replace(' ', "_") };
    let flags: BTreeSet<String> = system.chain(item.categories.iter().map(keyword)).collect();
    let hash = *blake3::hash(&item.content.bytes()).as_bytes();
    Seen { uid: 0, hash, received_at: item.received.timestamp(), flags, label: item.subject.clone() }
}

#[test]
fn an_office_365_mailbox_is_copied_and_followed() {
    crate::conformance::run(async {
        let count = size(300, 20_000);
        let new = size(12, 400);
        let mut life = Life::new().await;
        life.write(count);
        let first = life.pass(&Options::default()).await;
        assert_eq!(first.counts.copied, count as u64, "{first:#?}");
        assert_eq!((life.stage.graph.refused(), life.downloads()), ([0; 3], count as u64));
        life.assert_all_there();

        // Days: what is new and what is another text is read, what moved is not.
        for _ in 0..2 {
            let wanted = life.day(new);
            let before = life.downloads();
            life.pass(&Options::default()).await;
            life.assert_all_there();
            assert_eq!(life.downloads() - before, wanted as u64);
        }
        let before = life.downloads();
        life.pass(&Options::default()).await;
        assert_eq!(life.downloads(), before, "nothing happened, nothing is read");

        // The service forgets where every listing was.
        let wanted = life.day(new);
        life.stage.graph.lose_delta_tokens();
        let before = life.downloads();
        life.pass(&Options::default()).await;
        life.assert_all_there();
        assert_eq!(life.downloads() - before, wanted as u64, "nothing is copied twice");
    });
}

#[test]
fn a_throttled_mailbox_is_copied_as_well() {
    crate::conformance::run(async {
        let mut life = Life::new().await;
        life.write(size(60, 600));
        // Fewer requests than the client believes, and a connection that ends.
        life.stage.graph.change_settings(|settings| {
            settings.limits = Limits { requests: (size(40, 200) as u64, Duration::from_secs(1)), ..settings.limits };
        });
        life.stage.graph.inject(Kind::Value, Fault::Cut, 2);
        life.stage.graph.inject(Kind::List, Fault::Refuse(503, Some(1)), 1);
        life.pass(&Options::default()).await;
        assert!(life.stage.graph.refused()[1] > 0, "it was throttled");
        life.assert_all_there();
    });
}

#[test]
fn deletions_and_new_names_are_followed_where_that_is_wanted() {
    crate::conformance::run(async {
        let mut life = Life::new().await;
        life.write(120);
        life.pass(&Options::default()).await;
        life.delete(30);
        life.deleted.clear();
        life.mailbox(|mailbox| {
            assert!(mailbox.rename_folder("Projects", "Projekte / alle"));
            mailbox.ensure_folder("Inbox/New", "IPF.Note");
        });
        for id in life.some("Inbox", 30) {
            life.mailbox(|mailbox| mailbox.move_to(&id, "Inbox/New"));
        }
        let before = life.downloads();
        let report =
            life.pass(&Options { deletions: Deletions::Mirror { approved: true }, ..Options::default() }).await;
        assert!(report.folders.iter().any(|folder| folder.source.contains("alle") && folder.target.contains("alle")));
        assert_eq!(life.downloads(), before, "a folder's new name moves no mail");
        life.assert_all_there();
    });
}

#[test]
fn the_last_word_of_a_round_of_changes_holds() {
    crate::conformance::run(async {
        let mut life = Life::new().await;
        life.write(60);
        life.pass(&Options::default()).await;
        for id in life.some("Inbox", 5) {
            life.mailbox(|mailbox| mailbox.update(&id, |item| item.read = !item.read));
        }
        // They left and came back: the service tells both, one after the other.
        life.meddle(Arc::new(|event| match event {
            DiscoverEvent::Listed(page) => {
                vec![DiscoverEvent::Gone(page.iter().map(|listed| listed.id.clone()).collect())]
            }
            _ => Vec::new(),
        }));
        life.pass(&Options { deletions: Deletions::Mirror { approved: true }, ..Options::default() }).await;
        life.assert_all_there();
    });
}

/// Once, a message goes from the first folder that is told to one that is not told yet.
fn moves_one(stage: Arc<Stage>, moved: Arc<AtomicBool>) -> Meddle {
    let begun = Mutex::new(Vec::new());
    Arc::new(move |event| {
        let mut begun = begun.lock().unwrap();
        match event {
            DiscoverEvent::Begin { folder, .. } => begun.push(String::from_utf8(folder.as_bytes().to_vec()).unwrap()),
            DiscoverEvent::End { .. } if !moved.load(Ordering::Relaxed) => {
                let of = |mailbox: &mut Mailbox| {
                    let mut paths = FOLDERS.iter().map(|(path, _)| *path).filter(|path| *path != "Drafts");
                    let is_told = |path: &&str| begun.contains(&mailbox.folder_id(path).unwrap());
                    let from = paths.clone().find(|path| is_told(path) && !mailbox.ids_in(path).is_empty())?;
                    let to = paths.find(|path| !is_told(path))?;
                    let id = mailbox.ids_in(from).remove(0);
                    Some(mailbox.move_to(&id, to))
                };
                moved.fetch_or(stage.graph.mailbox(KIM, of).flatten().is_some_and(|moved| moved), Ordering::Relaxed);
            }
            _ => {}
        }
        Vec::new()
    })
}

#[test]
fn a_message_that_moves_while_the_folders_are_listed_arrives_once() {
    crate::conformance::run(async {
        let mut life = Life::new().await;
        life.write(60);
        // On its first way as one that was never copied, on its second as one that was.
        for _ in 0..2 {
            let moved = Arc::new(AtomicBool::new(false));
            life.meddle(moves_one(life.stage.clone(), moved.clone()));
            life.pass(&Options::default()).await;
            assert!(moved.load(Ordering::Relaxed));
            life.assert_all_there();
        }
        assert_eq!(life.downloads(), 60);
    });
}

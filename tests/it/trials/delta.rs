//! Random days in the life of a source mailbox, each followed by a pass that brings the target up to date.

use super::{Pair, USER, seed, size};
use crate::support::corpus::Mailbox;
use crate::support::dovecot::{Dovecot, Options};
use crate::support::fill::append;
use crate::support::image::{MailboxImage, Seen, assert_equal};
use crate::support::raw::{Raw, unquote};

/// What a day may bring into one folder, received and moved.
const MOST_IN_A_DAY: usize = 15;

/// What happens at the target to messages that were deleted at the source.
#[derive(Clone, Copy, PartialEq)]
enum Deletions {
    Kept,
    Mirrored,
}

/// The source's owner, and what the target must hold besides the source's mail.
struct Owner {
    rng: fastrand::Rng,
    raw: Raw,
    /// New mail comes from here.
    post: Mailbox,
    delivered: usize,
    /// (folder, message) that are gone at the source.
    gone: Vec<(String, Seen)>,
    renamed: usize,
}

impl Owner {
    fn day(&mut self) {
        // First, so that what is deleted was seen by the pass before as it is now.
        self.delete();
        self.receive();
        self.flag();
        self.move_some();
        if self.rng.u8(..3) == 0 {
            self.rename_folder();
        }
        if self.rng.u8(..4) == 0 {
            self.make_folder();
        }
    }

    /// Folders that hold mail, by name; INBOX among them.
    fn folders(&mut self) -> Vec<String> {
        self.raw.folders().into_iter().filter(|f| f.selectable).map(|f| f.name).collect()
    }

    fn some_folder(&mut self) -> String {
        let folders = self.folders();
        folders[self.rng.usize(..folders.len())].clone()
    }

    /// Selects a random folder and picks up to `most` of its messages.
    fn pick(&mut self, most: usize) -> (String, Vec<u32>) {
        let folder = self.some_folder();
        let select = format!("SELECT {}", self.raw.wire(&folder));
        self.raw.command(&select);
        let lines = self.raw.command("UID SEARCH ALL");
        let text = lines.iter().find_map(|l| l.text.strip_prefix("* SEARCH")).unwrap_or("");
        let mut uids: Vec<u32> = text.split_whitespace().map(|uid| uid.parse().unwrap()).collect();
        self.rng.shuffle(&mut uids);
        uids.truncate(self.rng.usize(..=most));
        (folder, uids)
    }

    fn receive(&mut self) {
        for _ in 0..self.rng.usize(1..4) {
            let folder = self.some_folder();
            let mails: Vec<_> = (0..self.rng.usize(1..5)).map(|n| self.post.mail(self.delivered + n)).collect();
            self.delivered += mails.len();
            assert!(append(&mut self.raw, &folder, &mails).iter().all(Result::is_ok));
        }
    }

    fn flag(&mut self) {
        for _ in 0..4 {
            let (_, uids) = self.pick(3);
            let flags = self.post.mail(self.rng.usize(..1000)).flags;
            let how = ["FLAGS", "+FLAGS", "-FLAGS"][self.rng.usize(..3)];
            self.each(&uids, &format!("STORE {{}} {how} ({})", flags.join(" ")));
        }
    }

    fn move_some(&mut self) {
        let (from, uids) = self.pick(3);
        let to = self.some_folder();
        if from != to {
            let wire = self.raw.wire(&to);
            self.each(&uids, &format!("MOVE {{}} {wire}"));
        }
    }

    fn delete(&mut self) {
        let (folder, uids) = self.pick(2);
        let wire = self.raw.wire(&folder);
        let seen = crate::support::image::read_folder(&mut self.raw, &unquote(&wire));
        self.gone.extend(seen.into_iter().filter(|m| uids.contains(&m.uid)).map(|m| (folder.clone(), m)));
        self.raw.command(&format!("SELECT {wire}"));
        self.each(&uids, "STORE {} +FLAGS (\\Deleted)");
        self.each(&uids, "EXPUNGE {}");
    }

    /// A leaf changes its name, its place in the tree, or both.
    ///
    /// Not one that was emptied: no mail is left to tell that both names are one folder, and a folder that is missing is no evidence that
    /// its mail was deleted.
    fn rename_folder(&mut self) {
        let mut folders = self.folders();
        folders.retain(|name| self.gone.iter().all(|(folder, _)| folder != name) || self.held(name) > MOST_IN_A_DAY);
        let parents = self.folders();
        let leaf =
            |name: &String| name != "INBOX" && !parents.iter().any(|other| other.starts_with(&format!("{name}/")));
        let leaves: Vec<&String> = folders.iter().filter(|name| leaf(name)).collect();
        let Some(from) = self.rng.choice(leaves).cloned() else { return };
        self.renamed += 1;
        let to = match self.rng.bool() {
            true => format!("{from} (renamed {})", self.renamed),
            false => format!("Moved here/{} Ärger", self.renamed),
        };
        let command = format!("RENAME {} {}", self.raw.wire(&from), self.raw.wire(&to));
        self.raw.command(&command);
        for (folder, _) in &mut self.gone {
            if *folder == from {
                folder.clone_from(&to);
            }
        }
    }

    /// Messages that a folder holds.
    fn held(&mut self, folder: &str) -> usize {
        let wire = self.raw.wire(folder);
        crate::support::image::read_folder(&mut self.raw, &unquote(&wire)).len()
    }

    fn make_folder(&mut self) {
        self.renamed += 1;
        let command = format!("CREATE {}", self.raw.wire(&format!("New/{}", self.renamed)));
        self.raw.command(&command);
    }

    fn each(&mut self, uids: &[u32], command: &str) {
        for uid in uids {
            self.raw.command(&format!("UID {}", command.replace("{}", &uid.to_string())));
        }
    }
}

fn live(deletions: Deletions, without: &[&'static str]) {
    let seed = seed();
    let server = || Dovecot::with(&Options { without: without.to_vec(), ..Options::default() });
    let mut pair = Pair::between(server(), server(), &Mailbox { attachments: false, ..Mailbox::new(seed, 0, 300) });
    if deletions == Deletions::Mirrored {
        pair.haul.options = vec!["--deletions".to_owned(), "mirror".to_owned()];
    }
    pair.haul.copy_verified();
    let mut owner = Owner {
        rng: fastrand::Rng::with_seed(seed),
        raw: pair.source.login(USER),
        post: Mailbox { attachments: false, ..Mailbox::new(seed, 1, 0) },
        delivered: 0,
        gone: Vec::new(),
        renamed: 0,
    };
    for day in 0..size(6, 50) {
        owner.day();
        pair.haul.copy_verified();
        let mut wanted = pair.at_source();
        if deletions == Deletions::Kept {
            for (folder, message) in &owner.gone {
                wanted.folders.entry(folder.clone()).or_default().push(message.clone());
            }
        }
        println!("day {day}: {} messages, {} deleted", wanted.messages(), owner.gone.len());
        let mut found = pair.at_target();
        // The rename of a folder without mail leaves no evidence: its new name is a new folder, and the old one stays, empty.
        found.folders.retain(|name, messages| !messages.is_empty() || wanted.folders.contains_key(name));
        // RENAME leaves the old name subscribed, and whether a pass follows is no matter of mail.
        assert_equal(&without_subscriptions(wanted), &without_subscriptions(found));
    }
}

fn without_subscriptions(mut image: MailboxImage) -> MailboxImage {
    image.subscribed.clear();
    image
}

#[test]
fn days_with_deletions_kept() {
    live(Deletions::Kept, &[]);
}

#[test]
fn days_with_deletions_mirrored() {
    live(Deletions::Mirrored, &[]);
}

#[test]
fn days_without_condstore_deletions_kept() {
    live(Deletions::Kept, &["CONDSTORE", "QRESYNC"]);
}

#[test]
fn days_without_condstore_deletions_mirrored() {
    live(Deletions::Mirrored, &["CONDSTORE", "QRESYNC"]);
}

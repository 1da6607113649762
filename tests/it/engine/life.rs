//! Two mailboxes that live: what people do at either side between two passes, and what must stand at the target then.
//!
//! The model knows letters, not UIDs: where each one is at the source, what a pass last saw of it, and where it must be at the target.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use mailhaul::{
    lab::mailstore::{Folder, Mailbox},
    model::{BodyHash, Flags},
};

use super::{letters::letter, theatre::Stage};

/// Numbers from here on are the target's user's own letters.
const OWN: u32 = 1_000_000;

/// A place in a mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    folder: String,
    flags: Flags,
}

/// One letter.
#[derive(Clone, Debug, Default)]
struct Letter {
    source: Option<Place>,
    /// What the last pass saw of it; `None`: it was never copied.
    seen: Option<Place>,
    target: Option<Place>,
    /// The target's user took it away from where it was put.
    taken: bool,
}

/// Both mailboxes as they should be.
pub struct Life {
    random: fastrand::Rng,
    mirrors: bool,
    letters: BTreeMap<u32, Letter>,
    names: HashMap<BodyHash, u32>,
    folders: Vec<String>,
    next: u32,
    own: u32,
    renames: u32,
    /// Folders renamed since the last pass: nothing leaves them until it has followed.
    renamed: BTreeSet<String>,
}

impl Life {
    pub fn new(seed: u64, mirrors: bool) -> Self {
        Life {
            random: fastrand::Rng::with_seed(seed),
            mirrors,
            letters: BTreeMap::new(),
            names: HashMap::new(),
            folders: vec!["INBOX".to_owned()],
            next: 1,
            own: OWN,
            renames: 0,
            renamed: BTreeSet::new(),
        }
    }

    /// What happens before the first pass.
    pub fn begin(&mut self, stage: &Stage) {
        for name in ["Work", "Family", "Shop"] {
            stage.change_source(|mailbox| mailbox.create(name.as_bytes()).map(drop).unwrap());
            self.folders.push(name.to_owned());
        }
        for _ in 0..8 {
            self.new_letters(stage);
        }
    }

    /// A day at both sides; returns what was done, for a failure.
    pub fn day(&mut self, stage: &Stage) -> Vec<String> {
        let deeds = self.random.usize(4..10);
        let mut done = vec![self.rename(stage)];
        for _ in 0..deeds {
            let deed = match self.random.u8(..100) {
                0..25 => self.new_letters(stage),
                25..40 => self.flag(stage),
                40..55 => self.move_letter(stage),
                55..65 => self.delete(stage),
                65..68 => self.renumber_source(stage),
                68..71 => self.renumber_target(stage),
                71..82 => self.user_flags(stage),
                82..88 => self.user_deletes(stage),
                88..94 => self.user_moves(stage),
                _ => self.user_receives(stage),
            };
            done.push(deed);
        }
        done.retain(|deed| !deed.is_empty());
        done
    }

    /// What a pass must make of it.
    pub fn pass(&mut self) {
        for letter in self.letters.values_mut() {
            follow(letter, self.mirrors);
        }
        self.renamed.clear();
    }

    /// What must stand at the target: letters by folder, with their flags.
    pub fn wanted(&self) -> BTreeSet<(String, u32, String)> {
        let stands = |(n, letter): (&u32, &Letter)| {
            let place = letter.target.as_ref()?;
            Some((place.folder.clone(), *n, place.flags.encode()))
        };
        self.letters.iter().filter_map(stands).collect()
    }

    /// What stands there; a letter that is there twice fails.
    pub fn found(&self, stage: &Stage) -> BTreeSet<(String, u32, String)> {
        let mut found = BTreeSet::new();
        for (name, folder) in stage.at_target().folders {
            for message in folder.messages {
                let n =
                    self.names.get(&message.hash).unwrap_or_else(|| panic!("a message that nobody wrote in {name}"));
                assert!(found.insert((name.clone(), *n, message.flags)), "letter {n} is in {name} twice");
            }
        }
        found
    }

    fn pick(&mut self, fits: impl Fn(&Letter) -> bool) -> Option<u32> {
        let fitting: Vec<u32> = self.letters.iter().filter(|(_, letter)| fits(letter)).map(|(n, _)| *n).collect();
        self.random.choice(fitting)
    }

    fn folder(&mut self) -> String {
        self.random.choice(self.folders.clone()).unwrap()
    }

    fn new_letters(&mut self, stage: &Stage) -> String {
        let (folder, count) = (self.folder(), self.random.u32(1..4));
        for _ in 0..count {
            let new = letter(self.next);
            self.names.insert(new.content.hash(), self.next);
            let place = Place { folder: folder.clone(), flags: new.flags.clone() };
            self.letters.insert(self.next, Letter { source: Some(place), ..Letter::default() });
            stage.change_source(|mailbox| at(mailbox, &folder).append(new, None));
            self.next += 1;
        }
        format!("{count} new letters up to {} in {folder}", self.next - 1)
    }

    fn random_flags(&mut self) -> Flags {
        let all = ["\\Seen", "\\Flagged", "\\Answered", "work", "$Forwarded"];
        Flags::from_names(all.into_iter().filter(|_| self.random.bool()))
    }

    fn flag(&mut self, stage: &Stage) -> String {
        let Some(n) = self.pick(|letter| letter.source.is_some()) else { return String::new() };
        let flags = self.random_flags();
        let place = self.letters.get_mut(&n).and_then(|letter| letter.source.as_mut()).unwrap();
        place.flags = flags.clone();
        stage.change_source(|mailbox| set_flags(at(mailbox, &place.folder), n, &flags));
        format!("letter {n} is flagged {}", flags.encode())
    }

    fn move_letter(&mut self, stage: &Stage) -> String {
        let renamed = self.renamed.clone();
        let moves = |letter: &Letter| letter.source.as_ref().is_some_and(|at| !renamed.contains(&at.folder));
        let (Some(n), to) = (self.pick(moves), self.folder()) else { return String::new() };
        let place = self.letters.get_mut(&n).and_then(|letter| letter.source.as_mut()).unwrap();
        let from = std::mem::replace(&mut place.folder, to.clone());
        if from != to {
            stage.change_source(|mailbox| transfer(mailbox, &from, n, &to));
        }
        format!("letter {n} moves from {from} to {to}")
    }

    fn delete(&mut self, stage: &Stage) -> String {
        let renamed = self.renamed.clone();
        let goes = |letter: &Letter| letter.source.as_ref().is_some_and(|at| !renamed.contains(&at.folder));
        let Some(n) = self.pick(goes) else { return String::new() };
        let place = self.letters.get_mut(&n).and_then(|letter| letter.source.take()).unwrap();
        stage.change_source(|mailbox| take(at(mailbox, &place.folder), n));
        format!("letter {n} is deleted from {}", place.folder)
    }

    /// A folder gets a new name, with a letter in it by which a pass can tell.
    fn rename(&mut self, stage: &Stage) -> String {
        let from = self.folder();
        let known = |letter: &Letter| {
            letter.seen.is_some()
                && letter.seen.as_ref().map(|at| &at.folder) == letter.source.as_ref().map(|at| &at.folder)
        };
        let told = self.letters.values().any(|l| known(l) && l.source.as_ref().is_some_and(|at| at.folder == from));
        if from == "INBOX" || !told || self.random.bool() {
            return String::new();
        }
        self.renames += 1;
        let to = format!("Folder {}", self.renames);
        stage.change_source(|mailbox| mailbox.rename(from.as_bytes(), to.as_bytes()).unwrap());
        let places = self.letters.values_mut().flat_map(|l| [&mut l.source, &mut l.seen, &mut l.target]);
        places.flatten().filter(|place| place.folder == from).for_each(|place| place.folder = to.clone());
        self.folders.iter_mut().filter(|name| **name == from).for_each(|name| *name = to.clone());
        self.renamed.insert(to.clone());
        format!("{from} becomes {to}")
    }

    fn renumber_source(&mut self, stage: &Stage) -> String {
        let folder = self.folder();
        if self.renamed.contains(&folder) {
            return String::new();
        }
        stage.change_source(|mailbox| renumber(mailbox, &folder));
        format!("the source renumbers {folder}")
    }

    fn renumber_target(&mut self, stage: &Stage) -> String {
        let there: BTreeSet<String> =
            self.letters.values().filter_map(|l| Some(l.target.as_ref()?.folder.clone())).collect();
        let there: Vec<String> = there.into_iter().filter(|name| !self.renamed.contains(name)).collect();
        let Some(folder) = self.random.choice(there) else { return String::new() };
        stage.change_target(|mailbox| renumber(mailbox, &folder));
        format!("the target renumbers {folder}")
    }

    fn user_flags(&mut self, stage: &Stage) -> String {
        let Some(n) = self.pick(|letter| letter.target.is_some()) else { return String::new() };
        let seen = self.random.bool();
        let place = self.letters.get_mut(&n).and_then(|letter| letter.target.as_mut()).unwrap();
        place.flags.keywords.insert("mine".to_owned());
        if seen {
            place.flags.system = place.flags.system.union(Flags::from_names(["\\Seen"]).system);
        }
        let flags = place.flags.clone();
        let folder = now_at(stage, &self.renamed, &place.folder, n, &self.names);
        stage.change_target(|mailbox| set_flags(at(mailbox, &folder), n, &flags));
        format!("the user flags letter {n} {}", flags.encode())
    }

    fn user_deletes(&mut self, stage: &Stage) -> String {
        let Some(n) = self.pick(|letter| letter.target.is_some()) else { return String::new() };
        let letter = self.letters.get_mut(&n).unwrap();
        letter.taken = true;
        let place = letter.target.take().unwrap();
        let folder = now_at(stage, &self.renamed, &place.folder, n, &self.names);
        stage.change_target(|mailbox| take(at(mailbox, &folder), n));
        format!("the user deletes letter {n} from {folder}")
    }

    fn user_moves(&mut self, stage: &Stage) -> String {
        let Some(n) = self.pick(|letter| letter.target.is_some()) else { return String::new() };
        let letter = self.letters.get_mut(&n).unwrap();
        let place = letter.target.as_mut().unwrap();
        let folder = now_at(stage, &self.renamed, &place.folder, n, &self.names);
        letter.taken = true;
        place.folder = "My own".to_owned();
        stage.change_target(|mailbox| {
            let _ = mailbox.create(b"My own");
            if folder != "My own" {
                transfer(mailbox, &folder, n, "My own");
            }
        });
        format!("the user moves letter {n} from {folder}")
    }

    fn user_receives(&mut self, stage: &Stage) -> String {
        self.own += 1;
        let new = letter(self.own);
        self.names.insert(new.content.hash(), self.own);
        let place = Place { folder: "INBOX".to_owned(), flags: new.flags.clone() };
        self.letters.insert(self.own, Letter { target: Some(place), taken: true, ..Letter::default() });
        stage.change_target(|mailbox| at(mailbox, "INBOX").append(new, None));
        format!("the user receives letter {}", self.own)
    }
}

/// What a pass does with one letter.
fn follow(letter: &mut Letter, mirrors: bool) {
    match (&letter.source, &letter.seen) {
        (Some(now), None) => letter.target = Some(now.clone()),
        (Some(now), Some(before)) if !letter.taken => {
            if let Some(place) = &mut letter.target {
                let change = before.flags.change_to(&now.flags);
                place.folder.clone_from(&now.folder);
                place.flags.system = place.flags.system.union(change.add.system).without(change.remove.system);
                place.flags.keywords.extend(change.add.keywords);
                place.flags.keywords.retain(|keyword| !change.remove.keywords.contains(keyword));
            }
        }
        (None, Some(before)) if mirrors && !letter.taken => {
            letter.target.take_if(|place| place.flags == before.flags);
        }
        _ => {}
    }
    // What is gone was last seen as it was before.
    letter.seen = letter.source.clone().or(letter.seen.take());
}

/// Where a letter stands now: a folder renamed at the source still has its old name at the target.
fn now_at(stage: &Stage, renamed: &BTreeSet<String>, folder: &str, n: u32, names: &HashMap<BodyHash, u32>) -> String {
    if !renamed.contains(folder) {
        return folder.to_owned();
    }
    let folders = stage.at_target().folders;
    let holds = folders.iter().find(|(_, f)| f.messages.iter().any(|m| names.get(&m.hash) == Some(&n)));
    holds.map(|(name, _)| name.clone()).unwrap()
}

fn at<'a>(mailbox: &'a mut Mailbox, name: &str) -> &'a mut Folder {
    mailbox.folder_mut(name.as_bytes()).unwrap_or_else(|| panic!("no folder {name}"))
}

fn uid(folder: &Folder, n: u32) -> u32 {
    let wanted = letter(n).content.hash();
    let found = folder.messages().iter().find(|message| message.content.hash() == wanted);
    found.unwrap_or_else(|| panic!("letter {n} is not there")).uid
}

fn set_flags(folder: &mut Folder, n: u32, flags: &Flags) {
    folder.set_flags(uid(folder, n), |have| have.clone_from(flags));
}

fn take(folder: &mut Folder, n: u32) {
    let uid = uid(folder, n);
    folder.expunge(|message| message.uid == uid);
}

fn transfer(mailbox: &mut Mailbox, from: &str, n: u32, to: &str) {
    let folder = at(mailbox, from);
    let message = folder.message(uid(folder, n)).unwrap().again();
    take(folder, n);
    at(mailbox, to).append(message, None);
}

fn renumber(mailbox: &mut Mailbox, folder: &str) {
    let validity = mailbox.new_validity();
    at(mailbox, folder).renumber(validity);
}

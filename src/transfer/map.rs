//! Step 3: where a source folder goes at the target; pure. The answer is pinned in the ledger and never changes by itself.
//!
//! In order: the person's own rule; the inbox; the role (special use first, quirk 106: names come in thirty languages); below a mapped
//! parent; else the same path. What the target cannot hold (its delimiter, illegal characters, blanks at the ends, reserved names; quirks
//! 19–22, 52, 77) is replaced, and names that would fall together there (case, Unicode normal form) are told apart by a number. A rule names its
//! place whoever else goes there, so folders merge where a person wants it and nowhere else.

use std::collections::{HashMap, HashSet};

use unicode_normalization::UnicodeNormalization;

use crate::{
    limits,
    model::{FolderClass, FolderPath, Role},
    target::{TargetCapabilities, TargetFolder},
};

/// Finds places for folders, one after the other.
pub(super) struct Mapper<'a> {
    targets: &'a [TargetFolder],
    capabilities: &'a TargetCapabilities,
    rules: &'a [(String, String)],
    placed: HashMap<FolderPath, FolderPath>,
    taken: HashSet<String>,
    /// How each place was spelled first: two spellings of one folder would be two folders to whoever works on them.
    spelled: HashMap<String, FolderPath>,
}

impl<'a> Mapper<'a> {
    pub fn new(
        targets: &'a [TargetFolder],
        capabilities: &'a TargetCapabilities,
        rules: &'a [(String, String)],
    ) -> Self {
        Mapper { targets, capabilities, rules, placed: HashMap::new(), taken: HashSet::new(), spelled: HashMap::new() }
    }

    /// A folder whose place is pinned already. Where the person's own rule sent it, it takes the place from nobody.
    pub fn pinned(&mut self, source: &FolderPath, target: &FolderPath) {
        let is_by_rule = self.by_rule(source).is_some_and(|place| self.folded(&place) == self.folded(target));
        if !is_by_rule {
            self.taken.insert(self.folded(target));
        }
        self.spelled.entry(self.folded(target)).or_insert_with(|| target.clone());
        self.placed.insert(source.clone(), target.clone());
    }

    /// The place of a folder that has none yet. Parents come before their children, roles before plain folders.
    pub fn place(&mut self, path: &FolderPath, role: Option<Role>, class: &FolderClass) -> FolderPath {
        let place = match self.by_rule(path) {
            // A person may send a folder to where another one lies; nobody else does.
            Some(place) => place,
            None => self.told_apart(self.by_role(path, role).unwrap_or_else(|| self.by_parent(path)), class),
        };
        let place = self.spelled.get(&self.folded(&place)).cloned().unwrap_or(place);
        self.pinned(path, &place);
        place
    }

    /// Where the person's rules send the folder, if one speaks of it.
    pub fn rule_for(&self, path: &FolderPath) -> Option<FolderPath> {
        self.by_rule(path)
    }

    fn by_rule(&self, path: &FolderPath) -> Option<FolderPath> {
        let starts =
            |from: &[&str]| from.len() <= path.0.len() && from.iter().zip(&path.0).all(|(a, b)| same_segment(a, b));
        let split = |rule: &'a str| -> Vec<&'a str> { rule.split('/').filter(|s| !s.is_empty()).collect() };
        let rules = self.rules.iter().map(|(from, to)| (split(from), split(to)));
        let (from, to) = rules.filter(|(from, _)| starts(from)).max_by_key(|(from, _)| from.len())?;
        let kept = path.0.iter().skip(from.len()).map(String::as_str);
        Some(self.legal(&FolderPath::new(to.into_iter().chain(kept))))
    }

    fn by_role(&self, path: &FolderPath, role: Option<Role>) -> Option<FolderPath> {
        if path.is_inbox() || role == Some(Role::Inbox) {
            return Some(FolderPath::inbox());
        }
        if role == Some(Role::All) {
            // What only the folder of all messages shows was archived by its user.
            return self.by_role(path, Some(Role::Archive)).or_else(|| Some(FolderPath::new(["Archive"])));
        }
        let there = self.targets.iter().find(|t| t.role == role && t.selectable)?;
        let free = role.is_some() && !self.taken.contains(&self.folded(&there.path));
        free.then(|| there.path.clone())
    }

    /// Below the place of its nearest mapped ancestor. The inbox is no such ancestor: what lies below it on one server lies beside it on
    /// another, and as its own path it is legal on both.
    fn by_parent(&self, path: &FolderPath) -> FolderPath {
        let mut ancestor = path.parent();
        while let Some(above) = ancestor {
            if let Some(place) = self.placed.get(&above).filter(|_| !above.is_inbox()) {
                let rest = FolderPath(path.0[above.0.len()..].to_vec());
                return FolderPath([place.0.clone(), self.legal(&rest).0].concat());
            }
            ancestor = above.parent();
        }
        self.legal(path)
    }

    fn told_apart(&self, place: FolderPath, class: &FolderClass) -> FolderPath {
        let numbered = |n: u32| {
            let mut path = place.clone();
            if let (Some(leaf), 2..) = (path.0.last_mut(), n) {
                *leaf = format!("{leaf} ({n})");
            }
            path
        };
        // Contacts are not put among mail because their folder bears the same name.
        let other = |t: &&TargetFolder| t.class != *class && !(t.class.is_mail() && class.is_mail());
        let others: HashSet<String> = self.targets.iter().filter(other).map(|t| self.folded(&t.path)).collect();
        let free = |path: &FolderPath| {
            let folded = self.folded(path);
            !self.taken.contains(&folded) && !others.contains(&folded)
        };
        (1..).map(numbered).find(free).unwrap_or(place)
    }

    /// The path as the target can hold it.
    fn legal(&self, path: &FolderPath) -> FolderPath {
        let path = FolderPath::new(path.0.iter().map(|segment| self.legal_segment(segment)));
        let reserved = |name: &&&str| path.0.len() == 1 && name.eq_ignore_ascii_case(path.leaf());
        match self.capabilities.reserved_names.iter().find(reserved) {
            Some(_) => FolderPath::new([format!("{}_", path.leaf())]),
            None => path,
        }
    }

    fn legal_segment(&self, segment: &str) -> String {
        let illegal = |c: char| {
            c.is_control() || Some(c) == self.capabilities.delimiter || self.capabilities.illegal_characters.contains(c)
        };
        let replaced: String = segment.chars().map(|c| if illegal(c) { '_' } else { c }).collect();
        let mut trimmed = replaced.trim();
        while trimmed.len() > limits::FOLDER_SEGMENT {
            let cut = trimmed.char_indices().next_back().map_or(0, |(at, _)| at);
            trimmed = trimmed[..cut].trim_end();
        }
        if trimmed.is_empty() { "_".to_owned() } else { trimmed.to_owned() }
    }

    /// What two names must not share at the target.
    fn folded(&self, path: &FolderPath) -> String {
        let normal: String = path.to_string().nfc().collect();
        if self.capabilities.case_insensitive || path.is_inbox() { normal.to_lowercase() } else { normal }
    }
}

fn same_segment(a: &str, b: &str) -> bool {
    a == b || (a.eq_ignore_ascii_case("INBOX") && b.eq_ignore_ascii_case("INBOX"))
}

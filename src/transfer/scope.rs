//! Which folders and messages the person's filters let through; pure.

use super::options::ScopeRules;
use crate::model::{Flags, FolderPath, ReceivedAt, SystemFlags};

impl ScopeRules {
    /// Whether the folder is to be read.
    pub fn admits_folder(&self, path: &FolderPath) -> bool {
        let path = path.to_string();
        self.include.as_ref().is_none_or(|globs| globs.is_match(&path)) && !self.exclude.is_match(&path)
    }

    /// Whether a message is to be copied. One without a known date passes the date filters: nothing is left out on a guess.
    pub fn admits(&self, size: u64, received_at: Option<ReceivedAt>, flags: &Flags) -> bool {
        let dated = received_at.is_none_or(|at| {
            self.since.is_none_or(|since| at.unix >= since) && self.before.is_none_or(|before| at.unix < before)
        });
        dated
            && self.max_size.is_none_or(|max| size <= max)
            && !(self.skip_deleted && flags.system.contains(SystemFlags::DELETED))
    }

    /// Whether any rule looks at single messages, so that known rows must be looked at again when rules may have changed.
    pub fn looks_at_messages(&self) -> bool {
        self.since.is_some() || self.before.is_some() || self.max_size.is_some() || self.skip_deleted
    }
}

#[cfg(test)]
mod tests {
    use globset::{Glob, GlobSet};

    use super::*;

    fn globs(pattern: &str) -> GlobSet {
        GlobSet::builder().add(Glob::new(pattern).unwrap()).build().unwrap()
    }

    #[test]
    fn folders_by_pattern() {
        let rules = ScopeRules { include: Some(globs("Work*")), exclude: globs("*/Old"), ..ScopeRules::default() };
        assert!(rules.admits_folder(&FolderPath::new(["Work"])));
        assert!(rules.admits_folder(&FolderPath::new(["Work", "2019"])));
        assert!(!rules.admits_folder(&FolderPath::new(["Work", "Old"])));
        assert!(!rules.admits_folder(&FolderPath::new(["Home"])));
    }

    #[test]
    fn messages_by_date_size_and_flag() {
        let rules = ScopeRules {
            since: Some(100),
            before: Some(200),
            max_size: Some(10),
            skip_deleted: true,
            ..ScopeRules::default()
        };
        let at = |unix| Some(ReceivedAt { unix, offset: 0 });
        let none = Flags::default();
        assert!(rules.admits(10, at(100), &none) && rules.admits(1, None, &none));
        assert!(
            !rules.admits(11, at(100), &none) && !rules.admits(1, at(99), &none) && !rules.admits(1, at(200), &none)
        );
        assert!(!rules.admits(1, at(100), &Flags::from_names(["\\Deleted"])));
    }
}

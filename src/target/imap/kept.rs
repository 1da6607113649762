//! Which flags a folder keeps: only those are ever sent, for an unknown one makes some servers refuse the message
//! (quirks 24, 27, 76).

use std::collections::BTreeSet;

use crate::{
    imap::{Selected, is_flag},
    mailbox::Profile,
    model::{Flags, SystemFlags},
};

/// The flags that one folder keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Kept {
    system: SystemFlags,
    keywords: Keywords,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Keywords {
    None,
    Any,
    /// These, in lower case: IMAP compares keywords without case.
    Only(BTreeSet<String>),
}

impl Kept {
    /// By what SELECT told, or without it by the profile alone.
    pub(super) fn by(profile: &Profile, selected: Option<&Selected>) -> Self {
        // Without PERMANENTFLAGS all are kept (RFC 3501 §7.1).
        let told = selected.and_then(|selected| selected.permanent_flags.as_deref());
        let keywords = match told {
            _ if !profile.keywords => Keywords::None,
            None => Keywords::Any,
            Some(told) if told.iter().any(|flag| flag == "\\*") => Keywords::Any,
            Some(told) => Keywords::Only(told.iter().map(|flag| flag.to_ascii_lowercase()).collect()),
        };
        let system = told.map_or(SystemFlags::ALL, |told| Flags::from_names(told.iter().map(String::as_str)).system);
        Kept { system, keywords }
    }

    /// What is left of `flags`.
    pub(super) fn of(&self, flags: &Flags) -> Flags {
        let keeps = |keyword: &String| match &self.keywords {
            Keywords::None => false,
            Keywords::Any => is_flag(keyword),
            Keywords::Only(told) => told.contains(&keyword.to_ascii_lowercase()),
        };
        Flags {
            system: flags.system.intersection(self.system),
            keywords: flags.keywords.iter().filter(|keyword| keeps(keyword)).cloned().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mailbox::named;

    fn kept(profile: &str, permanent: &[&str]) -> Vec<String> {
        let permanent_flags = Some(permanent.iter().map(|flag| (*flag).to_owned()).collect());
        let selected = Selected { permanent_flags, ..Selected::default() };
        let flags = Flags::from_names(["\\Seen", "\\Draft", "$Forwarded", "work"]);
        let left = Kept::by(named(profile).unwrap(), Some(&selected)).of(&flags);
        left.names().map(str::to_owned).collect()
    }

    #[test]
    fn permanentflags_decide() {
        assert_eq!(kept("Dovecot", &["\\Seen", "\\Draft", "\\*"]), ["\\Seen", "\\Draft", "$Forwarded", "work"]);
        assert_eq!(kept("Courier", &["\\Seen", "$FORWARDED"]), ["\\Seen", "$Forwarded"]);
        assert!(kept("IMAP", &[]).is_empty());
    }

    #[test]
    fn exchange_keeps_no_keyword_whatever_it_says() {
        assert_eq!(kept("Exchange Online", &["\\Seen", "\\Draft", "$MDNSent", "\\*"]), ["\\Seen", "\\Draft"]);
    }

    #[test]
    fn without_permanentflags_all_are_kept_that_can_be_said() {
        let flags = Flags::from_names(["\\Seen", "two words", "(x)", "ok"]);
        let left = Kept::by(named("Dovecot").unwrap(), None).of(&flags);
        assert_eq!(left.names().collect::<Vec<_>>(), ["\\Seen", "ok"]);
    }
}

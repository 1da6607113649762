//! Message flags: the five of RFC 3501 §2.3.2 and keywords.

use std::collections::BTreeSet;

/// The five system flags that travel; `\Recent` belongs to the session and never does.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SystemFlags(u8);

impl SystemFlags {
    /// `\Seen`.
    pub const SEEN: Self = Self(1);
    /// `\Answered`.
    pub const ANSWERED: Self = Self(2);
    /// `\Flagged`.
    pub const FLAGGED: Self = Self(4);
    /// `\Deleted`.
    pub const DELETED: Self = Self(8);
    /// `\Draft`.
    pub const DRAFT: Self = Self(16);
    /// All five.
    pub const ALL: Self = Self(31);

    const NAMES: [(Self, &'static str); 5] = [
        (Self::SEEN, "\\Seen"),
        (Self::ANSWERED, "\\Answered"),
        (Self::FLAGGED, "\\Flagged"),
        (Self::DELETED, "\\Deleted"),
        (Self::DRAFT, "\\Draft"),
    ];

    /// The flag of this name, compared without case.
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, n)| n.eq_ignore_ascii_case(name)).map(|(f, _)| *f)
    }
    /// The names that are set, in a fixed order.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES.into_iter().filter(move |(f, _)| self.contains(*f)).map(|(_, n)| n)
    }
    /// Whether all of `other` is set.
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
    /// Both together.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
    /// What both have.
    #[must_use]
    pub fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
    /// This without `other`.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
    /// Whether none is set.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
    /// The bits, as the ledger keeps them.
    pub fn bits(self) -> u8 {
        self.0
    }
    /// The flags of these bits; unknown bits are dropped.
    pub fn from_bits(bits: u8) -> Self {
        Self(bits & Self::ALL.0)
    }
}

impl std::fmt::Debug for SystemFlags {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

/// The flags of one message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Flags {
    /// The system flags.
    pub system: SystemFlags,
    /// Keywords, as the server spells them.
    pub keywords: BTreeSet<String>,
}

impl Flags {
    /// Reads flag names; `\Recent` and unknown backslash names are dropped (quirk 76).
    pub fn from_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut flags = Flags::default();
        for name in names {
            if let Some(flag) = SystemFlags::named(name) {
                flags.system = flags.system.union(flag);
            } else if !name.starts_with('\\') && !name.is_empty() {
                flags.keywords.insert(name.to_owned());
            }
        }
        flags
    }

    /// The names in a fixed order, system flags first.
    pub fn names(&self) -> impl Iterator<Item = &str> + '_ {
        let system: Vec<&str> = self.system.names().collect();
        system.into_iter().chain(self.keywords.iter().map(String::as_str))
    }

    /// One line that keeps everything, for the ledger: names joined by blanks (no flag can hold one).
    pub fn encode(&self) -> String {
        self.names().collect::<Vec<_>>().join(" ")
    }

    /// The opposite of [`Flags::encode`].
    pub fn decode(line: &str) -> Self {
        Flags::from_names(line.split(' ').filter(|n| !n.is_empty()))
    }

    /// What a target keeps of these: the system flags, and keywords where it has such.
    #[must_use]
    pub fn kept(&self, keywords: bool) -> Flags {
        if keywords { self.clone() } else { Flags { system: self.system, keywords: BTreeSet::new() } }
    }

    /// What turns `self` into `new`.
    pub fn change_to(&self, new: &Flags) -> FlagChange {
        FlagChange {
            add: Flags {
                system: new.system.without(self.system),
                keywords: new.keywords.difference(&self.keywords).cloned().collect(),
            },
            remove: Flags {
                system: self.system.without(new.system),
                keywords: self.keywords.difference(&new.keywords).cloned().collect(),
            },
        }
    }

    /// Whether nothing is set.
    pub fn is_empty(&self) -> bool {
        self.system.is_empty() && self.keywords.is_empty()
    }
}

/// A difference of flags: only this is applied at the target, so what its user did stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct FlagChange {
    /// Set these.
    pub add: Flags,
    /// Clear these.
    pub remove: Flags,
}

impl FlagChange {
    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        self.add.is_empty() && self.remove.is_empty()
    }
}

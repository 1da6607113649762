//! Who has an account.

/// What state an account is in (zimbra.md §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Everybody may.
    Active,
    /// Only an administrator may.
    Locked,
    /// Only an administrator may.
    Closed,
    /// Nobody may.
    Maintenance,
}

impl Status {
    /// The word in the directory.
    pub fn word(self) -> &'static str {
        match self {
            Status::Active => "active",
            Status::Locked => "locked",
            Status::Closed => "closed",
            Status::Maintenance => "maintenance",
        }
    }
}

/// An account.
#[derive(Clone, Debug)]
pub struct Person {
    /// Its address.
    pub name: String,
    /// Its id.
    pub id: String,
    /// The password of its user.
    pub password: String,
    /// Its state.
    pub status: Status,
    /// Its other addresses.
    pub aliases: Vec<String>,
    /// Whether a password alone opens nothing.
    pub two_factors: bool,
    /// Whether it may act for the others.
    pub is_admin: bool,
}

impl Person {
    /// An active user.
    pub fn new(name: &str, password: &str) -> Self {
        // An id that looks like the real ones and follows from the name.
        let bits = blake3::hash(name.as_bytes()).to_hex();
        let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| bits.get(part).unwrap_or_default().to_owned());
        Person {
            name: name.to_owned(),
            id: parts.join("-"),
            password: password.to_owned(),
            status: Status::Active,
            aliases: Vec::new(),
            two_factors: false,
            is_admin: false,
        }
    }

    /// The same as an administrator.
    #[must_use]
    pub fn admin(self) -> Self {
        Person { is_admin: true, ..self }
    }

    /// The same in another state.
    #[must_use]
    pub fn with_status(self, status: Status) -> Self {
        Person { status, ..self }
    }

    /// Whether this is one of its addresses.
    pub fn is_called(&self, address: &str) -> bool {
        self.name.eq_ignore_ascii_case(address) || self.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(address))
    }
}

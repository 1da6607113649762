//! Tokens: made, read and ended (zimbra.md §1.3).

use std::{
    collections::HashMap,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use crate::clock;

/// What a token stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Leave {
    /// The account it opens.
    pub(super) account: String,
    /// Whether it opens the administrators' door.
    pub(super) admin: bool,
    /// The administrator who acts for the account.
    pub(super) by: Option<String>,
    /// Whether a second factor is still missing: it opens nothing.
    pub(super) restricted: bool,
    ends: SystemTime,
}

/// Every token given out.
#[derive(Debug, Default)]
pub(super) struct Tokens(HashMap<String, Leave>);

impl Tokens {
    /// A new token.
    pub(super) fn grant(&mut self, account: &str, admin: bool, by: Option<&str>, life: Duration) -> String {
        self.insert(Leave {
            account: account.to_owned(),
            admin,
            by: by.map(str::to_owned),
            restricted: false,
            ends: clock::now() + life,
        })
    }

    /// One that waits for a second factor.
    pub(super) fn restrict(&mut self, account: &str) -> String {
        let ends = clock::now() + Duration::from_secs(3600);
        self.insert(Leave { account: account.to_owned(), admin: false, by: None, restricted: true, ends })
    }

    fn insert(&mut self, leave: Leave) -> String {
        let ends = leave.ends.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis().to_string();
        let field = |key: &str, value: &str| format!("{key}={}:{value};", value.len());
        let mut text = field("id", &leave.account) + &field("exp", &ends);
        text += &leave.by.as_deref().map(|by| field("aid", by)).unwrap_or_default();
        text += &(field("vv", "2")
            + &field("type", "zimbra")
            + &field("u", "a")
            + &field("tid", &fastrand::u32(..).to_string()));
        let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
        let token = format!("0_{:032x}{:08x}_{hex}", fastrand::u128(..), fastrand::u32(..));
        self.0.insert(token.clone(), leave);
        token
    }

    /// What a token stands for, if it has not ended.
    pub(super) fn leave(&self, token: &str) -> Option<&Leave> {
        self.0.get(token).filter(|leave| leave.ends > clock::now())
    }

    /// Ends every token.
    pub(super) fn end_all(&mut self) {
        self.0.clear();
    }

    /// Ends those that open mailboxes.
    pub(super) fn end_users(&mut self) {
        self.0.retain(|_, leave| leave.admin);
    }
}

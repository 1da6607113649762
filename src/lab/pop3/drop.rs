//! A maildrop as one session sees it: the inbox at the time of its sign-in.

use super::manner::{Manner, Uidl};
use crate::{
    clock,
    lab::mailstore::{Content, Mailstore},
};

/// The messages of a session by their number, which is their place.
pub(super) struct Maildrop {
    messages: Vec<Mail>,
}

/// A message.
pub(super) struct Mail {
    pub uid: u32,
    pub content: Content,
}

impl Maildrop {
    pub fn of(store: &Mailstore) -> Self {
        let messages = store.read(|mailbox| {
            let inbox = mailbox.folder(b"INBOX").into_iter().flat_map(|inbox| inbox.visible(clock::instant()));
            inbox.map(|message| Mail { uid: message.uid, content: message.content.clone() }).collect()
        });
        Maildrop { messages }
    }

    /// The messages with their numbers.
    pub fn all(&self) -> impl Iterator<Item = (usize, &Mail)> {
        (1..).zip(&self.messages)
    }

    /// The message of a number as it stands on the line.
    pub fn get(&self, number: &str) -> Option<(usize, &Mail)> {
        let number: usize = number.parse().ok()?;
        Some((number, self.messages.get(number.checked_sub(1)?)?))
    }

    /// Messages and bytes.
    pub fn count(&self) -> (usize, u64) {
        (self.messages.len(), self.messages.iter().map(|mail| mail.content.len()).sum())
    }
}

impl Mail {
    /// Its unique id; `None` where the host tells none.
    pub fn unique_id(&self, manner: &Manner) -> Option<String> {
        match manner.uidl {
            Uidl::Own { generation } => Some(format!("{:08x}{generation:04x}", self.uid)),
            Uidl::Repeated(times) => Some(format!("r{}", self.uid.saturating_sub(1) / times.max(1))),
            Uidl::Unknown => None,
        }
    }
}

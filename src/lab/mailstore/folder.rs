//! One folder: messages in UID order and the memory of what was removed.

use crate::clock::Instant;

use super::{Content, Message, NewMessage};
use crate::model::{Flags, Role};

/// A folder.
#[derive(Clone, Debug)]
pub struct Folder {
    /// UIDVALIDITY.
    pub validity: u32,
    /// What it is for, told as a special-use attribute.
    pub role: Option<Role>,
    /// Further LIST attributes (`\Marked`, …).
    pub attributes: Vec<String>,
    /// Whether it can be opened; `false` gives `\Noselect`.
    pub selectable: bool,
    /// Whether the user is subscribed to it.
    pub subscribed: bool,
    next: u32,
    modseq: u64,
    flags_modseq: u64,
    messages: Vec<Message>,
    expunged: Vec<(u64, u32)>,
}

impl Folder {
    /// An empty folder that can be opened.
    pub fn new(validity: u32) -> Self {
        Folder {
            validity,
            role: None,
            attributes: Vec::new(),
            selectable: true,
            subscribed: false,
            next: 1,
            modseq: 1,
            flags_modseq: 1,
            messages: Vec::new(),
            expunged: Vec::new(),
        }
    }

    /// UIDNEXT.
    pub fn next(&self) -> u32 {
        self.next
    }
    /// HIGHESTMODSEQ.
    pub fn modseq(&self) -> u64 {
        self.modseq
    }
    /// The modification sequence of the last change of flags.
    pub fn flags_modseq(&self) -> u64 {
        self.flags_modseq
    }
    /// The messages in UID order, hidden ones among them.
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }
    /// The messages that a folder opened at `now` shows.
    pub fn visible(&self, now: Instant) -> impl Iterator<Item = &Message> {
        self.messages.iter().filter(move |m| m.is_visible(now))
    }
    /// The message of this UID.
    pub fn message(&self, uid: u32) -> Option<&Message> {
        self.messages.get(self.position(uid)?)
    }
    /// UIDs removed since `modseq`, in the order of removal.
    pub fn expunged_since(&self, modseq: u64) -> impl Iterator<Item = u32> + '_ {
        let start = self.expunged.partition_point(|(at, _)| *at <= modseq);
        self.expunged[start..].iter().map(|(_, uid)| *uid)
    }

    fn position(&self, uid: u32) -> Option<usize> {
        self.messages.binary_search_by_key(&uid, |m| m.uid).ok()
    }

    /// Stores a message and returns its UID.
    pub fn append(&mut self, new: NewMessage, visible_from: Option<Instant>) -> u32 {
        self.modseq += 1;
        let uid = self.next;
        self.next += 1;
        let NewMessage { content, flags, received_at } = new;
        self.messages.push(Message { uid, modseq: self.modseq, flags, received_at, content, visible_from });
        uid
    }

    /// Gives a message other flags; a change that changes nothing leaves no trace. `None`: there is no such message.
    pub fn set_flags(&mut self, uid: u32, change: impl FnOnce(&mut Flags)) -> Option<&Message> {
        let position = self.position(uid)?;
        let message = self.messages.get_mut(position)?;
        let before = message.flags.clone();
        change(&mut message.flags);
        if message.flags != before {
            self.modseq += 1;
            self.flags_modseq = self.modseq;
            message.modseq = self.modseq;
        }
        Some(message)
    }

    /// Removes the messages that `doomed` picks; returns their UIDs.
    pub fn expunge(&mut self, doomed: impl Fn(&Message) -> bool) -> Vec<u32> {
        let gone: Vec<u32> = self.messages.iter().filter(|m| doomed(m)).map(|m| m.uid).collect();
        if !gone.is_empty() {
            self.messages.retain(|m| gone.binary_search(&m.uid).is_err());
            self.modseq += 1;
            self.expunged.extend(gone.iter().map(|uid| (self.modseq, *uid)));
        }
        gone
    }

    /// Replaces the bytes of a message under its UID, which no server may do: for tests of `verify`.
    pub fn corrupt(&mut self, uid: u32, content: Content) -> bool {
        let Some(message) = self.position(uid).and_then(|at| self.messages.get_mut(at)) else { return false };
        message.content = content;
        true
    }

    /// Numbers every message anew under another UIDVALIDITY, as a server does that lost its index.
    pub fn renumber(&mut self, validity: u32) {
        self.validity = validity;
        self.expunged.clear();
        self.modseq += 1;
        self.flags_modseq = self.modseq;
        for (message, uid) in self.messages.iter_mut().zip(1..) {
            message.uid = uid;
            message.modseq = self.modseq;
        }
        self.next = self.messages.last().map_or(1, |m| m.uid + 1);
    }

    /// Skips UIDs, as a server does after much mail came and went.
    pub fn skip_to(&mut self, next: u32) {
        self.next = self.next.max(next);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ReceivedAt;

    fn mail(text: &'static str) -> NewMessage {
        NewMessage::new(text, ReceivedAt { unix: 0, offset: 0 })
    }

    #[test]
    fn uids_are_never_used_twice() {
        let mut folder = Folder::new(3);
        assert_eq!(folder.append(mail("a"), None), 1);
        assert_eq!(folder.append(mail("b"), None), 2);
        assert_eq!(folder.expunge(|m| m.uid == 2), [2]);
        assert_eq!(folder.append(mail("c"), None), 3);
        assert_eq!(folder.expunged_since(0).collect::<Vec<_>>(), [2]);
        assert_eq!(folder.expunged_since(folder.modseq()).count(), 0);
    }

    #[test]
    fn only_a_real_change_of_flags_takes_a_modification_sequence() {
        let mut folder = Folder::new(3);
        let uid = folder.append(mail("a"), None);
        let before = folder.modseq();
        folder.set_flags(uid, |_| ()).unwrap();
        assert_eq!(folder.modseq(), before);
        folder.set_flags(uid, |flags| *flags = Flags::from_names(["\\Seen"])).unwrap();
        assert_eq!(folder.modseq(), before + 1);
        assert_eq!(folder.message(uid).unwrap().modseq, before + 1);
    }

    #[test]
    fn renumbering_keeps_the_messages() {
        let mut folder = Folder::new(3);
        folder.skip_to(100);
        folder.append(mail("a"), None);
        folder.append(mail("b"), None);
        folder.renumber(4);
        assert_eq!(folder.messages().iter().map(|m| m.uid).collect::<Vec<_>>(), [1, 2]);
        assert_eq!((folder.validity, folder.next()), (4, 3));
    }
}

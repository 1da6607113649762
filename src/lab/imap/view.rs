//! A selected folder as one session sees it: its sequence numbers stand still until it is told otherwise.

use super::{
    ending::{Cause, Ending},
    parse::{NumberSet, write_set},
    session::Session,
};
use crate::{
    clock::{self, Instant},
    lab::mailstore::{Folder, Message},
};

/// The session's picture of its folder.
#[derive(Debug)]
pub(super) struct View {
    pub name: Vec<u8>,
    pub validity: u32,
    pub read_only: bool,
    uids: Vec<u32>,
    /// UIDNEXT when it was last looked at.
    next: u32,
    /// The modification sequence up to which the client was told.
    pub told: u64,
}

/// One message of a set, by both its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub sequence: u32,
    pub uid: u32,
}

/// What the session has to be told.
struct Changes {
    gone: Vec<Place>,
    exists: Option<usize>,
    changed: Vec<(u32, Message)>,
}

impl View {
    pub fn open(name: Vec<u8>, folder: &Folder, read_only: bool, now: Instant) -> Self {
        let uids = folder.visible(now).map(|m| m.uid).collect();
        View { name, validity: folder.validity, read_only, uids, next: folder.next(), told: folder.modseq() }
    }

    pub fn len(&self) -> usize {
        self.uids.len()
    }

    /// The highest UID; 0 in an empty folder.
    pub fn highest(&self) -> u32 {
        self.uids.last().copied().unwrap_or(0)
    }

    pub fn sequence(&self, uid: u32) -> Option<u32> {
        self.uids.binary_search(&uid).ok().map(|index| index as u32 + 1)
    }

    /// The messages of a set, ascending; a set of sequence numbers may not reach beyond the last (`None`).
    pub fn resolve(&self, set: &NumberSet, by_uid: bool) -> Option<Vec<Place>> {
        let highest = if by_uid { self.highest() } else { self.uids.len() as u32 };
        if !by_uid && set.exceeds(highest) {
            return None;
        }
        let index =
            |number: u32| if by_uid { self.uids.partition_point(|uid| *uid < number) } else { number as usize - 1 };
        let end = |number: u32| if by_uid { self.uids.partition_point(|uid| *uid <= number) } else { number as usize };
        let places = set.resolve(highest).into_iter().filter(|(first, _)| *first > 0).flat_map(|(first, last)| {
            (index(first)..end(last)).map(|at| Place { sequence: at as u32 + 1, uid: self.uids[at] })
        });
        Some(places.collect())
    }

    /// Takes messages out and tells where they were, each after those before it are gone.
    pub fn forget(&mut self, uids: impl IntoIterator<Item = u32>) -> Vec<Place> {
        let mut gone = Vec::new();
        for uid in uids {
            if let Ok(index) = self.uids.binary_search(&uid) {
                self.uids.remove(index);
                gone.push(Place { sequence: index as u32 + 1, uid });
            }
        }
        gone
    }

    fn catch_up(&mut self, folder: &Folder, now: Instant) -> Changes {
        let gone = self.forget(folder.expunged_since(self.told).collect::<Vec<_>>());
        let changed = if folder.flags_modseq() > self.told { self.changed(folder) } else { Vec::new() };
        let start = folder.messages().partition_point(|m| m.uid < self.next);
        let before = self.uids.len();
        self.uids.extend(folder.messages()[start..].iter().filter(|m| m.is_visible(now)).map(|m| m.uid));
        self.next = folder.next();
        self.told = folder.modseq();
        Changes { gone, exists: (self.uids.len() > before).then_some(self.uids.len()), changed }
    }

    fn changed(&self, folder: &Folder) -> Vec<(u32, Message)> {
        let newer = folder.messages().iter().filter(|m| m.modseq > self.told && m.uid < self.next);
        newer.filter_map(|m| Some((self.sequence(m.uid)?, m.clone()))).collect()
    }
}

impl Session {
    /// Tells what others did to the selected folder since the client was last told.
    pub(super) fn catch_up(&mut self) -> Result<(), Ending> {
        let store = self.mailstore();
        let Some(view) = &mut self.view else { return Ok(()) };
        let changes = store.read(|mailbox| {
            let folder = mailbox.folder(&view.name).filter(|f| f.validity == view.validity)?;
            Some(if folder.modseq() == view.told { None } else { Some(view.catch_up(folder, clock::instant())) })
        });
        let Some(changes) = changes else {
            return Err(Ending::Bye(Cause::FolderGone, "The selected mailbox is gone.".to_owned()));
        };
        let Some(changes) = changes else { return Ok(()) };
        self.tell_gone(&changes.gone);
        if let Some(count) = changes.exists {
            self.wire.line(format!("* {count} EXISTS"));
        }
        for (sequence, message) in changes.changed {
            self.tell_flags(sequence, &message, true);
        }
        Ok(())
    }

    /// `EXPUNGE`, or `VANISHED` to who enabled QRESYNC (RFC 7162 §3.2.10).
    pub(super) fn tell_gone(&mut self, gone: &[Place]) {
        if gone.is_empty() {
            return;
        }
        if self.enabled.qresync {
            self.wire.line(format!("* VANISHED {}", write_set(gone.iter().map(|place| place.uid))));
            return;
        }
        for place in gone {
            self.wire.line(format!("* {} EXPUNGE", place.sequence));
        }
    }

    /// A FETCH reply that nobody asked for, or that STORE asked for.
    pub(super) fn tell_flags(&mut self, sequence: u32, message: &Message, with_uid: bool) {
        let uid = if with_uid { format!("UID {} ", message.uid) } else { String::new() };
        let modseq = if self.enabled.condstore { format!(" MODSEQ ({})", message.modseq) } else { String::new() };
        let flags = message.flags.encode();
        self.wire.line(format!("* {sequence} FETCH ({uid}FLAGS ({flags}){modseq})"));
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::{
        super::parse::{Part, Scanner},
        *,
    };
    use crate::{lab::mailstore::NewMessage, model::ReceivedAt};

    fn folder_of(count: u32) -> Folder {
        let mut folder = Folder::new(1);
        for _ in 0..count {
            folder.append(NewMessage::new("x", ReceivedAt { unix: 0, offset: 0 }), None);
        }
        folder
    }

    fn resolve(view: &View, set: &'static str, by_uid: bool) -> Option<Vec<u32>> {
        let parts = [Part::Text(Bytes::from_static(set.as_bytes()))];
        let set = Scanner::new(&parts).set().unwrap();
        Some(view.resolve(&set, by_uid)?.into_iter().map(|place| place.uid).collect())
    }

    #[test]
    fn sequence_numbers_stand_still_until_told() {
        let mut folder = folder_of(5);
        let now = clock::instant();
        let mut view = View::open(b"INBOX".to_vec(), &folder, false, now);
        folder.expunge(|m| m.uid == 2 || m.uid == 3);
        folder.append(NewMessage::new("y", ReceivedAt { unix: 0, offset: 0 }), None);
        assert_eq!(resolve(&view, "2:3", false).unwrap(), [2, 3]);
        let changes = view.catch_up(&folder, now);
        assert_eq!(changes.gone.iter().map(|p| p.sequence).collect::<Vec<_>>(), [2, 2]);
        assert_eq!(changes.exists, Some(4));
        assert_eq!(resolve(&view, "2:*", false).unwrap(), [4, 5, 6]);
        assert_eq!(resolve(&view, "5", false), None);
        assert_eq!(resolve(&view, "3:4,100:*", true).unwrap(), [4, 6]);
    }

    #[test]
    fn a_message_shown_late_is_missed_by_an_open_folder() {
        let mut folder = folder_of(1);
        let now = clock::instant();
        let mut view = View::open(b"INBOX".to_vec(), &folder, false, now);
        let later = now + std::time::Duration::from_secs(1);
        folder.append(NewMessage::new("late", ReceivedAt { unix: 0, offset: 0 }), Some(later));
        folder.append(NewMessage::new("soon", ReceivedAt { unix: 0, offset: 0 }), None);
        view.catch_up(&folder, now);
        assert_eq!(resolve(&view, "1:*", true).unwrap(), [1, 3]);
        view.catch_up(&folder, later);
        assert_eq!(resolve(&view, "1:*", true).unwrap(), [1, 3]);
        assert_eq!(View::open(b"INBOX".to_vec(), &folder, false, later).len(), 3);
    }
}

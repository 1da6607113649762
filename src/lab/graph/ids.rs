//! Ids as long as real ones (microsoft365.md §4.2): immutable ones of 72 characters, classic ones of 140 that name the folder too, so that a
//! move changes them.

/// The ids of one mailbox: those of another are never taken for its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ids {
    tag: u32,
}

impl Ids {
    pub(super) fn new() -> Self {
        Ids { tag: fastrand::u32(..) }
    }

    /// `MBX:e0643f21@a7809c93`.
    pub(super) fn mailbox(self) -> String {
        format!("MBX:{:08x}@a7809c93", self.tag)
    }

    pub(super) fn folder(self, serial: u64) -> String {
        format!("AQMkADAw{:08x}{serial:055x}=", self.tag)
    }

    pub(super) fn immutable(self, serial: u64) -> String {
        format!("AAkALgAA{:08x}{serial:055x}=", self.tag)
    }

    pub(super) fn classic(self, folder: u64, serial: u64) -> String {
        format!("AAMkAGI2{:08x}{folder:056x}{serial:067x}=", self.tag)
    }

    pub(super) fn read_folder(self, id: &str) -> Option<u64> {
        hex(self.own(id, "AQMkADAw")?)
    }

    /// An item's serial, with the folder that a classic id names.
    pub(super) fn read_item(self, id: &str) -> Option<(u64, Option<u64>)> {
        if let Some(rest) = self.own(id, "AAkALgAA") {
            return Some((hex(rest)?, None));
        }
        let rest = self.own(id, "AAMkAGI2")?;
        Some((hex(rest.get(56..)?)?, Some(hex(rest.get(..56)?)?)))
    }

    fn own<'a>(self, id: &'a str, prefix: &str) -> Option<&'a str> {
        let rest = id.strip_prefix(prefix)?.strip_suffix('=')?;
        rest.strip_prefix(&format!("{:08x}", self.tag))
    }
}

fn hex(digits: &str) -> Option<u64> {
    u64::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_back_by_their_own_mailbox_only() {
        let (ids, other) = (Ids { tag: 7 }, Ids { tag: 8 });
        assert_eq!((ids.immutable(5).len(), ids.classic(3, 5).len()), (72, 140));
        assert_eq!(ids.read_item(&ids.immutable(5)), Some((5, None)));
        assert_eq!(ids.read_item(&ids.classic(3, 5)), Some((5, Some(3))));
        assert_eq!(ids.read_folder(&ids.folder(9)), Some(9));
        assert_eq!(other.read_item(&ids.immutable(5)), None);
        assert_eq!(ids.read_folder(&ids.immutable(5)), None);
    }
}

//! Mailboxes made from a seed: the same seed gives the same bytes, dates, flags and folders.
//!
//! The mail is written by hand and not by a mail library: a library repairs exactly what must be odd here (8-bit headers,
//! missing ids, bare newlines, over-long lines).

mod exchange;
mod folders;
mod huge;
mod mail;
mod people;
mod utf7;

pub use exchange::{Language, add_control_name, exchange_target};
pub use huge::{huge, one_large};
pub use utf7::{decode_name, encode_name};

use self::mail::Author;
use super::mailstore::{Mailbox, Mailstore, NewMessage};
use crate::model::{Flags, ReceivedAt};

/// How a mailbox is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipe {
    /// Everything follows from it.
    pub seed: u64,
    /// Messages in all folders.
    pub messages: usize,
    /// Between the levels of a name.
    pub delimiter: char,
    /// Before every name but the inbox's, such as `INBOX.`.
    pub prefix: &'static str,
    /// Folders with blanks, quotes, `&`, umlauts and CJK characters.
    pub awkward_names: bool,
    /// Some messages have lines that end in a bare LF.
    pub bare_newlines: bool,
    /// Some messages hold NUL octets.
    pub nul: bool,
    /// Some messages have a line above Exchange's 10,239 octets.
    pub overlong_lines: bool,
    /// The largest attachment (bytes, before base64).
    pub attachment: usize,
}

impl Recipe {
    /// A mailbox of mail that every server takes.
    pub fn new(seed: u64, messages: usize) -> Self {
        Recipe {
            seed,
            messages,
            delimiter: '/',
            prefix: "",
            awkward_names: true,
            bare_newlines: false,
            nul: false,
            overlong_lines: false,
            attachment: 60_000,
        }
    }

    /// Makes the mailbox.
    pub fn build(&self) -> Mailstore {
        Mailstore::new(self.mailbox())
    }

    fn mailbox(&self) -> Mailbox {
        let mut random = fastrand::Rng::with_seed(self.seed);
        let mut mailbox = Mailbox::new(self.delimiter);
        let names = folders::create(&mut mailbox, self.prefix, self.awkward_names);
        let mut author = Author::new(self.clone(), random.fork());
        let mut left = self.messages;
        while left > 0 {
            let at = folders::busy(&mut random, names.len());
            let Some(folder) = names.get(at).and_then(|name| mailbox.folder_mut(name)) else { break };
            let received_at = received_at(&mut random);
            let drafts = folder.role == Some(crate::model::Role::Drafts);
            for content in author.write(received_at, random.u8(..100)).into_iter().take(left) {
                let flags = flags(&mut random, drafts);
                folder.append(NewMessage { content, flags, received_at }, None);
                left -= 1;
            }
            if random.u8(..20) == 0 {
                folder.skip_to(folder.next() + random.u32(1..50));
            }
        }
        mailbox
    }
}

/// Twenty-five years of mail from all zones; now and then a date that no mail program of today would write.
fn received_at(random: &mut fastrand::Rng) -> ReceivedAt {
    const ZONES: [i32; 8] = [0, 3600, 7200, -18_000, -28_800, 19_800, -12_600, 45_900];
    let unix = match random.u8(..100) {
        0 => random.i64(0..400_000_000),
        1 => random.i64(2_000_000_000..2_147_000_000),
        _ => random.i64(946_684_800..1_790_000_000),
    };
    ReceivedAt { unix, offset: random.choice(ZONES).unwrap_or(0) }
}

fn flags(random: &mut fastrand::Rng, draft: bool) -> Flags {
    const CHANCES: [(&str, u8); 8] = [
        ("\\Seen", 70),
        ("\\Answered", 20),
        ("\\Flagged", 8),
        ("\\Deleted", 2),
        ("$Forwarded", 5),
        ("$MDNSent", 3),
        ("NonJunk", 10),
        ("$label1", 6),
    ];
    let drawn = CHANCES.iter().filter(|(_, percent)| random.u8(..100) < *percent).map(|(name, _)| *name);
    let names: Vec<&str> = drawn.chain(draft.then_some("\\Draft")).collect();
    Flags::from_names(names)
}

#[cfg(test)]
mod tests;

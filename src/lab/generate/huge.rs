//! Mailboxes too large to be stored: their messages are computed when somebody asks.

use crate::{
    lab::mailstore::{Computed, Content, Mailbox, Mailstore, NewMessage},
    model::{Flags, ReceivedAt},
};

/// An `INBOX` of `messages` messages of `len` bytes each, none of them stored.
pub fn huge(seed: u64, messages: u32, len: u64) -> Mailstore {
    let mut mailbox = Mailbox::new('/');
    if let Some(inbox) = mailbox.folder_mut(b"INBOX") {
        for number in 0..messages {
            let names = if number % 4 == 0 { None } else { Some("\\Seen") };
            inbox.append(computed(seed, number, len, Flags::from_names(names)), None);
        }
    }
    Mailstore::new(mailbox)
}

/// An `INBOX` of one message of `len` bytes.
pub fn one_large(seed: u64, len: u64) -> Mailstore {
    huge(seed, 1, len)
}

fn computed(seed: u64, number: u32, len: u64, flags: Flags) -> NewMessage {
    let content = Content::Computed(Computed::new(seed.wrapping_mul(1 << 32) + u64::from(number), len));
    NewMessage {
        content,
        flags,
        received_at: ReceivedAt { unix: 1_500_000_000 + i64::from(number) * 60, offset: 7200 },
    }
}

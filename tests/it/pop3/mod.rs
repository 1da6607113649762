//! POP3 as a source: against real servers, and against a host that misbehaves on request.

mod conformance;
mod engine;
mod hazards;
mod trials;

use mailhaul::{
    lab::{
        imap::Accounts,
        mailstore::{Mailstore, NewMessage},
        pop3::{Manner, Server},
    },
    model::ReceivedAt,
    source::pop3::Pop3Source,
};

use crate::{side, support::place};

/// A host of the lab with one maildrop.
pub struct Stand {
    pub server: Server,
    pub store: Mailstore,
}

impl Stand {
    /// With `messages` of [`letter`].
    pub async fn with(messages: u32, manner: Manner) -> Stand {
        let store = Mailstore::empty();
        (0..messages).for_each(|n| deliver(&store, letter(n)));
        let server = Server::start(store.clone(), manner).await.unwrap();
        Stand { server, store }
    }

    /// The maildrop as the product reaches it.
    pub fn source(&self) -> Pop3Source {
        let address = place::loopback(self.server.port());
        Pop3Source::new(side::maildrop(address, Accounts::USER, Accounts::PASSWORD))
    }

    /// The bytes of every message, as POP3 carries them.
    pub fn bodies(&self) -> Vec<Vec<u8>> {
        self.store.read(|mailbox| {
            let inbox = mailbox.folder(b"INBOX").unwrap();
            inbox.messages().iter().map(|message| crate::support::pop3::carried(&message.content.bytes())).collect()
        })
    }

    /// Removes the messages with these UIDs.
    pub fn remove(&self, uids: &[u32]) {
        self.store.write(|mailbox| {
            mailbox.folder_mut(b"INBOX").unwrap().expunge(|message| uids.contains(&message.uid));
        });
    }
}

/// Puts a message into the inbox.
pub fn deliver(store: &Mailstore, mail: Vec<u8>) {
    store.write(|mailbox| {
        mailbox.folder_mut(b"INBOX").unwrap().append(NewMessage::new(mail, ReceivedAt { unix: 0, offset: 0 }), None);
    });
}

/// A small message with dots where they hurt; every seventh is that before it again, every fifth has no end.
pub fn letter(n: u32) -> Vec<u8> {
    let n = if n % 7 == 6 { n - 1 } else { n };
    let end = if n % 5 == 4 { ".no end" } else { "..\r\n.\r\n" };
    let lines = ".a line with a dot\r\n".repeat(n as usize % 9);
    format!(
        "Received: from a by b; Tue, 14 Nov 2023 22:13:{:02} +0100\r\nFrom: a@b\r\nSubject: letter {n}\r\n\
         Message-ID: <{n}@lab.example>\r\n\r\n{lines}body {n}\r\n\r\n{end}",
        n % 60
    )
    .into_bytes()
}

//! The lab's POP3 host: one maildrop of somebody who leaves mail on the server.

use std::{io, path::Path};

use super::{
    certificate::Certificate,
    generate::Recipe,
    imap::Accounts,
    mailstore::{Mailstore, NewMessage},
    passage::Passage,
    pop3::{Manner, Server},
};

/// New messages of a day.
const DAILY: usize = 6;

const PASSAGE: Passage = Passage {
    name: "pop",
    kind: "pop3",
    description: "the lab's POP3 host",
    from: (PopHost::SOURCE_USER, PopHost::SOURCE_PASSWORD),
    to: (PopHost::TARGET_USER, PopHost::TARGET_PASSWORD),
};

/// A running POP3 host; dropping it stops it.
pub(super) struct PopHost {
    server: Server,
    store: Mailstore,
}

impl PopHost {
    /// The user at the source.
    pub const SOURCE_USER: &str = "olga@pop.example.org";
    /// The user at the target.
    pub const TARGET_USER: &str = "olga@contoso.example";
    /// Of the lab alone.
    pub const TARGET_PASSWORD: &str = "new-olga";
    /// Of the lab alone.
    const SOURCE_PASSWORD: &str = "old-olga";

    /// Starts it, with TLS and `messages` in the maildrop.
    ///
    /// # Errors
    /// No port is free.
    pub async fn start(messages: usize, seed: u64, certificate: &Certificate) -> io::Result<PopHost> {
        let store = Mailstore::empty();
        receive(&store, mail(seed, messages));
        let accounts = Accounts::default().with(Self::SOURCE_USER, Self::SOURCE_PASSWORD, store.clone());
        let server = Server::start_tls(0, accounts, Manner::default(), certificate.acceptor()).await?;
        Ok(PopHost { server, store })
    }

    /// Its tables of `mailhaul.toml`.
    pub fn configuration(&self, ca: &Path) -> String {
        PASSAGE.configuration(self.server.port(), ca)
    }

    /// The `pop3.csv` that goes with it.
    pub fn users() -> String {
        PASSAGE.users()
    }

    /// The maildrop receives mail. Returns how many messages are new.
    pub fn go_on(&self) -> usize {
        receive(&self.store, mail(u64::MAX, DAILY));
        DAILY
    }
}

/// Messages of a generated mailbox, wherever they lie in it.
fn mail(seed: u64, messages: usize) -> Vec<NewMessage> {
    Recipe::new(seed, messages).build().read(|mailbox| {
        mailbox.folders().flat_map(|(_, folder)| folder.messages().iter().map(|message| message.again())).collect()
    })
}

fn receive(store: &Mailstore, mail: Vec<NewMessage>) {
    store.write(|mailbox| {
        if let Some(inbox) = mailbox.folder_mut(b"INBOX") {
            mail.into_iter().for_each(|message| {
                inbox.append(message, None);
            });
        }
    });
}

impl std::fmt::Debug for PopHost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PopHost")
    }
}

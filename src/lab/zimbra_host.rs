//! The lab's Zimbra: one mailbox, with tags, drafts and folders that are only mounted there.

use std::{io, path::Path};

use super::{
    certificate::Certificate,
    passage::Passage,
    zimbra::{NewItem, Person, Settings, Zimbra, fill},
};

/// New messages of a day.
const DAILY: usize = 8;

const PASSAGE: Passage = Passage {
    name: "zimbra",
    kind: "zimbra",
    description: "the lab's Zimbra",
    from: (ZimbraHost::SOURCE_USER, ZimbraHost::SOURCE_PASSWORD),
    to: (ZimbraHost::TARGET_USER, ZimbraHost::TARGET_PASSWORD),
};

/// A running Zimbra with a mailbox; dropping it stops it.
#[derive(Debug)]
pub(super) struct ZimbraHost(Zimbra);

impl ZimbraHost {
    /// The user at the source.
    pub const SOURCE_USER: &str = "vera@zimbra.example.org";
    /// The user at the target.
    pub const TARGET_USER: &str = "vera@contoso.example";
    /// Of the lab alone.
    pub const TARGET_PASSWORD: &str = "new-vera";
    /// Of the lab alone.
    const SOURCE_PASSWORD: &str = "old-vera";

    /// Starts it, with TLS and `messages` in the mailbox.
    ///
    /// # Errors
    /// No port is free.
    pub async fn start(messages: usize, seed: u64, certificate: &Certificate) -> io::Result<ZimbraHost> {
        let people = vec![Person::new(Self::SOURCE_USER, Self::SOURCE_PASSWORD)];
        let zimbra = Zimbra::start(people, Settings::default(), Some(certificate.acceptor())).await?;
        zimbra.mailbox(Self::SOURCE_USER, |mailbox| fill(mailbox, messages, seed));
        Ok(ZimbraHost(zimbra))
    }

    /// Its tables of `mailhaul.toml`.
    pub fn configuration(&self, ca: &Path) -> String {
        PASSAGE.configuration(self.0.port(), ca)
    }

    /// The `zimbra.csv` that goes with it.
    pub fn users() -> String {
        PASSAGE.users()
    }

    /// The mailbox receives mail, some is filed, a draft is saved again. Returns how many messages are new.
    pub fn go_on(&self) -> usize {
        self.0.mailbox(Self::SOURCE_USER, |mailbox| {
            let inbox: Vec<u32> = mailbox.items().filter(|item| item.folder == INBOX).map(|item| item.id).collect();
            let project = mailbox.ensure("Projects/2019");
            inbox.iter().take(5).for_each(|id| mailbox.move_to(*id, project));
            let draft =
                mailbox.items().find(|item| item.flags.contains(&'d')).map(|item| (item.id, item.content.clone()));
            if let Some((id, content)) = draft {
                mailbox.rewrite(id, [&content[..], b"One more line.\r\n"].concat().into());
            }
            (0..DAILY).for_each(|number| drop_in(mailbox, number));
        });
        DAILY
    }
}

/// The server's own number of the inbox.
const INBOX: u32 = 2;

fn drop_in(mailbox: &mut super::zimbra::Mailbox, number: usize) {
    let text = format!(
        "From: Emil <emil@old.example>\r\nTo: Vera <{}>\r\nSubject: Today, {number}\r\nDate: Tue, 10 Jun 2025 08:00:00 +0000\r\nMessage-ID: <vera-{number}@old.example>\r\n\r\nNews.\r\n",
        ZimbraHost::SOURCE_USER
    );
    let received = 1_749_542_400 + 60 * i64::try_from(number).unwrap_or_default();
    mailbox
        .add(INBOX, NewItem { content: text.into(), received, flags: "u".to_owned(), tags: vec!["today".to_owned()] });
}

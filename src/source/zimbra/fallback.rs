//! The same mailbox by IMAP, where Zimbra's own interface is closed (zimbra.md §6).
//!
//! Closed means that nothing answers at the door ([`Unopened::closed`]): a wrong password, a throttle, a certificate or a name without an address
//! say nothing about it, and IMAP would only hide them. Whoever was read by one interface goes on with it: ids and versions have nothing in
//! common, and what came by one would come again by the other. So the choice is made before a pass and never in the middle of one.
//!
//! Rejected: to recognise by content what the other interface brought. It is what a pair that was forgotten does, for a person who asks for it.

use async_trait::async_trait;
use tokio::sync::OnceCell;

use super::ZimbraSource;
use crate::{
    error::{Error, Result},
    source::{ReadBy, Remark, SourceConnector, SourceSession, imap::ImapSource},
    zimbra::Unopened,
};

/// What a mailbox loses by IMAP, in words for people.
const LOSSES: [&str; 4] = [
    "Zimbra's own interface was closed, and the mailbox is read by IMAP: no digest of the server's proves that a message is as it was stored",
    "by IMAP Zimbra delivers one message at a time to each account, whatever the number of connections; accounts side by side are not slower",
    "by IMAP tags come as keywords, which Zimbra spells anew where a name has blanks or other characters",
    "by IMAP search folders and folders that other people share look like the mailbox's own: leave them out with --exclude; accounts that are locked or closed are not read at all",
];

/// Why IMAP may refuse what its own interface would open.
const REFUSED: &str = "by IMAP, which opens no account that is locked or closed";

/// A mailbox of Zimbra that is read by IMAP where nothing else is open.
#[derive(Clone)]
pub struct ZimbraOrImap {
    own: ZimbraSource,
    imap: ImapSource,
    chosen: OnceCell<ReadBy>,
}

impl ZimbraOrImap {
    /// `own` and `imap` are one mailbox.
    pub fn new(own: ZimbraSource, imap: ImapSource) -> Self {
        ZimbraOrImap { own, imap, chosen: OnceCell::new() }
    }

    /// What is open. A door that does not answer as it should is not closed: whoever opens it is told why.
    async fn look(&self) -> Result<ReadBy> {
        match self.own.settings.mailbox.knock().await {
            Err(Unopened { error, closed: true }) => match self.imap.open().await {
                Ok(session) => {
                    session.close().await;
                    tracing::warn!(source = self.describe(), %error, "Zimbra's own interface is closed; the mailbox is read by IMAP.");
                    Ok(ReadBy::Imap)
                }
                Err(refused) => Err(neither(&error, refused)),
            },
            Ok(()) | Err(Unopened { closed: false, .. }) => Ok(ReadBy::Own),
        }
    }
}

/// The error of the way that was tried last, with both reasons.
fn neither(closed: &Error, refused: Error) -> Error {
    let subject = format!("{}; {REFUSED}: {}", closed.subject(), refused.subject());
    refused.about(subject)
}

#[async_trait]
impl SourceConnector for ZimbraOrImap {
    async fn choose(&self, begun: Option<ReadBy>) -> Result<ReadBy> {
        let choice = async {
            match begun {
                Some(begun) => Ok(begun),
                None => self.look().await,
            }
        };
        self.chosen.get_or_try_init(|| choice).await.copied()
    }

    async fn open(&self) -> Result<Box<dyn SourceSession>> {
        match self.choose(None).await? {
            ReadBy::Own => self.own.open().await,
            ReadBy::Imap => self.imap.open().await,
        }
    }

    fn describe(&self) -> String {
        self.own.describe()
    }

    fn take_remarks(&self) -> Vec<Remark> {
        self.own.take_remarks()
    }

    fn losses(&self) -> &'static [&'static str] {
        match self.chosen.get() {
            Some(ReadBy::Imap) => &LOSSES,
            Some(ReadBy::Own) | None => &[],
        }
    }
}

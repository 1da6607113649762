//! The same mailbox by IMAP, where Zimbra's own interface is closed (zimbra.md §6).
//!
//! Closed means that nothing answers at the door ([`Unopened::closed`]): a wrong password, a throttle, a certificate or a name without an address
//! say nothing about it, and IMAP would only hide them. Whoever was read by one interface goes on with it: ids and versions have nothing in
//! common, and what came by one would come again by the other. So the choice is made before a pass and never in the middle of one.
//!
//! Rejected: to recognise by content what the other interface brought. It is what a pair that was forgotten does, for a person who asks for it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

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
pub struct ZimbraOrImap {
    own: ZimbraSource,
    imap: ImapSource,
    choice: Mutex<Choice>,
}

/// What is known of the way in.
#[derive(Default)]
enum Choice {
    /// Nobody asked.
    #[default]
    Open,
    /// It is settled for this process.
    Settled(ReadBy),
    /// Neither opened when a pass asked. What it pins then is its own interface, so that it must not find IMAP open a moment later. The error
    /// is told by the next session, so that nobody is refused twice for one attempt.
    Unanswered {
        /// What the next session is told.
        error: Option<Error>,
        /// The same in words, for those after it.
        why: String,
    },
}

impl ZimbraOrImap {
    /// `own` and `imap` are one mailbox.
    pub fn new(own: ZimbraSource, imap: ImapSource) -> Self {
        ZimbraOrImap { own, imap, choice: Mutex::default() }
    }

    /// What is open.
    ///
    /// # Errors
    /// Neither, or the door does not answer as it should, which is not closed.
    async fn look(&self) -> Result<ReadBy> {
        let Err(Unopened { error, closed }) = self.own.settings.mailbox.knock().await else { return Ok(ReadBy::Own) };
        if !closed {
            return Err(error);
        }
        let session = self.imap.open().await.map_err(|refused| neither(&error, refused))?;
        session.close().await;
        tracing::warn!(source = self.describe(), %error, "Zimbra's own interface is closed; the mailbox is read by IMAP.");
        Ok(ReadBy::Imap)
    }

    fn choice(&self) -> MutexGuard<'_, Choice> {
        self.choice.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is settled, if anything is.
    fn settled(&self) -> Option<ReadBy> {
        match *self.choice() {
            Choice::Settled(choice) => Some(choice),
            Choice::Open | Choice::Unanswered { .. } => None,
        }
    }

    /// The way in for one session; `None`: nobody asked yet.
    ///
    /// # Errors
    /// Neither opened when somebody asked, told once.
    fn way(&self) -> Result<Option<ReadBy>> {
        match &mut *self.choice() {
            Choice::Open => Ok(None),
            Choice::Settled(choice) => Ok(Some(*choice)),
            Choice::Unanswered { error, .. } => error.take().map_or(Ok(Some(ReadBy::Own)), Err),
        }
    }

    /// The error with what was found when the pass began, where nothing opened then.
    fn with_reason(&self, error: Error) -> Error {
        match &*self.choice() {
            Choice::Unanswered { why, .. } => {
                let subject = format!("{}; when the pass began: {why}", error.subject());
                error.about(subject)
            }
            Choice::Open | Choice::Settled(_) => error,
        }
    }
}

/// The error of the way that was tried last, with both reasons.
fn neither(closed: &Error, refused: Error) -> Error {
    let subject = format!("its own interface is closed ({}); {REFUSED}: {}", closed.subject(), refused.subject());
    refused.about(subject)
}

#[async_trait]
impl SourceConnector for ZimbraOrImap {
    async fn choose(&self, begun: Option<ReadBy>) -> ReadBy {
        let looked = match begun.or(self.settled()) {
            Some(known) => Ok(known),
            None => self.look().await,
        };
        let (told, choice) = match looked {
            Ok(choice) => (choice, Choice::Settled(choice)),
            Err(error) => {
                let why = error.subject().to_owned();
                (ReadBy::Own, Choice::Unanswered { error: Some(error), why })
            }
        };
        *self.choice() = choice;
        told
    }

    async fn open(&self) -> Result<Box<dyn SourceSession>> {
        let way = match self.way()? {
            Some(way) => way,
            None => {
                let told = self.choose(None).await;
                self.way()?.unwrap_or(told)
            }
        };
        match way {
            ReadBy::Own => self.own.open().await.map_err(|error| self.with_reason(error)),
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
        match self.settled() {
            Some(ReadBy::Imap) => &LOSSES,
            Some(ReadBy::Own) | None => &[],
        }
    }
}

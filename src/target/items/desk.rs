//! What the sessions of one mailbox share: the store, the import session, and who numbers.

use std::sync::Arc;

use tokio::sync::{Mutex, OnceCell};

use super::mail::MailDoor;
use crate::{
    error::{Result, Side},
    graph::{ImportSession, ItemStore, Mailbox},
    ledger::Numbering,
    mailbox::items::needs,
};

/// What the application must be granted at a target (microsoft365.md §5.3).
const RIGHTS: &str = "MailboxItem.ImportExport.All and MailboxFolder.ReadWrite.All";

/// The shared part of all sessions of a mailbox.
pub(super) struct Desk {
    mailbox: Mailbox,
    /// Asked for once.
    store: OnceCell<ItemStore>,
    /// The leave to import, renewed by whoever finds it old while the others wait.
    session: Mutex<Option<Arc<ImportSession>>>,
    pub(super) identity: String,
    pub(super) numbering: Arc<dyn Numbering>,
    /// The way in by IMAP.
    pub(super) mail: MailDoor,
}

impl Desk {
    pub(super) fn new(mailbox: Mailbox, identity: String, numbering: Arc<dyn Numbering>, mail: MailDoor) -> Self {
        Desk { mailbox, store: OnceCell::new(), session: Mutex::default(), identity, numbering, mail }
    }

    pub(super) fn side(&self) -> Side {
        self.mailbox.side()
    }

    /// The mailbox as a store of items.
    pub(super) async fn store(&self) -> Result<&ItemStore> {
        self.store.get_or_try_init(|| self.mailbox.items()).await.map_err(|error| needs(error, RIGHTS))
    }

    /// Leave to import, which is not about to end.
    pub(super) async fn session(&self) -> Result<Arc<ImportSession>> {
        let mut kept = self.session.lock().await;
        if let Some(session) = kept.as_ref().filter(|session| !session.should_renew()) {
            return Ok(Arc::clone(session));
        }
        let session = self.store().await?.import_session().await.map_err(|error| needs(error, RIGHTS))?;
        let session = Arc::new(session);
        *kept = Some(Arc::clone(&session));
        Ok(session)
    }

    /// The service takes nothing by this session any more; another one may have been opened since.
    pub(super) async fn is_over(&self, session: &Arc<ImportSession>) {
        let mut kept = self.session.lock().await;
        if kept.as_ref().is_some_and(|now| Arc::ptr_eq(now, session)) {
            *kept = None;
        }
    }
}

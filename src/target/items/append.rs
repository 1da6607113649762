//! Imports, several side by side (microsoft365.md §5.2).
//!
//! An import creates, so one whose answer is lost leaves its item in doubt; the others go on, and the engine looks at the folder at the end.
//! It assumes that of items of equal evidence one is under way at a time, which the engine sees to. The number is durable before the outcome
//! is told.

use std::collections::VecDeque;

use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::sync::mpsc;

use super::desk::Desk;
use crate::{
    error::{Code, Disposition, Error, Result, Scope},
    graph::Import,
    limits,
    mailbox::items::{about_folder, folder_id},
    model::{FolderName, Reason, TargetUid},
    target::{AppendItem, AppendResult, Appended, Fault, Refusal},
};

/// In what form messages go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// As streams, by import.
    Whole,
    /// As text, by IMAP.
    Mail,
}

/// Sends groups as they come; see [`crate::target::TargetSession::append`].
pub(super) struct Writer<'a> {
    desk: &'a Desk,
    folder: &'a FolderName,
    form: Form,
    validity: u32,
    waiting: VecDeque<AppendItem>,
    /// How many were in doubt one after the other.
    in_a_row: u32,
    /// Why the first of them is: the engine looks at the folder when all others are sent.
    doubtful: Option<Error>,
    /// Outcomes to be told.
    told: VecDeque<Appended>,
    /// Why nothing more is sent.
    failure: Option<Error>,
}

/// What came of one message.
pub(super) enum Landing {
    /// It lies there, under this number; `None`: it will be given one.
    There(Option<u32>),
    /// It certainly does not.
    Not(Error),
    /// Nobody knows.
    InDoubt(Error),
}

impl<'a> Writer<'a> {
    /// # Errors
    /// The ledger failed.
    pub(super) async fn new(desk: &'a Desk, folder: &'a FolderName, form: Form) -> Result<Self> {
        let validity = desk.numbering.numbers(&desk.identity, folder).await?.validity;
        let (waiting, told) = Default::default();
        Ok(Writer { desk, folder, form, validity, waiting, in_a_row: 0, doubtful: None, told, failure: None })
    }

    pub(super) async fn run(
        mut self,
        mut groups: mpsc::Receiver<Vec<AppendItem>>,
        outcomes: mpsc::Sender<Appended>,
    ) -> Result<()> {
        let mut flying = FuturesUnordered::new();
        let mut more = true;
        loop {
            while flying.len() < limits::GRAPH_IN_FLIGHT as usize
                && self.failure.is_none()
                && let Some(item) = self.waiting.pop_front()
            {
                flying.push(put(self.desk, self.folder, self.form, item));
            }
            let hungry = more && self.waiting.is_empty() && self.failure.is_none();
            tokio::select! {
                place = outcomes.reserve(), if !self.told.is_empty() => {
                    let place = place.map_err(|_| Error::canceled())?;
                    if let Some(outcome) = self.told.pop_front() {
                        place.send(outcome);
                    }
                }
                Some((item, landing)) = flying.next(), if !flying.is_empty() => self.take(&item, landing),
                group = groups.recv(), if hungry => match group {
                    Some(group) => self.waiting.extend(group),
                    None => more = false,
                },
                else => break,
            }
        }
        let Some(failure) = self.failure else { return self.doubtful.map_or(Ok(()), Err) };
        groups.close();
        let mut unsent: Vec<AppendItem> = self.waiting.into();
        while let Some(group) = groups.recv().await {
            unsent.extend(group);
        }
        for item in unsent {
            let outcome = Appended { row: item.row, what: AppendResult::NotSent };
            outcomes.send(outcome).await.map_err(|_| Error::canceled())?;
        }
        Err(failure)
    }

    fn take(&mut self, item: &AppendItem, landing: Landing) {
        let what = match landing {
            Landing::There(uid) => {
                self.in_a_row = 0;
                AppendResult::Stored(uid.map(|uid| TargetUid { validity: self.validity, uid }))
            }
            Landing::Not(error) if is_about_the_item(&error) => AppendResult::Refused(refusal(&error)),
            Landing::Not(error) => {
                self.fail(about_folder(error));
                AppendResult::NotSent
            }
            Landing::InDoubt(error) => {
                self.doubt(error);
                AppendResult::Unanswered(None)
            }
        };
        self.told.push_back(Appended { row: item.row, what });
    }

    /// One import that got no answer says little of the others; several in a row, that nothing is answered any more.
    fn doubt(&mut self, error: Error) {
        self.in_a_row += 1;
        if error.disposition() == Disposition::InDoubt && self.in_a_row < limits::GRAPH_IN_FLIGHT {
            self.doubtful.get_or_insert(error);
        } else {
            self.fail(error);
        }
    }

    /// A stated back-off comes before everything else, for it says when to come back.
    fn fail(&mut self, error: Error) {
        let stated = |error: &Error| matches!(error.disposition(), Disposition::RetryAfter(Some(_)));
        if self.failure.as_ref().is_none_or(|known| stated(&error) && !stated(known)) {
            self.failure = Some(error);
        }
    }
}

async fn put(desk: &Desk, folder: &FolderName, form: Form, item: AppendItem) -> (AppendItem, Landing) {
    match form {
        Form::Whole => import(desk, folder, item).await,
        Form::Mail => (item.clone(), desk.mail.put(desk, folder, item).await),
    }
}

/// Imports one item, with another session if this one is over.
async fn import(desk: &Desk, folder: &FolderName, item: AppendItem) -> (AppendItem, Landing) {
    for _ in 0..limits::IMPORT_SESSIONS {
        let session = match desk.session().await {
            Ok(session) => session,
            Err(error) => return (item, Landing::Not(error.scoped(Scope::Mailbox))),
        };
        let store = match desk.store().await {
            Ok(store) => store,
            Err(error) => return (item, Landing::Not(error)),
        };
        match store.import(&session, &folder_id(folder), item.body.clone()).await {
            Ok(Import::Done { item_id, change_key }) => {
                let placed = desk.numbering.place(&desk.identity, folder, vec![(item_id, change_key)]).await;
                let landing = match placed.map(|numbers| numbers.first().copied()) {
                    Ok(Some(number)) => Landing::There(Some(number)),
                    Ok(None) => Landing::InDoubt(Error::bug("an item was given no number")),
                    Err(error) => Landing::InDoubt(error),
                };
                return (item, landing);
            }
            Ok(Import::SessionOver) => desk.is_over(&session).await,
            Err(error) if error.disposition() == Disposition::InDoubt => {
                // Asking again later is what there is to do.
                return (item, Landing::InDoubt(error.scoped(Scope::Mailbox)));
            }
            Err(error) => return (item, Landing::Not(error)),
        }
    }
    let subject = "every new import session is refused";
    let error = Error::new(Code::AuthAccess, desk.side(), Scope::Mailbox, Disposition::NeedsPerson, subject);
    (item, Landing::Not(error))
}

/// Whether another item may fare better. A folder that is gone is told as an item that is, and a time to come back holds for all of them.
pub(super) fn is_about_the_item(error: &Error) -> bool {
    let is_back_off =
        matches!(error.disposition(), Disposition::RetryAfter(Some(_))) || error.code() == Code::Throttled;
    error.scope() <= Scope::Message && error.code() != Code::ItemVanished && !is_back_off
}

fn refusal(error: &Error) -> Refusal {
    let fault = if error.code() == Code::ItemTooBig { Fault::TooBig } else { Fault::Unknown };
    let code = if error.code() == Code::ItemTooBig { Code::ItemTooBig } else { Code::ItemRefused };
    Refusal { fault, reason: Reason { code, words: error.reply().unwrap_or_else(|| error.subject()).to_owned() } }
}

//! The door for what the service does not take whole: mail, by IMAP, into the same mailbox and folder (microsoft365.md part II).
//!
//! One message at a time on one connection, opened for the first of them: they are few, and each is recognised by its evidence alone. IMAP's
//! numbers are not those of [`Numbering`](crate::ledger::Numbering), so the place of what is stored is told by the next look. Where there is
//! no way in by IMAP, the message is refused with that.

use std::{collections::HashMap, sync::Arc};

use tokio::sync::{Mutex, mpsc};

use super::{append::Landing, desk::Desk, folders};
use crate::{
    clock,
    error::{Code, Disposition, Error, Result, Scope, Side},
    limits,
    mailbox::items::folder_id,
    model::{FolderName, FolderPath},
    target::{AppendItem, AppendResult, Appended, Refusal, TargetConnector, TargetFolder, TargetSession},
};

/// The way to the mailbox by IMAP, if there is one.
pub(super) struct MailDoor {
    connector: Option<Arc<dyn TargetConnector>>,
    door: Mutex<Door>,
}

enum Door {
    /// Nobody tried it, or its connection was lost.
    Closed,
    Open(Open),
    /// It does not open, for this reason: no other message tries it, for each try is a sign-in.
    Shut(String),
}

/// An open connection.
struct Open {
    session: Box<dyn TargetSession>,
    /// IMAP's names of folders by their ids at Graph.
    names: HashMap<String, FolderName>,
}

impl MailDoor {
    pub(super) fn new(connector: Option<Arc<dyn TargetConnector>>) -> Self {
        MailDoor { connector, door: Mutex::new(Door::Closed) }
    }

    /// Appends a message to the folder that Graph knows by the id `folder`.
    pub(super) async fn put(&self, desk: &Desk, folder: &FolderName, item: AppendItem) -> Landing {
        let Some(connector) = &self.connector else {
            return Landing::Not(refused(desk.side(), "no IMAP server of the target is known".to_owned()));
        };
        let mut door = self.door.lock().await;
        if matches!(*door, Door::Closed) {
            match open(connector, desk).await {
                Ok(opened) => *door = opened,
                Err(error) => return Landing::Not(error.scoped(Scope::Mailbox)),
            }
        }
        let open = match &mut *door {
            Door::Open(open) => open,
            Door::Shut(words) => return Landing::Not(refused(desk.side(), words.clone())),
            Door::Closed => return Landing::Not(Error::bug("a door that was opened is closed")),
        };
        let Some(name) = open.names.get(&folder_id(folder)).cloned() else {
            return Landing::Not(refused(desk.side(), "IMAP shows no such folder at the target".to_owned()));
        };
        let (landing, lasts) = append(desk.side(), open.session.as_mut(), &name, item).await;
        if !lasts {
            *door = Door::Closed;
        }
        landing
    }
}

/// Opens the door, with a few tries where it may be a moment's trouble.
///
/// # Errors
/// Graph's folders cannot be listed, or IMAP stated a time to come back.
async fn open(connector: &Arc<dyn TargetConnector>, desk: &Desk) -> Result<Door> {
    let key = |path: &FolderPath| path.0.iter().map(|segment| segment.to_lowercase()).collect::<Vec<_>>();
    let places = folders::list(desk).await?.into_iter();
    let mut tries = 0;
    let (session, listed) = loop {
        tries += 1;
        match session(connector).await {
            Ok(opened) => break opened,
            Err(error) => match error.disposition() {
                Disposition::RetryAfter(Some(_)) => return Err(error),
                Disposition::RetryAfter(None) if tries < limits::MAIL_DOOR_TRIES => {
                    clock::sleep(limits::MAIL_DOOR_WAIT * tries).await;
                }
                _ => return Ok(Door::Shut(format!("the target's IMAP is not reachable: {error}"))),
            },
        }
    };
    let shown = listed.into_iter().filter(|folder| folder.selectable);
    let by_path: HashMap<Vec<String>, FolderName> = shown.map(|folder| (key(&folder.path), folder.name)).collect();
    let names = places.filter_map(|place| Some((place.id, by_path.get(&key(&place.path))?.clone()))).collect();
    Ok(Door::Open(Open { session, names }))
}

async fn session(connector: &Arc<dyn TargetConnector>) -> Result<(Box<dyn TargetSession>, Vec<TargetFolder>)> {
    let mut session = connector.open().await?;
    let listed = session.folders().await?;
    Ok((session, listed))
}

/// What came of it, and whether the session goes on.
async fn append(side: Side, session: &mut dyn TargetSession, folder: &FolderName, item: AppendItem) -> (Landing, bool) {
    let (hand, handed) = mpsc::channel(1);
    let (tell, mut told) = mpsc::channel::<Appended>(1);
    if hand.try_send(vec![item]).is_err() {
        return (Landing::Not(Error::bug("a fresh channel is full")), false);
    }
    drop(hand);
    let last = async {
        let mut last = None;
        while let Some(Appended { what, .. }) = told.recv().await {
            last = Some(what);
        }
        last
    };
    let (ended, last) = tokio::join!(session.append(folder, handed, tell), last);
    let lasts = ended.is_ok();
    let error = || {
        let lost = |words| Error::new(Code::Lost, side, Scope::Mailbox, Disposition::RetryAfter(None), words);
        ended.err().unwrap_or_else(|| lost("the target's IMAP did not answer"))
    };
    let landing = match last {
        Some(AppendResult::Stored(_)) => Landing::There(None),
        Some(AppendResult::Refused(Refusal { reason, .. })) => Landing::Not(refused(side, reason.words)),
        Some(AppendResult::NotSent) => Landing::Not(error().scoped(Scope::Mailbox)),
        Some(AppendResult::Unanswered(_)) | None => Landing::InDoubt(error().scoped(Scope::Mailbox)),
    };
    (landing, lasts)
}

fn refused(side: Side, words: String) -> Error {
    Error::new(Code::ItemRefused, side, Scope::Message, Disposition::GiveUp, "a message by IMAP").with_reply(words)
}

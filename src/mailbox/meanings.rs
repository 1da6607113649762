//! What the well-known folders of an Exchange mailbox mean, whatever they are called there (microsoft365.md §4.1).

use std::collections::HashMap;

use futures_util::{StreamExt, TryStreamExt, stream};

use crate::{
    error::Result,
    graph::{Mailbox, WellKnown},
    limits,
    model::Role,
};

/// The well-known folders that mean something here: a role, or a reason not to read.
pub(crate) const MEANINGS: [(WellKnown, Meaning); 9] = [
    (WellKnown::Inbox, Meaning::Role(Role::Inbox)),
    (WellKnown::Drafts, Meaning::Role(Role::Drafts)),
    (WellKnown::SentItems, Meaning::Role(Role::Sent)),
    (WellKnown::DeletedItems, Meaning::Role(Role::Trash)),
    (WellKnown::JunkEmail, Meaning::Role(Role::Junk)),
    (WellKnown::Archive, Meaning::Role(Role::Archive)),
    (WellKnown::Outbox, Meaning::NotRead("it holds what is about to be sent")),
    (WellKnown::SyncIssues, Meaning::NotRead("it holds Outlook's own notes of failed synchronisation")),
    (WellKnown::SearchFolders, Meaning::NotRead("it shows messages that lie in other folders")),
];

/// What a folder means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// What the folder is for.
    Role(Role),
    /// Why it is not read.
    NotRead(&'static str),
}

/// By id: a GET on the name returns the id, whatever the folder is called (§4.1).
pub(crate) async fn meanings(mailbox: &Mailbox) -> Result<HashMap<String, Meaning>> {
    let asked = MEANINGS
        .into_iter()
        .map(|(name, meaning)| async move { Ok(mailbox.well_known(name).await?.map(|folder| (folder.id, meaning))) });
    let found: Vec<Option<_>> = stream::iter(asked).buffered(limits::GRAPH_IN_FLIGHT as usize).try_collect().await?;
    Ok(found.into_iter().flatten().collect())
}

//! A newer version takes the place of an item that was imported before (microsoft365.md §5.2, `Mode: update`).
//!
//! Only of one that is as it was left: its version is compared with the one that the numbering remembers, and the service compares once more.
//! Before an update goes, the numbering remembers that it is on its way: a version that is another one afterwards is then taken for its
//! effect, whose answer was lost.

use futures_util::{StreamExt, TryStreamExt, stream};

use super::{append::is_about_the_item, desk::Desk};
use crate::{
    body::Body,
    error::{Code, Disposition, Error, Result, Scope},
    graph::Import,
    ledger::{NumberedItem, Which},
    limits,
    mailbox::items::{about_folder, folder_id},
    model::{FolderName, Reason, TargetUid},
    target::Renewed,
};

/// What a remembered version begins with while an update is on its way.
const ON_ITS_WAY: char = '?';

/// Renews items of a folder; see [`crate::target::TargetSession::renew`].
pub(super) async fn renew(
    desk: &Desk,
    folder: &FolderName,
    validity: u32,
    items: Vec<(u32, Body)>,
) -> Result<Vec<Renewed>> {
    if desk.numbering.numbers(&desk.identity, folder).await?.validity != validity {
        return Ok(items.iter().map(|_| Renewed::Unable).collect());
    }
    let work = items.into_iter().map(|(number, body)| one(desk, folder, TargetUid { validity, uid: number }, body));
    stream::iter(work).buffered(limits::GRAPH_IN_FLIGHT as usize).try_collect().await
}

async fn one(desk: &Desk, folder: &FolderName, at: TargetUid, body: Body) -> Result<Renewed> {
    let known = desk.numbering.items(&desk.identity, folder, Which::These(vec![at.uid])).await?.pop();
    let Some(NumberedItem { item, revision, .. }) = known else { return Ok(Renewed::Gone) };
    let now = match desk.store().await?.item(&folder_id(folder), &item).await {
        Ok(now) => now.change_key,
        Err(error) if error.code() == Code::ItemVanished => return Ok(Renewed::Gone),
        Err(error) => return Err(about_folder(error)),
    };
    if let Some(before) = revision.strip_prefix(ON_ITS_WAY).filter(|before| *before != now) {
        tracing::debug!(?folder, before, now, "The answer to an update was lost; it took effect.");
        return placed(desk, folder, at, item, now).await;
    }
    if revision.trim_start_matches(ON_ITS_WAY) != now {
        return Ok(Renewed::Changed);
    }
    placed(desk, folder, at, item.clone(), format!("{ON_ITS_WAY}{now}")).await?;
    send(desk, folder, at, (&item, &now), body).await
}

async fn send(
    desk: &Desk,
    folder: &FolderName,
    at: TargetUid,
    (item, version): (&str, &str),
    body: Body,
) -> Result<Renewed> {
    for _ in 0..limits::IMPORT_SESSIONS {
        let session = desk.session().await?;
        let sent = desk.store().await?.update(&session, &folder_id(folder), (item, version), body.clone()).await;
        let error = match sent {
            Ok(Import::Done { item_id, change_key }) => return placed(desk, folder, at, item_id, change_key).await,
            Ok(Import::SessionOver) => {
                desk.is_over(&session).await;
                continue;
            }
            Err(error) => error,
        };
        return match error.code() {
            _ if error.disposition() == Disposition::InDoubt => Err(error.scoped(Scope::Mailbox)),
            Code::Identity => Ok(Renewed::Changed),
            Code::ItemVanished => Ok(Renewed::Gone),
            _ if is_about_the_item(&error) => {
                let words = error.reply().unwrap_or_else(|| error.subject()).to_owned();
                Ok(Renewed::Refused(Reason { code: Code::ItemRefused, words }))
            }
            _ => Err(about_folder(error)),
        };
    }
    let subject = "every new import session is refused";
    Err(Error::new(Code::AuthAccess, desk.side(), Scope::Mailbox, Disposition::NeedsPerson, subject))
}

/// Remembers in which version an item was left.
async fn placed(desk: &Desk, folder: &FolderName, at: TargetUid, item: String, version: String) -> Result<Renewed> {
    let numbers = desk.numbering.place(&desk.identity, folder, vec![(item, version)]).await?;
    Ok(Renewed::Done(TargetUid { uid: numbers.first().copied().unwrap_or(at.uid), ..at }))
}

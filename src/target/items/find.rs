//! Items of a folder with their evidence, by number.
//!
//! What is there is known by the changes; the service is asked for evidence, and an item that it has no more is noted as gone. All of a folder
//! costs a request for 500 items. What is found is held until all of it is, some hundred bytes an item: the service lists in an order of its own.

use std::collections::HashSet;

use super::{desk::Desk, look};
use crate::{
    error::Result,
    ledger::{NumberedItem, Seen, Which},
    limits,
    mailbox::items::{about_folder, evidence, folder_id},
    model::{Flags, FolderName, TargetUid},
    target::{Find, FolderStatus, Found},
};

/// What `which` names of the folder, ascending, and the counters from before.
pub(super) async fn find(desk: &Desk, folder: &FolderName, which: Find) -> Result<(FolderStatus, Vec<Found>)> {
    let numbers = look::numbers(desk, folder).await?;
    let items = numbered(desk, folder, which).await?;
    let store = desk.store().await?;
    let wanted: HashSet<String> = items.iter().map(|item| item.item.clone()).collect();
    let told = match wanted.is_empty() {
        true => Default::default(),
        false => evidence(store, &folder_id(folder), &wanted, numbers.live).await.map_err(about_folder)?,
    };
    let gone: Vec<String> = wanted.into_iter().filter(|id| !told.contains_key(id)).collect();
    if !gone.is_empty() {
        desk.numbering.see(&desk.identity, folder, Seen { gone, ..Seen::default() }).await?;
    }
    let found = items.into_iter().filter_map(|NumberedItem { number, item, .. }| {
        let evidence = told.get(&item)?.as_ref();
        Some(Found {
            at: TargetUid { validity: numbers.validity, uid: number },
            flags: Flags::default(),
            received_at: evidence.and_then(|evidence| evidence.received_at),
            // The store's size of an item is another than the length of its stream (§5.4): it is no evidence.
            size: 0,
            fingerprint: evidence.map(|evidence| evidence.fingerprint),
            message_id: evidence.and_then(|evidence| evidence.message_id.clone()),
            body_hash: None,
        })
    });
    Ok((look::status(&numbers), found.collect()))
}

async fn numbered(desk: &Desk, folder: &FolderName, which: Find) -> Result<Vec<NumberedItem>> {
    let mut items: Vec<NumberedItem> = Vec::new();
    let mut first = match which {
        // No item is asked for by its Message-ID: not every one has any.
        Find::MessageIds(_) => return Ok(items),
        Find::Uids(uids) => {
            for page in uids.chunks(limits::LEDGER_PAGE) {
                items.extend(desk.numbering.items(&desk.identity, folder, Which::These(page.to_vec())).await?);
            }
            return Ok(items);
        }
        Find::All => 1,
        Find::From(first) => first,
    };
    loop {
        let page = desk.numbering.items(&desk.identity, folder, Which::From(first)).await?;
        let Some(last) = page.last() else { return Ok(items) };
        first = last.number.saturating_add(1);
        items.extend(page);
    }
}

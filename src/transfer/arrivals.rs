//! What arrived at a target folder and answers for no row yet.

use tokio::sync::mpsc;

use super::{matching::Item, run::Run};
use crate::{
    error::Result,
    limits,
    model::{FolderName, Mark},
    target::{Evidence, Find, FolderStatus, Found, TargetSession},
};

/// Unclaimed messages of a folder.
pub(super) struct Arrivals {
    /// The folder's counters from before they were read.
    pub status: FolderStatus,
    /// Messages that answer for no row; the id is the UID.
    pub unclaimed: Vec<Item>,
    /// UIDs in the range that no message has: somebody moved or removed it.
    pub gap: bool,
}

/// Reads the messages from UID `from` on that answer for no row of any pair.
pub(super) async fn unclaimed(
    run: &Run,
    target: &mut dyn TargetSession,
    folder: &FolderName,
    from: u32,
) -> Result<Arrivals> {
    let (sender, mut pages) = mpsc::channel::<Vec<Found>>(limits::LISTING_QUEUE);
    let sift = async {
        let (mut unclaimed, mut existing) = (Vec::new(), 0_u32);
        while let Some(page) = pages.recv().await {
            existing = existing.saturating_add(u32::try_from(page.len()).unwrap_or(u32::MAX));
            unclaimed.extend(without_claimed(run, folder, page).await?);
        }
        Ok::<_, crate::error::Error>((unclaimed, existing))
    };
    let find = target.find(folder, Find::From(from.max(1)), Evidence::Header, sender);
    let (status, sifted) = tokio::join!(find, sift);
    let (unclaimed, existing) = sifted?;
    let status = status?;
    Ok(Arrivals { status, unclaimed, gap: existing < status.next.saturating_sub(from.max(1)) })
}

async fn without_claimed(run: &Run, folder: &FolderName, page: Vec<Found>) -> Result<Vec<Item>> {
    let Some(validity) = page.first().map(|found| found.at.validity) else { return Ok(Vec::new()) };
    let uids = page.iter().map(|found| found.at.uid).collect();
    let mut claimed: Vec<u32> =
        run.ledger.claimed(run.lease, folder, validity, uids).await?.into_iter().map(|(uid, _)| uid).collect();
    claimed.sort_unstable();
    let free = page.into_iter().filter(|found| claimed.binary_search(&found.at.uid).is_err());
    Ok(free.filter_map(item).collect())
}

fn item(found: Found) -> Option<Item> {
    let Found { at, received_at, size, fingerprint, .. } = found;
    Some(Item { id: i64::from(at.uid), fingerprint: fingerprint?, size, received_at, hash: None })
}

/// The UID a mark begins at, if it speaks of this life of the folder.
pub(super) fn mark_start(mark: &Option<Mark>, validity: u32) -> Option<u32> {
    let (marked, next) = FolderStatus::read_mark(mark.as_ref()?)?;
    (marked == validity).then_some(next)
}

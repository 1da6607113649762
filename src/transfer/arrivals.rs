//! What arrived at a target folder and answers for no row yet.

use std::collections::{HashMap, HashSet};

use tokio::sync::mpsc;

use super::{matching::Item, run::Run};
use crate::{
    error::{Error, Result},
    limits,
    model::{Fingerprint, FolderName, Mark},
    target::{Evidence, Find, FolderStatus, Found, TargetSession},
};

/// Unclaimed messages of a folder.
pub(super) struct Arrivals {
    /// The folder's counters from before they were read.
    pub status: FolderStatus,
    /// Messages that answer for no row; the id is the UID.
    pub unclaimed: Vec<Item>,
    /// What each of them is recognised by if it came as mail to a target of whole items; by UID.
    pub as_mail: HashMap<i64, Fingerprint>,
    /// UIDs in the range that no message has: somebody moved or removed it.
    pub gap: bool,
}

/// Messages by their evidence as mail.
pub(super) type Strangers = HashMap<Fingerprint, Vec<Item>>;

impl Arrivals {
    /// Nothing.
    pub fn none(status: FolderStatus) -> Arrivals {
        Arrivals { status, unclaimed: Vec::new(), as_mail: HashMap::new(), gap: false }
    }

    /// Those that may have come as mail, by their evidence.
    pub fn strangers(self) -> Strangers {
        let mut strangers = Strangers::new();
        for item in self.unclaimed {
            if let Some(evidence) = self.as_mail.get(&item.id) {
                strangers.entry(*evidence).or_default().push(item);
            }
        }
        strangers
    }
}

/// Reads the messages from UID `from` on that answer for no row of any pair. Headers are asked only for those.
pub(super) async fn unclaimed(
    run: &Run,
    target: &mut dyn TargetSession,
    folder: &FolderName,
    from: u32,
) -> Result<Arrivals> {
    let from = from.max(1);
    let (status, uids, existing) = strangers(run, target, folder, from).await?;
    let gap = existing < status.next.saturating_sub(from);
    let mut arrivals = Arrivals { gap, ..Arrivals::none(status) };
    for page in uids.chunks(limits::LEDGER_PAGE) {
        headers(target, folder, page.to_vec(), &mut arrivals).await?;
    }
    Ok(arrivals)
}

/// UIDs that answer for no row, and how many messages there are in all.
async fn strangers(
    run: &Run,
    target: &mut dyn TargetSession,
    folder: &FolderName,
    from: u32,
) -> Result<(FolderStatus, Vec<u32>, u32)> {
    let (sender, mut pages) = mpsc::channel::<Vec<Found>>(limits::LISTING_QUEUE);
    let sift = async {
        let (mut strangers, mut existing) = (Vec::new(), 0_u32);
        while let Some(page) = pages.recv().await {
            existing = existing.saturating_add(u32::try_from(page.len()).unwrap_or(u32::MAX));
            let Some(validity) = page.first().map(|found| found.at.validity) else { continue };
            let uids: Vec<u32> = page.iter().map(|found| found.at.uid).collect();
            let claimed = run.ledger.claimed(run.lease, folder, validity, uids.clone()).await?;
            let claimed: HashSet<u32> = claimed.into_iter().map(|(uid, _)| uid).collect();
            strangers.extend(uids.into_iter().filter(|uid| !claimed.contains(uid)));
        }
        Ok::<_, Error>((strangers, existing))
    };
    let find = target.find(folder, Find::From(from), Evidence::Attributes, sender);
    let (status, sifted) = tokio::join!(find, sift);
    let (strangers, existing) = sifted?;
    Ok((status?, strangers, existing))
}

async fn headers(
    target: &mut dyn TargetSession,
    folder: &FolderName,
    uids: Vec<u32>,
    arrivals: &mut Arrivals,
) -> Result<()> {
    let (sender, mut pages) = mpsc::channel::<Vec<Found>>(limits::LISTING_QUEUE);
    let read = async {
        while let Some(page) = pages.recv().await {
            let as_mail = |found: &Found| Some((i64::from(found.at.uid), found.as_mail()?));
            arrivals.as_mail.extend(page.iter().filter_map(as_mail));
            arrivals.unclaimed.extend(page.into_iter().filter_map(item));
        }
    };
    let (status, ()) = tokio::join!(target.find(folder, Find::Uids(uids), Evidence::Header, sender), read);
    status.map(drop)
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

//! What the sources share that can tell nothing of a message but all of it.

use tokio::sync::mpsc;

use super::{FetchItem, FetchResult, Fetched};
use crate::{
    error::{Code, Disposition, Error, Result, Scope, Side},
    limits, mime,
    model::{Fingerprint, FolderName},
};

/// The fingerprints of what `fetch` brings, as [`super::SourceSession::fingerprints`] tells them.
pub(super) async fn fingerprints<Fetch>(
    items: Vec<FetchItem>,
    fetch: impl FnOnce(mpsc::Receiver<Vec<FetchItem>>, mpsc::Sender<Fetched>) -> Fetch,
) -> Result<Vec<(i64, Fingerprint)>>
where
    Fetch: Future<Output = Result<()>>,
{
    let (to_fetch, queue) = mpsc::channel(1);
    let (bodies, mut arrived) = mpsc::channel(limits::LANE_QUEUE);
    to_fetch.try_send(items).map_err(|_| Error::bug("a fresh channel is full"))?;
    drop(to_fetch);
    let collected = async {
        let mut fingerprints = Vec::new();
        while let Some(Fetched { row, what }) = arrived.recv().await {
            if let FetchResult::Body(body) = what {
                fingerprints.extend(mime::fingerprint_body(&body).ok().map(|print| (row, print)));
            }
        }
        fingerprints
    };
    let (fetched, fingerprints) = tokio::join!(fetch(queue, bodies), collected);
    fetched.map(|()| fingerprints)
}

/// Refuses to read `folder` under another epoch than the one that it was listed with.
pub(super) fn same_life(same: bool, side: Side, folder: &FolderName) -> Result<()> {
    if same {
        return Ok(());
    }
    Err(Error::new(Code::Identity, side, Scope::Folder, Disposition::RetryAfter(None), format!("folder {folder:?}")))
}

//! Reads single bodies where evidence is wanted, outside the copy stream.

use std::collections::HashMap;

use tokio::sync::mpsc;

use super::{copy, run::Run};
use crate::{
    body::Body,
    error::{Code, Disposition, Error, Result, Scope, Side},
    limits,
    model::{BodyHash, FolderName},
    source::{FetchItem, FetchResult, Fetched, SourceSession},
    target::{Evidence, Find, Found, TargetSession},
};

/// Hashes by row, the original's first.
pub(super) type Forms = HashMap<i64, Vec<BodyHash>>;

/// What source messages are by their bytes: for each row the hashes of all that it may be at a target that takes lines of
/// `max_line` bytes ([`copy::forms`]). Those that cannot be read are left out.
pub(super) async fn forms(
    run: &Run,
    source: &mut dyn SourceSession,
    folder: &FolderName,
    epoch: u64,
    items: Vec<FetchItem>,
    max_line: Option<usize>,
) -> Result<Forms> {
    let (wanted, queue) = mpsc::channel(1);
    let (sender, mut bodies) = mpsc::channel::<Fetched>(limits::LANE_QUEUE);
    let feed = async move {
        for chunk in items.chunks(limits::FETCH_CHUNK) {
            if wanted.send(chunk.to_vec()).await.is_err() {
                break;
            }
        }
    };
    let read = async {
        let mut forms = Forms::new();
        while let Some(fetched) = bodies.recv().await {
            match fetched.what {
                FetchResult::Body(body) | FetchResult::AsMail(body, _) => {
                    drop(forms.insert(fetched.row, copy::forms(&body, max_line)?))
                }
                FetchResult::Sealed(stream) => drop(forms.insert(fetched.row, vec![hash(&stream).await?])),
                FetchResult::Vanished | FetchResult::Unreadable(_) => {}
            }
        }
        Ok::<_, Error>(forms)
    };
    let (fetched, (), forms) = tokio::join!(source.fetch(folder, epoch, queue, sender), feed, read);
    run.go_on()?;
    fetched?;
    forms
}

/// Hashes of target messages by UID.
pub(super) async fn target_hashes(
    target: &mut dyn TargetSession,
    folder: &FolderName,
    mut uids: Vec<u32>,
) -> Result<HashMap<u32, BodyHash>> {
    uids.sort_unstable();
    let (sender, mut pages) = mpsc::channel::<Vec<Found>>(limits::LISTING_QUEUE);
    let read = async {
        let mut hashes = HashMap::new();
        while let Some(page) = pages.recv().await {
            hashes.extend(page.into_iter().filter_map(|found| Some((found.at.uid, found.body_hash?))));
        }
        hashes
    };
    let (status, hashes) = tokio::join!(target.find(folder, Find::Uids(uids), Evidence::Body, sender), read);
    status?;
    Ok(hashes)
}

/// The hash of bytes that are sent as they are. Those on disk are not read on a thread that others wait for.
pub(super) async fn hash(body: &Body) -> Result<BodyHash> {
    if body.as_memory().is_some() {
        return body.hash().map_err(spool_error);
    }
    let body = body.clone();
    let work = tokio::task::spawn_blocking(move || body.hash().map_err(spool_error));
    work.await.map_err(|panic| Error::bug("hashing a large item").with_source(panic))?
}

/// The spool's disk failed.
pub(super) fn spool_error(error: std::io::Error) -> Error {
    let what = format!("the spool in {}", std::env::temp_dir().display());
    Error::new(Code::Disk, Side::System, Scope::Run, Disposition::NeedsPerson, what).with_source(error)
}

/// Flags, dates and sizes of target messages by UID; those that are not there are left out.
pub(super) async fn attributes(
    target: &mut dyn TargetSession,
    folder: &FolderName,
    uids: Vec<u32>,
) -> Result<HashMap<u32, Found>> {
    found(target, folder, uids, Evidence::Attributes).await
}

/// The same, and what their headers tell.
pub(super) async fn headers(
    target: &mut dyn TargetSession,
    folder: &FolderName,
    uids: Vec<u32>,
) -> Result<HashMap<u32, Found>> {
    found(target, folder, uids, Evidence::Header).await
}

async fn found(
    target: &mut dyn TargetSession,
    folder: &FolderName,
    mut uids: Vec<u32>,
    evidence: Evidence,
) -> Result<HashMap<u32, Found>> {
    uids.sort_unstable();
    let (sender, mut pages) = mpsc::channel::<Vec<Found>>(limits::LISTING_QUEUE);
    let read = async {
        let mut there = HashMap::new();
        while let Some(page) = pages.recv().await {
            there.extend(page.into_iter().map(|found| (found.at.uid, found)));
        }
        there
    };
    let (status, there) = tokio::join!(target.find(folder, Find::Uids(uids), evidence, sender), read);
    status?;
    Ok(there)
}

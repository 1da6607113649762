//! Bodies read back, and compared with what was sent.

use std::collections::HashMap;

use tokio::sync::mpsc;

use super::Walk;
use crate::{
    error::Result,
    limits,
    model::{BodyHash, FolderName},
    target::{Evidence, Find, Sight, Sighting, TargetSession},
    transfer::run::Run,
};

/// Reads the samples of all walks back and counts what differs.
pub(super) async fn compare(run: &Run, target: &mut dyn TargetSession, walks: &mut [Walk<'_>]) -> Result<()> {
    let mut parts = parts(walks).into_iter().peekable();
    while parts.peek().is_some() {
        run.go_on()?;
        let some: Vec<Part> = parts.by_ref().take(limits::VERIFY_FOLDERS).collect();
        let altered = altered(target, &some).await?;
        for (part, altered) in some.iter().zip(altered) {
            if let Some(walk) = walks.get_mut(part.walk) {
                walk.differences.altered += altered;
            }
        }
    }
    Ok(())
}

/// Bodies of one folder that are read together.
struct Part {
    /// The walk they are of.
    walk: usize,
    folder: FolderName,
    /// The hash of what was sent, by UID.
    sent: HashMap<u32, BodyHash>,
}

fn parts(walks: &[Walk<'_>]) -> Vec<Part> {
    let of = |(at, walk): (usize, &Walk<'_>)| {
        let folder = walk.job.folder.clone();
        let hashed =
            |chunk: &[crate::ledger::Placed]| chunk.iter().filter_map(|row| Some((row.uid, row.body_hash?))).collect();
        let part = move |sent| Part { walk: at, folder: folder.clone(), sent };
        walk.sample.chunks(limits::LEDGER_PAGE).map(hashed).map(part).collect::<Vec<_>>()
    };
    walks.iter().enumerate().flat_map(of).collect()
}

/// How many bodies of each part differ. One that is not there, or that the server cannot show, tells nothing.
async fn altered(target: &mut dyn TargetSession, parts: &[Part]) -> Result<Vec<u64>> {
    let wanted = parts.iter().map(|part| {
        let mut uids: Vec<u32> = part.sent.keys().copied().collect();
        uids.sort_unstable();
        (part.folder.clone(), Find::Uids(uids))
    });
    let (sender, mut told) = mpsc::channel::<Sighting>(limits::LISTING_QUEUE);
    let count = async {
        let mut altered = vec![0; parts.len()];
        let mut unreadable = None;
        while let Some(Sighting { at, what }) = told.recv().await {
            match (what, parts.get(at), altered.get_mut(at)) {
                (Sight::Found(page), Some(part), Some(altered)) => {
                    let differs = |uid, hash| part.sent.get(&uid).is_some_and(|sent| *sent != hash);
                    let page = page.iter().filter_map(|found| Some((found.at.uid, found.body_hash?)));
                    *altered += page.filter(|(uid, hash)| differs(*uid, *hash)).count() as u64;
                }
                (Sight::Unreadable(error), ..) => unreadable = unreadable.or(Some(error)),
                _ => {}
            }
        }
        unreadable.map_or(Ok(altered), Err)
    };
    let (found, altered) = tokio::join!(target.find_each(wanted.collect(), Evidence::Body, sender), count);
    found?;
    altered
}

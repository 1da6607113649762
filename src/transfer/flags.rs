//! Flags that changed at the source: the difference is applied at the target, so that what its user did there stays.

use std::collections::HashSet;

use super::{job::Job, run::Run};
use crate::{
    error::Result,
    ledger::{Correction, Row, RowQuery},
    target::TargetSession,
};

/// Applies the differences of one target folder.
pub(super) async fn apply(run: &Run, target: &mut dyn TargetSession, job: &Job) -> Result<()> {
    let keywords = target.capabilities().keeps_keywords;
    let mut query = RowQuery {
        target_folder: Some(job.folder.clone()),
        flags_differ: true,
        has_target: Some(true),
        gone: Some(false),
        removed: Some(false),
        ..Run::page()
    };
    loop {
        let page = run.ledger.rows(run.lease.pair, query.clone()).await?;
        let Some(last) = page.last() else { return Ok(()) };
        query.after = Some(last.id);
        let differs = |row: &Row| {
            let change = row.applied.change_to(&row.flags.kept(keywords));
            let at = row.target.filter(|_| !change.is_empty() && !row.missing_at_target)?;
            Some((row.id, at, change, row.flags.kept(keywords)))
        };
        let changes: Vec<_> = page.iter().filter_map(differs).collect();
        let Some(validity) = changes.first().map(|(_, at, ..)| at.validity) else { continue };
        let wanted = changes.iter().map(|(_, at, change, _)| (at.uid, change.clone())).collect();
        let there: HashSet<u32> = target.set_flags(&job.folder, validity, wanted).await?.into_iter().collect();
        let applied = changes.into_iter().filter(|(_, at, ..)| there.contains(&at.uid));
        let corrections = applied.map(|(row, _, _, flags)| Correction::Applied(row, flags)).collect();
        run.ledger.correct(run.lease, corrections).await?;
    }
}

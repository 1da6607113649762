//! `--deletions mirror`: what is gone from the source goes from the target too, within guards.
//!
//! The old content of a message that was rewritten in place (a draft that was saved again) goes in any case, once the new one has arrived:
//! it is not deleted at the source, it is another one there.
//!
//! Only messages this ledger appended, whose row is gone by positive evidence, and which stand unchanged at the target: one that its user
//! flagged or read there stays. More than the guards allow waits for a person.

use super::{
    Attention, Deletions, Severity,
    absence::{self, Absent},
    bodies,
    job::Job,
    run::Run,
};
use crate::{
    error::{Code, Result, Side},
    ledger::{Correction, Row, RowQuery},
    limits,
    model::RowState,
    target::TargetSession,
};

/// What is removed at the target in a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Removal {
    /// Nothing: the source's messages never change.
    Nothing,
    /// Old contents of messages whose new ones arrived.
    Superseded,
    /// Those, and whatever is gone from the source.
    Gone,
}

/// What this pass may remove. `versions`: the source's messages may change.
pub(super) async fn allowed(run: &Run, versions: bool) -> Result<Removal> {
    let fallback = if versions { Removal::Superseded } else { Removal::Nothing };
    let Deletions::Mirror { approved } = run.options.deletions else { return Ok(fallback) };
    let tallies = run.ledger.tally(run.lease.pair, None).await?;
    let total: u64 = tallies.iter().map(|t| t.in_scope).sum();
    let waiting = count_waiting(run).await?;
    if run.unread() > 0 {
        wait_for_unread(run, waiting);
        return Ok(fallback);
    }
    if approved || within(waiting, total) {
        return Ok(Removal::Gone);
    }
    let mut line = Attention::new(Severity::Review, Code::Identity, Side::Source, waiting);
    line.problem =
        format!("{waiting} of {total} messages are gone from the source; that many are not removed by themselves");
    line.next_step = "Check the source. If the deletions are meant, approve them and run again.".to_owned();
    run.attend(line);
    Ok(fallback)
}

/// What is gone from one folder may have been moved to one that could not be listed: nothing is removed, approved or not.
fn wait_for_unread(run: &Run, waiting: u64) {
    if waiting == 0 {
        return;
    }
    let mut line = Attention::new(Severity::Review, Code::Identity, Side::Source, waiting);
    line.problem = format!(
        "{waiting} messages are gone from the source, but a folder could not be listed: they may lie there, and are not removed"
    );
    line.next_step = "Make the folder readable, or exclude it, and run again.".to_owned();
    run.attend(line);
}

/// The guards of design §5.
fn within(waiting: u64, total: u64) -> bool {
    waiting <= limits::MIRROR_COUNT && waiting.saturating_mul(100) <= total.saturating_mul(limits::MIRROR_SHARE_PERCENT)
}

async fn count_waiting(run: &Run) -> Result<u64> {
    let mut query = RowQuery { has_target: Some(true), superseded: Some(false), ..removable() };
    let mut waiting = 0;
    loop {
        let page = run.ledger.rows(run.lease.pair, query.clone()).await?;
        let Some(last) = page.last() else { return Ok(waiting) };
        query.after = Some(last.id);
        waiting += page.iter().filter(|row| !row.missing_at_target).count() as u64;
    }
}

fn removable() -> RowQuery {
    RowQuery { states: vec![RowState::Copied], gone: Some(true), removed: Some(false), ..Run::page() }
}

/// Removes from one target folder what it may.
pub(super) async fn apply(run: &Run, target: &mut dyn TargetSession, job: &Job, removal: Removal) -> Result<()> {
    let superseded = match removal {
        Removal::Nothing => return Ok(()),
        Removal::Superseded => Some(true),
        Removal::Gone => None,
    };
    let mut query =
        RowQuery { target_folder: Some(job.folder.clone()), has_target: Some(true), superseded, ..removable() };
    loop {
        let page = run.ledger.rows(run.lease.pair, query.clone()).await?;
        let Some(last) = page.last() else { return Ok(()) };
        query.after = Some(last.id);
        let rows: Vec<Row> = page.into_iter().filter(|row| !row.missing_at_target).collect();
        remove_unchanged(run, target, job, rows).await?;
    }
}

async fn remove_unchanged(run: &Run, target: &mut dyn TargetSession, job: &Job, rows: Vec<Row>) -> Result<()> {
    let uid_of = |row: &Row| row.target.map(|at| at.uid);
    let there = bodies::attributes(target, &job.folder, rows.iter().filter_map(uid_of).collect()).await?;
    let unchanged = |row: &&Row| {
        let found = uid_of(row).and_then(|uid| there.get(&uid));
        found.is_some_and(|found| row.target == Some(found.at) && found.flags == row.applied)
    };
    let (doomed, kept): (Vec<&Row>, Vec<&Row>) = rows.iter().partition(unchanged);
    let uids: Vec<u32> = doomed.iter().filter_map(|row| uid_of(row)).collect();
    let uids = if uids.is_empty() { uids } else { target.editor().removable(&job.folder, uids).await? };
    let (doomed, staying): (Vec<&Row>, Vec<&Row>) =
        doomed.into_iter().partition(|row| uid_of(row).is_some_and(|uid| uids.contains(&uid)));
    if !staying.is_empty() {
        note(
            run,
            job,
            staying.len(),
            "gone from the source, and of a kind that is not removed or changed since: they stay",
        );
    }
    if !uids.is_empty() {
        let expunged = target.editor().remove(&job.folder, uids).await?;
        run.ledger.correct(run.lease, doomed.iter().map(|row| Correction::Removed(row.id)).collect()).await?;
        if !expunged {
            note(run, job, doomed.len(), "the target cannot remove single messages; they are marked \\Deleted");
        }
    }
    // Gone there too: its user took it away, or it is as it was to be. Changed there: its user wants it.
    let (absent, changed): (Vec<&Row>, Vec<&Row>) =
        kept.into_iter().partition(|row| uid_of(row).is_none_or(|uid| !there.contains_key(&uid)));
    let absent: Vec<Absent> = absent.into_iter().filter_map(Absent::of).collect();
    let judged = absence::judge(run, &job.folder, &absent).await?.into_iter().map(|learnt| match learnt {
        Correction::Missing(row, _) => Correction::Removed(row),
        by_user => by_user,
    });
    run.ledger.correct(run.lease, judged.collect()).await?;
    if !changed.is_empty() {
        note(run, job, changed.len(), "gone from the source but changed at the target by its user: they stay");
    }
    Ok(())
}

fn note(run: &Run, job: &Job, count: usize, problem: &str) {
    let mut line = Attention::new(Severity::Note, Code::Identity, Side::Target, count as u64);
    line.folder = Some(job.path.to_string());
    line.problem = problem.to_owned();
    line.next_step = "Nothing to do.".to_owned();
    run.attend(line);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guards() {
        assert!(within(0, 0) && within(5, 100) && within(100, 10_000));
        assert!(!within(6, 100) && !within(101, 1_000_000));
    }
}

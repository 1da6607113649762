//! Step 6: the target's own answer against the ledger, folder by folder, in UID order on both sides and bounded memory.
//!
//! On targets that keep bytes a row is verified by its UID, date and size, and a sample of body hashes (all, with `--content`); on
//! targets that render anew by its UID and date. Flags that differ from what was sent are their user's and only told. A message
//! that is gone again is told as missing: it is never copied a second time, for its user may have removed it.

use std::collections::VecDeque;

use tokio::sync::mpsc;

use super::{Attention, PassKind, Severity, VerifyLevel, bodies, job::Job, reconcile, run::Run};
use crate::{
    error::{Code, Result, Side},
    ledger::{Correction, Placed, RowQuery, TargetFolderState},
    limits,
    model::{ReceivedAt, RowState},
    target::{Evidence, Find, FolderStatus, Found, TargetSession},
};

/// What the comparison of one folder found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Differences {
    /// Copied rows that are not there. Those of this pass are a loss, older ones may be their user's doing.
    pub missing: u64,
    /// Of these, copied in this pass.
    pub lost: u64,
    /// Rows whose message has another size, date or content.
    pub altered: u64,
    /// Messages that answer for no row: there before, or arrived since.
    pub extra: u64,
    /// Rows whose flags are not what was sent.
    pub reflagged: u64,
    /// Rows that arrived without telling their place.
    pub unplaced: u64,
}

impl Differences {
    /// Whether the folder may count as verified.
    pub fn sound(&self) -> bool {
        self.lost == 0 && self.altered == 0 && self.unplaced == 0
    }

    pub fn add(&mut self, other: Differences) {
        self.missing += other.missing;
        self.lost += other.lost;
        self.altered += other.altered;
        self.extra += other.extra;
        self.reflagged += other.reflagged;
        self.unplaced += other.unplaced;
    }
}

/// Compares one folder; the counters it was found with are remembered, so that an untouched folder costs nothing next time.
pub(super) async fn verify(run: &Run, target: &mut dyn TargetSession, job: &Job) -> Result<Differences> {
    if let Some(empty) = job.status.filter(|status| status.messages == 0)
        && owes_nothing(run, job).await?
    {
        remember(run, job, empty, true).await?;
        return Ok(Differences::default());
    }
    let (sender, pages) = mpsc::channel(limits::LISTING_QUEUE);
    let find = target.find(&job.folder, Find::All, Evidence::Attributes, sender);
    let mut walk = Walk::new(run, job);
    let (status, compared) = tokio::join!(find, walk.compare(pages));
    compared?;
    let status = status?;
    let Walk { mut differences, sample, missing, found_again, .. } = walk;
    correct(run, missing, found_again).await?;
    // Under another UIDVALIDITY than before no UID of ours holds any more: those rows count as unplaced from here on.
    reconcile::known_state(run, &job.folder, status).await?;
    differences.altered += compare_content(run, target, job, sample).await?;
    differences.unplaced = count_unplaced(run, job).await?;
    report(run, job, &differences);
    remember(run, job, status, differences.sound() && differences.missing == 0).await?;
    Ok(differences)
}

/// Whether no message of ours ever went to the folder: then there is nothing to look for.
async fn owes_nothing(run: &Run, job: &Job) -> Result<bool> {
    let states = vec![RowState::Intended, RowState::Copied, RowState::AlreadyPresent];
    let query = RowQuery { target_folder: Some(job.folder.clone()), states, limit: 1, ..RowQuery::default() };
    Ok(run.ledger.rows(run.lease.pair, query).await?.is_empty())
}

/// Remembers the counters that everything in the folder is accounted for with.
pub(super) async fn remember(run: &Run, job: &Job, status: FolderStatus, verified: bool) -> Result<()> {
    let FolderStatus { validity, next, messages, modseq } = status;
    let state = TargetFolderState { validity, next, messages, modseq, verified };
    run.ledger.set_target_folder(run.lease, &job.folder, state).await
}

/// A merge of two ascending sequences: rows with a place, messages that are there.
struct Walk<'a> {
    run: &'a Run,
    job: &'a Job,
    rows: VecDeque<Placed>,
    validity: u32,
    after: u32,
    ended: bool,
    differences: Differences,
    sample: Vec<Placed>,
    candidates: u64,
    missing: Vec<i64>,
    found_again: Vec<i64>,
}

impl<'a> Walk<'a> {
    fn new(run: &'a Run, job: &'a Job) -> Self {
        Walk {
            run,
            job,
            rows: VecDeque::new(),
            validity: job.status.map_or(0, |status| status.validity),
            after: 0,
            ended: false,
            differences: Differences::default(),
            sample: Vec::new(),
            candidates: 0,
            missing: Vec::new(),
            found_again: Vec::new(),
        }
    }

    async fn compare(&mut self, mut pages: mpsc::Receiver<Vec<Found>>) -> Result<()> {
        while let Some(page) = pages.recv().await {
            for found in page {
                self.validity = found.at.validity;
                while let Some(row) = self.next_row(Some(found.at.uid)).await? {
                    self.absent(&row);
                }
                self.fill().await?;
                match self.rows.front() {
                    Some(row) if row.uid == found.at.uid => {
                        if let Some(row) = self.rows.pop_front() {
                            self.present(row, &found);
                        }
                    }
                    _ => self.differences.extra += 1,
                }
            }
        }
        while let Some(row) = self.next_row(None).await? {
            self.absent(&row);
        }
        Ok(())
    }

    async fn next_row(&mut self, below: Option<u32>) -> Result<Option<Placed>> {
        self.fill().await?;
        let passed = self.rows.front().is_some_and(|row| below.is_none_or(|uid| row.uid < uid));
        Ok(if passed { self.rows.pop_front() } else { None })
    }

    async fn fill(&mut self) -> Result<()> {
        if self.rows.is_empty() && !self.ended {
            let page = self.run.ledger.placed(self.run.lease.pair, &self.job.folder, self.validity, self.after).await?;
            self.ended = page.is_empty();
            self.after = page.last().map_or(self.after, |row| row.uid);
            self.rows = page.into();
        }
        Ok(())
    }

    fn absent(&mut self, row: &Placed) {
        if row.removed || (row.gone && !row.copied_this_pass) {
            return;
        }
        self.differences.missing += 1;
        self.differences.lost += u64::from(row.copied_this_pass && row.state == RowState::Copied);
        if !row.missing_at_target {
            self.missing.push(row.row);
        }
    }

    fn present(&mut self, row: Placed, found: &Found) {
        if row.missing_at_target {
            self.found_again.push(row.row);
        }
        if row.state == RowState::Copied {
            let resized = self.job.keeps_bytes && row.sent_size.is_some_and(|sent| sent != found.size);
            if resized || redated(row.received_at, found.received_at) {
                self.differences.altered += 1;
                return;
            }
        }
        self.differences.reflagged += u64::from(found.flags != row.applied);
        self.consider(row);
    }

    /// A reservoir: every row with a hash has the same chance to be in the sample; with `--content` all are.
    fn consider(&mut self, row: Placed) {
        if row.body_hash.is_none() || !self.job.keeps_bytes {
            return;
        }
        self.candidates += 1;
        if self.run.options.verify == VerifyLevel::Content || self.sample.len() < limits::VERIFY_SAMPLE {
            self.sample.push(row);
        } else {
            let at = fastrand::u64(..self.candidates);
            if let Some(place) = usize::try_from(at).ok().and_then(|at| self.sample.get_mut(at)) {
                *place = row;
            }
        }
    }
}

/// A source without dates leaves the date to the header or the target.
fn redated(sent: Option<ReceivedAt>, found: Option<ReceivedAt>) -> bool {
    matches!((sent, found), (Some(sent), Some(found)) if sent.unix != found.unix)
}

async fn correct(run: &Run, missing: Vec<i64>, found_again: Vec<i64>) -> Result<()> {
    let missing = missing.into_iter().map(|row| Correction::Missing(row, true));
    let again = found_again.into_iter().map(|row| Correction::Missing(row, false));
    let corrections: Vec<_> = missing.chain(again).collect();
    for page in corrections.chunks(limits::LEDGER_PAGE) {
        run.ledger.correct(run.lease, page.to_vec()).await?;
    }
    Ok(())
}

/// Reads bodies back and compares them with what was sent; returns how many differ.
async fn compare_content(run: &Run, target: &mut dyn TargetSession, job: &Job, sample: Vec<Placed>) -> Result<u64> {
    let mut altered = 0;
    for page in sample.chunks(limits::LEDGER_PAGE) {
        run.go_on()?;
        let there = bodies::target_hashes(target, &job.folder, page.iter().map(|row| row.uid).collect()).await?;
        let differs = |row: &&Placed| there.get(&row.uid).is_some_and(|hash| Some(*hash) != row.body_hash);
        altered += page.iter().filter(differs).count() as u64;
    }
    Ok(altered)
}

async fn count_unplaced(run: &Run, job: &Job) -> Result<u64> {
    let query = RowQuery {
        target_folder: Some(job.folder.clone()),
        states: vec![RowState::Copied],
        has_target: Some(false),
        missing_at_target: Some(false),
        removed: Some(false),
        ..Run::page()
    };
    Ok(run.ledger.rows(run.lease.pair, query).await?.len() as u64)
}

/// Tells a person what differs.
fn report(run: &Run, job: &Job, differences: &Differences) {
    let missing = differences.missing - differences.lost;
    let lines = [
        (
            Severity::Block,
            differences.lost,
            "were copied in this pass but are not at the target",
            "Run again; if it stays so, ask the target's administrator what removes arriving mail.",
        ),
        (
            Severity::Block,
            differences.altered,
            "are at the target with another content, size or date than was sent",
            "Compare them at both sides; something changed them at the target.",
        ),
        (
            Severity::Review,
            differences.unplaced,
            "were acknowledged by the target, which does not show them",
            "Run `mailhaul verify` later; the target may show them late.",
        ),
        (
            Severity::Note,
            missing,
            "were copied earlier and are not at the target any more; they are not copied again",
            "Nothing to do if the mailbox's user removed or moved them.",
        ),
    ];
    for (severity, count, problem, next_step) in lines {
        if count > 0 {
            run.attend(line(job, severity, count, problem, next_step));
        }
    }
    // Mail that was there before or arrives by itself is the rule, not worth a line in every pass.
    if differences.extra > 0 && run.options.pass == PassKind::Verify {
        let problem = "are at the target but not from this migration";
        run.attend(line(
            job,
            Severity::Note,
            differences.extra,
            problem,
            "Nothing to do: mail that was there before or arrived since.",
        ));
    }
    if differences.reflagged > 0 && run.options.pass == PassKind::Verify {
        let problem = "have other flags at the target than were copied";
        run.attend(line(
            job,
            Severity::Note,
            differences.reflagged,
            problem,
            "Nothing to do: the mailbox's user changed them.",
        ));
    }
}

fn line(job: &Job, severity: Severity, count: u64, problem: &str, next_step: &str) -> Attention {
    let mut line = Attention::new(severity, Code::Identity, Side::Target, count);
    line.folder = Some(job.path.to_string());
    line.problem = format!("{count} messages {problem}");
    line.next_step = next_step.to_owned();
    line
}

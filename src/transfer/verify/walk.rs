//! One folder's messages beside its rows.

use std::collections::VecDeque;

use super::Differences;
use crate::{
    error::{Error, Result},
    ledger::Placed,
    limits,
    model::{ReceivedAt, RowState, TargetUid},
    target::{FolderStatus, Found},
    transfer::{VerifyLevel, absence::Absent, job::Job, run::Run},
};

/// A merge of two ascending sequences: rows with a place, messages that are there.
pub(super) struct Walk<'a> {
    run: &'a Run,
    pub job: &'a Job,
    /// The job's place in its round.
    pub at: usize,
    rows: VecDeque<Placed>,
    validity: u32,
    after: u32,
    ended: bool,
    pub differences: Differences,
    /// Rows whose bodies are to be read back.
    pub sample: Vec<Placed>,
    candidates: u64,
    /// Rows found missing for the first time.
    pub missing: Vec<Absent>,
    pub found_again: Vec<i64>,
    /// The counters of the folder, once it was told to the end, or why it cannot be read.
    pub told: Option<Result<FolderStatus>>,
}

impl<'a> Walk<'a> {
    pub fn new(run: &'a Run, job: &'a Job, at: usize) -> Self {
        Walk {
            run,
            job,
            at,
            rows: VecDeque::new(),
            validity: job.status.map_or(0, |status| status.validity),
            after: 0,
            ended: false,
            differences: Differences::default(),
            sample: Vec::new(),
            candidates: 0,
            missing: Vec::new(),
            found_again: Vec::new(),
            told: None,
        }
    }

    /// Compares a page of messages, which follow those before.
    pub async fn take(&mut self, page: Vec<Found>) -> Result<()> {
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
        Ok(())
    }

    /// All messages were told: what is left of the rows is not there.
    pub async fn end(&mut self, status: FolderStatus) -> Result<()> {
        self.validity = status.validity;
        while let Some(row) = self.next_row(None).await? {
            self.absent(&row);
        }
        self.told = Some(Ok(status));
        Ok(())
    }

    /// The folder cannot be read.
    pub fn fail(&mut self, error: Error) {
        self.told = Some(Err(error));
        self.sample.clear();
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
        if !row.missing_at_target {
            let at = TargetUid { validity: self.validity, uid: row.uid };
            self.missing.push(Absent { row: row.row, at, adopted: row.state == RowState::AlreadyPresent });
        } else if row.removed_by_user {
            self.differences.removed_by_user += 1;
        } else {
            self.differences.lost += 1;
        }
    }

    fn present(&mut self, row: Placed, found: &Found) {
        if row.missing_at_target {
            self.found_again.push(row.row);
        }
        if row.state == RowState::Copied {
            let resized = self.job.keeps_bytes && row.sent_size.is_some_and(|sent| sent != found.size);
            // Where evidence is told it holds the date, as it was sent.
            let another = match (row.fingerprint, found.fingerprint) {
                (Some(sent), Some(found)) => sent != found,
                _ => redated(row.received_at, found.received_at),
            };
            if resized || another {
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

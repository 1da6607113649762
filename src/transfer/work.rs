//! One folder's work, top to bottom: settle what is in doubt, adopt what is there, copy, climb the ladder with what was refused, find the
//! places, apply flags, remove what was superseded or deleted. [`verify`] comes after it, for many folders at once.

use super::{
    Event, PassKind, VerifyLevel, adopt, copy, flags,
    job::Job,
    mirror::{self, Removal},
    reconcile,
    refusals::{self, Ladder},
    renew,
    run::Run,
    sides::Sides,
    stillness::Goodbyes,
    twins::{self, Alone, Turn},
    verify,
};
use crate::{
    error::Result,
    ledger::{FolderRow, RowQuery, Settlement},
    model::RowState,
};

/// The work on one target folder.
pub(super) struct Work<'a> {
    pub run: &'a Run,
    pub job: &'a Job,
    /// What is removed at the target in this pass.
    removal: Removal,
    /// Attempts of this pass so far.
    attempts: u32,
    /// How far the latest attempt came, even if it failed.
    progress: copy::Progress,
    /// The attempt before settled none: messages go one by one, so that the one which ends the session is found.
    careful: bool,
    /// The attempt before was told when to come back: no message is to blame.
    waited: bool,
    /// Refused messages, from attempt to attempt.
    ladder: Ladder,
    /// What becomes of messages that have a twin.
    turn: Turn,
    /// Messages that wait for no twin.
    alone: Alone,
}

/// What is still to be done when a folder's work is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    /// Nothing.
    Nothing,
    /// To verify it.
    Verify,
    /// To come back when the messages that others are copies of arrived.
    Twins,
}

impl<'a> Work<'a> {
    pub fn new(run: &'a Run, job: &'a Job, removal: Removal, turn: Turn) -> Self {
        // A trial takes a few messages of each folder: nothing in it waits for messages that the trial leaves out.
        let alone = Alone { all: turn == Turn::Alone || run.options.pass == PassKind::Trial, ..Alone::default() };
        let (progress, ladder) = (copy::Progress::default(), Ladder::of(run.pair.target.transport()));
        Work { run, job, removal, attempts: 0, progress, careful: false, waited: false, ladder, turn, alone }
    }

    /// Whether the latest attempt brought the folder forward.
    pub fn made_progress(&self) -> bool {
        self.progress.settled > 0
    }

    /// The latest attempt ended with a stated time to come back.
    pub fn wait(&mut self) {
        self.waited = true;
    }

    /// Carries it out, or goes on with it after an attempt that failed.
    pub async fn carry_out(&mut self, sides: &mut Sides) -> Result<Rest> {
        let Work { run, job, .. } = *self;
        self.careful = self.attempts > 0 && self.progress.settled == 0 && !self.waited;
        self.waited = false;
        self.attempts += 1;
        self.progress.settled = 0;
        if run.options.pass == PassKind::Verify {
            return Ok(Rest::Verify);
        }
        let open = self.has_listed().await?;
        if !open && job.untouched() && !self.has_loose_ends().await? {
            return Ok(Rest::Nothing);
        }
        if let Some(folder) = job.sources.first() {
            run.tell(Event::Folder(folder.path.clone()));
        }
        self.copy(sides, open).await?;
        let target = sides.target(run).await?;
        flags::apply(run, target, job).await?;
        mirror::apply(run, target, job, self.removal).await?;
        run.go_on()?;
        if open && !self.alone.all && twins::waiting(run, job).await? {
            return Ok(Rest::Twins);
        }
        if run.options.verify != VerifyLevel::None {
            return Ok(Rest::Verify);
        }
        let status = target.status(&job.folder).await?;
        verify::remember(run, job, status, false).await?;
        Ok(Rest::Nothing)
    }

    async fn copy(&mut self, sides: &mut Sides, open: bool) -> Result<()> {
        let Work { run, job, .. } = *self;
        let target = sides.target(run).await?;
        let alone = if self.attempts > 1 { reconcile::alone_in_doubt(run, &job.folder).await? } else { None };
        let arrivals = reconcile::settle(run, target, job, self.attempts > 1, &self.progress.goodbyes).await?;
        // Before anything is appended: a row's next doubt must not be taken for this one.
        self.progress.goodbyes = Goodbyes::default();
        if let Some(row) = alone {
            self.ladder.strike(row);
        }
        let mut status = arrivals.status;
        if open || self.has_listed().await? {
            let (source, target) = sides.both(run).await?;
            adopt::adopt(run, source, target, job, arrivals).await?;
        }
        verify::remember(run, job, status, false).await?;
        self.ladder.recheck(run).await?;
        for folder in &job.sources {
            vanish(run, folder).await?;
            if has_listed(run, folder).await? {
                let (source, target) = sides.both(run).await?;
                self.progress.settled += renew::apply(run, source, target, job, folder, status.validity).await?;
                if self.turn == Turn::Copies {
                    let alone = &mut self.alone;
                    self.progress.settled += twins::duplicate(run, target, job, folder, &mut status, alone).await?;
                }
                let (except, careful, alone) = (self.ladder.rows(), self.careful, self.alone.clone());
                let feed = copy::Feed::Listed { except, careful, alone };
                let (copied, ended) = copy::copy(run, source, target, job, folder, status, feed).await;
                self.progress.join(copied.progress);
                self.ladder.take(copied.refused);
                ended?;
                refusals::climb(run, sides, job, folder, status, &mut self.ladder, &mut self.progress).await?;
                run.go_on()?;
            }
        }
        reconcile::place_arrived(run, sides.target(run).await?, &job.folder).await
    }

    async fn has_listed(&self) -> Result<bool> {
        for folder in &self.job.sources {
            if has_listed(self.run, folder).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Rows in doubt, with flags to apply or to be mirrored.
    async fn has_loose_ends(&self) -> Result<bool> {
        let here = || RowQuery { target_folder: Some(self.job.folder.clone()), limit: 1, ..RowQuery::default() };
        let doubt = RowQuery { states: vec![RowState::Intended], ..here() };
        let flagged = RowQuery { flags_differ: true, has_target: Some(true), gone: Some(false), ..here() };
        let mirrored = RowQuery {
            states: vec![RowState::Copied],
            gone: Some(true),
            removed: Some(false),
            missing_at_target: Some(false),
            superseded: (self.removal == Removal::Superseded).then_some(true),
            ..here()
        };
        let mirrors = self.removal != Removal::Nothing;
        for query in [doubt, flagged].into_iter().chain(mirrors.then_some(mirrored)) {
            if !self.run.ledger.rows(self.run.lease.pair, query).await?.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

async fn has_listed(run: &Run, folder: &FolderRow) -> Result<bool> {
    let states = vec![RowState::Listed];
    let query = RowQuery { folder: Some(folder.id), states, in_scope: Some(true), limit: 1, ..RowQuery::default() };
    Ok(!run.ledger.rows(run.lease.pair, query).await?.is_empty())
}

/// Listed messages that are gone from the source can't be copied any more.
async fn vanish(run: &Run, folder: &FolderRow) -> Result<()> {
    let states = vec![RowState::Listed];
    let query = RowQuery { folder: Some(folder.id), states, gone: Some(true), ..Run::page() };
    loop {
        let page = run.ledger.rows(run.lease.pair, query.clone()).await?;
        if page.is_empty() {
            return Ok(());
        }
        let vanished = page.iter().map(|row| Settlement::new(row.id, RowState::Listed, RowState::Vanished)).collect();
        run.ledger.settle(run.lease, vanished).await?;
    }
}

//! Labels and keywords as categories: what a message carries beside its folder, where the target keeps neither (Gmail's labels when one copy
//! is wanted; keywords at Exchange, quirk 27).
//!
//! A step of its own after mail arrived, and one that stops none: what cannot be set is told and stays to be done. Each row remembers what
//! its message has from us ([`Correction::Categories`]), so that a pass that was cut off between the APPEND and the change goes on there, what is
//! done is not done again, and only the difference is applied ([`difference`]). What is asked for is written down before it is set, with what the
//! message had then: or what its user had set could not be told from what we did.
//!
//! What a message is to have follows from the source's rows at each pass. Rejected: to keep that in the ledger as well, where it would have to
//! follow every label that is given and taken.

mod difference;

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use self::difference::Owned;
use super::{
    Attention, CategoriesReport, Keywords, Labels, PassKind, Severity, bodies, retry::Budget, run::Run, sides::Sides,
};
use crate::{
    error::{Code, Error, Result, Side},
    ledger::{Carried, Correction, FolderId, Row, RowQuery},
    limits,
    model::{FolderName, FolderPath, RowState},
    target::{Categories, Sighted, Sought},
};

/// Gives messages at the target their categories; `None` where none are wanted. `keeps_keywords`: the target has them as they are.
pub(super) async fn carry(run: &Run, keeps_keywords: bool) -> Result<Option<CategoriesReport>> {
    let labels = run.options.labels == Labels::Categories;
    let keywords = run.options.keywords == Keywords::Categories && !keeps_keywords;
    if run.options.pass == PassKind::Verify || !(labels || keywords) {
        return Ok(None);
    }
    let (mut sides, mut budget) = (Sides::default(), Budget::new());
    let mut refused = None;
    let step = loop {
        let given_up = refused.is_some();
        let mut step = Step::of(run, keywords, refused.take()).await?;
        match step.walk(&mut sides).await {
            Ok(()) => break step,
            Err(error) => {
                if let Err(error) = budget.again(run, &mut sides, error).await {
                    run.go_on()?;
                    if given_up {
                        return Err(error);
                    }
                    // The mail itself arrived; only what goes with it is left for the next pass.
                    refused = Some(error);
                }
            }
        }
    };
    sides.close().await;
    step.tell();
    Ok(Some(step.report))
}

/// A row whose message lacks what it is to have, or has too much from us.
struct Due {
    row: Row,
    item: Option<String>,
    wanted: BTreeSet<String>,
    owned: Owned,
}

impl Due {
    /// What is about to be asked for.
    fn asked(&self) -> Correction {
        let names = self.wanted.iter().cloned().collect();
        Correction::CategoriesAsked { row: self.row.id, names, theirs: self.theirs() }
    }

    /// It has what it is to have.
    fn done(&self, item: String) -> Correction {
        let names = self.wanted.iter().cloned().collect();
        Correction::Categories { row: self.row.id, item, names, theirs: self.theirs() }
    }

    fn theirs(&self) -> Vec<String> {
        self.owned.theirs.iter().cloned().collect()
    }
}

/// One walk over all rows that arrived.
struct Step<'a> {
    run: &'a Run,
    port: Option<Arc<dyn Categories>>,
    /// The folders of the source.
    folders: Vec<FolderId>,
    /// The categories of labels.
    labels: HashMap<FolderId, String>,
    keywords: bool,
    paths: HashMap<FolderName, FolderPath>,
    /// Why nothing more is asked for.
    refused: Option<Error>,
    /// What waits to be sought, by folder.
    due: HashMap<FolderName, Vec<Due>>,
    waiting: usize,
    report: CategoriesReport,
    /// Messages that were not found, or not for certain.
    lost: u64,
}

impl<'a> Step<'a> {
    async fn of(run: &'a Run, keywords: bool, refused: Option<Error>) -> Result<Self> {
        let port = run.pair.target.categories();
        let folders = run.ledger.folders(run.lease.pair).await?;
        // A folder with a purpose is no label that a person gave.
        let named = folders.iter().filter(|folder| folder.role.is_none() && !folder.path.is_inbox());
        let labels = named.filter_map(|folder| Some((folder.id, name(port.as_deref(), &folder.path.to_string())?)));
        let labels = labels.collect();
        let ids = folders.iter().map(|folder| folder.id).collect();
        let pins = folders.into_iter().filter_map(|folder| folder.target);
        let paths = pins.filter_map(|pin| Some((pin.name?, pin.path))).collect();
        let (due, waiting, report, lost) = Default::default();
        Ok(Step { run, port, folders: ids, labels, keywords, paths, refused, due, waiting, report, lost })
    }

    async fn walk(&mut self, sides: &mut Sides) -> Result<()> {
        for folder in self.folders.clone() {
            self.walk_folder(sides, folder).await?;
        }
        self.settle(sides).await
    }

    async fn walk_folder(&mut self, sides: &mut Sides, folder: FolderId) -> Result<()> {
        let states = vec![RowState::Copied, RowState::AlreadyPresent];
        let (folder, there) = (Some(folder), Some(false));
        let mut query =
            RowQuery { folder, states, gone: there, removed: there, missing_at_target: there, ..Run::page() };
        loop {
            self.run.go_on()?;
            let page = self.run.ledger.rows(self.run.lease.pair, query.clone()).await?;
            let Some(last) = page.last() else { return Ok(()) };
            query.after = Some(last.id);
            let carried = self.run.ledger.carried(self.run.lease.pair, page.iter().map(|row| row.id).collect()).await?;
            for (row, carried) in page.into_iter().zip(carried) {
                self.look_at(row, carried);
            }
            if self.waiting >= limits::CATEGORIES_AT_ONCE {
                self.settle(sides).await?;
            }
        }
    }

    /// Counts what the message has, or keeps it for [`Step::settle`].
    fn look_at(&mut self, row: Row, carried: Carried) {
        let labels = carried.labels.iter().filter_map(|label| self.labels.get(label).cloned());
        let mut wanted: BTreeSet<String> = labels.collect();
        if self.keywords {
            wanted.extend(row.flags.keywords.iter().filter_map(|keyword| name(self.port.as_deref(), keyword)));
        }
        let owned = Owned::of(&carried);
        if wanted == owned.applied && owned.asked.is_empty() {
            self.report.carried += wanted.len() as u64;
            return;
        }
        let due = Due { item: carried.item, wanted, owned, row };
        match due.row.target_folder.clone().filter(|_| due.row.target.is_some()) {
            Some(folder) => {
                self.waiting += 1;
                self.due.entry(folder).or_default().push(due);
            }
            None => self.leave(&due),
        }
    }

    /// Sees to what waits.
    async fn settle(&mut self, sides: &mut Sides) -> Result<()> {
        self.waiting = 0;
        for (folder, due) in std::mem::take(&mut self.due) {
            match (self.port.clone(), &self.refused) {
                (Some(port), None) => self.of_folder(sides, &*port, &folder, due).await?,
                _ => due.iter().for_each(|one| self.leave(one)),
            }
        }
        Ok(())
    }

    async fn of_folder(
        &mut self,
        sides: &mut Sides,
        port: &dyn Categories,
        folder: &FolderName,
        due: Vec<Due>,
    ) -> Result<()> {
        let Some(path) = self.paths.get(folder).cloned() else {
            due.iter().for_each(|one| self.leave(one));
            return Ok(());
        };
        let sought = self.sought(sides, folder, &due).await?;
        let sighted = match port.find(&path, &sought).await {
            Err(error) if error.code().refuses_login() => {
                due.iter().for_each(|one| self.leave(one));
                self.refused = Some(error);
                return Ok(());
            }
            found => found?,
        };
        let mut changes = Vec::new();
        for (one, sighted) in due.into_iter().zip(sighted) {
            match sighted {
                Sighted::There(id, has) => changes.push((one, id, has)),
                Sighted::Missing | Sighted::Unclear => {
                    self.lost += 1;
                    self.leave(&one);
                }
            }
        }
        while !changes.is_empty() {
            let rest = changes.split_off(changes.len().min(limits::GRAPH_BATCH));
            self.change(port, std::mem::replace(&mut changes, rest)).await?;
        }
        Ok(())
    }

    /// What is known of these messages: by the target itself, for it may have changed what was sent.
    async fn sought(&self, sides: &mut Sides, folder: &FolderName, due: &[Due]) -> Result<Vec<Sought>> {
        let unknown = due.iter().filter(|one| one.item.is_none()).filter_map(|one| one.row.target);
        let uids: Vec<u32> = unknown.map(|at| at.uid).collect();
        let there = match uids.is_empty() {
            true => HashMap::new(),
            false => bodies::headers(sides.target(self.run).await?, folder, uids).await?,
        };
        let one = |due: &Due| {
            let at = due.row.target?;
            let found = there.get(&at.uid).filter(|found| found.at == at)?;
            let (message_id, fingerprint) = (found.message_id.clone(), found.fingerprint);
            Some(Sought { message_id, received_at: found.received_at, fingerprint, ..Sought::default() })
        };
        let known =
            |due: &Due| Sought { id: due.item.clone(), body_hash: due.row.body_hash, ..one(due).unwrap_or_default() };
        Ok(due.iter().map(known).collect())
    }

    /// Sets the categories of a few messages and writes down what they have then.
    async fn change(&mut self, port: &dyn Categories, mut few: Vec<(Due, String, Vec<String>)>) -> Result<()> {
        few.iter_mut().for_each(|(due, _, has)| due.owned.meet(has, &due.wanted));
        let now = few.iter().map(|(due, _, has)| due.owned.difference(has, &due.wanted)).collect::<Vec<_>>();
        let differs = |at: &usize| now[*at] != few[*at].2;
        let differing: Vec<usize> = (0..few.len()).filter(differs).collect();
        let asked = differing.iter().map(|at| (few[*at].1.clone(), now[*at].clone())).collect::<Vec<_>>();
        let ask = |at: &usize| few.get(*at).map(|(due, ..)| due.asked());
        self.run.ledger.correct(self.run.lease, differing.iter().filter_map(ask).collect()).await?;
        let outcomes = if asked.is_empty() { Vec::new() } else { port.set(asked).await? };
        let mut failed: HashMap<usize, Error> = HashMap::new();
        failed.extend(differing.into_iter().zip(outcomes).filter_map(|(at, outcome)| Some((at, outcome.err()?))));
        let mut done = Vec::new();
        for (at, (due, id, _)) in few.iter().enumerate() {
            if failed.contains_key(&at) {
                self.leave(due);
                continue;
            }
            self.report.carried += due.wanted.len() as u64;
            done.push(due.done(id.clone()));
        }
        self.run.ledger.correct(self.run.lease, done).await?;
        self.judge(failed.into_values())
    }

    /// What could not be set: for want of leave none can, a message that is gone is its user's doing, and the rest is tried again.
    fn judge(&mut self, failed: impl Iterator<Item = Error>) -> Result<()> {
        for error in failed {
            if error.code().refuses_login() {
                self.refused = Some(error);
            } else if error.code() == Code::ItemVanished {
                self.lost += 1;
            } else {
                return Err(error);
            }
        }
        Ok(())
    }

    /// It does not have what it is to have.
    fn leave(&mut self, due: &Due) {
        self.report.carried += due.wanted.intersection(&due.owned.applied).count() as u64;
        self.report.not_carried += due.wanted.difference(&due.owned.applied).count() as u64;
    }

    /// Tells what is left to do, and why.
    fn tell(&self) {
        let count = self.report.not_carried;
        if count == 0 {
            return;
        }
        let why = match (&self.port, &self.refused) {
            (None, _) => "the target has no categories that this endpoint could set".to_owned(),
            (_, Some(error)) => format!("{}: {}", error.code().problem(), error.subject()),
            (_, None) => format!("{} messages were not found for certain among those of the target", self.lost),
        };
        let mut line = Attention::new(Severity::Note, Code::Consent, Side::Target, count);
        line.problem = format!("{count} labels or keywords were not carried over as categories: {why}");
        line.reply = self.refused.as_ref().and_then(|error| error.reply()).map(str::to_owned);
        line.next_step = match (&self.port, &self.refused) {
            (Some(_), None) => "The next pass looks for them again.",
            _ => {
                "Open the Microsoft 365 endpoint with an oauth-client that has the permission Mail.ReadWrite, and run again: only they are done then."
            }
        }
        .to_owned();
        self.run.attend(line);
    }
}

/// What a label or a keyword becomes; where nothing can be set it is counted as it is.
fn name(port: Option<&dyn Categories>, of: &str) -> Option<String> {
    port.map_or_else(|| Some(of.to_owned()), |port| port.name(of))
}

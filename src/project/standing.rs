//! Where every mailbox pair stands: what the ledger knows, joined with what the configuration names. Read only, so that it
//! works beside a running pass.

use crate::{
    error::Result,
    ledger::{Ledger, PairRecord, PassRecord, Writing},
    project::pairs::MailboxPair,
    transfer::{Counts, FolderReport, Grade, MailboxReport, Outcome, VerifiedLevel},
};

/// One pair.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Its number in the ledger; `None` while it has never been run.
    pub pair: Option<i64>,
    /// The source mailbox: its address where it is configured, else its identity.
    pub source: String,
    /// The target mailbox, likewise.
    pub target: String,
    /// Its batch, where it is configured.
    pub batch: String,
    /// What the source mailbox is, where the user file says.
    pub kind: String,
    /// Whether that pass is under way: the process that writes to the ledger began it.
    pub running: bool,
    /// Its latest pass.
    pub latest: Option<PassRecord>,
    /// Counts as of now.
    pub counts: Counts,
    /// And per folder.
    pub folders: Vec<FolderReport>,
}

impl Standing {
    /// A stable word: `new`, `running`, `interrupted` (its process died), or the latest pass's outcome.
    pub fn state(&self) -> &str {
        match &self.latest {
            None => "new",
            Some(pass) => pass.outcome.as_deref().unwrap_or(if self.running { "running" } else { "interrupted" }),
        }
    }

    /// The report of the latest pass; where that has none yet, one of the counts as of now.
    pub fn report(&self) -> MailboxReport {
        let told = self.latest.as_ref().and_then(|pass| serde_json::from_str(pass.report.as_deref()?).ok());
        told.unwrap_or_else(|| MailboxReport {
            source: self.source.clone(),
            target: self.target.clone(),
            state: Outcome::Incomplete,
            grade: Grade::Investigate,
            verified_level: VerifiedLevel::None,
            error: None,
            counts: self.counts.clone(),
            as_of: self.latest.as_ref().map_or(0, |pass| pass.started),
            folders: self.folders.clone(),
            attention: Vec::new(),
            not_carried: Vec::new(),
            verify_seconds: 0.0,
            categories: None,
        })
    }
}

/// Every pair of the ledger, and after them the configured ones that it does not know yet.
///
/// # Errors
/// The ledger cannot be read.
pub async fn all(ledger: &dyn Ledger, configured: &[MailboxPair]) -> Result<Vec<Standing>> {
    let writing = ledger.writing().await?;
    let mut standings = Vec::new();
    let mut unknown: Vec<&MailboxPair> = configured.iter().collect();
    for record in ledger.pairs().await? {
        let known = unknown.iter().position(|pair| is_of(pair, &record)).map(|index| unknown.remove(index));
        standings.push(of_record(ledger, record, known, writing).await?);
    }
    standings.extend(unknown.into_iter().map(of_configured));
    Ok(standings)
}

/// Fills in the counts of mailboxes that were dropped before they could tell: the ledger knows what arrived.
///
/// # Errors
/// The ledger cannot be read.
pub async fn fill_dropped(ledger: &dyn Ledger, pairs: &[MailboxPair], reports: &mut [MailboxReport]) -> Result<()> {
    let told = |report: &MailboxReport| report.state != Outcome::Incomplete || !report.folders.is_empty();
    if reports.iter().all(told) {
        return Ok(());
    }
    let standings = all(ledger, pairs).await?;
    for (report, pair) in reports.iter_mut().zip(pairs).filter(|(report, _)| !told(report)) {
        let (source, target) = (&pair.source.login.address, &pair.target.login.address);
        if let Some(standing) = standings.iter().find(|known| known.source == *source && known.target == *target) {
            report.counts = standing.counts.clone();
            report.folders = standing.folders.clone();
        }
    }
    Ok(())
}

/// Configured pairs before there is a ledger.
pub fn unrun(configured: &[MailboxPair]) -> Vec<Standing> {
    configured.iter().map(of_configured).collect()
}

fn is_of(pair: &MailboxPair, record: &PairRecord) -> bool {
    pair.source.identity() == record.source && pair.target.identity() == record.target
}

async fn of_record(
    ledger: &dyn Ledger,
    record: PairRecord,
    known: Option<&MailboxPair>,
    writing: Option<Writing>,
) -> Result<Standing> {
    let latest = latest_pass(ledger, &record).await?;
    let tallies = ledger.tally(record.id, latest.as_ref().map(|pass| pass.id)).await?;
    let (mut counts, mut folders) = (Counts::default(), Vec::with_capacity(tallies.len()));
    for tally in &tallies {
        let part = Counts::from(tally);
        counts.add(&part);
        let (source, target) = (tally.source.to_string(), tally.target.to_string());
        folders.push(FolderReport { source, target, not_read: None, counts: part });
    }
    // One that an earlier process left open is no pass of the one that writes now.
    let began_it = |pass: &PassRecord| writing.is_some_and(|writing| writing.since <= pass.started);
    Ok(Standing {
        running: latest.as_ref().is_some_and(|pass| pass.outcome.is_none() && began_it(pass)),
        pair: Some(record.id),
        source: known.map_or(record.source, |pair| pair.source.login.address.clone()),
        target: known.map_or(record.target, |pair| pair.target.login.address.clone()),
        batch: known.map(|pair| pair.batch.clone()).unwrap_or_default(),
        kind: known.and_then(|pair| pair.kind.clone()).unwrap_or_default(),
        latest,
        counts,
        folders,
    })
}

/// The latest pass that moved or compared mail; a plan only looked.
async fn latest_pass(ledger: &dyn Ledger, record: &PairRecord) -> Result<Option<PassRecord>> {
    match &record.latest {
        Some(pass) if pass.kind == "plan" => {
            Ok(ledger.passes(record.id).await?.into_iter().find(|pass| pass.kind != "plan"))
        }
        latest => Ok(latest.clone()),
    }
}

fn of_configured(pair: &MailboxPair) -> Standing {
    Standing {
        pair: None,
        source: pair.source.login.address.clone(),
        target: pair.target.login.address.clone(),
        batch: pair.batch.clone(),
        kind: pair.kind.clone().unwrap_or_default(),
        running: false,
        latest: None,
        counts: Counts::default(),
        folders: Vec::new(),
    }
}

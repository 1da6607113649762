//! `Summary.csv`: a line per mailbox with the terms of the count equation.

use std::{io, path::Path};

use super::{
    Entry,
    sheet::{self, Sheet},
};
use crate::{project::words, transfer::MailboxReport};

const HEADER: [&str; 23] = [
    "Batch",
    "PairId",
    "Source",
    "Target",
    "State",
    "Grade",
    "VerifiedLevel",
    "SourceTotal",
    "InScope",
    "OutOfScope",
    "GoneFromSource",
    "Copied",
    "AlreadyPresent",
    "Skipped",
    "Failed",
    "Vanished",
    "Unexplained",
    "Repaired",
    "MissingAtTarget",
    "Bytes",
    "AsOfUtc",
    "Error",
    "NextStep",
];

pub(super) fn write(path: &Path, entries: &[Entry]) -> io::Result<()> {
    let mut sheet = Sheet::create(path, HEADER)?;
    entries.iter().try_for_each(|entry| sheet.add(row(entry)))?;
    sheet.finish()
}

fn row(entry: &Entry) -> [String; HEADER.len()] {
    let MailboxReport { source, target, state, grade, verified_level, error, counts, as_of, .. } = &entry.report;
    let number = |n: u64| n.to_string();
    let (problem, next) =
        error.as_ref().map(|e| (format!("{}: {}", e.code, e.problem), e.next_step.clone())).unwrap_or_default();
    [
        entry.standing.batch.clone(),
        entry.pair_id(),
        source.clone(),
        target.clone(),
        words::outcome(*state).to_owned(),
        words::grade(*grade).to_owned(),
        verified_level.word().to_owned(),
        number(counts.source_total),
        number(counts.in_scope),
        number(counts.out_of_scope),
        number(counts.gone_from_source),
        number(counts.copied),
        number(counts.already_present),
        number(counts.skipped),
        number(counts.failed),
        number(counts.vanished),
        number(counts.unexplained),
        number(counts.repaired),
        number(counts.missing_at_target),
        number(counts.bytes),
        sheet::utc(*as_of),
        problem,
        next,
    ]
}

//! `RequiresAttention.csv` (product.md E3): what a person must or should look at. An empty one means a clean migration.

use std::{io, path::Path};

use super::{
    Entry,
    sheet::{self, Sheet},
};
use crate::transfer::{Attention, MailboxReport, Severity};

const HEADER: [&str; 21] = [
    "ProjectId",
    "Batch",
    "PairId",
    "Severity",
    "Code",
    "SourceAddress",
    "SourceType",
    "TargetAddress",
    "TargetType",
    "Folder",
    "ItemCount",
    "FirstSeenUtc",
    "ReviewGroup",
    "Problem",
    "NextStep",
    "ActionUrl",
    "Owner",
    "Status",
    "RowId",
    "Message",
    "ServerReply",
];

pub(super) fn write(path: &Path, project: &str, entries: &[Entry]) -> io::Result<()> {
    let mut sheet = Sheet::create(path, HEADER)?;
    for entry in entries {
        lines(&entry.report).iter().try_for_each(|line| sheet.add(row(project, entry, line)))?;
    }
    sheet.finish()
}

/// What the engine told, and the error that stopped the mailbox, which is the most urgent of all.
fn lines(report: &MailboxReport) -> Vec<Attention> {
    let error = report.error.as_ref().map(|error| Attention {
        severity: Severity::Block,
        code: error.code.clone(),
        folder: None,
        message: None,
        count: 0,
        problem: error.problem.clone(),
        reply: None,
        next_step: error.next_step.clone(),
    });
    error.into_iter().chain(report.attention.iter().cloned()).collect()
}

fn row(project: &str, entry: &Entry, line: &Attention) -> [String; HEADER.len()] {
    let severity = match line.severity {
        Severity::Block => "Block",
        Severity::Review => "Review",
        Severity::Note => "Note",
    };
    let (folder, message) = (line.folder.clone().unwrap_or_default(), line.message.clone().unwrap_or_default());
    [
        project.to_owned(),
        entry.standing.batch.clone(),
        entry.pair_id(),
        severity.to_owned(),
        line.code.clone(),
        entry.report.source.clone(),
        entry.standing.kind.clone(),
        entry.report.target.clone(),
        String::new(),
        folder.clone(),
        line.count.to_string(),
        sheet::utc(entry.standing.latest.as_ref().map_or(0, |pass| pass.started)),
        String::new(),
        line.problem.clone(),
        line.next_step.clone(),
        String::new(),
        String::new(),
        "Open".to_owned(),
        row_id(&entry.report.source, &line.code, &folder, &message),
        message,
        line.reply.clone().unwrap_or_default(),
    ]
}

/// Stable over passes, so that two exports can be compared: it names what the line is about, not when it was found.
fn row_id(source: &str, code: &str, folder: &str, message: &str) -> String {
    let hash = blake3::hash(format!("{source}\0{code}\0{folder}\0{message}").as_bytes());
    hash.to_hex()[..12].to_owned()
}

//! Step 7: what a pass tells at its end, by query over the ledger.

use super::{
    Attention, Counts, ErrorReport, FolderReport, Grade, MailboxReport, Outcome, Pair, Severity, VerifiedLevel,
    VerifyLevel, lane::Walked, run::Run,
};
use crate::{
    clock,
    error::{Code, Error, Result, Side},
    ledger::{FolderRow, Row, RowQuery},
    model::RowState,
    source::Remark,
};

/// The report of a pass that ended as `ended`.
pub(super) async fn report(run: &Run, pass: i64, ended: Result<Walked>) -> MailboxReport {
    let (walked, error) = match ended {
        Ok(walked) => (walked, None),
        Err(error) => (Walked::default(), Some(error)),
    };
    let tallies = run.ledger.tally(run.lease.pair, Some(pass)).await.unwrap_or_default();
    let folders = run.ledger.folders(run.lease.pair).await.unwrap_or_default();
    let mut counts = Counts::default();
    let mut reports: Vec<FolderReport> = Vec::with_capacity(tallies.len());
    for tally in &tallies {
        let part = Counts::from(tally);
        counts.add(&part);
        let not_read = folders.iter().find(|f| f.path == tally.source).and_then(|f| why_not_read(run, f));
        let (source, target) = (tally.source.to_string(), tally.target.to_string());
        reports.push(FolderReport { source, target, not_read, counts: part });
    }
    run.pair.source.take_remarks().iter().for_each(|remark| run.attend(seen(remark)));
    if let Err(error) = tell_exceptions(run).await {
        tracing::warn!(%error, "The report does not list every exception.");
    }
    let state = outcome(run, &counts, &walked, error.as_ref());
    MailboxReport {
        source: run.pair.source.describe(),
        target: run.pair.target.describe(),
        state,
        grade: grade(run, &counts, &walked, state),
        verified_level: level(run, &walked),
        error: error.as_ref().map(error_report),
        counts,
        as_of: clock::unix_now(),
        folders: reports,
        attention: run.take_attention(),
        not_carried: not_carried(&run.pair),
        verify_seconds: walked.verified.time.as_secs_f64(),
        categories: walked.categories,
    }
}

/// The report of a pair whose ledger could not be opened.
pub(super) fn unopened(pair: &Pair, error: &Error) -> MailboxReport {
    MailboxReport {
        source: pair.source.describe(),
        target: pair.target.describe(),
        state: Outcome::Failed,
        grade: Grade::Poor,
        verified_level: VerifiedLevel::None,
        error: Some(error_report(error)),
        counts: Counts::default(),
        as_of: clock::unix_now(),
        folders: Vec::new(),
        attention: Vec::new(),
        not_carried: not_carried(pair),
        verify_seconds: 0.0,
        categories: None,
    }
}

/// What the source's protocol cannot carry, for a report.
pub(super) fn not_carried(pair: &Pair) -> Vec<String> {
    pair.source.losses().iter().map(ToString::to_string).collect()
}

pub(super) fn why_not_read(run: &Run, folder: &FolderRow) -> Option<String> {
    match &folder.skipped {
        Some(reason) => Some(reason.words.clone()),
        None if !folder.present => Some("no longer at the source".to_owned()),
        None if !run.options.scope.admits_folder(&folder.path) => Some("left out by a filter".to_owned()),
        None => None,
    }
}

fn outcome(run: &Run, counts: &Counts, walked: &Walked, error: Option<&Error>) -> Outcome {
    match error {
        Some(error) if error.is_canceled() => Outcome::Incomplete,
        Some(_) => Outcome::Failed,
        None if counts.unexplained > 0 && run.options.pass != super::PassKind::Trial => Outcome::Incomplete,
        None => {
            let exceptions = counts.skipped + counts.failed + counts.unexplained + walked.failed + run.unread();
            let verified = run.options.verify != VerifyLevel::None && walked.verified.differences.sound();
            if exceptions == 0 && verified { Outcome::Verified } else { Outcome::Finished }
        }
    }
}

fn grade(run: &Run, counts: &Counts, walked: &Walked, state: Outcome) -> Grade {
    let doubtful =
        counts.failed + counts.unexplained + walked.verified.differences.lost + walked.verified.differences.altered;
    if doubtful > 100 || doubtful * 100 > counts.in_scope {
        Grade::Poor
    } else if doubtful > 0 || walked.failed + run.unread() > 0 || state == Outcome::Failed {
        Grade::Investigate
    } else if counts.repaired + counts.skipped + counts.lost() > 0 {
        Grade::Good
    } else {
        Grade::Perfect
    }
}

fn level(run: &Run, walked: &Walked) -> VerifiedLevel {
    match run.options.verify {
        VerifyLevel::None => VerifiedLevel::None,
        _ if walked.rendered => VerifiedLevel::Fields,
        _ => VerifiedLevel::Bytes,
    }
}

/// The error that stopped a pair, for its report.
pub(super) fn error_report(error: &Error) -> ErrorReport {
    let said = error.reply().map(|reply| format!(" (the server said: {reply})")).unwrap_or_default();
    let problem = format!("{}: {}{said}", error.code().problem(), error.subject());
    ErrorReport { code: error.word(), problem, next_step: error.code().next_step().to_owned() }
}

/// A line for each message that was skipped, failed or may be doubled, with the server's words.
async fn tell_exceptions(run: &Run) -> Result<()> {
    let ended = RowQuery { states: vec![RowState::Skipped, RowState::Failed], in_scope: Some(true), ..Run::page() };
    let doubled = RowQuery { possibly_doubled: Some(true), ..Run::page() };
    for query in [ended, doubled] {
        let rows = run.ledger.rows(run.lease.pair, query).await?;
        for row in rows {
            run.attend(exception(run, &row));
        }
    }
    Ok(())
}

fn exception(run: &Run, row: &Row) -> Attention {
    let code = row.reason.as_ref().map_or(Code::ItemRefused, |reason| reason.code);
    let severity = if row.state == RowState::Skipped { Severity::Note } else { Severity::Review };
    let mut line = Attention::new(severity, code, Side::Target, 1);
    line.message = Some(format!("row {} ({})", row.id, source_id(row)));
    line.folder = Some(String::from_utf8_lossy(&row.key.namespace).into_owned());
    line.reply = row.reason.as_ref().map(|reason| reason.words.clone());
    if row.possibly_doubled {
        line.severity = Severity::Note;
        line.problem =
            "it was sent again although an earlier copy could not be ruled out: it may be there twice".to_owned();
        line.next_step = format!("Look for it in {} and remove one copy if there are two.", run.pair.target.describe());
    }
    line
}

/// Something that the source saw of a message which arrived as it is stored there.
fn seen(remark: &Remark) -> Attention {
    let mut line = Attention::new(Severity::Note, Code::Server, Side::Source, 1);
    line.message = Some(format!("row {}", remark.row));
    line.problem =
        "the server states something else about a message than it has stored; what is stored arrived".to_owned();
    line.reply = Some(remark.words.clone());
    line.next_step = "Look at the message at the target: it may have been cut at the source long ago.".to_owned();
    line
}

/// The source's id in words: an IMAP UID is four bytes, other ids are shown as they are.
fn source_id(row: &Row) -> String {
    match <[u8; 4]>::try_from(row.key.id.as_slice()) {
        Ok(uid) => format!("UID {}", u32::from_be_bytes(uid)),
        Err(_) => String::from_utf8_lossy(&row.key.id).into_owned(),
    }
}

//! The end of a run in words.

use std::{fmt::Write as _, time::Duration};

use crate::{
    project::{report::RunReport, words},
    transfer::{Counts, MailboxReport, Outcome, Severity, VerifiedLevel},
};

/// Attention lines shown per mailbox; the report files hold all of them.
const SHOWN: usize = 10;

/// A run.
pub(super) fn run(report: &RunReport) -> String {
    let mut text = String::new();
    report.mailboxes.iter().for_each(|one| mailbox(&mut text, one));
    if report.mailboxes.len() > 1 {
        let mut sum = Counts::default();
        report.mailboxes.iter().for_each(|one| sum.add(&one.counts));
        let _ = writeln!(text, "All {} mailboxes: {}", report.mailboxes.len(), words::outcome(report.outcome));
        let _ = writeln!(text, "  {}", equation(&sum));
    }
    let time = words::duration(Duration::try_from_secs_f64(report.seconds).unwrap_or_default());
    let _ = writeln!(text, "Pass `{}` took {time}.", report.pass);
    if report.outcome == Outcome::Incomplete {
        text.push_str("Stopped. Run the same command again to go on.\n");
    }
    text
}

/// A pass in one line.
pub(super) fn in_a_line(report: &RunReport) -> String {
    let mut sum = Counts::default();
    report.mailboxes.iter().for_each(|one| sum.add(&one.counts));
    let time = words::duration(Duration::try_from_secs_f64(report.seconds).unwrap_or_default());
    let (copied, updated) = (words::messages(sum.copied_this_pass), words::count(sum.updated));
    let outcome = words::outcome(report.outcome);
    format!("Pass `{}`: {outcome} in {time}, {copied} copied, {updated} with changed flags\n", report.pass)
}

fn mailbox(text: &mut String, report: &MailboxReport) {
    let level = match (report.state, report.verified_level) {
        (Outcome::Verified, VerifiedLevel::Bytes) => " (by content)",
        (Outcome::Verified, VerifiedLevel::Fields) => " (by the fields this target keeps)",
        _ => "",
    };
    let state = words::outcome(report.state);
    let _ = writeln!(text, "{} → {}: {state}{level}", report.source, report.target);
    if let Some(error) = &report.error {
        let _ = writeln!(text, "  {}\n  Problem:   {}\n  Next step: {}", error.code, error.problem, error.next_step);
    }
    // An error before anything was listed leaves nothing to count.
    if report.error.is_none() || report.counts.in_scope > 0 {
        let _ = writeln!(text, "  {}\n  {}", equation(&report.counts), subsets(&report.counts));
    }
    report.not_carried.iter().for_each(|what| {
        let _ = writeln!(text, "  Note: {what}");
    });
    for line in report.attention.iter().filter(|line| line.severity != Severity::Note).take(SHOWN) {
        let place =
            [line.folder.as_deref(), line.message.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(", ");
        let place = if place.is_empty() { String::new() } else { format!(" in {place}") };
        let _ = writeln!(text, "  ! {}{place}: {}", line.code, line.problem);
        if let Some(reply) = &line.reply {
            let _ = writeln!(text, "      the server said: {reply}");
        }
        let _ = writeln!(text, "      {}", line.next_step);
    }
    if report.attention.len() > SHOWN {
        let _ = writeln!(text, "  ({} lines need attention in all: mailhaul report --out DIR)", report.attention.len());
    }
}

fn equation(counts: &Counts) -> String {
    let terms = [
        (counts.copied, "copied"),
        (counts.already_present, "already present"),
        (counts.skipped, "skipped"),
        (counts.failed, "failed"),
        (counts.vanished, "vanished"),
        (counts.unexplained, "open"),
    ];
    let shown = terms.iter().filter(|(n, name)| *n > 0 || *name == "copied");
    let sum = shown.map(|(n, name)| format!("{} {name}", words::count(*n))).collect::<Vec<_>>().join(" + ");
    let out = match counts.out_of_scope {
        0 => String::new(),
        n => format!("; {} out of scope", words::count(n)),
    };
    format!("{} in scope = {sum}{out}", words::messages(counts.in_scope))
}

fn subsets(counts: &Counts) -> String {
    let terms = [
        (counts.updated, "with changed flags"),
        (counts.moved, "moved"),
        (counts.repaired, "repaired"),
        (counts.removed, "removed"),
        (counts.removed_by_user, "removed at the target by its user"),
        (counts.lost(), "missing at the target"),
    ];
    let mut text =
        format!("{} copied in this pass, {} in all", words::count(counts.copied_this_pass), words::bytes(counts.bytes));
    for (n, name) in terms.iter().filter(|(n, _)| *n > 0) {
        let _ = write!(text, ", {} {name}", words::count(*n));
    }
    text
}

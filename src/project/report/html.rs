//! `report.html`: one page without scripts or outside resources, problems first.

use std::{collections::BTreeMap, fmt::Write as _};

use super::Entry;
use crate::{
    clock,
    project::{outcome::has_exceptions, words},
    transfer::{Attention, Counts, Severity, VerifiedLevel},
};

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;color:#1b1f24}\
table{border-collapse:collapse;width:100%;margin:.5rem 0 1.5rem}th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #d8dee4}\
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}.verified{color:#116329}.failed{color:#a40e26}\
.finished,.incomplete{color:#7d4e00}summary{cursor:pointer}small{color:#57606a}";

pub(super) fn page(project: &str, entries: &[Entry]) -> String {
    let mut page = String::with_capacity(16 << 10);
    let project = escape(project);
    let made = clock::hh_mm(clock::now());
    let _ = write!(
        page,
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{project}: migration report</title><style>{STYLE}</style><h1>{project}: migration report</h1><p><small>made at {made}</small></p>"
    );
    not_carried(&mut page, entries);
    attention(&mut page, entries);
    mailboxes(&mut page, entries);
    for entry in entries {
        folders(&mut page, entry);
    }
    page.push_str("</html>\n");
    page
}

/// What the protocols of the sources cannot carry, once for the mailboxes that share it.
fn not_carried(page: &mut String, entries: &[Entry]) {
    let mut told: BTreeMap<&str, usize> = BTreeMap::new();
    let all = entries.iter().flat_map(|entry| &entry.report.not_carried);
    all.for_each(|what| *told.entry(what.as_str()).or_default() += 1);
    if told.is_empty() {
        return;
    }
    page.push_str("<h2>Not carried by the source's protocol</h2><ul>");
    for (what, mailboxes) in told {
        let _ = write!(page, "<li>{} ({} mailboxes)", escape(what), words::count(mailboxes as u64));
    }
    page.push_str("</ul>");
}

fn attention(page: &mut String, entries: &[Entry]) {
    let lines: Vec<(&Entry, &Attention)> =
        entries.iter().flat_map(|entry| entry.report.attention.iter().map(move |line| (entry, line))).collect();
    let stopped: Vec<&Entry> = entries.iter().filter(|entry| entry.report.error.is_some()).collect();
    page.push_str("<h2>Requires attention</h2>");
    if lines.is_empty() && stopped.is_empty() {
        page.push_str("<p>Nothing.</p>");
        return;
    }
    page.push_str("<table><tr><th>Mailbox<th>What<th>Folder<th class=n>Messages<th>Problem<th>Next step</tr>");
    for entry in stopped {
        if let Some(error) = &entry.report.error {
            row(page, &[&entry.report.source, &error.code, "", "", &error.problem, &error.next_step]);
        }
    }
    for (entry, line) in lines {
        let problem = match &line.reply {
            Some(reply) => format!("{} (the server said: {reply})", line.problem),
            None => line.problem.clone(),
        };
        let what = match line.severity {
            Severity::Block | Severity::Review => line.code.clone(),
            Severity::Note => format!("{} (note)", line.code),
        };
        let folder = line.folder.as_deref().unwrap_or_default();
        row(page, &[&entry.report.source, &what, folder, &words::count(line.count), &problem, &line.next_step]);
    }
    page.push_str("</table>");
}

fn row(page: &mut String, cells: &[&str]) {
    page.push_str("<tr>");
    cells.iter().for_each(|cell| {
        let _ = write!(page, "<td>{}", escape(cell));
    });
    page.push_str("</tr>");
}

fn mailboxes(page: &mut String, entries: &[Entry]) {
    let _ = write!(page, "<h2>Mailboxes ({})</h2><table><tr><th>Source<th>Target<th>State<th>Grade", entries.len());
    counts_header(page);
    for Entry { report, .. } in entries {
        let state = words::outcome(report.state);
        let mark = if has_exceptions(report) { " *" } else { "" };
        let _ = write!(
            page,
            "<tr><td>{}<td>{}<td class={state}>{state}{mark}<td>{}",
            escape(&report.source),
            escape(&report.target),
            words::grade(report.grade)
        );
        counts_row(page, &report.counts);
    }
    page.push_str(
        "</table><p><small>* with exceptions. In scope = copied + already present + skipped + failed + vanished + unexplained.</small></p>",
    );
}

fn folders(page: &mut String, entry: &Entry) {
    let report = &entry.report;
    let level = match report.verified_level {
        VerifiedLevel::Bytes => "verified by content: UID, flags, date and size of every message, and bodies by hash",
        VerifiedLevel::Fields => "verified by fields: UID, date, flags and the header fields that this target keeps",
        VerifiedLevel::None => "not verified",
    };
    let _ = write!(
        page,
        "<details><summary>{} → {}</summary><p>{level}</p><table><tr><th>Folder at the source<th>At the target",
        escape(&report.source),
        escape(&report.target)
    );
    counts_header(page);
    for folder in &report.folders {
        let target = match &folder.not_read {
            Some(why) => format!("not read: {why}"),
            None => folder.target.clone(),
        };
        let _ = write!(page, "<tr><td>{}<td>{}", escape(&folder.source), escape(&target));
        counts_row(page, &folder.counts);
    }
    page.push_str("</table></details>");
}

const COUNTS: [&str; 8] =
    ["In scope", "Copied", "Already present", "Skipped", "Failed", "Vanished", "Unexplained", "Bytes"];

fn counts_header(page: &mut String) {
    COUNTS.iter().for_each(|name| {
        let _ = write!(page, "<th class=n>{name}");
    });
    page.push_str("</tr>");
}

fn counts_row(page: &mut String, counts: &Counts) {
    let Counts { in_scope, copied, already_present, skipped, failed, vanished, unexplained, bytes, .. } = *counts;
    for figure in [in_scope, copied, already_present, skipped, failed, vanished, unexplained] {
        let _ = write!(page, "<td class=n>{}", words::count(figure));
    }
    let _ = write!(page, "<td class=n>{}</tr>", words::bytes(bytes));
}

/// Folder names and server replies are written by strangers.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

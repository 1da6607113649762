//! `mailhaul status`: where everything stands. It only reads, so it works beside a running pass.

use std::{
    fmt::Write as _,
    time::{Duration, UNIX_EPOCH},
};

use serde::Serialize;

use super::scope;
use crate::{
    cli::face::Face,
    clock,
    error::Result,
    project::{
        outcome::Ending,
        standing::{self, Standing},
        words,
    },
    transfer::Counts,
};

#[derive(Serialize)]
struct Document<'a> {
    pairs: Vec<Line<'a>>,
}

#[derive(Serialize)]
struct Line<'a> {
    source: &'a str,
    target: &'a str,
    batch: &'a str,
    state: &'a str,
    pass: Option<&'a str>,
    started: Option<i64>,
    finished: Option<i64>,
    #[serde(flatten)]
    counts: &'a Counts,
}

pub(super) async fn run(face: &Face) -> Result<Ending> {
    let project = scope::project_or_ledger(face).await?;
    // Before the first run there is no ledger, and nothing wrong with that.
    let standings = match project.store.path().exists() || project.pairs.is_empty() {
        true => standing::all(&*project.store.open_read_only()?, &project.pairs).await?,
        false => standing::unrun(&project.pairs),
    };
    let document = Document { pairs: standings.iter().map(line).collect() };
    face.answer(&document, || table(&document.pairs))?;
    Ok(Ending::Done)
}

fn line(standing: &Standing) -> Line<'_> {
    let latest = standing.latest.as_ref();
    Line {
        source: &standing.source,
        target: &standing.target,
        batch: &standing.batch,
        state: standing.state(),
        pass: latest.map(|pass| pass.kind.as_str()),
        started: latest.map(|pass| pass.started),
        finished: latest.and_then(|pass| pass.finished),
        counts: &standing.counts,
    }
}

fn table(lines: &[Line<'_>]) -> String {
    let wide = |of: fn(&Line<'_>) -> usize, least: usize| lines.iter().map(of).max().unwrap_or(0).max(least);
    let source = wide(|line| line.source.chars().count(), 6);
    let target = wide(|line| line.target.chars().count(), 6);
    let mut text = format!("{:source$}  {:target$}  {:<11}  {:<8}  MESSAGES\n", "SOURCE", "TARGET", "STATE", "PASS");
    for line in lines {
        let counts = line.counts;
        let settled = counts.in_scope.saturating_sub(counts.unexplained);
        let mut figures = format!("{}/{}", words::count(settled), words::count(counts.in_scope));
        for (n, name) in [(counts.failed, "failed"), (counts.skipped, "skipped"), (counts.lost(), "missing")] {
            if n > 0 {
                let _ = write!(figures, ", {} {name}", words::count(n));
            }
        }
        figures.push_str(&remark(line));
        let pass = line.pass.unwrap_or("-");
        let _ = writeln!(
            text,
            "{:source$}  {:target$}  {:<11}  {pass:<8}  {figures}",
            line.source, line.target, line.state
        );
    }
    text
}

/// Since when a pass runs, or what to do about one that did not end.
fn remark(line: &Line<'_>) -> String {
    let after = line.started.and_then(|unix| u64::try_from(unix).ok()).map(Duration::from_secs);
    let begun = after.and_then(|after| UNIX_EPOCH.checked_add(after)).map(clock::hh_mm).unwrap_or_default();
    match line.state {
        "running" => format!(" (since {begun})"),
        "interrupted" | "incomplete" => format!(" (begun {begun}; run again to resume)"),
        _ => String::new(),
    }
}

//! `mailhaul reset PAIR`: forgets a pair. Nothing is removed at either side; the next run adopts what the target holds.

use std::io::{self, BufRead, IsTerminal};

use serde_json::json;

use super::scope;
use crate::{
    cli::face::Face,
    error::{Error, Result},
    project::{outcome::Ending, standing},
};

/// Forget what the ledger knows of a pair; the next run adopts what the target holds
#[derive(clap::Args)]
pub struct ResetArgs {
    /// The pair, by its source's address
    pair: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

pub(super) async fn run(args: &ResetArgs, face: &Face) -> Result<Ending> {
    let project = scope::project_or_ledger(face).await?;
    let ledger = project.store.open()?;
    let standings = standing::all(&*ledger, &project.pairs).await?;
    let mut named =
        standings.iter().filter(|standing| standing.pair.is_some() && standing.source.eq_ignore_ascii_case(&args.pair));
    let (standing, number) = match (named.next(), named.next()) {
        (Some(standing), None) => (standing, standing.pair.unwrap_or_default()),
        (Some(_), Some(_)) => return Err(Error::usage(format!("more than one pair has the source `{}`.", args.pair))),
        (None, _) => return Err(Error::usage(unknown(&args.pair, &standings))),
    };
    let question = format!(
        "Forget {} → {} ({} messages)? Nothing is removed from either mailbox.",
        standing.source, standing.target, standing.counts.in_scope
    );
    if !args.yes && !agreed(face, &question)? {
        return Err(Error::canceled());
    }
    ledger.forget_pair(number).await?;
    face.answer(&json!({ "forgotten": standing.source }), || format!("Forgotten: {}\n", standing.source))?;
    Ok(Ending::Done)
}

fn unknown(pair: &str, standings: &[standing::Standing]) -> String {
    let known: Vec<&str> = standings.iter().filter(|s| s.pair.is_some()).map(|s| s.source.as_str()).take(20).collect();
    match known.is_empty() {
        true => "the ledger knows no pair yet.".to_owned(),
        false => format!("the ledger knows no pair `{pair}`; it knows {}.", known.join(", ")),
    }
}

fn agreed(face: &Face, question: &str) -> Result<bool> {
    if !io::stdin().is_terminal() {
        return Err(Error::usage("no terminal to ask at: add --yes."));
    }
    face.warn(&format!("{question} Type yes:"));
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    Ok(read.is_ok() && answer.trim().eq_ignore_ascii_case("yes"))
}

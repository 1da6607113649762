//! `mailhaul secrets wipe`: what is no longer needed goes for good.

use std::collections::HashSet;

use serde_json::json;

use super::super::scope;
use crate::{
    cli::face::Face,
    error::{Error, Result},
    project::{
        outcome::Ending,
        pairs::{self, MailboxPair},
        secrets::{self, Secrets},
        words,
    },
    transfer::{Outcome, PassKind},
    vault::SecretName,
};

/// Remove secrets: one, those of some pairs, or those of every pair that is finalised
#[derive(clap::Args)]
#[group(required = true, multiple = false)]
pub struct WipeArgs {
    /// These, by name
    names: Vec<SecretName>,
    /// Those of this mailbox pair, by its source's or target's address
    #[arg(long, value_name = "PAIR")]
    pair: Vec<String>,
    /// Those of every pair whose last pass was a final one and is verified
    #[arg(long)]
    finalised: bool,
}

pub(super) async fn run(args: &WipeArgs, face: &Face) -> Result<Ending> {
    let secrets = scope::secrets(face)?;
    let names = if args.names.is_empty() { of_pairs(args, face).await? } else { args.names.clone() };
    let wiped = wipe(&secrets, names).await?;
    let named: Vec<String> = wiped.iter().map(SecretName::to_string).collect();
    if !args.names.is_empty() && named.is_empty() {
        return Err(Error::usage("nothing is stored under that name; `mailhaul secrets list` tells the names."));
    }
    face.answer(&json!({ "wiped": named }), || match named.as_slice() {
        [] => "Nothing to wipe.\n".to_owned(),
        named => format!("Wiped: {}\n", named.join(", ")),
    })?;
    Ok(Ending::Done)
}

/// Wipes those of `names` that are stored, and tells them.
async fn wipe(secrets: &Secrets, names: Vec<SecretName>) -> Result<Vec<SecretName>> {
    let held = secrets.names().await?;
    let names: Vec<SecretName> = names.into_iter().filter(|name| held.contains(name)).collect();
    if let Some(sealer) = secrets.sealer()? {
        sealer.wipe(names.clone()).await?;
    }
    Ok(names)
}

async fn of_pairs(args: &WipeArgs, face: &Face) -> Result<Vec<SecretName>> {
    let project = scope::project(face).await?;
    let (done, open) = match args.finalised {
        true => finalised(&project).await?,
        false => {
            let named = pairs::select(project.pairs.clone(), &args.pair, None)?;
            let chosen: HashSet<_> = named.iter().map(identities).collect();
            project.pairs.into_iter().partition(|pair| chosen.contains(&identities(pair)))
        }
    };
    // Pairs may share a mailbox, and with it a password.
    let needed: HashSet<SecretName> = open.iter().flat_map(secrets::names_of).collect();
    Ok(done.iter().flat_map(secrets::names_of).filter(|name| !needed.contains(name)).collect())
}

/// The pairs that are finalised, and the others.
async fn finalised(project: &scope::Project) -> Result<(Vec<MailboxPair>, Vec<MailboxPair>)> {
    let records = match project.store.path().exists() {
        true => project.store.open_read_only()?.pairs().await?,
        false => Vec::new(),
    };
    let finals = records.into_iter().filter(|record| {
        record.latest.as_ref().is_some_and(|pass| {
            pass.kind == PassKind::Final.word() && pass.outcome.as_deref() == Some(words::outcome(Outcome::Verified))
        })
    });
    let done: HashSet<(String, String)> = finals.map(|record| (record.source, record.target)).collect();
    Ok(project.pairs.iter().cloned().partition(|pair| done.contains(&identities(pair))))
}

fn identities(pair: &MailboxPair) -> (String, String) {
    (pair.source.identity(), pair.target.identity())
}

//! `mailhaul secrets wipe`: what is no longer needed goes for good.

use std::collections::HashSet;

use serde_json::json;

use super::super::scope;
use crate::{
    cli::face::Face,
    error::{Error, Result},
    project::{
        finalised::Finalised,
        outcome::Ending,
        pairs::{self, MailboxPair},
        secrets::{self, Secrets},
    },
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
    /// Those of every pair whose final pass is verified, and everything after it
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
    if args.finalised {
        return Ok(Finalised::in_store(&project.store).await?.unneeded(&project.everyone, i64::MAX));
    }
    let named = pairs::select(project.pairs, &args.pair, None)?;
    let chosen: HashSet<_> = named.iter().map(identities).collect();
    let (done, open): (Vec<_>, Vec<_>) =
        project.everyone.into_iter().partition(|pair| chosen.contains(&identities(pair)));
    // Pairs may share a mailbox, and with it a password.
    let needed: HashSet<SecretName> = open.iter().flat_map(secrets::names_of).collect();
    Ok(done.iter().flat_map(secrets::names_of).filter(|name| !needed.contains(name)).collect())
}

fn identities(pair: &MailboxPair) -> (String, String) {
    (pair.source.identity(), pair.target.identity())
}

//! Mailbox pairs: the lines of a user file joined with their batch's endpoints, checked before anything is dialled.
//!
//! The ledger knows a pair by `user@identity` on both sides. The identity is the endpoint's kind unless `identity` says
//! otherwise, and never its host: a server that is renamed during a migration keeps its pairs. The price is that one
//! user name on two servers of one kind would be one mailbox to the ledger; that is refused here.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use crate::{
    error::{Error, Result},
    project::{
        config::{Batch, Config},
        endpoint::{self, Endpoint},
        finalised::Finalised,
        users::{self, Faults, Login, User},
    },
    transfer::Options,
    vault::SecretName,
};

/// One mailbox and how to reach it.
#[derive(Clone)]
pub struct Mailbox {
    /// Where it is.
    pub endpoint: Arc<Endpoint>,
    /// How to sign in to it.
    pub login: Login,
}

impl Mailbox {
    /// Its identity in the ledger.
    pub fn identity(&self) -> String {
        self.endpoint.mailbox_identity(&self.login.user)
    }
}

/// A source mailbox and the target mailbox it goes to.
#[derive(Clone)]
pub struct MailboxPair {
    /// The batch it belongs to; empty for `copy`.
    pub batch: String,
    /// Most mailboxes of that batch at a time.
    pub max_mailboxes: usize,
    /// Where from.
    pub source: Mailbox,
    /// Where to.
    pub target: Mailbox,
    /// Which go first: 1 before 2.
    pub priority: u32,
    /// What the source mailbox is, where the user file says.
    pub kind: Option<String>,
    /// What a person decided about its mail.
    pub options: Options,
}

/// Every pair of `config`, by priority and then as written, and notes a person should read. Passwords may be missing that are `held` in
/// the vault.
///
/// # Errors
/// A user file is wrong, a password is nowhere, or one source mailbox is there twice.
pub fn all(
    config: &Config,
    held: &HashSet<SecretName>,
    finalised: &Finalised,
) -> Result<(Vec<MailboxPair>, Vec<String>)> {
    if config.batches.is_empty() {
        return Err(Error::config(
            "the configuration has no batch. Add a table [batch.NAME] with source, target and users.",
        ));
    }
    let (mut pairs, mut sources, mut targets) = (Vec::new(), HashMap::new(), HashMap::<String, Vec<String>>::new());
    for batch in &config.batches {
        let mut faults = Faults::default();
        for user in users::read(&batch.users)? {
            let line = user.line;
            match pair(batch, user, held, finalised).and_then(|pair| refuse_twice(pair, &mut sources)) {
                Ok(pair) => {
                    targets.entry(pair.target.identity()).or_default().push(pair.source.login.address.clone());
                    pairs.push(pair);
                }
                Err(what) => faults.add(line, &what),
            }
        }
        faults.into_result(&batch.users)?;
    }
    pairs.sort_by_key(|pair| pair.priority);
    Ok((pairs, merge_notes(targets)))
}

/// The pairs that `wanted` names by source or target address, and that are in `batch`; all where nothing is named.
///
/// # Errors
/// A name fits no pair.
pub fn select(pairs: Vec<MailboxPair>, wanted: &[String], batch: Option<&str>) -> Result<Vec<MailboxPair>> {
    if let Some(batch) = batch
        && !pairs.iter().any(|pair| pair.batch == batch)
    {
        return Err(Error::usage(format!("--batch: no batch is called `{batch}` in the configuration.")));
    }
    let fits = |pair: &MailboxPair, name: &String| {
        [&pair.source.login, &pair.target.login].into_iter().any(|login| login.address.eq_ignore_ascii_case(name))
    };
    if let Some(name) = wanted.iter().find(|name| !pairs.iter().any(|pair| fits(pair, name))) {
        return Err(Error::usage(format!(
            "no mailbox pair is called `{name}`: write the source's or target's address as in users.csv."
        )));
    }
    let chosen = |pair: &MailboxPair| {
        batch.is_none_or(|batch| pair.batch == batch)
            && (wanted.is_empty() || wanted.iter().any(|name| fits(pair, name)))
    };
    Ok(pairs.into_iter().filter(chosen).collect())
}

fn pair(batch: &Batch, user: User, held: &HashSet<SecretName>, finalised: &Finalised) -> Result<MailboxPair, String> {
    let source = batch.source.clone();
    let target = endpoint::target_of(&source, &batch.target)?;
    let pair = MailboxPair {
        batch: batch.name.clone(),
        max_mailboxes: batch.max_mailboxes,
        source: Mailbox { endpoint: source, login: user.source },
        target: Mailbox { endpoint: target, login: user.target },
        priority: user.priority,
        kind: user.kind,
        options: batch.options.clone(),
    };
    if !finalised.is_closed(&pair, held) {
        need_password(&pair.source, "password", held)?;
        need_password(&pair.target, "target_password", held)?;
    }
    refuse_itself(&pair.source, &pair.target)?;
    Ok(pair)
}

fn need_password(mailbox: &Mailbox, column: &str, held: &HashSet<SecretName>) -> Result<(), String> {
    match mailbox.missing_password() {
        Some(name) if !held.contains(&name) => {
            let endpoint = &mailbox.endpoint.name;
            Err(format!(
                "`{column}` is empty, and endpoint `{endpoint}` signs in with each mailbox's own. Fill it in, or store it: \
                 mailhaul secrets set '{name}'"
            ))
        }
        _ => Ok(()),
    }
}

/// A mailbox copied into itself would grow for ever.
pub fn refuse_itself(source: &Mailbox, target: &Mailbox) -> Result<(), String> {
    let place =
        |mailbox: &Mailbox| (mailbox.endpoint.host.to_lowercase(), mailbox.endpoint.port, mailbox.login.user.clone());
    match place(source) == place(target) {
        true => Err(format!("source and target are the same mailbox `{}`. Correct one of them.", source.login.address)),
        false => Ok(()),
    }
}

fn refuse_twice(
    pair: MailboxPair,
    sources: &mut HashMap<String, (String, Arc<Endpoint>)>,
) -> Result<MailboxPair, String> {
    let mine = (pair.batch.clone(), pair.source.endpoint.clone());
    let Some((batch, endpoint)) = sources.insert(pair.source.identity(), mine) else { return Ok(pair) };
    let address = &pair.source.login.address;
    if endpoint.name == pair.source.endpoint.name {
        return Err(format!(
            "`{address}` is in batch `{batch}` already. A source mailbox goes to one target: keep one."
        ));
    }
    Err(format!(
        "`{address}` is also on endpoint `{}`, and the ledger could not tell the two mailboxes apart. \
         Give one of the endpoints `identity = \"a name that stays\"`.",
        endpoint.name
    ))
}

fn merge_notes(targets: HashMap<String, Vec<String>>) -> Vec<String> {
    let merged = targets.into_values().filter(|sources| sources.len() > 1);
    let mut notes: Vec<_> = merged
        .map(|sources| {
            format!(
                "{} source mailboxes share one target and will be merged there: {}",
                sources.len(),
                sources.join(", ")
            )
        })
        .collect();
    notes.sort();
    notes
}

#[cfg(test)]
#[path = "pairs_tests.rs"]
mod tests;

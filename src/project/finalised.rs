//! When a mailbox pair is finalised, and which secrets nobody needs then.
//!
//! A pair is finalised by a final pass that ended verified, and stays so while everything after it does: the sweeps that bring what was still
//! delivered to the old host, and verifications. Its secrets are wiped by themselves once the time for sweeps has passed. What other
//! pairs sign in with is kept.

use std::collections::{HashMap, HashSet};

use super::{
    pairs::MailboxPair,
    secrets::{self, Secrets},
    store::Store,
    words,
};
use crate::{
    clock,
    error::Result,
    ledger::PassRecord,
    transfer::{Outcome, PassKind},
    vault::SecretName,
};

/// The finalised pairs of a ledger.
#[derive(Clone, Debug, Default)]
pub struct Finalised(HashMap<(String, String), i64>);

impl Finalised {
    /// Those that the ledger of `store` knows; none where there is no ledger yet.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub async fn in_store(store: &Store) -> Result<Self> {
        if !store.path().exists() {
            return Ok(Finalised::default());
        }
        let ledger = store.open_read_only()?;
        let mut finalised = HashMap::new();
        for record in ledger.pairs().await? {
            if let Some(since) = since(&ledger.passes(record.id).await?) {
                finalised.insert((record.source, record.target), since);
            }
        }
        Ok(Finalised(finalised))
    }

    /// When the pair was finalised (Unix seconds).
    pub fn since(&self, pair: &MailboxPair) -> Option<i64> {
        self.0.get(&(pair.source.identity(), pair.target.identity())).copied()
    }

    /// What was wiped of a pair because it is finalised: something that it signs in with is not among `held`.
    pub fn is_closed(&self, pair: &MailboxPair, held: &HashSet<SecretName>) -> bool {
        let wanted = [&pair.source, &pair.target].into_iter().flat_map(|m| [m.missing_password(), m.sign_in_name()]);
        self.since(pair).is_some() && wanted.flatten().any(|name| !held.contains(&name))
    }

    /// The names that only those of `pairs` need that were finalised by `before` (Unix seconds).
    pub fn unneeded(&self, pairs: &[MailboxPair], before: i64) -> Vec<SecretName> {
        let (done, open): (Vec<_>, Vec<_>) =
            pairs.iter().partition(|pair| self.since(pair).is_some_and(|since| since <= before));
        let needed: HashSet<SecretName> = open.into_iter().flat_map(secrets::names_of).collect();
        done.into_iter().flat_map(secrets::names_of).filter(|name| !needed.contains(name)).collect()
    }
}

/// When the final pass ended after which everything was verified; `passes` are the newest first.
fn since(passes: &[PassRecord]) -> Option<i64> {
    let looked = |pass: &&PassRecord| pass.kind == "plan";
    let verified = |pass: &&PassRecord| pass.outcome.as_deref() == Some(words::outcome(Outcome::Verified));
    let mut sound = passes.iter().filter(|pass| !looked(pass)).take_while(verified);
    sound.find(|pass| pass.kind == PassKind::Final.word())?.finished
}

/// Wipes what nobody needs any more since `kept` (a time after the pairs were finalised) has passed; tells the names.
///
/// # Errors
/// The ledger cannot be read, or the vault not written.
pub async fn wipe_due(
    store: &Store,
    secrets: &Secrets,
    pairs: &[MailboxPair],
    kept: std::time::Duration,
) -> Result<Vec<SecretName>> {
    let Some(sealer) = secrets.sealer()? else { return Ok(Vec::new()) };
    let before = clock::unix_now().saturating_sub(i64::try_from(kept.as_secs()).unwrap_or(i64::MAX));
    let held = secrets.names().await?;
    let unneeded = Finalised::in_store(store).await?.unneeded(pairs, before);
    let due: Vec<SecretName> = unneeded.into_iter().filter(|name| held.contains(name)).collect();
    if !due.is_empty() {
        sealer.wipe(due.clone()).await?;
    }
    Ok(due)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pass(kind: &str, outcome: Option<&str>, finished: i64) -> PassRecord {
        let (kind, outcome) = (kind.to_owned(), outcome.map(str::to_owned));
        PassRecord { id: finished, kind, started: 0, finished: Some(finished), outcome, report: None }
    }

    #[test]
    fn a_pair_is_finalised_while_all_after_its_final_pass_is_verified() {
        let verified = |kind, at| pass(kind, Some("verified"), at);
        assert_eq!(since(&[verified("final", 5), verified("delta", 4)]), Some(5));
        assert_eq!(since(&[verified("verify", 9), verified("delta", 8), verified("final", 5)]), Some(5));
        assert_eq!(since(&[pass("plan", None, 9), verified("final", 5)]), Some(5));
        assert_eq!(since(&[pass("delta", Some("finished"), 8), verified("final", 5)]), None);
        assert_eq!(since(&[pass("delta", None, 8), verified("final", 5)]), None, "it runs, or was cut off");
        assert_eq!(since(&[pass("final", Some("finished"), 5)]), None);
        assert_eq!(since(&[verified("delta", 5)]), None);
    }
}

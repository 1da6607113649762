//! How a pass begins: with a lease of the pair, and in the form in which the pair began.
//!
//! A form is what goes to the target (mail or whole items) and by which of its interfaces the source is read. What arrived in one is not
//! recognised in the other and would arrive twice, so that the ledger pins it with the first message that is sent.

use super::{Attention, Pair, Severity, run::Run};
use crate::{
    error::{Code, Disposition, Error, Result, Scope, Side},
    ledger::{Lease, Ledger, PairRecord, PassRecord},
    source::ReadBy,
    target::Transport,
};

/// A pass that has begun.
pub(super) struct Begun {
    pub lease: Lease,
    /// Its number in the ledger.
    pub pass: i64,
    /// By which of its interfaces the source is read.
    pub read_by: ReadBy,
}

/// Begins a pass of this kind.
///
/// # Errors
/// The ledger refuses, or the pair began in another form.
pub(super) async fn begin(pair: &Pair, ledger: &dyn Ledger, kind: &str) -> Result<Begun> {
    let lease = ledger.open_pair(&pair.source_identity, &pair.target_identity).await?;
    let kind = match kind {
        "auto" if finished_before(ledger, lease.pair).await? => "delta",
        "auto" => "first",
        kind => kind,
    };
    let read_by = keep_form(pair, ledger, lease).await?;
    Ok(Begun { lease, pass: ledger.begin_pass(lease, kind).await?, read_by })
}

/// By which of its interfaces the pair's source was read so far; `None` where nothing arrived yet.
///
/// # Errors
/// The ledger cannot be read.
pub async fn begun_by(pair: &Pair, ledger: &dyn Ledger) -> Result<Option<ReadBy>> {
    let is_it = |known: &PairRecord| known.source == pair.source_identity && known.target == pair.target_identity;
    let Some(known) = ledger.pairs().await?.into_iter().find(is_it) else { return Ok(None) };
    Ok(ledger.begun_transport(known.id).await?.as_deref().map(source_of))
}

/// Goes on in the form in which the pair began.
async fn keep_form(pair: &Pair, ledger: &dyn Ledger, lease: Lease) -> Result<ReadBy> {
    let begun = ledger.begun_transport(lease.pair).await?;
    let read_by = pair.source.choose(begun.as_deref().map(source_of)).await;
    let word = word(pair.target.transport(), read_by);
    let pinned = ledger.pin_transport(lease, &word).await?;
    if pinned == word {
        return Ok(read_by);
    }
    let remedy = match target_of(&pinned) == pair.target.transport().word() {
        true => {
            "let it be read by the same interface again (by IMAP: auth = \"password\" or \"admin\"), or forget it (mailhaul reset)"
        }
        false => "write that transport at one of its endpoints",
    };
    let subject = format!(
        "{} → {} began with transport \"{pinned}\" and goes on with it: {remedy}",
        pair.source.describe(),
        pair.target.describe()
    );
    Err(Error::new(Code::Config, Side::System, Scope::Mailbox, Disposition::NeedsPerson, subject))
}

/// What stands behind the transport's word where the source is read by IMAP in place of its own interface.
const BY_IMAP: &str = "-by-imap";

/// The form, as the ledger keeps it.
fn word(transport: Transport, read_by: ReadBy) -> String {
    let transport = transport.word();
    match read_by {
        ReadBy::Own => transport.to_owned(),
        ReadBy::Imap => format!("{transport}{BY_IMAP}"),
    }
}

fn source_of(word: &str) -> ReadBy {
    if word.ends_with(BY_IMAP) { ReadBy::Imap } else { ReadBy::Own }
}

fn target_of(word: &str) -> &str {
    word.strip_suffix(BY_IMAP).unwrap_or(word)
}

/// Says that the source's own interface was closed, and what to do once it is open.
pub(super) fn read_by_imap(run: &Run) -> Attention {
    let mut line = Attention::new(Severity::Note, Code::AuthBlocked, Side::Source, 0);
    let source = run.pair.source.describe();
    line.problem = format!("{source} is read by IMAP, because its own interface was closed when the pair began");
    line.next_step = String::from(
        "Look whether port and admin-port are right. It stays with IMAP; to read it by its own interface once that is open, forget \
         the pair (mailhaul reset): what has arrived is recognised by its content.",
    );
    line
}

async fn finished_before(ledger: &dyn Ledger, pair: i64) -> Result<bool> {
    let done = |pass: &PassRecord| matches!(pass.outcome.as_deref(), Some("verified" | "finished"));
    let passes = ledger.passes(pair).await?;
    Ok(passes.iter().any(|pass| done(pass) && !matches!(pass.kind.as_str(), "trial" | "verify" | "plan")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_as_it_was_written() {
        for transport in [Transport::Mail, Transport::Items] {
            for read_by in [ReadBy::Own, ReadBy::Imap] {
                let word = word(transport, read_by);
                assert_eq!((target_of(&word), source_of(&word)), (transport.word(), read_by));
            }
        }
    }
}

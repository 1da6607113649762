//! From whole bodies to durable intents: the last stop before a message leaves.
//!
//! Hash and fingerprint are of the bytes about to be sent. A group leaves only after its intents are durable, and each rung of the repair
//! ladder is a new intent.

use tokio::sync::mpsc;

use super::{
    Rung,
    flight::{Flight, Refused, Sent},
    ladder::{self, Fitted},
    queue::{Next, Queue},
};
use crate::{
    body::Body,
    clock,
    error::{Code, Error, Result, Scope},
    ledger::{Intent, Row, Settlement},
    limits, mime,
    model::{BodyHash, Fingerprint, Flags, Reason, ReceivedAt, RowState},
    source::{FetchResult, Fetched},
    target::{AppendItem, Fault, Refusal, TargetCapabilities, Transport},
    transfer::{bodies, job::Job, plan, quarantine, run::Run},
};

/// Turns bodies into groups of durable intents.
pub(super) struct Stager<'a> {
    pub run: &'a Run,
    pub job: &'a Job,
    pub capabilities: &'a TargetCapabilities,
    pub flight: &'a Flight,
}

/// A message that is ready to be sent.
pub(super) struct Ready {
    pub row: Row,
    pub rung: Rung,
    pub body: Body,
    /// All that it will be recognised by, where nobody reads it at the target.
    pub evidence: Option<Fingerprint>,
    pub hash: BodyHash,
    pub fingerprint: Fingerprint,
    pub received_at: Option<ReceivedAt>,
    /// The flags that are sent with it.
    pub flags: Flags,
    pub repairs: String,
}

/// Messages that leave together.
#[derive(Default)]
struct Group {
    members: Vec<Ready>,
    bytes: u64,
}

impl Group {
    fn add(&mut self, ready: Ready) {
        self.bytes += ready.body.len();
        self.members.push(ready);
    }

    fn is_full(&self, batch: usize) -> bool {
        self.members.len() >= batch.clamp(1, limits::INTENT_BATCH) || self.bytes >= limits::INTENT_BATCH_BYTES
    }
}

impl Stager<'_> {
    /// Takes bodies until none comes any more; hands groups on until nobody takes them.
    pub async fn stage(&self, bodies: mpsc::Receiver<Fetched>, hand: mpsc::Sender<Vec<AppendItem>>) -> Result<()> {
        let mut queue = Queue::new(self, bodies);
        let mut group = Group::default();
        loop {
            let next = tokio::select! {
                next = queue.next(!group.members.is_empty()) => next?,
                () = hand.closed() => return Ok(()),
            };
            let over = matches!(next, Next::Over);
            if let Next::Ready(ready) = next {
                group.add(*ready);
                if !group.is_full(self.capabilities.batch) {
                    continue;
                }
            }
            if !self.leave(std::mem::take(&mut group), &hand).await? || over {
                return Ok(());
            }
        }
    }

    /// A fetched message, made ready; `None` if it ends here.
    pub async fn take(&self, fetched: Fetched) -> Result<Option<Ready>> {
        let Some((row, rung)) = self.flight.arrived(fetched.row) else { return Ok(None) };
        match fetched.what {
            FetchResult::Vanished => {
                let reason = Reason { code: Code::ItemVanished, words: "gone before it was read".to_owned() };
                self.end(&row, RowState::Vanished, reason).await?;
                Ok(None)
            }
            // What cannot be had whole may be had as mail.
            FetchResult::Unreadable(reason) if self.run.pair.target.transport() == Transport::Items => {
                self.flight.refuse(Refused { row, rung, refusal: Refusal { fault: Fault::Unknown, reason } });
                Ok(None)
            }
            FetchResult::Unreadable(reason) => {
                self.end(&row, RowState::Failed, reason).await?;
                Ok(None)
            }
            FetchResult::Body(body) => self.ready(row, rung, body).await,
            FetchResult::AsMail(text, flags) => self.as_mail(row, rung, text, flags).await,
            FetchResult::Sealed(stream) => self.sealed(row, rung, stream).await,
        }
    }

    async fn ready(&self, row: Row, rung: Rung, body: Body) -> Result<Option<Ready>> {
        let fitted = match self.fit(body.clone(), rung).await {
            Ok(fitted) => fitted,
            Err(error) if error.scope() == Scope::Message => {
                quarantine::keep(self.run, row.id, &body)?;
                let reason = Reason { code: error.code(), words: error.subject().to_owned() };
                self.end(&row, RowState::Failed, reason).await?;
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let Fitted { body, hash, fingerprint, head, repairs, size } = fitted;
        if let Some(limit) = self.capabilities.max_size.filter(|limit| size > *limit) {
            self.end(&row, RowState::Skipped, plan::too_big(size, limit)).await?;
            return Ok(None);
        }
        let received_at = row.received_at.or_else(|| mime::received_at(&head));
        let flags = row.flags.clone();
        Ok(Some(Ready { row, rung, body, evidence: None, hash, fingerprint, received_at, flags, repairs }))
    }

    /// An item goes as it is: its evidence came with its listing, and a repair would need somebody who reads it.
    async fn sealed(&self, row: Row, rung: Rung, body: Body) -> Result<Option<Ready>> {
        let Some(fingerprint) = row.fingerprint else {
            // Nobody could tell whether it arrived.
            let words = "the source does not show by what the item would be recognised".to_owned();
            self.end(&row, RowState::Failed, Reason { code: Code::ItemFetch, words }).await?;
            return Ok(None);
        };
        let hash = bodies::hash(&body).await?;
        let (received_at, flags, repairs) = (row.received_at, row.flags.clone(), String::new());
        Ok(Some(Ready { row, rung, body, evidence: Some(fingerprint), hash, fingerprint, received_at, flags, repairs }))
    }

    pub async fn fit(&self, body: Body, rung: Rung) -> Result<Fitted> {
        let limits = ladder::Limits { max_line: self.capabilities.max_line };
        if body.as_memory().is_some() {
            return ladder::fit(&body, rung, limits);
        }
        // A spooled body is read from disk: not on a thread that others wait for.
        let work = tokio::task::spawn_blocking(move || ladder::fit(&body, rung, limits));
        work.await.map_err(|panic| Error::bug("preparing a large message").with_source(panic))?
    }

    async fn end(&self, row: &Row, state: RowState, reason: Reason) -> Result<()> {
        let mut settlement = Settlement::new(row.id, RowState::Listed, state);
        settlement.reason = Some(reason);
        self.run.ledger.settle(self.run.lease, vec![settlement]).await
    }

    /// Makes the group's intents durable and hands it on; `false` if nobody takes it. Those rows stay in doubt until the
    /// next look at the target.
    async fn leave(&self, group: Group, hand: &mpsc::Sender<Vec<AppendItem>>) -> Result<bool> {
        if group.members.is_empty() {
            return Ok(true);
        }
        // The place in the queue comes first: an intent for bytes that nobody will send is a doubt for nothing.
        let Ok(place) = hand.reserve().await else { return Ok(false) };
        let intents = group.members.iter().map(|ready| self.intent(ready)).collect();
        self.run.ledger.intend(self.run.lease, intents).await?;
        place.send(group.members.into_iter().map(|ready| self.send(ready)).collect());
        Ok(true)
    }

    fn intent(&self, ready: &Ready) -> Intent {
        Intent {
            row: ready.row.id,
            target_folder: self.job.folder.clone(),
            mark: self.flight.mark(ready.evidence.filter(|evidence| *evidence != ready.fingerprint)),
            body_hash: ready.hash,
            fingerprint: ready.fingerprint,
            sent_size: ready.body.len(),
            rung: ready.rung.number(),
            repairs: ready.repairs.clone(),
            applied: self.kept_flags(&ready.row.flags),
            read_at: Some(clock::unix_now()),
        }
    }

    fn send(&self, ready: Ready) -> AppendItem {
        let Ready { row, rung, body, evidence, fingerprint, received_at, flags, .. } = ready;
        let flags = self.kept_flags(&flags);
        let suspect = rung != Rung::Original;
        let item = AppendItem { row: row.id, body, fingerprint, flags, received_at, suspect };
        self.flight.send(Sent { row, rung, evidence });
        item
    }

    fn kept_flags(&self, flags: &Flags) -> Flags {
        flags.kept(self.capabilities.keeps_keywords)
    }
}

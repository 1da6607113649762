//! From whole bodies to durable intents: the last stop before a message leaves.
//!
//! Hash and fingerprint are of the bytes about to be sent. A group leaves only after its intents are durable, and each rung of the repair
//! ladder is a new intent.

use tokio::sync::mpsc;

use super::{
    Rung,
    flight::Flight,
    ladder::{self, Fitted},
    waiting::Waiting,
};
use crate::{
    body::Body,
    clock,
    error::{Code, Error, Result, Scope},
    ledger::{Intent, Row, Settlement},
    limits, mime,
    model::{BodyHash, Fingerprint, Flags, Reason, ReceivedAt, RowState},
    source::{FetchResult, Fetched},
    target::{AppendItem, TargetCapabilities},
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
    row: Row,
    rung: Rung,
    body: Body,
    /// Nobody looks into it.
    pub sealed: bool,
    hash: BodyHash,
    pub fingerprint: Fingerprint,
    received_at: Option<ReceivedAt>,
    repairs: String,
}

/// What the stage does next.
enum Next {
    /// Joins this to the group.
    Ready(Box<Ready>),
    /// Looks again.
    Nothing,
    /// Lets the group leave.
    Pause,
    /// Lets the group leave, and nothing comes after it.
    End,
    /// Ends at once: nobody takes what is staged, or writes down what becomes of it.
    Stop,
}

impl Stager<'_> {
    /// Takes bodies until none comes any more; hands groups on until nobody takes them.
    pub async fn stage(&self, mut bodies: mpsc::Receiver<Fetched>, hand: mpsc::Sender<Vec<AppendItem>>) -> Result<()> {
        let mut group: Vec<Ready> = Vec::new();
        let mut bytes = 0;
        let mut waiting = Waiting::default();
        loop {
            let next = match waiting.next(self.flight) {
                Some(ready) => Next::Ready(Box::new(ready)),
                None => self.next(&mut bodies, &mut waiting, group.is_empty(), &hand).await?,
            };
            match next {
                Next::Ready(ready) => {
                    bytes += ready.body.len();
                    group.push(*ready);
                    if group.len() < self.capabilities.batch.clamp(1, limits::INTENT_BATCH)
                        && bytes < limits::INTENT_BATCH_BYTES
                    {
                        continue;
                    }
                }
                Next::Nothing => continue,
                Next::Pause => {}
                Next::Stop => return Ok(()),
                Next::End => {
                    self.leave(&mut group, &hand).await?;
                    return Ok(());
                }
            }
            if !self.leave(&mut group, &hand).await? {
                return Ok(());
            }
            bytes = 0;
        }
    }

    /// What comes next where nothing waits that may go: a body, or the outcome that something waits for. Only so many wait.
    async fn next(
        &self,
        bodies: &mut mpsc::Receiver<Fetched>,
        waiting: &mut Waiting,
        lonely: bool,
        hand: &mpsc::Sender<Vec<AppendItem>>,
    ) -> Result<Next> {
        if waiting.is_over() {
            return Ok(Next::End);
        }
        if !waiting.is_empty() && self.flight.is_over() {
            return Ok(Next::Stop);
        }
        if !lonely && !waiting.takes_more() {
            return Ok(Next::Pause);
        }
        tokio::select! {
            fetched = bodies.recv(), if waiting.takes_more() => {
                let Some(fetched) = fetched else {
                    waiting.takes_no_more();
                    return Ok(Next::Nothing);
                };
                let Some(ready) = self.take(fetched).await? else { return Ok(Next::Nothing) };
                Ok(waiting.pass(ready, self.flight).map_or(Next::Nothing, |ready| Next::Ready(Box::new(ready))))
            }
            () = self.flight.settled(), if !waiting.is_empty() => Ok(Next::Nothing),
            () = hand.closed(), if !waiting.is_empty() => Ok(Next::Stop),
            // What is waited for is in doubt: its outcome is not told before nothing more is staged.
            () = clock::sleep(limits::ITEMS_SETTLE), if lonely && !waiting.takes_more() => Ok(Next::Stop),
            () = clock::sleep(limits::GROUP_LINGER), if !lonely => Ok(Next::Pause),
        }
    }

    /// A fetched message, made ready; `None` if it ends here.
    async fn take(&self, fetched: Fetched) -> Result<Option<Ready>> {
        let Some((row, rung)) = self.flight.arrived(fetched.row) else { return Ok(None) };
        match fetched.what {
            FetchResult::Vanished => {
                let reason = Reason { code: Code::ItemVanished, words: "gone before it was read".to_owned() };
                self.end(&row, RowState::Vanished, reason).await?;
                Ok(None)
            }
            FetchResult::Unreadable(reason) => {
                self.end(&row, RowState::Failed, reason).await?;
                Ok(None)
            }
            FetchResult::Body(body) => self.ready(row, rung, body).await,
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
        Ok(Some(Ready { row, rung, body, sealed: false, hash, fingerprint, received_at, repairs }))
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
        let (received_at, repairs) = (row.received_at, String::new());
        Ok(Some(Ready { row, rung, body, sealed: true, hash, fingerprint, received_at, repairs }))
    }

    async fn fit(&self, body: Body, rung: Rung) -> Result<Fitted> {
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
    async fn leave(&self, group: &mut Vec<Ready>, hand: &mpsc::Sender<Vec<AppendItem>>) -> Result<bool> {
        if group.is_empty() {
            return Ok(true);
        }
        // The place in the queue comes first: an intent for bytes that nobody will send is a doubt for nothing.
        let Ok(place) = hand.reserve().await else { return Ok(false) };
        let intents = group.iter().map(|ready| self.intent(ready)).collect();
        self.run.ledger.intend(self.run.lease, intents).await?;
        let items = group.drain(..).map(|ready| self.send(ready)).collect();
        place.send(items);
        Ok(true)
    }

    fn intent(&self, ready: &Ready) -> Intent {
        Intent {
            row: ready.row.id,
            target_folder: self.job.folder.clone(),
            mark: self.flight.mark(),
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
        let Ready { row, rung, body, fingerprint, received_at, .. } = ready;
        let flags = self.kept_flags(&row.flags);
        let suspect = rung != Rung::Original;
        let item = AppendItem { row: row.id, body, fingerprint, flags, received_at, suspect };
        self.flight.send(row, rung);
        item
    }

    fn kept_flags(&self, flags: &Flags) -> Flags {
        flags.kept(self.capabilities.keeps_keywords)
    }
}

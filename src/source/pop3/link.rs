//! One connection to a maildrop, and what its numbers mean while it lasts.
//!
//! A reply to RETR does not say which message it holds. So where commands are pipelined each RETR has a LIST of the same number behind it,
//! whose reply names it: a server that passed over a command is found out before the message it shifted is believed.

mod listing;

use std::{collections::VecDeque, sync::Arc};

use futures_util::future::BoxFuture;

use super::{Pop3Settings, habits::Habits, maildrop::Maildrop};
use crate::{
    body::{Body, BodyStore},
    clock::{self, Instant},
    error::{Code, Disposition, Error, Result, Scope, Side},
    limits,
    pace::{self, ConnectionPermit, Limiter},
    pop3::{Command, Connection, Event, Reply, Size},
};

/// A connection that is signed in.
pub(super) struct Link {
    settings: Arc<Pop3Settings>,
    habits: Habits,
    connection: Connection,
    /// Several commands may be under way.
    pipelines: bool,
    limiter: Arc<Limiter>,
    maildrop: Option<Arc<Maildrop>>,
    /// Messages that were asked for, in their order.
    flying: VecDeque<u32>,
    /// The answer for the first of them, which its LIST did not vouch for yet.
    unvouched: Option<Answer>,
    /// Messages that this connection delivered.
    delivered: u32,
    due: Option<Instant>,
    /// The messages of this session were told.
    told: bool,
    _permit: Option<ConnectionPermit>,
}

/// What a server answered for one message.
#[derive(Debug)]
pub(super) enum Answer {
    /// The message, or its header.
    Body(Body),
    /// Why there is none.
    Refused(Reply),
}

/// What is asked of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// All of it.
    Whole,
    /// Its header.
    Header,
}

impl Link {
    /// Connects, signs in and proves what is announced.
    ///
    /// # Errors
    /// As [`Connection::open`]; a lock and a throttle with the time to come back.
    pub(super) async fn open(settings: Arc<Pop3Settings>, habits: Habits) -> Result<Link> {
        settings.pacer.unheld().await;
        let permit = match &settings.caps {
            Some(caps) => Some(caps.connection().await),
            None => None,
        };
        let mut connection = connect(&settings, &habits).await?;
        let mut pipelines = false;
        if !habits.is_lockstep() {
            pipelines = connection.proves_pipelining().await?;
            if !pipelines && connection.capabilities().has("PIPELINING") {
                tracing::info!(source = %settings.describe, "The server announces PIPELINING and loses commands; they go one by one.");
                habits.distrust_pipelining();
                drop(connection);
                connection = connect(&settings, &habits).await?;
            }
        }
        if connection.capabilities().deletes_what_is_read() {
            tracing::warn!(source = %settings.describe, "The server says that it deletes what was read (EXPIRE 0): sessions end without QUIT, so that it does not.");
        }
        Ok(Link {
            due: due(&connection),
            limiter: Arc::new(Limiter::new(settings.rates)),
            settings,
            habits,
            connection,
            pipelines,
            maildrop: None,
            flying: VecDeque::new(),
            unvouched: None,
            delivered: 0,
            told: false,
            _permit: permit,
        })
    }

    /// Ends the session and opens another, which sees what came meanwhile. Nothing may be under way.
    ///
    /// # Errors
    /// As [`Link::open`]; the old session is gone then.
    pub(super) async fn renew(&mut self) -> Result<()> {
        if let Some(wait) = self.habits.too_early() {
            return Err(self
                .error(Code::Throttled, Disposition::RetryAfter(Some(wait)))
                .with_reply("the server wants time between two sign-ins (LOGIN-DELAY)"));
        }
        let mut connection = connect_anew(self).await?;
        if self.pipelines && !connection.proves_pipelining().await? {
            self.habits.distrust_pipelining();
            return Err(Error::lost(self.settings.sign_in.dial.side, &*self.settings.describe));
        }
        (self.connection, self.maildrop, self.delivered, self.told) = (connection, None, 0, false);
        self.due = due(&self.connection);
        Ok(())
    }

    /// Whether it should be replaced before its server ends it.
    pub(super) fn is_worn(&self) -> bool {
        let old = self.due.is_some_and(|due| clock::instant() >= due);
        old || self.habits.wears().is_some_and(|wears| self.delivered >= wears)
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }
    pub(super) fn habits(&self) -> &Habits {
        &self.habits
    }
    pub(super) fn bodies(&self) -> &BodyStore {
        &self.settings.bodies
    }

    pub(super) fn error(&self, code: Code, disposition: Disposition) -> Error {
        Error::new(code, self.settings.sign_in.dial.side, Scope::Mailbox, disposition, &*self.settings.describe)
    }

    /// Waits until a message of so many bytes may be asked for; it stands by itself, so that replies are read meanwhile.
    pub(super) fn admission(&self, bytes: u64) -> BoxFuture<'static, ()> {
        let (settings, limiter) = (Arc::clone(&self.settings), Arc::clone(&self.limiter));
        Box::pin(async move {
            limiter.take(1, bytes).await;
            if let Some(caps) = &settings.caps {
                caps.bytes(bytes).await;
            }
            settings.pacer.permit_for(1).await;
        })
    }

    /// Messages that may be under way at once.
    pub(super) fn window(&self) -> usize {
        if self.pipelines { limits::FETCH_WINDOW_MESSAGES.min(self.settings.pacer.window()) } else { 1 }
    }

    /// Messages that may be under way before the session is worn.
    pub(super) fn room(&self) -> usize {
        let left = self.habits.wears().map(|wears| wears.saturating_sub(self.delivered) as usize);
        self.window().min(left.unwrap_or(usize::MAX)).max(1)
    }

    /// Whether headers can be had alone. One that tells nothing of itself has TOP as a rule.
    pub(super) fn has_top(&self) -> bool {
        let server = self.connection.capabilities();
        server.has("TOP") || !server.is_known()
    }

    /// Messages under way.
    pub(super) fn flying(&self) -> usize {
        self.flying.len()
    }

    /// Asks for this part of messages, as many at once as may be, and tells `each` answer.
    ///
    /// # Errors
    /// As [`Link::answer`], and those of `each`.
    pub(super) async fn read(
        &mut self,
        part: Part,
        numbers: Vec<u32>,
        mut each: impl FnMut(u32, Answer) -> Result<()> + Send,
    ) -> Result<()> {
        let mut left = numbers.into_iter();
        loop {
            while self.flying() < self.window()
                && let Some(number) = left.next()
            {
                self.admission(limits::HEADER_GUESS).await;
                self.ask(number, part);
            }
            if self.flying.is_empty() {
                return Ok(());
            }
            let (number, answer) = self.answer().await?;
            if let Answer::Body(body) = &answer {
                // How much it is was not known before.
                self.limiter.take(0, body.len().saturating_sub(limits::HEADER_GUESS)).await;
            }
            each(number, answer)?;
        }
    }

    /// Asks for a message; nothing is awaited.
    pub(super) fn ask(&mut self, number: u32, part: Part) {
        self.connection.queue(&match part {
            Part::Whole => Command::Retr(number),
            Part::Header => Command::Top(number),
        });
        if self.pipelines {
            self.connection.queue(&Command::ListOne(number));
        }
        self.flying.push_back(number);
    }

    /// The answer for the message that was asked for first. Dropping the future loses nothing.
    ///
    /// # Errors
    /// The session is lost, or answers what was not asked.
    pub(super) async fn answer(&mut self) -> Result<(u32, Answer)> {
        loop {
            let event = self.connection.event().await.inspect_err(|error| self.note_loss(error))?;
            let answer = match (self.unvouched.take(), event) {
                (None, Event::Message(body)) => Answer::Body(body),
                (None, Event::Status(reply)) if !reply.ok => Answer::Refused(reply),
                (Some(answer), Event::Status(reply)) => match self.vouches(&answer, &reply) {
                    true => return self.take(answer),
                    false => return Err(self.shifted()),
                },
                _ => return Err(self.shifted()),
            };
            if !self.pipelines {
                return self.take(answer);
            }
            self.unvouched = Some(answer);
        }
    }

    fn take(&mut self, answer: Answer) -> Result<(u32, Answer)> {
        let number = self.flying.pop_front().ok_or_else(|| Error::bug("an answer that nobody asked for"))?;
        if let Answer::Body(_) = answer {
            self.delivered += 1;
            self.settings.pacer.succeeded(1);
        }
        Ok((number, answer))
    }

    /// Whether a reply to LIST is that for the message whose answer came before it.
    fn vouches(&self, answer: &Answer, reply: &Reply) -> bool {
        let named = Size::read(reply.text.as_bytes()).map(|size| size.number);
        match reply.ok {
            true => named.is_some() && named == self.flying.front().copied(),
            // A message that is marked as gone has no size either.
            false => matches!(answer, Answer::Refused(_)),
        }
    }

    /// A command was passed over: what follows belongs to other messages.
    fn shifted(&self) -> Error {
        self.habits.distrust_pipelining();
        let lost = Error::lost(self.settings.sign_in.dial.side, &*self.settings.describe);
        lost.with_reply("the server does not answer what it was asked: a command was passed over")
    }

    /// A session that ends while messages are under way may have its reasons.
    fn note_loss(&self, error: &Error) {
        match error.code() {
            Code::Lost => self.habits.lost_after(self.delivered),
            // Silence with commands under way is what a lost command sounds like.
            Code::Timeout if self.flying.len() > 1 => self.habits.distrust_pipelining(),
            _ => {}
        }
    }

    /// Says that it is still there. Nothing may be under way.
    ///
    /// # Errors
    /// The session is lost.
    pub(super) async fn stay(&mut self) -> Result<()> {
        self.connection.ask(&Command::Noop).await.map(drop)
    }

    /// What a refusal means that is not about one message, if it is none; a throttle is obeyed.
    pub(super) fn more_than_a_message(&self, reply: &Reply) -> Option<Error> {
        if pace::throttle(&reply.text, reply.code.as_deref()).is_some() {
            return Some(heed(&self.settings, &self.habits, self.connection.refusal(reply)));
        }
        None
    }

    pub(super) async fn close(self) {
        self.connection.quit().await;
    }
}

async fn connect(settings: &Pop3Settings, habits: &Habits) -> Result<Connection> {
    let connection = Connection::open(&settings.sign_in, settings.bodies.clone()).await;
    let connection = connection.map_err(|error| heed(settings, habits, error))?;
    habits.signed_in(connection.capabilities().login_delay());
    Ok(connection)
}

/// The lock is given back before it is asked for again.
async fn connect_anew(link: &mut Link) -> Result<Connection> {
    if !link.connection.capabilities().deletes_what_is_read() {
        let _ = clock::timeout(limits::GOODBYE, link.connection.ask(&Command::Quit)).await;
    }
    connect(&link.settings, &link.habits).await
}

/// When a session should be replaced because its token grows old (quirk 15); one that was old already could not be renewed.
fn due(connection: &Connection) -> Option<Instant> {
    connection.token().filter(|token| token.is_fresh()).map(|token| token.renew_at)
}

/// The error with the time to come back.
fn heed(settings: &Pop3Settings, habits: &Habits, error: Error) -> Error {
    let words = error.reply().unwrap_or_default();
    let untimed = error.code() == Code::Throttled && error.disposition() == Disposition::RetryAfter(None);
    match pace::throttle(words, None).filter(|_| untimed) {
        Some(throttle) => {
            let wait = settings.pacer.obey(throttle, words).saturating_duration_since(clock::instant());
            error.disposed(Disposition::RetryAfter(Some(wait)))
        }
        None => habits.heed(error),
    }
}

/// The spool's disk failed.
pub(super) fn spool(cause: std::io::Error) -> Error {
    Error::new(Code::Disk, Side::System, Scope::Run, Disposition::NeedsPerson, "spool file").with_source(cause)
}

//! Progress of a run: a line for each active mailbox and one for all, redrawn on a terminal, printed now and then elsewhere.
//!
//! The engine's events only change figures under a short lock; drawing happens beside the work, a few times a second, so
//! that a million messages do not become a million redraws.

mod line;
mod speed;

use std::{
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::face::{Face, ProgressForm};
use crate::{
    clock::{self, Instant},
    project::{
        supervisor::{Job, Watch},
        words,
    },
    transfer::{Event, MailboxReport, Observer},
};
use line::{Figures, Line};
use speed::Speed;

/// Between two redraws on a terminal.
const REDRAW: Duration = Duration::from_millis(200);
/// Between two plain lines.
const PLAIN: Duration = Duration::from_secs(10);
/// Mailboxes with a line of their own at a time; a terminal is only so high.
const SHOWN: usize = 16;

/// The progress of one run.
pub struct Board {
    face: Face,
    begun: Instant,
    mailboxes: Vec<Arc<Mailbox>>,
    overall: Mutex<Speed>,
}

struct Mailbox {
    name: String,
    line: Mutex<Line>,
}

impl Board {
    /// A board for `jobs`.
    pub fn new(face: &Face, jobs: &[Job]) -> Arc<Board> {
        let mailbox = |job: &Job| {
            let name = job.pair.source.login.address.clone();
            Arc::new(Mailbox { name, line: Mutex::default() })
        };
        Arc::new(Board {
            face: face.clone(),
            begun: clock::instant(),
            mailboxes: jobs.iter().map(mailbox).collect(),
            overall: Mutex::default(),
        })
    }

    /// Does `work` and shows its progress meanwhile.
    pub async fn show<T>(&self, work: impl Future<Output = T>) -> T {
        match self.face.progress_form() {
            ProgressForm::None => work.await,
            ProgressForm::Bars => self.show_bars(work).await,
            ProgressForm::Lines => self.show_lines(work).await,
        }
    }

    async fn show_bars<T>(&self, work: impl Future<Output = T>) -> T {
        let mut bars = Bars::new(self.face.bars());
        let outcome = every(REDRAW, work, || bars.draw(&self.lines(SHOWN), &self.overall())).await;
        bars.clear();
        outcome
    }

    async fn show_lines<T>(&self, work: impl Future<Output = T>) -> T {
        let say = || {
            let line = match self.mailboxes.as_slice() {
                [only] => format!("{}  {}", only.name, only.lock().words()),
                _ => self.overall(),
            };
            self.face.note(&format!("[{}] {line}", words::duration(clock::instant() - self.begun)));
        };
        say();
        let outcome = every(PLAIN, work, say).await;
        say();
        outcome
    }

    /// The lines of the active mailboxes, at most `most`.
    fn lines(&self, most: usize) -> Vec<String> {
        let active = self.mailboxes.iter().filter_map(|mailbox| {
            let mut line = mailbox.lock();
            line.is_active().then(|| format!("{}  {}", mailbox.name, line.words()))
        });
        active.take(most).collect()
    }

    fn overall(&self) -> String {
        let (mut sum, mut ended, mut active) = (Figures::default(), 0, 0);
        for mailbox in &self.mailboxes {
            let line = mailbox.lock();
            sum = sum + line.figures();
            ended += usize::from(line.has_ended());
            active += usize::from(line.is_active());
        }
        let speed = {
            let mut speed = lock(&self.overall);
            speed.sample(clock::instant(), sum);
            speed.words(sum)
        };
        format!("{ended} of {} mailboxes ended, {active} active{sum}  {speed}", self.mailboxes.len())
            .trim_end()
            .to_owned()
    }
}

impl Watch for Board {
    fn begins(&self, job: usize) -> Arc<dyn Observer> {
        let mailbox = self.mailboxes[job].clone();
        tracing::info!(mailbox = mailbox.name, "begins");
        mailbox.lock().begin();
        mailbox
    }

    fn ended(&self, job: usize, report: &MailboxReport) {
        let mailbox = &self.mailboxes[job];
        mailbox.lock().end(report.state);
        let error = report.error.as_ref().map(|error| error.code.as_str()).unwrap_or_default();
        tracing::info!(mailbox = mailbox.name, outcome = words::outcome(report.state), error, "ended");
    }
}

impl Mailbox {
    fn lock(&self) -> MutexGuard<'_, Line> {
        lock(&self.line)
    }
}

impl Observer for Mailbox {
    fn on(&self, event: &Event) {
        log(&self.name, event);
        self.lock().on(event);
    }
}

/// Figures are whole after every change, so a panic elsewhere spoils none.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn log(mailbox: &str, event: &Event) {
    match event {
        Event::Stage(stage) => tracing::info!(mailbox, stage = words::stage(*stage), "stage"),
        Event::Folder(folder) => tracing::debug!(mailbox, %folder, "folder"),
        Event::Scope { messages, bytes, settled, .. } => {
            tracing::debug!(mailbox, messages, bytes, settled, "in scope");
        }
        Event::Settled { messages, bytes } => tracing::trace!(mailbox, messages, bytes, "settled"),
        Event::Throttled { side, until, reply } => {
            tracing::warn!(mailbox, ?side, until = clock::hh_mm(*until), reply, "throttled");
        }
        Event::Retrying { word, text, attempt, until } => {
            tracing::warn!(mailbox, word, text, attempt, until = clock::hh_mm(*until), "trying again");
        }
        Event::Attention(line) => {
            tracing::warn!(
                mailbox,
                code = line.code,
                folder = line.folder,
                message = line.message,
                count = line.count,
                problem = line.problem,
                reply = line.reply,
                "requires attention"
            );
        }
    }
}

/// Does `work`, and `draw` every `period` meanwhile.
async fn every<T>(period: Duration, work: impl Future<Output = T>, mut draw: impl FnMut()) -> T {
    tokio::pin!(work);
    loop {
        tokio::select! {
            outcome = &mut work => return outcome,
            () = clock::sleep(period) => draw(),
        }
    }
}

/// Bars on a terminal, one per line of text; they are words only, so that they tell more than a bar would.
struct Bars<'a> {
    all: &'a MultiProgress,
    overall: ProgressBar,
    lines: Vec<ProgressBar>,
}

impl<'a> Bars<'a> {
    fn new(all: &'a MultiProgress) -> Self {
        Bars { overall: all.add(bar()), all, lines: Vec::new() }
    }

    fn draw(&mut self, lines: &[String], overall: &str) {
        while self.lines.len() < lines.len() {
            self.lines.push(self.all.insert_before(&self.overall, bar()));
        }
        for unused in self.lines.drain(lines.len()..) {
            unused.finish_and_clear();
            self.all.remove(&unused);
        }
        for (bar, line) in self.lines.iter().zip(lines) {
            bar.set_message(line.clone());
            bar.tick();
        }
        self.overall.set_message(overall.to_owned());
        self.overall.tick();
    }

    fn clear(&mut self) {
        self.lines.drain(..).for_each(|bar| bar.finish_and_clear());
        self.overall.finish_and_clear();
    }
}

fn bar() -> ProgressBar {
    let style =
        ProgressStyle::with_template("{spinner} {wide_msg}").unwrap_or_else(|_| ProgressStyle::default_spinner());
    ProgressBar::new_spinner().with_style(style)
}

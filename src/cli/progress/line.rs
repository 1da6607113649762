//! The line of one mailbox: what the engine's events say of it, in words.

use std::{
    fmt::{self, Display},
    ops::Add,
    time::SystemTime,
};

use super::speed::Speed;
use crate::{
    clock,
    error::Side,
    model::FolderPath,
    project::words,
    transfer::{Event, Outcome, Stage},
};

/// Done and to be done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Figures {
    /// In scope, as far as known.
    pub messages: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Settled, in this pass or before.
    pub done: u64,
    /// Their bytes.
    pub done_bytes: u64,
}

impl Add for Figures {
    type Output = Figures;
    fn add(self, other: Figures) -> Figures {
        Figures {
            messages: self.messages + other.messages,
            bytes: self.bytes + other.bytes,
            done: self.done + other.done,
            done_bytes: self.done_bytes + other.done_bytes,
        }
    }
}

impl Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.messages {
            // Nothing is known yet, or there is nothing.
            0 => Ok(()),
            _ => {
                let (done, messages) = (words::count(self.done), words::count(self.messages));
                write!(f, "  {done}/{messages} messages, {}", words::bytes(self.done_bytes))
            }
        }
    }
}

/// One mailbox.
#[derive(Default)]
pub(super) struct Line {
    phase: Phase,
    stage: Option<Stage>,
    folder: Option<FolderPath>,
    figures: Figures,
    waits: Option<Wait>,
    speed: Speed,
}

#[derive(Default)]
enum Phase {
    #[default]
    Waiting,
    Active,
    Ended(Outcome),
}

/// Why nothing moves, and until when.
struct Wait {
    why: String,
    until: SystemTime,
}

impl Wait {
    /// `throttled by the target until 14:05`; a short one in seconds, for a minute is all a clock shows.
    fn words(&self) -> String {
        let left = self.until.duration_since(clock::now()).unwrap_or_default().as_secs();
        match left {
            0..60 => format!("{}, {} s more", self.why, left + 1),
            _ => format!("{} until {}", self.why, clock::hh_mm(self.until)),
        }
    }
}

impl Line {
    pub(super) fn begin(&mut self) {
        self.phase = Phase::Active;
    }

    pub(super) fn end(&mut self, outcome: Outcome) {
        self.phase = Phase::Ended(outcome);
    }

    pub(super) fn is_active(&self) -> bool {
        matches!(self.phase, Phase::Active)
    }

    pub(super) fn has_ended(&self) -> bool {
        matches!(self.phase, Phase::Ended(_))
    }

    pub(super) fn figures(&self) -> Figures {
        self.figures
    }

    /// Takes in one event.
    pub(super) fn on(&mut self, event: &Event) {
        match event {
            Event::Stage(stage) => {
                self.stage = Some(*stage);
                self.folder = None;
                self.waits = None;
            }
            Event::Scope { messages, bytes, settled, settled_bytes } => {
                self.figures =
                    Figures { messages: *messages, bytes: *bytes, done: *settled, done_bytes: *settled_bytes };
            }
            Event::Folder(folder) => self.folder = Some(folder.clone()),
            Event::Settled { messages, bytes } => {
                self.figures.done += messages;
                self.figures.done_bytes += bytes;
                self.waits = None;
            }
            Event::Throttled { side, until, .. } => {
                let who = match side {
                    Side::Source => "source",
                    Side::Target | Side::System => "target",
                };
                self.waits = Some(Wait { why: format!("throttled by the {who}"), until: *until });
            }
            Event::Retrying { word, attempt, until, .. } => {
                self.waits = Some(Wait { why: format!("{word}, attempt {attempt}"), until: *until });
            }
            Event::Attention(_) => {}
        }
    }

    /// The line in words.
    pub(super) fn words(&mut self) -> String {
        let stage = match &self.phase {
            Phase::Waiting => return "waiting for its turn".to_owned(),
            Phase::Ended(outcome) => return format!("{}{}", words::outcome(*outcome), self.figures),
            Phase::Active => self.stage.map_or("starting", words::stage),
        };
        self.speed.sample(clock::instant(), self.figures);
        let folder = self.folder.as_ref().map(|folder| format!(" {folder}")).unwrap_or_default();
        let pace = match self.waits.as_ref().filter(|wait| wait.until > clock::now()) {
            Some(wait) => wait.words(),
            None => self.speed.words(self.figures),
        };
        format!("{stage}{folder}{}  {pace}", self.figures).trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_line_says_stage_folder_figures_and_who_it_waits_for() {
        let mut line = Line::default();
        assert_eq!(line.words(), "waiting for its turn");
        line.begin();
        line.on(&Event::Stage(Stage::Copy));
        line.on(&Event::Scope { messages: 2000, bytes: 4_000_000, settled: 1000, settled_bytes: 2_000_000 });
        line.on(&Event::Folder(FolderPath::new(["Work", "2024"])));
        line.on(&Event::Settled { messages: 234, bytes: 500_000 });
        assert_eq!(line.words(), "copying Work/2024  1,234/2,000 messages, 2.5 MB");

        let until = clock::now() + Duration::from_secs(120);
        line.on(&Event::Throttled { side: Side::Target, until, reply: String::new() });
        let expected = format!("throttled by the target until {}", clock::hh_mm(until));
        assert!(line.words().ends_with(&expected), "{}", line.words());

        let until = clock::now() + Duration::from_millis(1500);
        line.on(&Event::Throttled { side: Side::Target, until, reply: String::new() });
        assert!(line.words().ends_with("throttled by the target, 2 s more"), "{}", line.words());

        line.on(&Event::Settled { messages: 1, bytes: 1 });
        assert!(!line.words().contains("throttled"), "it goes on");
        line.end(Outcome::Verified);
        assert_eq!(line.words(), "verified  1,235/2,000 messages, 2.5 MB");
    }
}

//! The list of steps: shown while it grows, and told as a document at its end.

use std::{future::Future, time::Duration};

use serde::Serialize;
use serde_json::json;

use crate::{
    cli::face::Face,
    clock,
    error::{Error, Result, Side},
    project::{outcome::Ending, words},
};

/// The steps so far.
pub(super) struct Steps<'a> {
    face: &'a Face,
    place: String,
    steps: Vec<Step>,
    errors: Vec<(&'static str, Ending)>,
    pending: Option<Step>,
}

#[derive(Serialize)]
struct Step {
    place: String,
    step: &'static str,
    ok: bool,
    seconds: f64,
    found: Vec<String>,
    /// What the directory says the mailbox is.
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<&'static str>,
    /// What the directory says of the account.
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<serde_json::Value>,
    /// Accounts that the directory has and no pair.
    #[serde(skip_serializing_if = "Option::is_none")]
    unpaired: Option<serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<serde_json::Value>,
}

impl<'a> Steps<'a> {
    pub(super) fn new(face: &'a Face) -> Self {
        Steps { face, place: String::new(), steps: Vec::new(), errors: Vec::new(), pending: None }
    }

    /// What follows is about `place`.
    pub(super) fn place(&mut self, place: String) {
        self.flush();
        self.say(&place);
        self.place = place;
    }

    /// Adds a step that is done.
    pub(super) fn add(&mut self, name: &'static str, took: Duration, found: Vec<String>, error: Option<Error>) {
        self.flush();
        let document = error.as_ref().map(|error| {
            self.errors.push((name, Ending::of_error(error)));
            json!({ "code": error.word(), "problem": error.code().problem(), "where": error.subject(),
                    "reply": error.reply(), "next_step": error.code().next_step() })
        });
        let seconds = (took.as_secs_f64() * 1e4).round() / 1e4;
        self.pending = Some(Step {
            place: self.place.clone(),
            step: name,
            ok: error.is_none(),
            seconds,
            found,
            verdict: None,
            account: None,
            unpaired: None,
            error: document,
        });
    }

    /// Does a step and adds it; `None` if it failed.
    pub(super) async fn timed<T>(&mut self, name: &'static str, work: impl Future<Output = Result<T>>) -> Option<T> {
        let begun = clock::instant();
        let outcome = work.await;
        let took = clock::instant() - begun;
        match outcome {
            Ok(value) => {
                self.add(name, took, Vec::new(), None);
                Some(value)
            }
            Err(error) => {
                self.add(name, took, Vec::new(), Some(error));
                None
            }
        }
    }

    /// What the latest step found.
    pub(super) fn found(&mut self, what: String) {
        if let Some(step) = &mut self.pending {
            step.found.push(what);
        }
    }

    /// What the latest step's mailbox is, in the directory's word.
    pub(super) fn verdict(&mut self, word: &'static str) {
        if let Some(step) = &mut self.pending {
            step.verdict = Some(word);
        }
    }

    /// What the directory says of the latest step's account.
    pub(super) fn account(&mut self, account: serde_json::Value) {
        if let Some(step) = &mut self.pending {
            step.account = Some(account);
        }
    }

    /// Which accounts of the latest step's directory are in no pair.
    pub(super) fn unpaired(&mut self, accounts: serde_json::Value) {
        if let Some(step) = &mut self.pending {
            step.unpaired = Some(accounts);
        }
    }

    /// The answer over `pairs` pairs.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn answer(mut self, pairs: usize) -> Result<Ending> {
        self.flush();
        let ending = self.ending(pairs);
        let ok = ending == Ending::Done;
        let (failed, all) = (self.errors.len(), self.steps.len());
        self.face.answer(&json!({ "ok": ok, "steps": self.steps }), || match ok {
            true => format!("All {all} steps went well.\n"),
            false => format!("{failed} of {all} steps failed.\n"),
        })?;
        Ok(ending)
    }

    fn ending(&self, pairs: usize) -> Ending {
        let refused = |step, ending| self.errors.iter().filter(|error| **error == (step, ending)).count() == pairs;
        let sides = [("source login", Ending::Refused(Side::Source)), ("target login", Ending::Refused(Side::Target))];
        match sides.into_iter().find(|(step, ending)| pairs > 0 && refused(*step, *ending)) {
            Some((_, ending)) => ending,
            None if self.errors.is_empty() => Ending::Done,
            None => Ending::Failed,
        }
    }

    fn flush(&mut self) {
        let Some(step) = self.pending.take() else { return };
        let mark = if step.ok { "ok" } else { "FAILED" };
        let took = words::duration(Duration::try_from_secs_f64(step.seconds).unwrap_or_default());
        self.say(&format!("  {mark:<6}  {:<14}  {took:>8}  {}", step.step, step.found.join("; ")));
        if let Some(error) = &step.error {
            let word = |key: &str| error[key].as_str().map(str::to_owned);
            for (name, words) in [("Problem:", word("problem")), ("Where:", word("where")), ("Server:", word("reply"))]
            {
                words.into_iter().for_each(|words| self.say(&format!("          {name:<10} {words}")));
            }
            self.say(&format!("          Next step: {}", word("next_step").unwrap_or_default()));
        }
        self.steps.push(step);
    }

    /// Shown as it happens: on standard output, or with `--json` beside it.
    fn say(&self, line: &str) {
        match self.face.is_json() {
            true => self.face.note(line),
            // Where standard output fails, the answer at the end fails too and says so.
            false => drop(self.face.text(&format!("{line}\n"))),
        }
    }
}

//! Faults by plan: "at the n-th command of this kind do that".

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use super::Verb;

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Answers `NO` with this text and does nothing.
    No(String),
    /// Answers `BAD` with this text and does nothing.
    Bad(String),
    /// Answers `BAD` with this text and closes with `* BYE` and the second text.
    BadBye(String, String),
    /// Closes with `* BYE` and this text instead of executing.
    Bye(String),
    /// Closes with `* BYE` and this text, and executes after this time: stored late.
    ByeThenExecute(String, Duration),
    /// Closes without executing: after a literal and before its OK, not stored.
    Cut,
    /// Executes, then closes without answering: after a literal and before its OK, stored.
    CutAfter,
    /// Closes at once and executes after this time: stored late.
    CutThenExecute(Duration),
    /// Closes after this many bytes of the command's first literal.
    CutInLiteral(usize),
    /// Closes after this many bytes of the reply.
    CutInReply(usize),
    /// Never answers again.
    Hang,
    /// Answers after this time.
    Delay(Duration),
    /// Sends this line as it is (`Server Unavailable. 15`, rubbish) before the answer.
    Line(String),
}

/// The plan of one server, shared by its connections.
#[derive(Debug, Default)]
pub struct Faults(Mutex<Vec<Rule>>);

#[derive(Debug)]
struct Rule {
    verb: Verb,
    /// Commands of this kind still to pass.
    skip: u64,
    /// Commands that it then meets.
    times: u64,
    /// Met with this probability in thousandths, when it is one of a seeded series.
    seeded: Option<(fastrand::Rng, u32)>,
    fault: Fault,
}

impl Rule {
    fn meets(&mut self, verb: Verb) -> bool {
        if verb != self.verb || self.times == 0 {
            return false;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        let met = self.seeded.as_mut().is_none_or(|(random, per_mille)| random.u32(..1000) < *per_mille);
        self.times -= u64::from(met);
        met
    }
}

impl Faults {
    /// `fault` at the `nth` command `verb` from now on (1 is the next).
    pub fn at(&self, verb: Verb, nth: u64, fault: Fault) {
        self.push(Rule { verb, skip: nth.saturating_sub(1), times: 1, seeded: None, fault });
    }

    /// `fault` at the next `times` commands `verb`.
    pub fn next(&self, verb: Verb, times: u64, fault: Fault) {
        self.push(Rule { verb, skip: 0, times, seeded: None, fault });
    }

    /// `fault` at random: each command `verb` is met with `per_mille` thousandths, the same ones for the same `seed`.
    pub fn random(&self, verb: Verb, per_mille: u32, seed: u64, fault: Fault) {
        let seeded = Some((fastrand::Rng::with_seed(seed), per_mille));
        self.push(Rule { verb, skip: 0, times: u64::MAX, seeded, fault });
    }

    /// Forgets the plan.
    pub fn clear(&self) {
        self.rules().clear();
    }

    fn push(&self, rule: Rule) {
        self.rules().push(rule);
    }

    fn rules(&self) -> std::sync::MutexGuard<'_, Vec<Rule>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The fault of this command. Every rule counts it; the first that meets it wins.
    pub(super) fn draw(&self, verb: Verb) -> Option<Fault> {
        let mut rules = self.rules();
        let mut drawn = None;
        for rule in rules.iter_mut() {
            if rule.meets(verb) && drawn.is_none() {
                drawn = Some(rule.fault.clone());
            }
        }
        rules.retain(|rule| rule.times > 0);
        drawn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_meets_the_command_it_was_planned_for() {
        let faults = Faults::default();
        faults.at(Verb::Append, 2, Fault::Cut);
        assert_eq!(faults.draw(Verb::Append), None);
        assert_eq!(faults.draw(Verb::Noop), None);
        assert_eq!(faults.draw(Verb::Append), Some(Fault::Cut));
        assert_eq!(faults.draw(Verb::Append), None);
    }

    #[test]
    fn random_faults_follow_from_their_seed() {
        let drawn = |seed| {
            let faults = Faults::default();
            faults.random(Verb::Fetch, 100, seed, Fault::Hang);
            (0..1000).map(|_| faults.draw(Verb::Fetch).is_some()).collect::<Vec<_>>()
        };
        let met = drawn(1).iter().filter(|met| **met).count();
        assert!((50..200).contains(&met), "{met}");
        assert_eq!(drawn(1), drawn(1));
        assert_ne!(drawn(1), drawn(2));
    }
}

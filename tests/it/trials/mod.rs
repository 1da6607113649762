//! The promise, tried from outside: the real binary between real servers, judged by a reader that is not ours.
//!
//! `MAILHAUL_TRIALS=full` runs the long form; otherwise each trial is a seeded part of it. `MAILHAUL_SEED=n` repeats a run: every
//! trial prints its seed, and a failure prints what differs.

mod cuts;
mod delta;
mod equality;
mod identity;
mod idle;
mod inside;
mod kills;
mod people;
mod power;

use crate::support::corpus::Mailbox;
use crate::support::dovecot::Dovecot;
use crate::support::fill::fill;
use crate::support::haul::Haul;
use crate::support::image::MailboxImage;

/// `part` in the ordinary run, `full` in the long one.
pub fn size(part: usize, full: usize) -> usize {
    if std::env::var("MAILHAUL_TRIALS").is_ok_and(|word| word == "full") { full } else { part }
}

/// The seed of this run, printed so that a failure can be repeated.
pub fn seed() -> u64 {
    let given = std::env::var("MAILHAUL_SEED").ok().and_then(|text| text.parse().ok());
    let seed = given.unwrap_or(20_251);
    println!("MAILHAUL_SEED={seed}");
    seed
}

/// Two Dovecots and one mailbox, filled at the source.
struct Pair {
    source: Dovecot,
    target: Dovecot,
    haul: Haul,
    /// What the source held when it was filled.
    wanted: MailboxImage,
}

const USER: &str = "ann";

impl Pair {
    fn filled(mailbox: &Mailbox) -> Pair {
        Pair::between(Dovecot::start(), Dovecot::start(), mailbox)
    }

    fn between(source: Dovecot, target: Dovecot, mailbox: &Mailbox) -> Pair {
        let mut raw = source.login(USER);
        let refused = fill(&mut raw, mailbox);
        assert!(refused.is_empty(), "{}", refused[0].words);
        let wanted = MailboxImage::read(&mut raw);
        let haul = Haul::new(source.address(), USER, target.address(), USER);
        Pair { source, target, haul, wanted }
    }

    fn at_source(&self) -> MailboxImage {
        MailboxImage::read(&mut self.source.login(USER))
    }

    fn at_target(&self) -> MailboxImage {
        MailboxImage::read(&mut self.target.login(USER))
    }
}

//! A pass that finds nothing new costs the same, however much mail there is.

use super::{Pair, seed};
use crate::support::corpus::Mailbox;
use crate::support::dovecot::{Dovecot, Options};
use crate::support::proxy::tap::Tap;

/// Commands and round trips of the third pass over a mailbox of `messages`, on both sides.
fn cost(messages: usize, without: &[&'static str]) -> [(usize, usize); 2] {
    let server = || Dovecot::with(&Options { without: without.to_vec(), ..Options::default() });
    let mut pair =
        Pair::between(server(), server(), &Mailbox { attachments: false, ..Mailbox::new(seed(), 50, messages) });
    pair.haul.copy_verified();
    pair.haul.copy_verified();
    let (from, to) = (Tap::to(pair.source.address()), Tap::to(pair.target.address()));
    pair.haul.redirect(from.0.address(), to.0.address());
    pair.haul.copy_verified();
    let count = |tap: &Tap| (tap.commands(), tap.round_trips());
    println!("{messages} messages: {:?} at the source, {:?} at the target", count(&from.1), count(&to.1));
    [count(&from.1), count(&to.1)]
}

#[test]
fn an_idle_pass_costs_the_same_for_any_size() {
    let (small, large) = (cost(60, &[]), cost(1200, &[]));
    for ((commands, _), (more, _)) in small.iter().zip(&large) {
        assert!(*more <= commands + 2, "{small:?} {large:?}");
    }
    assert!(small[0].0 < 60, "{small:?}");
}

//! Connections cut at random byte offsets on either side: the pass goes on by itself or the next one does, and the mailbox is equal.

use super::{Pair, seed, size};
use crate::support::corpus::Mailbox;
use crate::support::image::assert_equal;
use crate::support::proxy::hide::hide;
use crate::support::proxy::line::{Cuts, Line};
use std::sync::Arc;

#[derive(Clone, Copy, PartialEq)]
enum Side {
    Source,
    Target,
    TargetWithoutUidplus,
}

fn cut(side: Side, count: usize) {
    let seed = seed();
    let mut round = 0;
    let mut done = 0;
    while done < count {
        round += 1;
        let mut pair = Pair::filled(&Mailbox::new(seed, 100 + round, size(200, 600)));
        // Fewer cuts than a pass has attempts, so that most passes outlive them.
        let planned = (count - done).min(5);
        let cuts = Cuts::new(seed + round, planned, 1 << 22);
        let line = Line { cuts: Some(Arc::clone(&cuts)), ..Line::default() };
        let (source, target) = (pair.source.address(), pair.target.address());
        let poor = (side == Side::TargetWithoutUidplus).then(|| hide(target, &["UIDPLUS"]));
        let line = match side {
            Side::Source => line.to(source),
            Side::Target => line.to(target),
            Side::TargetWithoutUidplus => line.to(poor.as_ref().map_or(target, |poor| poor.address())),
        };
        match side {
            Side::Source => pair.haul.redirect(line.address(), target),
            _ => pair.haul.redirect(source, line.address()),
        }
        let first = pair.haul.copy();
        done += planned - cuts.left();
        println!(
            "round {round}: {} cuts, outcome {}, {done} of {count}",
            planned - cuts.left(),
            first.document["outcome"]
        );
        cuts.stop();
        pair.haul.copy_verified();
        assert_equal(&pair.wanted, &pair.at_target());
        assert!(round < 10 * count as u64, "the passes end before they are cut");
    }
}

#[test]
fn cut_at_the_source() {
    cut(Side::Source, size(10, 100));
}

#[test]
fn cut_at_the_target() {
    cut(Side::Target, size(10, 100));
}

#[test]
fn cut_at_a_target_without_uidplus() {
    cut(Side::TargetWithoutUidplus, size(10, 100));
}

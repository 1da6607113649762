use super::*;
use crate::{imap::Attributes, imap::StatusReply, model::Flags, source::ListingKind};

const OLD: Option<Old> = Some(Old::Changes { last: 99, modseq: 5, vanished: true });

fn listing(old: Option<Old>, new: Option<(u32, Option<u32>)>) -> Listing {
    let opening = Opening { validity: Some(7), next: Some(110), exists: 60 };
    Listing::new(Plan { kind: ListingKind::Delta, old, new }, Some(110), opening)
}

fn new(uid: u32) -> Event {
    let flags = Some(Flags::default());
    Event::Fetch(Box::new(Attributes { uid: Some(uid), size: Some(10), flags, ..Attributes::default() }))
}

fn changed(uid: u32) -> Event {
    Event::Fetch(Box::new(Attributes { uid: Some(uid), flags: Some(Flags::default()), ..Attributes::default() }))
}

fn uid(id: &[u8]) -> u32 {
    u32::from_be_bytes(id.try_into().unwrap())
}

fn told(listing: &mut Listing) -> (Vec<u32>, Vec<u32>, Vec<u32>) {
    let (mut flags, mut listed, mut gone) = (Vec::new(), Vec::new(), Vec::new());
    while let Some(page) = listing.page(true) {
        match page {
            DiscoverEvent::Flags(page) => flags.extend(page.iter().map(|f| uid(&f.id))),
            DiscoverEvent::Listed(page) => listed.extend(page.iter().map(|l| uid(&l.id))),
            DiscoverEvent::Gone(page) => gone.extend(page.iter().map(|id| uid(id))),
            other => panic!("{other:?}"),
        }
    }
    (flags, listed, gone)
}

#[test]
fn replies_are_told_apart_by_what_they_tell() {
    let mut listing = listing(OLD, Some((100, Some(109))));
    // Flags of a new message, and a message beyond the frontier, belong to the next listing.
    [changed(3), changed(7), new(100), changed(101), new(105), new(110)].into_iter().for_each(|e| listing.note(e));
    assert_eq!(told(&mut listing), (vec![3, 7], vec![100, 105], vec![]));
    assert!(listing.fault().is_none());
}

#[test]
fn a_change_that_is_told_twice_or_late_is_left_to_the_next_listing() {
    let mut listing = listing(OLD, None);
    [changed(3), changed(9), changed(3)].into_iter().for_each(|e| listing.note(e));
    assert_eq!(told(&mut listing).0, [3, 9]);
    assert!(listing.fault().is_none());
}

#[test]
fn new_messages_out_of_order_make_the_listing_useless() {
    let mut listing = listing(None, Some((1, None)));
    [new(2), new(1)].into_iter().for_each(|e| listing.note(e));
    assert_eq!(listing.fault().map(|reason| reason.code), Some(Code::Protocol));
}

#[test]
fn what_vanished_is_told_below_the_frontier_only() {
    let mut listing = listing(OLD, None);
    listing.note(Event::Vanished { ranges: vec![(2, 3), (98, u32::MAX), (500, 600)], earlier: true });
    assert_eq!(told(&mut listing).2, [2, 3, 98, 99]);
}

#[test]
fn pages_are_bounded_and_hold_all() {
    let mut listing = listing(Some(Old::Changes { last: 20_000, modseq: 5, vanished: true }), None);
    listing.note(Event::Vanished { ranges: vec![(1, 10_000)], earlier: true });
    let mut sizes = Vec::new();
    while let Some(DiscoverEvent::Gone(page)) = listing.page(false) {
        sizes.push(page.len());
    }
    assert_eq!(sizes, [4096, 4096, 1808]);
}

#[test]
fn the_count_is_that_of_the_frontier() {
    let mut still = listing(OLD, None);
    assert_eq!((still.count(), still.next()), (Some(60), Some(110)));
    still.note(Event::Expunge(4));
    still.note(Event::Vanished { ranges: vec![(5, 6)], earlier: false });
    assert_eq!(still.count(), Some(57));
    let arrived = Opening { validity: Some(7), next: Some(112), exists: 62 };
    let plan = Plan { kind: ListingKind::Delta, old: OLD, new: None };
    assert_eq!(Listing::new(plan, Some(110), arrived).count(), None, "two came between STATUS and EXAMINE");
}

#[test]
fn without_uidnext_the_frontier_is_what_was_listed() {
    let plan = Plan { kind: ListingKind::Complete, old: None, new: Some((1, None)) };
    let mut listing = Listing::new(plan, None, Opening::default());
    listing.note(new(41));
    assert_eq!(listing.next(), Some(42));
}

#[test]
fn a_folder_that_was_replaced_is_seen() {
    let opening = Opening { validity: Some(7), next: None, exists: 0 };
    let now = |validity| StatusReply { validity: Some(validity), ..StatusReply::default() };
    assert!(opening.unlike(&now(7)).is_none());
    assert_eq!(opening.unlike(&now(8)).map(|reason| reason.code), Some(Code::Identity));
}

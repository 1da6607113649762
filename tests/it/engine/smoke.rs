//! One mailbox, one pass, one more.

use mailhaul::transfer::{Options, Outcome};

use super::{ledger, pair, pass};
use crate::support::{
    corpus::Mailbox,
    dovecot::Dovecot,
    fill::fill,
    image::{MailboxImage, assert_equal},
    place,
};

#[test]
fn a_mailbox_is_copied_and_a_second_pass_changes_nothing() {
    let (source, target) = (Dovecot::start(), Dovecot::start());
    let mut raw = source.login("ann");
    fill(&mut raw, &Mailbox::new(1, 0, 200));
    let wanted = MailboxImage::read(&mut raw);
    let home = place::fresh("engine");
    let pair = pair(source.address(), target.address(), "ann");

    let report = pass(&pair, &ledger(&home), &Options::default());
    assert_eq!(report.state, Outcome::Verified, "{report:#?}");
    assert_eq!(report.counts.copied, wanted.messages() as u64, "{report:#?}");
    assert_equal(&wanted, &MailboxImage::read(&mut target.login("ann")));

    let again = pass(&pair, &ledger(&home), &Options::default());
    assert_eq!((again.state, again.counts.copied_this_pass), (Outcome::Verified, 0), "{again:#?}");
    assert_equal(&wanted, &MailboxImage::read(&mut target.login("ann")));
}

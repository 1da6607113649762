//! Whole passes from a host of the lab to an IMAP server, and what becomes of a maildrop between them.

use std::{collections::BTreeMap, sync::Arc};

use mailhaul::{
    error::Side,
    lab::{
        imap::{self, Accounts, Persona},
        mailstore::Mailstore,
        pop3::{Manner, Pipelining, Refusal, Uidl},
    },
    ledger::{Ledger, sqlite::SqliteLedger},
    source::{SourceConnector, pop3::Pop3Source},
    target::imap::ImapTarget,
    transfer::{self, MailboxReport, Observer, Options, Outcome, Pair, PassKind, Unobserved},
};
use tokio_util::sync::CancellationToken;

use super::{Stand, deliver, letter};
use crate::{
    side,
    support::{place, pop3::carried},
};

/// A maildrop, a mailbox that it goes to, and a ledger between them.
pub struct Journey {
    pub stand: Stand,
    pub manner: Manner,
    pub to: Mailstore,
    target: imap::Server,
    home: tempfile::TempDir,
}

impl Journey {
    pub async fn of(messages: u32, manner: Manner) -> Journey {
        let stand = Stand::with(messages, manner.clone()).await;
        let to = Mailstore::empty();
        let target = imap::Server::start(to.clone(), Persona::generic()).await.unwrap();
        Journey { stand, manner, to, target, home: tempfile::tempdir().unwrap() }
    }

    /// The host behaves otherwise from now on.
    pub fn turn(&mut self, change: impl FnOnce(&mut Manner)) {
        self.manner = self.manner.clone().with(change);
        self.stand.server.set_manner(self.manner.clone());
    }

    pub async fn pass(&self) -> MailboxReport {
        self.pass_with(self.stand.source(), Options::default(), Arc::new(Unobserved)).await
    }

    /// As each process does it: with a source that learnt nothing yet.
    pub async fn pass_with(&self, source: Pop3Source, options: Options, observer: Arc<dyn Observer>) -> MailboxReport {
        transfer::run_pass(&self.pair(source), self.ledger(), &options, observer, CancellationToken::new()).await
    }

    fn pair(&self, source: Pop3Source) -> Pair {
        let address = place::loopback(self.target.port());
        let settings = side::settings(address, Accounts::USER, Accounts::PASSWORD, Side::Target);
        Pair {
            source_identity: "maildrop".to_owned(),
            target_identity: "target".to_owned(),
            source: Arc::new(source),
            target: Arc::new(ImapTarget::new(settings)),
        }
    }

    fn ledger(&self) -> Arc<dyn Ledger> {
        SqliteLedger::open(self.home.path().join("ledger.db")).unwrap()
    }

    /// A pass that must end verified.
    #[track_caller]
    fn verified(report: &MailboxReport) {
        assert_eq!(report.state, Outcome::Verified, "{report:#?}");
        assert_eq!(report.counts.unexplained, 0);
    }

    /// The target's messages, each with how often it is there.
    fn at_target(&self) -> BTreeMap<Vec<u8>, usize> {
        counted(self.to.read(|mailbox| {
            let inbox = mailbox.folder(b"INBOX").unwrap();
            inbox.messages().iter().map(|message| message.content.bytes().to_vec()).collect()
        }))
    }

    /// Fails unless the target holds `wanted`, each as often.
    #[track_caller]
    pub fn assert_at_target(&self, wanted: Vec<Vec<u8>>) {
        let (wanted, found) = (counted(wanted), self.at_target());
        let count = |of: &BTreeMap<Vec<u8>, usize>| of.values().sum::<usize>();
        assert_eq!(count(&found), count(&wanted));
        assert!(found == wanted, "the same number, and others");
        assert_eq!(self.stand.server.journal().count("DELE"), 0);
    }
}

fn counted(mails: Vec<Vec<u8>>) -> BTreeMap<Vec<u8>, usize> {
    let mut counts = BTreeMap::new();
    mails.into_iter().for_each(|mail| *counts.entry(mail).or_default() += 1);
    counts
}

#[tokio::test(flavor = "multi_thread")]
async fn a_maildrop_arrives_with_its_dates_and_its_losses_are_said() {
    let journey = Journey::of(50, Manner::default()).await;
    let report = journey.pass().await;
    Journey::verified(&report);
    assert_eq!((report.counts.copied, report.not_carried.len()), (50, 3));
    journey.assert_at_target(journey.stand.bodies());
    // 21:13 UTC, and some seconds: the topmost Received field of each.
    let minute = 1_699_996_380..1_699_996_440;
    let dated = |mailbox: &mailhaul::lab::mailstore::Mailbox| {
        mailbox.folder(b"INBOX").unwrap().messages().iter().all(|message| minute.contains(&message.received_at.unix))
    };
    assert!(journey.to.read(dated));
    assert_eq!(journey.pass().await.counts.copied_this_pass, 0);
    assert_eq!(journey.stand.server.journal().count("RETR"), 50, "each was read once");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_between_passes_never_doubles() {
    for uidl in [Uidl::Own { generation: 0 }, Uidl::Repeated(3), Uidl::Unknown] {
        let mut journey = Journey::of(40, Manner::default().with(|manner| manner.uidl = uidl.clone())).await;
        Journey::verified(&journey.pass().await);
        let mut wanted = journey.stand.bodies();
        // Some go, among them one of two equals; some come, among them one that is equal to what is there.
        journey.stand.remove(&[1, 2, 7, 20]);
        for mail in [letter(500), letter(501), letter(10)] {
            wanted.push(carried(&mail));
            deliver(&journey.stand.store, mail);
        }
        let report = journey.pass().await;
        Journey::verified(&report);
        assert_eq!(report.counts.copied_this_pass, 3, "{uidl:?}");
        journey.assert_at_target(wanted.clone());

        // Every unique id is another one, and something came and went meanwhile.
        journey.turn(|manner| manner.uidl = Uidl::Own { generation: 9 });
        journey.stand.remove(&[3]);
        deliver(&journey.stand.store, letter(502));
        wanted.push(carried(&letter(502)));
        let report = journey.pass().await;
        Journey::verified(&report);
        assert_eq!(report.counts.copied_this_pass, 1, "{uidl:?}");
        journey.assert_at_target(wanted);
        assert_eq!(journey.pass().await.counts.copied_this_pass, 0);
    }
}

/// Equal headers are not equal messages: under other unique ids only the bytes tell which of them is known.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_with_a_known_header_and_size_is_new_all_the_same() {
    let mail = |body: &str| format!("From: a@b\r\nMessage-ID: <1@x>\r\nSubject: s\r\n\r\n{body}\r\n").into_bytes();
    let mut journey = Journey::of(0, Manner::default()).await;
    deliver(&journey.stand.store, mail("one"));
    Journey::verified(&journey.pass().await);
    journey.turn(|manner| manner.uidl = Uidl::Own { generation: 1 });
    journey.stand.remove(&[1]);
    deliver(&journey.stand.store, mail("two"));
    Journey::verified(&journey.pass().await);
    journey.assert_at_target(vec![mail("one"), mail("two")]);
}

/// A unique id that was one message's is told for two: what is known under it must not be copied again.
#[tokio::test(flavor = "multi_thread")]
async fn a_unique_id_that_becomes_two_messages_doubles_none() {
    let mut journey = Journey::of(9, Manner::default().with(|manner| manner.uidl = Uidl::Repeated(1))).await;
    Journey::verified(&journey.pass().await);
    journey.turn(|manner| manner.uidl = Uidl::Repeated(2));
    deliver(&journey.stand.store, letter(600));
    let report = journey.pass().await;
    Journey::verified(&report);
    assert_eq!(report.counts.copied_this_pass, 1);
    journey.assert_at_target(journey.stand.bodies());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_loses_commands_is_found_out() {
    for pipelining in [Pipelining::Lost, Pipelining::LostAtRetr, Pipelining::HangsUp, Pipelining::Untold] {
        let journey = Journey::of(30, Manner::default().with(|manner| manner.pipelining = pipelining)).await;
        let mut settings =
            side::maildrop(place::loopback(journey.stand.server.port()), Accounts::USER, Accounts::PASSWORD);
        settings.sign_in.deadline = std::time::Duration::from_millis(500);
        let report = journey.pass_with(Pop3Source::new(settings), Options::default(), Arc::new(Unobserved)).await;
        Journey::verified(&report);
        journey.assert_at_target(journey.stand.bodies());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_cuts_after_some_messages_is_read_on() {
    let journey = Journey::of(40, Manner::default().with(|manner| manner.cut_after = Some(12))).await;
    let report = journey.pass().await;
    Journey::verified(&report);
    journey.assert_at_target(journey.stand.bodies());
}

/// A maildrop with one message of 2001 and one of 2023.
async fn old_and_new() -> (Journey, [Vec<u8>; 2]) {
    let journey = Journey::of(0, Manner::default()).await;
    let mail = |date: &str| format!("Received: by a; {date}\r\nSubject: s\r\n\r\n{date}\r\n").into_bytes();
    let mails = ["Mon, 1 Jan 2001 00:00:00 +0000", "Tue, 14 Nov 2023 22:13:20 +0000"].map(mail);
    mails.iter().for_each(|mail| deliver(&journey.stand.store, mail.clone()));
    (journey, mails)
}

/// The maildrop as somebody reads it who wants what came since 2020.
fn since_2020(journey: &Journey) -> (Pop3Source, Options) {
    let address = place::loopback(journey.stand.server.port());
    let mut settings = side::maildrop(address, Accounts::USER, Accounts::PASSWORD);
    settings.dated = true;
    let mut options = Options::default();
    options.scope.since = Some(1_600_000_000);
    (Pop3Source::new(settings), options)
}

/// Nothing tells the date but the message, so its header is read while the maildrop is listed.
#[tokio::test(flavor = "multi_thread")]
async fn a_filter_by_date_looks_into_the_messages() {
    let (journey, [_, new]) = old_and_new().await;
    let (source, options) = since_2020(&journey);
    let report = journey.pass_with(source, options, Arc::new(Unobserved)).await;
    assert_eq!((report.counts.in_scope, report.counts.out_of_scope), (1, 1), "{report:#?}");
    journey.assert_at_target(vec![new]);
}

/// What was listed before anybody chose by date is looked at then, once.
#[tokio::test(flavor = "multi_thread")]
async fn a_filter_by_date_that_comes_later_judges_what_was_listed_before() {
    let (journey, [_, new]) = old_and_new().await;
    let (pair, options, stop) = (journey.pair(journey.stand.source()), Options::default(), CancellationToken::new());
    let forecast = transfer::forecast(&pair, journey.ledger(), &options, Arc::new(Unobserved), stop).await;
    assert!(forecast.error.is_none(), "{forecast:#?}");
    for headers in [2, 2] {
        let (source, options) = since_2020(&journey);
        let report = journey.pass_with(source, options, Arc::new(Unobserved)).await;
        assert_eq!((report.counts.in_scope, report.counts.out_of_scope), (1, 1), "{report:#?}");
        assert_eq!(journey.stand.server.journal().count("TOP"), headers);
    }
    journey.assert_at_target(vec![new]);
}

/// A message that cannot be read may be any of those that are known by their content alone: none of them counts as gone.
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_without_an_id_takes_no_message_away() {
    let mut journey = Journey::of(8, Manner::default().with(|manner| manner.uidl = Uidl::Unknown)).await;
    Journey::verified(&journey.pass().await);
    journey.turn(|manner| manner.refuse = BTreeMap::from([(3, Refusal::Always)]));
    let wanted = journey.stand.bodies();
    let mirror = || Options { deletions: transfer::Deletions::Mirror { approved: true }, ..Options::default() };
    let report = journey.pass_with(journey.stand.source(), mirror(), Arc::new(Unobserved)).await;
    assert_ne!(report.state, Outcome::Verified, "one is not known");
    assert_eq!((report.counts.gone_from_source, report.counts.copied_this_pass), (0, 0), "{report:#?}");
    let line = report.attention.iter().find(|line| line.code == "ITEM-FETCH").unwrap();
    assert!(line.reply.as_deref().unwrap().starts_with("1 messages"));
    journey.assert_at_target(wanted.clone());
    journey.turn(|manner| manner.refuse.clear());
    let report = journey.pass_with(journey.stand.source(), mirror(), Arc::new(Unobserved)).await;
    Journey::verified(&report);
    assert_eq!(report.counts.copied_this_pass, 0);
    journey.assert_at_target(wanted);
}

/// Under other unique ids, and with a message that cannot be read, nothing is known for certain: nothing is copied until it is.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_concluded_where_ids_change_and_a_message_cannot_be_read() {
    let mut journey = Journey::of(8, Manner::default()).await;
    Journey::verified(&journey.pass().await);
    journey.turn(|manner| {
        manner.uidl = Uidl::Unknown;
        manner.refuse = BTreeMap::from([(3, Refusal::Always)]);
    });
    let wanted = journey.stand.bodies();
    let report = journey.pass().await;
    assert_ne!(report.state, Outcome::Verified, "{report:#?}");
    journey.assert_at_target(wanted.clone());
    journey.turn(|manner| manner.refuse.clear());
    let report = journey.pass().await;
    Journey::verified(&report);
    assert_eq!(report.counts.copied_this_pass, 0);
    journey.assert_at_target(wanted);
}

/// Two that are refused may be the session's fault once, and are listed with the words then.
#[tokio::test(flavor = "multi_thread")]
async fn two_messages_that_cannot_be_read_do_not_fail_the_mailbox() {
    let refuse = BTreeMap::from([(1, Refusal::Always), (2, Refusal::Always)]);
    let journey = Journey::of(2, Manner::default().with(|manner| manner.refuse = refuse)).await;
    let report = journey.pass().await;
    assert_eq!((report.state, report.counts.failed), (Outcome::Finished, 2), "{report:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_two_sessions_refuse_is_listed_with_the_words() {
    let refuse = BTreeMap::from([(4, Refusal::Always), (9, Refusal::Once)]);
    let mut journey = Journey::of(20, Manner::default().with(|manner| manner.refuse = refuse)).await;
    let report = journey.pass().await;
    assert_eq!((report.counts.copied, report.counts.failed), (19, 1), "{report:#?}");
    let line = report.attention.iter().find(|line| line.code == "ITEM-FETCH").unwrap();
    assert!(line.reply.as_deref().unwrap().contains("[SYS/TEMP] cannot read that message"));
    journey.turn(|manner| manner.refuse.clear());
    let again = Options { pass: PassKind::Retry, ..Options::default() };
    Journey::verified(&journey.pass_with(journey.stand.source(), again, Arc::new(Unobserved)).await);
    journey.assert_at_target(journey.stand.bodies());
}

/// The server deletes what was read once it is told QUIT, so it is not.
#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_deletes_what_is_read_deletes_nothing() {
    let journey = Journey::of(10, Manner::default().with(|manner| manner.expires = true)).await;
    Journey::verified(&journey.pass().await);
    assert_eq!(journey.stand.bodies().len(), 10);
    assert_eq!(journey.stand.server.journal().count("QUIT"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_of_bare_newlines_is_read() {
    let journey = Journey::of(0, Manner::default().with(|manner| manner.bare_newlines = true)).await;
    deliver(&journey.stand.store, b"Subject: a\n\n.b\n..\n".to_vec());
    Journey::verified(&journey.pass().await);
    assert_eq!(journey.at_target().len(), 1);
    let source = journey.stand.source();
    assert!(source.open().await.is_ok());
}

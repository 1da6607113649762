//! What does not go whole goes as mail, by IMAP, into the same mailbox: once, with its date and its marks, whatever happens on the way.

use std::{sync::Arc, time::Duration};

use mailhaul::{
    clock,
    error::Side,
    lab::{
        graph::{Kind, NewItem, Settings},
        imap::{Accounts, Fault, Persona, Profile, Server, Verb},
        mailstore::{self, Mailstore},
    },
    mailbox::named,
    target::imap::ImapTarget,
    transfer::{MailboxReport, Options, Outcome},
};

use super::{
    deaths::die,
    house::{House, run},
};
use crate::{
    conformance,
    graph::stage::{KIM, LEE, date, mail},
    ledger::{Death, FaultyLedger},
    side,
    support::place,
    trials::size,
};

/// Lee's mailbox is served by IMAP too.
pub async fn with_imap(mut house: House) -> (House, Server) {
    let store = Mailstore::new(mailstore::Mailbox::new('/'));
    let server = Server::start(store.clone(), Persona::exchange(Profile::Move)).await.unwrap();
    house.stage.graph.share(LEE, &store);
    let mut settings = side::settings(place::loopback(server.port()), Accounts::USER, Accounts::PASSWORD, Side::Target);
    settings.profile = named("Exchange Online");
    house.mail = Some(Arc::new(ImapTarget::new(settings)));
    (house, server)
}

/// A letter that no import takes: flagged and not read.
fn letter(number: i64) -> NewItem {
    let mut item = mail(&format!("letter {number}"));
    (item.read, item.flag, item.received) = (false, "flagged".to_owned(), date(1_500_000_000 + number));
    item.search_key = u128::MAX.saturating_sub(number.unsigned_abs().into()).to_be_bytes();
    item
}

/// Some items, and three letters in a folder that import does not take; two of them are one that was copied and edited.
async fn refusing(count: usize) -> (House, Server) {
    let house = House::filled(count, Settings::default()).await;
    let letters = [letter(1), letter(2), NewItem { content: mail("edited").content, ..letter(2) }];
    house.stage.graph.change_settings(|settings| settings.unwelcome = letters.iter().map(|l| l.search_key).collect());
    // Exchange tells of the edited one what it told before.
    let edited = "From: a@b.example\r\nSubject: letter 2\r\nMessage-ID: <letter 2@b.example>\r\n\r\nedited\r\n";
    let [one, two, mut three] = letters;
    three.content = mailstore::Content::Stored(edited.into());
    house.stage.graph.mailbox(KIM, |mailbox| {
        [one, two, three].into_iter().for_each(|item| drop(mailbox.add("Archive/2019", item)));
    });
    with_imap(house).await
}

/// What of a mailbox a message keeps that goes as mail; the rest of it in full.
fn kept(house: &House, user: &str) -> Vec<String> {
    let mut all = house.stage.graph.mailbox(user, |mailbox| {
        let one = |(path, item): (String, &NewItem)| match item.subject.starts_with("letter") {
            true => format!("{path} {} {} {} {:?}", item.received, item.read, item.flag, item.content.bytes()),
            false => format!("{path} {item:?}"),
        };
        mailbox.items().map(one).collect::<Vec<_>>()
    });
    all.as_mut().unwrap().sort();
    all.unwrap()
}

fn assert_kept(house: &House, when: &str) {
    let (wanted, found) = (kept(house, KIM), kept(house, LEE));
    assert!(wanted == found, "{when}: {:#?}", found.iter().filter(|l| l.contains("letter")).collect::<Vec<_>>());
}

async fn again(house: &House) -> MailboxReport {
    house.pass(&Options::default()).await
}

#[test]
fn what_import_refuses_arrives_once_and_stays_known() {
    conformance::run(async {
        let (house, server) = refusing(40).await;
        let first = again(&house).await;
        assert_kept(&house, "after the first pass");
        assert_eq!((first.counts.copied, first.counts.repaired, first.counts.failed), (43, 3, 0), "{first:#?}");
        assert_eq!(first.counts.unexplained, 0);
        let second = again(&house).await;
        assert_eq!((second.counts.copied_this_pass, second.counts.repaired), (0, 3), "{second:#?}");
        std::fs::remove_file(house.ledger_path()).unwrap();
        let lost = again(&house).await;
        assert_eq!((lost.counts.copied, lost.counts.already_present), (0, 43), "{lost:#?}");
        assert_kept(&house, "after the loss of the ledger");
        assert_eq!(server.journal().count(Verb::Append), 3);
    });
}

#[test]
fn what_cannot_be_exported_is_read_as_mail_and_what_is_no_mail_fails_with_the_words() {
    conformance::run(async {
        let (house, _server) = with_imap(House::filled(60, Settings::default()).await).await;
        let ids = house
            .stage
            .graph
            .mailbox(KIM, |mailbox| [mailbox.ids_in("Sent Items").remove(0), mailbox.ids_in("Calendar").remove(0)]);
        house.stage.graph.change_settings(|settings| settings.unexportable = ids.unwrap().to_vec());
        let report = again(&house).await;
        let counts = &report.counts;
        assert_eq!((counts.copied, counts.repaired, counts.failed), (59, 1, 1), "{report:#?}");
        let line = report.attention.iter().find(|line| line.reply.is_some()).unwrap();
        let words = line.reply.as_ref().unwrap();
        assert!(words.contains("ErrorCorruptData") && words.contains("it is no mail"), "{line:?}");
    });
}

#[test]
fn without_imap_or_a_message_id_it_fails_with_both_reasons() {
    conformance::run(async {
        for (imap, nameless, words) in [
            (false, false, "no IMAP server of the target is known"),
            (true, false, "IMAP is not reachable"),
            (true, true, "no Message-ID"),
        ] {
            let house = House::filled(10, Settings::default()).await;
            let mut item = letter(1);
            if nameless {
                item.content = mailstore::Content::Stored("From: a@b.example\r\nSubject: x\r\n\r\nbody\r\n".into());
            }
            house.stage.graph.change_settings(|settings| settings.unwelcome = vec![item.search_key]);
            house.stage.graph.mailbox(KIM, |mailbox| drop(mailbox.add("Inbox", item)));
            let (mut house, server) = with_imap(house).await;
            house.mail = house.mail.filter(|_| imap);
            if !nameless {
                server.faults().next(Verb::Login, 9, Fault::No("[AUTHENTICATIONFAILED] no".to_owned()));
                server.faults().next(Verb::Authenticate, 9, Fault::No("[AUTHENTICATIONFAILED] no".to_owned()));
            }
            let report = again(&house).await;
            assert_eq!((report.state, report.counts.failed), (Outcome::Finished, 1), "{report:#?}");
            let told = report.attention.iter().filter_map(|line| line.reply.as_ref());
            assert!(told.clone().any(|told| told.contains("ErrorCorruptData") && told.contains(words)), "{report:#?}");
        }
    });
}

#[test]
fn a_door_that_is_shut_is_tried_once_and_one_that_jams_again() {
    conformance::run(async {
        let (house, server) = refusing(5).await;
        server.faults().next(Verb::Login, 9, Fault::No("[AUTHENTICATIONFAILED] no".to_owned()));
        server.faults().next(Verb::Authenticate, 9, Fault::No("[AUTHENTICATIONFAILED] no".to_owned()));
        let report = again(&house).await;
        let tries = || server.journal().count(Verb::Login) + server.journal().count(Verb::Authenticate);
        assert_eq!((report.counts.failed, tries()), (3, 1), "{report:#?}");

        let (house, server) = refusing(5).await;
        server.faults().next(Verb::Login, 1, Fault::Cut);
        server.faults().next(Verb::Authenticate, 1, Fault::Cut);
        let report = again(&house).await;
        assert_eq!((report.counts.failed, report.counts.repaired), (0, 3), "{report:#?}");
        assert_kept(&house, "after a jam");
    });
}

#[test]
fn a_lost_answer_of_imap_is_found_by_evidence() {
    conformance::run(async {
        for fault in [Fault::CutAfter, Fault::Cut, Fault::Bye("Server Unavailable. 15".to_owned())] {
            let (house, server) = refusing(12).await;
            server.faults().at(Verb::Append, 2, fault.clone());
            let report = again(&house).await;
            assert_eq!((report.counts.copied, report.counts.repaired), (15, 3), "{fault:?}: {report:#?}");
            assert_kept(&house, &format!("{fault:?}"));
        }
    });
}

/// What servers say of a letter is of a class of its own, here and where it arrives.
#[test]
fn a_delivery_report_whose_answer_is_lost_is_found_by_evidence() {
    conformance::run(async {
        let (house, server) = with_imap(House::filled(5, Settings::default()).await).await;
        let text = "From: a@b.example\r\nSubject: letter 1\r\nMessage-ID: <letter 1@b.example>\r\n\
            Content-Type: multipart/report; boundary=x\r\n\r\n--x\r\n\r\nnot delivered\r\n--x--\r\n";
        let content = mailstore::Content::Stored(text.into());
        let report = NewItem { class: "REPORT.IPM.Note.NDR".to_owned(), content, ..letter(1) };
        house.stage.graph.change_settings(|settings| settings.unwelcome = vec![report.search_key]);
        house.stage.graph.mailbox(KIM, |mailbox| drop(mailbox.add("Inbox", report)));
        server.faults().at(Verb::Append, 1, Fault::CutAfter);
        let first = again(&house).await;
        assert_eq!((first.counts.copied, first.counts.repaired), (6, 1), "{first:#?}");
        assert_kept(&house, "after the cut");
        let second = again(&house).await;
        assert_eq!((second.counts.copied_this_pass, second.counts.missing_at_target), (0, 0), "{second:#?}");
        std::fs::remove_file(house.ledger_path()).unwrap();
        let lost = again(&house).await;
        assert_eq!((lost.counts.copied, lost.counts.already_present), (0, 6), "{lost:#?}");
        assert_eq!(server.journal().count(Verb::Append), 1);
    });
}

#[test]
fn what_graph_shows_late_is_neither_lost_nor_sent_again() {
    conformance::run(async {
        let (house, server) = refusing(5).await;
        let mut persona = server.persona();
        persona.append.shown_after = Duration::from_millis(2500);
        server.set_persona(persona);
        // Ends the attempt in which the first was taken; the next one comes before that is shown.
        server.faults().at(Verb::Append, 2, Fault::Cut);
        let first = again(&house).await;
        assert_eq!((first.counts.copied, first.counts.missing_at_target), (8, 0), "{first:#?}");
        let begun = clock::instant();
        while kept(&house, LEE).len() < 8 && begun.elapsed() < Duration::from_secs(20) {
            clock::sleep(Duration::from_millis(20)).await;
        }
        let second = again(&house).await;
        assert_eq!((second.counts.copied_this_pass, second.counts.missing_at_target), (0, 0), "{second:#?}");
        assert_eq!(second.state, Outcome::Verified, "{second:#?}");
        assert_kept(&house, "late");
    });
}

#[test]
fn killed_at_every_step_each_arrives_once() {
    // What is dropped ends at once only where one thread runs it.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (house, _server) = refusing(3).await;
        let counting = Arc::new(FaultyLedger::immortal(house.ledger()));
        drop(run(&house.pair(counting.clone()), counting.clone(), &Options::default()).await);
        let stride = size(4, 1) as u64;
        for step in (0..counting.steps()).filter(|step| step % stride == 0) {
            let death = if (step / stride).is_multiple_of(2) { Death::Before } else { Death::After };
            let (house, _server) = refusing(3).await;
            let report = die(&house, step, death, (step / stride).is_multiple_of(3)).await;
            assert_eq!((report.counts.failed, report.counts.unexplained), (0, 0), "{death:?} {step}: {report:#?}");
            assert_kept(&house, &format!("{death:?} step {step}"));
        }
        println!("{} steps", counting.steps());
    });
}

#[test]
fn what_came_by_imap_before_is_not_copied_again() {
    conformance::run(async {
        let house = House::filled(60, Settings::default()).await;
        let letters = || (10..18).map(letter).chain([letter(17)]);
        house.stage.graph.mailbox(KIM, |mailbox| letters().for_each(|item| drop(mailbox.add("Inbox", item))));
        // All of them but the second copy of the last one, with search keys of their own.
        house.stage.graph.mailbox(LEE, |mailbox| {
            for (number, item) in letters().take(8).enumerate() {
                mailbox.add("Inbox", NewItem { search_key: [number as u8; 16], ..item });
            }
        });
        let report = house.verified().await;
        assert_eq!((report.counts.already_present, report.counts.copied), (7, 62), "{report:#?}");
        let again = house.verified().await;
        assert_eq!(again.counts.copied_this_pass, 0, "{again:#?}");
    });
}

#[test]
fn only_what_was_received_in_the_same_second_is_asked_for() {
    conformance::run(async {
        let mut requests = Vec::new();
        for stranger in [20, 10] {
            let house = House::filled(60, Settings::default()).await;
            house.stage.graph.mailbox(KIM, |mailbox| drop(mailbox.add("Inbox", letter(10))));
            let there = NewItem { received: letter(stranger).received, ..letter(99) };
            house.stage.graph.mailbox(LEE, |mailbox| drop(mailbox.add("Inbox", there)));
            let report = house.verified().await;
            assert_eq!((report.counts.already_present, report.counts.copied), (0, 61), "{report:#?}");
            requests.push(house.stage.graph.count(Kind::List));
        }
        assert_eq!(requests[1] - requests[0], 1, "{requests:?}");
    });
}

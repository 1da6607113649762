//! What the adapters do when a server throttles, refuses, cuts and lies: the stand-ins on request.

use super::run;
use crate::conformance::target::{append_all, find, find_each, item_of};
use crate::side;
use mailhaul::{
    body::Body,
    clock,
    error::{Code, Disposition, Result, Side},
    lab::{
        imap::{Accounts, Fault, Persona, Profile, Server, Throttle, ThrottleWords, Verb},
        mailstore::{Mailbox, Mailstore, NewMessage},
    },
    mailbox::ImapSettings,
    model::{Flags, FolderName, FolderPath, ReceivedAt},
    source::{FetchItem, FetchResult, Fetched, SourceConnector, imap::ImapSource},
    target::{
        AppendItem, AppendResult, Appended, Evidence, Fault as Fault_, Find, NewFolder, TargetConnector, TargetSession,
        imap::ImapTarget,
    },
};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

const EPOCH: ReceivedAt = ReceivedAt { unix: 1_600_000_000, offset: 0 };

fn mail(n: usize) -> Vec<u8> {
    format!("From: ann@example.com\r\nSubject: number {n}\r\nMessage-ID: <{n}@example.com>\r\n\r\nText {n}.\r\n").into()
}

fn items(bodies: impl IntoIterator<Item = Vec<u8>>) -> Vec<AppendItem> {
    bodies.into_iter().enumerate().map(|(row, body)| item_of(row, body)).collect()
}

struct Lab {
    server: Server,
    store: Mailstore,
}

impl Lab {
    async fn start(persona: Persona) -> Lab {
        let store = Mailstore::empty();
        let server = Server::start(store.clone(), persona).await.unwrap();
        Lab { server, store }
    }

    fn settings(&self, side: Side) -> ImapSettings {
        let address = ([127, 0, 0, 1], self.server.port()).into();
        side::settings(address, Accounts::USER, Accounts::PASSWORD, side)
    }

    fn target(&self) -> ImapTarget {
        ImapTarget::new(self.settings(Side::Target))
    }

    /// The bodies in the inbox, in the order of their UIDs.
    fn inbox(&self) -> Vec<Vec<u8>> {
        self.store.read(|mailbox| {
            let inbox = mailbox.folder(b"INBOX").unwrap();
            inbox.messages().iter().map(|message| message.content.bytes().to_vec()).collect()
        })
    }

    fn fill(&self, count: usize) {
        self.store.write(|mailbox: &mut Mailbox| {
            let inbox = mailbox.folder_mut(b"INBOX").unwrap();
            for n in 0..count {
                inbox.append(NewMessage::new(mail(n), EPOCH), None);
            }
        });
    }
}

/// Appends and tells the rows by outcome: stored, refused with the fault, not sent, in doubt, and of these which by a goodbye.
struct Outcomes {
    stored: BTreeSet<i64>,
    refused: BTreeMap<i64, Fault_>,
    not_sent: BTreeSet<i64>,
    in_doubt: BTreeSet<i64>,
    unanswered: BTreeSet<i64>,
    result: Result<()>,
}

async fn append(session: &mut dyn TargetSession, items: Vec<AppendItem>, group: usize) -> Outcomes {
    let mut in_doubt: BTreeSet<i64> = items.iter().map(|item| item.row).collect();
    let (result, told) = append_all(session, &FolderName::inbox(), items, group).await;
    let (mut stored, mut refused) = (BTreeSet::new(), BTreeMap::new());
    let (mut not_sent, mut unanswered) = (BTreeSet::new(), BTreeSet::new());
    for Appended { row, what } in told {
        assert!(in_doubt.remove(&row), "row {row} is told twice");
        match what {
            AppendResult::Stored(_) => drop(stored.insert(row)),
            AppendResult::Refused(refusal) => drop(refused.insert(row, refusal.fault)),
            AppendResult::NotSent => drop(not_sent.insert(row)),
            AppendResult::Unanswered(_) => drop(unanswered.insert(row)),
        }
    }
    in_doubt.extend(&unanswered);
    Outcomes { stored, refused, not_sent, in_doubt, unanswered, result }
}

fn throttled_exchange(messages_per_second: f64) -> Persona {
    Persona::exchange(Profile::Move).with(|persona| {
        persona.throttle = Some(Throttle {
            messages_per_second,
            burst: 5.0,
            words: vec![ThrottleWords::No, ThrottleWords::BadBye],
            ..Throttle::mild()
        });
    })
}

#[test]
fn a_throttle_stops_all_and_every_row_is_told() {
    run(async {
        let lab = Lab::start(throttled_exchange(10.0)).await;
        let target = lab.target();
        let mut left = items((0..20).map(mail));
        let mut throttles = 0;
        while !left.is_empty() {
            let mut session = target.open().await.unwrap();
            let told = append(&mut *session, left.clone(), 8).await;
            if let Err(error) = &told.result {
                assert!(matches!(error.code(), Code::Throttled | Code::Lost), "{error}");
                throttles += usize::from(matches!(error.disposition(), Disposition::RetryAfter(Some(_))));
            }
            // What is in doubt is looked for by the engine; the stand-in stores none of it here.
            left.retain(|item| told.not_sent.contains(&item.row) || told.in_doubt.contains(&item.row));
        }
        assert!(throttles > 0);
        assert!(lab.server.journal().back_offs() > 0);
        assert!(lab.server.journal().commands_during_back_off(Duration::from_millis(20)).is_empty());
        let stored: BTreeSet<Vec<u8>> = lab.inbox().into_iter().collect();
        assert_eq!((lab.inbox().len(), stored.len()), (20, 20));
    });
}

#[test]
fn many_refusals_never_make_the_server_close_the_session() {
    run(async {
        let lab = Lab::start(Persona::exchange(Profile::Classic).with(|p| p.append.max_size = 200)).await;
        let mut session = lab.target().open().await.unwrap();
        let large = |n| if n % 2 == 0 { mail(n) } else { [mail(n), vec![b'x'; 300]].concat() };
        let told = append(&mut *session, items((0..50).map(large)), 8).await;
        told.result.unwrap();
        assert_eq!((told.stored.len(), told.refused.len()), (25, 25));
        assert!(told.refused.values().all(|fault| *fault == Fault_::TooBig));
        assert_eq!(lab.server.journal().closed_by_server(), []);
        assert!(lab.server.journal().connections() > 1);
    });
}

#[test]
fn a_bad_closes_the_connection_and_leaves_only_what_was_in_flight_in_doubt() {
    run(async {
        let lab = Lab::start(Persona::exchange(Profile::Classic)).await;
        let mut session = lab.target().open().await.unwrap();
        let long = |n| if n == 3 { [mail(n), vec![b'x'; 11_000], b"\r\n".to_vec()].concat() } else { mail(n) };
        let told = append(&mut *session, items((0..8).map(long)), 8).await;
        assert_eq!(told.refused, [(3, Fault_::LongLine)].into());
        assert!(told.in_doubt.len() <= 1, "the window is two: {:?}", told.in_doubt);
        assert_eq!(told.result.is_err(), !told.in_doubt.is_empty());
        assert_eq!(told.stored.len() + told.not_sent.len() + told.in_doubt.len(), 7);
        let again = items((0..8).map(mail)).into_iter().filter(|item| told.not_sent.contains(&item.row)).collect();
        append(&mut *session, again, 8).await.result.unwrap();
    });
}

#[test]
fn a_refused_multiappend_costs_only_the_message_that_is_refused() {
    run(async {
        let lab = Lab::start(Persona::generic().with(|p| p.append.max_size = 200)).await;
        let mut session = lab.target().open().await.unwrap();
        let large = |n| if n == 5 { [mail(n), vec![b'x'; 300]].concat() } else { mail(n) };
        let told = append(&mut *session, items((0..40).map(large)), 10).await;
        told.result.unwrap();
        assert_eq!(told.refused.keys().copied().collect::<Vec<_>>(), [5]);
        assert_eq!(told.stored.len(), 39);
        assert_eq!(lab.inbox().into_iter().collect::<BTreeSet<_>>().len(), 39);
        assert!(lab.server.journal().count(Verb::Append) < 40, "the other groups went as one command each");
    });
}

#[test]
fn what_is_not_answered_is_in_doubt_and_nothing_else() {
    for fault in [Fault::Cut, Fault::CutAfter, Fault::CutInLiteral(20), Fault::CutInReply(4)] {
        run(async {
            let lab = Lab::start(Persona::generic().without(&["MULTIAPPEND"])).await;
            let mut session = lab.target().open().await.unwrap();
            lab.server.faults().at(Verb::Append, 30, fault.clone());
            let told = append(&mut *session, items((0..100).map(mail)), 10).await;
            assert_eq!(told.result.unwrap_err().code(), Code::Lost, "{fault:?}");
            // The stand-in holds replies back while commands wait.
            assert!(told.stored.len() <= 29 && told.in_doubt.contains(&29), "{fault:?}");
            assert!(told.unanswered.is_empty(), "{fault:?}: nobody said goodbye");
            let there: BTreeSet<Vec<u8>> = lab.inbox().into_iter().collect();
            for row in &told.not_sent {
                assert!(!there.contains(&mail(*row as usize)), "{fault:?}: row {row} was told not to be sent");
            }
        });
    }
}

#[test]
fn what_a_goodbye_left_unanswered_is_told_to_be_so() {
    for fault in [
        Fault::Bye("Connection is closed. 13".to_owned()),
        Fault::BadBye("Request is throttled.".to_owned(), "Connection closed. 14".to_owned()),
    ] {
        run(async {
            let lab = Lab::start(Persona::generic().without(&["MULTIAPPEND"])).await;
            let mut session = lab.target().open().await.unwrap();
            lab.server.faults().at(Verb::Append, 30, fault.clone());
            let told = append(&mut *session, items((0..100).map(mail)), 100).await;
            assert_eq!(told.unanswered, told.in_doubt, "{fault:?}");
            assert_eq!(told.stored.len() + told.in_doubt.len() + told.not_sent.len(), 100, "{fault:?}");
            match told.result.unwrap_err().code() {
                // The message itself was answered; what was in flight behind it was not.
                Code::Throttled => assert!(told.not_sent.contains(&29)),
                code => assert!(code == Code::Lost && told.unanswered.contains(&29), "{code:?}"),
            }
        });
    }
}

#[test]
fn a_full_mailbox_stops_the_mailbox_and_a_locked_one_the_folder() {
    run(async {
        let full = Lab::start(Persona::generic().with(|p| p.append.quota = Some(600))).await;
        let mut session = full.target().open().await.unwrap();
        let told = append(&mut *session, items((0..30).map(mail)), 3).await;
        assert_eq!(told.result.unwrap_err().code(), Code::Quota);
        assert!(told.in_doubt.is_empty() && told.refused.is_empty());
        assert_eq!(told.stored.len(), full.inbox().len());
        let locked = Lab::start(Persona::generic().with(|p| p.append.read_only = true)).await;
        let mut session = locked.target().open().await.unwrap();
        let told = append(&mut *session, items((0..3).map(mail)), 3).await;
        assert_eq!(told.result.unwrap_err().code(), Code::ReadOnly);
        assert_eq!(told.not_sent.len(), 3);
    });
}

#[test]
fn reserved_and_colliding_names_of_exchange_are_told() {
    run(async {
        let lab = Lab::start(Persona::exchange(Profile::Move)).await;
        let mut session = lab.target().open().await.unwrap();
        let wanted =
            ["Files", "Trash", "trash", "Project"].map(|name| NewFolder::from((FolderPath::new([name]), true)));
        let names = session.ensure_folders(&wanted[..2]).await.unwrap();
        assert_eq!(names[0].as_ref().unwrap_err().code(), Code::FolderName);
        let again = session.ensure_folders(&wanted[1..]).await.unwrap();
        assert_eq!(again[0].as_ref().unwrap(), again[1].as_ref().unwrap(), "one folder, whatever its case");
        assert!(again[2].is_ok());
    });
}

async fn fetch(lab: &Lab, count: u32) -> BTreeMap<i64, FetchResult> {
    let mut session = ImapSource::new(lab.settings(Side::Source)).open().await.unwrap();
    let inbox = FolderName::inbox();
    let epoch = session.epochs(std::slice::from_ref(&inbox)).await.unwrap()[0].unwrap();
    let items = (1..=count).map(|uid| FetchItem { row: uid.into(), id: uid.to_be_bytes().to_vec(), size: 200 });
    let fetched = super::source::fetch(&mut *session, &inbox, epoch, items.collect()).await.unwrap();
    session.close().await;
    fetched.into_iter().map(|fetched| (fetched.row, fetched.what)).collect()
}

#[test]
fn one_message_that_cannot_be_delivered_hides_no_other() {
    run(async {
        let lab = Lab::start(Persona::generic().with(|p| p.folders.poison = [17, 60].into())).await;
        lab.fill(100);
        let fetched = fetch(&lab, 101).await;
        assert_eq!(fetched.len(), 101);
        for (row, what) in fetched {
            match what {
                FetchResult::Body(body) => assert_eq!(body.hash().unwrap(), hash(row)),
                FetchResult::Unreadable(reason) => assert!(matches!(row, 17 | 60), "{row}: {}", reason.words),
                FetchResult::Vanished => assert_eq!(row, 101),
                FetchResult::Sealed(_) | FetchResult::AsMail(..) => panic!("IMAP seals nothing"),
            }
        }
    });
}

fn hash(row: i64) -> mailhaul::model::BodyHash {
    Body::from_bytes(mail(row as usize - 1)).hash().unwrap()
}

#[test]
fn a_target_that_cannot_show_one_message_shows_the_others() {
    run(async {
        let lab = Lab::start(Persona::generic().with(|p| p.folders.poison = [17, 60].into())).await;
        lab.fill(100);
        let mut session = lab.target().open().await.unwrap();
        let (_, found) = find(&mut *session, &FolderName::inbox(), Find::All, Evidence::Body).await;
        assert_eq!(found.iter().map(|f| f.at.uid).collect::<Vec<_>>(), (1..=100).collect::<Vec<_>>());
        let mut told = find_each(&mut *session, vec![(FolderName::inbox(), Find::All); 2], Evidence::Body).await;
        for (again, ended) in told.drain(..) {
            assert_eq!(
                again.iter().map(|f| (f.at, f.body_hash)).collect::<Vec<_>>(),
                found.iter().map(|f| (f.at, f.body_hash)).collect::<Vec<_>>()
            );
            assert!(ended.unwrap().is_ok());
        }
        for found in found {
            let wanted = (!matches!(found.at.uid, 17 | 60)).then(|| hash(found.at.uid.into()));
            assert_eq!(found.body_hash, wanted, "{}", found.at.uid);
        }
    });
}

#[test]
fn stubs_and_omissions_of_exchange_are_never_taken_for_mail() {
    run(async {
        let lab = Lab::start(Persona::exchange(Profile::Move).with(|p| {
            p.rendering.stubs = [3].into();
            p.rendering.left_out = (10..30).collect();
        }))
        .await;
        lab.fill(40);
        let fetched = fetch(&lab, 40).await;
        let unreadable: Vec<i64> = fetched
            .iter()
            .filter(|(_, what)| matches!(what, FetchResult::Unreadable(_)))
            .map(|(row, _)| *row)
            .collect();
        assert_eq!(unreadable, std::iter::once(3).chain(10..30).collect::<Vec<_>>());
        assert_eq!(lab.server.journal().closed_by_server(), []);
    });
}

#[test]
fn flags_that_a_server_does_not_take_are_not_sent() {
    run(async {
        let lab = Lab::start(Persona::exchange(Profile::Move)).await;
        let mut session = lab.target().open().await.unwrap();
        let flags = Flags::from_names(["\\Seen", "\\Flagged", "$Forwarded", "work", "$MDNSent"]);
        let item = AppendItem { flags, ..item_of(1, mail(1)) };
        append(&mut *session, vec![item], 1).await.result.unwrap();
        assert!(!session.capabilities().keeps_keywords);
        assert_eq!(lab.inbox().len(), 1);
    });
}

#[test]
fn a_call_that_was_given_up_spoils_no_later_one() {
    run(async {
        let lab = Lab::start(Persona::generic()).await;
        lab.fill(5);
        lab.store.write(|mailbox| {
            let other = mailbox.create(b"Other").unwrap();
            for n in 100..140 {
                other.append(NewMessage::new(mail(n), EPOCH), None);
            }
        });
        let late = || Fault::Delay(Duration::from_millis(150));
        let (inbox, other) = (FolderName::inbox(), FolderName(b"Other".to_vec()));
        let mut session = lab.target().open().await.unwrap();
        lab.server.faults().at(Verb::Status, 1, late());
        let given_up = clock::timeout(Duration::from_millis(40), session.status(&other)).await;
        assert!(given_up.is_none());
        assert_eq!(session.status(&inbox).await.unwrap().messages, 5);
        let mut session = ImapSource::new(lab.settings(Side::Source)).open().await.unwrap();
        let epochs = session.epochs(&[inbox.clone(), other.clone()]).await.unwrap();
        let wanted = || (1..=5_u32).map(|uid| FetchItem { row: uid.into(), id: uid.to_be_bytes().to_vec(), size: 200 });
        lab.server.faults().at(Verb::UidFetch, 1, late());
        let fetch_other = super::source::fetch(&mut *session, &other, epochs[1].unwrap(), wanted().collect());
        assert!(clock::timeout(Duration::from_millis(40), fetch_other).await.is_none());
        let fetched =
            super::source::fetch(&mut *session, &inbox, epochs[0].unwrap(), wanted().collect()).await.unwrap();
        assert_eq!(fetched.len(), 5);
        for Fetched { row, what } in fetched {
            assert!(matches!(what, FetchResult::Body(body) if body.hash().unwrap() == hash(row)), "{row}");
        }
    });
}

#[test]
fn an_append_that_was_given_up_sends_nothing_later() {
    run(async {
        let lab = Lab::start(Persona::generic().without(&["MULTIAPPEND"])).await;
        let mut session = lab.target().open().await.unwrap();
        lab.server.faults().at(Verb::Append, 3, Fault::Delay(Duration::from_millis(300)));
        let large = |n| [mail(n), b"line of text\r\n".repeat(20_000)].concat();
        let given_up = append(&mut *session, items((0..60).map(large)), 60);
        assert!(clock::timeout(Duration::from_millis(150), given_up).await.is_none());
        let status = session.status(&FolderName::inbox()).await.unwrap();
        assert!(status.messages < 60, "the stand-in goes on with what it holds, and no byte follows");
        assert_eq!(lab.server.journal().connections(), 2);
    });
}

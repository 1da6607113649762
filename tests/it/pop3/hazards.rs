//! Locks, waits and sign-ins: what stands before the first message.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use mailhaul::{
    clock,
    error::{Code, Disposition},
    lab::{
        Certificate,
        imap::Accounts,
        mailstore::Mailstore,
        pop3::{Manner, Server},
    },
    net::Encryption,
    sasl::Login,
    secret::Secret,
    source::{SourceConnector, pop3::Pop3Source},
    transfer::{Event, Observer, Options, Outcome},
};

use super::{Stand, engine::Journey};
use crate::{side, support::place};

/// Notes the words of every wait that the server asked for.
#[derive(Default)]
struct Waits(Mutex<Vec<String>>);

impl Observer for Waits {
    fn on(&self, event: &Event) {
        if let Event::Throttled { reply, .. } = event {
            self.0.lock().unwrap().push(reply.clone());
        }
    }
}

/// Another client holds the maildrop: the wait is shown with the server's words, and ends with the lock.
#[tokio::test(flavor = "multi_thread")]
async fn a_lock_is_waited_for_in_sight() {
    let mut journey = Journey::of(5, Manner::default().with(|manner| manner.held = true)).await;
    let (waits, source) = (Arc::new(Waits::default()), journey.stand.source());
    let let_go = async {
        let deadline = clock::instant() + Duration::from_secs(30);
        while waits.0.lock().unwrap().is_empty() {
            assert!(clock::instant() < deadline);
            clock::sleep(Duration::from_millis(5)).await;
        }
    };
    let held = journey.manner.clone();
    let server = &journey.stand.server;
    let freed = async {
        let_go.await;
        server.set_manner(held.with(|manner| manner.held = false));
    };
    let (report, ()) = tokio::join!(journey.pass_with(source, Options::default(), waits.clone()), freed);
    assert_eq!(report.state, Outcome::Verified, "{report:#?}");
    assert!(waits.0.lock().unwrap()[0].contains("[IN-USE]"));
    journey.turn(|manner| manner.held = false);
    journey.assert_at_target(journey.stand.bodies());
}

#[tokio::test]
async fn a_lock_is_named_for_what_it_is() {
    let stand = Stand::with(1, Manner::default()).await;
    let first = stand.source().open().await.unwrap();
    let error = stand.source().open().await.err().unwrap();
    assert_eq!(error.code(), Code::InUse);
    assert!(matches!(error.disposition(), Disposition::RetryAfter(Some(_))));
    first.close().await;
    assert!(stand.source().open().await.is_ok());
}

#[tokio::test]
async fn a_server_that_wants_time_between_sign_ins_gets_it() {
    let delay = Duration::from_secs(2);
    let stand = Stand::with(1, Manner::default().with(|manner| manner.login_delay = Some(delay))).await;
    let source = stand.source();
    source.open().await.unwrap().close().await;
    // Another process: it cannot know, and is told.
    let error = stand.source().open().await.err().unwrap();
    assert_eq!(error.code(), Code::Throttled);
    assert!(error.reply().unwrap().contains("[LOGIN-DELAY]"));
    clock::sleep(delay).await;
    assert!(source.open().await.is_ok());
}

/// A sign-in may take longer than any other command.
#[tokio::test]
async fn a_slow_sign_in_is_borne() {
    let slow = Duration::from_millis(600);
    let stand = Stand::with(1, Manner::default().with(|manner| manner.slow_sign_in = slow)).await;
    let mut settings = side::maildrop(place::loopback(stand.server.port()), Accounts::USER, Accounts::PASSWORD);
    settings.sign_in.deadline = slow / 3;
    assert!(Pop3Source::new(settings).open().await.is_ok());
}

#[tokio::test]
async fn every_way_to_sign_in_leads_in() {
    let ways: [&dyn Fn(&mut Manner); 4] = [
        &|manner| manner.sasl = vec!["PLAIN"],
        &|manner| (manner.user, manner.sasl) = (false, vec!["LOGIN"]),
        &|manner| manner.sasl.clear(),
        &|manner| (manner.apop, manner.user) = (true, false),
    ];
    for way in ways {
        let stand = Stand::with(1, Manner::default().with(way)).await;
        stand.source().open().await.unwrap().close().await;
        let address = place::loopback(stand.server.port());
        let wrong = Pop3Source::new(side::maildrop(address, Accounts::USER, "wrong"));
        assert_eq!(wrong.open().await.err().map(|error| error.code()), Some(Code::Auth));
    }
}

#[tokio::test]
async fn tls_is_asked_for_and_believed_under_its_authority_alone() {
    let home = tempfile::tempdir().unwrap();
    let certificate = Certificate::new().unwrap();
    let authority = home.path().join("ca.pem");
    std::fs::write(&authority, certificate.authority_pem()).unwrap();
    let tls = certificate.acceptor();
    let accounts = Accounts::from(Mailstore::empty());
    let greeting = "The Microsoft Exchange POP3 service is ready.";
    let manner = Manner::default().with(|manner| manner.greeting = greeting);
    let server = Server::start_stls(accounts, manner, tls).await.unwrap();
    let mut settings = side::maildrop(place::loopback(server.port()), Accounts::USER, Accounts::PASSWORD);
    settings.sign_in.dial.encryption = Encryption::StartTls;
    assert_eq!(Pop3Source::new(settings.clone()).open().await.err().map(|e| e.code()), Some(Code::TlsCert));
    settings.sign_in.dial.ca = vec![authority];
    let session = Pop3Source::new(settings).open().await.unwrap();
    assert_eq!(server.journal().count("STLS"), 2);
    let known = session.capabilities();
    assert!(known.profile == "Exchange (POP3)" && !known.stable_bytes, "known by what it said before: {known:?}");
}

#[test]
fn a_sign_in_shows_no_secret() {
    let settings = side::maildrop(place::loopback(1), "ann", "hunter2");
    let shown = format!("{:?}", settings.sign_in);
    assert!(!shown.contains("hunter2"), "{shown}");
    assert!(
        matches!(settings.sign_in.login, Login::Password { password, .. } if password.expose() == Secret::new("hunter2".to_owned()).expose())
    );
}

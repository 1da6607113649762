//! What goes wrong, and what our client makes of it.

use std::time::Duration;

use mailhaul::{
    error::{Code, Disposition, Scope},
    graph::{Import, MessagePatch},
    lab::graph::{Fault, Kind, Person, Settings, Status},
    oauth::Audience,
};

use super::stage::{APP, KIM, LEE, SECRET, Stage, TENANT};

const AGAIN: Disposition = Disposition::RetryAfter(None);

#[tokio::test]
async fn a_refused_token_is_renewed_once() {
    let stage = Stage::new(Settings::default()).await;
    let mailbox = stage.mailbox(KIM);
    mailbox.folder_tree().await.unwrap();
    stage.entra.revoke_all();
    mailbox.folder_tree().await.unwrap();
    assert_eq!(stage.entra.requests().len(), 2);
    stage.graph.inject(Kind::List, Fault::Refuse(401, None), 1);
    mailbox.folder_tree().await.unwrap();
    stage.graph.inject(Kind::List, Fault::Refuse(401, None), 2);
    let error = mailbox.folder_tree().await.unwrap_err();
    assert_eq!((error.code(), error.disposition()), (Code::Auth, Disposition::NeedsPerson));
    assert!(error.reply().unwrap().contains("InvalidAuthenticationToken"), "{error}");
}

/// A new token is tried once; what the tenant asks for is more than a token, and a person must see to it.
#[tokio::test]
async fn a_claims_challenge_needs_a_person() {
    let stage = Stage::new(Settings::default()).await;
    let mailbox = stage.mailbox(KIM);
    stage.graph.inject(Kind::List, Fault::Challenge, 1);
    mailbox.folder_tree().await.unwrap();
    stage.graph.inject(Kind::List, Fault::Challenge, 2);
    let error = mailbox.folder_tree().await.unwrap_err();
    assert_eq!((error.code(), error.disposition()), (Code::AuthMfa, Disposition::NeedsPerson), "{error}");
}

#[tokio::test]
async fn a_refusal_tells_where_consent_is_given() {
    let stage = Stage::new(Settings::default()).await;
    stage.graph.inject(Kind::List, Fault::Refuse(403, None), 1);
    let error = stage.mailbox(KIM).folder_tree().await.unwrap_err();
    let page = format!("{}/adminconsent?client_id={APP}", stage.entra.authority(TENANT));
    assert!(error.subject().ends_with(&format!("an administrator gives consent at {page}")), "{error}");
}

#[tokio::test]
async fn a_token_for_another_service_opens_nothing() {
    let stage = Stage::with(Settings::default(), Audience::exchange_app("outlook.office365.com"), Vec::new()).await;
    let error = stage.mailbox(KIM).folder_tree().await.unwrap_err();
    assert_eq!(error.code(), Code::Auth);
}

#[tokio::test]
async fn mailboxes_that_are_none_are_told_apart() {
    let people = vec![
        Person::new("none@contoso.example", Status::Unlicensed),
        Person::new("shut@contoso.example", Status::Member).denied(),
        Person::new("main@contoso.example", Status::Member).alias("other@contoso.example"),
    ];
    let stage = Stage::of_people(people).await;
    for (user, code) in [
        ("none@contoso.example", Code::AuthAccess),
        ("shut@contoso.example", Code::AuthAccess),
        ("nobody@contoso.example", Code::NotFound),
        ("other@contoso.example", Code::NotFound),
    ] {
        let error = stage.mailbox(user).folder_tree().await.unwrap_err();
        assert_eq!((error.code(), error.scope()), (code, Scope::Mailbox), "{user}: {error}");
    }
}

#[tokio::test]
async fn reading_is_tried_again_whatever_happened() {
    let stage = Stage::new(Settings::default()).await;
    let id = stage.add(KIM, "Inbox", "a");
    let mailbox = stage.mailbox(KIM);
    for (fault, code, disposition) in [
        (Fault::Refuse(503, Some(0)), Code::Server, Disposition::RetryAfter(Some(Duration::ZERO))),
        (Fault::Refuse(504, None), Code::Server, AGAIN),
        (Fault::Refuse(429, Some(0)), Code::Throttled, Disposition::RetryAfter(Some(Duration::ZERO))),
        (Fault::Cut, Code::Lost, AGAIN),
    ] {
        stage.graph.inject(Kind::Value, fault, 1);
        let error = mailbox.value(&id, &stage.bodies).await.unwrap_err();
        assert_eq!((error.code(), error.disposition()), (code, disposition), "{fault:?}: {error}");
        assert!(mailbox.value(&id, &stage.bodies).await.is_ok(), "{fault:?}");
    }
    for fault in [Fault::RefuseAfter(504), Fault::CutAfter] {
        stage.graph.inject(Kind::Patch, fault, 1);
        let patch = MessagePatch { is_read: Some(false), ..MessagePatch::default() };
        assert_eq!(mailbox.update(&id, &patch).await.unwrap_err().disposition(), AGAIN, "{fault:?}");
        mailbox.update(&id, &patch).await.unwrap();
    }
}

#[tokio::test]
async fn an_import_without_an_answer_is_in_doubt() {
    let stage = Stage::new(Settings::default()).await;
    let id = stage.add(KIM, "Inbox", "a");
    let source = stage.mailbox(KIM).items().await.unwrap();
    let target = stage.mailbox(LEE).items().await.unwrap();
    let stream = match source.export(&[id], &stage.bodies).await.unwrap().remove(0) {
        mailhaul::graph::Export::Item { stream, .. } => stream,
        other => panic!("{other:?}"),
    };
    let session = target.import_session().await.unwrap();
    let inbox = stage.folder(LEE, "Inbox");
    let arrived = || stage.graph.mailbox(LEE, |mailbox| mailbox.ids_in("Inbox").len()).unwrap();
    for (fault, happened) in [
        (Fault::Refuse(503, None), 0),
        (Fault::RefuseAfter(503), 1),
        (Fault::Refuse(504, None), 0),
        (Fault::RefuseAfter(504), 1),
        (Fault::Cut, 0),
        (Fault::CutAfter, 1),
    ] {
        let before = arrived();
        stage.graph.inject(Kind::Import, fault, 1);
        let error = target.import(&session, &inbox, stream.clone()).await.unwrap_err();
        assert_eq!(error.disposition(), Disposition::InDoubt, "{fault:?}: {error}");
        assert!(!format!("{error} {error:?}").contains("authtoken"), "{error:?}");
        assert_eq!(arrived() - before, happened, "{fault:?}");
    }
    for fault in [Fault::Refuse(429, Some(0)), Fault::Refuse(507, None)] {
        stage.graph.inject(Kind::Import, fault, 1);
        let error = target.import(&session, &inbox, stream.clone()).await.unwrap_err();
        assert_ne!(error.disposition(), Disposition::InDoubt, "{fault:?}: {error}");
    }
    assert!(matches!(target.import(&session, &inbox, stream).await.unwrap(), Import::Done { .. }));
    stage.graph.inject(Kind::CreateFolder, Fault::CutAfter, 1);
    let error = target.create_folder(None, "New", "IPF.Note").await.unwrap_err();
    assert_eq!(error.disposition(), Disposition::InDoubt);
}

#[tokio::test]
async fn nobody_answers() {
    let stage = Stage::new(Settings::default()).await;
    let source = stage.mailbox(KIM).items().await.unwrap();
    let session = source.import_session().await.unwrap();
    let inbox = stage.folder(KIM, "Inbox");
    drop(stage.graph);
    let stream = mailhaul::body::Body::from_bytes("x");
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    // Connections that are still open end first; then none can be made, and nothing can have happened.
    loop {
        let error = source.import(&session, &inbox, stream.clone()).await.unwrap_err();
        if error.code() == Code::Connect {
            assert_eq!(error.disposition(), AGAIN);
            break;
        }
        assert!(std::time::Instant::now() < deadline, "{error}");
    }
}

#[tokio::test]
async fn no_secret_is_told() {
    let stage = Stage::new(Settings::default()).await;
    let token = stage.token().await;
    let mailbox = stage.mailbox(KIM);
    let store = mailbox.items().await.unwrap();
    let session = store.import_session().await.unwrap();
    stage.graph.inject(Kind::Any, Fault::Refuse(500, None), 2);
    let errors = [
        mailbox.folder_tree().await.unwrap_err(),
        store.import(&session, "x", mailhaul::body::Body::from_bytes("x")).await.unwrap_err(),
    ];
    let service = stage.service(mailhaul::graph::Pace::default());
    let shown = format!("{errors:?} {mailbox:?} {store:?} {session:?} {service:?}");
    for secret in [SECRET, token.as_str(), "authtoken", "eyJ"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

//! An application for itself: secret, certificate, and what can be wrong with either.

use std::{sync::Arc, time::Duration};

use mailhaul::{
    error::{Code, Disposition, Scope},
    lab::entra::{App, Fault, Service, Settings},
    oauth::{Audience, Certificate, Credential, Tokens, Wanted},
    secret::Secret,
};

use super::stage::{ANNA, APP, BEN, KeyPair, OLD_SECRET, PUBLIC, SECRET, Stage, TENANT, exchange, refusal, secret};

#[tokio::test]
async fn a_secret_opens_every_mailbox_at_the_service_it_is_for() {
    let stage = Stage::new(Settings::default()).await;
    let tokens = Tokens::new(None);
    let exchange = exchange(stage.app());
    let graph = Wanted { audience: Audience::graph("graph.microsoft.com"), ..exchange.clone() };
    let desk = stage.entra.desk();
    let exchange = tokens.token(&exchange).await.unwrap();
    let graph = tokens.token(&graph).await.unwrap();
    for (token, service, opens) in [
        (&exchange, Service::Imap, true),
        (&exchange, Service::Pop, true),
        (&exchange, Service::Graph, false),
        (&graph, Service::Graph, true),
        (&graph, Service::Imap, false),
    ] {
        assert_eq!(desk.opens(token.secret.expose(), service, ANNA).is_some(), opens, "{service:?}");
    }
    let expires = desk.opens(exchange.secret.expose(), Service::Imap, BEN).unwrap();
    assert!(exchange.expires.duration_since(expires) < Duration::from_secs(5), "{:?}", exchange.expires - expires);
}

#[tokio::test]
async fn full_access_is_given_by_the_mailbox_and_consent_by_the_tenant() {
    let stage = Stage::new(Settings::default()).await;
    stage.entra.register(App::new(APP).secret(SECRET).only_mailboxes(&[ANNA]));
    let token = Tokens::new(None).token(&exchange(stage.app())).await.unwrap();
    let opens = |mailbox| stage.entra.desk().opens(token.secret.expose(), Service::Imap, mailbox).is_some();
    assert!(opens(ANNA) && !opens(BEN));
    stage.entra.register(App::new(APP).secret(SECRET).without_consent());
    assert!(!opens(ANNA));
}

#[tokio::test]
async fn a_certificate_proves_the_application() {
    let (stage, pair, other) = (Stage::new(Settings::default()).await, KeyPair::new(), KeyPair::new());
    stage.entra.register(App::new(APP).certificate(&pair.der()));
    for file in ["key.pem", "pkcs1.pem"] {
        let wanted = exchange(stage.client(APP, pair.credential(file)));
        let token = Tokens::new(None).token(&wanted).await.unwrap();
        assert!(stage.entra.desk().opens(token.secret.expose(), Service::Imap, ANNA).is_some(), "{file}");
    }
    let stranger = refusal(exchange(stage.client(APP, other.credential("key.pem")))).await;
    assert_eq!(stranger.code(), Code::ClientSecret);
    assert!(stranger.reply().unwrap().contains("AADSTS700027"), "{stranger}");
    // The right certificate, and a key that does not belong to it.
    let key = Secret::new(other.text("key.pem"));
    let mixed = Certificate::from_pem(&pair.text("certificate.pem"), &key).unwrap();
    let mixed = refusal(exchange(stage.client(APP, Credential::Certificate(mixed)))).await;
    assert_eq!(mixed.code(), Code::ClientSecret);
}

#[tokio::test]
async fn what_is_no_key_is_told_without_its_text() {
    let pair = KeyPair::new();
    let certificate = pair.text("certificate.pem");
    let elliptic = rcgen::KeyPair::generate().unwrap().serialize_pem();
    for key in [certificate.clone(), elliptic, "hunter2".to_owned()] {
        let error = Certificate::from_pem(&certificate, &Secret::new(key.clone())).map(|_| ()).unwrap_err();
        let line = key.lines().nth(1).unwrap_or(&key).to_owned();
        assert!(error.to_string().contains("client-key") && !format!("{error:?}").contains(&line), "{error:?}");
    }
    let key = Secret::new(pair.text("key.pem"));
    let error = Certificate::from_pem("hunter2", &key).map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("client-certificate"));
}

#[tokio::test]
async fn each_refusal_has_its_code_number_and_ids() {
    let stage = Stage::new(Settings::default()).await;
    let scoped = |scope: &str| Wanted { audience: Audience::of_scopes([scope]), ..exchange(stage.app()) };
    let cases = [
        (exchange(stage.client(APP, secret("wrong secret"))), Code::ClientSecret, "AADSTS7000215"),
        (exchange(stage.client(APP, secret(OLD_SECRET))), Code::ClientExpired, "AADSTS7000222"),
        (exchange(stage.client(APP, Credential::None)), Code::ClientSecret, "AADSTS7000218"),
        (exchange(stage.client(PUBLIC, Credential::None)), Code::ClientSecret, "AADSTS7000218"),
        (exchange(stage.client("no-such-app", secret(SECRET))), Code::ClientUnknown, "AADSTS700016"),
        (exchange(stage.client_of("fabrikam.example", APP, secret(SECRET))), Code::Tenant, "AADSTS90002"),
        (scoped("https://outlook.office365.com/IMAP.AccessAsUser.All"), Code::TokenScope, "AADSTS1002012"),
        (scoped("https://nowhere.example/.default"), Code::TokenScope, "AADSTS500011"),
    ];
    for (wanted, code, number) in cases {
        let error = refusal(wanted).await;
        assert_eq!((error.code(), error.scope()), (code, Scope::Endpoint), "{error}");
        assert_eq!(error.disposition(), Disposition::NeedsPerson, "{error}");
        let reply = error.reply().unwrap();
        for part in [number, "; trace id ", "; correlation id "] {
            assert!(reply.contains(part), "{part}: {reply}");
        }
        assert!(!error.code().next_step().is_empty());
    }
}

#[tokio::test]
async fn what_passes_says_when_to_try_again() {
    let stage = Stage::new(Settings::default()).await;
    for (fault, code, seconds) in [
        (Fault::Throttled(7), Code::Throttled, 7),
        (Fault::Unavailable, Code::Server, 1),
        (Fault::Temporarily, Code::Server, 1),
    ] {
        stage.entra.inject(fault, 1);
        let error = refusal(exchange(stage.app())).await;
        assert_eq!(error.code(), code, "{error}");
        let Disposition::RetryAfter(Some(wait)) = error.disposition() else { panic!("{error:?}") };
        assert_eq!(wait.as_secs_f32().ceil() as u64, seconds, "{error}");
    }
    assert!(Tokens::new(None).token(&exchange(stage.app())).await.is_ok());
}

#[tokio::test]
async fn a_wrong_secret_is_not_tried_by_every_mailbox() {
    let stage = Stage::new(Settings::default()).await;
    let tokens = Tokens::new(None);
    let wanted = Arc::new(exchange(stage.client(APP, secret("wrong secret"))));
    for _ in 0..20 {
        assert_eq!(tokens.token(&wanted).await.unwrap_err().code(), Code::ClientSecret);
    }
    assert_eq!(stage.asked("client_credentials"), 1, "{TENANT}");
}

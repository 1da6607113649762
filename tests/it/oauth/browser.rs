//! Signing in with a browser: this test is the browser.

use mailhaul::{
    error::{Code, Result},
    lab::entra::{Answer, App, Service, Settings},
    net::http::{self, Way},
    oauth::{Audience, BrowserSignIn, SignedIn},
};
use url::Url;

use super::stage::{ANNA, BEN, PUBLIC, Stage};

async fn begin(stage: &Stage, user: &str) -> BrowserSignIn {
    let audience = Audience::imap("outlook.office.com");
    BrowserSignIn::begin(stage.public(), &audience, Some(user)).await.unwrap()
}

/// Opens `page` and tells where the service sends the browser.
async fn sent_to(stage: &Stage, page: &Url) -> Url {
    let response = stage.http.get(page.clone()).send().await.unwrap();
    assert_eq!(response.status(), 302, "{:?}", response.text().await);
    Url::parse(response.headers()["location"].to_str().unwrap()).unwrap()
}

/// Status and text of a page on this machine.
async fn shown(page: &Url) -> (u16, String) {
    let browser = http::client(&Way::default()).await.unwrap();
    let response = browser.get(page.clone()).send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

fn with(page: &Url, name: &str, value: &str) -> Url {
    let mut changed = page.clone();
    let pairs = page.query_pairs().map(|(key, old)| if key == name { (key, value.into()) } else { (key, old) });
    changed.query_pairs_mut().clear().extend_pairs(pairs);
    changed
}

/// A browser that goes wherever it is sent.
async fn browse(stage: &Stage, sign_in: BrowserSignIn) -> Result<SignedIn> {
    let page = sign_in.url().clone();
    let browser = async {
        let back = sent_to(stage, &page).await;
        shown(&back).await
    };
    let (signed_in, (status, _)) = tokio::join!(sign_in.finish(), browser);
    assert_eq!(status, 200);
    signed_in
}

#[tokio::test]
async fn a_person_signs_in() {
    let stage = Stage::new(Settings::default()).await;
    let sign_in = begin(&stage, BEN).await;
    assert!(!sign_in.url().as_str().contains("verifier"));
    let signed_in = browse(&stage, sign_in).await.unwrap();
    assert_eq!(signed_in.user.as_deref(), Some(BEN));
    let opens = |mailbox| stage.entra.desk().opens(signed_in.access.secret.expose(), Service::Imap, mailbox).is_some();
    assert!(opens(BEN) && !opens(ANNA));
}

#[tokio::test]
async fn a_person_who_declines_ends_it() {
    let stage = Stage::new(Settings { answer: Answer::Decline, ..Settings::default() }).await;
    let error = browse(&stage, begin(&stage, ANNA).await).await.unwrap_err();
    assert_eq!(error.code(), Code::SignInDeclined, "{error}");
    assert_eq!(stage.asked("authorization_code"), 0);
}

#[tokio::test]
async fn an_answer_with_another_state_ends_nothing() {
    let stage = Stage::new(Settings::default()).await;
    let sign_in = begin(&stage, ANNA).await;
    let page = sign_in.url().clone();
    let browser = async {
        let back = sent_to(&stage, &page).await;
        let (forged, words) = shown(&with(&with(&back, "state", "guessed"), "code", "stolen")).await;
        assert_eq!((forged, words.as_str()), (400, "This is not the sign-in that was started."));
        shown(&back).await
    };
    let (signed_in, (status, words)) = tokio::join!(sign_in.finish(), browser);
    assert_eq!((status, words.as_str()), (200, "You are signed in. You may close this page."));
    assert_eq!(signed_in.unwrap().user.as_deref(), Some(ANNA));
}

#[tokio::test]
async fn a_code_of_another_challenge_is_not_redeemed() {
    let stage = Stage::new(Settings::default()).await;
    let sign_in = begin(&stage, ANNA).await;
    let page = with(sign_in.url(), "code_challenge", "another-challenge");
    let browser = async {
        let back = sent_to(&stage, &page).await;
        shown(&back).await
    };
    let (signed_in, _) = tokio::join!(sign_in.finish(), browser);
    let error = signed_in.unwrap_err();
    assert_eq!(error.code(), Code::SignInExpired, "{error}");
    assert!(error.reply().unwrap().contains("AADSTS501481"), "{error}");
}

#[tokio::test]
async fn an_application_without_consent_is_refused() {
    let stage = Stage::new(Settings::default()).await;
    stage.entra.register(App::new(PUBLIC).without_consent());
    let error = browse(&stage, begin(&stage, ANNA).await).await.unwrap_err();
    assert_eq!(error.code(), Code::Consent, "{error}");
}

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use super::*;
use crate::{
    error::{Code, Disposition, Scope},
    net::http,
    oauth::{Authority, Credential},
    secret::Secret,
};

const LIFE: Duration = Duration::from_secs(3600);

/// A source whose n-th token is `n`, after a second; it fails while `fails` is set.
struct Mint {
    made: AtomicUsize,
    fails: Mutex<Option<Disposition>>,
}

fn mint() -> (Arc<Mint>, Tokens) {
    let mint = Arc::new(Mint { made: AtomicUsize::new(0), fails: Mutex::new(None) });
    let source = mint.clone();
    let tokens = Tokens::of_source(Box::new(move |_| {
        let mint = source.clone();
        async move {
            clock::sleep(Duration::from_secs(1)).await;
            let number = mint.made.fetch_add(1, Ordering::SeqCst) + 1;
            match *mint.fails.lock().unwrap() {
                None => Ok(AccessToken::new(Secret::new(number.to_string()), LIFE)),
                Some(next) => {
                    Err(Error::new(Code::Server, Side::System, Scope::Endpoint, next, "place").with_reply("no"))
                }
            }
        }
        .boxed()
    }));
    (mint, tokens)
}

impl Mint {
    fn made(&self) -> usize {
        self.made.load(Ordering::SeqCst)
    }

    fn fail(&self, with: Option<Disposition>) {
        *self.fails.lock().unwrap() = with;
    }
}

async fn wanted(user: &str) -> Wanted {
    let authority = Authority::microsoft("https://login.example/tenant").unwrap();
    let http = http::client(&http::Way::default()).await.unwrap();
    let client = Arc::new(Client::new(authority, "app", Credential::None, http));
    Wanted { client, audience: Audience::imap("outlook.example"), grant: Grant::Refresh { user: user.to_owned() } }
}

async fn text(tokens: &Tokens, wanted: &Wanted) -> String {
    tokens.token(wanted).await.unwrap().secret.expose().to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_hundred_sessions_share_one_renewal_at_80_percent_of_the_life() {
    let (mint, tokens) = mint();
    let wanted = wanted("a").await;
    let all = async || {
        let asked = (0..100).map(|_| text(&tokens, &wanted));
        futures_util::future::join_all(asked).await
    };
    assert!(all().await.iter().all(|token| token == "1"));
    clock::sleep(LIFE * 79 / 100).await;
    assert!(all().await.iter().all(|token| token == "1"));
    clock::sleep(LIFE / 100).await;
    assert!(all().await.iter().all(|token| token == "2"));
    assert_eq!(mint.made(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_goes_away_takes_no_renewal_along() {
    let (mint, tokens) = mint();
    let wanted = wanted("a").await;
    assert!(clock::timeout(Duration::from_millis(500), tokens.token(&wanted)).await.is_none());
    assert_eq!(text(&tokens, &wanted).await, "1");
    assert_eq!(mint.made(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_differs_in_any_part_of_the_key_is_another_token() {
    let (mint, tokens) = mint();
    let first = wanted("a").await;
    let other_user = wanted("b").await;
    let other_audience = Wanted { audience: Audience::graph("graph.example"), ..first.clone() };
    let own = Wanted { grant: Grant::ClientCredentials, ..first.clone() };
    for wanted in [&first, &other_user, &other_audience, &own, &first] {
        text(&tokens, wanted).await;
    }
    assert_eq!(mint.made(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_is_not_given_out_again() {
    let (mint, tokens) = mint();
    let wanted = wanted("a").await;
    let first = tokens.token(&wanted).await.unwrap();
    tokens.refused(&wanted, &first);
    assert_eq!(text(&tokens, &wanted).await, "2");
    tokens.refused(&wanted, &first);
    assert_eq!(text(&tokens, &wanted).await, "2", "an old refusal does not touch the new token");
    assert_eq!(mint.made(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_good_token_outlives_a_renewal_that_fails_for_now() {
    let (mint, tokens) = mint();
    let wanted = wanted("a").await;
    text(&tokens, &wanted).await;
    clock::sleep(LIFE * 85 / 100).await;
    mint.fail(Some(Disposition::RetryAfter(None)));
    for _ in 0..10 {
        let held = tokens.token(&wanted).await.unwrap();
        assert_eq!(held.secret.expose(), "1");
        let wait = held.renew_at.duration_since(clock::instant());
        assert!(wait > Duration::from_secs(50), "nobody shall come back in {wait:?}");
    }
    assert_eq!(mint.made(), 2, "one failure answers for a while");
    clock::sleep(limits::TOKEN_RETRY.1).await;
    mint.fail(None);
    assert_eq!(text(&tokens, &wanted).await, "3");
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_passes_tells_when_it_is_tried_again() {
    let (mint, tokens) = mint();
    let wanted = wanted("a").await;
    let wait = async || match tokens.token(&wanted).await.unwrap_err().disposition() {
        Disposition::RetryAfter(Some(wait)) => wait,
        other => panic!("{other:?}"),
    };
    let stated = Duration::from_secs(30);
    mint.fail(Some(Disposition::RetryAfter(Some(stated))));
    assert_eq!(wait().await, stated);
    clock::sleep(Duration::from_secs(20)).await;
    assert_eq!(wait().await, Duration::from_secs(10));
    assert_eq!(mint.made(), 1);
    clock::sleep(Duration::from_secs(10)).await;
    mint.fail(Some(Disposition::RetryAfter(None)));
    assert_eq!(wait().await, limits::TOKEN_RETRY.0);
    assert_eq!(mint.made(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_told_to_everyone_and_tried_again_later() {
    let (mint, tokens) = mint();
    let sign_in = SignIn::new(tokens, wanted("a").await, Side::Target);
    mint.fail(Some(Disposition::NeedsPerson));
    let asked = (0..20).map(|_| sign_in.access_token());
    for outcome in futures_util::future::join_all(asked).await {
        let error = outcome.unwrap_err();
        assert_eq!((error.word().as_str(), error.reply()), ("TGT-SERVER", Some("no")));
        assert_eq!(error.disposition(), Disposition::NeedsPerson);
    }
    assert_eq!(mint.made(), 1);
    mint.fail(None);
    clock::sleep(limits::TOKEN_REFUSAL_KEPT).await;
    assert!(sign_in.access_token().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn the_cache_is_bounded() {
    let (_, tokens) = mint();
    let wanted = wanted("new").await;
    let full = (0..limits::TOKENS_KEPT).map(|number| {
        let key = (String::new(), number.to_string(), wanted.audience.clone(), Grant::ClientCredentials);
        let life = LIFE + Duration::from_secs(number as u64);
        let token = Some(AccessToken::new(Secret::new(String::new()), life));
        (key, Entry { token, ..Entry::default() })
    });
    tokens.entries().extend(full);
    text(&tokens, &wanted).await;
    let entries = tokens.entries();
    assert_eq!(entries.len(), limits::TOKENS_KEPT);
    assert!(!entries.keys().any(|(_, client, ..)| client == "0"), "the first to end made room");
}

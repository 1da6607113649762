//! `mailhaul login`: this test is the person and the browser.

use mailhaul::{
    lab::entra::{Answer, Settings},
    net::http::{self, Way},
};
use std::time::{Duration, Instant};

use super::site::{ANNA, Site};
use crate::support::haul::{Ended, Running};

/// Signs Anna in to the client `people` with a code.
pub async fn with_code(site: &Site) -> Ended {
    let running = site.start(&["login", "people", "--device-code", "--user", ANNA]);
    let said = until(site, "enter the code ").await;
    let word = |before: &str| said.split_once(before).unwrap().1.split_whitespace().next().unwrap().to_owned();
    let page = format!("{}?user_code={}&user={ANNA}", word("Open "), word("enter the code "));
    open(site, &page).await;
    end(running).await
}

async fn end(running: Running) -> Ended {
    tokio::task::spawn_blocking(move || running.wait()).await.unwrap()
}

/// What the command says on standard error, once it holds `words`.
async fn until(site: &Site, words: &str) -> String {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let said = std::fs::read_to_string(site.path().join("out.log")).unwrap_or_default();
        if said.contains(words) && said.ends_with('\n') {
            return said;
        }
        assert!(Instant::now() < deadline, "no `{words}` in {said}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Opens a page, and the one it sends the browser to.
async fn open(site: &Site, page: &str) {
    let browser = http::client(&Way { ca: vec![site.path().join("ca.pem")], ..Way::default() }).await.unwrap();
    let response = browser.get(page).send().await.unwrap();
    if let Some(next) = response.headers().get("location") {
        let next = next.to_str().unwrap().to_owned();
        http::client(&Way::default()).await.unwrap().get(next).send().await.unwrap();
    }
}

async fn people(answer: Answer) -> Site {
    let mut site = Site::new(Settings { interval: 1, answer, ..Settings::default() }).await;
    let more = "auth = \"oauth2\"\noauth-client = \"people\"";
    site.endpoint("old", "imap", 9, more);
    site.endpoint("new", "microsoft365", 10, more);
    site.write(&format!("{ANNA},{ANNA},\n"));
    site
}

fn stored(site: &Site) -> String {
    let ended = site.start(&["secrets", "list"]).wait();
    ended.document["secrets"].to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_leaves_a_sign_in_in_the_vault() {
    let site = people(Answer::Accept).await;
    let ended = with_code(&site).await;
    assert_eq!((ended.code, &ended.document["user"]), (Some(0), &ANNA.into()), "{ended:#?}");
    assert!(stored(&site).contains("\"sign-in/people/anna@contoso.example\""), "{}", stored(&site));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_leaves_a_sign_in_in_the_vault() {
    let site = people(Answer::Accept).await;
    let running = site.start(&["login", "people", "--user", ANNA]);
    let said = until(&site, "    https://").await;
    let page = said.lines().find_map(|line| line.trim().strip_prefix("https://")).unwrap().to_owned();
    open(&site, &format!("https://{page}")).await;
    let ended = end(running).await;
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    assert!(stored(&site).contains("sign-in/people/anna@contoso.example"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_declines_or_needs_no_sign_in_leaves_nothing() {
    let site = people(Answer::Decline).await;
    let ended = with_code(&site).await;
    assert_eq!(ended.document["error"]["code"], "SYS-SIGN-IN-DECLINED", "{ended:#?}");
    assert_eq!(stored(&site), "[]");
    let ended = site.start(&["login", "app"]).wait();
    assert!(ended.code == Some(2) && ended.stderr.contains("signs in by itself"), "{ended:#?}");
    let ended = site.start(&["login", "nobody"]).wait();
    assert!(ended.code == Some(2) && ended.stderr.contains("there is `app`, `people`"), "{ended:#?}");
    // A run without a sign-in says what to do, mailbox by mailbox.
    let ended = site.start(&["check"]).wait();
    let text = ended.document.to_string();
    assert!(text.contains("SRC-SIGN-IN") && text.contains("mailhaul login"), "{ended:#?}");
}

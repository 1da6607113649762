//! Dovecot's own oauth2 passdb asks the service about each token: a judge of our XOAUTH2 and OAUTHBEARER that nobody here wrote.

use mailhaul::{
    lab::entra::Settings,
    net::http::{self, Way},
    oauth::{Audience, Authority, Client, Credential, DeviceSignIn},
    sasl::{Bearer, encoded},
    secret::Secret,
};
use std::{
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpStream},
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    login::with_code,
    site::{ANNA, PUBLIC, Site, TENANT},
};
use crate::cli::post;
use crate::support::dovecot::{Dovecot, Options};

/// A Dovecot that takes tokens of the service by this mechanism, and passwords.
fn dovecot(site: &Site, mechanism: &str) -> Dovecot {
    let file = site.path().join("oauth2.conf");
    let text = format!(
        "introspection_mode = post\nintrospection_url = {}\nusername_attribute = username\nactive_attribute = active\nactive_value = true\n",
        site.entra.introspection_url()
    );
    std::fs::write(&file, text).unwrap();
    let extra = format!(
        "auth_mechanisms = plain {mechanism}\npassdb {{\n  driver = oauth2\n  mechanisms = xoauth2 oauthbearer\n  args = {}\n}}\n",
        file.display()
    );
    Dovecot::with(&Options { extra, ..Options::default() })
}

async fn copied_by(mechanism: &str) {
    let mut site = Site::new(Settings { interval: 1, ..Settings::default() }).await;
    let (source, target) = (dovecot(&site, mechanism), dovecot(&site, mechanism));
    post(&source, ANNA, "INBOX", 5);
    let tokens = "auth = \"oauth2\"\noauth-client = \"people\"";
    site.endpoint("old", "imap", source.address().port(), tokens);
    site.endpoint("new", "imap", target.address().port(), tokens);
    site.write(&format!("{ANNA},{ANNA},\n"));
    assert_eq!(with_code(&site).await.code, Some(0));
    let running = site.start(&["run"]);
    let ended = tokio::task::spawn_blocking(move || running.wait()).await.unwrap();
    assert_eq!((ended.code, &ended.document["outcome"]), (Some(0), &"verified".into()), "{ended:#?}\n{}", source.log());
    assert!(target.login(ANNA).command("STATUS INBOX (MESSAGES)").iter().any(|line| line.text.contains("MESSAGES 5")));
    for server in [&source, &target] {
        let log = server.log().to_lowercase();
        assert!(log.contains(&format!("method={mechanism}")), "{log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_accepts_our_xoauth2() {
    copied_by("xoauth2").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_accepts_our_oauthbearer() {
    copied_by("oauthbearer").await;
}

/// A token of Anna's, and how long it lasts.
async fn token(site: &Site) -> (Secret, Duration) {
    let http = http::client(&Way { ca: vec![site.path().join("ca.pem")], ..Way::default() }).await.unwrap();
    let authority = Authority::microsoft(&site.entra.authority(TENANT)).unwrap();
    let client = Client::new(authority, PUBLIC, Credential::None, http.clone());
    let sign_in = DeviceSignIn::begin(Arc::new(client), &Audience::imap("outlook.office.com")).await.unwrap();
    let page = format!("{}?user_code={}&user={ANNA}", sign_in.uri(), sign_in.user_code());
    http.get(page).send().await.unwrap();
    let token = sign_in.finish().await.unwrap().access;
    let left = token.expires.duration_since(mailhaul::clock::instant());
    (token.secret, left)
}

/// Dovecot's tagged answer to a sign-in with our message, and the challenge before it, if there was one.
fn answer(address: SocketAddr, bearer: Bearer, token: &Secret) -> (String, Option<String>) {
    let mut stream = BufReader::new(TcpStream::connect(address).unwrap());
    stream.read_line(&mut String::new()).unwrap();
    let message = encoded(&bearer.message(ANNA, token, ("127.0.0.1", address.port())));
    let mut writer = stream.get_ref().try_clone().unwrap();
    write!(writer, "a AUTHENTICATE {} {}\r\n", bearer.word(), message.expose()).unwrap();
    let mut challenge = None;
    loop {
        let mut said = String::new();
        stream.read_line(&mut said).unwrap();
        match said.strip_prefix("+ ") {
            Some(told) => {
                challenge = Some(told.trim().to_owned());
                write!(writer, "{}\r\n", encoded(bearer.resignation()).expose()).unwrap();
            }
            None if said.starts_with("a ") => return (said, challenge),
            None => assert!(said.starts_with('*'), "{said}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_refuses_them_with_a_token_that_has_ended() {
    let site = Site::new(Settings { interval: 1, lifetime: Duration::from_secs(4), ..Settings::default() }).await;
    let server = dovecot(&site, "xoauth2 oauthbearer");
    let (token, left) = token(&site).await;
    let ends = Instant::now() + left + Duration::from_millis(100);
    for bearer in [Bearer::XOauth2, Bearer::OauthBearer] {
        let (said, _) = answer(server.address(), bearer, &token);
        assert!(said.starts_with("a OK"), "{said} {}", server.log());
    }
    tokio::time::sleep(ends - Instant::now()).await;
    for bearer in [Bearer::XOauth2, Bearer::OauthBearer] {
        let (said, challenge) = answer(server.address(), bearer, &token);
        assert!(said.starts_with("a NO"), "{said}");
        let reason = challenge.as_deref().and_then(mailhaul::sasl::reason);
        assert!(reason.is_some_and(|reason| reason.contains("not accepted")), "{challenge:?}");
    }
}

//! No secret of a running copy shows where others can look: ledger, logs, outputs, arguments, environment.

use mailhaul::lab::entra::Settings;
use std::{path::Path, time::Duration};

use super::{
    login::with_code,
    site::{ANNA, SECRET, Site, empty},
};
use crate::cli::post;
use crate::support::dovecot::{Dovecot, PASSWORD};

/// How access tokens and refresh tokens of the service begin; what follows is random.
const TOKENS: [&str; 2] = ["eyJ0", "1.AX"];

/// Whether a token, plain or within a SASL message, begins in `bytes`.
fn token_in(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    let long = |at: usize| text[at..].bytes().take(60).filter(u8::is_ascii_alphanumeric).count() > 50;
    // `user=` and `n,a=` in base64.
    let starts = TOKENS.iter().chain(["dXNlcj", "bixhPX"].iter());
    starts
        .flat_map(|start| text.match_indices(start))
        .find(|(at, _)| long(*at))
        .map(|(at, _)| text[at..].chars().take(20).collect())
}

fn search(what: &str, bytes: &[u8], secrets: &[String]) {
    for secret in secrets {
        let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!found, "{what} holds a secret of {} characters", secret.len());
    }
    assert_eq!(token_in(bytes), None, "{what} holds a token");
}

fn files(directory: &Path) -> Vec<(String, Vec<u8>)> {
    // The files in which a person wrote secrets, and the key itself.
    const KNOWN: [&str; 4] = ["secret.txt", "users.csv", "ledger.key", "password.txt"];
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.filter(|path| path.is_file() && !KNOWN.iter().any(|known| path.ends_with(known)));
    files.map(|path| (path.display().to_string(), std::fs::read(&path).unwrap())).collect()
}

#[test]
fn tokens_are_found_where_they_are() {
    let token = format!("eyJ0{}", "aB3".repeat(30));
    assert!(token_in(format!("x {token} y").as_bytes()).is_some());
    let message = mailhaul::sasl::Bearer::XOauth2.message("u", &mailhaul::secret::Secret::new(token), ("h", 1));
    assert!(token_in(mailhaul::sasl::encoded(&message).expose().as_bytes()).is_some());
    assert_eq!(token_in(b"eyJ0 and nothing behind it"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_shows_while_mail_is_copied_or_afterwards() {
    let mut site = Site::new(Settings {
        interval: 1,
        lifetime: Duration::from_secs(5),
        strict_rotation: true,
        ..Settings::default()
    })
    .await;
    let source = Dovecot::start();
    post(&source, ANNA, "INBOX", 60);
    let target = site.exchange(empty()).await;
    site.endpoint("old", "imap", source.address().port(), "auth = \"password\"");
    let tokens =
        "auth = \"oauth2\"\noauth-client = \"people\"\nmessages-per-second = 8\nmax-connections-per-mailbox = 1";
    site.endpoint("new", "microsoft365", target.port(), tokens);
    site.endpoint("own", "microsoft365", target.port(), "auth = \"oauth2\"\noauth-client = \"app\"");
    site.write(&format!("{ANNA},{ANNA},{PASSWORD}-of-anna\n"));
    // Dovecot's password for everybody is a word of the trials; this one is like no other.
    std::fs::write(site.path().join("password.txt"), format!("{PASSWORD}\n")).unwrap();
    assert_eq!(site.start(&["secrets", "import", "--empty-columns"]).wait().code, Some(0));
    let set = ["secrets", "set", "password/old/anna@contoso.example", "--file", "password.txt"];
    assert_eq!(site.start(&set).wait().code, Some(0));
    assert_eq!(with_code(&site).await.code, Some(0));

    let mut running = site.start(&["run", "-vvv", "--log-file", "all.log", "--log-format", "json"]);
    let key = std::fs::read_to_string(site.path().join("ledger.key")).unwrap();
    let key = key.lines().last().unwrap().to_owned();
    let secrets = [SECRET.to_owned(), format!("{PASSWORD}-of-anna"), key];
    let proc = format!("/proc/{}", running.pid());
    let mut looks = 0;
    while !running.is_over() {
        for file in ["cmdline", "environ"] {
            // It may end between the question and the look.
            search(file, &std::fs::read(format!("{proc}/{file}")).unwrap_or_default(), &secrets);
        }
        files(site.path()).iter().for_each(|(name, bytes)| search(name, bytes, &secrets));
        looks += 1;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let ended = running.wait();
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    assert!(looks > 10, "only {looks} looks");
    let found = files(site.path());
    found.iter().for_each(|(name, bytes)| search(name, bytes, &secrets));
    for needed in ["ledger.db", "ledger.secrets", "all.log", "out.log", "out.json"] {
        assert!(found.iter().any(|(name, _)| name.ends_with(needed)), "{needed} was not searched");
    }
    let log = std::fs::read_to_string(site.path().join("all.log")).unwrap();
    assert!(log.len() > 500, "the log is not verbose: {log}");
}

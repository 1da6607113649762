//! Office 365 as a source from the command line: by Graph, with tokens of an application, to Microsoft 365.

use mailhaul::lab::{
    entra,
    graph::{Graph, Limits, Person, Settings, Status, fill},
};

use super::site::{ANNA, Site, empty};
use crate::support::haul::Ended;

const TOKENS: &str = "auth = \"oauth2\"\noauth-client = \"app\"";

async fn run(site: &Site, arguments: &[&str]) -> Ended {
    let running = site.start(arguments);
    tokio::task::spawn_blocking(move || running.wait()).await.unwrap()
}

/// Anna's mailbox, and how many messages it holds.
async fn office(site: &Site) -> (Graph, u64) {
    let people = vec![Person::new(ANNA, Status::Member)];
    let settings = Settings { limits: Limits::default().scaled(60), ..Settings::default() };
    let graph = Graph::start(people, settings, site.entra.desk(), site.certificate.acceptor()).await.unwrap();
    let messages = graph.mailbox(ANNA, |mailbox| {
        fill(mailbox, 200, 3);
        mailbox.items().filter(|(_, item)| item.class.starts_with("IPM.Note")).count() as u64
    });
    (graph, messages.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn office_365_is_checked_copied_and_found_again() {
    let mut site = Site::new(entra::Settings::default()).await;
    let (graph, messages) = office(&site).await;
    let target = site.exchange(empty()).await;
    let pace = "graph-requests = \"9600/10s\"\ngraph-bytes = \"135MiB/5s\"\ngraph-in-flight = 2";
    site.table("old", &format!("kind = \"office365\"\n{TOKENS}\ngraph-url = \"{}\"\n{pace}", graph.root()));
    site.endpoint("new", "microsoft365", target.port(), TOKENS);
    site.write(&format!("{ANNA},{ANNA},\n"));

    let ended = run(&site, &["check"]).await;
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    let steps = ended.document["steps"].as_array().unwrap();
    let step = |name: &str| steps.iter().find(|step| step["step"] == name).unwrap().to_string();
    assert!(step("source login").contains("Microsoft Graph"), "{steps:#?}");
    assert!(step("source folders").contains("not read"), "{steps:#?}");
    assert!(step("source token").contains("\"ok\":true"), "{steps:#?}");

    let ended = run(&site, &["run"]).await;
    assert_eq!((ended.code, ended.count("copied")), (Some(0), messages), "{ended:#?}");
    ended.assert_adds_up();
    assert!(graph.peak() <= 2 && graph.refused() == [0; 3], "the pace that was written");
    let again = run(&site, &["run"]).await;
    assert_eq!((again.code, again.count("copied_this_pass")), (Some(0), 0), "{again:#?}");

    // One mailbox by URLs, with a ledger that knows nothing: what is there is found by its headers.
    let from = format!("office365://{ANNA}?graph-url={}&ca=ca.pem", graph.root());
    let user = ANNA.replace('@', "%40");
    let to = format!("microsoft365://{user}@127.0.0.1:{}?encryption=none&ca=ca.pem", target.port());
    let copy = ["--store", "sqlite:second.db", "copy", "--from", &from, "--to", &to];
    let ended = run(&site, &[&copy[..], &["--from-oauth", "app", "--to-oauth", "app"]].concat()).await;
    assert_eq!(
        (ended.code, ended.count("already_present"), ended.count("copied")),
        (Some(0), messages, 0),
        "{ended:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_that_is_not_there_is_explained() {
    let mut site = Site::new(entra::Settings::default()).await;
    let (graph, _) = office(&site).await;
    let target = site.exchange(empty()).await;
    site.table("old", &format!("kind = \"office365\"\n{TOKENS}\ngraph-url = \"{}\"", graph.root()));
    site.endpoint("new", "microsoft365", target.port(), TOKENS);
    site.write(&format!("nobody@contoso.example,{ANNA},\n"));
    let ended = run(&site, &["check"]).await;
    assert_eq!(ended.code, Some(1), "{ended:#?}");
    let steps = ended.document["steps"].to_string();
    assert!(steps.contains("SRC-NOT-FOUND") && steps.contains("ErrorInvalidUser"), "{ended:#?}");
}

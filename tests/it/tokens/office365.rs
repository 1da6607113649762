//! Office 365 as a source from the command line: by Graph, with tokens of an application, to Microsoft 365.

use mailhaul::lab::{
    entra,
    graph::{Graph, Limits, Person, Settings, Status, fill},
    imap::Verb,
};

use super::site::{ANNA, BEN, Site, empty};
use crate::{graph::stage::mail, support::haul::Ended};

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

#[tokio::test(flavor = "multi_thread")]
async fn whole_items_go_to_microsoft_365_wherever_both_sides_are_reached_by_graph() {
    let mut site = Site::new(entra::Settings::default()).await;
    let (graph, messages) = office(&site).await;
    graph.register(Person::new(BEN, Status::Member));
    let reached = format!("{TOKENS}\ngraph-url = \"{}\"\ngraph-requests = \"9600/10s\"", graph.root());
    site.table("old", &format!("kind = \"office365\"\n{reached}"));
    site.table("new", &format!("kind = \"microsoft365\"\n{reached}"));
    site.write(&format!("{ANNA},{BEN},\n"));

    let ended = run(&site, &["check"]).await;
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    assert!(ended.document["steps"].to_string().contains("whole items"), "{ended:#?}");
    let planned = run(&site, &["plan"]).await;
    assert_eq!((planned.code, &planned.document["mailboxes"][0]["messages"]), (Some(0), &200.into()), "{planned:#?}");
    let ended = run(&site, &["run"]).await;
    assert_eq!((ended.code, ended.count("copied")), (Some(0), 200), "{messages} of them are mail: {ended:#?}");
    ended.assert_adds_up();
    let items = |user: &str| {
        let mut items =
            graph.mailbox(user, |mailbox| mailbox.items().map(|item| format!("{item:?}")).collect::<Vec<_>>());
        items.as_mut().unwrap().sort();
        items.unwrap()
    };
    assert_eq!(items(ANNA), items(BEN));
    let again = run(&site, &["run"]).await;
    assert_eq!((again.code, again.count("copied_this_pass")), (Some(0), 0), "{again:#?}");
    assert_eq!(run(&site, &["verify"]).await.code, Some(0));

    // What began with whole items recognises no mail: it does not change by itself, nor by a word in the configuration.
    let written = std::fs::read_to_string(site.path().join("mailhaul.toml")).unwrap();
    let mail = written.replace("kind = \"office365\"", "kind = \"office365\"\ntransport = \"mail\"");
    std::fs::write(site.path().join("mailhaul.toml"), mail).unwrap();
    let refused = run(&site, &["run"]).await;
    assert_ne!(refused.code, Some(0), "{refused:#?}");
    assert!(refused.document.to_string().contains("began with transport"), "{refused:#?}");
    assert_eq!(items(BEN).len(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_right_to_import_is_named() {
    let mut site = Site::new(entra::Settings::default()).await;
    let (graph, _) = office(&site).await;
    graph.register(Person::new(BEN, Status::Member));
    let reached = format!("{TOKENS}\ngraph-url = \"{}\"", graph.root());
    site.table("old", &format!("kind = \"office365\"\n{reached}"));
    site.table("new", &format!("kind = \"microsoft365\"\n{reached}"));
    site.write(&format!("{ANNA},{BEN},\n"));
    graph.inject(mailhaul::lab::graph::Kind::Session, mailhaul::lab::graph::Fault::Refuse(403, None), 1);
    let ended = run(&site, &["check"]).await;
    assert_eq!(ended.code, Some(11), "{ended:#?}");
    let steps = ended.document["steps"].to_string();
    assert!(steps.contains("MailboxItem.ImportExport.All") && steps.contains("TGT-AUTH-ACCESS"), "{ended:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_import_refuses_goes_by_imap_with_tokens_for_that() {
    let mut site = Site::new(entra::Settings::default()).await;
    let (graph, _) = office(&site).await;
    graph.register(Person::new(BEN, Status::Member));
    let letter = mail("letter");
    graph.change_settings(|settings| settings.unwelcome = vec![letter.search_key]);
    graph.mailbox(BEN, |mailbox| [letter, mail("other")].map(|item| mailbox.add("Inbox", item)));
    let store = empty();
    graph.share(ANNA, &store);
    let target = site.exchange(store).await;
    let reached = format!("{TOKENS}\ngraph-url = \"{}\"\ngraph-requests = \"9600/10s\"", graph.root());
    site.table("old", &format!("kind = \"office365\"\n{reached}"));
    site.endpoint("new", "microsoft365", target.port(), &reached);
    site.write(&format!("{BEN},{ANNA},\n"));

    let ended = run(&site, &["run"]).await;
    assert_eq!((ended.count("copied"), ended.count("repaired"), ended.count("failed")), (2, 1, 0), "{ended:#?}");
    ended.assert_adds_up();
    assert_eq!(target.journal().count(Verb::Append), 1);
    let again = run(&site, &["run"]).await;
    assert_eq!((again.count("copied_this_pass"), target.journal().count(Verb::Append)), (0, 1), "{again:#?}");
}

//! `mailhaul check` tells what the directory says.

use mailhaul::lab::{
    Certificate,
    entra::{Service, Settings as EntraSettings},
    graph::{Graph, Person, Settings, Status},
};

use crate::tokens::site::{ANNA, Site, empty};

#[tokio::test(flavor = "multi_thread")]
async fn every_verdict_is_told_by_check() {
    let mut site = Site::new(EntraSettings::default()).await;
    let certificate = Certificate::new().unwrap();
    let authorities = std::fs::read_to_string(site.path().join("ca.pem")).unwrap() + certificate.authority_pem();
    std::fs::write(site.path().join("ca.pem"), authorities).unwrap();
    let person = |name: &str, status| Person::new(&format!("{name}@contoso.example"), status);
    let people = vec![
        Person::new(ANNA, Status::Member).alias("anna.old@contoso.example"),
        person("office", Status::Shared),
        person("room", Status::Room),
        person("visitor", Status::Guest),
        person("trainee", Status::Unlicensed),
        person("leaver", Status::Blocked),
        person("onprem", Status::OnPremises),
        person("closed", Status::Member).denied(),
    ];
    let desk = site.entra.desk();
    let graph = Graph::start(people, Settings::default(), desk, certificate.acceptor()).await.unwrap();
    let (source, target) = (site.host(empty(), Service::Imap).await, site.exchange(empty()).await);
    let tokens = "auth = \"oauth2\"\noauth-client = \"app\"";
    site.endpoint("old", "imap", source.port(), tokens);
    site.endpoint("new", "microsoft365", target.port(), &format!("{tokens}\ngraph-url = \"{}\"", graph.root()));
    let verdicts = [
        (ANNA, "user"),
        ("office@contoso.example", "shared"),
        ("room@contoso.example", "room"),
        ("visitor_contoso.example#EXT#@tenant.example", "guest"),
        ("trainee@contoso.example", "unlicensed"),
        ("leaver@contoso.example", "blocked"),
        ("onprem@contoso.example", "on-premises"),
        ("closed@contoso.example", "denied"),
        ("nobody@contoso.example", "missing"),
        ("anna.old@contoso.example", "alias"),
    ];
    let lines: Vec<String> =
        verdicts.iter().enumerate().map(|(at, (target, _))| format!("user{at}@old.example,{target},\n")).collect();
    site.write(&lines.concat());
    let running = site.start(&["check"]);
    let ended = tokio::task::spawn_blocking(move || running.wait()).await.unwrap();
    let steps = ended.document["steps"].as_array().unwrap_or_else(|| panic!("{ended:#?}"));
    let told: Vec<&serde_json::Value> = steps.iter().filter(|step| step["step"] == "target mailbox").collect();
    assert_eq!(told.len(), verdicts.len(), "{ended:#?}");
    for ((address, verdict), step) in verdicts.iter().zip(told) {
        assert_eq!(step["verdict"], *verdict, "{address}: {step:#}");
        let ready = ["user", "shared", "room", "blocked", "alias"].contains(verdict);
        assert_eq!(step["ok"], ready, "{address}: {step:#}");
        if !ready {
            assert!(step["error"]["where"].as_str().unwrap().starts_with(address), "{step:#}");
        }
    }
    // In words: what each one is, and what to do.
    for words in ["a shared mailbox", "no licence with Exchange Online", "Assign a licence", "main address anna@"] {
        assert!(format!("{ended:?}").contains(words), "{words}: {ended:#?}");
    }
}

//! Every preflight verdict, from the stand-in's directory.

use mailhaul::{
    directory::{Directory, GraphDirectory, Verdict},
    error::{Code, Scope},
    graph::Pace,
    lab::graph::{Fault, Kind, Person, Settings, Status},
};

use super::stage::{KIM, Stage};

fn people() -> Vec<Person> {
    let person = |name: &str, status| Person::new(&format!("{name}@contoso.example"), status);
    vec![
        person("office", Status::Shared),
        person("room1", Status::Room),
        person("visitor", Status::Guest),
        person("trainee", Status::Unlicensed),
        person("leaver", Status::Blocked),
        person("onprem", Status::OnPremises),
        person("closed", Status::Member).denied(),
        person("upn", Status::Member).primary("given.name@contoso.example").alias("o'brien@contoso.example"),
    ]
}

#[tokio::test]
async fn every_verdict_is_found() {
    let stage = Stage::of_people(people()).await;
    for subject in ["a", "b", "c"] {
        stage.add(KIM, "Inbox", subject);
    }
    let directory = GraphDirectory::new(stage.service(Pace::default()));
    for (name, verdict, primary) in [
        (KIM, Verdict::User, None),
        ("KIM@contoso.example", Verdict::User, None),
        ("office@contoso.example", Verdict::Shared, None),
        ("room1@contoso.example", Verdict::Room, None),
        ("visitor_contoso.example#EXT#@tenant.example", Verdict::Guest, None),
        ("trainee@contoso.example", Verdict::Unlicensed, None),
        ("leaver@contoso.example", Verdict::Blocked, None),
        ("onprem@contoso.example", Verdict::OnPremises, None),
        ("closed@contoso.example", Verdict::Denied, None),
        ("nobody@contoso.example", Verdict::Missing, None),
        ("upn@contoso.example", Verdict::User, Some("given.name@contoso.example")),
        ("given.name@contoso.example", Verdict::User, None),
        ("o'brien@contoso.example", Verdict::Alias, Some("given.name@contoso.example")),
    ] {
        let entry = directory.look_up(name).await.unwrap();
        assert_eq!((entry.verdict, entry.primary.as_deref()), (verdict, primary), "{name}: {entry:?}");
        assert_eq!(entry.items.is_some(), verdict.is_ready(), "{entry:?}");
        assert_eq!(entry.mailbox(), primary.unwrap_or(name));
        if name == KIM {
            assert_eq!(entry.items, Some(3));
        }
        if verdict == Verdict::Blocked {
            assert_eq!(entry.sign_in, Some(false));
        }
    }
}

#[tokio::test]
async fn a_directory_that_cannot_be_asked_is_no_verdict() {
    let stage = Stage::new(Settings::default()).await;
    let directory = GraphDirectory::new(stage.service(Pace::default()));
    stage.graph.inject(Kind::Directory, Fault::Refuse(503, None), 1);
    assert_eq!(directory.look_up(KIM).await.unwrap_err().code(), Code::Server);
    assert!(directory.look_up(KIM).await.is_ok());
    stage.graph.inject(Kind::Directory, Fault::Refuse(403, None), 1);
    let error = directory.look_up(KIM).await.unwrap_err();
    assert_eq!((error.code(), error.scope()), (Code::Consent, Scope::Endpoint));
}

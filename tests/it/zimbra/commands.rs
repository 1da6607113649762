//! Zimbra from the command line: as an administrator in a project, by a domain's key, and one mailbox by its URL.

use mailhaul::lab::zimbra::Status;

use super::{
    site::Site,
    stage::{ANN, PASSWORD},
};

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_checks_plans_runs_and_reports() {
    let site = Site::new().await;
    site.project(&site.as_admin());
    // No longer in use, and read all the same.
    site.stage.zimbra.change_person(ANN, |ann| ann.status = Status::Locked);

    let ended = site.run(&["check"]).await;
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    let steps = ended.document["steps"].as_array().unwrap();
    let step = |name: &str| steps.iter().find(|step| step["step"] == name).unwrap().clone();
    let account = &step("source account")["account"];
    assert_eq!(
        (&account["status"], &account["aliases"][0]),
        (&"locked".into(), &"a.nn@old.example".into()),
        "{steps:#?}"
    );
    assert!(account["bytes"].as_u64().unwrap() > 1000);
    assert!(step("source login").to_string().contains("Zimbra"));
    assert!(step("source folders").to_string().contains("of them not read"));

    let directory = step("directory");
    let left: Vec<&str> =
        directory["unpaired"].as_array().unwrap().iter().map(|a| a["address"].as_str().unwrap()).collect();
    assert_eq!(left, ["bob@old.example", "lou@old.example", "max@old.example", "admin@old.example"], "{directory}");
    assert!(
        directory["found"][0].as_str().unwrap().starts_with("4 of 5 accounts are in no pair: bob@old.example (active")
    );
    let one = site.run(&["check", ANN]).await;
    assert!(!one.document.to_string().contains("unpaired"), "only where everything is checked");

    let plan = site.run(&["plan"]).await;
    assert_eq!(plan.code, Some(0), "{plan:#?}");
    assert!(plan.document.to_string().contains("only mounted here"), "{plan:#?}");

    let ended = site.run(&["run"]).await;
    assert_eq!((ended.code, ended.count("copied")), (Some(0), 120), "{ended:#?}");
    ended.assert_adds_up();
    let again = site.run(&["run"]).await;
    assert_eq!((again.code, again.count("copied_this_pass")), (Some(0), 0), "{again:#?}");
    assert_eq!(site.run(&["report", "--out", "report"]).await.code, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_opens_what_a_password_does_not() {
    let site = Site::new().await;
    site.stage.zimbra.change_person(ANN, |ann| ann.two_factors = true);
    site.project("preauth-key-file = \"key.txt\"");
    let ended = site.run(&["run"]).await;
    assert_eq!((ended.code, ended.count("copied")), (Some(0), 120), "{ended:#?}");

    let user = ANN.replace('@', "%40");
    let from = format!("zimbra+http://{user}:{PASSWORD}@localhost:{}", site.stage.zimbra.port());
    let to = format!("imap://ann:pass@127.0.0.1:{}?encryption=none", site.target.port());
    let copy = ["copy", "--from", from.as_str(), "--to", &to];
    let refused = site.run(&copy).await;
    assert_eq!(refused.code, Some(10), "{refused:#?}");
    assert!(refused.document.to_string().contains("two-factor"), "{refused:#?}");
    site.stage.zimbra.change_person(ANN, |ann| ann.two_factors = false);
    let ended = site.run(&copy).await;
    assert_eq!((ended.code, ended.count("copied"), ended.count("copied_this_pass")), (Some(0), 120, 0), "{ended:#?}");
}

//! A project from `init` to the report.

use super::copying::post;
use super::mailhaul;
use crate::support::dovecot::Dovecot;
use crate::support::project::Project;
use std::fs;
use std::os::unix::fs::PermissionsExt;

#[test]
fn init_writes_a_project_that_check_understands() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(mailhaul(dir.path(), &["init", "new"]).code, Some(0));
    let project = dir.path().join("new");
    let mode = fs::metadata(project.join("users.csv")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "passwords will be written into it");

    let said = mailhaul(&project, &["check", "--json"]);
    let document = said.document();
    assert_eq!((said.code, &document["ok"]), (Some(1), &false.into()), "its hosts do not exist: {said:#?}");
    let step = &document["steps"][0];
    assert_eq!((&step["place"], &step["step"]), (&"old (imap.old.example:993)".into(), &"DNS".into()));
    assert_eq!(step["error"]["code"], "SRC-DNS", "{document:#}");

    mailhaul(dir.path(), &["init", "new"]).expect(2, "is there already and is not overwritten");
    assert_eq!(mailhaul(&project, &["status", "--json"]).document()["pairs"][0]["state"], "new");
}

#[test]
fn check_tells_every_step_and_its_probe_leaves_nothing_behind() {
    let (source, target) = (Dovecot::start(), Dovecot::start());
    let users = [("u1".to_owned(), "v1".to_owned())];
    let project = Project::new(source.address(), target.address(), &users, 2);
    let said = mailhaul(project.home.path(), &["check", "--write-probe"]);
    assert_eq!(said.code, Some(0), "{said:#?}");
    for step in ["DNS", "TCP", "source login", "source folders", "target login", "target folders", "write probe"] {
        assert!(said.out.lines().any(|line| line.contains(step) && line.starts_with("  ok")), "{step}: {}", said.out);
    }
    assert!(
        said.out.contains("server: Dovecot") && said.out.contains("appended, read back and removed"),
        "{}",
        said.out
    );
    let mut raw = target.login("v1");
    assert!(raw.command("STATUS INBOX (MESSAGES)").iter().any(|line| line.text.contains("MESSAGES 0")));
    assert!(!project.home.path().join("ledger.db").exists(), "check keeps no ledger");

    let users = project.home.path().join("users.csv");
    let text = fs::read_to_string(&users).unwrap().replacen("u1,secret", "u1,hunter2", 1);
    fs::write(&users, text).unwrap();
    let refused = mailhaul(project.home.path(), &["check"]);
    assert_eq!(refused.code, Some(10), "{refused:#?}");
    assert!(refused.out.contains("FAILED  source login") && refused.out.contains("Next step:"), "{}", refused.out);
    assert!(!refused.out.contains("hunter2"), "{}", refused.out);
}

#[test]
fn a_project_runs_plans_verifies_and_reports() {
    let (source, target) = (Dovecot::start(), Dovecot::start());
    let users: Vec<(String, String)> = (1..=3).map(|n| (format!("u{n}"), format!("v{n}"))).collect();
    users.iter().for_each(|(user, _)| post(&source, user, "INBOX", 4));
    let project = Project::new(source.address(), target.address(), &users, 2);
    let home = project.home.path();

    let plan = mailhaul(home, &["plan"]);
    assert!(plan.code == Some(0) && plan.out.contains("All 3 mailboxes: 12 messages"), "{plan:#?}");

    let run = project.run(&["run"]);
    assert_eq!((run.code, &run.document["outcome"]), (Some(0), &"verified".into()), "{run:#?}");
    run.assert_adds_up();
    assert_eq!(run.document["mailboxes"].as_array().unwrap().len(), 3);
    assert_eq!(run.document["mailboxes"][1]["source"], "u2@old.example", "in the order of users.csv");

    let one = project.run(&["run", "u2@old.example"]);
    assert_eq!(one.document["mailboxes"].as_array().unwrap().len(), 1);
    assert_eq!(one.document["pass"], "delta");

    let verify = project.run(&["verify", "--content"]);
    assert_eq!((verify.code, &verify.document["pass"]), (Some(0), &"verify".into()), "{verify:#?}");

    let status = mailhaul(home, &["status", "--json"]).document();
    assert_eq!(status["pairs"][0]["batch"], "all");
    assert_eq!(mailhaul(home, &["report", "--out", "r"]).code, Some(0));
    let summary = fs::read_to_string(home.join("r/Summary.csv")).unwrap();
    assert!(summary.contains("all,1,u1@old.example,v1@new.example,verified"), "{summary}");

    project.run(&["run", "nobody@old.example"]);
    mailhaul(home, &["run", "nobody@old.example"]).expect(2, "no mailbox pair is called `nobody@old.example`");
    mailhaul(home, &["run", "--batch", "two"]).expect(2, "no batch is called `two`");
}

#[test]
fn one_mailbox_that_fails_does_not_stop_the_others() {
    let (source, target) = (Dovecot::start(), Dovecot::start());
    post(&source, "u1", "INBOX", 2);
    let users = [("u1".to_owned(), "v1".to_owned()), ("u2".to_owned(), "v2".to_owned())];
    let project = Project::new(source.address(), target.address(), &users, 2);
    let csv = project.home.path().join("users.csv");
    let text = fs::read_to_string(&csv).unwrap().replace("u2,secret", "u2,wrong");
    fs::write(&csv, text).unwrap();
    let run = project.run(&["run"]);
    assert_eq!((run.code, &run.document["outcome"]), (Some(1), &"failed".into()), "{run:#?}");
    let states: Vec<_> = run.document["mailboxes"].as_array().unwrap().iter().map(|m| m["state"].clone()).collect();
    assert_eq!(states, ["verified", "failed"]);
}

/// Two connections on either side for two mailboxes of many folders: nobody may wait for what the other one holds.
#[test]
fn scarce_connections_are_shared_and_never_locked() {
    let (source, target) = (Dovecot::start(), Dovecot::start());
    let users: Vec<(String, String)> = (1..=4).map(|n| (format!("u{n}"), format!("v{n}"))).collect();
    for (user, _) in &users {
        ["INBOX", "A", "B", "C", "D"].iter().for_each(|folder| post(&source, user, folder, 5));
    }
    let project = Project::new(source.address(), target.address(), &users, 2);
    let config = project.home.path().join("mailhaul.toml");
    let text = fs::read_to_string(&config).unwrap().replace("max-connections = 1000", "max-connections = 2");
    fs::write(&config, text).unwrap();
    assert_eq!(mailhaul(project.home.path(), &["plan"]).code, Some(0));
    let run = project.run(&["run"]);
    assert_eq!((run.code, &run.document["outcome"]), (Some(0), &"verified".into()), "{run:#?}");
}

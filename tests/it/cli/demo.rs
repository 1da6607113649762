//! The demo and the lab: the whole job without a server of anybody's.

use super::mailhaul;
use crate::support::haul::Running;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

#[test]
fn the_demo_ends_verified_within_a_minute_and_leaves_its_report() {
    let dir = tempfile::tempdir().unwrap();
    let begun = Instant::now();
    let said = mailhaul(dir.path(), &["demo", "--json"]);
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
    assert_eq!(said.code, Some(0), "{said:#?}");
    let document = said.document();
    let passes = document["passes"].as_array().unwrap();
    let kinds: Vec<_> = passes.iter().map(|pass| pass["pass"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["first", "delta", "verify"]);
    assert!(passes.iter().all(|pass| pass["outcome"] == "verified"), "{document:#}");
    let delta: u64 =
        passes[1]["mailboxes"].as_array().unwrap().iter().map(|m| m["copied_this_pass"].as_u64().unwrap()).sum();
    assert_eq!(delta, 75, "only what is new, and a draft that was saved again");
    assert_eq!(
        passes[0]["mailboxes"].as_array().unwrap().len(),
        7,
        "one of them from Office 365, with tokens, one by POP3, one from Zimbra"
    );
    let report = Path::new(document["report"].as_str().unwrap());
    assert!(std::fs::read_to_string(report.join("report.html")).unwrap().contains("demo: migration report"));
    std::fs::remove_dir_all(report.parent().unwrap()).unwrap();
}

#[test]
fn a_project_runs_against_the_lab() {
    let dir = tempfile::tempdir().unwrap();
    let mut lab = Command::new(env!("CARGO_BIN_EXE_mailhaul"));
    lab.args(["lab", "lab", "--mailboxes", "1", "--messages", "40"]);
    let lab = Running::start(lab, dir.path());
    let project = dir.path().join("lab");
    let deadline = Instant::now() + Duration::from_secs(30);
    while !project.join("users.csv").exists() {
        assert!(Instant::now() < deadline, "the lab does not start");
        std::thread::yield_now();
    }
    let check = mailhaul(&project, &["check"]);
    assert!(check.code == Some(0) && check.out.contains("server: Exchange Online; renders mail anew"), "{check:#?}");
    for said in ["POP3 has no flags", "may download all of it again", "server: POP3"] {
        assert!(check.out.contains(said), "{said}\n{check:#?}");
    }
    let config = std::fs::read_to_string(project.join("mailhaul.toml")).unwrap();
    let port = config.lines().find_map(|line| line.strip_prefix("port = ")).unwrap();
    let copy = |query: &str| {
        let from = format!("imaps://nobody:wrong@127.0.0.1:{port}{query}");
        mailhaul(
            &project,
            &["copy", "--from", &from, "--to", "imap://b:c@127.0.0.1:9?encryption=none", "--store", "sqlite:x.db"],
        )
    };
    let untrusted = copy("");
    assert!(untrusted.code == Some(1) && untrusted.out.contains("SRC-TLS-CERT"), "{untrusted:#?}");
    copy("?insecure=true").expect(10, "warning: 127.0.0.1: the server's certificate is not checked");

    let run = mailhaul(&project, &["run", "--json"]);
    let mailbox = &run.document()["mailboxes"][0];
    assert_eq!(mailbox["unexplained"], 0, "{run:#?}");
    assert!(mailbox["copied"].as_u64() > Some(35), "{run:#?}");
    assert!(Command::new("kill").args(["-TERM", &lab.pid().to_string()]).status().unwrap().success());
    assert_eq!(lab.wait().code, Some(0));
}

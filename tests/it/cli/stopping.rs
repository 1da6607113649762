//! Ctrl-C, and two processes on one ledger.

use super::copying::post;
use super::mailhaul;
use crate::support::dovecot::Dovecot;
use crate::support::haul::{Haul, Running, url};
use std::process::Command;
use std::time::{Duration, Instant};

/// Slow enough that a stop finds it at work.
fn slow_pair() -> (Dovecot, Dovecot, Haul) {
    let (source, target) = (Dovecot::start(), Dovecot::start());
    post(&source, "a", "INBOX", 1500);
    let mut haul = Haul::new(source.address(), "a", target.address(), "b");
    haul.options = ["--messages-per-second", "100"].map(str::to_owned).to_vec();
    (source, target, haul)
}

/// Waits until the target holds something.
fn wait_for_mail(target: &Dovecot) {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let lines = target.login("b").command("STATUS INBOX (MESSAGES)");
        if !lines.iter().any(|line| line.text.contains("MESSAGES 0")) {
            return;
        }
        assert!(Instant::now() < deadline, "nothing arrives");
    }
}

fn interrupt(running: &Running) {
    assert!(Command::new("kill").args(["-INT", &running.pid().to_string()]).status().unwrap().success());
}

#[test]
fn a_second_ctrl_c_stops_at_once_and_tells_what_arrived() {
    let (_source, target, mut haul) = slow_pair();
    haul.options = ["--messages-per-second", "5"].map(str::to_owned).to_vec();
    let running = haul.start();
    wait_for_mail(&target);
    interrupt(&running);
    let deadline = Instant::now() + Duration::from_secs(30);
    while !std::fs::read_to_string(haul.home.path().join("out.log")).unwrap().contains("Once more stops at once") {
        assert!(Instant::now() < deadline, "the first is not heard");
        std::thread::yield_now();
    }
    interrupt(&running);
    let begun = Instant::now();
    let ended = running.wait();
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert_eq!((ended.code, &ended.document["outcome"]), (Some(130), &"incomplete".into()), "{ended:#?}");
    assert_eq!(ended.count("in_scope"), 1500, "{ended:#?}");
    haul.options.clear();
    assert_eq!(haul.copy_verified().count("copied"), 1500);
}

#[test]
fn ctrl_c_drains_and_the_same_command_goes_on() {
    let (_source, target, mut haul) = slow_pair();
    let running = haul.start();
    wait_for_mail(&target);
    interrupt(&running);
    let ended = running.wait();
    assert_eq!((ended.code, &ended.document["outcome"]), (Some(130), &"incomplete".into()), "{ended:#?}");
    assert!(ended.stderr.contains("Run the same command again to go on."), "{}", ended.stderr);
    assert!(ended.count("copied") < 1500, "{ended:#?}");
    haul.options.clear();
    let rest = haul.copy_verified();
    assert_eq!(rest.count("copied"), 1500);
    assert!(rest.count("copied_this_pass") < 1500);
}

#[test]
fn a_second_writer_is_refused_and_a_reader_is_not() {
    let (source, target, haul) = slow_pair();
    let running = haul.start();
    wait_for_mail(&target);
    let store = format!("sqlite:{}", haul.ledger().display());
    let (from, to) = (url(source.address(), "a"), url(target.address(), "c"));
    let dir = tempfile::tempdir().unwrap();
    mailhaul(dir.path(), &["copy", "--from", &from, "--to", &to, "--store", &store]).expect(12, "SYS-LEDGER-LOCKED");
    let status = mailhaul(dir.path(), &["status", "--json", "--store", &store]);
    assert_eq!((status.code, &status.document()["pairs"][0]["state"]), (Some(0), &"running".into()), "{status:#?}");
    assert!(running.kill());
    let status = mailhaul(dir.path(), &["status", "--json", "--store", &store]);
    assert_eq!(status.document()["pairs"][0]["state"], "interrupted", "{status:#?}");
    let table = mailhaul(dir.path(), &["status", "--store", &store]);
    assert!(table.out.contains("; run again to resume)"), "{table:#?}");
}

//! Microsoft's own library against the stand-in.

use std::process::{Command, Stdio};

use mailhaul::lab::graph::{Settings, fill};
use serde_json::{Value, json};

use super::stage::{KIM, LEE, Stage, mail};
use crate::support::place;

/// Runs `with_sdk.py` and gives what it saw.
async fn run(stage: &Stage) -> Value {
    let asked = json!({
        "root": stage.graph.root(), "ca": stage.ca(), "token": stage.token().await, "source": KIM, "target": LEE,
    });
    let mut python = Command::new(place::supply("msgraph").join("bin/python"));
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/graph/with_sdk.py");
    // The token goes by the environment: an argument can be read by everybody.
    python.arg(program).env("ASKED", asked.to_string()).stdin(Stdio::null());
    let output = tokio::task::spawn_blocking(move || python.output()).await.unwrap().expect("python runs");
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {words}"))
}

#[tokio::test]
async fn msgraph_sdk_reads_exports_and_imports() {
    let stage = Stage::new(Settings::default()).await;
    stage.graph.mailbox(KIM, |mailbox| {
        fill(mailbox, 30, 3);
        for number in 0..25 {
            mailbox.add("Drafts", mail(&number.to_string()));
        }
    });
    let seen = run(&stage).await;
    let names = seen["folders"].as_array().unwrap();
    assert!(names.contains(&json!("Inbox")) && names.contains(&json!("Sent Items")), "{seen}");
    assert_eq!(seen["messages"], json!(25), "in pages of ten");
    assert_eq!(seen["delta"], json!(25));
    assert_eq!(seen["value"], json!(String::from_utf8_lossy(&super::stage::bytes_of(&mail("0")))));
    assert_eq!(seen["patched"], json!(["Red"]));
    assert_eq!(seen["purpose"], json!("user"));
    assert_eq!(seen["missing"], json!("ErrorItemNotFound"));
    let classes = |user: &str| {
        let of = |(path, item): (String, &mailhaul::lab::graph::NewItem)| format!("{path} {item:?}");
        let all = stage.graph.mailbox(user, |mailbox| mailbox.items().map(of).collect::<Vec<_>>()).unwrap();
        let mut items: Vec<String> = all.into_iter().filter(|line| line.starts_with("Calendar")).collect();
        items.sort();
        items
    };
    assert!(!classes(KIM).is_empty());
    assert_eq!(classes(KIM), classes(LEE));
    assert_eq!(seen["imported"], json!(classes(LEE).len()));
}
